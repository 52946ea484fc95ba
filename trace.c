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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "processor.h"
#include "ready.h"
#include "restart.h"
#include "sigframe.h"
#include "util.h"

#define EVENT_CLONE             3       /* PTRACE_EVENT_CLONE, _EXEC, _STOP: uapi/linux/ptrace.h */
#define EVENT_EXEC              4
#define EVENT_STOP              128
#define O_TRACESYSGOOD          1
#define O_TRACECLONE            (1 << EVENT_CLONE)
#define O_TRACEEXEC             (1 << EVENT_EXEC)
#define O_EXITKILL              (1 << 20)
#define O_SUSPEND_SECCOMP       (1 << 21)
_Static_assert(TRACE_OPTIONS == (O_TRACESYSGOOD | O_TRACEEXEC), "TRACE_OPTIONS");
#define RESTART_BLOCK           (-516)  /* -ERESTART_RESTARTBLOCK: linux/errno.h */
#define REQ_GETSIGMASK          0x420a
#define REQ_SETSIGMASK          0x420b
#define DR_OFFSET(n)            (offsetof(struct user, u_debugreg) + (n) * sizeof(long))
#define DR7_EXEC_0              0x1ul   /* L0; R/W and LEN fields zero: on execution, one byte */
#define EXIT_NS                 1000000000u     /* one that sleeps stops at once */
#define PIECE_USED              32768u  /* bytes of a piece, mostly */
#define NEAR                    4096u   /* bytes: ranges that are less apart become one */
#define POLL_NS                 300000u /* spin so long for a stop before sleeping, and think nothing of it */
#define ASK_NS                  1000000u        /* /proc is asked no more often whether a thread has ended */
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

/* May we spin? Not where the target has our processor. */
static int may_poll(void)
{
        return processors() > 1 && !processor_shared();
}

int trace_prepare(struct trace *t, size_t n)
{
        struct trace_task *task;

        if (n <= t->cap)
                return 0;
        task = realloc(t->task, n * sizeof *task);
        if (!t->pieces)
                t->pieces = malloc((size_t)TRACE_PIECES * TRACE_XSTATE_MAX);
        if (task)
                t->task = task;
        if (!task || !t->pieces)
                return fail("threads:");
        t->cap = n;
        ready_memory(task, n * sizeof *task);
        for (int i = 0; i < TRACE_PIECES; i++)
                ready_memory(trace_piece(t, i), PIECE_USED);
        processors();                   /* asks once */
        return 0;
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
        return (int)request(t, PTRACE_SETREGS, tid, NULL, (void *)regs);
}

int trace_get_mask(struct trace *t, pid_t tid, uint64_t *mask)
{
        return (int)request(t, REQ_GETSIGMASK, tid, number(sizeof *mask), mask);
}

int trace_set_mask(struct trace *t, pid_t tid, uint64_t mask)
{
        return (int)request(t, REQ_SETSIGMASK, tid, number(sizeof mask), &mask);
}

/* Only its beginning, if nothing behind that is in use: what AMX takes are 8 KiB of zeros, mostly. */
static int get_short(struct trace *t, pid_t tid, void *buf)
{
        struct iovec v = { buf, TRACE_XSTATE_MOSTLY };

        if (request(t, PTRACE_GETREGSET, tid, number(NT_X86_XSTATE), &v) < 0 || v.iov_len != TRACE_XSTATE_MOSTLY ||
            sigframe_used(buf, t->xstate_len) > TRACE_XSTATE_MOSTLY)
                return 0;
        memset((uint8_t *)buf + TRACE_XSTATE_MOSTLY, 0, t->xstate_len - TRACE_XSTATE_MOSTLY);
        return 1;
}

ssize_t trace_get_xstate(struct trace *t, pid_t tid, void *buf, size_t len)
{
        struct iovec v = { buf, len };

        if (t->xstate_len > TRACE_XSTATE_MOSTLY && t->xstate_len <= len && get_short(t, tid, buf))
                return (ssize_t)t->xstate_len;
        if (request(t, PTRACE_GETREGSET, tid, number(NT_X86_XSTATE), &v) == 0) {
                if (v.iov_len < len)
                        t->xstate_len = v.iov_len;
                return (ssize_t)v.iov_len;
        }
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
        return (int)request(t, PTRACE_SETOPTIONS, tid, NULL, number(TRACE_OPTIONS | t->options | more));
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

/* It has made a child, which we trace from now on as well, and goes on. Of what it may make later, none. */
static void take_clone(struct trace *t, pid_t tid)
{
        unsigned long child = 0;

        if (request(t, PTRACE_GETEVENTMSG, tid, NULL, &child) == 0)
                t->cloned = (pid_t)child;
        trace_follow_clone(t, tid, 0);
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

/* Sleep until a child may have changed, or at most a slice. SIGCHLD is blocked by seize(). */
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
        uint64_t now, soon = now_ns() + POLL_NS;

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
                if (now < soon && now < deadline) {
                        if (may_poll())
                                sched_yield();          /* the thread may be waiting for this processor */
                        else
                                await_child(deadline);
                        continue;
                }
                if (now - t->asked_ns >= ASK_NS) {      /* a first thread is reported when all others have been reaped */
                        t->asked_ns = now;
                        if (has_ended(t, tid, sig)) {
                                if (waitpid(tid, &status, __WALL | WNOHANG) == tid && !WIFSTOPPED(status))
                                        *sig = status;  /* and it is not listed any more */
                                return TRACE_GONE;
                        }
                }
                if (now >= deadline || (!stubborn && stop_wanted()))
                        return TRACE_TIMEOUT;
                await_child(deadline);
        }
}

