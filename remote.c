/* SPDX-License-Identifier: MIT */
/* remote.c - the trampoline: system calls of another process, made by us */
#include "remote.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bytes.h"
#include "image.h"
#include "peek.h"
#include "sigframe.h"
#include "util.h"

#define CALL_NS         5000000000ull   /* a remote call takes microseconds; mmap may wait for a lock */
#define RED_ZONE        128
#define RSEQ_CS                 8       /* of struct rseq: cpu_id_start, cpu_id, rseq_cs: uapi/linux/rseq.h */
#define REQ_SET_DISPATCH        0x4210  /* ptrace's, since 6.4 */
#define REQ_GET_DISPATCH        0x4211
#define SYS_BIT         SIG_BIT(SIGSYS)
#define EFLAGS_TF       0x100u
#define EFLAGS_DF       0x400u
#define EFLAGS_AC       0x40000u

/*
 * The swapped-in trampoline: CRIU's `syscall; int3` with a restorer between,
 * so that without us it leads home as well. The int3 is never reached.
 */
static const uint8_t code[REMOTE_CODE] = {
        0x0f, 0x05,                     /* syscall */
        0xb8, 15, 0, 0, 0, 0x0f, 0x05,  /* mov $15, %eax; syscall */
        0xcc, 0xcc, 0xcc                /* int3 */
};

static uint64_t deadline(void)
{
        return now_ns() + CALL_NS;
}

/*
 * Where to swap the trampoline in: the zeros that fill up the last page of an
 * executable mapping, where nobody ever runs, else its very first bytes.
 */
static uint64_t find_code(struct remote *r, const struct proc_maps *maps)
{
        static const uint8_t zeros[REMOTE_CODE];
        uint64_t first = 0;

        for (size_t i = 0; i < maps->n; i++) {
                const struct proc_map *map = &maps->map[i];
                uint8_t now[REMOTE_CODE];

                if (!map->x || !map->r || map->shared || proc_map_named(maps, map, "[vdso]") ||
                    proc_map_named(maps, map, "[vsyscall]") || proc_map_named(maps, map, "[uprobes]"))
                        continue;
                if (trace_read(r->t, r->task->tid, map->end - REMOTE_CODE, now, sizeof now) == 0 &&
                    !memcmp(now, zeros, sizeof now))
                        return map->end - REMOTE_CODE;
                if (!first && trace_read(r->t, r->task->tid, map->start, now, sizeof now) == 0)
                        first = map->start;
        }
        return first;
}

static int plant_code(struct remote *r, const struct proc_maps *maps)
{
        uint64_t at = find_code(r, maps);

        if (!at)
                return fail("no executable mapping to put a trampoline in");
        if (trace_read(r->t, r->task->tid, at, r->code_saved, sizeof code) < 0)
                return trace_fail(r->t, r->task->tid, "code");
        r->code_at = at;
        if (trace_write(r->t, r->task->tid, at, code, sizeof code) < 0)
                return fail("write trampoline into %d:", r->task->tid);
        r->gadget = (struct gadget){ .syscall = at, .pops = 0, .restorer = 0 };
        say("trampoline swapped in at %#" PRIx64, at);
        return 0;
}

/* The bytes of the lifeline, that will lie from line_at on: for the pops, the restorer, the frame. */
static void fill_line(struct remote *r, uint8_t *buf, size_t above)
{
        struct user_regs_struct regs = r->regs;

        if (regs.orig_rax == SYS_restart_syscall && r->task->call)
                regs.orig_rax = (unsigned long long)r->task->call;      /* to be made from the start */
        if (r->gadget.restorer)
                memcpy(buf + above - 8, &r->gadget.restorer, 8);
        sigframe_build(buf + above, r->line_at + above, &regs, r->mask, r->xstate, r->xstate_len);
}

/*
 * above: bytes before the frame, a multiple of its alignment. With the target's
 * own instruction calls are made pops + 8 bytes below the frame; the swapped-in
 * one goes straight home.
 */
