/* SPDX-License-Identifier: MIT */
/* infect.c - the parasite: in, at work, out */
#include "infect.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "ask.h"
#include "blob.h"
#include "image.h"
#include "peek.h"
#include "sigframe.h"
#include "util.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE     0x100000
#endif
#define ROOM_AROUND             (64u << 12)     /* keep so far from what is mapped: nothing merges, a stack can grow */
#define LOWEST                  0x10000u        /* vm.mmap_min_addr, as Debian has it */
#define HIGHEST                 0x7fffffffe000ull
#define WORK_NS         5000000000ull   /* the blob takes microseconds, but it may not get a processor */
#define BLIND_NS        10000000        /* longer than the blob ever took */
#define FETCHED                 64              /* timers at a time */
#define LOOK_NS                 5000u           /* between looks at the done word */

static const struct parasite_head *head(void)
{
        return (const struct parasite_head *)(const void *)blob_start;
}

static void begin_leg(struct infection *in)
{
        in->started_ns = now_ns();
        in->t->stats = (struct trace_stats){ 0, 0 };
}

static void end_leg(struct infection *in, enum infect_legs which)
{
        in->leg[which].ns += now_ns() - in->started_ns;
        in->leg[which].ptrace.requests += in->t->stats.requests;
        in->leg[which].ptrace.stops += in->t->stats.stops;
        begin_leg(in);
}

/* A hole for len bytes, as high as can be. 0: none. */
static uint64_t find_hole(const struct proc_maps *m, size_t len)
{
        uint64_t top = HIGHEST;

        for (size_t i = m->n; i-- > 0; ) {
                uint64_t end = m->map[i].end;

                if (end <= top && top - end >= len + 2 * ROOM_AROUND)
                        return end + ROOM_AROUND;
                if (m->map[i].start < top)
                        top = m->map[i].start;
        }
        return top >= LOWEST + len + ROOM_AROUND ? LOWEST : 0;
}

/* Where the timers to be asked start, in bytes from the base, behind the frame. */
static size_t timers_off(const struct remote *r)
{
        /* the kernel may fault in as much as the task's features take, more than are in use: fpu/signal.c */
        size_t len = head()->frame + sigframe_len(r->xstate, r->xstate_len) + r->xstate_len;

        return (len + 63) & ~(size_t)63;
}

static size_t timers_len(const struct infection *in)
{
        return in->timers_n * sizeof *in->timer;
}

static size_t whole_pages(size_t len)
{
        return (len + IMG_PAGE - 1) & ~(size_t)(IMG_PAGE - 1);
}

/* And where the slots do for other threads, if there are any. */
static size_t slots_off(const struct infection *in)
{
        return whole_pages(timers_off(&in->remote) + timers_len(in));
}

static size_t blob_len(const struct infection *in)
{
        return slots_off(in) + whole_pages(lend_room(in->lend.slots, in->remote.xstate_len));
}

static uint64_t mask_meanwhile(const struct infection *in)
{
        return sig_all_but(in->breakpoint ? SIGTRAP : in->stop);
}

/* The address is chosen beforehand, so that it can be unmapped even when the answer gets lost. *ret: the call's. */
static int try_to_map(struct infection *in, int64_t *ret)
{
        uint64_t arg[6] = { 0, 0, PROT_READ | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0 };
        uint64_t hole;

        in->len = blob_len(in);
        hole = find_hole(in->maps, in->len);
        if (!hole)
                return fail("no room for the parasite in process %d", in->t->pid);
        arg[0] = hole;
        arg[1] = in->len;
        in->base = hole;
        if (remote_call(&in->remote, mask_meanwhile(in), SYS_mmap, arg, ret) < 0)
                return -1;
        in->base = *ret < 0 ? 0 : (uint64_t)*ret;       /* before 4.17 the address was but a wish */
        in->t->ours = (struct trace_range){ in->base, in->base + in->len };
        return 0;
}

static int map_blob(struct infection *in)
{
        int64_t ret;

        if (try_to_map(in, &ret) < 0)
                return -1;
        if (ret < 0 && in->lend.slots) {        /* without room for other threads, then */
                in->lend.slots = 0;
                if (try_to_map(in, &ret) < 0)
                        return -1;
        }
        if (ret < 0) {
                in->refused = 1;
                say("the parasite cannot be mapped (%s): asking call by call", strerror((int)-ret));
                return 0;
        }
        in->data = in->base + head()->data;
        say("parasite mapped at %#" PRIx64 ", %zu bytes", in->base, in->len);
        return 0;
}

