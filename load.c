/* SPDX-License-Identifier: MIT */
/* load.c - an image from its file into a model, its pages to whoever wants them */
#include "load.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "crc.h"
#include "imgfind.h"
#include "util.h"

#define PAGES_MAX       (IMG_PAGES_MAX >> IMG_PAGE_SHIFT)       /* in a PAGE chunk, with those that are in a base */
#define BASES_MAX       64u             /* an image, its base, the base of that... */

struct load {
        char *path;
        struct model *m;
        struct imgread *r;
        uint32_t tag[16];       /* of the kinds of chunks seen so far */
        size_t tags;
        int at_pages;           /* what imgread_next() gave last is a PAGE chunk not looked into, */
        struct img_chunk c;     /* this one */
        struct imgread_place first;     /* of the first PAGE chunk; off 0: there is none */
        uint32_t sum;           /* of the whole image, when it was read once */
        int sought;             /* by the index, to a chunk that must be as this says: */
        struct img_index landing;

        struct img_pages pages; /* the PAGE chunk whose runs are told now, */
        uint64_t payload;       /* where it is, bytes from the header, */
        const unsigned char *p; /* and itself, from behind pages on, */
        const unsigned char *pagedata;  /* and its page data, if they are wanted */
        unsigned char *inflated;        /* room for those of a deflated one */
        uint64_t room;          /* bytes of it */
        const unsigned char *sums;      /* of the chunk's pages that are in the base: CRC-32 each, */
        uint64_t sums_n, summed;        /* so many, and those told so far */

        int (*stop)(void);      /* load_watch() */
        unsigned depth;         /* bases between this image and the one that was asked for */
        struct load *base;      /* open once it was needed; */
        struct model base_model;
        unsigned char *joined;  /* room for a run of its pages, or of such as are full of one byte */
        uint32_t joined_n;      /* so many */
        struct img_run last;    /* for load_page(): the run that it is in, n 0: none yet, */
        const unsigned char *last_data;

        uint32_t i;             /* its next run */
        uint64_t data;          /* pages of data told so far */
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

static int is_deflated(struct imgread *r, const struct img_chunk *c, const struct img_pages *pages)
{
        uint64_t len = c->len - pages->data_off;

        return imgread_header(r)->must & IMG_MUST_DEFLATED && len && pages->data_pages <= PAGES_MAX &&
                len < (uint64_t)pages->data_pages << IMG_PAGE_SHIFT;
}

static int has_base(struct imgread *r)
{
        return (imgread_header(r)->must & IMG_MUST_BASE) != 0;
}

static int is_based(const struct img_run *run)
{
        return run->kind == IMG_DATA && run->why & IMG_HOW_BASE;
}

static int is_filled(const struct img_run *run)
{
        return run->kind == IMG_DATA && run->why & IMG_HOW_FILLED;
}

/* How many sums follow the runs of the chunk? -1 after fail(). */
static int count_sums(struct load *l)
{
        struct img_run run;
        uint64_t n = 0;

        for (uint64_t i = 0; i < l->pages.n && has_base(l->r); i++) {
                memcpy(&run, l->p + i * l->pages.size, sizeof(run));
                n += is_based(&run) ? run.n : 0;
        }
        if (n + l->pages.data_pages > PAGES_MAX && n)
                return imgread_bad(l->r, l->payload, "a PAGE chunk for %" PRIu64 " pages of a base", n);
        l->sums_n = n;
        l->summed = 0;
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
            pages->data_off - sizeof(*pages) - runs >= IMG_PAGE + (has_base(r) ? sizeof(uint32_t) * PAGES_MAX : 0))
                return imgread_bad(r, at, "page data cannot start at %" PRIu32 " in a PAGE chunk of %" PRIu64,
                                   pages->data_off, c->len);
        if (is_deflated(r, c, pages))
                return 0;
        if (pages->data_pages && (at + pages->data_off) % IMG_PAGE != 0)
                return imgread_bad(r, at, "page data is not page aligned in the file");
        if (c->len - pages->data_off != (uint64_t)pages->data_pages << IMG_PAGE_SHIFT)
                return imgread_bad(r, at, "%" PRIu32 " pages of data in %" PRIu64 " bytes", pages->data_pages,
                                   c->len - pages->data_off);
        return 0;
}

