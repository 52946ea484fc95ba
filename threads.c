/* SPDX-License-Identifier: MIT */
/* threads.c - all that a thread is, into THRD chunks */
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bytes.h"
#include "peek.h"
#include "proc.h"
#include "ready.h"
#include "util.h"

#ifndef SYS_sched_getattr
#define SYS_sched_getattr       315
#endif

#define CPUS_FIRST      128u            /* bytes */
#define CPUS_MAX        65536u
#define STATUS_MAX      (16u << 20)     /* bytes: 65,536 groups take less than one MiB */
#define MORE            16u             /* threads that may come yet */
#define MANY            2048u
#define STRS            384u            /* bytes of a thread's strings, as a rule */
#define XSTATE_GRAIN    64u             /* bytes: zeros at the end are left out by so many, */
#define XSTATE_STEP     1024u           /* and looked for by so many */
#define SECCOMP_FILTERS 2               /* the mode */

/* --- before the stop -------------------------------------------------------- */

/* For n threads. 0, or -1 after fail(). */
static int make_room(struct threads *th, size_t n)
{
        struct thread *p = n > th->cap ? realloc(th->thread, n * sizeof *p) : th->thread;

        if (!p)
                return fail("no memory for what threads are");
        th->thread = p;
        th->cap = n > th->cap ? n : th->cap;
        return 0;
}

/* What few threads take is there before they are stopped; of what many take, that much. */
static void get_ready(struct threads *th)
{
        size_t n = th->look.n + MORE < MANY ? th->look.n + MORE : MANY;

        if (make_room(th, n) < 0)
                return;                         /* threads_read() will say so */
        ready_memory(th->thread, n * sizeof *th->thread);
        payload_ready(&th->strs, n * STRS);
        payload_ready(&th->xstates, n * TRACE_XSTATE_MOSTLY);
        threadahead_begin(&th->ahead, th->look.n + MORE);
        if (th->look.n && th->look.seen[0].status >= 0 && slurp_again(&th->text, th->look.seen[0].status, STATUS_MAX) > 0)
                procthread_parse(th->text.p, &(struct procthread){ 0 });        /* what runs for the first time takes five times as long */
}

void threads_look(struct threads *th, struct trace *t, struct rawfiles *raw, struct notes *notes)
{
        *th = (struct threads){ .t = t, .raw = raw, .lack = { .notes = notes } };
        th->no_clamp = access("/proc/sys/kernel/sched_util_clamp_max", F_OK) < 0;
        waits_begin(&th->waits, t);
        threadlook(&th->look, t, &th->lack);
        get_ready(th);
}

/* --- what /proc/PID/task/TID/status says -------------------------------------- */

static int saw(const struct procthread *p, enum procthread_line line)
{
        return p->seen >> line & 1;
}

static void add_groups(struct threads *th, const char *text)
{
        size_t head = th->strs.len;
        uint32_t gid, n = 0;

        payload_str(&th->strs, IMG_TSTR_GROUPS, NULL, 0);
        for (; procthread_number(&text, &gid); n++)
                payload_add(&th->strs, &gid, sizeof gid);
        payload_add(&th->strs, "\0\0\0\0", n & 1 ? 4 : 0);
        if (!th->strs.failed)
                ((struct img_str *)(void *)(th->strs.p + head))->len = n * (uint32_t)sizeof gid;
}

/* "outermost ... innermost", as the image has them. */
static void add_ns_tids(struct threads *th, struct thread *d, const char *text)
{
        char out[33 * 12];                      /* pid namespaces nest 32 deep */
        size_t len = 0;
        uint32_t tid;

        while (procthread_number(&text, &tid) && len < sizeof out - 12) {
                len += (size_t)snprintf(out + len, sizeof out - len, "%s%u", len ? " " : "", (unsigned)tid);
                d->own_tid = (pid_t)tid;
        }
        payload_str(&th->strs, IMG_TSTR_NSTID, out, len);
}

static void take_credentials(struct threads *th, struct thread *d, const struct procthread *p)
{
        memcpy(d->img.uid, p->uid, sizeof d->img.uid);
        memcpy(d->img.gid, p->gid, sizeof d->img.gid);
        memcpy(d->img.cap, p->cap, sizeof d->img.cap);
        d->img.known |= IMG_THREAD_CREDS;
        if (saw(p, PROCTHREAD_GROUPS))
                add_groups(th, p->groups);
}