static void fill_batch(const struct infection *in, struct parasite_data *d, const struct infect_options *opt)
{
        memset(d, 0, sizeof *d);
        d->mode = opt->breakpoint ? PARASITE_GO : PARASITE_PARK;
        d->self = in->base + head()->data;
        d->timers = in->base + timers_off(&in->remote);
        d->timers_n = in->timers_n;
        d->tid = opt->ns_tid;
        d->ask_umask = (uint32_t)opt->ask_umask;
        d->twin = opt->twin != NULL;
        d->fds = opt->fds;
        d->wait_sec = PARASITE_WAIT_SECONDS;
        d->stop = (uint32_t)in->stop;
        for (uint32_t cmd = PARASITE_INIT; cmd <= PARASITE_FINI; cmd++)
                d->answer[cmd - 1] = (struct parasite_answer){ .cmd = cmd, .status = PARASITE_NOT_RUN };
}

/* Code and data, the frame, the timers: between them lie zeros, as they were mapped. */
static int fill_blob(struct infection *in, const struct infect_options *opt)
{
        const struct parasite_head *h = head();
        struct remote *r = &in->remote;
        pid_t tid = r->task->tid;
        uint8_t *build = trace_piece(in->t, TRACE_BUILD);
        struct parasite_data d;
        size_t len = sigframe_len(r->xstate, r->xstate_len);

        if (h->data + sizeof d > TRACE_XSTATE_MAX || len > TRACE_XSTATE_MAX)
                return fail("the parasite is too long for this crdump");
        fill_batch(in, &d, opt);
        memcpy(build, blob_start, h->code_len);
        memcpy(build + h->data, &d, sizeof d);
        if (trace_write(in->t, tid, in->base, build, h->data + sizeof d) < 0)
                return trace_fail(in->t, tid, "memory for the parasite");
        memset(build, 0, len);
        sigframe_build(build, in->base + h->frame, &r->regs, r->mask, r->xstate, r->xstate_len);
        if (trace_write(in->t, tid, in->base + h->frame, build, len) < 0 ||
            (in->timers_n && trace_write(in->t, tid, in->base + timers_off(r), in->timer, timers_len(in)) < 0))
                return trace_fail(in->t, tid, "memory for the parasite");
        return 0;
}

/*
 * May SIGTRAP be forced on it? Blocked or ignored, the kernel would reset what the
 * process does on it. A fault that waits would come first, though it is blocked:
 * dequeue_synchronous_signal().
 */
static int may_trap(struct infection *in)
{
        struct proc_status st;

        if (proc_status(in->t->dir, in->remote.task->tid, &st) < 0)
                return 0;
        if (((st.blocked | st.ignored | st.shared_pending) & SIG_BIT(SIGTRAP)) || (st.pending & SIG_FAULTS)) {
                warn("--catch=breakpoint: process %d blocks or ignores SIGTRAP, or awaits a fault: caught by parking", in->t->pid);
                return 0;
        }
        return 1;
}

/* A debugger that has gone may have left some of its own. */
static int in_use(struct infection *in)
{
        uint64_t reg[8];

        return peek_debugregs(in->t, in->remote.task->tid, reg) < 0 || reg[0] || reg[7] & 0xff;
}

static int set_breakpoint(struct infection *in)
{
        uint64_t addr = in->base + head()->caught;

        if (!in_use(in)) {
                if (trace_breakpoint(in->t, in->remote.task->tid, addr) == 0)
                        return 0;
                trace_breakpoint(in->t, in->remote.task->tid, 0);
        }
        in->breakpoint = 0;
        warn("--catch=breakpoint: no debug register to be had: caught by parking");
        return 0;
}

static int check_blob(void)
{
        size_t len = (size_t)(blob_end - blob_start);
        const struct parasite_head *h = head();

        if (len < sizeof *h || h->magic != PARASITE_MAGIC || h->code_len != len || h->data != len)
                return fail("the parasite in this binary is broken");
        return 0;
}