/* Where the index led to: is it what the index said? */
static int check_landing(struct load *l)
{
        const struct img_index *e = &l->landing;
        const struct model_map *map = model_map_at(l->m, e->addr);

        if (l->c.tag != IMG_PAGES || l->c.seq != e->seq || l->pages.addr != e->addr || !map)
                return imgread_bad(l->r, e->off, "not the PAGE chunk that INDX says is here");
        l->m->at = (uint32_t)(map - l->m->maps);
        l->m->next = e->addr;
        l->landing.off = 0;
        return 0;
}

/* To exactly the pages that it is said to hold. */
static int inflate_pages(struct load *l)
{
        uint64_t want = (uint64_t)l->pages.data_pages << IMG_PAGE_SHIFT;
        uLongf got = (uLongf)want;
        uLong len = (uLong)(l->c.len - l->pages.data_off);
        unsigned char *more = want > l->room ? realloc(l->inflated, want) : l->inflated;

        if (!more)
                return fail("deflated page data:");
        l->inflated = more;
        l->room = want > l->room ? want : l->room;
        if (uncompress2(more, &got, l->pagedata, &len) != Z_OK || got != want || len != l->c.len - l->pages.data_off)
                return imgread_bad(l->r, l->payload + l->pages.data_off, "deflated page data are not what they should be");
        l->pagedata = more;
        return 0;
}

/*
 * Nothing of it is told before its checksum is known to be right. The data are
 * in memory meanwhile, if somebody wants them: hence the bound.
 */
static int take_pages(struct load *l, int wanted)
{
        const struct img_chunk *c = &l->c;
        struct img_pages *pages = &l->pages;
        struct imgread *r = l->r;
        uint64_t at = imgread_offset(r), runs, sums, gap;

        if (c->len > IMG_PAGES_MAX)
                return imgread_bad(r, at, "PAGE chunk of %" PRIu64 " bytes: at most %u are allowed", c->len, IMG_PAGES_MAX);
        if (imgread_get(r, pages, sizeof(*pages)) < 0 || check_pages(r, c, pages) < 0)
                return -1;
        runs = (uint64_t)pages->n * pages->size;
        l->payload = at;
        l->i = 0;
        l->data = 0;
        l->p = imgread_take(r, wanted ? c->len - sizeof(*pages) : runs);
        if (!l->p || count_sums(l) < 0)
                return -1;
        sums = l->sums_n * sizeof(uint32_t);
        gap = pages->data_off - sizeof(*pages) - runs;
        if (sums > gap || gap - sums >= IMG_PAGE || (is_deflated(r, c, pages) && sums != gap))
                return imgread_bad(r, at, "page data cannot start at %" PRIu32 " in this PAGE chunk", pages->data_off);
        if ((!wanted && (imgread_skip(r, sums) < 0 || imgread_zeros(r, gap - sums) < 0)) || imgread_finish(r) < 0)
                return -1;
        for (uint64_t i = runs + sums; wanted && i < runs + gap; i++)
                if (l->p[i])
                        return imgread_bad(r, at + sizeof(*pages) + i, "a byte of padding is not zero");
        l->sums = l->p + runs;
        l->pagedata = l->p + runs + gap;
        if (wanted && is_deflated(r, c, pages) && inflate_pages(l) < 0)
                return -1;
        return l->landing.off ? check_landing(l) : 0;
}

static void close_base(struct load *l)
{
        if (!l->base)
                return;
        load_close(l->base);
        model_free(&l->base_model);
        l->base = NULL;
}

/* Is the image at path, if that is a file, the base? Then it is open, up to its pages. 1; 0: it is not; -1 after fail(). */
static int try_base(struct load *l, const char *path, uint64_t addr, int *there)
{
        const struct model_bytes *id = &l->m->str[IMG_STR_BASE_ID];
        struct stat st;

        if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        *there = 1;
        l->base = load_open(&l->base_model, path);
        if (!l->base)
                return -1;
        l->base->depth = l->depth + 1;
        l->base->stop = l->stop;
        if (load_state(l->base) < 0)
                return -1;
        if (memcmp(l->base_model.header.id, id->p, id->len) != 0) {
                close_base(l);
                return 0;
        }
        return l->sought && load_seek(l->base, addr) < 0 ? -1 : 1;
}

