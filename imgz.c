/* SPDX-License-Identifier: MIT */
/* imgz.c - threads that deflate */
#include "imgz.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "image.h"
#include "processor.h"
#include "util.h"

struct imgz {
        pthread_mutex_t lock;
        pthread_cond_t  work, news;     /* for the threads: a job, or quit; for the caller: one is done */
        struct imgz_job *first, **end;  /* those that nobody works on yet */
        int      quit;
        unsigned n;
        struct worker {
                struct imgz *z;
                z_stream s;
                int ready;              /* s is */
                pthread_t thread;
        } worker[IMGZ_MAX];
};

/* Without a byte more than it is allowed to take, deflate() gives up: then it is stored. */
static void deflate_it(z_stream *s, struct imgz_job *j)
{
        size_t room = j->len > IMG_PAGE ? j->len - IMG_PAGE : 0;

        j->out_len = 0;
        if (deflateReset(s) != Z_OK)
                return;
        s->next_in = (z_const Bytef *)(uintptr_t)j->in;
        s->avail_in = (uInt)j->len;
        s->next_out = j->out;
        s->avail_out = (uInt)room;
        if (deflate(s, Z_FINISH) == Z_STREAM_END)
                j->out_len = room - s->avail_out;
}

static void *worker(void *arg)
{
        struct worker *w = arg;
        struct imgz *z = w->z;
        int moved = 0;

        pthread_mutex_lock(&z->lock);
        for (;;) {
                struct imgz_job *j = z->first;

                if (!j && z->quit)
                        break;
                if (!j) {
                        pthread_cond_wait(&z->work, &z->lock);
                        continue;
                }
                z->first = j->next;
                if (!z->first)
                        z->end = &z->first;
                pthread_mutex_unlock(&z->lock);
                /* woken at once, they would share a processor for milliseconds, while another one is idle */
                if (!moved++)
                        processor_move(0, (int)(w - z->worker));
                deflate_it(&w->s, j);
                pthread_mutex_lock(&z->lock);
                j->done = 1;
                pthread_cond_broadcast(&z->news);
        }
        pthread_mutex_unlock(&z->lock);
        return NULL;
}

struct imgz *imgz_open(int level)
{
        struct imgz *z = calloc(1, sizeof *z);
        unsigned want = (unsigned)processors();

        if (!z) {
                fail("compress:");
                return NULL;
        }
        z->end = &z->first;
        pthread_mutex_init(&z->lock, NULL);
        pthread_cond_init(&z->work, NULL);
        pthread_cond_init(&z->news, NULL);
        errno = 0;
        for (; z->n < want && z->n < IMGZ_MAX; z->n++) {
                struct worker *w = &z->worker[z->n];

                w->z = z;
                w->ready = deflateInit(&w->s, level) == Z_OK;
                errno = w->ready ? start_thread(&w->thread, worker, w) : ENOMEM;
                if (errno)
                        break;
        }
        if (z->n)
                return z;
        fail("compress:");
        imgz_close(z);
        return NULL;
}

unsigned imgz_threads(const struct imgz *z)
{
        return z->n;
}

void imgz_begin(struct imgz *z, struct imgz_job *j)
{
        pthread_mutex_lock(&z->lock);
        j->done = 0;
        j->next = NULL;
        *z->end = j;
        z->end = &j->next;
        pthread_cond_signal(&z->work);
        pthread_mutex_unlock(&z->lock);
}

void imgz_wait(struct imgz *z, struct imgz_job *j)
{
        pthread_mutex_lock(&z->lock);
        while (!j->done)
                pthread_cond_wait(&z->news, &z->lock);
        pthread_mutex_unlock(&z->lock);
}

void imgz_close(struct imgz *z)
{
        if (!z)
                return;
        pthread_mutex_lock(&z->lock);
        z->quit = 1;
        pthread_cond_broadcast(&z->work);
        pthread_mutex_unlock(&z->lock);
        for (unsigned i = 0; i < z->n; i++)
                pthread_join(z->worker[i].thread, NULL);
        for (unsigned i = 0; i < IMGZ_MAX; i++)
                if (z->worker[i].ready)
                        deflateEnd(&z->worker[i].s);
        free(z);
}
