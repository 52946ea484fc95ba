/* SPDX-License-Identifier: MIT */
/* trace.c - ptrace of a whole process */
#include "trace.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "restart.h"
#include "util.h"

#define EVENT_CLONE             3       /* PTRACE_EVENT_CLONE, _EXEC, _STOP: uapi/linux/ptrace.h */
#define EVENT_EXEC              4
#define EVENT_STOP              128
#define O_TRACESYSGOOD          1
#define O_TRACECLONE            (1 << EVENT_CLONE)
#define O_TRACEEXEC             (1 << EVENT_EXEC)
#define O_EXITKILL              (1 << 20)
#define O_SUSPEND_SECCOMP       (1 << 21)
#define OPTIONS                 (O_TRACESYSGOOD | O_TRACEEXEC)
#define REQ_GETSIGMASK          0x420a
#define REQ_SETSIGMASK          0x420b
#define DR_OFFSET(n)            (offsetof(struct user, u_debugreg) + (n) * sizeof(long))
#define DR7_EXEC_0              0x1ul   /* L0; R/W and LEN fields zero: on execution, one byte */
#define POLL_NS                 300000u /* spin so long for a stop before sleeping */
#define CATCH_UP_NS             50000000u       /* wait so long at the end for threads that have not stopped yet */
#define SLICE_NS                10000000u       /* sleep so long at most before looking at stop_wanted() */

static long request(struct trace *t, int req, pid_t tid, void *addr, void *data)
{
        t->stats.requests++;
        return ptrace(req, tid, addr, data);
}

static void *number(uint64_t n)
{
        return (void *)(uintptr_t)n;
}

long trace_request(struct trace *t, int req, pid_t tid, uint64_t addr, void *data)
{
        return request(t, req, tid, number(addr), data);
}

int trace_get_regs(struct trace *t, pid_t tid, struct user_regs_struct *regs)
{
        struct iovec v = { regs, sizeof *regs };

        if (request(t, PTRACE_GETREGSET, tid, number(NT_PRSTATUS), &v) < 0)
                return -1;
        if (v.iov_len != sizeof *regs) {
                errno = ENOEXEC;        /* i386: 17 registers of 4 bytes */
                return -1;
        }
        return 0;
}

int trace_set_regs(struct trace *t, pid_t tid, const struct user_regs_struct *regs)
{
        struct iovec v = { (void *)regs, sizeof *regs };

        return (int)request(t, PTRACE_SETREGSET, tid, number(NT_PRSTATUS), &v);
}

int trace_get_mask(struct trace *t, pid_t tid, uint64_t *mask)
{
        return (int)request(t, REQ_GETSIGMASK, tid, number(sizeof *mask), mask);
}

int trace_set_mask(struct trace *t, pid_t tid, uint64_t mask)
{
        return (int)request(t, REQ_SETSIGMASK, tid, number(sizeof mask), &mask);
}

ssize_t trace_get_xstate(struct trace *t, pid_t tid, void *buf, size_t len)
{
        struct iovec v = { buf, len };

        if (request(t, PTRACE_GETREGSET, tid, number(NT_X86_XSTATE), &v) == 0)
                return (ssize_t)v.iov_len;
        if (errno != ENODEV && errno != EINVAL)
                return -1;
        v.iov_len = len;                /* a processor without XSAVE: FXSAVE's 512 bytes */
        if (request(t, PTRACE_GETREGSET, tid, number(NT_PRFPREG), &v) < 0)
                return errno == ESRCH ? -1 : 0;
        return (ssize_t)v.iov_len;
}

int trace_set_xstate(struct trace *t, pid_t tid, const void *buf, size_t len)
{
        struct iovec v = { (void *)buf, len };

        return (int)request(t, PTRACE_SETREGSET, tid, number(NT_X86_XSTATE), &v);
}

int trace_sent_signal(struct trace *t, pid_t tid, void *info, size_t len)
{
        siginfo_t si;

        _Static_assert(sizeof si == 128, "siginfo_t");
        if (len != sizeof si || request(t, PTRACE_GETSIGINFO, tid, NULL, &si) < 0)
                return 0;
        memcpy(info, &si, sizeof si);
        return si.si_code <= 0;         /* the kernel's own codes are positive */
}

