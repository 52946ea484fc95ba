/* SPDX-License-Identifier: MIT */
/*
 * parasite.c - the commands of the blob: what only the process itself may ask
 *
 * Runs in the target, on a stack of its own, with all signals blocked but for
 * the one that it stops by, for less than a millisecond. It opens nothing, allocates nothing, writes nowhere but
 * into its struct parasite_data, and makes no call that could change the
 * target or disturb a restart block.
 */
#include "parasite.h"
#include <sys/syscall.h>

#define PR_GET_PDEATHSIG        2
#define PR_GET_DUMPABLE         3
#define PR_GET_TSC              25
#define PR_GET_SECUREBITS       27
#define PR_GET_TIMERSLACK       30
#define PR_MCE_KILL_GET         34
#define PR_GET_CHILD_SUBREAPER  37
#define PR_GET_NO_NEW_PRIVS     39
#define PR_GET_TID_ADDRESS      40
#define PR_GET_THP_DISABLE      42
#define PR_GET_SPECULATION_CTRL 52
#define PR_GET_MDWE             66
#define ARCH_GET_CPUID          0x1011
#ifndef SYS_close_range
#define SYS_close_range         436
#endif
#define STACK_CANARY            0x5ec2e7c0ffee1234ull

extern uint64_t stack_base[] __attribute__((visibility("hidden")));

int parasite_main(struct parasite_data *d) __attribute__((visibility("hidden")));

static long call5(long nr, long a, long b, long c, long d, long e)
{
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        long ret;

        __asm__ volatile("syscall" : "=a"(ret)
                : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                : "rcx", "r11", "memory");
        return ret;
}

/* prctl wants its unused arguments to be zero, the fifth too */
static long call4(long nr, long a, long b, long c, long d)
{
        return call5(nr, a, b, c, d, 0);
}

static void log_text(struct parasite_data *d, const char *s)
{
        while (*s && d->log_len < sizeof d->log)
                d->log[d->log_len++] = *s++;
}

static void log_number(struct parasite_data *d, int64_t n)
{
        char digits[21], *p = digits + sizeof digits - 1;
        uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

        *p = '\0';
        do
                *--p = '0' + u % 10;
        while (u /= 10);
        if (n < 0)
                *--p = '-';
        log_text(d, p);
}

static void log_fact(struct parasite_data *d, const char *what, int64_t n)
{
        log_text(d, what);
        log_text(d, " ");
        log_number(d, n);
        log_text(d, "\n");
}

/* Leaves the command that it is used in, with the line for the tool to name. */
#define failed(a, error) ((a)->err = (int32_t)(error), (a)->line = __LINE__, -1)

static int init(struct parasite_data *d, struct parasite_answer *a)
{
        long tid = call4(SYS_gettid, 0, 0, 0, 0);

        if (d->self != (uint64_t)d)
                return failed(a, 14);   /* EFAULT: mapped elsewhere than the tool thinks */
        if (d->tid && tid != d->tid)
                return failed(a, 3);    /* ESRCH: another thread than the tool thinks */
        *stack_base = STACK_CANARY;
        log_fact(d, "running in thread", tid);
        return 0;
}

static int sigactions(struct parasite_data *d, struct parasite_answer *a)
{
        int64_t handled = 0;
        long rc;

        for (int sig = 1; sig <= PARASITE_SIGNALS; sig++) {
                struct parasite_sigaction *sa = &d->sigaction[sig - 1];

                rc = call4(SYS_rt_sigaction, sig, 0, (long)sa, sizeof sa->mask);
                if (rc < 0)
                        return failed(a, -rc);
                handled += sa->handler > 1;
        }
        log_fact(d, "signals with handlers:", handled);
        return 0;
}

static int itimers(struct parasite_data *d, struct parasite_answer *a)
{
        for (int which = 0; which < 3; which++) {
                long rc = call4(SYS_getitimer, which, (long)&d->itimer[which], 0, 0);

                if (rc < 0)
                        return failed(a, -rc);
        }
        return 0;
}

static int32_t ask_prctl(long what)     /* those that return their answer */
{
        return (int32_t)call4(SYS_prctl, what, 0, 0, 0);
}

