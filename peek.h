/* SPDX-License-Identifier: MIT */
/*
 * peek.h - what ptrace tells of a stopped thread beyond its registers
 *
 * Each changes nothing. Errors are -1 with errno: EIO of a kernel that does
 * not know the request, EINVAL of one that was built without it.
 */
#ifndef PEEK_H
#define PEEK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "payload.h"
#include "trace.h"

/* DR0 to DR7, 4 and 5 zero. 1 to 3 are not asked for when 0 and 7 are zero: none is armed. 0 or -1. */
int peek_debugregs(struct trace *t, pid_t tid, uint64_t reg[8]);

#define PEEK_SIGNALS_MAX 60000          /* of one queue */

/*
 * The signals that are pending for the thread, or for the process if `shared`,
 * the first one first: the kernel's siginfo of each, IMG_SIGINFO bytes, into
 * out. bits: those that /proc names; one of them that is not in the queue (the
 * kernel had no room for it) comes last, as it will be delivered. 1; 0: more
 * than PEEK_SIGNALS_MAX, or than a second is enough for, so not all of them; -1.
 * (since 3.10)
 */
int peek_signals(struct trace *t, pid_t tid, int shared, uint64_t bits, struct payload *out);

struct peek_rseq {
        uint64_t addr;          /* of its struct rseq; 0: none is registered */
        uint32_t len, signature;
};

/* 0 or -1. (since 5.13) */
int peek_rseq(struct trace *t, pid_t tid, struct peek_rseq *r);

#define PEEK_FILTERS_MAX 256

struct peek_filters {
        unsigned n;             /* in: how many there are, if counted (a kernel before 5.9 does not say) */
        int      counted;
        unsigned left;          /* these are more than PEEK_FILTERS_MAX; the first ones are left out */
        int      no_flags;      /* this kernel (before 4.16) does not tell their flags */
        int      err;           /* errno why not all could be had; EACCES: it takes CAP_SYS_ADMIN and no filter of our own */
};

/* The seccomp filters of the thread, the one installed last first, as IMG_TSTR_FILTER strings into out. (since 4.4) */
void peek_filters(struct trace *t, pid_t tid, struct peek_filters *f, struct payload *out);

#endif
