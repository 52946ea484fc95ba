/* SPDX-License-Identifier: MIT */
/* imgwrite.c - the writer of images: chunks into buffers, buffers into the file */
#include "imgwrite.h"
#include "crc.h"
#include "guard.h"
#include "outfile.h"
#include "progress.h"
#include "util.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/*
 * A buffer serves one of two ways.
 *
 *   stream   chunks one behind the other, also parts of chunks:
 *
 *      mem                                            mem + BUFFER
 *      | head payload 0 | head payload 0 | head payl...|
 *
 *   room     one PAGE chunk. The pages were read to where they are; what goes
 *            before them is put right in front of them, so long that the pages
 *            come to lie at a multiple of the page size in the file:
 *
 *      mem                         mem + LEAD         mem + BUFFER
 *      |      | head img_pages runs 0 | pages         |
 *             start                                 end
 *
 * Buffers go out in the order they were queued in. Just before, the writing
 * thread seals the heads in them: as it alone sees all chunks in their final
 * order, it keeps the chain of checksums. The sum of a payload is its work too,
 * but for chunks that go over several buffers, and for pages when it is behind
 * with writing: then the caller, who would only wait, sums them up.
 */
#define LEAD    8192u   /* a head, img_pages, IMGWRITE_RUNS runs: 4,024; up to a page of zeros */
#define DATA    ((size_t)IMGWRITE_PAGES * IMG_PAGE)
#define BUFFER  (LEAD + DATA)
#define BUFFERS 4       /* one being filled with pages, one with small chunks, one written, one waiting */
#define SPOOL   120u    /* and so many more while a target is stopped that shall not wait for the output: 64 MiB */
_Static_assert(sizeof(struct img_chunk) + sizeof(struct img_pages) +
        IMGWRITE_RUNS * sizeof(struct img_run) + IMG_PAGE <= LEAD, "LEAD");

#define STACK   65536u          /* of a thread */
#define SLICE   20u             /* ms that the caller waits before it asks stop_wanted() again */
#define PATIENCE 500u           /* ms that imgwrite_close() waits for a stuck write, and again for the unlink */
#define STALL   15u             /* s without a byte written: not waited for while a target is stopped */
#define INDEXED 4096u           /* PAGE chunks in the index at most */

struct buffer {
        struct buffer *next;    /* in the queue, or in the pool */
        uint8_t *mem;
        size_t start, end;      /* what is to be written, from mem */
        size_t head;            /* the first chunk head, from mem; SIZE_MAX: none */
        int summed;             /* its payload has its checksum */
        int extra;              /* of the spool: allocated with its memory */
};

struct imgwrite {
        struct outfile out;
        unsigned char id[16];

        /* what the caller has made so far */
        uint64_t off;           /* where the next byte will be in the file */
        uint32_t seq;           /* of the next chunk */
        uint64_t pages[6];      /* by enum img_kind */
        struct img_index *index;
        size_t indexed, index_cap;
        uint32_t index_pages;   /* PAGE chunks in it */
        uint32_t page_chunks, stride;   /* PAGE chunks so far; each stride-th is indexed */
        struct buffer *cur;     /* chunks are streamed into it; or NULL */
        struct buffer *room;    /* handed out by imgwrite_room(); or NULL */
        int spool;              /* rather take more memory than wait */
        int patient;            /* nobody is stopped any more: wait as long as it takes */
        int failed;             /* the reason has been given; all calls fail from now on */

        /* the writing thread's own */
        uint32_t chain;         /* head_crc of the last head sealed, first of all the header's */

        /* between the two: under lock */
        pthread_mutex_t lock;
        pthread_cond_t work;    /* for the writer: a buffer, commit or quit */
        pthread_cond_t news;    /* for the caller: one of the numbers below has grown */
        struct buffer *queue, **queue_end;      /* the oldest first; where the next one is to be linked to */
        struct buffer *pool;
        unsigned queued, free;  /* buffers in queue; in pool */
        unsigned extras;        /* of the spool, wherever they are */
        unsigned idle;          /* all that was queued is written */
        unsigned synced;        /* the file is on the disk and closed */
        unsigned gone;          /* the writing thread is through, w->err says how */
        unsigned removed;       /* the incomplete file is gone */
        int commit;             /* after the queue: fsync, close */
        int err;                /* an errno: */
        const char *verb;       /* what failed */

        atomic_int quit;        /* give up, as soon as possible */
        int threaded;           /* the writing thread was started */
        pthread_t writer;
        struct buffer buffer[BUFFERS];
};

