/* SPDX-License-Identifier: MIT */
/* model.c - an image in memory, without its page data */
#include "model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crc.h"
#include "util.h"

#define NAME_MAX_LEN    4096    /* of a FILE chunk: more is nonsense */
#define WHOLE_MAX       (1u << 30)      /* bytes of what has to be in memory at once: more is nonsense */
#define XSTATE_HEADER   512u            /* offset of XSTATE_BV, eight bytes, in xstate */

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

/* The next power of two above n. */
static size_t above(size_t n)
{
        return (size_t)1 << (64 - __builtin_clzll(n | 1));
}

/* A copy of len bytes behind what is in b, which has room for above() those that are in it. */
static int append(struct model_bytes *b, const void *from, size_t len, const struct imgread *r)
{
        char *p = b->p;

        if (!p || above(b->len + len) > above(b->len))
                p = realloc(p, above(b->len + len));
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
        const unsigned char *p;

        if (c->len > WHOLE_MAX) {
                imgread_bad(r, imgread_offset(r), "%.4s chunk of %" PRIu64 " bytes", (const char *)&c->tag, c->len);
                return NULL;
        }
        p = imgread_take(r, c->len);
        return p && imgread_finish(r) == 0 ? p : NULL;
}

/*
 * The struct at the start of a payload of len bytes, which says its own size:
 * a larger one is of a later minor version, its known part is taken; of a
 * smaller one, that has at least `need` bytes, the rest is zeroed. Returns that
 * size, or 0 after fail().
 */