/* The id of thread tid, or for 0 of the process, as itself sees it; 0: not known. */
static pid_t own_id(const struct infection *in, pid_t tid)
{
        struct proc_status st;

        return proc_status(in->t->dir, tid, &st) < 0 ? 0 : st.ns_pid;
}

int infect(struct infection *in, struct trace *t, const struct proc_maps *maps,
           const struct gadget *g, const struct infect_options *opt)
{
        struct infect_options how = *opt;

        *in = (struct infection){
                .t = t, .maps = maps, .statm = opt->statm, .mapped = proc_mapped(opt->statm),
                .timer = opt->timer, .timers_n = opt->timers_n, .begun = 1,
                .lend = { .memory = in->lend.memory, .room = in->lend.room },
        };
        begin_leg(in);
        if (check_blob() < 0 ||
            remote_begin(&in->remote, t, &t->task[0], maps, g, opt->inject) < 0)
                return -1;
        if (how.twin && twin_note(how.twin, &in->remote) < 0)   /* before a call: the rseq area is as it was */
                how.twin = NULL;
        if (lend_begin(&in->lend, t->n, in->remote.xstate_len) < 0)
                say("no memory to ask other threads");
        in->breakpoint = opt->breakpoint && may_trap(in);
        in->stop = in->breakpoint ? 0 : sig_unheard(opt->caught, in->remote.mask);
        if (opt->secret &&
            inside_copy(&in->inside, &in->remote, mask_meanwhile(in), find_hole(maps, INSIDE_ROOM), opt->secret) < 0)
                return -1;
        if (opt->copies &&
            courier_bring(&in->courier, &in->remote, mask_meanwhile(in), find_hole(maps, IMG_PAGE), opt->copies) < 0)
                return -1;
        if (map_blob(in) < 0)
                return -1;
        if (in->refused) {
                end_leg(in, INFECT_IN);
                return 0;
        }
        if (in->breakpoint)
                set_breakpoint(in);
        how.breakpoint = in->breakpoint;
        if (how.twin && trace_follow_clone(t, in->remote.task->tid, 1) < 0)
                how.twin = NULL;
        if (fill_blob(in, &how) < 0)
                return -1;
        in->started = 1;
        if (remote_run(&in->remote, mask_meanwhile(in), in->base + head()->entry, in->len - head()->data) < 0)
                return -1;
        end_leg(in, INFECT_IN);
        return 0;
}

static int in_blob(const struct infection *in, uint64_t rip)
{
        return rip >= in->base && rip < in->base + in->len;
}

/*
 * Memory of the blob while it runs. 0, or -1 where neither way exists: ptrace's
 * own wants the thread stopped.
 */
static int look(struct infection *in, uint64_t at, void *to, size_t len)
{
        struct iovec here = { to, len }, there = { (void *)(uintptr_t)at, len };

        if (process_vm_readv(in->t->live, &here, 1, &there, 1, 0) == (ssize_t)len)
                return 0;
        return in->t->mem >= 0 && pread(in->t->mem, to, len, (off_t)at) == (ssize_t)len ? 0 : -1;
}

static uint64_t done_at(const struct infection *in)
{
        return in->base + head()->data + offsetof(struct parasite_data, done);
}

/* Without a look at the done word: give it a while, then stop it. */
static int stop_blindly(struct infection *in)
{
        struct timespec ts = { 0, BLIND_NS };
        uint32_t done = PARASITE_WORKING;

        nanosleep(&ts, NULL);
        if (remote_stop(&in->remote) < 0)
                return -1;
        if (trace_read(in->t, in->remote.task->tid, done_at(in), &done, sizeof done) < 0)
                return trace_fail(in->t, in->remote.task->tid, "the parasite's memory");
        return done == PARASITE_DONE ? 0 : fail("the parasite in process %d did not finish", in->t->pid);
}

/*
 * The thread has stopped: in the blob? If we were held up so long that it went home,
 * it has lived on since: then it is to be given back as it is now.
 */
