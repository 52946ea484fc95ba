/* SPDX-License-Identifier: MIT */
/* twin.c - a copy of the process, made by clone(2), that is read while the process runs */
#include "twin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gadget.h"
#include "guard.h"
#include "parasite.h"
#include "peek.h"
#include "proc.h"
#include "seize.h"
#include "util.h"

#define WAIT_NS         5000000000ull   /* for what takes microseconds */
#define REAP_NS         2000000000ull   /* for one thread of the target to stop */
#define NAP_NS          100000
#define RSEQ_LEN        32              /* of struct rseq, what every kernel that has it writes to: uapi/linux/rseq.h */

/* ---- what is ours in it ---- */

static int note(struct twin *w, int which, uint64_t at, const void *bytes, size_t len)
{
        struct twin_bytes *b = &w->was[which];

        b->bytes = malloc(len);
        if (!b->bytes)
                return -1;
        b->at = at;
        b->len = len;
        if (bytes)
                memcpy(b->bytes, bytes, len);
        return 0;
}

int twin_note(struct twin *w, struct remote *r)
{
        struct peek_rseq rseq;

        if (r->line_at && note(w, 0, r->line_at, r->line_saved, r->line_len) < 0)
                return -1;
        if (r->code_at && note(w, 1, r->code_at, r->code_saved, sizeof r->code_saved) < 0)
                return -1;
        if (peek_rseq(r->t, r->task->tid, &rseq) < 0 || !rseq.addr)
                return 0;
        if (note(w, 2, rseq.addr, NULL, RSEQ_LEN) < 0)
                return -1;
        if (trace_read(r->t, r->task->tid, rseq.addr, w->was[2].bytes, RSEQ_LEN) < 0)
                w->was[2].at = 0;
        return 0;
}

static void forget(struct twin *w)
{
        for (int i = 0; i < TWIN_BYTES; i++) {
                free(w->was[i].bytes);
                w->was[i] = (struct twin_bytes){ 0 };
        }
}

/* Where the copy has no such memory (MADV_DONTFORK), the image has what was kept. */
static void put_right(struct twin *w)
{
        for (int i = 0; i < TWIN_BYTES; i++) {
                const struct twin_bytes *b = &w->was[i];

                if (b->at && trace_write(&w->t, w->t.live, b->at, b->bytes, b->len) < 0)
                        say("the copy of process %d: %zu bytes at %#llx are not in it", w->t.pid, b->len, (unsigned long long)b->at);
        }
}

/* ---- it ---- */