static uint32_t sized(struct imgread *r, const unsigned char *p, uint64_t len, void *to, uint32_t room, uint32_t need)
{
        uint64_t at = imgread_offset(r);
        uint32_t size;

        if (len < need) {
                imgread_bad(r, at, "chunk of %" PRIu64 " bytes is too short for its %" PRIu32, len, need);
                return 0;
        }
        memcpy(&size, p, sizeof(size));
        if (size < need || size > len || size % 4) {
                imgread_bad(r, at, "struct says it has %" PRIu32 " bytes: %" PRIu32 " to %" PRIu64 " are possible",
                            size, need, len);
                return 0;
        }
        memset(to, 0, room);
        memcpy(to, p, size < room ? size : room);
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
                if (s.id > 0 && s.id < IMG_STR_N) {
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

        if (!p || !(size = sized(r, p, c->len, &m->proc, sizeof(m->proc), IMG_PROC_1_0)))
                return -1;
        m->have_proc = 1;
        return take_strings(m, r, p, (uint64_t)size + (-size & 7u), c->len);
}

/*
 * Keep a string of len bytes that starts at off in the file, the first `kept`
 * of them at from. Of unknown ids, from n on, none is kept; of the others there
 * may be one each, but for the id `many`.
 */
static int keep_str(struct model_strs *s, struct imgread *r, const struct img_str *str, uint64_t off,
                    const void *from, uint32_t kept, uint32_t n, uint32_t many)
{
        struct model_str *v;

        if (str->id == 0 || str->id >= n)
                return 0;
        if (str->id != many && model_str(s, str->id))
                return imgread_bad(r, off, "string %" PRIu32 " for the second time", str->id);
        if (!(v = grow(s->v, s->n, sizeof(*v))))
                return no_memory(r);
        s->v = v;
        v += s->n;
        *v = (struct model_str){ str->id, kept, str->len, crc(0, from, kept), malloc((size_t)kept + 1) };
        if (!v->p)
                return no_memory(r);
        memcpy(v->p, from, kept);
        v->p[kept] = '\0';
        s->n++;
        return 0;
}

/* The img_str's in len bytes at p, which lie at off in the file. */
static int take_strs(struct model_strs *s, struct imgread *r, const unsigned char *p, uint64_t off, uint64_t len)
{
        for (uint64_t at = 0; at < len; ) {
                struct img_str str;

                if (len - at < sizeof(str))
                        return imgread_bad(r, off + at, "string goes over the end of its chunk");
                memcpy(&str, p + at, sizeof(str));
                at += sizeof(str);
                if (str.len > len - at)
                        return imgread_bad(r, off + at, "string of %" PRIu32 " bytes goes over the end of its chunk", str.len);
                if (keep_str(s, r, &str, off + at, p + at, str.len, IMG_TSTR_N, IMG_TSTR_FILTER) < 0)
                        return -1;
                at += str.len;
                at += -at & 7;
        }
        return 0;
}

static void free_strs(struct model_strs *s)
{
        for (uint32_t i = 0; i < s->n; i++)
                free(s->v[i].p);
        free(s->v);
}

/*
 * Without XSTATE_BV, which components are in use: the kernel has filled in what
 * is not, and the processor may forget, or learn, by itself that all of a
 * component is zero (SDM volume 1, 13.6: XINUSE).
 */
static uint32_t values_crc(const unsigned char *xstate, uint32_t len)
{
        if (len < XSTATE_HEADER + sizeof(uint64_t))
                return crc(0, xstate, len);
        return crc(crc(0, xstate, XSTATE_HEADER), xstate + XSTATE_HEADER + sizeof(uint64_t),
                   len - XSTATE_HEADER - sizeof(uint64_t));
}

static int take_thread(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        struct model_thread t = { 0 }, *array;
        uint64_t len, strs;
        uint32_t size, regs;

        if (!p || !(size = sized(r, p, c->len, &t.t, sizeof(t.t), IMG_THREAD_1_0)))
                return -1;
        len = (uint64_t)size + t.t.regs_len + t.t.xstate_len;
        strs = t.t.strs_len ? len + (-len & 7) : len;
        if (len > c->len || strs > c->len || t.t.strs_len > c->len - strs)
                return imgread_bad(r, imgread_offset(r), "thread %" PRId32 ": %" PRIu32 " bytes of registers, %" PRIu32
                                   " of xstate and %" PRIu32 " of strings in a chunk of %" PRIu64, t.t.tid, t.t.regs_len,
                                   t.t.xstate_len, t.t.strs_len, c->len);
        regs = t.t.regs_len < sizeof(t.regs) ? t.t.regs_len : sizeof(t.regs);
        memcpy(t.regs, p + size, regs);
        t.regs_n = regs / sizeof(*t.regs);
        t.xstate_off = imgread_offset(r) + size + t.t.regs_len;
        t.xstate_crc = crc(0, p + size + t.t.regs_len, t.t.xstate_len);
        t.values_crc = values_crc(p + size + t.t.regs_len, t.t.xstate_len);
        if (!(array = grow(m->threads, m->threads_n, sizeof(t))))
                return no_memory(r);
        m->threads = array;
        array[m->threads_n++] = t;
        if (take_strs(&array[m->threads_n - 1].strs, r, p + strs, imgread_offset(r) + strs, t.t.strs_len) < 0)
                return -1;
        len = strs + t.t.strs_len;
        return leftover(m, r, len, c->len - len);
}

/* The next n bytes are of this string too, but are not kept; NULL: of none. */
static int sum_rest(struct model_str *v, struct imgread *r, uint64_t n)
{
        unsigned char some[4096];

        for (size_t len; v && n; n -= len) {
                len = n < sizeof(some) ? (size_t)n : sizeof(some);
                if (imgread_get(r, some, len) < 0)
                        return -1;
                v->crc = crc(v->crc, some, len);
        }
        return imgread_skip(r, n);
}

/* The next string of a DESC chunk, of which *left bytes are not read yet; of a long content the beginning is kept. */
static int read_fd_str(struct model_strs *s, struct imgread *r, uint64_t off, uint64_t *left)
{
        struct img_str str;
        uint64_t len, kept;
        const void *p;

        if (*left < sizeof(str))
                return imgread_bad(r, off, "string goes over the end of its chunk");
        if (imgread_get(r, &str, sizeof(str)) < 0)
                return -1;
        *left -= sizeof(str);
        if (str.len > *left)
                return imgread_bad(r, off, "string of %" PRIu32 " bytes goes over the end of its chunk", str.len);
        len = str.len + (uint64_t)(-str.len & 7);
        if (len > *left)                /* nothing fills up the last one */
                len = *left;
        kept = str.id == IMG_FSTR_CONTENT && str.len > MODEL_CONTENT ? MODEL_CONTENT : str.len;
        if (str.id == 0 || str.id >= IMG_FSTR_N)
                kept = 0;
        if (kept > WHOLE_MAX)
                return imgread_bad(r, off, "string %" PRIu32 " of %" PRIu32 " bytes of a descriptor", str.id, str.len);
        if (!(p = imgread_take(r, kept)) || keep_str(s, r, &str, off, p, (uint32_t)kept, IMG_FSTR_N, 0) < 0)
                return -1;
        *left -= len;
        return sum_rest(kept ? &s->v[s->n - 1] : NULL, r, str.len - kept) < 0 ? -1 : imgread_skip(r, len - str.len);
}

/* Read as it comes, for a content may be large. */
static int read_fd(struct model_fd *f, struct imgread *r, const struct img_chunk *c)
{
        uint64_t at = imgread_offset(r), left = c->len;
        unsigned char head[sizeof(f->f)];
        uint32_t size;

        if (left < sizeof(head))
                return imgread_bad(r, at, "chunk of %" PRIu64 " bytes is too short for a descriptor", left);
        if (imgread_get(r, head, sizeof(head)) < 0)
                return -1;
        memcpy(&size, head, sizeof(size));
        if (size < sizeof(head) || size > left || size % 8)
                return imgread_bad(r, at, "struct of a descriptor of %" PRIu32 " bytes", size);
        memcpy(&f->f, head, sizeof(f->f));
        if (imgread_skip(r, size - sizeof(head)) < 0)
                return -1;
        for (left -= size; left; )
                if (read_fd_str(&f->strs, r, at + (c->len - left), &left) < 0)
                        return -1;
        return imgread_finish(r);
}

/* It counts when its checksum is known to be right. */
static int take_fd(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        struct model_fd f = { 0 }, *array = NULL;
        int rc = read_fd(&f, r, c);

        if (rc == 0 && m->fds_n && model_fd_order(&m->fds[m->fds_n - 1].f, &f.f) >= 0)
                rc = imgread_bad(r, imgread_offset(r), "descriptor %" PRId32 " does not come after the one before", f.f.fd);
        if (rc == 0 && !(array = grow(m->fds, m->fds_n, sizeof(f))))
                rc = no_memory(r);
        if (rc < 0) {
                free_strs(&f.strs);
                return -1;
        }
        m->fds = array;
        array[m->fds_n++] = f;
        m->have_fds = 1;
        return 0;
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
        uint64_t names, names_len, used = 0, told = 0;
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
                told += map->m.name_len;
                if (told > names_len)
                        return imgread_bad(r, imgread_offset(r) + at, "names of mappings overlap");
                if (used < (uint64_t)map->m.name + map->m.name_len)
                        used = (uint64_t)map->m.name + map->m.name_len;
                m->maps_n++;
        }
        m->have_maps = 1;
        m->next = m->maps_n ? m->maps[0].m.start : 0;
        return leftover(m, r, names + used, names_len - used);
}