/* Threads that did not share them once may have other ones: clone(2), CLONE_FS. */
static void add_folder(struct threads *th, pid_t tid, uint32_t id, const char *link)
{
        char path[48], its[PATH_MAX], own[PATH_MAX];
        ssize_t len, n = readlinkat(th->t->live_dir, link, own, sizeof own);

        snprintf(path, sizeof path, "task/%d/%s", (int)tid, link);
        len = readlinkat(th->t->dir, path, its, sizeof its);
        if (len < 0)
                lack(&th->lack, LACK_FOLDERS, strerror(errno));
        else if (len != n || memcmp(its, own, (size_t)len) != 0)
                payload_str(&th->strs, id, its, (size_t)len);
}

static void take_folders(struct threads *th, struct thread *d, const struct procthread *p)
{
        enum { KCMP_FS = 3 };
        pid_t live = th->t->live;

        d->img.umask = p->umask;
        if (saw(p, PROCTHREAD_UMASK))
                d->img.known |= IMG_THREAD_UMASK;
        else if (th->t->n > 1)                  /* before 4.7 */
                lack(&th->lack, lack_bit(IMG_THREAD_UMASK), "this kernel does not tell");
        if (d->img.tid == live || syscall(SYS_kcmp, live, d->img.tid, KCMP_FS, 0, 0) == 0)
                return;
        add_folder(th, d->img.tid, IMG_TSTR_CWD, "cwd");
        add_folder(th, d->img.tid, IMG_TSTR_ROOT, "root");
}

static void take_fences(struct threads *th, struct thread *d, const struct procthread *p)
{
        const char *shadow = saw(p, PROCTHREAD_FEATURES) ? strstr(p->features, "shstk") : NULL;

        d->shadow_stack = shadow && !memchr(p->features, '\n', (size_t)(shadow - p->features));
        if (saw(p, PROCTHREAD_NNP)) {           /* since 4.10; else it is asked from inside */
                d->img.no_new_privs = p->no_new_privs;
                d->img.known |= IMG_THREAD_NNP;
        }
        d->img.seccomp = p->seccomp;
        d->img.seccomp_filters = p->seccomp_filters;
        if (!saw(p, PROCTHREAD_SECCOMP)) {
                lack(&th->lack, lack_bit(IMG_THREAD_SECCOMP), "this kernel has none");
                return;
        }
        d->img.known |= IMG_THREAD_SECCOMP;
        if (saw(p, PROCTHREAD_FILTERS) || p->seccomp != SECCOMP_FILTERS)
                d->img.known |= IMG_THREAD_FILTERS;
}

/* --- signals ------------------------------------------------------------------ */

/* What peek_signals() said, noted. 1: all of them are there. */
static int took_queue(struct threads *th, int rc, uint32_t lacking)
{
        if (rc < 0) {
                lack(&th->lack, lacking, errno == EIO || errno == EINVAL ? "this kernel does not tell" : strerror(errno));
                return 0;
        }
        if (rc == 0)
                lack(&th->lack, LACK_SOME_SIGNALS, "too many: not all that are pending are in the image");
        return rc;
}

static void add_signals(struct threads *th, struct thread *d, uint64_t pending)
{
        size_t head = th->strs.len;
        int rc;

        if (!pending) {
                d->img.known |= IMG_THREAD_SIGNALS;
                return;
        }
        payload_str(&th->strs, IMG_TSTR_SIGINFO, NULL, 0);
        rc = peek_signals(th->t, d->img.tid, 0, pending, &th->strs);
        if (!th->strs.failed)
                ((struct img_str *)(void *)(th->strs.p + head))->len =
                        (uint32_t)(th->strs.len - head - sizeof(struct img_str));
        if (took_queue(th, rc, lack_bit(IMG_THREAD_SIGNALS)))
                d->img.known |= IMG_THREAD_SIGNALS;
}

static void read_shared_signals(struct threads *th, pid_t tid, uint64_t pending)
{
        struct img_array a = { 0, IMG_SIGINFO };
        int rc = 1;

        payload_free(&th->shared);
        payload_add(&th->shared, &a, sizeof a);
        if (pending)
                rc = peek_signals(th->t, tid, 1, pending, &th->shared);
        if (!th->shared.failed) {
                a.n = (uint32_t)((th->shared.len - sizeof a) / IMG_SIGINFO);
                memcpy(th->shared.p, &a, sizeof a);
        }
        took_queue(th, rc, LACK_SHARED);
        if (rc < 0)
                payload_free(&th->shared);
}