static int find_blob(struct infection *in)
{
        struct remote *r = &in->remote;
        struct user_regs_struct regs;
        ssize_t len;

        if (trace_get_regs(in->t, r->task->tid, &regs) < 0)
                return trace_fail(in->t, r->task->tid, "registers");
        if (in_blob(in, regs.rip))
                return 0;
        in->strayed = 1;
        r->regs = regs;
        r->line_at = r->scratch = 0;    /* that stack is in use again */
        r->masked = 0;
        r->rsp = regs.rsp - 128;
        r->gadget.restorer = 0;
        if (trace_get_mask(in->t, r->task->tid, &r->mask) < 0)
                return trace_fail(in->t, r->task->tid, "signal mask");
        len = trace_get_xstate(in->t, r->task->tid, r->xstate, TRACE_XSTATE_MAX);
        if (len < 0)
                return trace_fail(in->t, r->task->tid, "extended registers");
        r->xstate_len = (size_t)len;
        warn("held up for more than %d s: the parasite of process %d went home by itself",
                    PARASITE_WAIT_SECONDS, in->t->pid);
        return 0;
}

static int stop_blob(struct infection *in)
{
        struct remote *r = &in->remote;

        if (!r->running && (in->started || !r->moved))
                return 0;
        if (remote_stop(r) < 0)         /* one that is in the midst of a call makes it now */
                return -1;
        return in->started ? find_blob(in) : 0; /* on the trampoline still: what is to be given back is known */
}

static int unmap_blob(struct infection *in)
{
        if (remote_unmap(&in->remote, mask_meanwhile(in), in->base, in->len, "parasite") < 0)
                return -1;
        in->base = 0;
        return 0;
}

/*
 * Asleep without a done word: it could not make its data writable (RLIMIT_DATA,
 * or one mapping too many for the kernel).
 */
static int parked_undone(struct infection *in)
{
        uint32_t done;

        /* it makes no ppoll before the word is set: hence the order */
        return proc_syscall(in->t->dir, in->remote.task->tid) == SYS_ppoll &&
                look(in, done_at(in), &done, sizeof done) == 0 &&
                done != PARASITE_DONE;
}

/* Out with it; the questions are asked call by call. */
static int give_up_blob(struct infection *in)
{
        say("the parasite cannot work: asking call by call");
        if (remote_stop(&in->remote) < 0 || find_blob(in) < 0 || in->strayed || unmap_blob(in) < 0)
                return -1;
        in->refused = 1;
        return 0;
}

/* Stopped by the signal that it sends itself? That may have come from others before. 1, 0, or -1 after fail(). */
static int has_stopped(struct infection *in)
{
        pid_t tid = in->remote.task->tid;
        uint32_t done;

        if (trace_read(in->t, tid, done_at(in), &done, sizeof done) < 0)
                return trace_fail(in->t, tid, "the parasite's memory");
        if (done != PARASITE_DONE)
                return 0;
        remote_stopped(&in->remote);
        return 1;
}

/* Where it parks the done word tells, and no stop should come. */
static int await_done(struct infection *in)
{
        uint64_t deadline = now_ns() + WORK_NS, look_at = now_ns() + BLIND_NS;

        for (;;) {
                enum trace_stop stop;
                uint32_t done;
                int sig, rc, due = now_ns() >= look_at;

                if (!in->stop || due) {         /* or it may not send itself a signal */
                        if (look(in, done_at(in), &done, sizeof done) < 0)
                                return stop_blindly(in);
                        if (done == PARASITE_DONE)
                                return 0;
                }
                if (due) {
                        if (parked_undone(in))
                                return give_up_blob(in);
                        look_at = now_ns() + BLIND_NS;
                }
                if (now_ns() >= deadline)
                        return fail("the parasite in process %d did not finish", in->t->pid);
                stop = trace_wait(in->t, in->remote.task->tid, now_ns() + (in->stop ? BLIND_NS : LOOK_NS), 1, &sig);
                if (in->stop && stop == TRACE_SIGNAL && sig == in->stop) {
                        rc = has_stopped(in);
                        if (rc == 0 && parked_undone(in)) {     /* what ends its sleep, too, sends it home */
                                remote_stopped(&in->remote);
                                rc = give_up_blob(in) < 0 ? -1 : 1;
                        }
                        if (rc)
                                return rc < 0 ? -1 : 0;
                }
                if (stop == TRACE_EVENT || (stop == TRACE_SIGNAL && remote_pass(&in->remote, &sig))) {
                        if (trace_resume(in->t, in->remote.task->tid, 0, stop == TRACE_SIGNAL ? sig : 0) < 0)
                                return trace_fail(in->t, in->remote.task->tid, "resumption");
                } else if (stop != TRACE_TIMEOUT) {
                        return remote_surprise(&in->remote, stop, sig);
                }
        }
}

