/* SPDX-License-Identifier: MIT */
/* imgqueue.c - buffers of an image, on their way into the file */
#include "imgqueue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "crc.h"
#include "guard.h"
#include "progress.h"
#include "util.h"

#define BUFFER  IMGQUEUE_BUFFER
#define SPOOL   120u            /* so many more while a target is stopped that shall not wait for the output: 64 MiB */
#define SLICE   20u             /* ms that the caller waits before it asks stop_wanted() again */
#define PATIENCE 500u           /* ms that imgqueue_end() waits for a stuck write, and again for the unlink */
#define STALL   15u             /* s without a byte written: not waited for while a target is stopped */

/* ---- the writing thread ---- */

/* Checksums of the payload and the chain into each head that starts in b. */
static void seal(struct imgqueue *q, struct imgbuffer *b)
{
        struct img_chunk *c;
        size_t at = b->head;

        while (at < b->end) {
                c = (struct img_chunk *)(b->mem + at);
                at += sizeof(*c);
                if (!b->summed && c->len <= b->end - at)
                        c->crc = crc(0, b->mem + at, c->len);
                c->prev = q->chain;
                c->head_crc = crc(0, c, offsetof(struct img_chunk, head_crc));
                q->chain = c->head_crc;
                if (c->len > b->end - at)
                        break;
                at += round_up(c->len, IMG_ALIGN);
        }
}

/* Returns 0 or an errno. */
static int write_out(struct imgqueue *q, struct imgbuffer *b)
{
        seal(q, b);
        return outfile_write(&q->out, b->mem + b->start, b->end - b->start, &q->quit);
}

/* Into the pool, or away with what the spool took. Called and returns locked. */
static void give_up(struct imgqueue *q, struct imgbuffer *b)
{
        if (b->extra) {
                q->extras--;
                free(b);
                return;
        }
        b->next = q->pool;
        q->pool = b;
        q->free++;
}

/* The oldest buffer of the queue into the file, or else the end of it. Called and returns locked. */
static void do_work(struct imgqueue *q)
{
        struct imgbuffer *b = q->queue;
        int err;

        pthread_mutex_unlock(&q->lock);
        err = b ? write_out(q, b) : outfile_sync(&q->out);
        pthread_mutex_lock(&q->lock);
        if (err) {
                q->err = err;
                q->verb = b ? "write" : "sync";
        } else if (b) {
                q->queued--;
                q->queue = b->next;
                if (!q->queue)
                        q->queue_end = &q->queue;
                give_up(q, b);
        } else {
                q->synced = 1;
        }
}

static void *writer(void *arg)
{
        struct imgqueue *q = arg;

        pthread_mutex_lock(&q->lock);
        while (!q->quit && !q->err && !q->synced) {
                if (q->queued || q->commit) {
                        do_work(q);
                } else {
                        q->idle = 1;
                        pthread_cond_signal(&q->news);
                        pthread_cond_wait(&q->work, &q->lock);
                        continue;
                }
                pthread_cond_signal(&q->news);
        }
        q->gone = 1;
        pthread_cond_signal(&q->news);
        pthread_mutex_unlock(&q->lock);
        return NULL;
}

/* ---- waiting for it ---- */

/* Wait until *n is not zero, at most ms. Called and returns locked. */
static void wait_for(struct imgqueue *q, const unsigned *n, unsigned ms)
{
        uint64_t end = now_ns() + ms * 1000000ull;
        struct timespec t = { (time_t)(end / 1000000000u), (long)(end % 1000000000u) };

        while (!*n)
                if (pthread_cond_timedwait(&q->news, &q->lock, &t) != 0)
                        break;
}

/* Wait until *n is not zero. -1 when something wants an end or the writer failed; that has been said then. */
static int await(struct imgqueue *q, const unsigned *n)
{
        uint64_t stall = now_ns() + STALL * 1000000000ull, before = q->out.written;
        unsigned done = 0;
        int err = 0;

        if (q->failed)
                return -1;
        while (!done && !err) {
                if (q->out.written != before) {
                        before = q->out.written;
                        progress_at(before);
                        stall = now_ns() + STALL * 1000000000ull;
                }
                if (stop_wanted() < 0 ||
                    (!q->patient && now_ns() > stall &&
                     fail("write %s: nothing could be written for %u s", q->out.path, STALL) < 0)) {
                        q->failed = 1;
                        return -1;
                }
                pthread_mutex_lock(&q->lock);
                if (!q->err)
                        wait_for(q, n, SLICE);
                err = q->err;
                done = *n;
                pthread_mutex_unlock(&q->lock);
        }
        if (!err)
                return 0;
        q->failed = 1;
        errno = err;
        return fail("%s %s:", q->verb, q->out.path);
}

/* One more, with its memory behind it; NULL: there may be none, or is none. */
static struct imgbuffer *take_extra(struct imgqueue *q)
{
        const size_t head = round_up(sizeof(struct imgbuffer), IMG_PAGE);
        struct imgbuffer *b = NULL;
        void *p;