static int32_t fetch_prctl(long what)   /* those that store an int */
{
        int32_t value = 0;
        long rc = call4(SYS_prctl, what, (long)&value, 0, 0);

        return rc < 0 ? (int32_t)rc : value;
}

/* Not PR_GET_IO_FLUSHER: asking marks a privileged process as having used its privilege (PF_SUPERPRIV). */
static void misc_switches(struct parasite_misc *m)
{
        m->mdwe = ask_prctl(PR_GET_MDWE);
        m->tsc = fetch_prctl(PR_GET_TSC);
        m->cpuid = (int32_t)call4(SYS_arch_prctl, ARCH_GET_CPUID, 0, 0, 0);
        for (int which = 0; which < 3; which++)
                m->speculation[which] = (int32_t)call4(SYS_prctl, PR_GET_SPECULATION_CTRL, which, 0, 0);
        m->securebits = ask_prctl(PR_GET_SECUREBITS);
        m->mce_kill = ask_prctl(PR_MCE_KILL_GET);
}

static int misc(struct parasite_data *d, struct parasite_answer *a)
{
        struct { uint64_t sp; int32_t flags, pad; uint64_t size; } ss = { 0, 0, 0, 0 };
        struct parasite_misc *m = &d->misc;
        long rc;

        m->tid = (int32_t)call4(SYS_gettid, 0, 0, 0, 0);
        m->pid = (int32_t)call4(SYS_getpid, 0, 0, 0, 0);
        m->ppid = (int32_t)call4(SYS_getppid, 0, 0, 0, 0);
        m->pgid = (int32_t)call4(SYS_getpgid, 0, 0, 0, 0);
        m->sid = (int32_t)call4(SYS_getsid, 0, 0, 0, 0);
        m->dumpable = ask_prctl(PR_GET_DUMPABLE);
        m->subreaper = fetch_prctl(PR_GET_CHILD_SUBREAPER);
        m->thp_disable = ask_prctl(PR_GET_THP_DISABLE);
        m->no_new_privs = ask_prctl(PR_GET_NO_NEW_PRIVS);
        m->pdeath_signal = fetch_prctl(PR_GET_PDEATHSIG);
        rc = call4(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0);
        m->timer_slack_err = rc < 0 ? (int32_t)rc : 0;
        m->timer_slack_ns = rc < 0 ? 0 : (uint64_t)rc;
        m->brk = (uint64_t)call4(SYS_brk, 0, 0, 0, 0);
        m->personality = (uint64_t)call4(SYS_personality, 0xffffffff, 0, 0, 0);
        if (call4(SYS_prctl, PR_GET_TID_ADDRESS, (long)&m->tid_address, 0, 0) < 0)
                m->tid_address = ~0ull;
        rc = call4(SYS_sigaltstack, 0, (long)&ss, 0, 0);
        if (rc < 0)
                return failed(a, -rc);
        m->altstack_sp = ss.sp;
        m->altstack_size = ss.size;
        m->altstack_flags = (uint32_t)ss.flags;
        misc_switches(m);
        m->umask = -1;
        if (d->ask_umask) {
                m->umask = (int32_t)call4(SYS_umask, 0, 0, 0, 0);
                call4(SYS_umask, m->umask, 0, 0, 0);
        }
        return 0;
}

/*
 * timer_gettime(2) counts the overruns so far of a timer whose signal waits,
 * as that signal's delivery would: their sum is the same, whoever asks when.
 * timer_getoverrun(2) reads a number (kernel/time/posix-timers.c).
 */
static int timers(struct parasite_data *d)
{
        struct parasite_timer *t = (struct parasite_timer *)d->timers;

        for (uint32_t i = 0; i < d->timers_n; i++, t++) {
                t->err = (int32_t)call4(SYS_timer_gettime, t->id, (long)&t->interval_sec, 0, 0);
                t->overrun = t->err < 0 ? t->err : (int32_t)call4(SYS_timer_getoverrun, t->id, 0, 0, 0);
        }
        log_fact(d, "timers asked:", d->timers_n);
        return 0;
}