static int plant_line(struct remote *r, const struct proc_maps *maps)
{
        size_t used = r->code_at ? 0 : (size_t)r->gadget.pops + 8;
        size_t above = (used + SIGFRAME_ALIGN - 1) & ~(size_t)(SIGFRAME_ALIGN - 1);
        size_t len = REMOTE_SCRATCH + above + sigframe_len(r->xstate, r->xstate_len);
        uint64_t at = (r->regs.rsp - RED_ZONE - len) & ~(uint64_t)(SIGFRAME_ALIGN - 1);
        const struct proc_map *map = proc_maps_find(maps, at);
        uint8_t *buf;

        if (at > r->regs.rsp || !map || !map->w || !map->r || map->shared || map->end < r->regs.rsp - RED_ZONE) {
                say("no stack to tie a lifeline to");
                return 0;
        }
        buf = trace_piece(r->t, TRACE_BUILD);
        r->line_saved = trace_piece(r->t, TRACE_SAVED);
        if (len > TRACE_XSTATE_MAX)
                return fail("a lifeline of %zu bytes: too long for this crdump", len);
        memset(buf, 0, len);
        if (trace_read(r->t, r->task->tid, at, r->line_saved, len) < 0)
                return trace_fail(r->t, r->task->tid, "stack");
        r->line_at = at;
        r->line_len = len;
        r->scratch = at;
        r->rsp = at + REMOTE_SCRATCH + above - used;
        fill_line(r, buf, REMOTE_SCRATCH + above);
        return trace_write(r->t, r->task->tid, at, buf, len) < 0 ? fail("write below the stack of %d:", r->task->tid) : 0;
}

/*
 * A restartable sequence that is left, as by going to the trampoline, loses its
 * descriptor: the kernel clears rseq_cs (kernel/rseq.c). Note it, to be written
 * again, so that the kernel sends the thread to the abort handler.
 */
static void note_rseq(struct remote *r, uint64_t rseq)
{
        uint64_t cs;

        if (!rseq || trace_read(r->t, r->task->tid, rseq + RSEQ_CS, &cs, sizeof cs) < 0 || !cs)
                return;
        r->rseq_cs_at = rseq + RSEQ_CS;
        r->rseq_cs = cs;
}

/* A thread that may not touch memory of the default protection key could not run the blob, nor take an answer. */
static int open_pkru(struct remote *r)
{
        memcpy(r->xstate_now, r->xstate, r->xstate_len);
        if (!sigframe_open_pkru(r->xstate_now, r->xstate_len))
                return 0;
        r->pkru = 1;
        if (trace_set_xstate(r->t, r->task->tid, r->xstate_now, r->xstate_len) < 0)
                return trace_fail(r->t, r->task->tid, "extended registers");
        return 0;
}

static int get_dispatch(struct remote *r, struct remote_dispatch *d)
{
        return (int)trace_request(r->t, REQ_GET_DISPATCH, r->task->tid, sizeof *d, d);
}

static int set_dispatch(struct remote *r, const struct remote_dispatch *d)
{
        return (int)trace_request(r->t, REQ_SET_DISPATCH, r->task->tid, sizeof *d, (void *)d);
}

/* To let our own through would let that one through, which could not be told from it. */
static int has_sys(const struct remote *r)
{
        struct proc_status st;

        return proc_status(r->t->dir, r->task->tid, &st) < 0 || ((st.pending | st.shared_pending) & SYS_BIT);
}

/* Calls with syscall user dispatch on become SIGSYS: off with it meanwhile. Without us it would stay off. */
static int stop_dispatch(struct remote *r)
{
        struct remote_dispatch off = { 0 };

        if (get_dispatch(r, &r->dispatch) < 0)
                r->maybe_dispatch = 1;
        if (r->maybe_dispatch && has_sys(r)) {
                r->dispatched = 1;
                say("a SIGSYS is pending, as syscall user dispatch leaves one");
                return -1;
        }
        if (!r->dispatch.mode)
                return 0;
        say("syscall user dispatch is switched off for a while");
        if (set_dispatch(r, &off) < 0) {
                r->dispatch.mode = 0;
                return trace_fail(r->t, r->task->tid, "syscall user dispatch");
        }
        return 0;
}