/*
 * Sent on its way home when it is done, and stopped by the breakpoint right
 * before rt_sigreturn. Only on our word: without us it takes another way, for
 * the breakpoint would outlive us.
 */
static int await_breakpoint(struct infection *in)
{
        uint64_t go_at = in->base + head()->data + offsetof(struct parasite_data, go);
        const uint32_t go = 1;
        struct user_regs_struct regs;
        enum trace_stop stop;
        uint64_t deadline;
        int sig = 0;

        if (await_done(in) < 0)
                return -1;
        if (in->refused || in->remote.in_event)         /* given up, or stopped blindly: caught already */
                return 0;
        if (in->remote.kept_n)          /* SIGTRAP is blocked by now, where a breakpoint's would reset its action */
                return remote_stop(&in->remote);
        in->remote.expect_trap = 1;
        if (trace_write(in->t, in->remote.task->tid, go_at, &go, sizeof go) < 0)
                return trace_fail(in->t, in->remote.task->tid, "the word to go home");
        deadline = now_ns() + WORK_NS;
        for (;;) {
                stop = trace_wait(in->t, in->remote.task->tid, deadline, 1, &sig);
                if (stop != TRACE_EVENT && !(stop == TRACE_SIGNAL && remote_pass(&in->remote, &sig)))
                        break;
                if (stop == TRACE_EVENT)
                        sig = 0;
                if (trace_resume(in->t, in->remote.task->tid, 0, sig) < 0)
                        return trace_fail(in->t, in->remote.task->tid, "resumption");
                if (sig && sig != SIGSTOP) {    /* it is home already */
                        stop = TRACE_TIMEOUT;
                        break;
                }
        }
        if (stop != TRACE_TIMEOUT && (stop != TRACE_SIGNAL || sig != SIGTRAP))
                return remote_surprise(&in->remote, stop, sig);
        in->remote.expect_trap = 0;
        if (stop == TRACE_TIMEOUT)              /* stop_blob() will see where it is */
                return 0;
        in->remote.running = 0;
        if (trace_get_regs(in->t, in->remote.task->tid, &regs) < 0 || regs.rip != in->base + head()->caught)
                return fail("the breakpoint stopped the parasite of process %d elsewhere", in->t->pid);
        return 0;
}

/* What the parasite has written, len bytes at off from its base. */
static int fetch(struct infection *in, size_t off, void *to, size_t len)
{
        if (look(in, in->base + off, to, len) == 0)
                return 0;
        if (remote_stop(&in->remote) == 0 && trace_read(in->t, in->remote.task->tid, in->base + off, to, len) == 0)
                return 0;
        return trace_fail(in->t, in->remote.task->tid, "the parasite's answers");
}

static int fetch_timers(struct infection *in)
{
        struct parasite_timer got[FETCHED];

        for (uint32_t at = 0, n; at < in->timers_n; at += n) {
                n = in->timers_n - at < FETCHED ? in->timers_n - at : FETCHED;
                if (fetch(in, timers_off(&in->remote) + at * sizeof *got, got, n * sizeof *got) < 0)
                        return -1;
                for (uint32_t i = 0; i < n; i++) {
                        if (got[i].id != in->timer[at + i].id)
                                return fail("the parasite's answers were overwritten");
                        in->timer[at + i] = got[i];
                }
        }
        return 0;
}

int infect_work(struct infection *in, struct parasite_data *d)
{
        int rc = in->refused ? 0 : in->breakpoint ? await_breakpoint(in) : await_done(in);

        if (rc == 0 && in->refused) {
                rc = ask_each(&in->remote, mask_meanwhile(in), d, in->timer, in->timers_n);
                end_leg(in, INFECT_WORK);
                return rc;
        }
        if (rc == 0 && (fetch(in, head()->data, d, sizeof *d) < 0 || fetch_timers(in) < 0))
                rc = -1;
        end_leg(in, INFECT_WORK);
        if (rc < 0)
                return -1;
        answers_show_log(d);
        return answers_check(d);
}