static int set_options(struct trace *t, pid_t tid, uint64_t more)
{
        return (int)request(t, PTRACE_SETOPTIONS, tid, NULL, number(OPTIONS | t->options | more));
}

int trace_suspend_seccomp(struct trace *t, pid_t tid)
{
        int rc = set_options(t, tid, O_SUSPEND_SECCOMP);

        if (rc == 0)
                t->options |= O_SUSPEND_SECCOMP;
        return rc;
}

int trace_follow_clone(struct trace *t, pid_t tid, int yes)
{
        return set_options(t, tid, yes ? O_TRACECLONE : 0);
}

int trace_die_with_us(struct trace *t, pid_t tid)
{
        return set_options(t, tid, O_EXITKILL);
}

int trace_interrupt(struct trace *t, pid_t tid)
{
        return (int)request(t, PTRACE_INTERRUPT, tid, NULL, NULL);
}

int trace_resume(struct trace *t, pid_t tid, int to_syscall, int sig)
{
        return (int)request(t, to_syscall ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL, number((uint64_t)sig));
}

int trace_breakpoint(struct trace *t, pid_t tid, uint64_t addr)
{
        if (addr)                       /* where a hit leaves its mark; the kernel's idea of a clean one varies */
                t->dr6 = (uint64_t)request(t, PTRACE_PEEKUSER, tid, number(DR_OFFSET(6)), NULL);
        if (addr && request(t, PTRACE_POKEUSER, tid, number(DR_OFFSET(0)), number(addr)) < 0)
                return -1;
        if (request(t, PTRACE_POKEUSER, tid, number(DR_OFFSET(7)), number(addr ? DR7_EXEC_0 : 0)) < 0)
                return -1;
        if (addr)
                return 0;
        if (request(t, PTRACE_POKEUSER, tid, number(DR_OFFSET(6)), number(t->dr6)) < 0)
                return -1;
        return (int)request(t, PTRACE_POKEUSER, tid, number(DR_OFFSET(0)), NULL);
}

/* It has made a child, which we trace from now on as well, and goes on. */
static void take_clone(struct trace *t, pid_t tid)
{
        unsigned long child = 0;

        if (request(t, PTRACE_GETEVENTMSG, tid, NULL, &child) == 0)
                t->cloned = (pid_t)child;
        trace_resume(t, tid, 0, 0);
}

static enum trace_stop decode(int status, int *sig)
{
        int event = status >> 16;

        *sig = status;
        if (!WIFSTOPPED(status))
                return TRACE_GONE;
        *sig = WSTOPSIG(status);
        if (event == EVENT_STOP)
                return TRACE_EVENT;
        if (event == EVENT_EXEC)
                return TRACE_EXEC;
        if (*sig == (SIGTRAP | 0x80))
                return TRACE_SYSCALL;
        return TRACE_SIGNAL;
}

/* May we spin? Not where tracer and target have but one processor between them. */
static int may_poll(void)
{
        static int answer = -1;
        cpu_set_t set;

        if (answer < 0)
                answer = sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
        return answer;
}

/* Sleep until a child may have changed, or at most a slice. SIGCHLD is blocked by trace_seize(). */
static void await_child(uint64_t deadline)
{
        struct timespec ts = { 0, SLICE_NS };
        uint64_t now = now_ns();
        sigset_t set;

        if (now >= deadline)
                return;
        if (deadline - now < SLICE_NS)
                ts.tv_nsec = (long)(deadline - now);
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigtimedwait(&set, NULL, &ts);
}