/* --- seccomp -------------------------------------------------------------------- */

static void add_filters(struct threads *th, struct thread *d)
{
        struct peek_filters f = { .n = d->img.seccomp_filters, .counted = (d->img.known & IMG_THREAD_FILTERS) != 0 };

        peek_filters(th->t, d->img.tid, &f, &th->strs);
        if (f.err)
                lack(&th->lack, LACK_PROGRAMS, f.err == EACCES ? "to read them takes CAP_SYS_ADMIN and no filter of our own" :
                     f.err == EIO || f.err == EINVAL ? "this kernel does not tell" : strerror(f.err));
        if (f.left)
                lack(&th->lack, LACK_SOME_FILTERS, "too many: the first ones are not in the image");
        if (f.no_flags)
                lack(&th->lack, LACK_FLAGS, "this kernel does not tell");
        d->img.seccomp_filters = f.n;
        if (f.counted)
                d->img.known |= IMG_THREAD_FILTERS;
        else
                lack(&th->lack, lack_bit(IMG_THREAD_FILTERS), "this kernel does not tell");
}

/* --- what system calls tell of another thread -------------------------------------- */

struct sched_attr_1 {           /* the kernel's struct sched_attr, SCHED_ATTR_SIZE_VER1 */
        uint32_t size, policy;
        uint64_t flags;
        int32_t  nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
        uint32_t util_min, util_max;
};
_Static_assert(sizeof(struct sched_attr_1) == 56, "sched_attr");

/* Of kernels before 3.14. */
static int old_sched(pid_t tid, struct sched_attr_1 *a)
{
        long policy = syscall(SYS_sched_getscheduler, tid);
        int priority = 0;

        if (policy < 0 || syscall(SYS_sched_getparam, tid, &priority) < 0)
                return -1;
        *a = (struct sched_attr_1){ .policy = (uint32_t)policy & 0xffff, .priority = (uint32_t)priority };
        a->flags = policy >> 30 & 1;            /* SCHED_RESET_ON_FORK: SCHED_FLAG_RESET_ON_FORK */
        return 0;
}

/* Whose sched_getattr() does not tell a nice value, which it has all the same. */
static int is_realtime(uint32_t policy)
{
        enum { FIFO = 1, RR = 2, DEADLINE = 6 };        /* SCHED_*: uapi/linux/sched.h */

        return policy == FIFO || policy == RR || policy == DEADLINE;
}

static int own_nice(pid_t tid, int32_t *nice)
{
        long got = syscall(SYS_getpriority, 0, tid);    /* PRIO_PROCESS; told as 20 - nice */

        *nice = 20 - (int32_t)got;
        return got < 0 ? -1 : 0;
}

static void add_sched(struct threads *th, struct thread *d)
{
        struct sched_attr_1 a = { 0 };
        int rc = th->no_attr ? -1 : (int)syscall(SYS_sched_getattr, d->img.tid, &a, sizeof a, 0);

        if (rc < 0 && (th->no_attr || errno == ENOSYS)) {
                th->no_attr = 1;
                rc = old_sched(d->img.tid, &a);
        }
        if (rc == 0 && (th->no_attr || is_realtime(a.policy)))
                rc = own_nice(d->img.tid, &a.nice);
        if (rc < 0) {
                lack_errno(&th->lack, IMG_THREAD_SCHED);
                return;
        }
        d->img.policy = a.policy;
        d->img.nice = a.nice;
        d->img.rt_priority = a.priority;
        d->img.sched_flags = (uint32_t)a.flags;
        d->img.dl_runtime_ns = a.runtime;
        d->img.dl_deadline_ns = a.deadline;
        d->img.dl_period_ns = a.period;
        d->img.known |= IMG_THREAD_SCHED;
        if (th->no_clamp || a.size < sizeof a)  /* this kernel has none: nothing is missing */
                return;
        d->img.util_min = a.util_min;
        d->img.util_max = a.util_max;
        d->img.known |= IMG_THREAD_UTIL;
}

