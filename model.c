/* SPDX-License-Identifier: MIT */
/* model.c - an image in memory, without its page data */
#include "model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imgread.h"
#include "util.h"

#define NAME_MAX_LEN    4096    /* of a FILE chunk: more is nonsense */
#define THREAD_MAX      65536   /* bytes of a THRD struct with its registers: more is nonsense */

static int no_memory(const struct imgread *r)
{
        return fail("not enough memory for this image: %" PRIu64 " bytes read", imgread_bytes(r));
}

/* Room for one more in an array of n entries; its room is the next power of two. */
static void *grow(void *array, uint32_t n, size_t size)
{
        if (n & (n - 1))
                return array;
        return realloc(array, (n ? (size_t)n * 2 : 1) * size);
}

/* A copy of len bytes behind what is in b. */
static int append(struct model_bytes *b, const void *from, size_t len, const struct imgread *r)
{
        char *p = realloc(b->p, b->len + len + 1);

        if (!p)
                return no_memory(r);
        if (len)
                memcpy(p + b->len, from, len);
        b->p = p;
        b->len += len;
        p[b->len] = '\0';
        return 0;
}

/*
 * The whole payload of a chunk, its checksum verified, so that what it says
 * may be looked at. NULL after fail().
 */
static const unsigned char *whole(struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = imgread_take(r, c->len);

        return p && imgread_finish(r) == 0 ? p : NULL;
}

/*
 * The struct at the start of a payload of len bytes, which says its own size:
 * a larger one is of a later minor version, its known part is taken. Returns
 * that size, or 0 after fail().
 */
static uint32_t sized(struct imgread *r, const unsigned char *p, uint64_t len, void *to, uint32_t need)
{
        uint64_t at = imgread_offset(r);
        uint32_t size;

        if (len < need) {
                imgread_bad(r, at, "chunk of %" PRIu64 " bytes is too short for its %" PRIu32, len, need);
                return 0;
        }
        memcpy(&size, p, sizeof(size));
        if (size < need || size > len) {
                imgread_bad(r, at, "struct says it has %" PRIu32 " bytes: %" PRIu32 " to %" PRIu64 " are possible",
                            size, need, len);
                return 0;
        }
        memcpy(to, p, need);
        return size;
}

/* As sized(), for an array: its entries, of a.size bytes each, start at p + 8. */
static int array_of(struct imgread *r, const unsigned char *p, uint64_t len, struct img_array *a, uint32_t need)
{
        uint64_t at = imgread_offset(r);

        if (len < sizeof(*a))
                return imgread_bad(r, at, "chunk of %" PRIu64 " bytes is too short for an array", len);
        memcpy(a, p, sizeof(*a));
        if (a->size < need)
                return imgread_bad(r, at, "array entries of %" PRIu32 " bytes: at least %" PRIu32 " are needed",
                                   a->size, need);
        if ((uint64_t)a->n * a->size > len - sizeof(*a))
                return imgread_bad(r, at, "array of %" PRIu32 " entries of %" PRIu32 " bytes in a chunk of %" PRIu64,
                                   a->n, a->size, len);
        return 0;
}

/* Bytes that nothing explains: later minor versions may have them, ours has none. */
static int leftover(const struct model *m, struct imgread *r, uint64_t at, uint64_t n)
{
        if (n == 0 || m->header.minor > IMG_MINOR)
                return 0;
        return imgread_bad(r, imgread_offset(r) + at, "%" PRIu64 " bytes too many in the chunk", n);
}

static int take_strings(struct model *m, struct imgread *r, const unsigned char *p, uint64_t at, uint64_t len)
{
        struct img_str s;

        while (at < len) {
                uint64_t off = imgread_offset(r) + at;

                if (len - at < sizeof(s))
                        return imgread_bad(r, off, "string goes over the end of its chunk");
                memcpy(&s, p + at, sizeof(s));
                at += sizeof(s);
                if (s.len > len - at)
                        return imgread_bad(r, off, "string of %" PRIu32 " bytes goes over the end of its chunk", s.len);
                if (s.id > 0 && s.id < MODEL_STRINGS) {
                        if (m->str[s.id].p)
                                return imgread_bad(r, off, "string %" PRIu32 " for the second time", s.id);
                        if (append(&m->str[s.id], p + at, s.len, r) < 0)
                                return -1;
                }
                at += s.len;
                at += -at & 7;
        }
        return 0;
}

static int take_proc(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        uint32_t size;

        if (!p || !(size = sized(r, p, c->len, &m->proc, sizeof(m->proc))))
                return -1;
        m->have_proc = 1;
        return take_strings(m, r, p, size + (-size & 7u), c->len);
}

