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

#include "peek.h"
#include "proc.h"
#include "util.h"

#ifndef SYS_sched_getattr
#define SYS_sched_getattr       315
#endif

#define CPUS_FIRST      128u            /* bytes */
#define CPUS_MAX        65536u
#define SECCOMP_FILTERS 2               /* the mode */

/* What may be missing, by the bits of `known`, then what has none. */
enum {
        LACK_NSTID = 20, LACK_AFFINITY, LACK_WCHAN, LACK_CGROUP, LACK_LABEL, LACK_SHARED, LACK_PROGRAMS,
        LACK_FLAGS, LACK_SOME_SIGNALS, LACK_SOME_FILTERS, LACK_FOLDERS
};

static const char *const lack_name[] = {
        "debug registers", "", "time left in system calls", "", "tid addresses", "robust lists",
        "restartable sequences", "parent death signals", "scheduling", "utilization clamps", "timer slack",
        "io priorities", "securebits", "credentials", "no_new_privs",
        "seccomp modes", "number of seccomp filters", "pending signals", "", "umasks of threads",
        "numbers of threads in their namespaces", "processors", "where threads sleep", "cgroups of threads", "security labels of threads",
        "pending signals of the process", "seccomp filters", "flags of seccomp filters",
        "some pending signals", "some seccomp filters", "folders of threads",
};

/* Note why something is missing, the first time. */
static void lack(struct threads *th, unsigned what, const char *why)
{
        if (!(th->noted >> what & 1))
                notes_add(th->notes, "%s: %s", lack_name[what], why);
        th->noted |= 1ull << what;
}

/* The bit number of an IMG_THREAD_*. */
static unsigned bit_of(uint32_t known)
{
        return (unsigned)__builtin_ctz(known);
}

/* By errno; known: one of IMG_THREAD_*. */
static void lack_errno(struct threads *th, uint32_t known)
{
        int none = errno == EIO || errno == EINVAL || errno == ENOSYS;

        lack(th, bit_of(known), none ? "this kernel does not tell" : strerror(errno));
}

/* --- before the stop -------------------------------------------------------- */

/* The line in the text, without its end, behind what is in before_text. Its length. */
static uint32_t keep(struct threads *th, size_t *at, size_t len)
{
        while (len && (th->text.p[len - 1] == '\n' || th->text.p[len - 1] == '\0'))
                len--;
        *at = th->before_text.len;
        payload_add(&th->before_text, th->text.p, len);
        return th->before_text.failed ? 0 : (uint32_t)len;
}

static void look_at_wchan(struct threads *th, struct threads_before *b)
{
        ssize_t len = procthread_read(&th->text, th->t->dir, b->tid, "wchan");

        if (len < 0 && (errno != ENOENT || access("/proc/self/wchan", F_OK) < 0))     /* that is, it is not gone */
                lack(th, LACK_WCHAN, errno == ENOENT ? "this kernel does not tell" : strerror(errno));
        else if (len > 0 && strcmp(th->text.p, "0"))
                b->wchan_len = keep(th, &b->wchan, (size_t)len);
}

/* Where there is no security module that has labels: EINVAL. */
static void look_at_label(struct threads *th, struct threads_before *b)
{
        ssize_t len = procthread_read(&th->text, th->t->dir, b->tid, "attr/current");

        if (len >= 0)
                b->label_len = keep(th, &b->label, (size_t)len);
        else if (errno != EINVAL && errno != ENOENT && errno != ESRCH)
                lack(th, LACK_LABEL, strerror(errno));
}

static void look_at_cgroup(struct threads *th, struct threads_before *b)
{
        ssize_t len = procthread_read(&th->text, th->t->dir, b->tid, "cgroup");

        if (len < 0 && errno != ENOENT && errno != ESRCH)
                lack(th, LACK_CGROUP, strerror(errno));
        if (len <= 0 || ((size_t)len == th->process_cgroup.len && !memcmp(th->text.p, th->process_cgroup.p, (size_t)len)))
                return;
        b->cgroup = th->before_text.len;
        b->cgroup_len = (uint32_t)len;
        payload_add(&th->before_text, th->text.p, (size_t)len);
        if (th->before_text.failed)
                b->cgroup_len = 0;
}

static void look_at(struct threads *th, struct threads_before *b, pid_t tid)
{
        *b = (struct threads_before){ .tid = tid };
        look_at_label(th, b);
        look_at_cgroup(th, b);
}

void threads_look(struct threads *th, struct trace *t, struct notes *notes)
{
        pid_t *tid;
        char *text;
        size_t len;

        *th = (struct threads){ .t = t, .notes = notes };
        if (read_file(t->live_dir, "cgroup", 1u << 20, &text, &len) == 0) {
                payload_add(&th->process_cgroup, text, len);
                free(text);
        }
        if (proc_tasks(t->dir, &tid, &th->before_n) < 0)
                return;                         /* the next one to want them says so */
        th->before = calloc(th->before_n, sizeof *th->before);
        for (size_t i = 0; th->before && i < th->before_n; i++) {
                look_at(th, &th->before[i], tid[i]);
                look_at_wchan(th, &th->before[i]);
        }
        if (!th->before)
                th->before_n = 0;
        free(tid);
}

