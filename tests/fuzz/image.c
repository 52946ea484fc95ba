/* SPDX-License-Identifier: MIT */
/*
 * image.c - images that are taken apart and sealed again
 *
 * Written from image.h's prose, and without a line of crdump's reader or
 * writer, as tests/readimg.c is.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

uint32_t fuzz_pick(struct fuzz_rand *r, uint32_t n)
{
        r->x ^= r->x << 13;             /* xorshift64, Marsaglia 2003 */
        r->x ^= r->x >> 7;
        r->x ^= r->x << 17;
        return (uint32_t)((r->x >> 32) * n >> 32);
}

static void *must(void *p)
{
        if (!p)
                abort();
        return p;
}

/* --- apart ------------------------------------------------------------------------ */

struct fuzz_chunk *fuzz_add(struct fuzz_image *m, size_t n, uint32_t tag, size_t len)
{
        if (m->n == m->room) {
                m->room = m->room ? 2 * m->room : 16;
                m->c = must(realloc(m->c, m->room * sizeof *m->c));
        }
        memmove(m->c + n + 1, m->c + n, (m->n - n) * sizeof *m->c);
        m->c[n] = (struct fuzz_chunk){ .tag = tag, .p = must(calloc(1, len + 1)), .len = len };
        m->n++;
        return &m->c[n];
}

void fuzz_drop(struct fuzz_image *m, size_t n)
{
        free(m->c[n].p);
        m->n--;
        memmove(m->c + n, m->c + n + 1, (m->n - n) * sizeof *m->c);
}

void fuzz_resize(struct fuzz_chunk *c, size_t len)
{
        c->p = must(realloc(c->p, len + 1));
        if (len > c->len)
                memset(c->p + c->len, 0, len - c->len);
        c->len = len;
}

struct fuzz_chunk *fuzz_chunk(const struct fuzz_image *m, uint32_t tag)
{
        for (size_t i = 0; i < m->n; i++)
                if (m->c[i].tag == tag)
                        return &m->c[i];
        return NULL;
}

void fuzz_free(struct fuzz_image *m)
{
        while (m->n)
                fuzz_drop(m, m->n - 1);
        free(m->c);
        memset(m, 0, sizeof *m);
}

void fuzz_take(struct fuzz_image *m, const uint8_t *data, size_t len)
{
        size_t at = sizeof m->header;

        memset(m, 0, sizeof *m);
        memcpy(&m->header, data, len < at ? len : at);
        for (struct img_chunk c; at < len && len - at >= sizeof c && m->n < FUZZ_CHUNKS_MAX; at += -at % IMG_ALIGN) {
                size_t n;

                memcpy(&c, data + at, sizeof c);
                at += sizeof c;
                n = c.len < len - at ? (size_t)c.len : len - at;
                if (c.tag == IMG_END && n >= sizeof m->end) {
                        memcpy(&m->end, data + at, sizeof m->end);
                } else if (c.tag != IMG_INDX && c.tag != IMG_END) {
                        struct fuzz_chunk *f = fuzz_add(m, m->n, c.tag, n);

                        f->flags = c.flags;
                        memcpy(f->p, data + at, n);
                }
                at += n;
        }
}

/* --- sealed ------------------------------------------------------------------------- */

struct sealer {
        uint8_t *out;
        size_t at, max;
        uint32_t prev, seq;
        struct fuzz_rand *lies;
        struct img_index *index;
        uint64_t pages[6];
};

static int lie(struct sealer *s, uint32_t one_in)
{
        return s->lies && fuzz_pick(s->lies, one_in) == 0;
}

static uint64_t odd_number(struct fuzz_rand *r)
{
        static const uint64_t some[] = {
                0, 1, 2, 3, 7, 8, 15, 16, 23, 24, 63, 64, 96, 127, 128, 255, 256, 4095, 4096, 4097, 65535, 65536, 8 << 20,
                0x7fffffff, 0x80000000, 0xfffffff8, 0xfffffffc, 0xffffffff, 0x100000000, 0x7fffffffffff, 0x7ffffffff000,
                0xffffffffff600000, INT64_MAX, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX - 7, UINT64_MAX,
        };

        return some[fuzz_pick(r, sizeof some / sizeof *some)];
}

