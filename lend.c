/* SPDX-License-Identifier: MIT */
/* lend.c - the other threads, each lent to the blob for a few system calls */
#include "lend.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "parasite.h"
#include "processor.h"
#include "ready.h"
#include "sigframe.h"
#include "util.h"

#define MANY            32u             /* threads: for fewer it is not worth it to change processors */
#define WORK_NS         5000000000ull   /* the calls take microseconds, but a thread may not get a processor */
#define SPIN_NS         200000u         /* look so long without a nap */
#define NAP_NS          50000           /* between looks from then on */
#define EARLY_NS        50000000ull     /* of a batch that takes longer, those that are done are stopped: they would go home */
#define BLIND_NS        10000000        /* for a batch that cannot be looked at while it runs */

/* Why a thread is not lent. */
enum reason { FENCED, SHADOWED, KEYS, DISPATCHED, MAYBE_DISPATCHED, ODD, SILENT, REASONS };

static const char *const why[REASONS] = {
        "seccomp fences it in, and we may not suspend that (it takes CAP_SYS_ADMIN and no filter of our own)",
        "it has a shadow stack",
        "its protection keys deny it memory that is nobody's",
        "its system calls are dispatched to itself",
        "the process handles SIGSYS, and this kernel does not tell whether calls are dispatched to it",
        "its extended registers are of another length",
        "it did not answer",
};

struct lent {
        struct remote remote;
        size_t   i;             /* the thread's place in trace.task */
        uint64_t at;            /* its slot */
        int      stop;          /* the signal that it stops by when it is done; 0: it parks */
        int      done;          /* has its answers, and is parked, or stopped by that */
        int      silent;        /* will have none */
};

/* The nth of those that are out. */
static struct lent *nth(const struct lend *l, unsigned n)
{
        return &l->lent[(l->oldest + n) % l->slots];
}

static size_t slot_len(size_t xstate_len)
{
        /* from page to page: mostly, one page of each is used */
        return (PARASITE_SLOT + sigframe_room(xstate_len) + IMG_PAGE - 1) & ~(size_t)(IMG_PAGE - 1);
}

size_t lend_room(unsigned n, size_t xstate_len)
{
        return n ? n * slot_len(xstate_len) + xstate_len : 0;
}

static unsigned slots_for(size_t threads)
{
        size_t others = threads ? threads - 1 : 0;

        return others < LEND_SLOTS ? (unsigned)others : LEND_SLOTS;
}

void lend_ready(struct lend *l, size_t n, size_t xstate_len)
{
        unsigned slots = slots_for(n);
        size_t len = slots * (sizeof *l->lent + xstate_len) + slot_len(xstate_len) + TRACE_XSTATE_MAX;

        if (!slots || xstate_len > TRACE_XSTATE_MAX || len <= l->room)
                return;
        lend_free(l);
        l->memory = malloc(len);
        if (!l->memory)
                return;
        l->room = len;
        ready_memory(l->memory, len - TRACE_XSTATE_MAX + xstate_len);
}

int lend_begin(struct lend *l, size_t n, size_t xstate_len)
{
        unsigned slots = slots_for(n);

        lend_ready(l, n, xstate_len);
        l->xstate_len = xstate_len;
        l->slot_len = slot_len(xstate_len);
        if (!slots)
                return 0;
        if (!l->memory || xstate_len > TRACE_XSTATE_MAX)
                return -1;
        l->slots = slots;
        l->lent = memset(l->memory, 0, slots * sizeof *l->lent);
        l->xstates = l->memory + slots * sizeof *l->lent;
        l->image = l->xstates + slots * xstate_len;
        l->xstate_now = (uint8_t *)l->image + l->slot_len;
        return 0;
}

/* --- questions and answers ---------------------------------------------------------- */

enum { BLOCK, GETTID, ALTSTACK, PDEATH, TID_ADDRESS, SLACK, SECUREBITS, NNP, CALLS };
enum { ALTSTACK_AT = 0, PDEATH_AT = 3, TID_ADDRESS_AT = 4 };  /* in slot.answer */

