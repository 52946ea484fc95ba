/* SPDX-License-Identifier: MIT */
/* diff.c - crdump diff: what differs between two images of a process */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "pagediff.h"
#include "statediff.h"
#include "text.h"
#include "util.h"

static void put_who(const struct model *m)
{
        const struct model_bytes *comm = &m->str[IMG_STR_COMM];

        printf("%" PRId32 " (", m->proc.pid);
        text_bytes(comm->p ? comm->p : "?", comm->p ? comm->len : 1);
        printf("), ");
        text_date((int64_t)(m->proc.dump_time_ns / 1000000000));
        putchar('\n');
}

/* A pid is used again, but not at the same time on the same machine. */
static int same_process(const struct model *a, const struct model *b)
{
        const struct model_bytes *x = &a->str[IMG_STR_HOST], *y = &b->str[IMG_STR_HOST];

        return a->proc.pid == b->proc.pid && a->proc.start_ticks == b->proc.start_ticks && x->len == y->len &&
               (x->len == 0 || memcmp(x->p, y->p, x->len) == 0);
}

static void put_heads(const struct model *a, const char *a_path, const struct model *b, const char *b_path)
{
        uint64_t was = a->proc.dump_time_ns, is = b->proc.dump_time_ns;

        printf("%s: ", a_path);
        put_who(a);
        printf("%s: ", b_path);
        if (!same_process(a, b)) {
                printf("another process: ");
                put_who(b);
                return;
        }
        printf("the same process, ");
        text_span(is < was ? was - is : is - was);
        printf(" %s\n", is < was ? "earlier" : "later");
}

int diff(const char *a_path, const char *b_path)
{
        struct model a, b;
        struct load *x = load_open(&a, a_path), *y = load_open(&b, b_path);
        uint64_t n = 0, pages = 0;
        int rc = !x || !y || load_state(x) < 0 || load_state(y) < 0 ? -1 : 0, status, x_status, y_status;

        if (rc == 0) {
                put_heads(&a, a_path, &b, b_path);
                n = statediff(&a, &b);
                rc = pagediff(x, &a, y, &b, &pages);
        }
        status = text_end(EXIT_DONE) != EXIT_DONE || rc < 0 ? DIFF_TROUBLE : n + pages != 0;
        x_status = load_close(x);
        y_status = load_close(y);
        model_free(&a);
        model_free(&b);
        return x_status == EXIT_DAMAGED || y_status == EXIT_DAMAGED ? EXIT_DAMAGED : status;
}