static uint64_t word(const uint8_t *p, size_t at)
{
        uint64_t n;

        memcpy(&n, p + at, sizeof n);
        return n;
}

/* Where the page data of a PAGE chunk starts, if that is plausible; 0: it is not. */
static size_t page_data(const struct fuzz_chunk *c)
{
        struct img_pages p;
        uint64_t runs;

        if (c->tag != IMG_PAGES || c->len < sizeof p)
                return 0;
        memcpy(&p, c->p, sizeof p);
        runs = sizeof p + (uint64_t)p.n * p.size;
        return p.size < sizeof(struct img_run) || runs > p.data_off || p.data_off > c->len ? 0 : p.data_off;
}

int fuzz_based(const struct fuzz_image *m, const struct img_run *run)
{
        return m->header.must & IMG_MUST_BASE && run->kind == IMG_DATA && run->why & IMG_HOW_BASE;
}

int fuzz_filled(const struct fuzz_image *m, const struct img_run *run)
{
        return m->header.must & IMG_MUST_FILLED && run->kind == IMG_DATA && run->why & IMG_HOW_FILLED;
}

/* Bytes of the sums that follow the runs of a PAGE chunk, at most max. */
static size_t sums_len(const struct fuzz_image *m, const struct fuzz_chunk *c, const struct img_pages *p, size_t max)
{
        uint64_t len = 0;
        struct img_run run;

        for (uint32_t i = 0; i < p->n && len < max; i++) {
                memcpy(&run, c->p + sizeof *p + (size_t)i * p->size, sizeof run);
                len += fuzz_based(m, &run) ? (uint64_t)run.n * sizeof(uint32_t) : 0;
        }
        return len < max ? (size_t)len : max;
}

static void count_pages(struct sealer *s, const struct fuzz_chunk *c)
{
        struct img_pages p;
        struct img_run run;

        memcpy(&p, c->p, sizeof p);
        for (uint32_t i = 0; i < p.n; i++) {
                memcpy(&run, c->p + sizeof p + (size_t)i * p.size, sizeof run);
                if (run.kind < 6)
                        s->pages[run.kind] += run.n;
        }
}

static int room(const struct sealer *s, uint64_t len)
{
        return len <= s->max - s->at;
}

/* A head for what lies behind it already, len bytes, and the zeros that follow. -1: no room. */
static int head(struct sealer *s, uint32_t tag, uint32_t flags, size_t len)
{
        struct img_chunk c = { .tag = tag, .flags = flags, .len = len, .seq = s->seq, .prev = s->prev };
        size_t pad = tag == IMG_END ? 0 : -len % IMG_ALIGN;

        if (!room(s, sizeof c + len + pad))
                return -1;
        c.crc = (uint32_t)crc32_z(0, s->out + s->at + sizeof c, len);
        if (lie(s, 300))
                c.len = fuzz_pick(s->lies, 2) ? odd_number(s->lies) : c.len + fuzz_pick(s->lies, 65) - 32;
        if (lie(s, 300))
                c.seq = (uint32_t)odd_number(s->lies);
        c.head_crc = (uint32_t)crc32_z(0, (const uint8_t *)&c, offsetof(struct img_chunk, head_crc));
        memcpy(s->out + s->at, &c, sizeof c);
        memset(s->out + s->at + sizeof c + len, 0, pad);
        s->index[s->seq++] = (struct img_index){ tag, c.seq, s->at, 0 };
        s->at += sizeof c + len + pad;
        s->prev = c.head_crc;
        return 0;
}

