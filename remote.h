/* SPDX-License-Identifier: MIT */
/*
 * remote.h - the trampoline: system calls of another process, made by us
 *
 * A stopped thread is pointed at a `syscall` instruction and driven with
 * PTRACE_SYSCALL. Meanwhile it hangs on a lifeline: below its stack lies what
 * takes it home through rt_sigreturn (gadget.h draws it) should the tool die
 * at any instant between remote_begin() and remote_end(). What lay there is
 * put back; it is memory that nobody owns, below the red zone (System V ABI,
 * x86-64, 3.2.2).
 *
 * Two kinds of trampoline: the target's own instruction, so that no byte of
 * its code is written and no page of it copied; or, by choice or need, CRIU's
 * way of 2012, one that is swapped into an executable mapping and back.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include <stdint.h>
#include "gadget.h"
#include "proc.h"
#include "trace.h"

#define REMOTE_SCRATCH  64      /* bytes */
#define REMOTE_KEPT     8
#define REMOTE_CODE     12      /* bytes of the swapped-in trampoline */

struct remote_dispatch {        /* the kernel's ptrace_sud_config */
        uint64_t mode;          /* 0: off */
        uint64_t selector, offset, len;
};

struct remote {
        struct trace *t;
        const struct trace_task *task;  /* the borrowed thread, with its registers and mask */
        struct user_regs_struct regs;   /* to be put back */
        uint64_t mask;
        void    *xstate;        /* NT_X86_XSTATE. This memory and the next one are trace_piece()s, or the caller's of remote_lend() */
        void    *xstate_now;    /* room for what is read back */
        size_t   xstate_len;

        struct gadget gadget;   /* .syscall is where calls are made */
        uint64_t code_at;       /* the swapped-in trampoline; 0: none */
        uint8_t  code_saved[REMOTE_CODE];

        uint64_t line_at;       /* the lifeline: line_len bytes there were line_saved; 0: none */
        size_t   line_len;
        uint8_t *line_saved;    /* a trace_piece() */
        uint64_t scratch;       /* REMOTE_SCRATCH bytes of it, for answers of calls; 0: none */
        uint64_t rsp;           /* for calls */

        int      pkru;          /* opened meanwhile */
        int      maybe_dispatch;        /* kernels before 6.4 do not tell: a call may become SIGSYS */
        int      dispatched;            /* and it did: none can be made there */
        struct remote_dispatch dispatch; /* syscall user dispatch, to be put back; off: it was not on */
        uint64_t rseq_cs_at, rseq_cs;   /* the critical section that the thread was in: 0: none */

        int      moved;         /* registers are not the target's own any more */
        int      masked;        /* nor is the signal mask */
        int      running;       /* resumed and not seen stopped again */
        int      interrupted;   /* since then: the event stop is to come */
        int      in_event;      /* in a PTRACE_EVENT_STOP, or that of a signal it will not get: the kernel restarts calls from there */
        int      expect_trap;   /* a breakpoint may be hit: SIGTRAP must stay unblocked */
        unsigned kept_n;        /* SIGTRAPs that somebody sent came while that was not blocked: */
        uint8_t  kept[REMOTE_KEPT][128];        /* their siginfo, the first one first */
        int      same_xstate;   /* remote_end() has found the xstate as it was: xstate_now is that of the thread that is given back */
        uint64_t given;         /* the mask that it has since `masked` */
        int      forced;        /* a signal that the kernel forced on it, losing its handler; 0: none */
};

/*
 * Borrow a stopped thread, with what gadget_find() found: read its xstate, plant the
 * lifeline and, with inject or where no instruction was found, the trampoline.
 * mask is what it shall have blocked meanwhile. 0, or -1 after fail(); in both cases
 * remote_end() is due.
 */
int remote_begin(struct remote *r, struct trace *t, const struct trace_task *task,
                 const struct proc_maps *maps, const struct gadget *g, int inject);

enum remote_lend {
        REMOTE_FAILED = -1,     /* after fail() */
        REMOTE_LENT,
        REMOTE_KEYS,            /* its protection keys deny memory that is nobody's */
        REMOTE_DISPATCHED,      /* its system calls are dispatched to itself */
        REMOTE_ODD,             /* its xstate is of another length */
};

/*
 * Borrow a stopped thread for code that brings its way home along (a frame for
 * sigframe_build() of regs, mask, xstate), and makes no remote_call(): nothing
 * is written into the target. xstate has room for len bytes, as long as that of
 * other threads is, xstate_now for TRACE_XSTATE_MAX: both are the caller's, the
 * second one may serve many. rseq: the address of its struct rseq, or 0.
 * remote_end() is due if it is lent, and only then.
 */
enum remote_lend remote_lend(struct remote *r, struct trace *t, const struct trace_task *task, uint64_t rseq,
                             void *xstate, void *xstate_now, size_t len);

/*
 * System call nr with six arguments. 0 and its result (or -errno) in *ret when
 * it was run; -1 after fail() when not. mask as for remote_run().
 */
int remote_call(struct remote *r, uint64_t mask, long nr, const uint64_t arg[6], int64_t *ret);

/*
 * munmap(2) of len bytes; `what` is the name of them. 0, or -1 after fail(): they may still be
 * there. The thread is in an event stop then, as after remote_stop(): one stop less.
 */
int remote_unmap(struct remote *r, uint64_t mask, uint64_t addr, uint64_t len, const char *what);

/* Let the thread run from rip, with rsi = arg, and signals of mask blocked. 0, or -1 after fail(). */
int remote_run(struct remote *r, uint64_t mask, uint64_t rip, uint64_t arg);

/* Ask for the stop that remote_stop() will wait for: of many threads, first all, then wait for each. */
void remote_interrupt(struct remote *r);

/* Get the thread, running or in any stop, into an event stop without a step of its own. 0, or -1 after fail(). */
int remote_stop(struct remote *r);

/*
 * It has stopped for a signal that it shall not get: as good as an event stop,
 * for get_signal() of the kernel looks for calls to be made again behind both.
 */
void remote_stopped(struct remote *r);

/* Is the stopped thread between these addresses? 1, 0, or -1 after fail(). */
int remote_within(struct remote *r, uint64_t start, uint64_t end);

/*
 * A signal stop that is not our doing: *sig is what to resume with. SIGSTOP
 * cannot be blocked, and is passed on, as is what comes to a thread that went
 * home by itself; a SIGTRAP that somebody sent is kept (*sig 0), and blocked
 * from then on if it may be. Returns 0 for other signals: the kernel has
 * forced them on the thread.
 */
int remote_pass(struct remote *r, int *sig);

/* Word a stop that should not have been. Returns -1. */
int remote_surprise(struct remote *r, enum trace_stop stop, int sig);

/*
 * Give the thread back as it was: registers, mask and every byte, from an
 * event stop, read back and compared. Does what is still to be done; a second call
 * does nothing. 0, or -1 after fail() has said what is left.
 */
int remote_end(struct remote *r);

#endif