static uint8_t zeros[IMG_PAGE]; /* never written to */

static uint64_t align(uint64_t n, uint64_t to)
{
        return (n + to - 1) / to * to;
}

/* ---- the writing thread ---- */

/* Checksums of the payload and the chain into each head that starts in b. */
static void seal(struct imgwrite *w, struct buffer *b)
{
        struct img_chunk *c;
        size_t at = b->head;

        while (at < b->end) {
                c = (struct img_chunk *)(b->mem + at);
                at += sizeof(*c);
                if (!b->summed && c->len <= b->end - at)
                        c->crc = crc(0, b->mem + at, c->len);
                c->prev = w->chain;
                c->head_crc = crc(0, c, offsetof(struct img_chunk, head_crc));
                w->chain = c->head_crc;
                if (c->len > b->end - at)
                        break;
                at += align(c->len, IMG_ALIGN);
        }
}

/* Returns 0 or an errno. */
static int write_out(struct imgwrite *w, struct buffer *b)
{
        seal(w, b);
        return outfile_write(&w->out, b->mem + b->start, b->end - b->start, &w->quit);
}

/* Into the pool, or away with what the spool took. Called and returns locked. */
static void give_up(struct imgwrite *w, struct buffer *b)
{
        if (b->extra) {
                w->extras--;
                free(b);
                return;
        }
        b->next = w->pool;
        w->pool = b;
        w->free++;
}

/* The oldest buffer of the queue into the file, or else the end of it. Called and returns locked. */
static void do_work(struct imgwrite *w)
{
        struct buffer *b = w->queue;
        int err;

        pthread_mutex_unlock(&w->lock);
        err = b ? write_out(w, b) : outfile_sync(&w->out);
        pthread_mutex_lock(&w->lock);
        if (err) {
                w->err = err;
                w->verb = b ? "write" : "sync";
        } else if (b) {
                w->queued--;
                w->queue = b->next;
                if (!w->queue)
                        w->queue_end = &w->queue;
                give_up(w, b);
        } else {
                w->synced = 1;
        }
}