/* A PAGE chunk, its data, if they are not deflated, moved to where a page starts. runs: with the sums behind them. */
static int seal_pages(struct sealer *s, const struct fuzz_image *m, const struct fuzz_chunk *c, size_t data)
{
        uint8_t *to = s->out + s->at + sizeof(struct img_chunk);
        size_t at = s->at + sizeof(struct img_chunk), runs, gap;
        struct img_pages p;

        memcpy(&p, c->p, sizeof p);
        runs = sizeof p + (size_t)p.n * p.size;
        runs += sums_len(m, c, &p, data - runs);
        gap = c->len > data ? -(at + runs) % IMG_PAGE : 0;
        if (m->header.must & IMG_MUST_DEFLATED && c->len - data < (uint64_t)p.data_pages << IMG_PAGE_SHIFT)
                gap = 0;
        if (!room(s, sizeof(struct img_chunk) + runs + gap + c->len - data))
                return -1;
        p.data_off = (uint32_t)(runs + gap);
        memcpy(to, c->p, runs);
        memcpy(to, &p, sizeof p);
        memset(to + runs, 0, gap);
        memcpy(to + runs + gap, c->p + data, c->len - data);
        count_pages(s, c);
        if (head(s, c->tag, c->flags, runs + gap + c->len - data) < 0)
                return -1;
        s->index[s->seq - 1].addr = p.addr;
        return 0;
}

static int seal_chunk(struct sealer *s, const struct fuzz_image *m, const struct fuzz_chunk *c)
{
        size_t data = page_data(c);
        uint32_t threads = 0;

        if (data && !lie(s, 100))
                return seal_pages(s, m, c, data);
        if (!room(s, sizeof(struct img_chunk) + c->len))
                return -1;
        memcpy(s->out + s->at + sizeof(struct img_chunk), c->p, c->len);
        for (size_t i = 0; i < m->n; i++)
                threads += m->c[i].tag == IMG_THRD;
        if (c->tag == IMG_PROC && c->len >= 8 && !lie(s, 100))
                memcpy(s->out + s->at + sizeof(struct img_chunk) + offsetof(struct img_proc, threads), &threads, 4);
        if (head(s, c->tag, c->flags, c->len) < 0)
                return -1;
        if (c->tag == IMG_PAGES && c->len >= 8)
                s->index[s->seq - 1].addr = word(c->p, 0);
        return 0;
}

static int seal_index(struct sealer *s)
{
        struct img_array a = { s->seq, sizeof *s->index };
        size_t len = sizeof a + s->seq * sizeof *s->index;
        uint8_t *to = s->out + s->at + sizeof(struct img_chunk);

        if (!room(s, sizeof(struct img_chunk) + len))
                return -1;
        if (lie(s, 100))
                a.n = (uint32_t)odd_number(s->lies);
        if (lie(s, 100))
                a.size = (uint32_t)odd_number(s->lies);
        if (lie(s, 100) && s->seq)
                s->index[fuzz_pick(s->lies, s->seq)].off = odd_number(s->lies);
        memcpy(to, &a, sizeof a);
        if (s->seq)
                memcpy(to + sizeof a, s->index, s->seq * sizeof *s->index);
        return head(s, IMG_INDX, 0, len);
}

static int seal_end(struct sealer *s, const struct fuzz_image *m, uint64_t index_off)
{
        struct img_end e = m->end;
        size_t len = sizeof e;

        e.size = sizeof e;
        e.chunks = s->seq + 1;
        e.bytes = s->at + sizeof(struct img_chunk) + len;
        memcpy(e.pages, s->pages, sizeof e.pages);
        e.index_off = lie(s, 100) ? odd_number(s->lies) : index_off;
        memcpy(e.magic, IMG_END_MAGIC, sizeof e.magic);
        if (lie(s, 100))
                e.size = (uint32_t)odd_number(s->lies);
        if (lie(s, 100))
                e.bytes = odd_number(s->lies);
        if (!room(s, sizeof(struct img_chunk) + len))
                return -1;
        memcpy(s->out + s->at + sizeof(struct img_chunk), &e, len);
        return head(s, IMG_END, 0, len);
}