enum remote_lend remote_lend(struct remote *r, struct trace *t, const struct trace_task *task, uint64_t rseq,
                             void *xstate, void *xstate_now, size_t len)
{
        ssize_t got = trace_get_xstate(t, task->tid, xstate, len);

        if (got < 0)
                return trace_fail(t, task->tid, "extended registers"), REMOTE_FAILED;
        if ((size_t)got != len)
                return REMOTE_ODD;
        *r = (struct remote){
                .t = t, .task = task, .regs = trace_home_regs(task), .mask = task->mask,
                .xstate = xstate, .xstate_now = xstate_now, .xstate_len = len,
                .rsp = task->regs.rsp - RED_ZONE, .in_event = 1,
        };
        if (sigframe_open_pkru(xstate, len))    /* of no use any more, then */
                return REMOTE_KEYS;
        if (get_dispatch(r, &r->dispatch) < 0)
                r->maybe_dispatch = 1;
        else if (r->dispatch.mode)
                return REMOTE_DISPATCHED;
        r->dispatch.mode = 0;
        if ((long)task->regs.orig_rax < 0)      /* nobody makes a system call within such a sequence */
                note_rseq(r, rseq);
        return REMOTE_LENT;
}

int remote_begin(struct remote *r, struct trace *t, const struct trace_task *task,
                 const struct proc_maps *maps, const struct gadget *g, int inject)
{
        struct peek_rseq rseq;
        ssize_t len;

        *r = (struct remote){
                .t = t, .task = task, .regs = trace_home_regs(task), .mask = task->mask,
                .gadget = *g, .rsp = task->regs.rsp - RED_ZONE, .in_event = 1,
        };
        r->xstate = trace_piece(t, TRACE_XSTATE);
        r->xstate_now = trace_piece(t, TRACE_XSTATE_NOW);
        len = trace_get_xstate(t, task->tid, r->xstate, TRACE_XSTATE_MAX);
        if (len < 0)
                return trace_fail(t, task->tid, "extended registers");
        if (len > TRACE_XSTATE_MAX - IMG_PAGE)
                return fail("extended registers of %zd bytes: too long for this crdump", len);
        r->xstate_len = (size_t)len;
        if (peek_rseq(t, task->tid, &rseq) == 0)
                note_rseq(r, rseq.addr);
        if (!inject && !gadget_verify(t, task->tid, &r->gadget)) {
                say("no system call instruction in the target's own code");
                inject = 1;
        }
        if (open_pkru(r) < 0 || stop_dispatch(r) < 0 || (inject && plant_code(r, maps) < 0))
                return -1;
        if (!inject && !gadget_safe(&r->gadget)) {
                say("no lifeline: no simple way from system call to restorer");
                return 0;
        }
        return plant_line(r, maps);
}

int remote_surprise(struct remote *r, enum trace_stop stop, int sig)
{
        switch (stop) {
        case TRACE_TIMEOUT:
                return fail("thread %d did not stop in time", r->task->tid);
        case TRACE_GONE:
                r->running = 0;
                return trace_fail_gone(r->t, sig);
        case TRACE_SIGNAL:
                r->running = 0;
                r->forced = sig;
                return fail("thread %d got signal %d (%s) while borrowed", r->task->tid, sig, strsignal(sig));
        default:
                r->running = 0;
                return fail("thread %d stopped where it should not", r->task->tid);
        }
}

/*
 * All signals are blocked for a borrowed thread, but for SIGTRAP and SIGSYS at
 * times, and for the one that it is to stop by: what it gets then, the kernel has
 * forced on it, and made that one deliverable (force_sig_info_to_task()). One that
 * went home by itself, because we were held up, has its own mask again, and takes
 * its own ones, which have to reach it.
 */
static int is_home(const struct remote *r, int sig)
{
        const uint64_t open = SIG_BIT(sig) | SIG_BIT(SIGTRAP) | SYS_BIT | SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP);
        uint64_t mask;

        return !(SIG_FAULTS & SIG_BIT(sig)) || (trace_get_mask(r->t, r->task->tid, &mask) == 0 && (mask | open) != (r->given | open));
}

