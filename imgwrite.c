/* SPDX-License-Identifier: MIT */
/* imgwrite.c - the writer of images: chunks into buffers */
#include "imgwrite.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "crc.h"
#include "guard.h"
#include "imgqueue.h"
#include "imgz.h"
#include "outfile.h"
#include "progress.h"
#include "ready.h"
#include "util.h"

#define LEAD    IMGQUEUE_LEAD
#define BUFFER  IMGQUEUE_BUFFER
_Static_assert(IMGWRITE_PAGES == IMGQUEUE_PAGES, "IMGWRITE_PAGES");
#define RUNS    (IMGWRITE_RUNS + IMGWRITE_PAGES)        /* when each second page is in the base */
_Static_assert(sizeof(struct img_chunk) + sizeof(struct img_pages) +
        RUNS * sizeof(struct img_run) + IMGWRITE_PAGES * sizeof(uint32_t) + IMG_PAGE <= LEAD, "LEAD");

#define INDEXED 4096u           /* PAGE chunks in the index at most */

struct text {                   /* what a PAGE chunk has before its page data */
        uint32_t n;             /* runs */
        uint32_t data;          /* pages of data */
        uint32_t sums;          /* pages in the base */
        struct img_run run[RUNS];
        uint32_t sum[IMGWRITE_PAGES];   /* CRC-32 of these */
};

/* A PAGE chunk that is being deflated. */
struct pending {
        struct imgz_job job;
        uint8_t *mem;           /* of its pages, and behind them of what becomes of them: IMGQUEUE_DATA bytes each */
        struct text text;
};

struct imgwrite {
        struct imgqueue q;
        unsigned char id[16];
        struct imgwrite_options opt;
        uint64_t off;           /* where the next byte will be in the file */
        uint32_t seq;           /* of the next chunk */
        uint64_t pages[6];      /* by enum img_kind */
        struct img_index *index;
        size_t indexed, index_cap;
        uint32_t index_pages;   /* PAGE chunks in it */
        uint32_t page_chunks, stride;   /* PAGE chunks so far; each stride-th is indexed */
        struct imgbuffer *cur;  /* chunks are streamed into it; or NULL */
        struct imgbuffer *room; /* handed out by imgwrite_room(); or NULL */

        struct imgz *z;         /* NULL: nothing is deflated */
        struct pending *pending;        /* a ring of them: */
        unsigned slots;
        unsigned oldest, waiting;       /* so many are under way, from that on; the one behind them is the room */
};

static int drain(struct imgwrite *w, unsigned left);

static uint8_t zeros[IMG_PAGE]; /* never written to */

/* What was streamed so far goes out. */
static void flush(struct imgwrite *w)
{
        if (w->cur)
                imgqueue_submit(&w->q, w->cur);
        w->cur = NULL;
}

/* ---- chunks ---- */

/* len bytes behind what is in the stream already. */
static int put(struct imgwrite *w, const void *p, size_t len)
{
        const uint8_t *from = p;
        size_t n;

        while (len > 0) {
                if (!w->cur)
                        w->cur = imgqueue_take(&w->q);
                if (!w->cur)
                        return -1;
                n = BUFFER - w->cur->end;
                if (n > len)
                        n = len;
                memcpy(w->cur->mem + w->cur->end, from, n);
                w->cur->end += n;
                w->off += n;
                from += n;
                len -= n;
                if (w->cur->end == BUFFER)
                        flush(w);
        }
        return 0;
}

/* The index is full of PAGE entries: every second one goes. */
static void thin(struct imgwrite *w)
{
        size_t i, kept = 0;
        uint32_t nth = 0;

        for (i = 0; i < w->indexed; i++)
                if (w->index[i].tag != IMG_PAGES || nth++ % 2 == 0)
                        w->index[kept++] = w->index[i];
        w->indexed = kept;
        w->index_pages = (w->index_pages + 1) / 2;
        w->stride *= 2;
}