/* In the folder of the image, else where its name leads. */
static int open_base(struct load *l, uint64_t addr)
{
        const struct model_bytes *name = &l->m->str[IMG_STR_BASE], *id = &l->m->str[IMG_STR_BASE_ID];
        const char *slash = strrchr(l->path, '/'), *last;
        char path[PATH_MAX];
        int rc = 0, there = 0;

        if (!name->p || !id->p || id->len != sizeof(l->base_model.header.id) || strlen(name->p) != name->len)
                return imgread_bad(l->r, l->payload, "pages of a base that is not named");
        if (l->depth == BASES_MAX)
                return fail("%s: a base of more than %u bases", l->path, BASES_MAX);
        last = strrchr(name->p, '/');
        last = last ? last + 1 : name->p;
        if (snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - l->path + 1) : 0, l->path, last) < (int)sizeof(path))
                rc = try_base(l, path, addr, &there);
        if (rc == 0)
                rc = try_base(l, name->p, addr, &there);
        if (rc == 0 && there)
                return fail("%s: %s is another image than its base", l->path, name->p);
        return rc == 0 ? fail("%s: its base %s is missing", l->path, name->p) : rc < 0 ? -1 : 0;
}

/* Room for the n pages of a run that does not have them here. 0, or -1 after fail(). */
static int make_joined(struct load *l, uint32_t n)
{
        unsigned char *more = n > l->joined_n ? realloc(l->joined, (size_t)n << IMG_PAGE_SHIFT) : l->joined;

        if (!more)
                return fail("pages of a base, or full of one byte:");
        l->joined = more;
        l->joined_n = n > l->joined_n ? n : l->joined_n;
        return 0;
}

/* Those that are full of one byte: into l->joined. */
static int fill_joined(struct load *l, const struct img_run *run)
{
        if (make_joined(l, run->n) < 0)
                return -1;
        memset(l->joined, run->why >> IMG_HOW_BYTE, (size_t)run->n << IMG_PAGE_SHIFT);
        return 0;
}

/* Those that are in the base: likewise, verified. */
static int join(struct load *l, const struct img_run *run)
{
        if (make_joined(l, run->n) < 0)
                return -1;
        if (!l->base && open_base(l, run->addr) < 0)
                return -1;
        for (uint32_t i = 0; i < run->n; i++) {
                uint64_t addr = run->addr + ((uint64_t)i << IMG_PAGE_SHIFT);
                unsigned char *to = l->joined + ((size_t)i << IMG_PAGE_SHIFT);
                const unsigned char *page;
                uint32_t sum;

                if (load_page(l->base, addr, &page) < 0)
                        return -1;
                memcpy(&sum, l->sums + (l->summed + i) * sizeof(sum), sizeof(sum));
                if (!page || crc(0, page, IMG_PAGE) != sum)
                        return fail("%s: the page at %" PRIx64 " is not in its base, %s", l->path, addr, l->base->path);
                memcpy(to, page, IMG_PAGE);
        }
        return 0;
}