static int give_mask(struct remote *r, uint64_t mask)
{
        r->given = mask;
        return trace_set_mask(r->t, r->task->tid, mask);
}

int remote_pass(struct remote *r, int *sig)
{
        if (*sig == SIGSTOP || is_home(r, *sig))
                return 1;
        if (*sig != SIGTRAP || r->kept_n == REMOTE_KEPT ||
            !trace_sent_signal(r->t, r->task->tid, r->kept[r->kept_n], sizeof r->kept[0]))
                return 0;
        r->kept_n++;
        *sig = 0;
        return r->expect_trap || give_mask(r, SIG_ALL) == 0;
}

static int resume(struct remote *r, int to_syscall, int sig)
{
        r->running = 1;
        r->in_event = 0;
        if (trace_resume(r->t, r->task->tid, to_syscall, sig) < 0) {
                r->running = 0;
                return trace_fail(r->t, r->task->tid, "resumption");
        }
        return 0;
}

/* The thread may now die with us at any time: registers first, for the frame has the mask, but not the other way round. */
static int go_to(struct remote *r, uint64_t mask, const struct user_regs_struct *regs)
{
        r->moved = 1;
        if (trace_set_regs(r->t, r->task->tid, regs) < 0)
                return trace_fail(r->t, r->task->tid, "registers");
        if (r->masked)
                return 0;
        r->masked = 1;
        if (r->maybe_dispatch)          /* blocked, a forced SIGSYS would lose what the target does on it */
                mask &= ~SYS_BIT;
        if (give_mask(r, mask) < 0)
                return trace_fail(r->t, r->task->tid, "signal mask");
        return 0;
}

/* The first call was made: there is no dispatch. SIGSYS is like any other signal from now on. */
static int not_dispatched(struct remote *r, uint64_t mask)
{
        r->maybe_dispatch = 0;
        if (give_mask(r, mask) < 0)
                return trace_fail(r->t, r->task->tid, "signal mask");
        return 0;
}

static struct user_regs_struct start_regs(struct remote *r, uint64_t rip)
{
        struct user_regs_struct regs = r->regs;

        regs.rip = rip;
        regs.orig_rax = (unsigned long long)-1;         /* or the kernel runs the interrupted call again */
        regs.rsp = r->rsp;
        regs.rbp = r->rsp + GADGET_RBP;
        regs.eflags &= ~(unsigned long long)(EFLAGS_TF | EFLAGS_DF | EFLAGS_AC);
        return regs;
}

/*
 * On through so many stops of the call: 1, to its entry, 2, to its exit as well. A
 * group stop and what is left of an interrupt come first.
 */
static int run_call(struct remote *r, int to)
{
        for (int stops = 0, sig = 0; stops < to; ) {
                enum trace_stop stop;

                if (resume(r, 1, sig) < 0)
                        return -1;
                stop = trace_wait(r->t, r->task->tid, deadline(), 1, &sig);
                if (stop == TRACE_SIGNAL && sig == SIGSYS && r->maybe_dispatch) {
                        r->running = 0;
                        if (!trace_sent_signal(r->t, r->task->tid, r->kept[0], sizeof r->kept[0])) {
                                r->dispatched = 1;
                                say("syscall user dispatch, which this kernel cannot switch off");
                                return -1;
                        }
                }
                if (stop == TRACE_SYSCALL)
                        stops++;
                else if (stop != TRACE_EVENT && !(stop == TRACE_SIGNAL && remote_pass(r, &sig)))
                        return remote_surprise(r, stop, sig);
                r->running = 0;
                if (stop != TRACE_SIGNAL)
                        sig = 0;
        }
        return 0;
}