size_t fuzz_seal(const struct fuzz_image *m, struct fuzz_rand *lies, uint8_t *out, size_t max)
{
        struct sealer s = { .out = out, .max = max, .lies = lies };
        struct img_header h = m->header;
        uint64_t index_off;
        int rc = 0;

        if (max < sizeof h)
                return 0;
        s.index = must(calloc(m->n + 2, sizeof *s.index));
        h.crc = (uint32_t)crc32_z(0, (const uint8_t *)&h, offsetof(struct img_header, crc));
        memcpy(out, &h, sizeof h);
        s.at = sizeof h;
        s.prev = h.crc;
        for (size_t i = 0; i < m->n && rc == 0; i++)
                rc = seal_chunk(&s, m, &m->c[i]);
        index_off = s.at;
        if (rc == 0 && !lie(&s, 200))
                rc = seal_index(&s);
        if (rc == 0 && !lie(&s, 200))
                rc = seal_end(&s, m, index_off);
        free(s.index);
        return rc == 0 ? s.at : 0;
}

/* --- changes ------------------------------------------------------------------------------ */

static const uint32_t tags[] = {
        IMG_PROC, IMG_THRD, IMG_MAPS, IMG_SIGA, IMG_SIGQ, IMG_ITIM, IMG_TIMR, IMG_RLIM, IMG_MISC, IMG_DESC, IMG_FILE,
        IMG_NOTE, IMG_PAGES, IMG_INDX, IMG_END, IMG_TAG('N', 'E', 'W', '!'), 0, UINT32_MAX,
};

/* A number in it becomes another. */
static void change_number(struct fuzz_chunk *c, struct fuzz_rand *r)
{
        size_t size = fuzz_pick(r, 3) ? 4 : 8, at;
        uint64_t n;

        if (c->len < size)
                return;
        at = fuzz_pick(r, (uint32_t)(c->len / size)) * size;
        if (fuzz_pick(r, 4) == 0)
                at = fuzz_pick(r, 4) * size < c->len - size ? fuzz_pick(r, 4) * 4 : 0;
        if (at > c->len - size)
                return;
        n = 0;
        memcpy(&n, c->p + at, size);
        n = fuzz_pick(r, 2) ? odd_number(r) : n + fuzz_pick(r, 33) - 16;
        memcpy(c->p + at, &n, size);
}

/* Where the img_str's of a chunk begin; 0: it has none. */
static size_t strings(const struct fuzz_chunk *c)
{
        struct img_thread t = { 0 };
        uint32_t size;
        uint64_t at;

        if (c->len < 8 || (c->tag != IMG_PROC && c->tag != IMG_THRD && c->tag != IMG_DESC))
                return 0;
        memcpy(&size, c->p, sizeof size);
        at = size;
        if (c->tag == IMG_THRD) {
                memcpy(&t, c->p, c->len < sizeof t ? c->len : sizeof t);
                at += (uint64_t)t.regs_len + t.xstate_len;
        }
        at += -at % 8;
        return at < c->len ? (size_t)at : 0;
}

/* Put `more` bytes in at `at`, zeros; negative: take them out. The strings' total in a THRD chunk goes with it. */
static void shift(struct fuzz_chunk *c, size_t at, long more)
{
        uint32_t total;

        if (more < 0) {
                memmove(c->p + at, c->p + at - more, c->len - at + (size_t)more);
                fuzz_resize(c, c->len + (size_t)more);
        } else {
                size_t was = c->len;

                fuzz_resize(c, c->len + (size_t)more);
                memmove(c->p + at + more, c->p + at, was - at);
                memset(c->p + at, 0, (size_t)more);
        }
        if (c->tag == IMG_THRD && c->len >= sizeof(struct img_thread)) {
                memcpy(&total, c->p + offsetof(struct img_thread, strs_len), 4);
                total += (uint32_t)more;
                memcpy(c->p + offsetof(struct img_thread, strs_len), &total, 4);
        }
}

