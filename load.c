/* SPDX-License-Identifier: MIT */
/* load.c - an image from its file into a model, its pages to whoever wants them */
#include "load.h"

#include <inttypes.h>
#include <string.h>

#include "util.h"

struct load {
        struct model *m;
        struct imgread *r;
        const struct load_hooks *hooks;
        uint32_t tag[16];       /* of the kinds of chunks seen so far */
        size_t tags;
        int state_done;
        int hooked;             /* what a hook returned, if not 0: it ends the reading */
};

/* The run at off in the file must go on exactly where the one before ended. */
static int take_run(struct model *m, struct imgread *r, uint64_t off, const struct img_run *run)
{
        struct model_map *map = &m->maps[m->at];

        if (run->addr % IMG_PAGE != 0)
                return imgread_bad(r, off, "run at %" PRIx64 " is not page aligned", run->addr);
        if (run->n == 0)
                return imgread_bad(r, off, "run at %" PRIx64 " has no pages", run->addr);
        if (run->kind < IMG_DATA || run->kind > IMG_UNREADABLE)
                return imgread_bad(r, off, "run at %" PRIx64 " is of unknown kind %u", run->addr, run->kind);
        if (run->cls < IMG_PRIVATE_ANON || run->cls > IMG_SHARED_FILE)
                return imgread_bad(r, off, "run at %" PRIx64 " is of unknown class %u", run->addr, run->cls);
        if (m->at == m->maps_n)
                return imgread_bad(r, off, "run at %" PRIx64 " is above all mappings", run->addr);
        if (run->addr != m->next)
                return imgread_bad(r, off, "run at %" PRIx64 " where %" PRIx64 " is next: pages %s",
                                   run->addr, m->next, run->addr < m->next ? "told twice" : "missing");
        if (run->n > (map->m.end - m->next) >> IMG_PAGE_SHIFT)
                return imgread_bad(r, off, "run at %" PRIx64 " of %" PRIu32 " pages goes over its mapping's end, %" PRIx64,
                                   run->addr, run->n, map->m.end);
        if (map->cls && map->cls != run->cls)
                return imgread_bad(r, off, "run at %" PRIx64 " is of another class than its mapping", run->addr);
        map->cls = run->cls;
        if (run->kind == IMG_UNREADABLE && map->pages[IMG_UNREADABLE] == 0)
                map->why = run->why;
        map->pages[run->kind] += run->n;
        m->pages[run->kind] += run->n;
        for (int bit = 0; bit < IMG_HOW_BITS; bit++) {
                if ((run->kind != IMG_DATA && run->kind != IMG_ZERO) || !(run->why >> bit & 1))
                        continue;
                map->how[bit] += run->n;
                m->how[bit] += run->n;
        }
        m->next += (uint64_t)run->n << IMG_PAGE_SHIFT;
        if (m->next == map->m.end && ++m->at < m->maps_n)
                m->next = m->maps[m->at].m.start;
        return 0;
}

/* Head and place of the page data: bound, then alignment, then range. */
static int check_pages(struct imgread *r, const struct img_chunk *c, const struct img_pages *pages)
{
        uint64_t at = imgread_offset(r), runs = (uint64_t)pages->n * pages->size;

        if (pages->n == 0 || pages->size < sizeof(struct img_run))
                return imgread_bad(r, at, "PAGE chunk of %" PRIu32 " runs of %" PRIu32 " bytes", pages->n, pages->size);
        if (runs > c->len - sizeof(*pages))
                return imgread_bad(r, at, "%" PRIu32 " runs of %" PRIu32 " bytes in a PAGE chunk of %" PRIu64,
                                   pages->n, pages->size, c->len);
        if (pages->data_off > c->len || pages->data_off < sizeof(*pages) + runs ||
            pages->data_off - sizeof(*pages) - runs >= IMG_PAGE)
                return imgread_bad(r, at, "page data cannot start at %" PRIu32 " in a PAGE chunk of %" PRIu64,
                                   pages->data_off, c->len);
        if (pages->data_pages && (at + pages->data_off) % IMG_PAGE != 0)
                return imgread_bad(r, at, "page data is not page aligned in the file");
        if (c->len - pages->data_off != (uint64_t)pages->data_pages << IMG_PAGE_SHIFT)
                return imgread_bad(r, at, "%" PRIu32 " pages of data in %" PRIu64 " bytes", pages->data_pages,
                                   c->len - pages->data_off);
        return 0;
}

/* One run of a PAGE chunk, verified, with its data, if it has any and they were asked for. */
static int take_one(struct load *l, uint64_t off, const struct img_run *run, const unsigned char *data)
{
        if (take_run(l->m, l->r, off, run) < 0)
                return -1;
        if (!l->hooks || !l->hooks->run)
                return 0;
        l->hooked = l->hooks->run(l->hooks->arg, l->m, run, run->kind == IMG_DATA ? data : NULL);
        return l->hooked ? -1 : 0;
}

/*
 * Nothing of it is told before its checksum is known to be right. The data are
 * in memory meanwhile, if somebody wants them: hence the bound.
 */