int trace_fail_gone(struct trace *t, int status)
{
        if (t->died)
                return -1;
        t->died = 1;
        if (t->twin)
                return fail("the copy of process %d was killed before it was read", t->pid);
        if (WIFSIGNALED(status))
                return fail("process %d was killed by signal %d (%s) during the dump",
                            t->pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
        if (status)
                return fail("process %d exited with status %d during the dump", t->pid, WEXITSTATUS(status));
        return fail("process %d died during the dump", t->pid);
}

/* Has the thread ended? *status: how, if we may know. */
static int has_ended(struct trace *t, pid_t tid, int *status)
{
        struct proc_stat st;

        *status = 0;
        if (proc_stat(t->dir, tid, &st) < 0)
                return errno == ESRCH;
        *status = st.exit_status;
        return st.state == 'Z' || st.state == 'X';
}

int trace_fail(struct trace *t, pid_t tid, const char *what)
{
        int status = 0;

        if (t->died)
                return -1;
        if (errno != ESRCH)
                return fail("%s of %d:", what, tid);
        for (int i = 0; i < 100; i++) {         /* on its way out */
                if (has_ended(t, tid, &status))
                        return trace_fail_gone(t, status);
                nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
        }
        errno = ESRCH;
        return fail("%s of %d:", what, tid);
}

enum trace_stop trace_wait(struct trace *t, pid_t tid, uint64_t deadline, int stubborn, int *sig)
{
        uint64_t now, spin = now_ns() + (may_poll() ? POLL_NS : 0);

        for (;;) {
                int status, got;

                now = now_ns();         /* before asking: one that has stopped by the deadline counts */
                got = waitpid(tid, &status, __WALL | WNOHANG);

                if (got == tid) {
                        t->stats.stops++;
                        if (!WIFSTOPPED(status) || status >> 16 != EVENT_CLONE)
                                return decode(status, sig);
                        take_clone(t, tid);
                        continue;
                }
                if (got < 0 && errno == ECHILD) {
                        *sig = 0;
                        return TRACE_GONE;
                }
                if (now < spin && now < deadline)
                        continue;
                if (has_ended(t, tid, sig))     /* a first thread is reported when all others have been reaped */
                        return TRACE_GONE;
                if (now >= deadline || (!stubborn && stop_wanted()))
                        return TRACE_TIMEOUT;
                await_child(deadline);
        }
}

/* Word by word, as old kernels and those without FOLL_FORCE for /proc/PID/mem want it. */
static int peek_poke(struct trace *t, pid_t tid, uint64_t addr, uint8_t *buf, size_t len, int write)
{
        for (size_t done = 0; done < len; ) {
                uint64_t at = (addr + done) & ~7ull;
                size_t skip = (size_t)(addr + done - at);
                size_t n = len - done < 8 - skip ? len - done : 8 - skip;
                union { long word; uint8_t byte[8]; } u;

                errno = 0;
                u.word = request(t, PTRACE_PEEKDATA, tid, number(at), NULL);    /* glibc's and musl's return the word */
                if (u.word == -1 && errno)
                        return -1;
                if (write)
                        memcpy(u.byte + skip, buf + done, n);
                else
                        memcpy(buf + done, u.byte + skip, n);
                if (write && request(t, PTRACE_POKEDATA, tid, number(at), (void *)u.word) < 0)
                        return -1;
                done += n;
        }
        return 0;
}

int trace_read(struct trace *t, pid_t tid, uint64_t addr, void *buf, size_t len)
{
        struct iovec here = { buf, len }, there = { number(addr), len };

        if (t->mem >= 0 && pread(t->mem, buf, len, (off_t)addr) == (ssize_t)len)
                return 0;
        if (process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)len)
                return 0;
        return peek_poke(t, tid, addr, buf, len, 0);
}

int trace_write(struct trace *t, pid_t tid, uint64_t addr, const void *buf, size_t len)
{
        struct iovec here = { (void *)buf, len }, there = { number(addr), len };

        if (t->mem >= 0 && pwrite(t->mem, buf, len, (off_t)addr) == (ssize_t)len)
                return 0;
        if (process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)len)
                return 0;
        return peek_poke(t, tid, addr, (uint8_t *)buf, len, 1);
}

