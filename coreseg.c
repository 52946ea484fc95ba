/* SPDX-License-Identifier: MIT */
/* coreseg.c - the segments of an ELF core */
#include "coreseg.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util.h"

/*
 * So many never touched pages at once (1 GiB) are left out instead of being a
 * hole: some programs reserve terabytes, which no file system has room for,
 * nor a pipe time.
 */
#define RESERVED        (1u << 18)

int coreseg_filed(const struct img_run *run)
{
        int private = run->cls == IMG_PRIVATE_ANON || run->cls == IMG_PRIVATE_FILE;

        return run->kind == IMG_DATA || run->kind == IMG_ZERO ||
               (run->kind == IMG_ABSENT && private && run->n < RESERVED);
}

int coreseg_add(struct coresegs *s, const struct model *m, const struct img_run *run)
{
        uint64_t len = (uint64_t)run->n << IMG_PAGE_SHIFT;
        struct coreseg *last = s->n ? &s->v[s->n - 1] : NULL;
        int in = coreseg_filed(run);

        while (m->maps[s->map].m.end <= run->addr)
                s->map++;
        if (!last || run->addr == m->maps[s->map].m.start || (in && last->filed < last->len)) {
                if (s->n == s->room) {
                        s->room = s->room ? s->room * 2 : 256;
                        last = realloc(s->v, s->room * sizeof(*last));
                        if (!last)
                                return fail("not enough memory for %" PRIu64 " segments:", s->room);
                        s->v = last;
                }
                last = &s->v[s->n++];
                *last = (struct coreseg){ .addr = run->addr };
        }
        last->len += len;
        if (in)
                last->filed += len;
        return 0;
}