/* For twice as many. 0, or -1 after fail(). */
static int widen(struct imgwrite *w)
{
        size_t cap = w->index_cap ? 2 * w->index_cap : 256;
        struct img_index *more = realloc(w->index, cap * sizeof(*more));

        if (!more) {
                w->q.failed = 1;
                return fail("index of %s:", w->q.out.path);
        }
        w->index = more;
        w->index_cap = cap;
        return 0;
}

/* Remember the chunk that starts at w->off. */
static int note(struct imgwrite *w, uint32_t tag, uint64_t addr)
{
        if (tag == IMG_INDX || tag == IMG_END)
                return 0;
        if (tag == IMG_PAGES) {
                if (w->index_pages == INDEXED)
                        thin(w);
                if (w->page_chunks++ % w->stride != 0)
                        return 0;
                w->index_pages++;
        }
        if (w->indexed == w->index_cap && widen(w) < 0)
                return -1;
        w->index[w->indexed++] = (struct img_index){ .tag = tag, .seq = w->seq, .off = w->off, .addr = addr };
        return 0;
}

/* A chunk into the stream; addr is for the index. */
static int stream(struct imgwrite *w, uint32_t tag, uint64_t addr, const struct iovec *iov, int n)
{
        struct img_chunk head = { .tag = tag };
        int i;

        if (w->cur && BUFFER - w->cur->end < sizeof(head))
                flush(w);       /* heads are not torn */
        if (!w->cur)
                w->cur = imgqueue_take(&w->q);
        if (!w->cur || note(w, tag, addr) < 0)
                return -1;
        for (i = 0; i < n; i++)
                head.len += iov[i].iov_len;
        head.seq = w->seq++;
        if (head.len > BUFFER - w->cur->end - sizeof(head))     /* else seal() sums it up */
                for (i = 0; i < n; i++)
                        head.crc = iov[i].iov_len ? crc(head.crc, iov[i].iov_base, iov[i].iov_len) : head.crc;
        if (w->cur->head == SIZE_MAX)
                w->cur->head = w->cur->end;
        if (put(w, &head, sizeof(head)) < 0)
                return -1;
        for (i = 0; i < n; i++)
                if (put(w, iov[i].iov_base, iov[i].iov_len) < 0)
                        return -1;
        return put(w, zeros, round_up(w->off, IMG_ALIGN) - w->off);
}

int imgwrite_chunk(struct imgwrite *w, uint32_t tag, const struct iovec *iov, int n)
{
        return w->q.failed || drain(w, 0) < 0 ? -1 : stream(w, tag, 0, iov, n);
}

int imgwrite_payload(struct imgwrite *w, uint32_t tag, struct payload *b)
{
        struct iovec iov = { b->p, b->len };
        int rc = b->failed ? fail("no memory for the image") : imgwrite_chunk(w, tag, &iov, 1);

        payload_free(b);
        return rc;
}

static struct pending *slot(struct imgwrite *w)
{
        return &w->pending[(w->oldest + w->waiting) % w->slots];
}

void *imgwrite_room(struct imgwrite *w)
{
        if (w->q.failed)
                return NULL;
        if (w->z)
                return drain(w, w->slots - 1) < 0 ? NULL : slot(w)->mem;
        if (!w->room)
                w->room = imgqueue_take(&w->q);
        return w->room ? w->room->mem + LEAD : NULL;
}

/* How many pages of data have these runs? -1 after fail(): it is no good PAGE chunk. */
static int count_data(struct imgwrite *w, const struct img_run *run, uint32_t n)
{
        uint64_t data = 0;
        uint32_t i;

        for (i = 0; i < n && n <= IMGWRITE_RUNS; i++) {
                if (run[i].kind == 0 || run[i].kind > IMG_UNREADABLE)
                        break;
                if (img_here(&run[i]))
                        data += run[i].n;
        }
        if (i > 0 && i == n && data <= IMGWRITE_PAGES)
                return (int)data;
        w->q.failed = 1;
        return fail("write %s: bad PAGE chunk: %u runs, %llu pages", w->q.out.path, n, (unsigned long long)data);
}