/* Why SEIZE was refused. */
static int fail_seize(struct trace *t, pid_t tid, int err)
{
        char why[160], comm[PROC_COMM];
        struct proc_status st;

        if (proc_status(t->dir, tid, &st) == 0 && st.tracer) {
                proc_comm(st.tracer, comm);
                return fail("process %d is already traced by process %d (%s)", t->pid, st.tracer, comm);
        }
        if (err != EPERM && err != EACCES) {
                errno = err;
                return fail("seize %d:", tid);
        }
        proc_why_not(t->dir, why, sizeof why);
        return fail("seize %d: not permitted: %s", tid, why);
}

/* Is thread tid among the first n? Looked for from *at on: /proc lists them in the order that we seized them in. */
static int known(const struct trace *t, size_t n, pid_t tid, size_t *at)
{
        for (size_t i = 0; i < n; i++) {
                size_t k = (*at + i) % n;

                if (t->task[k].tid == tid) {
                        *at = k + 1;
                        return 1;
                }
        }
        return 0;
}

/* Seize and interrupt one thread. 1: done; 0: it is gone; -1 after fail(). */
static int seize_task(struct trace *t, pid_t tid)
{
        struct trace_task *k;
        struct proc_stat st;

        if (t->n == t->cap) {
                size_t cap = t->cap ? t->cap * 2 : 16;
                struct trace_task *p = realloc(t->task, cap * sizeof *p);

                if (!p)
                        return fail("seize %d:", tid);
                t->task = p;
                t->cap = cap;
        }
        if (proc_stat(t->dir, tid, &st) < 0 || st.state == 'Z' || st.state == 'X')
                return 0;
        k = &t->task[t->n];
        *k = (struct trace_task){ .tid = tid, .state = st.state };
        k->syscall = proc_syscall(t->dir, tid);
        memcpy(k->comm, st.comm, sizeof k->comm - 1);
        if (request(t, PTRACE_SEIZE, tid, NULL, number(OPTIONS)) < 0) {
                int err = errno;

                if (err == ESRCH || proc_stat(t->dir, tid, &st) < 0 || st.state == 'Z' || st.state == 'X')
                        return 0;
                return fail_seize(t, tid, err);
        }
        k->seized = 1;
        t->n++;
        if (trace_interrupt(t, tid) < 0 && errno != ESRCH)      /* one that just died: waiting shows it */
                return fail("interrupt %d:", tid);
        return 1;
}

static int fail_stuck(struct trace *t, const struct trace_task *k)
{
        struct proc_stat st;
        char wchan[64], thread[32] = "";

        if (!t->stubborn && stop_wanted())
                return -1;
        proc_wchan(t->dir, k->tid, wchan, sizeof wchan);
        if (proc_stat(t->dir, k->tid, &st) < 0)
                st.state = '?';
        if (k->tid != t->pid)
                snprintf(thread, sizeof thread, "thread %d of ", k->tid);
        return fail("%sprocess %d did not stop in time: state %c%s%s", thread, t->pid, st.state,
                    *wchan ? ", waiting in " : "", wchan);
}

/* Pass signals on until the event stop comes. 1: stopped; 0: gone; -1 after fail(). */
static int settle(struct trace *t, struct trace_task *k, uint64_t deadline)
{
        enum trace_stop stop;
        int sig;

        for (;;) {
                stop = trace_wait(t, k->tid, deadline, t->stubborn, &sig);
                switch (stop) {
                case TRACE_EVENT:
                        k->stopped = 1;
                        return 1;
                case TRACE_TIMEOUT:
                        return fail_stuck(t, k);
                case TRACE_EXEC:
                        k->stopped = 1;
                        return fail("process %d executed another program during the dump", t->pid);
                case TRACE_GONE:
                        k->seized = 0;
                        return k->tid == t->live ? trace_fail_gone(t, sig) : 0;
                case TRACE_SIGNAL:
                case TRACE_SYSCALL:
                        trace_interrupt(t, k->tid);     /* this stop may have used the first one up: ptrace_stop() */
                        trace_resume(t, k->tid, 0, stop == TRACE_SIGNAL ? sig : 0);
                        break;
                }
        }
}

/* Has the thread a signal that it would take now? */
static int has_signal(struct trace *t, const struct trace_task *k)
{
        struct proc_status st;

        if (proc_status(t->dir, k->tid, &st) < 0)
                return 1;
        return ((st.pending | st.shared_pending) & ~st.blocked) != 0;
}