/* last: it stops behind the call as remote_stop() would stop it then, for a call that no signal ends. */
static int call(struct remote *r, uint64_t mask, long nr, const uint64_t arg[6], int64_t *ret, int last)
{
        struct user_regs_struct regs = start_regs(r, r->gadget.syscall);

        regs.rax = (unsigned long long)nr;
        regs.rdi = arg[0];
        regs.rsi = arg[1];
        regs.rdx = arg[2];
        regs.r10 = arg[3];
        regs.r8 = arg[4];
        regs.r9 = arg[5];
        if (go_to(r, mask, &regs) < 0 || run_call(r, last ? 1 : 2) < 0 || (last && remote_stop(r) < 0) ||
            (r->maybe_dispatch && not_dispatched(r, mask) < 0))
                return -1;
        if (trace_get_regs(r->t, r->task->tid, &regs) < 0)
                return trace_fail(r->t, r->task->tid, "registers");
        if (regs.rip != r->gadget.syscall + 2 || (int64_t)regs.rax == -38)
                return fail("system call %ld in %d did not run (rip %#" PRIx64 ", result %" PRId64 ")", nr,
                            r->task->tid, (uint64_t)regs.rip, (int64_t)regs.rax);
        *ret = (int64_t)regs.rax;
        return 0;
}

int remote_call(struct remote *r, uint64_t mask, long nr, const uint64_t arg[6], int64_t *ret)
{
        return call(r, mask, nr, arg, ret, 0);
}

int remote_unmap(struct remote *r, uint64_t mask, uint64_t addr, uint64_t len, const char *what)
{
        uint64_t arg[6] = { addr, len, 0, 0, 0, 0 };
        int64_t ret;

        if (call(r, mask, SYS_munmap, arg, &ret, 1) < 0)
                return -1;
        if (ret >= 0)
                return 0;
        errno = (int)-ret;
        return fail("unmap the %s:", what);
}

int remote_run(struct remote *r, uint64_t mask, uint64_t rip, uint64_t arg)
{
        struct user_regs_struct regs = start_regs(r, rip);

        regs.rsi = arg;
        if (go_to(r, mask, &regs) < 0)
                return -1;
        return resume(r, 0, 0);
}

void remote_stopped(struct remote *r)
{
        r->running = r->interrupted = 0;
        r->in_event = 1;
}

/* The event stop that an interrupt has asked for. */
static int await_event(struct remote *r)
{
        for (;;) {
                int sig;
                enum trace_stop stop = trace_wait(r->t, r->task->tid, deadline(), 1, &sig);

                if (stop == TRACE_EVENT) {
                        remote_stopped(r);
                        return 0;
                }
                if (stop == TRACE_SIGNAL && !remote_pass(r, &sig)) {
                        warn("thread %d got signal %d (%s) while borrowed", r->task->tid, sig, strsignal(sig));
                        r->forced = sig;
                        sig = 0;
                } else if (stop != TRACE_SYSCALL && stop != TRACE_SIGNAL) {
                        return remote_surprise(r, stop, sig);
                }
                r->running = 0;
                trace_interrupt(r->t, r->task->tid);    /* this stop may have used the first one up: ptrace_stop() */
                if (resume(r, 0, stop == TRACE_SIGNAL ? sig : 0) < 0)
                        return -1;
        }
}

void remote_interrupt(struct remote *r)
{
        if (r->in_event || r->interrupted)
                return;
        trace_interrupt(r->t, r->task->tid);    /* fails only if it is gone: waiting shows it */
        r->interrupted = 1;
}

int remote_stop(struct remote *r)
{
        if (r->in_event)
                return 0;
        remote_interrupt(r);
        if (!r->running && resume(r, 0, 0) < 0)
                return -1;
        return await_event(r);
}

int remote_within(struct remote *r, uint64_t start, uint64_t end)
{
        struct user_regs_struct regs;

        if (trace_get_regs(r->t, r->task->tid, &regs) < 0)
                return trace_fail(r->t, r->task->tid, "registers");
        return regs.rip >= start && regs.rip < end;
}