/* What was seen of the thread before; a new one is looked at now. Both lists are in the kernel's order. */
static struct threads_before find_before(struct threads *th, pid_t tid)
{
        struct threads_before fresh;

        for (size_t i = 0; i < th->before_n; i++) {
                size_t k = (th->before_at + i) % th->before_n;

                if (th->before[k].tid == tid) {
                        th->before_at = k + 1;
                        return th->before[k];
                }
        }
        look_at(th, &fresh, tid);
        return fresh;
}

static void add_before(struct threads *th, struct thread *d, int slept)
{
        struct threads_before b = find_before(th, d->img.tid);
        const char *text = th->before_text.p;

        if (b.wchan_len && slept)
                payload_str(&th->strs, IMG_TSTR_WCHAN, text + b.wchan, b.wchan_len);
        if (b.cgroup_len)
                payload_str(&th->strs, IMG_TSTR_CGROUP, text + b.cgroup, b.cgroup_len);
        if (b.label_len)
                payload_str(&th->strs, IMG_TSTR_LABEL, text + b.label, b.label_len);
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
                lack(th, LACK_FOLDERS, strerror(errno));
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
                lack(th, bit_of(IMG_THREAD_UMASK), "this kernel does not tell");
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
                lack(th, bit_of(IMG_THREAD_SECCOMP), "this kernel has none");
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
                lack(th, lacking, errno == EIO || errno == EINVAL ? "this kernel does not tell" : strerror(errno));
                return 0;
        }
        if (rc == 0)
                lack(th, LACK_SOME_SIGNALS, "too many: not all that are pending are in the image");
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
        if (took_queue(th, rc, bit_of(IMG_THREAD_SIGNALS)))
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
                lack(th, LACK_PROGRAMS, f.err == EACCES ? "to read them takes CAP_SYS_ADMIN and no filter of our own" :
                     f.err == EIO || f.err == EINVAL ? "this kernel does not tell" : strerror(f.err));
        if (f.left)
                lack(th, LACK_SOME_FILTERS, "too many: the first ones are not in the image");
        if (f.no_flags)
                lack(th, LACK_FLAGS, "this kernel does not tell");
        d->img.seccomp_filters = f.n;
        if (f.counted)
                d->img.known |= IMG_THREAD_FILTERS;
        else
                lack(th, bit_of(IMG_THREAD_FILTERS), "this kernel does not tell");
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

static void add_sched(struct threads *th, struct thread *d)
{
        struct sched_attr_1 a = { 0 };
        int rc = th->no_attr ? -1 : (int)syscall(SYS_sched_getattr, d->img.tid, &a, sizeof a, 0);
        long nice = syscall(SYS_getpriority, 0, d->img.tid);    /* PRIO_PROCESS; told as 20 - nice */

        if (rc < 0 && (th->no_attr || errno == ENOSYS)) {
                th->no_attr = 1;
                rc = old_sched(d->img.tid, &a);
        }
        if (rc < 0 || nice < 0) {
                lack_errno(th, IMG_THREAD_SCHED);
                return;
        }
        d->img.policy = a.policy;
        d->img.nice = 20 - (int32_t)nice;       /* sched_getattr does not tell that of a real-time one */
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
                lack(th, LACK_AFFINITY, strerror(errno));
        else
                payload_str(&th->strs, IMG_TSTR_AFFINITY, th->cpus, (size_t)len);
}

static void add_calls(struct threads *th, struct thread *d)
{
        uint64_t list = 0, len = 0;
        long io = syscall(SYS_ioprio_get, 1, d->img.tid);       /* IOPRIO_WHO_PROCESS */

        if (io < 0) {
                lack_errno(th, IMG_THREAD_IOPRIO);
        } else {
                d->img.io_priority = (uint32_t)io;
                d->img.known |= IMG_THREAD_IOPRIO;
        }
        if (syscall(SYS_get_robust_list, d->img.tid, &list, &len) < 0) {
                lack_errno(th, IMG_THREAD_ROBUST);
        } else {
                d->img.robust_list = list;
                d->img.robust_len = len;
                d->img.known |= IMG_THREAD_ROBUST;
        }
}

/* --- what ptrace tells --------------------------------------------------------------- */

static void add_registers(struct threads *th, struct thread *d)
{
        struct peek_rseq rseq;

        if (peek_debugregs(th->t, d->img.tid, d->img.debugreg) < 0) {
                memset(d->img.debugreg, 0, sizeof d->img.debugreg);
                lack_errno(th, IMG_THREAD_DEBUGREG);
        } else {
                d->img.known |= IMG_THREAD_DEBUGREG;
        }
        if (peek_rseq(th->t, d->img.tid, &rseq) < 0) {
                lack_errno(th, IMG_THREAD_RSEQ);
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
                lack(th, bit_of(IMG_THREAD_WAIT), "that of relative sleeps, poll and futex the kernel tells nobody");
                break;
        case WAITS_NONE:
                break;
        }
}

/* --- together --------------------------------------------------------------------------- */

