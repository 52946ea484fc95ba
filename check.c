/* SPDX-License-Identifier: MIT */
/* check.c - crdump check: is an image whole? */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>

#include "load.h"
#include "progress.h"
#include "text.h"
#include "util.h"

static void print_line(const struct model *m, const char *path)
{
        printf("%s: complete: pid %" PRId32 ", %" PRIu32 " thread%s, %" PRIu32 " mapping%s, pages:",
               path, m->proc.pid, m->threads_n, m->threads_n == 1 ? "" : "s", m->maps_n, m->maps_n == 1 ? "" : "s");
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++)
                printf("%s %" PRIu64 " %s", kind == IMG_DATA ? "" : ",", m->pages[kind], name_kind(kind));
        printf("; %" PRIu32 " chunks, %" PRIu64 " bytes", m->chunks, m->bytes);
        if (m->skipped)
                printf("; %" PRIu32 " chunks of unknown kinds skipped", m->skipped);
        printf("\n");
}

int check(const char *path)
{
        struct model m;
        int status;

        progress_begin(1);
        status = load(&m, path, 1);
        progress_end();
        if (status == EXIT_DONE)
                print_line(&m, path);
        status = text_end(status);
        model_free(&m);
        return status;
}