static int take_pages(struct load *l, const struct img_chunk *c)
{
        struct model *m = l->m;
        struct imgread *r = l->r;
        uint64_t at = imgread_offset(r), data = 0, runs;
        int wanted = l->hooks && l->hooks->run;
        const unsigned char *p;
        struct img_pages pages;
        struct img_run run;

        m->in_pages = 1;
        if (c->len > IMG_PAGES_MAX)
                return imgread_bad(r, at, "PAGE chunk of %" PRIu64 " bytes: at most %u are allowed", c->len, IMG_PAGES_MAX);
        if (imgread_get(r, &pages, sizeof(pages)) < 0 || check_pages(r, c, &pages) < 0)
                return -1;
        runs = (uint64_t)pages.n * pages.size;
        if (!(p = imgread_take(r, wanted ? c->len - sizeof(pages) : runs)) ||
            (!wanted && imgread_zeros(r, pages.data_off - sizeof(pages) - runs) < 0) || imgread_finish(r) < 0)
                return -1;
        for (uint32_t i = 0; i < pages.n; i++) {
                uint64_t off = at + sizeof(pages) + (uint64_t)i * pages.size;

                memcpy(&run, p + (uint64_t)i * pages.size, sizeof(run));
                if (i == 0 && run.addr != pages.addr)
                        return imgread_bad(r, at, "PAGE chunk for %" PRIx64 " starts with %" PRIx64, pages.addr, run.addr);
                if (run.kind == IMG_DATA && run.n > pages.data_pages - data)
                        return imgread_bad(r, at, "runs tell of more pages of data than the %" PRIu32 " of the chunk",
                                           pages.data_pages);
                if (take_one(l, off, &run, p + pages.data_off - sizeof(pages) + (data << IMG_PAGE_SHIFT)) < 0)
                        return -1;
                if (run.kind == IMG_DATA)
                        data += run.n;
        }
        if (data != pages.data_pages)
                return imgread_bad(r, at, "runs tell of %" PRIu64 " pages of data, the chunk has %" PRIu32,
                                   data, pages.data_pages);
        return 0;
}

/* The state is complete when the first PAGE chunk comes, or the end. */
static int end_state(struct load *l)
{
        if (l->state_done || !l->hooks || !l->hooks->state)
                return 0;
        l->state_done = 1;
        l->hooked = l->hooks->state(l->hooks->arg, l->m);
        return l->hooked ? -1 : 0;
}

/* Was a chunk of this kind seen before? */
static int seen(struct load *l, uint32_t tag)
{
        for (size_t i = 0; i < l->tags; i++)
                if (l->tag[i] == tag)
                        return 1;
        if (l->tags < sizeof l->tag / sizeof *l->tag)
                l->tag[l->tags++] = tag;
        return 0;
}

/* Read a chunk where it may be. */
static int take_chunk(struct load *l, const struct img_chunk *c)
{
        uint64_t head = imgread_offset(l->r) - sizeof(*c);

        if ((c->tag == IMG_PROC) != (c->seq == 0))
                return imgread_bad(l->r, head, "PROC must be the first chunk, and only the first");
        if (c->tag == IMG_PAGES && !l->m->have_maps)
                return imgread_bad(l->r, head, "PAGE chunk before MAPS");
        if (c->tag == IMG_PAGES)
                return end_state(l) < 0 ? -1 : take_pages(l, c);
        if (l->m->in_pages)
                return imgread_bad(l->r, head, "%.4s chunk after the first PAGE", (const char *)&c->tag);
        if (seen(l, c->tag) && model_once(c->tag))
                return imgread_bad(l->r, head, "a second %.4s chunk", (const char *)&c->tag);
        return model_take(l->m, l->r, c);
}

/* All chunks are read: is that all there should be? */
static int check_whole(struct model *m, struct imgread *r)
{
        static const char *const must[] = { "PROC", "MAPS" };
        uint64_t at = imgread_offset(r);

        if (!m->have_proc || !m->have_maps)
                return imgread_bad(r, at, "no %s chunk", must[m->have_proc]);
        if (m->at < m->maps_n)
                return imgread_bad(r, at, "no run tells of the page at %" PRIx64, m->next);
        if (m->threads_n != m->proc.threads)
                return imgread_bad(r, at, "%" PRIu32 " threads, PROC says %" PRIu32, m->threads_n, m->proc.threads);
        if (memcmp(m->pages, m->end.pages, sizeof(m->pages)) != 0)
                return imgread_bad(r, at, "END's numbers of pages are not those of the runs");
        return 0;
}

static int load_all(struct load *l)
{
        struct img_chunk c;
        int rc;

        while ((rc = imgread_next(l->r, &c)) > 0) {
                if (!l->m->have_header)
                        l->m->header = *imgread_header(l->r);
                l->m->have_header = 1;
                if (take_chunk(l, &c) < 0)
                        return -1;
        }
        if (rc < 0)
                return -1;
        l->m->end = *imgread_end(l->r);
        l->m->have_end = 1;
        return check_whole(l->m, l->r) < 0 ? -1 : end_state(l);
}

int load(struct model *m, const char *path, const struct load_hooks *hooks)
{
        struct load l = { .m = m, .r = imgread_open(path), .hooks = hooks };
        struct imgread *r = l.r;
        int status = EXIT_FAILED;

        memset(m, 0, sizeof(*m));
        if (!r)
                return status;
        if (load_all(&l) == 0)
                m->complete = 1;
        if (imgread_header(r)) {
                m->header = *imgread_header(r);
                m->have_header = 1;
        }
        m->chunks = imgread_chunks(r);
        m->skipped = imgread_skipped(r);
        m->bytes = imgread_bytes(r);
        status = imgread_status(r);
        imgread_close(r);
        if (l.hooked)
                return l.hooked < 0 ? EXIT_FAILED : EXIT_DONE;
        return status == EXIT_DONE && !m->complete ? EXIT_FAILED : status;
}