struct user_regs_struct trace_home_regs(const struct trace_task *k)
{
        struct user_regs_struct regs = k->regs;

        if (k->again) {
                regs.rax = regs.orig_rax;
                regs.rip -= 2;                  /* back to its `syscall` */
                regs.orig_rax = (unsigned long long)-1;
        }
        return regs;
}

struct trace_call trace_call(const struct trace_task *k)
{
        const struct user_regs_struct *r = &k->regs;
        long rax = (long)r->rax;

        return (struct trace_call){
                .nr = (long)r->orig_rax < 0 ? -1 : (long)r->orig_rax,
                .asleep = (long)r->orig_rax >= 0 && (k->again || (rax <= -512 && rax >= -516)), /* ERESTARTSYS... */
                .arg = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
        };
}

/* Drivers and FUSE may return EINTR after all; sockets do for a time-out of theirs, with nothing read. */
static int reads_socket(struct trace *t, const struct trace_task *k)
{
        char path[48], to[8];

        snprintf(path, sizeof path, "task/%d/fd/%d", (int)k->tid, (int)k->regs.rdi);
        return readlinkat(t->dir, path, to, sizeof to) == sizeof to && !memcmp(to, "socket:[", sizeof to);
}

/* EINTR that is our doing alone: see trace_home_regs(). */
static int repeat_call(struct trace *t, struct trace_task *k)
{
        long nr = (long)k->regs.orig_rax;
        struct user_regs_struct regs;

        /* what enters the kernel otherwise than by a call has orig_rax -1; a stop and SIGCONT end a call with EINTR as well */
        if ((long)k->regs.rax != -EINTR || nr < 0 || k->state == 'T' || k->state == 't' ||
            !restart_safe(nr) || has_signal(t, k) || (restart_of_sockets(nr) && !reads_socket(t, k)))
                return 0;
        k->again = 1;
        regs = trace_home_regs(k);
        if (trace_set_regs(t, k->tid, &regs) < 0) {
                k->again = 0;
                return trace_fail(t, k->tid, "registers");
        }
        say("thread %d will make system call %ld again", k->tid, nr);
        return 0;
}

static int read_task(struct trace *t, struct trace_task *k)
{
        if (trace_get_regs(t, k->tid, &k->regs) < 0) {
                if (errno == ENOEXEC)
                        return fail("process %d is a 32-bit one: not supported", t->pid);
                return trace_fail(t, k->tid, "registers");
        }
        if (k->regs.cs == 0x23)         /* __USER32_CS: a 64-bit task in 32-bit code */
                return fail("thread %d of process %d runs 32-bit code: not supported", k->tid, t->pid);
        if (trace_get_mask(t, k->tid, &k->mask) < 0)
                return trace_fail(t, k->tid, "signal mask");
        return repeat_call(t, k);
}

int trace_look_again(struct trace *t, struct trace_task *k)
{
        k->again = 0;
        return read_task(t, k);
}

static void drop_gone(struct trace *t)
{
        size_t n = 0;

        for (size_t i = 0; i < t->n; i++)
                if (t->task[i].seized)
                        t->task[n++] = t->task[i];
        t->n = n;
}

/* One pass over the threads that /proc lists. *fresh: how many were new. */
static int seize_pass(struct trace *t, uint64_t deadline, size_t *fresh)
{
        size_t n, at = 0, before = t->n;
        pid_t *tid;
        int rc = 0;

        if (proc_tasks(t->dir, &tid, &n) < 0)
                return fail("process %d is gone", t->pid);
        for (size_t i = 0; i < n && rc >= 0; i++)
                if (!known(t, before, tid[i], &at))
                        rc = seize_task(t, tid[i]);
        free(tid);
        *fresh = t->n - before;
        for (size_t i = before; i < t->n && rc >= 0; i++) {
                rc = settle(t, &t->task[i], deadline);
                if (rc > 0)
                        rc = read_task(t, &t->task[i]);
        }
        if (rc < 0)
                return -1;
        drop_gone(t);
        return 0;
}