/* The kernel wants room for all the processors that it could have. */
static void add_affinity(struct threads *th, pid_t tid)
{
        long len;

        for (;;) {
                if (!th->cpus) {
                        th->cpus_len = th->cpus_len ? th->cpus_len * 2 : CPUS_FIRST;
                        th->cpus = malloc(th->cpus_len);
                }
                errno = ENOMEM;
                len = th->cpus ? syscall(SYS_sched_getaffinity, tid, th->cpus_len, th->cpus) : -1;
                if (len >= 0 || errno != EINVAL || th->cpus_len >= CPUS_MAX)
                        break;
                free(th->cpus);
                th->cpus = NULL;
        }
        if (len < 0)
                lack(&th->lack, LACK_AFFINITY, strerror(errno));
        else
                payload_str(&th->strs, IMG_TSTR_AFFINITY, th->cpus, (size_t)len);
}

static void add_calls(struct threads *th, struct thread *d)
{
        uint64_t list = 0, len = 0;
        long io = syscall(SYS_ioprio_get, 1, d->img.tid);       /* IOPRIO_WHO_PROCESS */

        if (io < 0) {
                lack_errno(&th->lack, IMG_THREAD_IOPRIO);
        } else {
                d->img.io_priority = (uint32_t)io;
                d->img.known |= IMG_THREAD_IOPRIO;
        }
        if (syscall(SYS_get_robust_list, d->img.tid, &list, &len) < 0) {
                lack_errno(&th->lack, IMG_THREAD_ROBUST);
        } else {
                d->img.robust_list = list;
                d->img.robust_len = len;
                d->img.known |= IMG_THREAD_ROBUST;
        }
}

/* --- what ptrace tells --------------------------------------------------------------- */

static void add_debugregs(struct threads *th, struct thread *d)
{
        if (peek_debugregs(th->t, d->img.tid, d->img.debugreg) < 0) {
                memset(d->img.debugreg, 0, sizeof d->img.debugreg);
                lack_errno(&th->lack, IMG_THREAD_DEBUGREG);
        } else {
                d->img.known |= IMG_THREAD_DEBUGREG;
        }
}

static void add_rseq(struct threads *th, struct thread *d)
{
        struct peek_rseq rseq;

        if (peek_rseq(th->t, d->img.tid, &rseq) < 0) {
                lack_errno(&th->lack, IMG_THREAD_RSEQ);
                return;
        }
        d->img.rseq = rseq.addr;
        d->img.rseq_len = rseq.len;
        d->img.rseq_signature = rseq.signature;
        d->img.known |= IMG_THREAD_RSEQ;
}

/* The call that it was in when it stopped, which may be another one than that seen before. */
static void add_call(struct threads *th, struct thread *d, const struct trace_task *k)
{
        struct trace_call c = trace_call(k);

        if (c.nr < 0 || (!c.asleep && c.nr != k->syscall))
                return;
        d->img.syscall = (int32_t)c.nr;
        memcpy(d->img.call_arg, c.arg, sizeof d->img.call_arg);
        d->img.known |= IMG_THREAD_CALL;
        if (!c.asleep)
                return;
        switch (waits_left(&th->waits, th->t, k->tid, &c, &d->img.wait_left_ns)) {
        case WAITS_TOLD:
                d->img.known |= IMG_THREAD_WAIT;
                break;
        case WAITS_HIDDEN:
                lack(&th->lack, lack_bit(IMG_THREAD_WAIT), "that of relative sleeps, poll and futex the kernel tells nobody");
                break;
        case WAITS_NONE:
                break;
        }
}

/* --- together --------------------------------------------------------------------------- */

