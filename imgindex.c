/* SPDX-License-Identifier: MIT */
/* imgindex.c - where the chunks of an image were, to hold its INDX against */
#include "imgindex.h"

#include <stdlib.h>

#define LIST_PAGES      32768   /* of so many PAGE chunks we remember where they were */

static int add(struct imgindex_list *l, const struct img_index *e)
{
        if (l->n == l->room) {
                uint32_t room = l->room ? l->room * 2 : 64;
                struct img_index *more = realloc(l->e, (size_t)room * sizeof(*more));

                if (!more)
                        return -1;
                l->e = more;
                l->room = room;
        }
        l->e[l->n++] = *e;
        return 0;
}

int imgindex_add(struct imgindex *x, const struct img_index *e)
{
        struct imgindex_list *l = &x->pages;
        uint32_t i;

        if (e->tag != IMG_PAGES)
                return add(&x->others, e);
        if (!x->stride)
                x->stride = 1;
        if (x->page_n++ % x->stride != 0)
                return 0;
        if (l->n == LIST_PAGES) {
                for (i = 0; i < l->n / 2; i++)
                        l->e[i] = l->e[2 * i];
                l->n = i;
                x->stride *= 2;         /* LIST_PAGES is even: this one is a multiple of it */
        }
        return add(l, e);
}

static const struct img_index *find_page(const struct imgindex_list *l, uint32_t seq)
{
        uint32_t lo = 0, hi = l->n;

        while (lo < hi) {
                uint32_t mid = lo + (hi - lo) / 2;

                if (l->e[mid].seq == seq)
                        return &l->e[mid];
                if (l->e[mid].seq < seq)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

int imgindex_true(struct imgindex *x, const struct img_index *e)
{
        const struct img_index *was;

        if (e->tag == IMG_PAGES) {
                was = find_page(&x->pages, e->seq);
                if (!was && x->stride > 1)
                        return 1;
        } else {
                was = x->asked < x->others.n ? &x->others.e[x->asked] : NULL;
                x->asked++;
        }
        return was && was->tag == e->tag && was->seq == e->seq && was->off == e->off && was->addr == e->addr;
}

uint32_t imgindex_first(const struct imgindex *x)
{
        return x->pages.n ? x->pages.e[0].seq : UINT32_MAX;
}

int imgindex_whole(const struct imgindex *x)
{
        return x->asked >= x->others.n;
}

void imgindex_free(struct imgindex *x)
{
        free(x->others.e);
        free(x->pages.e);
}