/* Bytes of it. */
static size_t text_len(const struct text *t)
{
        return sizeof(struct img_pages) + t->n * sizeof(*t->run) + t->sums * sizeof(*t->sum);
}

static struct img_pages pages_head(const struct text *t, size_t data_off)
{
        return (struct img_pages){ .addr = t->run[0].addr, .n = t->n, .size = sizeof(*t->run),
                                   .data_off = (uint32_t)data_off, .data_pages = t->data };
}

/* A PAGE chunk in the stream; data: what follows the text, len bytes of it. */
static int stream_pages(struct imgwrite *w, const struct text *t, const void *data, size_t len)
{
        struct img_pages head = pages_head(t, text_len(t));
        struct iovec iov[4] = {
                { &head, sizeof(head) }, { (void *)t->run, t->n * sizeof(*t->run) },
                { (void *)t->sum, t->sums * sizeof(*t->sum) }, { (void *)data, len },
        };

        return stream(w, IMG_PAGES, head.addr, iov, 4);
}

/* The same with its pages in w->room, to lie at a multiple of the page size: the text is put right in front of them. */
static int room_pages(struct imgwrite *w, const struct text *t)
{
        size_t len = text_len(t), before = w->off + sizeof(struct img_chunk);
        struct img_pages pages = pages_head(t, round_up(before + len, IMG_PAGE) - before);
        struct imgbuffer *b = w->room;
        struct img_chunk *c;
        uint8_t *p;

        if (!b) {
                w->q.failed = 1;
                return fail("write %s: PAGE chunk without its pages", w->q.out.path);
        }
        if (note(w, IMG_PAGES, pages.addr) < 0)
                return -1;
        b->end = LEAD + (size_t)t->data * IMG_PAGE;
        b->start = b->head = LEAD - pages.data_off - sizeof(*c);
        c = (struct img_chunk *)(b->mem + b->start);
        *c = (struct img_chunk){ .tag = IMG_PAGES, .len = b->end - b->start - sizeof(*c), .seq = w->seq++ };
        p = (uint8_t *)(c + 1);
        memcpy(p, &pages, sizeof(pages));
        p += sizeof(pages);
        memcpy(p, t->run, t->n * sizeof(*t->run));
        p += t->n * sizeof(*t->run);
        memcpy(p, t->sum, t->sums * sizeof(*t->sum));
        p += t->sums * sizeof(*t->sum);
        memset(p, 0, (size_t)(b->mem + LEAD - p));
        w->off += b->end - b->start;

        flush(w);
        b->summed = !w->q.spool && imgqueue_behind(&w->q);
        if (b->summed)
                c->crc = crc(0, c + 1, c->len);
        w->room = NULL;
        imgqueue_submit(&w->q, b);
        return 0;
}

/* The oldest one goes out as it has become, or as it was. */
static int send_oldest(struct imgwrite *w)
{
        struct pending *p = &w->pending[w->oldest];

        imgz_wait(w->z, &p->job);
        w->oldest = (w->oldest + 1) % w->slots;
        w->waiting--;
        if (p->job.out_len)
                return stream_pages(w, &p->text, p->job.out, p->job.out_len);
        w->room = imgqueue_take(&w->q);
        if (!w->room)
                return -1;
        memcpy(w->room->mem + LEAD, p->mem, p->job.len);
        return room_pages(w, &p->text);
}

/* Until no more than so many are under way. */
static int drain(struct imgwrite *w, unsigned left)
{
        while (w->waiting > left)
                if (send_oldest(w) < 0)
                        return -1;
        return 0;
}