/*
 * Are they all ours? That a pass found no new one does not tell: the list ends
 * early where a thread ends while it is read (next_tid() of fs/proc/base.c), and
 * one that has ended may have made another. The kernel's count does.
 */
static int have_all(struct trace *t)
{
        struct proc_stat st;

        if (proc_stat(t->dir, 0, &st) < 0)
                return 1;               /* gone: whoever needs it will say so */
        return st.threads <= t->n + (st.state == 'Z' || st.state == 'X');
}

static void block_sigchld(void)         /* await_child() takes it */
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, NULL);
}

int trace_seize_one(struct trace *t, pid_t tid, uint64_t deadline)
{
        int rc;

        block_sigchld();
        rc = seize_task(t, tid);
        if (rc > 0)
                rc = settle(t, &t->task[0], deadline);
        if (rc > 0)
                return read_task(t, &t->task[0]);
        return rc < 0 ? -1 : 1;
}

int trace_seize(struct trace *t, uint64_t deadline)
{
        size_t fresh = 0;
        int all, first = 1;

        block_sigchld();
        do {
                if (stop_wanted())
                        return -1;
                if (seize_pass(t, deadline, &fresh) < 0)
                        return -1;
                if (!t->n)
                        return fail("process %d is gone", t->pid);
                all = !fresh && have_all(t);
                if (!all && !first && now_ns() >= deadline)     /* a slow machine is not the threads' fault */
                        return stop_wanted() ? -1 :
                                fail("process %d makes threads faster than they can be stopped", t->pid);
                first = 0;
        } while (!all);
        return 0;
}

/* A thread that was killed waits for its tracer, and the first one for all others: their parent shall hear of it now. */
static void reap(struct trace *t)
{
        for (int round = 0; round < 100; round++) {
                int left = 0;

                for (size_t i = t->n; i-- > 0; )
                        if (t->task[i].seized && waitpid(t->task[i].tid, NULL, __WALL | WNOHANG) == 0)
                                left = 1;
                if (!left)
                        return;
                nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
        }
}

/* Detach a stopped thread. -1: it was killed. */
static int let_go(struct trace *t, struct trace_task *k)
{
        if (k->again && has_signal(t, k))
                trace_set_regs(t, k->tid, &k->regs);    /* a signal came: it shall end the call */
        if (request(t, PTRACE_DETACH, k->tid, NULL, NULL) < 0)
                return -1;
        k->seized = 0;
        return 0;
}

/*
 * A thread that was interrupted but not seen to stop, since we gave up: its
 * call shall not end with EINTR either. One in D is let go when we exit.
 */
static void catch_up(struct trace *t, struct trace_task *k, uint64_t deadline)
{
        enum trace_stop stop;
        int sig;

        for (;;) {
                stop = trace_wait(t, k->tid, deadline, 1, &sig);
                if (stop == TRACE_EVENT)
                        break;
                if (stop != TRACE_SIGNAL && stop != TRACE_SYSCALL)
                        return;
                trace_interrupt(t, k->tid);
                trace_resume(t, k->tid, 0, stop == TRACE_SIGNAL ? sig : 0);
        }
        k->stopped = 1;
        if (trace_get_regs(t, k->tid, &k->regs) == 0)
                repeat_call(t, k);
}

void trace_release(struct trace *t)
{
        uint64_t deadline;
        int killed = 0;

        for (size_t i = 0; i < t->n; i++)
                if (t->task[i].seized && t->task[i].stopped && let_go(t, &t->task[i]) < 0)
                        killed = 1;
        deadline = now_ns() + CATCH_UP_NS;
        for (size_t i = 0; i < t->n && !t->died; i++) {
                struct trace_task *k = &t->task[i];

                if (!k->seized || k->stopped)
                        continue;
                catch_up(t, k, deadline);
                if (k->stopped && let_go(t, k) < 0)
                        killed = 1;
        }
        if (killed || t->died)
                reap(t);
        free(t->task);
        t->task = NULL;
        t->n = t->cap = 0;
}
