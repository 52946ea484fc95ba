/* SPDX-License-Identifier: MIT */
/* cover.c - PAGE chunks for all pages of all mappings */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define COVER_RUNS      64u     /* runs of one PAGE chunk that fuzz_cover() makes */
#define COVER_DATA      2u      /* pages of data in all of them, but for those in a base */

struct cover {
        struct img_run run[COVER_RUNS];
        uint32_t n;
        uint32_t data_left;
};

/* What every page of the base holds, and of an image that has one, or that is deflated. */
static uint8_t in_page(size_t i)
{
        return (uint8_t)(i % IMG_PAGE >> 3);
}

/* Its CRC-32. */
static uint32_t page_sum(void)
{
        static uint8_t page[IMG_PAGE];

        for (size_t i = 0; i < sizeof page; i++)
                page[i] = in_page(i);
        return (uint32_t)crc32_z(0, page, sizeof page);
}

/* The data of the chunk, from data_off on, become a zlib stream. */
static void deflate_data(struct fuzz_chunk *c, size_t data_off)
{
        uLong len = (uLong)(c->len - data_off);
        uLongf small = compressBound(len);
        uint8_t *p = malloc(small);

        if (!p)
                abort();
        if (len && compress2(p, &small, c->p + data_off, len, 1) == Z_OK && small < len) {
                memcpy(c->p + data_off, p, small);
                fuzz_resize(c, data_off + small);
        }
        free(p);
}

void fuzz_add_pages(struct fuzz_image *m, const struct img_run *run, uint32_t n, struct fuzz_rand *r)
{
        struct img_pages head = { .addr = run[0].addr, .n = n, .size = sizeof *run };
        size_t sums = sizeof head + n * sizeof *run, based = 0;
        uint32_t sum = page_sum();
        struct fuzz_chunk *c;

        for (uint32_t i = 0; i < n; i++) {
                based += fuzz_based(m, &run[i]) ? run[i].n : 0;
                head.data_pages += run[i].kind == IMG_DATA && !fuzz_based(m, &run[i]) && !fuzz_filled(m, &run[i]) ? run[i].n : 0;
        }
        head.data_off = (uint32_t)(sums + based * sizeof sum);
        c = fuzz_add(m, m->n, IMG_PAGES, head.data_off + (size_t)head.data_pages * IMG_PAGE);
        memcpy(c->p, &head, sizeof head);
        memcpy(c->p + sizeof head, run, n * sizeof *run);
        for (size_t i = 0; i < based; i++)
                if (!r || fuzz_pick(r, 16))
                        memcpy(c->p + sums + i * sizeof sum, &sum, sizeof sum);
        for (size_t i = head.data_off; i < c->len; i++)
                c->p[i] = m->header.must ? in_page(i - head.data_off) : (uint8_t)(i >> 3);
        if (m->header.must & IMG_MUST_DEFLATED && (!r || fuzz_pick(r, 4)))
                deflate_data(c, head.data_off);
}

static void flush_cover(struct fuzz_image *m, struct cover *v, struct fuzz_rand *r)
{
        if (v->n)
                fuzz_add_pages(m, v->run, v->n, r);
        v->n = 0;
}

static void cover_map(struct fuzz_image *m, struct fuzz_rand *r, struct cover *v, const struct img_map *map)
{
        uint64_t at = map->start, left = (map->end - map->start) >> IMG_PAGE_SHIFT;
        uint8_t cls = (uint8_t)(1 + fuzz_pick(r, 4));

        for (int i = 0; left; i++) {
                struct img_run run = { .addr = at, .cls = cls, .kind = (uint8_t)(1 + fuzz_pick(r, 5)) };
                uint64_t n = i < 3 ? 1 + fuzz_pick(r, left < 9 ? (uint32_t)left : 9) : UINT32_MAX;
                int based = m->header.must & IMG_MUST_BASE && run.kind == IMG_DATA && fuzz_pick(r, 3);
                int filled = m->header.must & IMG_MUST_FILLED && run.kind == IMG_DATA && !based && fuzz_pick(r, 2);

                if (run.kind == IMG_DATA && ((n > v->data_left && !based && !filled) || i >= 3))
                        run.kind = IMG_ABSENT;
                run.n = (uint32_t)(n < left ? n : left);
                run.why = (uint16_t)(run.kind == IMG_UNREADABLE ? 4090 + fuzz_pick(r, 16) : fuzz_pick(r, 17));
                if (run.kind == IMG_DATA) {
                        run.why = (uint16_t)((run.why & ~IMG_HOW_BASE) | (based ? IMG_HOW_BASE : 0));
                        if (filled)
                                run.why |= (uint16_t)(IMG_HOW_FILLED | fuzz_pick(r, 256) << IMG_HOW_BYTE);
                        v->data_left -= based || filled ? 0 : run.n;
                }
                v->run[v->n++] = run;
                at += (uint64_t)run.n << IMG_PAGE_SHIFT;
                left -= run.n;
                if (v->n == COVER_RUNS || fuzz_pick(r, 32) == 0)
                        flush_cover(m, v, r);
                if (m->n >= FUZZ_CHUNKS_MAX)
                        return;
        }
}

/* Mappings that can be: page aligned, ascending, their names within bounds. */
static void straighten(struct fuzz_chunk *c, struct img_array *a)
{
        uint64_t last = 0, names;
        struct img_map map;

        if (a->size < sizeof map)
                a->size = sizeof map;
        if (a->n > (c->len - sizeof *a) / a->size)
                a->n = (uint32_t)((c->len - sizeof *a) / a->size);
        memcpy(c->p, a, sizeof *a);
        names = c->len - sizeof *a - (uint64_t)a->n * a->size;
        for (uint32_t i = 0; i < a->n; i++) {
                uint8_t *p = c->p + sizeof *a + (size_t)i * a->size;

                memcpy(&map, p, sizeof map);
                map.start &= -(uint64_t)IMG_PAGE;
                map.end &= -(uint64_t)IMG_PAGE;
                if (map.start < last)
                        map.start = last;
                if (map.end <= map.start)
                        map.end = map.start + IMG_PAGE;
                if (map.name > names || map.name_len > names - map.name)
                        map.name = map.name_len = 0;
                last = map.end;
                memcpy(p, &map, sizeof map);
        }
}

void fuzz_cover(struct fuzz_image *m, struct fuzz_rand *r)
{
        struct cover v = { .data_left = COVER_DATA };
        struct img_array a = { 0 };
        struct fuzz_chunk *c;
        struct img_map map;

        for (size_t i = m->n; i-- > 0; )
                if (m->c[i].tag == IMG_PAGES)
                        fuzz_drop(m, i);
        c = fuzz_chunk(m, IMG_MAPS);
        if (!c || c->len < sizeof a)
                return;
        memcpy(&a, c->p, sizeof a);
        if (fuzz_pick(r, 4))
                straighten(c, &a);
        for (uint64_t i = 0, at = sizeof a; i < a.n && a.size >= sizeof map; i++, at += a.size) {
                c = fuzz_chunk(m, IMG_MAPS);    /* adding may have moved it */
                if (at > c->len || c->len - at < sizeof map || m->n >= FUZZ_CHUNKS_MAX)
                        break;
                memcpy(&map, c->p + at, sizeof map);
                if (map.start < map.end)
                        cover_map(m, r, &v, &map);
        }
        flush_cover(m, &v, r);
}