static int take_thread(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        uint64_t len = c->len < THREAD_MAX ? c->len : THREAD_MAX;
        const unsigned char *p = imgread_take(r, len);  /* the xstate is not kept */
        struct model_thread t = { 0 }, *array;
        uint32_t size, regs;

        if (!p || imgread_finish(r) < 0 || !(size = sized(r, p, len, &t.t, sizeof(t.t))))
                return -1;
        if (t.t.regs_len > len - size || t.t.xstate_len > c->len - size - t.t.regs_len)
                return imgread_bad(r, imgread_offset(r), "thread %" PRId32 ": %" PRIu32 " bytes of registers and %" PRIu32
                                   " of xstate in a chunk of %" PRIu64, t.t.tid, t.t.regs_len, t.t.xstate_len, c->len);
        regs = t.t.regs_len < sizeof(t.regs) ? t.t.regs_len : sizeof(t.regs);
        memcpy(t.regs, p + size, regs);
        t.regs_n = regs / sizeof(*t.regs);
        if (!(array = grow(m->threads, m->threads_n, sizeof(t))))
                return no_memory(r);
        m->threads = array;
        array[m->threads_n++] = t;
        len = (uint64_t)size + t.t.regs_len + t.t.xstate_len;
        return leftover(m, r, len, c->len - len);
}

/* Is this mapping right, and above the one before? The names are names_len bytes. */
static int check_map(struct model *m, struct imgread *r, uint64_t off, uint32_t i, uint64_t names_len)
{
        const struct img_map *map = &m->maps[i].m;

        if ((map->start | map->end) % IMG_PAGE != 0)
                return imgread_bad(r, off, "mapping %" PRIx64 "-%" PRIx64 " is not page aligned", map->start, map->end);
        if (map->start >= map->end)
                return imgread_bad(r, off, "mapping %" PRIx64 "-%" PRIx64 " is empty", map->start, map->end);
        if (i > 0 && map->start < m->maps[i - 1].m.end)
                return imgread_bad(r, off, "mapping %" PRIx64 "-%" PRIx64 " does not come after the one before",
                                   map->start, map->end);
        if (map->name > names_len || map->name_len > names_len - map->name)
                return imgread_bad(r, off, "name of the mapping %" PRIx64 "-%" PRIx64 " is out of bounds",
                                   map->start, map->end);
        return 0;
}

static int take_maps(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        uint64_t names, names_len, used = 0;
        struct img_array a;

        if (!p || array_of(r, p, c->len, &a, sizeof(struct img_map)) < 0)
                return -1;
        names = sizeof(a) + (uint64_t)a.n * a.size;
        names_len = c->len - names;
        m->names = malloc(names_len + 1);
        m->maps = calloc((size_t)a.n + 1, sizeof(*m->maps));
        if (!m->names || !m->maps)
                return no_memory(r);
        memcpy(m->names, p + names, names_len);
        for (uint32_t i = 0; i < a.n; i++) {
                uint64_t at = sizeof(a) + (uint64_t)i * a.size;
                struct model_map *map = &m->maps[i];

                memcpy(&map->m, p + at, sizeof(map->m));
                if (check_map(m, r, imgread_offset(r) + at, i, names_len) < 0)
                        return -1;
                map->name = m->names + map->m.name;
                if (used < (uint64_t)map->m.name + map->m.name_len)
                        used = (uint64_t)map->m.name + map->m.name_len;
                m->maps_n++;
        }
        m->have_maps = 1;
        m->next = m->maps_n ? m->maps[0].m.start : 0;
        return leftover(m, r, names + used, names_len - used);
}

static int take_sigactions(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        struct img_array a;

        if (!p || array_of(r, p, c->len, &a, sizeof(struct model_sigaction)) < 0)
                return -1;
        if (a.n > NAMES_SIGNALS)
                return imgread_bad(r, imgread_offset(r), "%" PRIu32 " sigactions: there are only %d signals",
                                   a.n, NAMES_SIGNALS);
        for (uint32_t i = 0; i < a.n; i++)
                memcpy(&m->sigactions[i], p + sizeof(a) + (size_t)i * a.size, sizeof(*m->sigactions));
        m->sigactions_n = a.n;
        return leftover(m, r, sizeof(a) + (uint64_t)a.n * a.size, c->len - sizeof(a) - (uint64_t)a.n * a.size);
}

static int take_itimers(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        struct img_array a;

        if (!p || array_of(r, p, c->len, &a, sizeof(struct img_itimer)) < 0)
                return -1;
        if (a.n > MODEL_ITIMERS)
                return imgread_bad(r, imgread_offset(r), "%" PRIu32 " itimers: there are only %d", a.n, MODEL_ITIMERS);
        for (uint32_t i = 0; i < a.n; i++)
                memcpy(&m->itimers[i], p + sizeof(a) + (size_t)i * a.size, sizeof(*m->itimers));
        m->itimers_n = a.n;
        return leftover(m, r, sizeof(a) + (uint64_t)a.n * a.size, c->len - sizeof(a) - (uint64_t)a.n * a.size);
}

static int take_misc(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        uint32_t size;

        if (!p || !(size = sized(r, p, c->len, &m->misc, sizeof(m->misc))))
                return -1;
        m->have_misc = 1;
        return leftover(m, r, size, c->len - size);
}

