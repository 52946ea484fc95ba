/* SPDX-License-Identifier: MIT */
/*
 * threads.h - all that a thread is, into THRD chunks
 *
 *      threads_look()          before the stop: what may be read then
 *      threads_read()          all of them stopped, none borrowed
 *      threads_read_late()     more of it, when there is time: the first one may be borrowed
 *      threads_asked()         for each that was asked from inside
 *      threads_took()          its extended registers, for each that they were read of
 *      threads_take()          those of all others, still stopped
 *      threads_write()         when nothing more is asked of it
 *
 * Whatever is not to be had stays out of `known`, and why is noted once, not
 * once a thread.
 */
#ifndef THREADS_H
#define THREADS_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "imgwrite.h"
#include "notes.h"
#include "payload.h"
#include "procthread.h"
#include "rawfiles.h"
#include "slurp.h"
#include "threadahead.h"
#include "threadlack.h"
#include "threadlook.h"
#include "trace.h"
#include "waits.h"

struct thread {
        struct img_thread img;  /* without the lengths of what follows it */
        size_t   strs;          /* its img_str's: img.strs_len bytes of threads.strs, from there on */
        size_t   xstate;        /* its extended registers: img.xstate_len bytes, in threads.xstates, from there on, but for */
        uint32_t xstate_zeros;  /* so many zeros at the end; img.xstate_len 0: they were not read yet */
        int      shadow_stack;  /* it has one */
        pid_t    own_tid;       /* in its own pid namespace; 0: not known */
};

struct threads_inside {         /* what only the thread itself may ask. A negative number, or address: -errno */
        uint64_t altstack_sp, altstack_size;
        uint32_t altstack_flags;
        int32_t  pdeath_signal, securebits, no_new_privs;
        int64_t  timer_slack_ns, tid_address;
};

struct threads {
        struct trace *t;
        struct rawfiles *raw;   /* gets the status of the first thread */
        struct thread *thread;  /* of t->task, in its order */
        size_t   n, cap;
        size_t   late;          /* so many have been read whole */
        struct payload strs;
        struct payload xstates;
        struct payload shared;  /* SIGQ: an img_array of siginfo; empty: not to be had */
        uint64_t caught;        /* signals that the process handles; all of them: not known */

        struct threadlook look;
        struct threadahead ahead;
        struct threadlack lack;
        struct slurp text;
        struct waits waits;
        uint8_t *cpus;          /* room for an affinity, */
        size_t   cpus_len;      /* which the kernel has of so many bytes */
        int      no_attr, no_clamp;     /* this kernel has no sched_getattr(2), no utilization clamps */
};

/*
 * Before the stop: where each thread sleeps, its cgroup and its label. What
 * threads come later is read when they are stopped. notes and raw are kept.
 */
void threads_look(struct threads *th, struct trace *t, struct rawfiles *raw, struct notes *notes);

/* What can be told from outside. Again, if a thread has run on. 0, or -1 after fail(): no memory, stop_wanted(). */
int threads_read(struct threads *th);

/* What threads_read() has left of all but the first one, if anything: the debug registers alone take 3 us a thread. */
void threads_read_late(struct threads *th);

/*
 * Part of what threads_read() does, if there are many: by a second thread of ours, while the first
 * one is at it. It returns when all is read, or threads_end_ahead() was called: in any case.
 */
void threads_read_ahead(struct threads *th);
void threads_end_ahead(struct threads *th);

/* What thread i was asked; NULL: not asked, nothing of that is known. */
void threads_asked(struct threads *th, size_t i, const struct threads_inside *in);

/* The xstate of thread i, as ptrace has it. */
void threads_took(struct threads *th, size_t i, const void *xstate, size_t len);

/* What is missing yet, of all threads as they will be let go. 0, or -1 after fail(). */
int threads_take(struct threads *th);

/* Write THRD chunks and SIGQ. 0, or -1 after fail(). */
int threads_write(struct threads *th, struct imgwrite *w);

void threads_free(struct threads *th);

#endif
