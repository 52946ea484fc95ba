/* SPDX-License-Identifier: MIT */
/*
 * trace.h - ptrace of a whole process
 *
 * PTRACE_SEIZE and PTRACE_INTERRUPT only: no SIGSTOP, nothing that the target
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

#define TRACE_XSTATE_MAX 65536  /* bytes asked for; AMX makes it 11,008 */

struct trace_task {
        pid_t    tid;
        char     state;         /* letter of /proc before the seize */
        int      syscall;       /* that it slept in before the seize: proc_syscall() */
        int      seized;        /* ours until it is detached or gone */
        int      stopped;       /* in an event stop: registers can be had */
        struct user_regs_struct regs;   /* as it stopped */
        uint64_t mask;          /* blocked signals as it stopped: the outer one, of sigsuspend and ppoll */
        char     comm[16];      /* NUL-padded */
};

struct trace_stats {            /* of what was done since they were last set to zero */
        unsigned requests;      /* ptrace(2) calls */
        unsigned stops;         /* waitpid(2) calls that reported one */
};

struct trace {
        pid_t    pid;
        int      dir;           /* /proc/PID */
        int      mem;           /* /proc/PID/mem, read and write; -1 when refused */
        int      suspend_seccomp;       /* PTRACE_O_SUSPEND_SECCOMP is on */
        struct trace_task *task;
        size_t   n, cap;
        struct trace_stats stats;
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

/*
 * Seize and stop every thread of the process at t->dir, again and again until
 * no new one appears, and read registers and masks. Threads that come or go
 * meanwhile are followed. Past deadline (now_ns() clock) it gives up, saying
 * which thread did not stop and where it sleeps. seccomp: suspend its filters
 * too. 0, or -1 after fail(); trace_release() is to be called in either case.
 */
int trace_seize(struct trace *t, uint64_t deadline, int seccomp);

/* Let every thread go on as it is. The kernel stops it again if its group is stopped. */
void trace_release(struct trace *t);

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
/* Resume; to_syscall: until the next entry or exit of a system call. sig is delivered first, 0: none. */
int  trace_resume(struct trace *t, pid_t tid, int to_syscall, int sig);
/* An execution breakpoint at addr in debug register 0, or none for addr 0. */
int  trace_breakpoint(struct trace *t, pid_t tid, uint64_t addr);

/*
 * Wait for a thread's next stop, polling first (a wake-up across processors
 * costs more than all else). *sig: see enum trace_stop. stubborn: take no
 * notice of stop_wanted().
 */
enum trace_stop trace_wait(struct trace *t, pid_t tid, uint64_t deadline, int stubborn, int *sig);

/*
 * Memory of the stopped target, len bytes at addr, even if it is read-only or
 * PROT_NONE: /proc/PID/mem, word by word through ptrace where that is refused.
 * 0, or -1 with errno.
 */
int trace_read(struct trace *t, pid_t tid, uint64_t addr, void *buf, size_t len);
int trace_write(struct trace *t, pid_t tid, uint64_t addr, const void *buf, size_t len);

/* Say how the target ended, from a wait status. Returns -1. */
int trace_fail_gone(pid_t pid, int status);

#endif
