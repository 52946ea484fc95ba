/* SPDX-License-Identifier: MIT */
/*
 * trace.h - ptrace of a whole process
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT only (seize.h): no SIGSTOP, nothing that the target
 * or its parent sees. When the tracer dies the kernel lets all threads go on
 * from the registers that they have at that moment. Rules: ptrace(2),
 * kernel/ptrace.c, kernel/signal.c.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#define SIG_ALL         (~0ull)                 /* a mask of all signals */
#define SIG_BIT(n)      (1ull << ((n) - 1))     /* of signal n, in a mask of the kernel's */
#define SIG_UNHEARD     (SIG_BIT(17) | SIG_BIT(23) | SIG_BIT(28))       /* SIGCHLD, SIGURG, SIGWINCH: without a handler, ignored */
#define SIG_FAULTS      (SIG_BIT(4) | SIG_BIT(5) | SIG_BIT(7) | SIG_BIT(8) | SIG_BIT(11) | SIG_BIT(31))        /* SYNCHRONOUS_MASK */
#define TRACE_OPTIONS   0x11ul  /* of each thread: PTRACE_O_TRACESYSGOOD, PTRACE_O_TRACEEXEC */
#define TRACE_WROTE     16      /* ranges that trace_write() lists */
#define TRACE_XSTATE_MOSTLY 2816 /* bytes up to AVX-512 and PKRU */
#define TRACE_XSTATE_MAX 65536  /* bytes asked for; AMX makes it 11,008 */

/* A mask of all signals but n; 0: but none. */
static inline uint64_t sig_all_but(int n)
{
        return n ? SIG_ALL & ~SIG_BIT(n) : SIG_ALL;
}

/*
 * A signal that stops a thread because it is traced, and if it is no longer is
 * lost on it (sig_ignored() of the kernel): one that the process does not handle
 * (caught), and that would be ignored. Not one that the thread has blocked
 * (mask), of which one may be pending. 0: none.
 */
static inline int sig_unheard(uint64_t caught, uint64_t mask)
{
        uint64_t left = SIG_UNHEARD & ~(caught | mask);

        return left ? 64 - __builtin_clzll(left) : 0;   /* the highest: SIGCHLD comes most often */
}

/* Pieces of memory, each of TRACE_XSTATE_MAX bytes, for the one thread that is worked on. */
enum trace_piece { TRACE_XSTATE, TRACE_XSTATE_NOW, TRACE_SAVED, TRACE_BUILD, TRACE_PIECES };

struct trace_task {
        pid_t    tid;           /* first, for find_number(), as in trace_seen */
        char     state;         /* letter of /proc before the seize, after it if that was t; T if its group was stopped by then */
        int      syscall;       /* that it slept in before the seize: proc_syscall() */
        uint32_t processor;     /* that it had run on last, before the seize */
        int      seized;        /* ours until it is detached or gone */
        int      stopped;       /* in an event stop: registers can be had */
        int      call;          /* that restart_syscall(2) stands for, in which it sleeps; 0: not known */
        int      again;         /* made to repeat its system call: see trace_home_regs() */
        struct user_regs_struct regs;   /* as it stopped */
        uint64_t mask;          /* blocked signals as it stopped: the outer one, of sigsuspend and ppoll */
        pid_t    table;         /* of descriptors, since fdtables_find(): img_fd.table; -1: not known */
};

struct trace_seen {             /* of a thread before it is seized */
        pid_t    tid;
        char     state;
        int      syscall;
        uint32_t processor;
};

struct trace_call {             /* the system call that a thread is on its way out of */
        long     nr;            /* -1: none */
        int      asleep;        /* it had slept in it when it was stopped, and will be made again */
        uint64_t arg[6];
};

struct trace_range {
        uint64_t from, to;      /* addresses of the first byte, and of the first one behind it */
};