/*
 * The entries of an array of up to max, `size` bytes of each, to `to`; or, if
 * that is NULL, to memory of its own. Where they are, *n of them; NULL after fail().
 */
static void *take_array(struct model *m, struct imgread *r, const struct img_chunk *c, void *to,
                        uint32_t size, uint32_t max, uint32_t *n)
{
        const unsigned char *p = whole(r, c);
        struct img_array a;
        uint64_t used;

        if (!p || array_of(r, p, c->len, &a, size) < 0)
                return NULL;
        if (a.n > max) {
                imgread_bad(r, imgread_offset(r), "%" PRIu32 " entries in a %.4s chunk: %" PRIu32 " are possible",
                            a.n, (const char *)&c->tag, max);
                return NULL;
        }
        used = sizeof(a) + (uint64_t)a.n * a.size;
        if (leftover(m, r, used, c->len - used) < 0)
                return NULL;
        if (!to && !(to = calloc((size_t)a.n + 1, size))) {
                no_memory(r);
                return NULL;
        }
        for (uint32_t i = 0; i < a.n; i++)
                memcpy((char *)to + (size_t)i * size, p + sizeof(a) + (size_t)i * a.size, size);
        *n = a.n;
        return to;
}

static int take_sigactions(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        return take_array(m, r, c, m->sigactions, sizeof(*m->sigactions), NAMES_SIGNALS, &m->sigactions_n) ? 0 : -1;
}

