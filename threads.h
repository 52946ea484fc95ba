/* SPDX-License-Identifier: MIT */
/*
 * threads.h - all that a thread is, into THRD chunks
 *
 *      threads_look()          before the stop: what may be read then
 *      threads_read()          all of them stopped, none borrowed
 *      threads_asked()         for each that was asked from inside
 *      threads_write()         still stopped
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
#include "trace.h"
#include "waits.h"

struct thread {
        struct img_thread img;  /* without the lengths of what follows it */
        size_t   strs;          /* its img_str's: img.strs_len bytes of threads.strs, from there on */
        int      shadow_stack;  /* it has one */
        pid_t    own_tid;       /* in its own pid namespace; 0: not known */
};

struct threads_inside {         /* what only the thread itself may ask. A negative number, or address: -errno */
        uint64_t altstack_sp, altstack_size;
        uint32_t altstack_flags;
        int32_t  pdeath_signal, securebits, no_new_privs;
        int64_t  timer_slack_ns, tid_address;
};

struct threads_before {         /* of one thread; strings are in threads.before_text, length 0: none */
        pid_t    tid;
        size_t   wchan, label, cgroup;
        uint32_t wchan_len, label_len, cgroup_len;
};

struct threads {
        struct trace *t;
        struct notes *notes;
        struct thread *thread;  /* of t->task, in its order */
        size_t   n;
        struct payload strs;
        struct payload shared;  /* SIGQ: an img_array of siginfo; empty: not to be had */
        int      catches_sys;   /* the process handles SIGSYS */

        struct threads_before *before;  /* in the order of /proc */
        size_t   before_n, before_at;
        struct payload before_text, process_cgroup;
        struct slurp text;
        struct waits waits;
        uint8_t *cpus;          /* room for an affinity, */
        size_t   cpus_len;      /* which the kernel has of so many bytes */
        int      no_attr, no_clamp;     /* this kernel has no sched_getattr(2), no utilization clamps */
        uint64_t noted;         /* kinds of which something was missing */
};

/*
 * Before the stop: where each thread sleeps, its cgroup and its label. What
 * threads come later is read when they are stopped. notes is kept.
 */
void threads_look(struct threads *th, struct trace *t, struct notes *notes);

/* All that can be told from outside. Again, if a thread has run on. 0, or -1 after fail(): no memory, stop_wanted(). */
int threads_read(struct threads *th);

/* What thread i was asked; NULL: not asked, nothing of that is known. */
void threads_asked(struct threads *th, size_t i, const struct threads_inside *in);

/* Write THRD chunks and SIGQ. 0, or -1 after fail(). */
int threads_write(struct threads *th, struct imgwrite *w);

void threads_free(struct threads *th);

#endif