/* fd: open for it, or -1. */
static void read_status(struct threads *th, struct thread *d, int fd)
{
        size_t i = (size_t)(d - th->thread);
        const char *text = threadahead_text(&th->ahead, i);
        struct procthread p;

        if (!text && (fd < 0 || slurp_again(&th->text, fd, STATUS_MAX) < 0) &&
            procthread_read(&th->text, th->t->dir, d->img.tid, "status") < 0) {
                lack(&th->lack, lack_bit(IMG_THREAD_CREDS), strerror(errno));
                return;
        }
        text = text ? text : th->text.p;
        procthread_parse(text, &p);
        if (d->img.tid == th->t->live)  /* the process's own */
                rawfiles_take(th->raw, "status", text);
        if (saw(&p, PROCTHREAD_NAME))
                procthread_name(p.name, (char *)d->img.comm, sizeof d->img.comm);
        if (saw(&p, PROCTHREAD_NSPID))
                add_ns_tids(th, d, p.ns_tids);
        else                                    /* before 4.1 */
                lack(&th->lack, LACK_NSTID, "this kernel does not tell");
        if (saw(&p, PROCTHREAD_UID) && saw(&p, PROCTHREAD_GID) && saw(&p, PROCTHREAD_CAPEFF))
                take_credentials(th, d, &p);
        take_folders(th, d, &p);
        take_fences(th, d, &p);
        if (i == 0) {
                read_shared_signals(th, d->img.tid, p.shared_pending);
                th->caught = saw(&p, PROCTHREAD_SIGCGT) ? p.caught : SIG_ALL;
        }
        add_signals(th, d, p.pending);
        if (d->img.seccomp == SECCOMP_FILTERS)
                add_filters(th, d);
}

static void read_thread(struct threads *th, struct thread *d, const struct trace_task *k)
{
        struct threadseen seen = threadlook_at(&th->look, k->tid);

        *d = (struct thread){
                .img = {
                        .size = sizeof d->img, .tid = k->tid, .blocked = k->mask,
                        .regs_len = sizeof k->regs, .state = (uint8_t)k->state, .syscall = k->syscall,
                },
                .strs = th->strs.len,
        };
        add_call(th, d, k);
        add_rseq(th, d);
        read_status(th, d, seen.status);
        add_affinity(th, k->tid);
        threadlook_add(&th->look, &seen, k->state != 'R' && k->syscall == d->img.syscall, &th->strs);
        d->img.strs_len = (uint32_t)(th->strs.len - d->strs);
}

/* Nobody needs it to borrow the thread, and it takes as long as all that. */
static void read_late(struct threads *th, struct thread *d)
{
        add_debugregs(th, d);
        add_sched(th, d);
        add_calls(th, d);
}

void threads_read_late(struct threads *th)
{
        for (; th->late < th->n; th->late++)
                read_late(th, &th->thread[th->late]);
}

void threads_read_ahead(struct threads *th)
{
        const struct threadlook *l = &th->look;
        size_t hint = 0;

        for (size_t i = 0; i < th->t->n; i++) {
                size_t k = find_number(l->seen, l->n, sizeof *l->seen, th->t->task[i].tid, &hint);

                if (!threadahead_read(&th->ahead, i, k < l->n ? l->seen[k].status : -1))
                        return;
        }
}

void threads_end_ahead(struct threads *th)
{
        threadahead_end(&th->ahead);
}

int threads_read(struct threads *th)
{
        th->n = th->t->n;
        if (make_room(th, th->n) < 0)
                return -1;
        th->strs.len = th->xstates.len = 0;
        th->caught = SIG_ALL;
        for (size_t i = 0; i < th->n; i++) {
                if (i % 64 == 0 && stop_wanted())
                        return -1;
                read_thread(th, &th->thread[i], &th->t->task[i]);
        }
        read_late(th, &th->thread[0]);
        th->late = 1;
        return !th->strs.failed && !th->shared.failed ? 0 : fail("no memory for what threads are");
}

/* A number that a thread answered; negative: it got an errno, which is noted. */
static int32_t answer(struct threads *th, struct img_thread *img, uint32_t known, int64_t got)
{
        if (got < 0) {
                lack(&th->lack, lack_bit(known), strerror((int)-got));
                return 0;
        }
        img->known |= known;
        return (int32_t)got;
}

void threads_asked(struct threads *th, size_t i, const struct threads_inside *in)
{
        struct img_thread *img = &th->thread[i].img;

        img->altstack_sp = in->altstack_sp;
        img->altstack_size = in->altstack_size;
        img->altstack_flags = in->altstack_flags;
        img->known |= IMG_THREAD_ALTSTACK;
        img->pdeath_signal = answer(th, img, IMG_THREAD_PDEATH, in->pdeath_signal);
        img->securebits = (uint32_t)answer(th, img, IMG_THREAD_SECUREBITS, in->securebits);
        if (!(img->known & IMG_THREAD_NNP))
                img->no_new_privs = (uint32_t)answer(th, img, IMG_THREAD_NNP, in->no_new_privs);
        answer(th, img, IMG_THREAD_SLACK, in->timer_slack_ns);
        img->timer_slack_ns = in->timer_slack_ns < 0 ? 0 : (uint64_t)in->timer_slack_ns;
        answer(th, img, IMG_THREAD_TID_ADDRESS, in->tid_address);
        img->tid_address = in->tid_address < 0 ? 0 : (uint64_t)in->tid_address;
}