static void fill_slot(struct parasite_slot *s, const struct lent *k)
{
        uint64_t at = k->at, answer = at + offsetof(struct parasite_slot, answer);

        _Static_assert(CALLS <= sizeof s->call / sizeof *s->call, "room for the calls");
        *s = (struct parasite_slot){
                .n = CALLS, .wait_sec = PARASITE_WAIT_SECONDS, .all = sig_all_but(k->stop), .every = SIG_ALL, .stop = (uint32_t)k->stop };
        s->call[BLOCK] = (struct parasite_call){
                SYS_rt_sigprocmask, { SIG_SETMASK, at + offsetof(struct parasite_slot, all), 0, sizeof s->all }, 0 };
        s->call[GETTID] = (struct parasite_call){ SYS_gettid, { 0, 0, 0, 0 }, 0 };
        s->call[ALTSTACK] = (struct parasite_call){ SYS_sigaltstack, { 0, answer + 8 * ALTSTACK_AT, 0, 0 }, 0 };
        s->call[PDEATH] = (struct parasite_call){ SYS_prctl, { PR_GET_PDEATHSIG, answer + 8 * PDEATH_AT, 0, 0 }, 0 };
        s->call[TID_ADDRESS] = (struct parasite_call){
                SYS_prctl, { PR_GET_TID_ADDRESS, answer + 8 * TID_ADDRESS_AT, 0, 0 }, 0 };
        s->call[SLACK] = (struct parasite_call){ SYS_prctl, { PR_GET_TIMERSLACK, 0, 0, 0 }, 0 };
        s->call[SECUREBITS] = (struct parasite_call){ SYS_prctl, { PR_GET_SECUREBITS, 0, 0, 0 }, 0 };
        s->call[NNP] = (struct parasite_call){ SYS_prctl, { PR_GET_NO_NEW_PRIVS, 0, 0, 0 }, 0 };
}

/* Take the answers in a slot. 0, or -1 after fail(): they are not such. */
static int take_answers(struct lend *l, const struct lent *k, const struct parasite_slot *s)
{
        const struct thread *d = &l->threads->thread[k->i];
        struct parasite_slot asked;
        struct threads_inside in;

        fill_slot(&asked, k);
        for (int i = 0; i < CALLS; i++)
                if (s->call[i].nr != asked.call[i].nr || memcmp(s->call[i].arg, asked.call[i].arg, sizeof asked.call[i].arg))
                        return fail("the answers of thread %d were overwritten", d->img.tid);
        if (s->call[BLOCK].ret || s->call[ALTSTACK].ret || (d->own_tid && s->call[GETTID].ret != d->own_tid))
                return fail("thread %d answers that it is %d", d->img.tid, (int)s->call[GETTID].ret);
        in = (struct threads_inside){
                .altstack_sp = s->answer[ALTSTACK_AT],
                .altstack_flags = (uint32_t)s->answer[ALTSTACK_AT + 1],
                .altstack_size = s->answer[ALTSTACK_AT + 2],
                .pdeath_signal = s->call[PDEATH].ret < 0 ? (int32_t)s->call[PDEATH].ret : (int32_t)s->answer[PDEATH_AT],
                .tid_address = s->call[TID_ADDRESS].ret < 0 ? s->call[TID_ADDRESS].ret : (int64_t)s->answer[TID_ADDRESS_AT],
                .timer_slack_ns = s->call[SLACK].ret,
                .securebits = (int32_t)s->call[SECUREBITS].ret,
                .no_new_privs = (int32_t)s->call[NNP].ret,
        };
        threads_asked(l->threads, k->i, &in);
        l->asked++;
        return 0;
}

static int read_slot(const struct lent *k, struct parasite_slot *s)
{
        const struct remote *r = &k->remote;

        return trace_read(r->t, r->task->tid, k->at, s, sizeof *s) < 0 ? trace_fail(r->t, r->task->tid, "answers") : 0;
}

/* --- out ----------------------------------------------------------------------------------- */

/* Does the kernel know of syscall user dispatch at all (5.11)? Asked of ourselves: switch it off. */
static int has_dispatch(void)
{
        enum { PR_SET_DISPATCH = 59, OFF = 0 };

        return prctl(PR_SET_DISPATCH, OFF, 0, 0, 0) == 0;
}

/* May thread i be lent, as far as is known without a look at its registers? REASONS: it may. */
static enum reason why_not(struct lend *l, size_t i)
{
        const struct thread *d = &l->threads->thread[i];

        if (d->img.seccomp && trace_suspend_seccomp(l->threads->t, d->img.tid) < 0)
                return FENCED;
        if (d->shadow_stack)            /* rt_sigreturn wants a token there: it could not go home without us */
                return SHADOWED;
        return REASONS;
}