struct trace_stats {            /* of what was done since they were last set to zero */
        unsigned requests;      /* ptrace(2) calls */
        unsigned stops;         /* waitpid(2) calls that reported one */
};

struct trace {
        pid_t    pid;
        int      dir;           /* /proc/PID */
        pid_t    live;          /* a thread that has the memory: the first one, unless that has ended */
        int      live_dir;      /* /proc/PID, or /proc/PID/task/LIVE */
        int      mem;           /* /proc/PID/mem, read and write; -1 when refused */
        size_t   xstate_len;    /* of any thread, once one was read */
        uint64_t dr6;           /* before a breakpoint was set */
        int      twin;          /* it is the copy of process pid, and has another pid: live */
        int      stubborn;      /* seize in spite of stop_wanted(), and say nothing when that is refused */
        uint64_t options;       /* PTRACE_O_* beside the usual ones */
        pid_t    cloned;        /* a child that a thread has made: trace_follow_clone(); 0: none */
        void   (*before)(void *);       /* called when the first thread is about to be interrupted, unless NULL, */
        void    *before_arg;
        uint64_t held_ns;       /* and when that was, by now_ns() */
        uint64_t asked_ns;      /* when has_ended() of trace.c was asked last */
        int      died;          /* that was said; nothing is to be put back any more */
        struct trace_seen *seen;        /* seize_look(), in the order of /proc */
        size_t   seen_n, seen_at;
        pid_t   *listed;        /* their numbers, until seize() has taken them up; NULL: it asks /proc */
        struct trace_task *task;
        size_t   n, cap;
        uint8_t *pieces;        /* trace_prepare(); seize_forget() frees it */
        struct trace_stats stats;
        struct trace_range ours;        /* memory in there that was not the target's before */
        struct trace_range wrote[TRACE_WROTE];  /* by trace_write(), elsewhere; neighbours are one */
        size_t   wrote_n;       /* more than TRACE_WROTE: and others */
};

/* What trace_wait() saw. */
enum trace_stop {
        TRACE_TIMEOUT,          /* nothing by the deadline */
        TRACE_EVENT,            /* PTRACE_EVENT_STOP: an interrupt or a group stop */
        TRACE_SYSCALL,          /* entry or exit of a system call */
        TRACE_SIGNAL,           /* about to get *sig */
        TRACE_EXEC,             /* it has become another program */
        TRACE_GONE,             /* *sig: wait status */
};

/* Memory for n threads and the pieces, there before the first one is stopped. 0, or -1 after fail(). */
int trace_prepare(struct trace *t, size_t n);

static inline void *trace_piece(const struct trace *t, enum trace_piece which)
{
        return t->pieces + (size_t)which * TRACE_XSTATE_MAX;
}

/* Suspend the seccomp filters of a stopped thread until it is released: takes CAP_SYS_ADMIN. 0, or -1 with errno. */
int trace_suspend_seccomp(struct trace *t, pid_t tid);

/*
 * A child of fork(2) or clone(2) of a stopped thread is to be traced by us from
 * its first instruction on, where it stops. Then t->cloned is its pid. 0, or -1
 * with errno.
 */
int trace_follow_clone(struct trace *t, pid_t tid, int yes);

/* For that child alone: it is killed when we end, however that is. 0, or -1 with errno. */
int trace_die_with_us(struct trace *t, pid_t tid);

/*
 * The registers that a stopped thread goes on from. Those it stopped with, but
 * for a system call that the interrupt alone made return EINTR, which is made
 * again: on its way out of it, not stopped before, no signal to deliver,
 * restart_safe(). (That it was seen sleeping in it before is not asked for: it
 * may have fallen asleep since, 1 in 335 dumps of a busy program.)
 * They are set as soon as it stops, so that they hold even if we die.
 */
struct user_regs_struct trace_home_regs(const struct trace_task *k);

/*
 * Registers and mask of a thread that has just stopped, or has run on since it
 * was last looked at, and trace_repeat(). 0, or -1 after fail().
 */