/* Of a thread that was not asked. The file is the thread's, though /proc lists it for processes only. */
static void read_slack(struct threads *th, struct img_thread *img)
{
        char path[48], *text, *end;
        size_t len;

        snprintf(path, sizeof path, "/proc/%d/timerslack_ns", (int)img->tid);
        if (read_file(AT_FDCWD, path, 64, &text, &len) < 0) {
                lack(&th->lack, lack_bit(IMG_THREAD_SLACK), errno == ENOENT ? "this kernel tells a thread only its own" :
                     strerror(errno));
                return;
        }
        img->timer_slack_ns = strtoull(text, &end, 10);
        if (end != text)
                img->known |= IMG_THREAD_SLACK;
        free(text);
}

void threads_took(struct threads *th, size_t i, const void *xstate, size_t len)
{
        struct thread *d = &th->thread[i];
        const uint8_t *p = xstate;
        size_t used = len;

        while (used % XSTATE_GRAIN && !p[used - 1])
                used--;
        for (size_t step = XSTATE_STEP; used % XSTATE_GRAIN == 0 && step >= XSTATE_GRAIN; step /= 4)
                while (used >= step && all_of(p + used - step, step) == 0)
                        used -= step;
        d->xstate = th->xstates.len;
        d->xstate_zeros = (uint32_t)(len - used);
        d->img.xstate_len = (uint32_t)len;
        payload_add(&th->xstates, xstate, used);
}

int threads_take(struct threads *th)
{
        void *xstate = trace_piece(th->t, TRACE_XSTATE);

        threads_read_late(th);
        for (size_t i = 0; i < th->n; i++) {
                struct img_thread *img = &th->thread[i].img;
                ssize_t len;

                if (!(img->known & IMG_THREAD_SLACK))
                        read_slack(th, img);
                if (img->xstate_len)
                        continue;
                len = trace_get_xstate(th->t, img->tid, xstate, TRACE_XSTATE_MAX);
                if (len < 0)
                        return trace_fail(th->t, img->tid, "extended registers");
                threads_took(th, i, xstate, (size_t)len);
        }
        return th->xstates.failed ? fail("no memory for what threads are") : 0;
}

static int write_thread(struct threads *th, size_t i, void *zeros, struct imgwrite *w)
{
        const struct trace_task *k = &th->t->task[i];
        const struct thread *d = &th->thread[i];
        struct img_thread img = d->img;
        struct iovec v[] = {
                { &img, sizeof img },
                { (void *)&k->regs, sizeof k->regs },
                { th->xstates.p + d->xstate, img.xstate_len - d->xstate_zeros },
                { zeros, d->xstate_zeros + (-img.xstate_len & 7) },
                { th->strs.p + d->strs, img.strs_len },
        };

        _Static_assert(sizeof img % 8 == 0 && sizeof k->regs % 8 == 0, "img_str's are 8-aligned");
        img.fd_table = k->table > 0 ? k->table : 0;
        img.known |= k->table < 0 ? 0 : IMG_THREAD_TABLE;
        return imgwrite_chunk(w, IMG_THRD, v, sizeof v / sizeof *v);
}

int threads_write(struct threads *th, struct imgwrite *w)
{
        void *zeros = trace_piece(th->t, TRACE_XSTATE);
        int rc = 0;

        memset(zeros, 0, TRACE_XSTATE_MAX);
        for (size_t i = 0; i < th->n && rc == 0; i++)
                rc = write_thread(th, i, zeros, w);
        if (rc == 0 && th->shared.len)
                rc = imgwrite_payload(w, IMG_SIGQ, &th->shared);
        return rc;
}

void threads_free(struct threads *th)
{
        threadahead_free(&th->ahead);
        threadlook_free(&th->look);
        free(th->thread);
        slurp_free(&th->text);
        free(th->cpus);
        payload_free(&th->strs);
        payload_free(&th->xstates);
        payload_free(&th->shared);
}
