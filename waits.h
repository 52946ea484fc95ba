/* SPDX-License-Identifier: MIT */
/*
 * waits.h - how long the kernel would still have waited in a system call
 *
 * It tells nobody, but there are calls with an absolute time-out, calls that
 * have the rest of it written back when they are interrupted, as by our stop,
 * and calls that we make afresh. The rest of others is in the kernel's restart
 * block alone. Rules: the calls' manual pages; fs/select.c, kernel/futex/,
 * kernel/time/hrtimer.c.
 */
#ifndef WAITS_H
#define WAITS_H

#include <stdint.h>
#include "trace.h"

struct waits {                  /* of a process */
        int64_t monotonic, boottime;    /* ns that its clocks are ahead of ours: time_namespaces(7) */
        int     unknown;                /* how much that is */
};

enum waits_answer {
        WAITS_NONE,             /* no such call, or one that waits without an end */
        WAITS_TOLD,
        WAITS_HIDDEN,           /* there is an end, but we may not know it */
};

/* What is the same for all threads. */
void waits_begin(struct waits *w, const struct trace *t);

/* Of a stopped thread that slept in call c (trace_call()). *left_ns is 0 when its time has come. */
enum waits_answer waits_left(const struct waits *w, struct trace *t, pid_t tid,
                             const struct trace_call *c, uint64_t *left_ns);

#endif