/* One of its strings is doubled, dropped, or becomes longer, shorter, or another one. */
static void change_string(struct fuzz_chunk *c, struct fuzz_rand *r)
{
        size_t at = strings(c), pick = 0, n = 0;
        struct img_str str;
        size_t whole;
        long more;

        for (size_t i = at; at && i + sizeof str <= c->len && n < 1000; n++) {
                memcpy(&str, c->p + i, sizeof str);
                if (fuzz_pick(r, (uint32_t)n + 1) == 0)
                        pick = i;
                i += sizeof str + str.len + (size_t)(-str.len % 8);
        }
        if (!n)
                return;
        memcpy(&str, c->p + pick, sizeof str);
        whole = sizeof str + ((size_t)str.len + 7) / 8 * 8;
        if (whole > c->len - pick)
                return;
        switch (fuzz_pick(r, 5)) {
        case 0:
                shift(c, pick + whole, (long)whole);
                memcpy(c->p + pick + whole, c->p + pick, whole);
                return;
        case 1:
                shift(c, pick, -(long)whole);
                return;
        case 2:
                more = 8 * (1 + (long)fuzz_pick(r, 40));
                str.len = (uint32_t)(whole - sizeof str) + (uint32_t)more - fuzz_pick(r, 8);
                shift(c, pick + whole, more);
                break;
        case 3:
                more = str.len >= 8 ? 8 * (1 + (long)fuzz_pick(r, str.len / 8)) : 0;
                str.len -= (uint32_t)more;
                shift(c, pick + whole - (size_t)more, -more);
                break;
        default:
                str.id = fuzz_pick(r, 20);
        }
        memcpy(c->p + pick, &str, sizeof str);
}

static void change_order(struct fuzz_image *m, struct fuzz_rand *r, size_t i)
{
        size_t j = fuzz_pick(r, (uint32_t)m->n);
        struct fuzz_chunk c = m->c[i], *copy;

        switch (fuzz_pick(r, 3)) {
        case 0:
                fuzz_drop(m, i);
                break;
        case 1:
                m->c[i] = m->c[j];
                m->c[j] = c;
                break;
        default:
                copy = fuzz_add(m, j, c.tag, c.len);
                copy->flags = c.flags;
                memcpy(copy->p, c.p, c.len);
        }
}

static void change_header(struct fuzz_image *m, struct fuzz_rand *r)
{
        switch (fuzz_pick(r, 6)) {
        case 0: m->header.minor = (uint16_t)fuzz_pick(r, 5); break;
        case 1: m->header.may = odd_number(r); break;
        case 2: m->header.must = fuzz_pick(r, 2) ? odd_number(r) : fuzz_pick(r, 8); break;
        case 3: m->header.len = (uint32_t)odd_number(r); break;
        case 4: m->header.major ^= 1; break;
        default: m->header.arch ^= 1;
        }
}

void fuzz_change(struct fuzz_image *m, struct fuzz_rand *r, size_t (*part)(uint8_t *p, size_t len, size_t max))
{
        uint32_t what = fuzz_pick(r, 100);
        struct fuzz_chunk *c;
        size_t i, len;

        if (!m->n)
                fuzz_add(m, 0, IMG_PROC, sizeof(struct img_proc));
        i = fuzz_pick(r, (uint32_t)m->n);
        c = &m->c[i];
        if (what < 35) {
                len = c->len;
                fuzz_resize(c, len + 64);
                fuzz_resize(c, part(c->p, len, len + 64));
        } else if (what < 60) {
                change_number(c, r);
        } else if (what < 78) {
                change_string(c, r);
        } else if (what < 86) {
                change_order(m, r, i);
        } else if (what < 90) {
                len = fuzz_pick(r, 2) ? fuzz_pick(r, (uint32_t)c->len + 1) : c->len + fuzz_pick(r, 200);
                fuzz_resize(c, len);
        } else if (what < 94) {
                fuzz_cover(m, r);
        } else if (what < 96) {
                c->tag = tags[fuzz_pick(r, sizeof tags / sizeof *tags)];
        } else if (what < 97) {
                c->flags ^= fuzz_pick(r, 2) ? IMG_CRITICAL : 1;
        } else if (what < 98) {
                change_header(m, r);
        } else {
                c = fuzz_add(m, i, tags[fuzz_pick(r, sizeof tags / sizeof *tags)], fuzz_pick(r, 300));
                change_number(c, r);
        }
        if (what < 60 && c->tag == IMG_MAPS && fuzz_pick(r, 4))
                fuzz_cover(m, r);
}
