/* SPDX-License-Identifier: MIT */
/* secret.c - pages of memfd_secret(2), which only the process itself can read */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "pagemap.h"
#include "util.h"

int secret_is(const struct proc_maps *m, const struct proc_map *map)
{
        static const char name[] = "/secretmem (deleted)";

        return map->shared && proc_map_named(m, map, name);
}

static int add(struct secret *s, uint64_t addr, size_t pages)
{
        struct secret_range *more;

        if (s->n == s->cap) {
                size_t cap = s->cap ? 2 * s->cap : 16;

                more = realloc(s->range, cap * sizeof *more);
                if (!more)
                        return fail("secret memory:");
                s->range = more;
                s->cap = cap;
        }
        s->range[s->n] = (struct secret_range){ .addr = addr, .pages = pages, .data = malloc(pages << IMG_PAGE_SHIFT) };
        return s->range[s->n++].data ? 0 : fail("secret memory:");
}

/* Those of one mapping, as many as are left of SECRET_MAX. */
static int add_present(struct secret *s, struct pagemap *p, const struct proc_map *map, size_t *left)
{
        for (uint64_t addr = map->start, n; addr < map->end && *left; addr += n << IMG_PAGE_SHIFT) {
                enum pagemap_state state;
                size_t some;

                if (pagemap_next(p, addr, map->end, &n, &state) < 0)
                        return -1;
                if (state == PAGEMAP_ABSENT)
                        continue;
                some = n < *left ? (size_t)n : *left;
                if (add(s, addr, some) < 0)
                        return -1;
                *left -= some;
        }
        return 0;
}

int secret_find(struct secret *s, int dir, const struct proc_maps *m)
{
        struct pagemap pagemap;
        size_t left = SECRET_MAX;
        int rc = 0;

        secret_free(s);
        pagemap_begin(&pagemap, dir);
        for (size_t i = 0; i < m->n && rc == 0; i++) {
                if (!secret_is(m, &m->map[i]) || !m->map[i].r)
                        continue;
                if (pagemap_there(&pagemap))    /* else nobody knows what exists */
                        rc = add_present(s, &pagemap, &m->map[i], &left);
        }
        pagemap_close(&pagemap);
        return rc;
}

void secret_free(struct secret *s)
{
        for (size_t i = 0; i < s->n; i++)
                free(s->range[i].data);
        free(s->range);
        *s = (struct secret){ 0 };
}

const uint8_t *secret_page(const struct secret *s, uint64_t addr)
{
        size_t lo = 0, hi = s->n;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;
                const struct secret_range *r = &s->range[mid];

                if (addr < r->addr)
                        hi = mid;
                else if (addr - r->addr >= (uint64_t)r->pages << IMG_PAGE_SHIFT)
                        lo = mid + 1;
                else
                        return addr - r->addr < (uint64_t)r->copied << IMG_PAGE_SHIFT ? r->data + (addr - r->addr) : NULL;
        }
        return NULL;
}