int trace_exit(struct trace *t, pid_t tid)
{
        struct user_regs_struct regs;
        enum trace_stop stop;
        int sig;

        if (trace_interrupt(t, tid) < 0)
                return -1;
        stop = trace_wait(t, tid, now_ns() + EXIT_NS, 1, &sig);
        if (stop == TRACE_GONE)
                return 0;
        if (stop == TRACE_TIMEOUT)
                errno = ETIMEDOUT;
        if (stop == TRACE_TIMEOUT || trace_get_regs(t, tid, &regs) < 0)
                return -1;
        regs.rip -= 2;                          /* its `syscall` */
        regs.rax = SYS_exit_group;
        regs.rdi = 0;
        regs.orig_rax = (unsigned long long)-1; /* no call to be restarted */
        if (trace_set_regs(t, tid, &regs) < 0)
                return -1;
        return trace_resume(t, tid, 0, 0);
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

static void list_wrote(struct trace *t, uint64_t from, uint64_t to)
{
        if (from >= t->ours.from && to <= t->ours.to)
                return;
        for (size_t i = 0; i < t->wrote_n && i < TRACE_WROTE; i++) {
                struct trace_range *r = &t->wrote[i];

                if (from < r->to + NEAR && r->from < to + NEAR) {
                        r->from = from < r->from ? from : r->from;
                        r->to = to > r->to ? to : r->to;
                        return;
                }
        }
        if (t->wrote_n < TRACE_WROTE)
                t->wrote[t->wrote_n] = (struct trace_range){ from, to };
        if (t->wrote_n <= TRACE_WROTE)
                t->wrote_n++;
}

int trace_write(struct trace *t, pid_t tid, uint64_t addr, const void *buf, size_t len)
{
        struct iovec here = { (void *)buf, len }, there = { number(addr), len };

        list_wrote(t, addr, addr + len);
        if (t->mem >= 0 && pwrite(t->mem, buf, len, (off_t)addr) == (ssize_t)len)
                return 0;
        if (process_vm_writev(tid, &here, 1, &there, 1, 0) == (ssize_t)len)
                return 0;
        return peek_poke(t, tid, addr, (uint8_t *)buf, len, 1);
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

/* One that is ignored wakes a thread only because that is traced: sig_ignored() of the kernel. */
int trace_has_signal(struct trace *t, const struct trace_task *k)
{
        struct proc_status st;

        if (proc_status(t->dir, k->tid, &st) < 0)
                return 1;
        return ((st.pending | st.shared_pending) & ~(st.blocked | st.ignored | (SIG_UNHEARD & ~st.caught))) != 0;
}

/* Drivers and FUSE may return EINTR after all; sockets do for a time-out of theirs, with nothing read. */
static int reads_socket(struct trace *t, const struct trace_task *k)
{
        char path[48], to[8];

        snprintf(path, sizeof path, "task/%d/fd/%d", (int)k->tid, (int)k->regs.rdi);
        return readlinkat(t->dir, path, to, sizeof to) == sizeof to && !memcmp(to, "socket:[", sizeof to);
}

int trace_repeat(struct trace *t, struct trace_task *k)
{
        long nr = (long)k->regs.orig_rax;
        struct user_regs_struct regs;

        /* what enters the kernel otherwise than by a call has orig_rax -1; a stop and SIGCONT end a call with EINTR as well */
        if ((long)k->regs.rax != -EINTR || nr < 0 || k->state == 'T' || !restart_safe(nr) || trace_has_signal(t, k) ||
            (restart_of_sockets(nr) && !reads_socket(t, k)))
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

void trace_remember(struct trace_task *k, const struct trace *before)
{
        for (size_t i = 0; i < before->n && k->regs.orig_rax == SYS_restart_syscall; i++) {
                const struct user_regs_struct *was = &before->task[i].regs;

                if (before->task[i].tid == k->tid && was->rip == k->regs.rip && was->rsp == k->regs.rsp &&
                    (long)was->rax == RESTART_BLOCK)
                        k->call = (int)was->orig_rax;
        }
}

int trace_look(struct trace *t, struct trace_task *k)
{
        k->again = 0;
        if (trace_get_regs(t, k->tid, &k->regs) < 0) {
                if (errno == ENOEXEC)
                        return fail("process %d is a 32-bit one: not supported", t->pid);
                return trace_fail(t, k->tid, "registers");
        }
        if (k->regs.cs == 0x23)         /* __USER32_CS: a 64-bit task in 32-bit code */
                return fail("thread %d of process %d runs 32-bit code: not supported", k->tid, t->pid);
        if (trace_get_mask(t, k->tid, &k->mask) < 0)
                return trace_fail(t, k->tid, "signal mask");
        return trace_repeat(t, k);
}