int infect_lend(struct infection *in, struct threads *th)
{
        struct lend_place at = {
                .base = in->base, .end = in->base + in->len,
                .entry = in->base + head()->lend, .slots = in->base + slots_off(in),
        };
        int rc = 0;

        if (in->refused || !in->lend.slots) {
                lend_none(th, in->refused ? "the parasite could not be mapped, or not work" :
                          "there was no room for it");
                return 0;
        }
        in->lend.mute = in->stop && in->remote.running; /* it has parked */
        if (stop_blob(in) < 0)          /* that its clock stands still */
                rc = -1;
        else if (!in->strayed)
                rc = lend_run(&in->lend, &at, th);
        end_leg(in, INFECT_LEND);
        return rc;
}

/* Reading all mappings would take as long again as before. A thread that went home may have mapped more since. */
static int check_maps(struct infection *in)
{
        if (in->strayed || in->lend.strayed || proc_mapped(in->statm) == in->mapped)
                return 0;
        return fail("mappings of process %d are not as they were", in->t->pid);
}

/* A call that was not seen to end may not have begun: has it mapped anything? */
static int is_mapped(const struct infection *in)
{
        struct proc_maps now = { 0 };
        int rc = proc_maps(in->t->live_dir, 0, &now) < 0 || proc_maps_find(&now, in->base);

        proc_maps_free(&now);
        return rc;
}

/* SIGTRAPs that others sent while only our own was expected: the thread sends them to itself again, as they were. */
static int requeue_trap(struct infection *in)
{
        struct remote *r = &in->remote;
        uint64_t at = in->base + head()->data;
        uint64_t arg[6] = { (uint64_t)own_id(in, 0), (uint64_t)own_id(in, r->task->tid), SIGTRAP, at, 0, 0 };
        int64_t ret = -1;

        for (unsigned i = 0; i < r->kept_n; i++)
                if (trace_write(in->t, r->task->tid, at, r->kept[i], sizeof r->kept[i]) < 0 ||
                    remote_call(r, mask_meanwhile(in), SYS_rt_tgsigqueueinfo, arg, &ret) < 0 || ret < 0)
                        return in->t->died ? -1 : fail("a SIGTRAP for process %d got lost", in->t->pid);
        return 0;
}

int cure(struct infection *in)
{
        struct remote *r = &in->remote;
        int rc = 0, touched = in->base != 0 || in->inside.room != 0 || in->courier.room != 0 || in->refused;

        if (!in->begun)
                return 0;
        in->begun = 0;
        begin_leg(in);
        if (lend_end(&in->lend) < 0)
                rc = -1;
        if (stop_blob(in) < 0 && r->running)
                rc = -1;
        if (in->base && !in->started && !in->t->died && !is_mapped(in))
                in->base = 0;
        if (in->breakpoint && !in->t->died && trace_breakpoint(in->t, r->task->tid, 0) < 0)
                rc = trace_fail(in->t, r->task->tid, "debug registers not cleared, those");
        if (in->breakpoint && !in->t->died && !r->running)
                trace_set_mask(in->t, r->task->tid, SIG_ALL);       /* no trap is expected any more */
        if (r->kept_n && in->base && !in->t->died && !r->running && requeue_trap(in) < 0)
                rc = -1;
        if (in->base && !in->t->died && !r->running && (lend_inside(&in->lend) || unmap_blob(in) < 0) && !in->t->died)
                rc = fail("the parasite stays mapped in process %d at %#" PRIx64 ", %zu bytes",
                          in->t->pid, in->base, in->len);
        if (!in->t->died && !r->running && inside_end(&in->inside, r, mask_meanwhile(in)) < 0 && !in->t->died)
                rc = fail("room for secret memory stays mapped in process %d at %#" PRIx64, in->t->pid, in->inside.room);
        if (!in->t->died && !r->running && courier_end(&in->courier, r, mask_meanwhile(in)) < 0 && !in->t->died)
                rc = fail("our socket, descriptor %d, or room for messages at %#" PRIx64 " stays in process %d", in->courier.fd,
                          in->courier.room, in->t->pid);
        if (remote_end(r) < 0)
                rc = -1;
        if (in->t->died)
                rc = 0;
        else if (touched && rc == 0)
                rc = check_maps(in);
        end_leg(in, INFECT_CURE);
        return rc;
}