/* The next run of the PAGE chunk, verified. */
static int next_run(struct load *l, struct img_run *run, const unsigned char **data)
{
        struct img_pages *pages = &l->pages;
        uint64_t off = (uint64_t)l->i * pages->size;
        int based, filled;

        memcpy(run, l->p + off, sizeof(*run));
        based = is_based(run);
        filled = is_filled(run);
        if (based && !l->sums_n)
                return imgread_bad(l->r, l->payload, "pages of a base in an image without one");
        if (filled && (based || run->n > IMG_FILLED_PAGES || !(imgread_header(l->r)->must & IMG_MUST_FILLED)))
                return imgread_bad(l->r, l->payload, "pages full of one byte %s", based ? "that are in the base as well" :
                                   run->n > IMG_FILLED_PAGES ? "in too long a run" : "in an image that says it has none");
        if (l->i++ == 0 && run->addr != pages->addr)
                return imgread_bad(l->r, l->payload, "PAGE chunk for %" PRIx64 " starts with %" PRIx64, pages->addr, run->addr);
        if (img_here(run) && run->n > pages->data_pages - l->data)
                return imgread_bad(l->r, l->payload, "runs tell of more pages of data than the %" PRIu32 " of the chunk",
                                   pages->data_pages);
        if (take_run(l->m, l->r, l->payload + sizeof(*pages) + off, run) < 0)
                return -1;
        if (data && (based || filled)) {
                if ((based ? join(l, run) : fill_joined(l, run)) < 0)
                        return -1;
                *data = l->joined;
        } else if (data) {
                *data = run->kind == IMG_DATA ? l->pagedata + (l->data << IMG_PAGE_SHIFT) : NULL;
        }
        if (based)
                l->summed += run->n;
        else if (img_here(run))
                l->data += run->n;
        if (l->i == pages->n && l->data != pages->data_pages)
                return imgread_bad(l->r, l->payload, "runs tell of %" PRIu64 " pages of data, the chunk has %" PRIu32,
                                   l->data, pages->data_pages);
        return 1;
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

/* Read a chunk that is no PAGE one, where it may be. */
static int take_chunk(struct load *l, const struct img_chunk *c)
{
        uint64_t head = imgread_offset(l->r) - sizeof(*c);

        if ((c->tag == IMG_PROC) != (c->seq == 0))
                return imgread_bad(l->r, head, "PROC must be the first chunk, and only the first");
        if (seen(l, c->tag) && model_once(c->tag))
                return imgread_bad(l->r, head, "a second %.4s chunk", (const char *)&c->tag);
        return model_take(l->m, l->r, c);
}

/* All chunks but PAGE ones are read: is that all there should be? */
static int check_state(struct model *m, struct imgread *r)
{
        static const char *const must[] = { "PROC", "MAPS" };
        uint64_t at = imgread_offset(r);

        if (!m->have_proc || !m->have_maps)
                return imgread_bad(r, at, "no %s chunk before this", must[m->have_proc]);
        if (m->threads_n != m->proc.threads)
                return imgread_bad(r, at, "%" PRIu32 " threads, PROC says %" PRIu32, m->threads_n, m->proc.threads);
        return 0;
}

/* The PAGE chunks too. */
static int check_whole(struct model *m, struct imgread *r)
{
        uint64_t at = imgread_offset(r);

        if (check_state(m, r) < 0)
                return -1;
        if (memcmp(m->pages, m->end.pages, sizeof(m->pages)) != 0)
                return imgread_bad(r, at, "END's numbers of pages are not those of the runs");
        return 0;
}

/* All is read: the totals, and that a second reading saw the same. */
static int end(struct load *l)
{
        struct imgread *r = l->r;

        l->m->end = *imgread_end(r);
        l->m->have_end = 1;
        if (l->m->have_maps && l->m->at < l->m->maps_n)
                return imgread_bad(r, imgread_offset(r), "no run tells of the page at %" PRIx64, l->m->next);
        if (l->sought)                  /* what was skipped is not known */
                return 0;
        if (l->m->complete && imgread_sum(r) != l->sum)
                return imgread_bad(r, imgread_offset(r), "the image has changed while it was read");
        if (check_whole(l->m, r) < 0)
                return -1;
        l->sum = imgread_sum(r);
        l->m->complete = 1;
        return 0;
}

/* The next chunk. 1: a PAGE one, to be looked into. 0: that was all. */
static int next_chunk(struct load *l)
{
        int rc = imgread_next(l->r, &l->c);

        if (rc == 0)
                return end(l);
        if (rc < 0)
                return -1;
        if (!l->m->have_header)
                l->m->header = *imgread_header(l->r);
        l->m->have_header = 1;
        if (l->c.tag == IMG_PAGES)
                return 1;
        if (l->first.off)
                return imgread_bad(l->r, imgread_offset(l->r) - sizeof(l->c), "%.4s chunk after the first PAGE",
                                   (const char *)&l->c.tag);
        return take_chunk(l, &l->c) < 0 ? -1 : 2;
}

struct load *load_open(struct model *m, const char *path)
{
        struct load *l = calloc(1, sizeof(*l));

        memset(m, 0, sizeof(*m));
        if (!l) {
                fail("%s:", path);
                return NULL;
        }
        l->m = m;
        l->path = strdup(path);
        l->r = l->path ? imgread_open(l->path) : NULL;          /* which keeps it, and path may go */
        if (!l->path)
                fail("%s:", path);
        if (!l->r) {
                free(l->path);
                free(l);
                return NULL;
        }
        return l;
}

int load_state(struct load *l)
{
        int rc;

        while ((rc = next_chunk(l)) > 1)
                ;
        if (rc <= 0)
                return rc;
        imgread_here(l->r, &l->first);
        l->at_pages = 1;
        return check_state(l->m, l->r);
}

int load_run(struct load *l, struct img_run *run, const unsigned char **data)
{
        if (imgread_status(l->r) != EXIT_DONE)
                return -1;
        while (l->i == l->pages.n) {
                int rc = l->at_pages ? 1 : l->m->have_end ? 0 : next_chunk(l);

                if (rc <= 0)
                        return rc;
                l->at_pages = 0;
                if (take_pages(l, data != NULL) < 0)
                        return -1;
        }
        return next_run(l, run, data);
}

void load_watch(struct load *l, int (*stop)(void))
{
        l->stop = stop;
}

int load_needs(struct load *l, dev_t dev, ino_t ino)
{
        struct stat st;

        if (stat(l->path, &st) == 0 && st.st_dev == dev && st.st_ino == ino)
                return 1;
        if (!has_base(l->r))
                return 0;
        if (!l->base && open_base(l, 0) < 0)
                return -1;
        return load_needs(l->base, dev, ino);
}

int load_page(struct load *l, uint64_t addr, const unsigned char **page)
{
        struct img_run *run = &l->last;

        *page = NULL;
        while (!run->n || addr - run->addr >= (uint64_t)run->n << IMG_PAGE_SHIFT) {
                int rc;

                if (run->n && addr < run->addr)         /* not mapped there */
                        return 0;
                if (l->stop && l->stop())
                        return -1;
                rc = load_run(l, run, &l->last_data);
                if (rc <= 0) {
                        *run = (struct img_run){ .addr = UINT64_MAX, .n = 1 };  /* that was all */
                        return rc;
                }
        }
        if (run->kind == IMG_DATA)
                *page = l->last_data + (addr - run->addr);
        return 0;
}

int load_seek(struct load *l, uint64_t addr)
{
        struct img_index e;
        int rc = l->at_pages ? imgfind(l->r, addr, &e) : 0;
        struct imgread_place p = { .loose = 1 };

        if (rc <= 0)
                return rc;
        p.off = e.off;
        l->landing = e;
        l->sought = 1;
        l->at_pages = 0;
        return imgread_seek(l->r, &p);
}

int load_seekable(const struct load *l)
{
        return imgread_seekable(l->r);
}

int load_rewind(struct load *l)
{
        struct model *m = l->m;

        close_base(l);
        if (!l->first.off)
                return 0;
        for (uint32_t i = 0; i < m->maps_n; i++) {
                memset(m->maps[i].pages, 0, sizeof(m->maps[i].pages));
                memset(m->maps[i].how, 0, sizeof(m->maps[i].how));
        }
        memset(m->pages, 0, sizeof(m->pages));
        memset(m->how, 0, sizeof(m->how));
        m->at = 0;
        m->next = m->maps_n ? m->maps[0].m.start : 0;
        m->have_end = 0;
        return imgread_seek(l->r, &l->first);
}

int load_xstate(struct load *l, uint32_t i, void *to)
{
        const struct model_thread *t = &l->m->threads[i];

        if (imgread_at(l->r, t->xstate_off, to, t->t.xstate_len) < 0)
                return -1;
        if (crc(0, to, t->t.xstate_len) != t->xstate_crc)
                return imgread_bad(l->r, t->xstate_off, "the image has changed while it was read");
        return 0;
}

int load_close(struct load *l)
{
        struct model *m;
        int status;

        if (!l)
                return EXIT_FAILED;
        m = l->m;
        if (imgread_header(l->r)) {
                m->header = *imgread_header(l->r);
                m->have_header = 1;
        }
        m->chunks = imgread_chunks(l->r);
        m->skipped = imgread_skipped(l->r);
        m->bytes = imgread_bytes(l->r);
        status = imgread_status(l->r);
        imgread_close(l->r);
        close_base(l);
        free(l->inflated);
        free(l->joined);
        free(l->path);
        free(l);
        return status;
}

int load(struct model *m, const char *path, int pages)
{
        struct load *l = load_open(m, path);
        const unsigned char *data;
        struct img_run run;
        int rc = l ? load_state(l) : -1, status;

        while (rc >= 0 && (rc = load_run(l, &run, pages ? &data : NULL)) > 0)
                ;
        status = load_close(l);
        return status == EXIT_DONE && rc < 0 ? EXIT_FAILED : status;
}
