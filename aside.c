/* SPDX-License-Identifier: MIT */
/* aside.c - calls that may never return */
#include "aside.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "guard.h"
#include "util.h"

#define SLICE   20000000u       /* ns between two looks at stop_wanted() */

struct helper {
        pthread_mutex_t lock;
        pthread_cond_t  work, news;
        void (*job)(void *);    /* NULL: none, or done */
        void  *arg;
};

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;        /* job at a time */
static struct helper *helper;   /* waits for a job; NULL: to be made */
static int left;                /* that did not come back */

static void *serve(void *arg)
{
        struct helper *h = arg;

        pthread_mutex_lock(&h->lock);
        for (;;) {
                while (!h->job)
                        pthread_cond_wait(&h->work, &h->lock);
                pthread_mutex_unlock(&h->lock);
                h->job(h->arg);
                pthread_mutex_lock(&h->lock);
                h->job = NULL;
                pthread_cond_signal(&h->news);
        }
        return NULL;
}

/* 0 or an errno. */
static int start(struct helper *h)
{
        pthread_mutex_init(&h->lock, NULL);
        pthread_cond_init(&h->work, NULL);
        clocked_cond(&h->news);
        return start_thread(NULL, serve, h);
}

static int make_helper(void)
{
        struct helper *h = calloc(1, sizeof *h);
        int err = h ? start(h) : ENOMEM;

        if (err) {
                free(h);
                errno = err;
                return -1;
        }
        helper = h;
        return 0;
}

/* Until it is done. 0 or an errno. Called and returns locked. */
static int await(struct helper *h, uint64_t until)
{
        while (h->job) {
                uint64_t now = now_ns(), end = now + SLICE < until ? now + SLICE : until;
                struct timespec t = { (time_t)(end / 1000000000u), (long)(end % 1000000000u) };

                if (now >= until)
                        return ETIMEDOUT;
                if (pthread_cond_timedwait(&h->news, &h->lock, &t) && h->job && stop_wanted() < 0)
                        return EINTR;
        }
        return 0;
}

static int run(void (*job)(void *), void *arg, uint64_t ns)
{
        uint64_t until = now_ns() + ns;
        int err;

        if (left == ASIDE_LEFT) {
                errno = ETIMEDOUT;
                return -1;
        }
        if (!helper && make_helper() < 0)
                return -1;
        pthread_mutex_lock(&helper->lock);
        helper->arg = arg;
        helper->job = job;
        pthread_cond_signal(&helper->work);
        err = await(helper, until);
        pthread_mutex_unlock(&helper->lock);
        if (!err)
                return 0;
        helper = NULL;
        left++;
        guard_left_behind();
        errno = err;
        return -1;
}

int aside_run(void (*job)(void *), void *arg, uint64_t ns)
{
        int rc;

        pthread_mutex_lock(&one);
        rc = run(job, arg, ns);
        pthread_mutex_unlock(&one);
        return rc;
}