/* Of a raw copy of a /proc file the name and the length are kept. */
static int take_file(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        uint64_t len = c->len < NAME_MAX_LEN ? c->len : NAME_MAX_LEN;
        const char *p = imgread_take(r, len);
        struct model_file *array;
        char *name;

        if (!p || imgread_finish(r) < 0)
                return -1;
        if (!memchr(p, '\0', len))
                return imgread_bad(r, imgread_offset(r), "FILE chunk without a name");
        if (!(array = grow(m->files, m->files_n, sizeof(*array))))
                return no_memory(r);
        m->files = array;
        if (!(name = strdup(p)))
                return no_memory(r);
        array[m->files_n++] = (struct model_file){ name, c->len - strlen(name) - 1 };
        return 0;
}

static int take_note(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);

        if (!p)
                return -1;
        if (c->len && p[c->len - 1] != '\n')
                return imgread_bad(r, imgread_offset(r) + c->len - 1, "last line of a NOTE chunk does not end");
        return append(&m->notes, p, c->len, r);
}

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

static int take_pages(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        uint64_t at = imgread_offset(r), data = 0;
        const unsigned char *p;
        struct img_pages pages;
        struct img_run run;

        m->in_pages = 1;
        if (!m->have_maps)
                return imgread_bad(r, at, "PAGE chunk before MAPS");
        if (imgread_get(r, &pages, sizeof(pages)) < 0 || check_pages(r, c, &pages) < 0 ||
            !(p = imgread_take(r, (uint64_t)pages.n * pages.size)) ||
            imgread_zeros(r, pages.data_off - sizeof(pages) - (uint64_t)pages.n * pages.size) < 0 ||
            imgread_finish(r) < 0)
                return -1;
        for (uint32_t i = 0; i < pages.n; i++, p += pages.size) {
                uint64_t off = at + sizeof(pages) + (uint64_t)i * pages.size;

                memcpy(&run, p, sizeof(run));
                if (i == 0 && run.addr != pages.addr)
                        return imgread_bad(r, at, "PAGE chunk for %" PRIx64 " starts with %" PRIx64, pages.addr, run.addr);
                if (take_run(m, r, off, &run) < 0)
                        return -1;
                if (run.kind == IMG_DATA)
                        data += run.n;
        }
        if (data != pages.data_pages)
                return imgread_bad(r, at, "runs tell of %" PRIu64 " pages of data, the chunk has %" PRIu32,
                                   data, pages.data_pages);
        return 0;
}

static const struct {
        uint32_t tag;
        int (*take)(struct model *m, struct imgread *r, const struct img_chunk *c);
        int many;                       /* there may be more than one */
} takers[] = {
        { IMG_PROC, take_proc, 0 },
        { IMG_THRD, take_thread, 1 },
        { IMG_MAPS, take_maps, 0 },
        { IMG_SIGA, take_sigactions, 0 },
        { IMG_ITIM, take_itimers, 0 },
        { IMG_MISC, take_misc, 0 },
        { IMG_FILE, take_file, 1 },
        { IMG_NOTE, take_note, 1 },
        { IMG_PAGES, take_pages, 1 },
};

/* Read a chunk where it may be; *seen has a bit for each of takers. */
static int take_chunk(struct model *m, struct imgread *r, const struct img_chunk *c, uint32_t *seen)
{
        uint64_t head = imgread_offset(r) - sizeof(*c);
        size_t i = 0;

        while (takers[i].tag != c->tag)         /* imgread hands out no others */
                i++;
        if ((c->tag == IMG_PROC) != (c->seq == 0))
                return imgread_bad(r, head, "PROC must be the first chunk, and only the first");
        if (!takers[i].many && *seen & 1u << i)
                return imgread_bad(r, head, "a second %.4s chunk", (const char *)&c->tag);
        if (m->in_pages && c->tag != IMG_PAGES)
                return imgread_bad(r, head, "%.4s chunk after the first PAGE", (const char *)&c->tag);
        *seen |= 1u << i;
        return takers[i].take(m, r, c);
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

static int load(struct model *m, struct imgread *r)
{
        struct img_chunk c;
        uint32_t seen = 0;
        int rc;

        while ((rc = imgread_next(r, &c)) > 0) {
                if (!m->have_header)
                        m->header = *imgread_header(r);
                m->have_header = 1;
                if (take_chunk(m, r, &c, &seen) < 0)
                        return -1;
        }
        if (rc == 0) {
                m->end = *imgread_end(r);
                m->have_end = 1;
                rc = check_whole(m, r);
        }
        return rc;
}

int model_load(struct model *m, const char *path)
{
        struct imgread *r = imgread_open(path);
        int status = EXIT_FAILED;

        memset(m, 0, sizeof(*m));
        if (!r)
                return status;
        if (load(m, r) == 0)
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
        return status == EXIT_DONE && !m->complete ? EXIT_FAILED : status;
}

void model_free(struct model *m)
{
        for (int i = 0; i < MODEL_STRINGS; i++)
                free(m->str[i].p);
        for (uint32_t i = 0; i < m->files_n; i++)
                free(m->files[i].name);
        free(m->files);
        free(m->threads);
        free(m->maps);
        free(m->names);
        free(m->notes.p);
        memset(m, 0, sizeof(*m));
}
