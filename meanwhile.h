/* SPDX-License-Identifier: MIT */
/*
 * meanwhile.h - jobs by a second thread, while the first one does others
 *
 *      meanwhile_ready(&m);                    before the stop: it is awake
 *      meanwhile_begin(&m, job, arg);
 *      ...                                     what has nothing to do with it
 *      meanwhile_end(&m);                      it is done; and so on
 *      meanwhile_over(&m);                     there will be no other job
 *      meanwhile_free(&m);                     in any case
 *
 * For what needs no tracer, when a target is stopped. Waking a thread would take
 * as long as a job: it spins, giving way to all others, and is gone after the
 * last one, so that the target has its processor. Where it does not come to run,
 * or there is but one processor, a job is done by meanwhile_end().
 */
#ifndef MEANWHILE_H
#define MEANWHILE_H

#include <pthread.h>
#include <stdatomic.h>

struct meanwhile {              /* all zero: nothing */
        atomic_int state;
        atomic_int over;        /* the thread shall end when there is no job */
        int       there;        /* it is to be joined */
        pthread_t thread;
        void    (*job)(void *);
        void     *arg;
};

/* Without memory for a thread it is done without. */
void meanwhile_ready(struct meanwhile *m);

/* job(arg), once, which ends within the time that the caller has. What it has to say is not said: quiet_thread(). */
void meanwhile_begin(struct meanwhile *m, void (*job)(void *), void *arg);

/* Wait for it, or do it. Without a job it does nothing. */
void meanwhile_end(struct meanwhile *m);

/* No job will follow the one that has been begun, if any. */
void meanwhile_over(struct meanwhile *m);

/* The thread has ended, and what it had begun is done; a job that was not begun is dropped. */
void meanwhile_free(struct meanwhile *m);

#endif