static int take_itimers(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        return take_array(m, r, c, m->itimers, sizeof(*m->itimers), MODEL_ITIMERS, &m->itimers_n) ? 0 : -1;
}

static int take_siginfos(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        m->siginfos = take_array(m, r, c, NULL, IMG_SIGINFO, UINT32_MAX, &m->siginfos_n);
        m->have_siginfos = m->siginfos != NULL;
        return m->siginfos ? 0 : -1;
}

static int take_timers(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        m->timers = take_array(m, r, c, NULL, sizeof(*m->timers), UINT32_MAX, &m->timers_n);
        m->have_timers = m->timers != NULL;
        return m->timers ? 0 : -1;
}

static int take_rlimits(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        m->rlimits = take_array(m, r, c, NULL, sizeof(*m->rlimits), 64, &m->rlimits_n);
        m->have_rlimits = m->rlimits != NULL;
        return m->rlimits ? 0 : -1;
}

static int take_misc(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        const unsigned char *p = whole(r, c);
        uint32_t size;

        if (!p || !(size = sized(r, p, c->len, &m->misc, sizeof(m->misc), IMG_MISC_1_0)))
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

static const struct taker {
        uint32_t tag;
        int (*take)(struct model *m, struct imgread *r, const struct img_chunk *c);
        int many;                       /* there may be more than one */
} takers[] = {
        { IMG_PROC, take_proc, 0 },
        { IMG_THRD, take_thread, 1 },
        { IMG_MAPS, take_maps, 0 },
        { IMG_SIGA, take_sigactions, 0 },
        { IMG_SIGQ, take_siginfos, 0 },
        { IMG_ITIM, take_itimers, 0 },
        { IMG_TIMR, take_timers, 0 },
        { IMG_RLIM, take_rlimits, 0 },
        { IMG_MISC, take_misc, 0 },
        { IMG_DESC, take_fd, 1 },
        { IMG_FILE, take_file, 1 },
        { IMG_NOTE, take_note, 1 },
};

static const struct taker *taker(uint32_t tag)
{
        size_t i = 0;

        while (takers[i].tag != tag)            /* imgread hands out no others */
                i++;
        return &takers[i];
}

int model_once(uint32_t tag)
{
        return !taker(tag)->many;
}

int model_take(struct model *m, struct imgread *r, const struct img_chunk *c)
{
        return taker(c->tag)->take(m, r, c);
}

int model_fd_order(const struct img_fd *a, const struct img_fd *b)
{
        if (a->table != b->table)
                return a->table < b->table ? -1 : 1;
        return (a->fd > b->fd) - (a->fd < b->fd);
}

const struct model_str *model_str(const struct model_strs *s, uint32_t id)
{
        for (uint32_t i = 0; i < s->n; i++)
                if (s->v[i].id == id)
                        return &s->v[i];
        return NULL;
}

const struct model_map *model_map_at(const struct model *m, uint64_t addr)
{
        size_t low = 0, high = m->maps_n;

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (m->maps[mid].m.end <= addr)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low < m->maps_n && m->maps[low].m.start <= addr ? &m->maps[low] : NULL;
}

void model_free(struct model *m)
{
        for (int i = 0; i < IMG_STR_N; i++)
                free(m->str[i].p);
        for (uint32_t i = 0; i < m->files_n; i++)
                free(m->files[i].name);
        for (uint32_t i = 0; i < m->threads_n; i++)
                free_strs(&m->threads[i].strs);
        for (uint32_t i = 0; i < m->fds_n; i++)
                free_strs(&m->fds[i].strs);
        free(m->files);
        free(m->threads);
        free(m->fds);
        free(m->timers);
        free(m->rlimits);
        free(m->siginfos);
        free(m->maps);
        free(m->names);
        free(m->notes.p);
        memset(m, 0, sizeof(*m));
}