static void quit(void) __attribute__((noreturn));

static void quit(void)
{
        for (;;)
                call4(SYS_exit_group, 0, 0, 0, 0);
}

/*
 * The twin: it lets go of all descriptors, so that it holds nothing open, and
 * waits for the tool to end it. Without a tool it ends by itself.
 */
static void live_apart(struct parasite_data *d) __attribute__((noreturn));

static void live_apart(struct parasite_data *d)
{
        if (!d->adopted)
                quit();
        if (call4(SYS_close_range, 0, 0xffffffff, 0, 0) < 0)    /* since 5.9 */
                for (int32_t fd = 0; fd < d->fds; fd++)
                        call4(SYS_close, fd, 0, 0, 0);
        __atomic_store_n(&d->alone, 1, __ATOMIC_RELEASE);
        for (;;)
                call5(SYS_ppoll, 0, 0, 0, 0, 8);
}

/*
 * No signal at its end (the lowest byte of the flags), so that no wait of the
 * target's without __WCLONE or __WALL sees it. Its table of descriptors is one
 * of its own: if it were the target's until it has another, that one would
 * lose its POSIX locks when another program is executed meanwhile.
 */
static void twin(struct parasite_data *d)
{
        long rc;

        if (!d->twin)
                return;
        rc = call5(SYS_clone, 0, 0, 0, 0, 0);
        if (rc == 0)
                live_apart(d);
        d->twin = (int32_t)rc;
        log_fact(d, "twin:", rc);
}

static int fini(struct parasite_data *d, struct parasite_answer *a)
{
        if (*stack_base != STACK_CANARY)
                return failed(a, 7);    /* E2BIG: the stack ran over */
        log_text(d, "done\n");
        return 0;
}

static int run(struct parasite_data *d, struct parasite_answer *a)
{
        switch (a->cmd) {
        case PARASITE_INIT:             return init(d, a);
        case PARASITE_SIGACTIONS:       return sigactions(d, a);
        case PARASITE_ITIMERS:          return itimers(d, a);
        case PARASITE_MISC:             return misc(d, a);
        case PARASITE_TIMERS:           return timers(d);
        case PARASITE_TWIN:             twin(d); return 0;
        case PARASITE_FINI:             return fini(d, a);
        }
        return failed(a, 38);           /* ENOSYS: a tool newer than its blob */
}

static int64_t monotonic_ns(void)
{
        enum { MONOTONIC = 1 };         /* CLOCK_MONOTONIC */
        struct { int64_t sec, ns; } t = { 0, 0 };

        call4(SYS_clock_gettime, MONOTONIC, (long)&t, 0, 0);
        return t.sec * 1000000000 + t.ns;
}

/*
 * Has the tool said go? Naps of 50 us, and of as much more as the thread's timer
 * slack; at most as long as a park. No restart block is touched, as in `park`.
 */
static int may_go(struct parasite_data *d)
{
        int64_t end = monotonic_ns() + PARASITE_WAIT_SECONDS * 1000000000ll;

        for (int naps = 0; naps < PARASITE_WAIT_SECONDS * 20000 && monotonic_ns() < end; naps++) {
                struct { int64_t sec, ns; } nap = { 0, 50000 };

                if (__atomic_load_n(&d->go, __ATOMIC_ACQUIRE))
                        return 1;
                call5(SYS_ppoll, 0, 0, (long)&nap, 0, 8);
        }
        return 0;
}

/* Run the batch up to its end or the first failure. Returns the way to take: PARASITE_PARK, PARASITE_GO, 0 home. */
int parasite_main(struct parasite_data *d)
{
        for (int i = 0; i < PARASITE_CMDS && d->answer[i].cmd; i++) {
                d->answer[i].status = run(d, &d->answer[i]);
                if (d->answer[i].status < 0)
                        break;
        }
        __atomic_store_n(&d->done, PARASITE_DONE, __ATOMIC_RELEASE);
        if (d->mode == PARASITE_GO)
                return may_go(d) ? PARASITE_GO : 0;
        return PARASITE_PARK;
}