/* It is the first to go when memory is short. */
static void offer_to_oom(struct twin *w)
{
        int fd = openat(w->t.dir, "oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        if (write(fd, "1000", 4) < 0)
                say("the copy of process %d is not offered to the OOM killer: %s", w->t.pid, strerror(errno));
        close(fd);
}

/* Stopped before its first instruction; signals to its process group may come first. */
static int await_birth(struct twin *w)
{
        enum trace_stop stop;
        int sig;

        stop = trace_wait(&w->t, w->t.live, now_ns() + WAIT_NS, 1, &sig);
        if (stop == TRACE_GONE)
                return trace_fail_gone(&w->t, sig);
        return stop == TRACE_TIMEOUT ? fail("the copy of process %d does not stop", w->t.pid) : 0;
}

/* It closes its descriptors. What holds that up (a file system's close) holds up nobody else. */
static int await_alone(struct twin *w, uint64_t data)
{
        uint64_t deadline = now_ns() + REAP_NS;
        uint32_t alone = 0;

        for (;;) {
                enum trace_stop stop;
                int sig;

                if (trace_read(&w->t, w->t.live, data + offsetof(struct parasite_data, alone), &alone, sizeof alone) < 0)
                        return trace_fail(&w->t, w->t.live, "the copy");
                if (alone || now_ns() > deadline)
                        return 0;
                stop = trace_wait(&w->t, w->t.live, now_ns() + NAP_NS, 1, &sig);
                if (stop == TRACE_GONE)
                        return trace_fail_gone(&w->t, sig);
                if (stop != TRACE_TIMEOUT && trace_resume(&w->t, w->t.live, 0, stop == TRACE_SIGNAL ? sig : 0) < 0)
                        return trace_fail(&w->t, w->t.live, "the copy");
        }
}

/* Killed by the kernel, for want of memory or with its pid namespace: not to be noticed only when it is all read. */
static int is_lost(void *arg)
{
        struct twin *w = arg;
        int status;
        pid_t got = waitpid(w->t.live, &status, __WALL | WNOHANG);

        if (got == 0 || (got > 0 && WIFSTOPPED(status)))
                return 0;
        return trace_fail_gone(&w->t, got > 0 ? status : 0);
}

/* From now on it is ours to end. */
static void take(struct twin *w, struct trace *of, pid_t ns_pid)
{
        struct proc_status st;

        w->ns_pid = ns_pid;
        w->t = (struct trace){
                .pid = of->pid, .live = of->cloned, .mem = -1, .twin = 1, .options = of->options,
        };
        of->cloned = 0;
        w->t.dir = w->t.live_dir = proc_open(w->t.live);
        if (w->ns_pid <= 0)
                w->ns_pid = proc_status(w->t.dir, 0, &st) == 0 && st.ns_pid ? st.ns_pid : w->t.live;
}

int twin_adopt(struct twin *w, struct trace *of, pid_t ns_pid, uint64_t data)
{
        uint64_t adopted_at = data + offsetof(struct parasite_data, adopted);
        const uint32_t adopted = 1;

        take(w, of, ns_pid);
        if (w->t.dir < 0)
                return trace_fail_gone(&w->t, 0);
        w->t.mem = openat(w->t.dir, "mem", O_RDWR | O_CLOEXEC);
        if (await_birth(w) < 0)
                return -1;
        if (trace_die_with_us(&w->t, w->t.live) < 0)
                return trace_fail(&w->t, w->t.live, "the copy");
        offer_to_oom(w);
        put_right(w);
        if (trace_write(&w->t, w->t.live, adopted_at, &adopted, sizeof adopted) < 0 ||
            trace_set_mask(&w->t, w->t.live, SIG_ALL) < 0 || trace_resume(&w->t, w->t.live, 0, 0) < 0)
                return trace_fail(&w->t, w->t.live, "the copy");
        if (await_alone(w, data) < 0)
                return -1;
        set_watch(is_lost, w);
        return 0;
}

/* ---- its end ---- */

/* Killed and waited for: to its parent it is a zombie only when its tracer has done that. Until then its pid is nobody else's. */
static int kill_it(struct twin *w)
{
        uint64_t deadline = now_ns() + WAIT_NS;

        if (kill(w->t.live, SIGKILL) < 0 && errno == EPERM)     /* another user's, with CAP_SYS_PTRACE but not CAP_KILL */
                trace_exit(&w->t, w->t.live);
        while (now_ns() < deadline) {
                int status;
                pid_t got = waitpid(w->t.live, &status, __WALL | WNOHANG);

                if (got < 0 || (got > 0 && !WIFSTOPPED(status)))
                        return 0;
                if (got == 0)
                        nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
        }
        return -1;
}

/* The remote call, made by the stopped thread of t. 1: it is reaped; 0: it is not; -1 after fail(). */
static int call_wait(struct trace *t, pid_t pid, const struct proc_maps *maps, const struct gadget *g, struct twin_reaping *how)
{
        const uint64_t arg[6] = { (uint64_t)pid, 0, WNOHANG | __WCLONE, 0, 0, 0 };
        struct proc_status st;
        struct remote r;
        int64_t ret = 0;
        int rc;

        if (proc_status(t->dir, t->task[0].tid, &st) == 0 && st.seccomp)
                trace_suspend_seccomp(t, t->task[0].tid);
        guard_infected(1);
        rc = remote_begin(&r, t, &t->task[0], maps, g, 0);
        if (rc == 0)
                rc = remote_call(&r, SIG_ALL, SYS_wait4, arg, &ret);
        if (remote_end(&r) < 0) {
                how->harmed = 1;
                return -1;
        }
        guard_infected(0);
        if (rc < 0)
                return -1;
        return ret == pid || ret == -ECHILD;    /* or somebody else has waited for it */
}

/* One thread is stopped for it. 1: it is reaped; 0: it is not, another thread may do it; -1 after fail(). */
static int reap_by(struct trace *of, pid_t tid, pid_t pid, struct twin_reaping *how)
{
        struct trace t = { .pid = of->pid, .live = tid, .dir = of->dir, .mem = -1, .stubborn = 1 };
        struct proc_maps maps = { 0 };
        struct gadget gadget;
        uint64_t stopped;
        int rc = 0;

        t.live_dir = proc_open_task(t.dir, tid);
        if (t.live_dir < 0 || proc_maps(t.live_dir, 0, &maps) < 0 || !maps.n)
                goto out;
        t.mem = openat(t.live_dir, "mem", O_RDWR | O_CLOEXEC);
        gadget_find(&t, &maps, &gadget);
        stopped = now_ns();
        hold_messages(1);
        rc = seize_one(&t, tid, now_ns() + REAP_NS);
        if (rc == 0)
                trace_remember(&t.task[0], of);
        rc = rc > 0 ? 0 : rc < 0 ? -1 : call_wait(&t, pid, &maps, &gadget, how);
        seize_release(&t);
        seize_forget(&t);
        hold_messages(0);
        how->ns = now_ns() - stopped;
out:
        proc_maps_free(&maps);
        if (t.live_dir >= 0)
                close(t.live_dir);
        if (t.mem >= 0)
                close(t.mem);
        return rc;
}

/* Has the target ended? Then whoever inherits its children reaps them. */
static int is_gone(const struct trace *of)
{
        struct proc_stat st;

        if (proc_stat(of->dir, 0, &st) < 0)
                return errno == ESRCH || errno == ENOENT;
        return (st.state == 'Z' || st.state == 'X' || st.flags & PROC_EXITING) && st.threads <= 1;
}

/* Does another one trace it: one more dump, say, or a debugger? */
static int is_traced(const struct trace *of, pid_t tid)
{
        struct proc_status st;

        return proc_status(of->dir, tid, &st) == 0 && st.tracer;
}

/*
 * The first thread comes last: while that is traced, signals that the process ignores
 * are kept all the same (sig_ignored()), and end the calls of threads that are not.
 */
int twin_reap(struct trace *of, pid_t pid, pid_t ours, struct twin_reaping *how)
{
        uint64_t deadline = now_ns() + WAIT_NS;
        pid_t *tid, by;
        size_t n;
        int rc = 0;

        for (unsigned tries = 0; rc <= 0 && !how->harmed && now_ns() < deadline; tries++) {
                if (tries)
                        nanosleep(&(struct timespec){ 0, NAP_NS << (tries < 8 ? tries : 8) }, NULL);
                if (is_gone(of))
                        return 0;
                if (proc_tasks(of->dir, &tid, &n) < 0)
                        continue;
                by = n ? tid[n - 1 - tries % n] : 0;
                rc = n && !is_traced(of, by) ? reap_by(of, by, pid, how) : 0;
                free(tid);
        }
        if (how->harmed)
                return fail("process %d could not be put back as it was", of->pid);
        if (rc > 0 || is_gone(of))
                return 0;
        return fail("a zombie, process %d, stays until process %d ends", ours, of->pid);
}

int twin_end(struct twin *w, struct trace *of)
{
        int rc = 0;

        set_watch(NULL, NULL);
        forget(w);
        if (of->cloned)
                take(w, of, 0);
        if (!w->t.live)
                return 0;
        if (kill_it(w) < 0)
                rc = fail("the copy of process %d, process %d, does not end", of->pid, w->t.live);
        else
                rc = twin_reap(of, w->ns_pid, w->t.live, &w->reaping);
        guard_twin(NULL);
        if (w->t.mem >= 0)
                close(w->t.mem);
        if (w->t.dir >= 0)
                close(w->t.dir);
        w->t.live = 0;
        return rc;
}
