/* SPDX-License-Identifier: MIT */
/* ask.c - what the parasite asks, one remote system call at a time */
#include "ask.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "util.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE             66
#endif
#ifndef PR_GET_SPECULATION_CTRL
#define PR_GET_SPECULATION_CTRL 52
#endif
#define ARCH_GET_CPUID          0x1011

struct asker {
        struct remote *r;
        uint64_t mask;
        int failed;             /* said already; what follows is not asked */
};

/* One call; its result, or -errno. */
static int64_t ask(struct asker *k, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
        uint64_t arg[6] = { a, b, c, d, 0, 0 };
        int64_t ret = -EIO;

        if (!k->failed && remote_call(k->r, k->mask, nr, arg, &ret) < 0)
                k->failed = 1;
        return ret;
}

/* len bytes of what a call that returned ret has stored. */
static void fetch(struct asker *k, int64_t ret, void *to, size_t len, const char *what)
{
        memset(to, 0, len);
        if (k->failed)
                return;
        errno = (int)-ret;
        if (ret >= 0 && trace_read(k->r->t, k->r->task->tid, k->r->scratch, to, len) == 0)
                return;
        fail("ask for %s:", what);
        k->failed = 1;
}

static int32_t ask_prctl(struct asker *k, int what)
{
        return (int32_t)ask(k, SYS_prctl, (uint64_t)what, 0, 0, 0);
}

static int32_t fetch_prctl(struct asker *k, int what)
{
        int64_t ret = ask(k, SYS_prctl, (uint64_t)what, k->r->scratch, 0, 0);
        int32_t value;

        if (ret < 0)
                return (int32_t)ret;
        fetch(k, ret, &value, sizeof value, "prctl");
        return value;
}

static void ask_misc(struct asker *k, struct parasite_misc *m)
{
        struct { uint64_t sp; uint32_t flags, pad; uint64_t size; } ss;
        int64_t ret;

        m->tid = (int32_t)ask(k, SYS_gettid, 0, 0, 0, 0);
        m->pid = (int32_t)ask(k, SYS_getpid, 0, 0, 0, 0);
        m->ppid = (int32_t)ask(k, SYS_getppid, 0, 0, 0, 0);
        m->pgid = (int32_t)ask(k, SYS_getpgid, 0, 0, 0, 0);
        m->sid = (int32_t)ask(k, SYS_getsid, 0, 0, 0, 0);
        m->dumpable = ask_prctl(k, PR_GET_DUMPABLE);
        m->subreaper = fetch_prctl(k, PR_GET_CHILD_SUBREAPER);
        m->thp_disable = ask_prctl(k, PR_GET_THP_DISABLE);
        m->no_new_privs = ask_prctl(k, PR_GET_NO_NEW_PRIVS);
        m->pdeath_signal = fetch_prctl(k, PR_GET_PDEATHSIG);
        ret = ask(k, SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0);
        m->timer_slack_err = ret < 0 ? (int32_t)ret : 0;
        m->timer_slack_ns = ret < 0 ? 0 : (uint64_t)ret;
        m->brk = (uint64_t)ask(k, SYS_brk, 0, 0, 0, 0);
        m->personality = (uint64_t)ask(k, SYS_personality, 0xffffffff, 0, 0, 0);
        m->tid_address = ~0ull;
        ret = ask(k, SYS_prctl, PR_GET_TID_ADDRESS, k->r->scratch, 0, 0);
        if (ret >= 0)
                fetch(k, ret, &m->tid_address, sizeof m->tid_address, "tid address");
        fetch(k, ask(k, SYS_sigaltstack, 0, k->r->scratch, 0, 0), &ss, sizeof ss, "alternate stack");
        m->altstack_sp = ss.sp;
        m->altstack_size = ss.size;
        m->altstack_flags = ss.flags;
        m->mdwe = ask_prctl(k, PR_GET_MDWE);
        m->tsc = fetch_prctl(k, PR_GET_TSC);
        m->cpuid = (int32_t)ask(k, SYS_arch_prctl, ARCH_GET_CPUID, 0, 0, 0);
        for (uint64_t which = 0; which < 3; which++)
                m->speculation[which] = (int32_t)ask(k, SYS_prctl, PR_GET_SPECULATION_CTRL, which, 0, 0);
        m->securebits = ask_prctl(k, PR_GET_SECUREBITS);
        m->mce_kill = ask_prctl(k, PR_MCE_KILL_GET);
        m->umask = -1;          /* asking for it sets it: not without the blob around it */
}

static void ask_timer(struct asker *k, struct parasite_timer *t)
{
        struct { int64_t interval_sec, interval_ns, value_sec, value_ns; } its;
        int64_t ret = ask(k, SYS_timer_gettime, (uint64_t)t->id, k->r->scratch, 0, 0);

        t->err = t->overrun = (int32_t)ret;
        if (ret < 0)
                return;
        fetch(k, ret, &its, sizeof its, "POSIX timer");
        t->interval_sec = its.interval_sec;
        t->interval_ns = its.interval_ns;
        t->value_sec = its.value_sec;
        t->value_ns = its.value_ns;
        t->overrun = (int32_t)ask(k, SYS_timer_getoverrun, (uint64_t)t->id, 0, 0, 0);
}

int ask_each(struct remote *r, uint64_t mask, struct parasite_data *d, struct parasite_timer *timer, uint32_t timers)
{
        struct asker k = { .r = r, .mask = mask };

        if (!r->scratch)
                return fail("no place for the answers of single system calls");
        memset(d, 0, sizeof *d);
        for (uint64_t sig = 1; sig <= PARASITE_SIGNALS; sig++)
                fetch(&k, ask(&k, SYS_rt_sigaction, sig, 0, r->scratch, 8),
                      &d->sigaction[sig - 1], sizeof d->sigaction[0], "signal action");
        for (uint64_t which = 0; which < 3; which++)
                fetch(&k, ask(&k, SYS_getitimer, which, r->scratch, 0, 0),
                      &d->itimer[which], sizeof d->itimer[0], "interval timer");
        ask_misc(&k, &d->misc);
        for (uint32_t i = 0; i < timers && i < ASK_TIMERS; i++)
                ask_timer(&k, &timer[i]);
        return k.failed ? -1 : 0;
}