/* Borrow thread i for this slot. 1; 0: it is left out; -1 after fail(). */
static int borrow(struct lend *l, struct lent *k, size_t i)
{
        struct trace *t = l->threads->t;
        enum reason reason = why_not(l, i);
        unsigned slot = (unsigned)(k - l->lent);

        *k = (struct lent){
                .i = i, .at = l->at.slots + slot * l->slot_len,
                .stop = l->mute ? 0 : sig_unheard(l->threads->caught, t->task[i].mask),
        };
        if (reason == REASONS) {
                switch (remote_lend(&k->remote, t, &t->task[i], l->threads->thread[i].img.rseq,
                                    l->xstates + slot * l->xstate_len, l->xstate_now, l->xstate_len)) {
                case REMOTE_FAILED:
                        return -1;
                case REMOTE_KEYS:
                        reason = KEYS;
                        break;
                case REMOTE_DISPATCHED:
                        reason = DISPATCHED;
                        break;
                case REMOTE_ODD:
                        reason = ODD;
                        break;
                case REMOTE_LENT:
                        if (k->remote.maybe_dispatch && !has_dispatch())
                                k->remote.maybe_dispatch = 0;
                        if (k->remote.maybe_dispatch && l->threads->caught & SIG_BIT(SIGSYS))
                                reason = MAYBE_DISPATCHED;
                        break;
                }
        }
        if (reason == REASONS)
                return 1;
        l->refused[reason]++;
        return 0;
}

/* Its slot, then off with it. */
static int send_off(struct lend *l, struct lent *k)
{
        struct remote *r = &k->remote;
        uint8_t *image = l->image;
        size_t len = PARASITE_SLOT + sigframe_len(r->xstate, r->xstate_len);

        fill_slot((struct parasite_slot *)l->image, k);
        sigframe_build(image + PARASITE_SLOT, k->at + PARASITE_SLOT, &r->regs, r->mask, r->xstate, r->xstate_len);
        if (trace_write(r->t, r->task->tid, k->at, image, len) < 0)
                return trace_fail(r->t, r->task->tid, "memory for the parasite");
        l->out++;
        return remote_run(r, sig_all_but(k->stop), l->at.entry, k->at);
}

/* --- while they are out ------------------------------------------------------------------------ */

/* Look at the done words. How many are not set yet; -1: it cannot be done while they run. */
static int look(struct lend *l)
{
        struct iovec here[LEND_SLOTS], there[LEND_SLOTS];
        uint32_t done[LEND_SLOTS] = { 0 };
        struct trace *t = l->threads->t;
        size_t len = l->out * sizeof *done;
        int left = 0;

        for (unsigned i = 0; i < l->out; i++) {
                here[i] = (struct iovec){ &done[i], sizeof done[i] };
                there[i] = (struct iovec){ (void *)(uintptr_t)nth(l, i)->at, sizeof done[i] };
        }
        if (process_vm_readv(t->live, here, l->out, there, l->out, 0) != (ssize_t)len)
                for (unsigned i = 0; i < l->out; i++)
                        if (t->mem < 0 || pread(t->mem, &done[i], sizeof *done, (off_t)nth(l, i)->at) != sizeof *done)
                                return -1;
        for (unsigned i = 0; i < l->out; i++) {
                struct lent *k = nth(l, i);

                k->done = done[i] == PARASITE_DONE;
                left += !k->done && !k->silent && !k->stop;
        }
        return left;
}

/* A thread that is not done has stopped, though nobody asked it to. */
static int pass_on(struct lent *k, enum trace_stop stop, int sig)
{
        struct remote *r = &k->remote;

        if (stop == TRACE_SIGNAL && sig == SIGSYS && r->maybe_dispatch) {
                uint8_t info[128];

                if (!trace_sent_signal(r->t, r->task->tid, info, sizeof info)) {
                        r->running = 0;
                        k->silent = 1;          /* dispatched: not its will */
                        return 0;
                }
        } else if (stop != TRACE_EVENT && !(stop == TRACE_SIGNAL && remote_pass(r, &sig))) {
                return remote_surprise(r, stop, sig);
        }
        if (trace_resume(r->t, r->task->tid, 0, stop == TRACE_SIGNAL ? sig : 0) < 0)
                return trace_fail(r->t, r->task->tid, "resumption");
        return 0;
}

/* Has it? */
static int look_at_stop(struct lent *k)
{
        int sig;
        enum trace_stop stop = trace_wait(k->remote.t, k->remote.task->tid, 0, 1, &sig);

        return stop == TRACE_TIMEOUT ? 0 : pass_on(k, stop, sig);
}