        pthread_mutex_lock(&q->lock);
        if (q->spool && !q->free && !q->err && q->extras < SPOOL && posix_memalign(&p, IMG_PAGE, head + BUFFER) == 0) {
                b = p;
                *b = (struct imgbuffer){ .mem = (uint8_t *)p + head, .extra = 1 };
                q->extras++;
        }
        pthread_mutex_unlock(&q->lock);
        return b;
}

struct imgbuffer *imgqueue_take(struct imgqueue *q)
{
        struct imgbuffer *b = q->failed ? NULL : take_extra(q);

        if (!b && await(q, &q->free) < 0)
                return NULL;
        if (!b) {
                pthread_mutex_lock(&q->lock);
                b = q->pool;            /* only this thread takes */
                q->pool = b->next;
                q->free--;
                pthread_mutex_unlock(&q->lock);
        }
        b->start = b->end = 0;
        b->head = SIZE_MAX;
        b->summed = 0;
        return b;
}

void imgqueue_submit(struct imgqueue *q, struct imgbuffer *b)
{
        progress_at(q->out.written);
        pthread_mutex_lock(&q->lock);
        b->next = NULL;
        *q->queue_end = b;
        q->queue_end = &b->next;
        q->queued++;
        q->idle = 0;
        pthread_cond_signal(&q->work);
        pthread_mutex_unlock(&q->lock);
}

int imgqueue_behind(struct imgqueue *q)
{
        int n;

        pthread_mutex_lock(&q->lock);
        n = q->queued > 0;
        pthread_mutex_unlock(&q->lock);
        return n;
}

/* ---- begin and end ---- */

int imgqueue_start(struct imgqueue *q)
{
        uint8_t *mem;
        int i;

        q->queue_end = &q->queue;
        mem = mmap(NULL, IMGQUEUE_N * BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (mem == MAP_FAILED)
                return fail("write %s: memory for buffers:", q->out.path);
        for (i = 0; i < IMGQUEUE_N; i++) {
                q->buffer[i].mem = mem + (size_t)i * BUFFER;
                give_up(q, &q->buffer[i]);
        }
        pthread_mutex_init(&q->lock, NULL);
        pthread_cond_init(&q->work, NULL);
        clocked_cond(&q->news);
        errno = start_thread(&q->writer, writer, q);
        if (errno)
                return fail("write %s: start a thread:", q->out.path);
        q->threaded = 1;
        return 0;
}

int imgqueue_await_idle(struct imgqueue *q)
{
        return await(q, &q->idle);
}

int imgqueue_commit(struct imgqueue *q)
{
        q->patient = 1;
        pthread_mutex_lock(&q->lock);
        q->commit = 1;
        pthread_cond_signal(&q->work);
        pthread_mutex_unlock(&q->lock);
        return await(q, &q->synced);
}

static void *remove_part(void *arg)
{
        struct imgqueue *q = arg;
        int err = outfile_unlink(&q->out);

        pthread_mutex_lock(&q->lock);
        q->err = err;
        q->removed = 1;
        pthread_cond_signal(&q->news);
        pthread_mutex_unlock(&q->lock);
        return NULL;
}

/*
 * The writer does not come back: FUSE, NFS or a throttled disk holds it in
 * write(2) or fsync(2). Then unlink(2) may hang as well, so a thread tries it
 * as long as patience goes. Both threads, and what they use, stay until the
 * process exits. (If the kernel holds them in a sleep that no SIGKILL ends, the
 * process stays visible for so long; but it holds no target any more.)
 */
static void abandon(struct imgqueue *q)
{
        pthread_t t;
        unsigned removed;

        if (!q->out.folder)
                return;
        if (start_thread(&t, remove_part, q) != 0) {
                warn("%s/%s is left behind: no thread to remove it", q->out.folder, q->out.part);
                return;
        }
        pthread_mutex_lock(&q->lock);
        wait_for(q, &q->removed, PATIENCE);
        removed = q->removed && !q->err;
        pthread_mutex_unlock(&q->lock);
        if (!removed)
                warn("%s/%s may be left behind: its file system does not answer", q->out.folder, q->out.part);
}

/* The writing thread ends. -1: it does not. */
static int stop_writer(struct imgqueue *q)
{
        unsigned gone;

        pthread_mutex_lock(&q->lock);
        q->quit = 1;
        pthread_cond_signal(&q->work);
        wait_for(q, &q->gone, PATIENCE);
        gone = q->gone;
        pthread_mutex_unlock(&q->lock);
        if (!gone)
                return -1;
        pthread_join(q->writer, NULL);
        return 0;
}

static void drop_extra(struct imgbuffer *b)
{
        if (b && b->extra)
                free(b);
}

int imgqueue_end(struct imgqueue *q, struct imgbuffer *cur, struct imgbuffer *room)
{
        if (q->threaded && stop_writer(q) < 0) {
                guard_left_behind();
                abandon(q);
                return -1;
        }
        outfile_close(&q->out);
        drop_extra(cur);
        drop_extra(room);
        while (q->queue) {
                struct imgbuffer *b = q->queue;

                q->queue = b->next;
                drop_extra(b);
        }
        if (q->buffer[0].mem)
                munmap(q->buffer[0].mem, IMGQUEUE_N * BUFFER);
        return 0;
}