int trace_look(struct trace *t, struct trace_task *k);

/* With its registers known: make it repeat its call, if that is due. 0, or -1 after fail(). */
int trace_repeat(struct trace *t, struct trace_task *k);

/*
 * Of a thread that was stopped before, when `before` had all of them: the first
 * stop made its sleep one in restart_syscall(2), which does not tell what it
 * stands for. It is known from then, and goes to k->call.
 */
void trace_remember(struct trace_task *k, const struct trace *before);

/* Has the thread a signal that it would take now? Also if that is not to be known. */
int trace_has_signal(struct trace *t, const struct trace_task *k);

/* The system call that a thread was in when it stopped. */
struct trace_call trace_call(const struct trace_task *k);

/*
 * One ptrace request on a thread, counted. 0, or -1 with errno.
 * trace_get_xstate returns its length in bytes, 0 when the kernel has none.
 */
int  trace_get_regs(struct trace *t, pid_t tid, struct user_regs_struct *regs);
int  trace_set_regs(struct trace *t, pid_t tid, const struct user_regs_struct *regs);
int  trace_get_mask(struct trace *t, pid_t tid, uint64_t *mask);
int  trace_set_mask(struct trace *t, pid_t tid, uint64_t mask);
ssize_t trace_get_xstate(struct trace *t, pid_t tid, void *buf, size_t len);
int  trace_interrupt(struct trace *t, pid_t tid);
/* Write what trace_get_xstate() gave; not for the 512 bytes of a processor without XSAVE. */
int  trace_set_xstate(struct trace *t, pid_t tid, const void *buf, size_t len);
/* Resume; to_syscall: until the next entry or exit of a system call. sig is delivered first, 0: none. */
int  trace_resume(struct trace *t, pid_t tid, int to_syscall, int sig);
/*
 * In a signal stop: was the signal sent by a process or a timer, not raised by the kernel for
 * what the thread did? Its siginfo (len: 128 bytes) to info. 1 or 0.
 */
int  trace_sent_signal(struct trace *t, pid_t tid, void *info, size_t len);
/* An execution breakpoint at addr in debug register 0, or none for addr 0. */
int  trace_breakpoint(struct trace *t, pid_t tid, uint64_t addr);

/*
 * Have a thread that sleeps in a system call leave it for exit_group(2): where
 * kill(2) is not permitted, ptrace(2) is. 0, or -1 with errno.
 */
int trace_exit(struct trace *t, pid_t tid);

/* Any other request on a stopped thread; what ptrace(2) returns, which for PTRACE_PEEKUSER is the word (set errno to 0). */
long trace_request(struct trace *t, int req, pid_t tid, uint64_t addr, void *data);

/*
 * Wait for a thread's next stop, polling first (a wake-up across processors
 * costs more than all else). *sig: see enum trace_stop. stubborn: take no
 * notice of stop_wanted().
 */
enum trace_stop trace_wait(struct trace *t, pid_t tid, uint64_t deadline, int stubborn, int *sig);

/*
 * Memory of the stopped target, len bytes at addr, even if it is read-only or
 * PROT_NONE: /proc/PID/mem, where that is refused process_vm_readv or writev,
 * where that is refused word by word through ptrace.
 * 0, or -1 with errno.
 */
int trace_read(struct trace *t, pid_t tid, uint64_t addr, void *buf, size_t len);
int trace_write(struct trace *t, pid_t tid, uint64_t addr, const void *buf, size_t len);

/* Say, once, that the target died, and how by its wait status, if that is known (else 0). Returns -1. */
int trace_fail_gone(struct trace *t, int status);

/*
 * Word a request about a stopped thread that failed with errno: "WHAT of TID:
 * ...", or that the target died, for only SIGKILL gets a thread out of its
 * stop. Returns -1.
 */
int trace_fail(struct trace *t, pid_t tid, const char *what);

#endif
