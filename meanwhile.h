/* SPDX-License-Identifier: MIT */
/*
 * meanwhile.h - jobs by a second thread, while the first one does others
 *
 *      meanwhile_ready(&m, processor);         before the stop: it is awake
 *      meanwhile_share(&m);                    right before it
 *      meanwhile_begin(&m, job, arg, 0);
 *      meanwhile_begin(&m, next, arg, 1);      not before that one is done
 *      ...                                     what has nothing to do with them
 *      meanwhile_end(&m, 1);                   the first one is done
 *      meanwhile_over(&m);                     there will be no more jobs
 *      meanwhile_end(&m, 2);                   and all are
 *      meanwhile_free(&m);                     in any case
 *
 * For what needs no tracer, when a target is stopped. Waking a thread would take
 * as long as a job: it spins, giving way to all others, and is gone after the
 * last one, when there will be no more. Where it does not come to run, or there
 * is but one processor, a job is done by meanwhile_end().
 */
#ifndef MEANWHILE_H
#define MEANWHILE_H

#include <pthread.h>
#include <stdatomic.h>

#define MEANWHILE_JOBS  4               /* at most */

struct meanwhile {              /* all zero: nothing */
        struct { void (*job)(void *); void *arg; unsigned after; } job[MEANWHILE_JOBS];
        atomic_uint begun;      /* so many of them, */
        atomic_uint taken;      /* which were taken up, in their order, */
        atomic_uint done;       /* and a bit for each one that is done */
        atomic_int over;        /* the thread shall end when there is no job */
        int       there;        /* it is to be joined */
        int       processor;    /* to be shared with the target; -1: none */
        atomic_int state;       /* of the thread: enum of meanwhile.c */
        pthread_t thread;
};

/*
 * Without memory for a thread it is done without. processor: that the target ran on
 * last, and the thread is to keep off, if there are two; -1: it goes where it likes.
 */
void meanwhile_ready(struct meanwhile *m, int processor);

/*
 * m is the struct. Right before the target is stopped: the first thread of this process, which is to call
 * it, shares that processor with the target, and the thread of m keeps the other one busy.
 */
void meanwhile_share(void *m);

/*
 * job(arg), once, not before the first `after` jobs are done; it ends within the time that
 * the caller has. What it has to say is not said: quiet_thread().
 */
void meanwhile_begin(struct meanwhile *m, void (*job)(void *), void *arg, unsigned after);

/* Do the nth one, counted from 1, if it is the next and was not taken up yet. */
void meanwhile_help(struct meanwhile *m, unsigned n);

/* Wait for the first n of those that have been begun, or do them. */
void meanwhile_end(struct meanwhile *m, unsigned n);

/* No job will follow those that have been begun, if any. */
void meanwhile_over(struct meanwhile *m);

/* The thread has ended, and what it had taken up is done; a job that was not is dropped. */
void meanwhile_free(struct meanwhile *m);

#endif