/* A run more; or, if it may be, a page more of the last one. */
static void add_run(struct text *t, const struct img_run *run, int joins)
{
        if (joins && t->run[t->n - 1].why == run->why)
                t->run[t->n - 1].n++;
        else
                t->run[t->n++] = *run;
}

/* A page of data goes to the end of those that stay, or is told to be in the base. joins: it follows the one before in the same run. */
static int place_page(struct imgwrite *w, struct text *t, const struct img_run *page, int joins, const uint8_t *from, uint8_t *room)
{
        struct img_run run = *page;
        const unsigned char *was = NULL;
        uint8_t *to = room + ((size_t)t->data << IMG_PAGE_SHIFT);

        if (w->opt.base(w->opt.base_arg, run.addr, &was) < 0) {
                w->q.failed = 1;
                return -1;
        }
        if (was && memcmp(was, from, IMG_PAGE) == 0) {
                run.why |= IMG_HOW_BASE;
                t->sum[t->sums++] = crc(0, from, IMG_PAGE);
        } else {
                if (to != from)
                        memcpy(to, from, IMG_PAGE);
                t->data++;
        }
        add_run(t, &run, joins);
        return 0;
}

/* What is as in the base is taken out of the room. */
static int compare_base(struct imgwrite *w, struct text *t, const struct img_run *run, uint32_t n, uint8_t *room)
{
        const uint8_t *from = room;

        for (uint32_t i = 0; i < n; i++) {
                struct img_run page = run[i];

                if (!img_here(&page)) {
                        t->run[t->n++] = page;
                        continue;
                }
                page.n = 1;
                for (uint32_t k = 0; k < run[i].n; k++, page.addr += IMG_PAGE, from += IMG_PAGE)
                        if (place_page(w, t, &page, k > 0, from, room) < 0)
                                return -1;
        }
        return 0;
}

int imgwrite_pages(struct imgwrite *w, const struct img_run *run, uint32_t n)
{
        struct text plain, *t = &plain;
        uint8_t *room = w->room ? w->room->mem + LEAD : NULL;
        struct pending *p;
        int data;

        if (w->q.failed)
                return -1;
        data = count_data(w, run, n);
        if (data < 0)
                return -1;
        if (w->z && data) {             /* then imgwrite_room() has seen to it that the slot is nobody's */
                t = &slot(w)->text;
                room = slot(w)->mem;
        }
        for (uint32_t i = 0; i < n; i++)
                w->pages[run[i].kind] += run[i].n;
        t->n = t->data = t->sums = 0;
        if (w->opt.base && data && room) {
                if (compare_base(w, t, run, n, room) < 0)
                        return -1;
        } else {
                memcpy(t->run, run, n * sizeof(*run));
                t->n = n;
                t->data = (uint32_t)data;
        }
        if (t->data == 0)
                return drain(w, 0) < 0 ? -1 : stream_pages(w, t, NULL, 0);
        if (!w->z)
                return room_pages(w, t);
        p = slot(w);
        p->job = (struct imgz_job){ .in = p->mem, .len = (size_t)t->data << IMG_PAGE_SHIFT, .out = p->mem + IMGQUEUE_DATA };
        w->waiting++;
        imgz_begin(w->z, &p->job);
        return 0;
}

/* ---- the whole ---- */