/* One may not send itself a signal (a security module), and has parked instead: so do the others. */
static void park_instead(struct lend *l)
{
        l->mute = 1;
        for (unsigned i = 0; i < l->out; i++)
                nth(l, i)->stop = 0;
}

/*
 * Until it stops by the signal that it sends itself, or parks after all. That
 * signal may have come from others before.
 */
static int await_stop(struct lend *l, struct lent *k, uint64_t deadline)
{
        struct remote *r = &k->remote;

        while (k->stop && !k->done && !k->silent) {
                struct parasite_slot slot = { .done = PARASITE_WORKING };
                uint64_t look_at = now_ns() + BLIND_NS;
                int sig;
                enum trace_stop stop = trace_wait(r->t, r->task->tid, look_at < deadline ? look_at : deadline, 1, &sig);

                if (stop == TRACE_TIMEOUT && now_ns() < deadline) {
                        if (trace_read(r->t, r->task->tid, k->at, &slot, sizeof slot) == 0 && slot.done == PARASITE_DONE)
                                park_instead(l);
                        continue;
                }
                if (stop == TRACE_TIMEOUT)
                        return fail("lent thread %d of process %d did not finish", r->task->tid, r->t->pid);
                if (stop == TRACE_SIGNAL && sig == k->stop && read_slot(k, &slot) < 0)
                        return -1;
                if (slot.done == PARASITE_DONE) {
                        k->done = 1;
                        remote_stopped(r);
                        if (take_answers(l, k, &slot) < 0)
                                return -1;
                } else if (pass_on(k, stop, sig) < 0) {
                        return -1;
                }
        }
        return 0;
}

/* Stop those that are done, or all. */
static int stop_them(struct lend *l, int all)
{
        for (unsigned i = 0; i < l->out; i++)
                if (all || nth(l, i)->done)
                        remote_interrupt(&nth(l, i)->remote);
        for (unsigned i = 0; i < l->out; i++)
                if ((all || nth(l, i)->done) && remote_stop(&nth(l, i)->remote) < 0)
                        return -1;
        return 0;
}

/* Until those that park are done. */
static int await_parked(struct lend *l)
{
        uint64_t begun = now_ns(), now;
        struct timespec nap = { 0, NAP_NS };
        int left;

        while ((left = look(l)) > 0) {
                now = now_ns();
                if (now - begun < SPIN_NS) {
                        sched_yield();          /* one of them may want this processor */
                        continue;
                }
                for (unsigned i = 0; i < l->out; i++) {
                        struct lent *k = nth(l, i);

                        if (!k->done && !k->silent && !k->stop && look_at_stop(k) < 0)
                                return -1;
                }
                if (now - begun >= WORK_NS)
                        return fail("%d lent threads of process %d did not finish", left, l->threads->t->pid);
                if (now - begun >= EARLY_NS && stop_them(l, 0) < 0)
                        return -1;
                nanosleep(&nap, NULL);
        }
        if (left < 0)
                nanosleep(&(struct timespec){ 0, BLIND_NS }, NULL);
        return 0;
}

/* Until all are done. */
static int await(struct lend *l)
{
        uint64_t deadline = now_ns() + WORK_NS;
        int parked = 0;

        for (unsigned i = 0; i < l->out; i++) {
                if (await_stop(l, nth(l, i), deadline) < 0)
                        return -1;
                parked |= !nth(l, i)->stop;
        }
        return parked ? await_parked(l) : 0;
}

/* --- and home ------------------------------------------------------------------------------------- */

/* A thread that is not in the blob any more went home by itself, and has lived on since. */
static int is_home(struct lend *l, struct lent *k)
{
        struct remote *r = &k->remote;
        int inside = remote_within(r, l->at.base, l->at.end);

        if (inside)
                return inside < 0 ? -1 : 0;
        r->moved = r->masked = 0;       /* nothing is to be put back */
        if (!l->strayed)
                warn("held up for more than %d s: threads lent to the parasite of process %d went home by themselves",
                     PARASITE_WAIT_SECONDS, r->t->pid);
        l->strayed = 1;
        return trace_look(r->t, &r->t->task[k->i]) < 0 ? -1 : 1;
}