static int put_back(struct remote *r, uint64_t at, const uint8_t *bytes, size_t len, const char *what)
{
        uint8_t *now = r->xstate_now;   /* long enough for all that is put back */
        int rc;

        if (len > TRACE_XSTATE_MAX || trace_write(r->t, r->task->tid, at, bytes, len) < 0)
                return trace_fail(r->t, r->task->tid, what);
        rc = trace_read(r->t, r->task->tid, at, now, len) == 0 && same_bytes(now, bytes, len) ? 0 : -1;
        if (rc < 0 && !r->t->died)
                fail("%s of %d at %#" PRIx64 " is not as it was", what, r->task->tid, at);
        return rc;
}

static int verify(struct remote *r)
{
        struct user_regs_struct regs;
        uint64_t mask;
        int rc = 0;

        if (trace_get_regs(r->t, r->task->tid, &regs) < 0 || memcmp(&regs, &r->regs, sizeof regs))
                rc = fail("registers of %d are not as they were", r->task->tid);
        if (trace_get_mask(r->t, r->task->tid, &mask) < 0 || mask != r->mask)
                rc = fail("signal mask of %d is not as it was", r->task->tid);
        r->same_xstate = trace_get_xstate(r->t, r->task->tid, r->xstate_now, TRACE_XSTATE_MAX) == (ssize_t)r->xstate_len &&
                sigframe_same_xstate(r->xstate, r->xstate_now, r->xstate_len);
        if (!r->same_xstate)
                rc = fail("extended registers of %d are not as they were", r->task->tid);
        return rc;
}

/*
 * Registers before memory: as long as the thread may go home through it, the
 * lifeline must hold. Where mask or registers cannot be set, it is the way home.
 */
static int give_back(struct remote *r)
{
        int rc = 0, moved = r->moved;

        if (r->pkru && trace_set_xstate(r->t, r->task->tid, r->xstate, r->xstate_len) < 0)
                rc = trace_fail(r->t, r->task->tid, "extended registers not put back, those");
        else if (r->masked && trace_set_mask(r->t, r->task->tid, r->mask) < 0)
                rc = trace_fail(r->t, r->task->tid, "signal mask not put back, that");
        else if (r->moved && trace_set_regs(r->t, r->task->tid, &r->regs) < 0)
                rc = trace_fail(r->t, r->task->tid, "registers not put back, those");
        if (rc < 0 && r->line_at && !r->t->died) {
                warn("thread %d is let go through its lifeline; %zu bytes below its stack stay written",
                     r->task->tid, r->line_len);
                return -1;
        }
        r->masked = r->moved = r->pkru = 0;
        if (r->dispatch.mode && set_dispatch(r, &r->dispatch) < 0)
                rc = trace_fail(r->t, r->task->tid, "syscall user dispatch not put back, that");
        if (moved && r->rseq_cs_at &&
            put_back(r, r->rseq_cs_at, (const uint8_t *)&r->rseq_cs, sizeof r->rseq_cs, "rseq") < 0)
                rc = -1;
        if (r->code_at && put_back(r, r->code_at, r->code_saved, sizeof code, "code") < 0)
                rc = -1;
        if (r->line_at && put_back(r, r->line_at, r->line_saved, r->line_len, "stack") < 0)
                rc = -1;
        r->code_at = r->line_at = 0;
        if (moved && rc == 0 && !r->t->died)
                rc = verify(r);
        if (r->forced)
                rc = fail("what process %d does on signal %d (%s) was reset", r->t->pid,
                          r->forced, strsignal(r->forced));
        return rc;
}

int remote_end(struct remote *r)
{
        int rc = 0;

        if (!r->t->died && (r->moved || r->code_at || r->line_at || r->forced || r->pkru || r->dispatch.mode)) {
                rc = r->moved ? remote_stop(r) : 0;
                if (rc == 0)
                        rc = give_back(r);
                else if (!r->t->died)
                        fail("thread %d of process %d could not be stopped to be put back", r->task->tid, r->t->pid);
        }
        if (r->t->died)
                rc = 0;                 /* on the way: that was said, and there is nothing left to put back */
        r->xstate = r->xstate_now = r->line_saved = NULL;
        r->moved = r->masked = r->forced = 0;
        r->code_at = r->line_at = r->scratch = 0;
        r->dispatch.mode = 0;
        return rc;
}