/* One under way for each thread, one that is filled, and one that has been written but not been told so. */
static int start_deflating(struct imgwrite *w)
{
        w->z = imgz_open(w->opt.level);
        if (!w->z)
                return -1;
        w->slots = imgz_threads(w->z) + 2;
        w->pending = calloc(w->slots, sizeof(*w->pending));
        for (unsigned i = 0; w->pending && i < w->slots; i++) {
                void *mem = mmap(NULL, 2 * IMGQUEUE_DATA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                if (mem == MAP_FAILED)
                        return fail("compress:");
                w->pending[i].mem = mem;
        }
        return w->pending ? 0 : fail("compress:");
}

/* The header, on its way at once: a full disk shows before a target is touched. */
static int send_header(struct imgwrite *w)
{
        struct img_header h = {
                .magic = IMG_MAGIC, .endian = IMG_ENDIAN, .major = IMG_MAJOR, .minor = IMG_MINOR,
                .arch = EM_X86_64, .page_shift = IMG_PAGE_SHIFT, .len = sizeof(h),
        };

        h.must = IMG_MUST_FILLED | (w->z ? IMG_MUST_DEFLATED : 0) | (w->opt.base ? IMG_MUST_BASE : 0);
        outfile_random(h.id, sizeof(h.id));
        memcpy(w->id, h.id, sizeof(w->id));
        h.crc = crc(0, &h, offsetof(struct img_header, crc));
        w->q.chain = h.crc;       /* the writing thread sees it with the first buffer */
        if (put(w, &h, sizeof(h)) < 0)
                return -1;
        flush(w);
        return imgqueue_await_idle(&w->q);
}

struct imgwrite *imgwrite_open(const char *path, const struct imgwrite_options *opt)
{
        struct imgwrite *w = calloc(1, sizeof(*w));

        if (!w) {
                fail("write %s:", path);
                return NULL;
        }
        w->opt = *opt;
        w->stride = 1;
        if ((strcmp(path, "-") ? outfile_create(&w->q.out, path, guard_file) : outfile_stdout(&w->q.out)) == 0) {
                if (opt->direct && outfile_direct(&w->q.out) < 0)
                        warn("write %s: not past the page cache:", path);
                if (imgqueue_start(&w->q) == 0 && (!opt->level || start_deflating(w) == 0) && widen(w) == 0 && send_header(w) == 0) {
                        ready_memory(w->index, w->index_cap * sizeof(*w->index));
                        return w;
                }
        }
        imgwrite_close(w);
        return NULL;
}

void imgwrite_spool(struct imgwrite *w, int on)
{
        w->q.patient |= w->q.spool && !on;
        w->q.spool = on;
}

const unsigned char *imgwrite_id(const struct imgwrite *w)
{
        return w->id;
}

int imgwrite_finish(struct imgwrite *w, struct img_end *end)
{
        struct img_array array = { .size = sizeof(struct img_index) };
        struct iovec indx[2] = { { &array, sizeof(array) } }, tail = { end, sizeof(*end) };

        if (w->q.failed || drain(w, 0) < 0)
                return -1;
        array.n = (uint32_t)w->indexed;
        indx[1] = (struct iovec){ w->index, w->indexed * sizeof(*w->index) };
        end->index_off = w->off;
        if (imgwrite_chunk(w, IMG_INDX, indx, 2) < 0)
                return -1;
        end->size = sizeof(*end);
        end->chunks = w->seq + 1;
        end->bytes = w->off + sizeof(struct img_chunk) + sizeof(*end);
        memcpy(end->pages, w->pages, sizeof(end->pages));
        memcpy(end->magic, IMG_END_MAGIC, sizeof(end->magic));
        if (imgwrite_chunk(w, IMG_END, &tail, 1) < 0)
                return -1;
        flush(w);
        progress_total(end->bytes);
        if (imgqueue_commit(&w->q) < 0)
                return -1;
        w->q.failed = 1;          /* after this there is nothing left to do but imgwrite_close() */
        if (stop_wanted() < 0 || outfile_publish(&w->q.out) < 0)
                return -1;
        guard_file(NULL, NULL);
        return 0;
}

void imgwrite_close(struct imgwrite *w)
{
        if (!w)
                return;
        imgz_close(w->z);
        for (unsigned i = 0; w->pending && i < w->slots; i++)
                if (w->pending[i].mem)
                        munmap(w->pending[i].mem, 2 * IMGQUEUE_DATA);
        free(w->pending);
        if (imgqueue_end(&w->q, w->cur, w->room) < 0)
                return;
        free(w->index);
        free(w);
}