/* Give one back. 0, or -1 after fail(). */
static int bring_home(struct lend *l, struct lent *k)
{
        struct remote *r = &k->remote;
        int home = 0;

        if (!r->t->died && r->moved && !(k->stop && k->done) && remote_stop(r) == 0)
                home = is_home(l, k);
        if (remote_end(r) < 0 || home < 0)
                return -1;
        if (r->same_xstate)
                threads_took(l->threads, k->i, l->xstate_now, l->xstate_len);
        return 0;
}

static int bring_oldest_home(struct lend *l)
{
        struct lent *k = nth(l, 0);

        l->oldest = (l->oldest + 1) % l->slots;
        l->out--;
        return bring_home(l, k);
}

static int bring_all_home(struct lend *l)
{
        int rc = 0;

        while (l->out > 0)
                if (bring_oldest_home(l) < 0)
                        rc = -1;
        return rc;
}

/* What is in the slots of those in a batch that parked, and are stopped now. */
static int read_answers(struct lend *l)
{
        for (unsigned i = 0; i < l->out; i++) {
                struct lent *k = nth(l, i);
                struct parasite_slot slot;

                if (k->stop && k->done)
                        continue;
                if (read_slot(k, &slot) < 0)
                        return -1;
                if (slot.done != PARASITE_DONE)
                        l->refused[k->silent ? DISPATCHED : SILENT]++;
                else if (take_answers(l, k, &slot) < 0)
                        return -1;
        }
        return 0;
}

/* All that are out. */
static int finish(struct lend *l)
{
        if (!l->out)
                return 0;
        if (await(l) < 0 || stop_them(l, 1) < 0 || read_answers(l) < 0)
                return -1;
        return bring_all_home(l);
}

/* Those that stop by themselves come home one by one, while the others are out. */
static int make_room(struct lend *l)
{
        struct lent *k = nth(l, 0);

        if (!k->stop)
                return finish(l);
        if (await_stop(l, k, now_ns() + WORK_NS) < 0)
                return -1;
        return k->silent || !k->stop ? finish(l) : bring_oldest_home(l);
}

/* Lend thread i. */
static int lend_thread(struct lend *l, size_t i)
{
        struct lent *k;
        int rc;

        if (l->out == l->slots && make_room(l) < 0)
                return -1;
        k = nth(l, l->out);
        rc = borrow(l, k, i);
        return rc > 0 ? send_off(l, k) : rc;
}

/* Lend those that ran on processor n last, or all others. 0, or -1 after fail(). */
static int lend_those(struct lend *l, uint32_t n, int on_it)
{
        const struct trace *t = l->threads->t;

        for (size_t i = 1; i < t->n && !l->strayed; i++)
                if ((t->task[i].processor == n) == on_it && (stop_wanted() || lend_thread(l, i) < 0))
                        return -1;
        return 0;
}

/*
 * A thread is woken where it ran last. Where we run, it would interrupt us: those
 * that were there come when we have moved away.
 */
static int lend_all(struct lend *l)
{
        int ours = l->threads->t->n >= MANY ? sched_getcpu() : -1, rc;

        rc = lend_those(l, (uint32_t)ours, 0);
        if (ours >= 0)
                leave_processor(ours);
        if (rc == 0)
                rc = lend_those(l, (uint32_t)ours, 1);
        if (rc == 0)
                rc = finish(l);
        if (ours >= 0)
                leave_processor(-1);
        return rc;
}

int lend_run(struct lend *l, const struct lend_place *at, struct threads *th)
{
        l->at = *at;
        l->threads = th;
        if (lend_all(l) < 0)
                return -1;
        say("%u other threads were asked", l->asked);
        for (int r = 0; r < REASONS && !l->strayed; r++)
                if (l->refused[r])
                        notes_add(th->lack.notes, "%u thread%s not asked from inside: %s", l->refused[r],
                                  l->refused[r] > 1 ? "s" : "", why[r]);
        return 0;
}

void lend_none(struct threads *th, const char *reason)
{
        size_t n = th->t->n - 1;

        if (n)
                notes_add(th->lack.notes, "%zu thread%s not asked from inside: %s", n, n > 1 ? "s" : "", reason);
}

int lend_inside(const struct lend *l)
{
        for (unsigned i = 0; i < l->slots; i++)
                if (l->lent[i].remote.running)
                        return 1;
        return 0;
}

int lend_end(struct lend *l)
{
        int rc = bring_all_home(l);

        if (rc < 0 && lend_inside(l))
                return -1;              /* what is known of them is kept */
        l->slots = 0;
        return rc;
}

void lend_free(struct lend *l)
{
        free(l->memory);
        *l = (struct lend){ 0 };
}