static void read_status(struct threads *th, struct thread *d, int first)
{
        struct procthread p;

        if (procthread_read(&th->text, th->t->dir, d->img.tid, "status") < 0) {
                lack(th, bit_of(IMG_THREAD_CREDS), strerror(errno));
                return;
        }
        procthread_parse(th->text.p, &p);
        if (saw(&p, PROCTHREAD_NSPID))
                add_ns_tids(th, d, p.ns_tids);
        else                                    /* before 4.1 */
                lack(th, LACK_NSTID, "this kernel does not tell");
        if (saw(&p, PROCTHREAD_UID) && saw(&p, PROCTHREAD_GID) && saw(&p, PROCTHREAD_CAPEFF))
                take_credentials(th, d, &p);
        take_folders(th, d, &p);
        take_fences(th, d, &p);
        if (first) {
                read_shared_signals(th, d->img.tid, p.shared_pending);
                th->catches_sys = (p.caught & SIG_BIT(SIGSYS)) != 0;
        }
        add_signals(th, d, p.pending);
        if (d->img.seccomp == SECCOMP_FILTERS)
                add_filters(th, d);
}

static void read_thread(struct threads *th, struct thread *d, const struct trace_task *k, int first)
{
        *d = (struct thread){
                .img = {
                        .size = sizeof d->img, .tid = k->tid, .blocked = k->mask,
                        .regs_len = sizeof k->regs, .state = (uint8_t)k->state, .syscall = k->syscall,
                },
                .strs = th->strs.len,
        };
        memcpy(d->img.comm, k->comm, sizeof d->img.comm);
        add_call(th, d, k);
        add_registers(th, d);
        read_status(th, d, first);
        add_sched(th, d);
        add_affinity(th, k->tid);
        add_calls(th, d);
        add_before(th, d, k->state != 'R' && k->syscall == d->img.syscall);
        d->img.strs_len = (uint32_t)(th->strs.len - d->strs);
}

int threads_read(struct threads *th)
{
        free(th->thread);
        th->n = th->t->n;
        th->thread = calloc(th->n, sizeof *th->thread);
        th->strs.len = 0;
        th->no_clamp = access("/proc/sys/kernel/sched_util_clamp_max", F_OK) < 0;
        waits_begin(&th->waits, th->t);
        for (size_t i = 0; th->thread && i < th->n; i++) {
                if (i % 64 == 0 && stop_wanted())
                        return -1;
                read_thread(th, &th->thread[i], &th->t->task[i], i == 0);
        }
        return th->thread && !th->strs.failed && !th->shared.failed ? 0 : fail("no memory for what threads are");
}

/* A number that a thread answered; negative: it got an errno, which is noted. */
static int32_t answer(struct threads *th, struct img_thread *img, uint32_t known, int64_t got)
{
        if (got < 0) {
                lack(th, bit_of(known), strerror((int)-got));
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
                lack(th, bit_of(IMG_THREAD_SLACK), errno == ENOENT ? "this kernel tells a thread only its own" :
                     strerror(errno));
                return;
        }
        img->timer_slack_ns = strtoull(text, &end, 10);
        if (end != text)
                img->known |= IMG_THREAD_SLACK;
        free(text);
}

static int write_thread(struct threads *th, size_t i, void *xstate, struct imgwrite *w)
{
        const struct trace_task *k = &th->t->task[i];
        struct img_thread *img = &th->thread[i].img;
        ssize_t len = trace_get_xstate(th->t, k->tid, xstate, TRACE_XSTATE_MAX);
        struct iovec v[] = {
                { img, sizeof *img },
                { (void *)&k->regs, sizeof k->regs },
                { xstate, (size_t)len },
                { (void *)"\0\0\0\0\0\0\0", -(size_t)len & 7 },
                { th->strs.p + th->thread[i].strs, img->strs_len },
        };

        _Static_assert(sizeof *img % 8 == 0 && sizeof k->regs % 8 == 0, "img_str's are 8-aligned");
        if (len < 0)
                return trace_fail(th->t, k->tid, "extended registers");
        img->xstate_len = (uint32_t)len;
        img->fd_table = k->table > 0 ? k->table : 0;
        img->known |= k->table < 0 ? 0 : IMG_THREAD_TABLE;
        if (!(img->known & IMG_THREAD_SLACK))
                read_slack(th, img);
        return imgwrite_chunk(w, IMG_THRD, v, sizeof v / sizeof *v);
}

int threads_write(struct threads *th, struct imgwrite *w)
{
        void *xstate = trace_piece(th->t, TRACE_XSTATE);
        int rc = 0;

        for (size_t i = 0; i < th->n && rc == 0; i++)
                rc = write_thread(th, i, xstate, w);
        if (rc == 0 && th->shared.len)
                rc = imgwrite_payload(w, IMG_SIGQ, &th->shared);
        return rc;
}

void threads_free(struct threads *th)
{
        free(th->thread);
        free(th->before);
        slurp_free(&th->text);
        free(th->cpus);
        payload_free(&th->strs);
        payload_free(&th->shared);
        payload_free(&th->before_text);
        payload_free(&th->process_cgroup);
}