static void *writer(void *arg)
{
        struct imgwrite *w = arg;

        pthread_mutex_lock(&w->lock);
        while (!w->quit && !w->err && !w->synced) {
                if (w->queued || w->commit) {
                        do_work(w);
                } else {
                        w->idle = 1;
                        pthread_cond_signal(&w->news);
                        pthread_cond_wait(&w->work, &w->lock);
                        continue;
                }
                pthread_cond_signal(&w->news);
        }
        w->gone = 1;
        pthread_cond_signal(&w->news);
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

/* A thread that no signal is delivered to: they are for the caller's. 0 or an errno. */
static int start(pthread_t *t, void *(*fn)(void *), void *arg)
{
        pthread_attr_t attr;
        sigset_t all, was;
        int err;

        sigfillset(&all);
        err = pthread_attr_init(&attr);
        if (err)
                return err;
        pthread_attr_setstacksize(&attr, STACK);
        pthread_sigmask(SIG_SETMASK, &all, &was);
        err = pthread_create(t, &attr, fn, arg);
        pthread_sigmask(SIG_SETMASK, &was, NULL);
        pthread_attr_destroy(&attr);
        return err;
}

/* ---- waiting for it ---- */

/* Wait until *n is not zero, at most ms. Called and returns locked. */
static void wait_for(struct imgwrite *w, const unsigned *n, unsigned ms)
{
        uint64_t end = now_ns() + ms * 1000000ull;
        struct timespec t = { (time_t)(end / 1000000000u), (long)(end % 1000000000u) };

        while (!*n)
                if (pthread_cond_timedwait(&w->news, &w->lock, &t) != 0)
                        break;
}

/* Wait until *n is not zero. -1 when something wants an end or the writer failed; that has been said then. */
static int await(struct imgwrite *w, const unsigned *n)
{
        uint64_t stall = now_ns() + STALL * 1000000000ull, before = w->out.written;
        unsigned done = 0;
        int err = 0;

        if (w->failed)
                return -1;
        while (!done && !err) {
                if (w->out.written != before) {
                        before = w->out.written;
                        progress_at(before);
                        stall = now_ns() + STALL * 1000000000ull;
                }
                if (stop_wanted() < 0 ||
                    (!w->patient && now_ns() > stall &&
                     fail("write %s: nothing could be written for %u s", w->out.path, STALL) < 0)) {
                        w->failed = 1;
                        return -1;
                }
                pthread_mutex_lock(&w->lock);
                if (!w->err)
                        wait_for(w, n, SLICE);
                err = w->err;
                done = *n;
                pthread_mutex_unlock(&w->lock);
        }
        if (!err)
                return 0;
        w->failed = 1;
        errno = err;
        return fail("%s %s:", w->verb, w->out.path);
}

/* One more, with its memory behind it; NULL: there may be none, or is none. */
static struct buffer *take_extra(struct imgwrite *w)
{
        const size_t head = align(sizeof(struct buffer), IMG_PAGE);
        struct buffer *b = NULL;
        void *p;

        pthread_mutex_lock(&w->lock);
        if (w->spool && !w->free && !w->err && w->extras < SPOOL && posix_memalign(&p, IMG_PAGE, head + BUFFER) == 0) {
                b = p;
                *b = (struct buffer){ .mem = (uint8_t *)p + head, .extra = 1 };
                w->extras++;
        }
        pthread_mutex_unlock(&w->lock);
        return b;
}

/* An empty buffer, or NULL after fail(). */
static struct buffer *take(struct imgwrite *w)
{
        struct buffer *b = w->failed ? NULL : take_extra(w);

        if (!b && await(w, &w->free) < 0)
                return NULL;
        if (!b) {
                pthread_mutex_lock(&w->lock);
                b = w->pool;            /* only this thread takes */
                w->pool = b->next;
                w->free--;
                pthread_mutex_unlock(&w->lock);
        }
        b->start = b->end = 0;
        b->head = SIZE_MAX;
        b->summed = 0;
        return b;
}

static void submit(struct imgwrite *w, struct buffer *b)
{
        progress_at(w->out.written);
        pthread_mutex_lock(&w->lock);
        b->next = NULL;
        *w->queue_end = b;
        w->queue_end = &b->next;
        w->queued++;
        w->idle = 0;
        pthread_cond_signal(&w->work);
        pthread_mutex_unlock(&w->lock);
}

/* Is the writing thread busy? */
static int behind(struct imgwrite *w)
{
        int n;

        pthread_mutex_lock(&w->lock);
        n = w->queued > 0;
        pthread_mutex_unlock(&w->lock);
        return n;
}

/* What was streamed so far goes out. */
static void flush(struct imgwrite *w)
{
        if (w->cur)
                submit(w, w->cur);
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
                        w->cur = take(w);
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

/* Remember the chunk that starts at w->off. */
static int note(struct imgwrite *w, uint32_t tag, uint64_t addr)
{
        struct img_index *more;
        size_t cap;

        if (tag == IMG_INDX || tag == IMG_END)
                return 0;
        if (tag == IMG_PAGES) {
                if (w->index_pages == INDEXED)
                        thin(w);
                if (w->page_chunks++ % w->stride != 0)
                        return 0;
                w->index_pages++;
        }
        if (w->indexed == w->index_cap) {
                cap = w->index_cap ? 2 * w->index_cap : 256;
                more = realloc(w->index, cap * sizeof(*more));
                if (!more) {
                        w->failed = 1;
                        return fail("index of %s:", w->out.path);
                }
                w->index = more;
                w->index_cap = cap;
        }
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
                w->cur = take(w);
        if (!w->cur || note(w, tag, addr) < 0)
                return -1;
        for (i = 0; i < n; i++)
                head.len += iov[i].iov_len;
        head.seq = w->seq++;
        if (head.len > BUFFER - w->cur->end - sizeof(head))     /* else seal() sums it up */
                for (i = 0; i < n; i++)
                        head.crc = crc(head.crc, iov[i].iov_base, iov[i].iov_len);
        if (w->cur->head == SIZE_MAX)
                w->cur->head = w->cur->end;
        if (put(w, &head, sizeof(head)) < 0)
                return -1;
        for (i = 0; i < n; i++)
                if (put(w, iov[i].iov_base, iov[i].iov_len) < 0)
                        return -1;
        return put(w, zeros, align(w->off, IMG_ALIGN) - w->off);
}

int imgwrite_chunk(struct imgwrite *w, uint32_t tag, const struct iovec *iov, int n)
{
        return w->failed ? -1 : stream(w, tag, 0, iov, n);
}

int imgwrite_payload(struct imgwrite *w, uint32_t tag, struct payload *b)
{
        struct iovec iov = { b->p, b->len };
        int rc = b->failed ? fail("no memory for the image") : imgwrite_chunk(w, tag, &iov, 1);

        payload_free(b);
        return rc;
}

void *imgwrite_room(struct imgwrite *w)
{
        if (w->failed)
                return NULL;
        if (!w->room)
                w->room = take(w);
        return w->room ? w->room->mem + LEAD : NULL;
}

/* The PAGE chunk in w->room goes out: head, pages and run in front of its pages. */
static int send_room(struct imgwrite *w, const struct img_pages *pages, const struct img_run *run)
{
        struct buffer *b = w->room;
        struct img_chunk *c;
        uint8_t *p;

        if (note(w, IMG_PAGES, pages->addr) < 0)
                return -1;
        b->end = LEAD + (size_t)pages->data_pages * IMG_PAGE;
        b->start = b->head = LEAD - pages->data_off - sizeof(*c);
        c = (struct img_chunk *)(b->mem + b->start);
        *c = (struct img_chunk){ .tag = IMG_PAGES, .len = b->end - b->start - sizeof(*c), .seq = w->seq++ };
        p = (uint8_t *)(c + 1);
        memcpy(p, pages, sizeof(*pages));
        memcpy(p + sizeof(*pages), run, pages->n * sizeof(*run));
        p += sizeof(*pages) + pages->n * sizeof(*run);
        memset(p, 0, (size_t)(b->mem + LEAD - p));
        w->off += b->end - b->start;

        flush(w);
        b->summed = !w->spool && behind(w);
        if (b->summed)
                c->crc = crc(0, c + 1, c->len);
        w->room = NULL;
        submit(w, b);
        return 0;
}

int imgwrite_pages(struct imgwrite *w, const struct img_run *run, uint32_t n)
{
        struct img_pages pages = { .n = n, .size = sizeof(*run) };
        struct iovec iov[3];
        uint64_t data = 0;
        uint32_t i;
        size_t text = sizeof(pages) + n * sizeof(*run);

        if (w->failed)
                return -1;
        for (i = 0; i < n && n <= IMGWRITE_RUNS; i++) {
                if (run[i].kind == 0 || run[i].kind > IMG_UNREADABLE)
                        break;
                if (run[i].kind == IMG_DATA)
                        data += run[i].n;
        }
        if (i == 0 || i < n || data > IMGWRITE_PAGES || (data > 0 && !w->room)) {
                w->failed = 1;
                return fail("write %s: bad PAGE chunk: %u runs, %llu pages", w->out.path, n, (unsigned long long)data);
        }
        for (i = 0; i < n; i++)
                w->pages[run[i].kind] += run[i].n;
        pages.addr = run[0].addr;
        pages.data_pages = (uint32_t)data;
        pages.data_off = (uint32_t)(align(w->off + sizeof(struct img_chunk) + text, IMG_PAGE) -
                w->off - sizeof(struct img_chunk));
        if (data > 0)
                return send_room(w, &pages, run);
        iov[0] = (struct iovec){ &pages, sizeof(pages) };
        iov[1] = (struct iovec){ (void *)run, n * sizeof(*run) };
        iov[2] = (struct iovec){ zeros, pages.data_off - text };
        return stream(w, IMG_PAGES, pages.addr, iov, 3);
}

/* Take memory for the buffers now, before a target stands still. */
static int start_writer(struct imgwrite *w)
{
        pthread_condattr_t attr;
        uint8_t *mem;
        int i;

        mem = mmap(NULL, BUFFERS * BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (mem == MAP_FAILED)
                return fail("write %s: memory for buffers:", w->out.path);
        for (i = 0; i < BUFFERS; i++) {
                w->buffer[i].mem = mem + (size_t)i * BUFFER;
                give_up(w, &w->buffer[i]);
        }
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->work, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&w->news, &attr);
        pthread_condattr_destroy(&attr);
        errno = start(&w->writer, writer, w);
        if (errno)
                return fail("write %s: start a thread:", w->out.path);
        w->threaded = 1;
        return 0;
}

/* The header, on its way at once: a full disk shows before a target is touched. */
static int send_header(struct imgwrite *w)
{
        struct img_header h = {
                .magic = IMG_MAGIC, .endian = IMG_ENDIAN, .major = IMG_MAJOR, .minor = IMG_MINOR,
                .arch = EM_X86_64, .page_shift = IMG_PAGE_SHIFT, .len = sizeof(h),
        };

        outfile_random(h.id, sizeof(h.id));
        memcpy(w->id, h.id, sizeof(w->id));
        h.crc = crc(0, &h, offsetof(struct img_header, crc));
        w->chain = h.crc;       /* the writing thread sees it with the first buffer */
        if (put(w, &h, sizeof(h)) < 0)
                return -1;
        flush(w);
        return await(w, &w->idle);
}

struct imgwrite *imgwrite_open(const char *path)
{
        struct imgwrite *w = calloc(1, sizeof(*w));

        if (!w) {
                fail("write %s:", path);
                return NULL;
        }
        w->stride = 1;
        w->queue_end = &w->queue;
        if ((strcmp(path, "-") ? outfile_create(&w->out, path) : outfile_stdout(&w->out)) == 0) {
                guard_file(w->out.folder, w->out.part);
                if (start_writer(w) == 0 && send_header(w) == 0)
                        return w;
        }
        imgwrite_close(w);
        return NULL;
}

void imgwrite_spool(struct imgwrite *w, int on)
{
        w->spool = on;
}

const unsigned char *imgwrite_id(const struct imgwrite *w)
{
        return w->id;
}

int imgwrite_finish(struct imgwrite *w, struct img_end *end)
{
        struct img_array array = { (uint32_t)w->indexed, sizeof(struct img_index) };
        struct iovec indx[2] = { { &array, sizeof(array) }, { w->index, w->indexed * sizeof(*w->index) } };
        struct iovec tail = { end, sizeof(*end) };

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
        w->patient = 1;
        pthread_mutex_lock(&w->lock);
        w->commit = 1;
        pthread_cond_signal(&w->work);
        pthread_mutex_unlock(&w->lock);
        if (await(w, &w->synced) < 0)
                return -1;
        w->failed = 1;          /* after this there is nothing left to do but imgwrite_close() */
        if (stop_wanted() < 0 || outfile_publish(&w->out) < 0)
                return -1;
        guard_file(NULL, NULL);
        return 0;
}

/* ---- the end ---- */

static void *remove_part(void *arg)
{
        struct imgwrite *w = arg;
        int err = outfile_unlink(&w->out);

        pthread_mutex_lock(&w->lock);
        w->err = err;
        w->removed = 1;
        pthread_cond_signal(&w->news);
        pthread_mutex_unlock(&w->lock);
        return NULL;
}

/*
 * The writer does not come back: FUSE, NFS or a throttled disk holds it in
 * write(2) or fsync(2). Then unlink(2) may hang as well, so a thread tries it
 * as long as patience goes. Both threads, and what they use, stay until the
 * process exits. (If the kernel holds them in a sleep that no SIGKILL ends, the
 * process stays visible for so long; but it holds no target any more.)
 */
static void abandon(struct imgwrite *w)
{
        pthread_t t;
        unsigned removed;

        if (!w->out.folder)
                return;
        if (start(&t, remove_part, w) != 0) {
                warn("%s/%s is left behind: no thread to remove it", w->out.folder, w->out.part);
                return;
        }
        pthread_mutex_lock(&w->lock);
        wait_for(w, &w->removed, PATIENCE);
        removed = w->removed && !w->err;
        pthread_mutex_unlock(&w->lock);
        if (!removed)
                warn("%s/%s may be left behind: its file system does not answer", w->out.folder, w->out.part);
}

/* The writing thread ends. -1: it does not. */
static int stop_writer(struct imgwrite *w)
{
        unsigned gone;

        pthread_mutex_lock(&w->lock);
        w->quit = 1;
        pthread_cond_signal(&w->work);
        wait_for(w, &w->gone, PATIENCE);
        gone = w->gone;
        pthread_mutex_unlock(&w->lock);
        if (!gone)
                return -1;
        pthread_join(w->writer, NULL);
        return 0;
}

static void drop_extra(struct buffer *b)
{
        if (b && b->extra)
                free(b);
}

void imgwrite_close(struct imgwrite *w)
{
        if (!w)
                return;
        if (w->threaded && stop_writer(w) < 0) {
                guard_left_behind();
                abandon(w);
                return;
        }
        outfile_close(&w->out);
        drop_extra(w->cur);
        drop_extra(w->room);
        while (w->queue) {
                struct buffer *b = w->queue;

                w->queue = b->next;
                drop_extra(b);
        }
        if (w->buffer[0].mem)
                munmap(w->buffer[0].mem, BUFFERS * BUFFER);
        free(w->index);
        free(w);
}
