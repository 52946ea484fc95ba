/* SPDX-License-Identifier: MIT */
/* seize.c - stopping all threads of a process, and letting them go */
#include "seize.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "util.h"

#define FEW                     16u             /* threads that there is memory for in any case */
#define CATCH_UP_NS             50000000u       /* wait so long at the end for threads that have not stopped yet, */
#define RUNNABLE_NS             5000000000ull   /* and so long for those that only want a processor */

/* Why SEIZE was refused. */
static int fail_seize(struct trace *t, pid_t tid, int err)
{
        char why[160], comm[PROC_COMM];
        struct proc_status st;

        if (t->stubborn)                /* it will be tried again */
                return -1;
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

static void see(const struct trace *t, struct trace_seen *s, pid_t tid)
{
        struct proc_stat st;

        *s = (struct trace_seen){ .tid = tid, .state = proc_stat(t->dir, tid, &st) < 0 ? 'X' : st.state };
        if (s->state == 'X')
                return;
        s->syscall = proc_syscall(t->dir, tid);
        s->processor = st.processor;
}

static void forget_seen(struct trace *t)
{
        free(t->seen);
        free(t->listed);
        t->seen = NULL;
        t->listed = NULL;
        t->seen_n = t->seen_at = 0;
}

int seize_look(struct trace *t)
{
        size_t n;

        forget_seen(t);
        if (proc_tasks(t->dir, &t->listed, &n) < 0)
                return fail("process %d is gone", t->pid);
        t->seen = malloc((n + 1) * sizeof *t->seen);
        if (!t->seen)
                return fail("threads:");
        t->seen_n = n;
        for (size_t i = 0; i < n; i++)
                see(t, &t->seen[i], t->listed[i]);
        return trace_prepare(t, n + FEW);
}

/* What was seen of it; one that is new is looked at now. */
static struct trace_seen seen(struct trace *t, pid_t tid)
{
        size_t i = find_number(t->seen, t->seen_n, sizeof *t->seen, tid, &t->seen_at);
        struct trace_seen fresh;

        if (i < t->seen_n)
                return t->seen[i];
        see(t, &fresh, tid);
        return fresh;
}

/*
 * Does the number belong to another process by now? (do_send_specific() of the
 * kernel looks at that before it asks whether we may.)
 */
static int is_foreign(const struct trace *t, pid_t tid)
{
        return syscall(SYS_tgkill, t->pid, tid, 0) < 0 && errno == ESRCH;
}

/* Seize and interrupt one thread. 1: done; 0: it is gone; -1 after fail(). */
static int seize_task(struct trace *t, pid_t tid)
{
        struct trace_seen s = seen(t, tid);
        struct proc_stat st;

        if (t->n == t->cap && trace_prepare(t, 2 * t->cap) < 0)
                return -1;
        if (s.state == 'Z' || s.state == 'X' || is_foreign(t, tid))
                return 0;
        if (trace_request(t, PTRACE_SEIZE, tid, 0, (void *)TRACE_OPTIONS) < 0) {
                int err = errno;

                if (err == ESRCH || proc_stat(t->dir, tid, &st) < 0 || st.state == 'Z' || st.state == 'X')
                        return 0;
                return fail_seize(t, tid, err);
        }
        if (s.state == 't')             /* another tracer held it when we looked, and has let go of it since */
                see(t, &s, tid);
        t->task[t->n++] = (struct trace_task){
                .tid = tid, .seized = 1, .state = s.state, .syscall = s.syscall, .processor = s.processor };
        if (is_foreign(t, tid))         /* not stopped yet: it does not notice when we end */
                return fail("thread %d left process %d when it was seized", tid, t->pid);
        if (!t->held_ns) {
                if (t->before)
                        t->before(t->before_arg);
                t->held_ns = now_ns();
        }
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
                        if (sig != SIGTRAP)     /* its group is stopped, since then maybe */
                                k->state = 'T';
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

static void drop_gone(struct trace *t)
{
        size_t n = 0;

        for (size_t i = 0; i < t->n; i++)
                if (t->task[i].seized)
                        t->task[n++] = t->task[i];
        t->n = n;
}

/*
 * Those of n that are new, but the first thread last: a signal for the process
 * that is ignored is not dropped any more once that one is traced, and would
 * wake a thread that is not yet (sig_ignored() and complete_signal() of the kernel).
 * It is task[0] all the same.
 */
static int seize_new(struct trace *t, const pid_t *tid, size_t n)
{
        size_t before = t->n, at = 0;
        int first = 0, rc = 0;

        for (size_t i = 0; i < n && rc >= 0; i++) {
                if (find_number(t->task, before, sizeof *t->task, tid[i], &at) < before)
                        continue;
                if (tid[i] == t->pid)
                        first = 1;
                else
                        rc = seize_task(t, tid[i]);
        }
        if (first && rc >= 0)
                rc = seize_task(t, t->pid);
        if (first && rc > 0 && !before) {
                struct trace_task last = t->task[t->n - 1];

                memmove(&t->task[1], &t->task[0], (t->n - 1) * sizeof last);
                t->task[0] = last;
        }
        return rc;
}

/*
 * One pass over the threads that /proc lists: first as it did when they were
 * looked at, for a list of many takes as long as stopping some of them.
 */
static int seize_pass(struct trace *t, uint64_t deadline)
{
        size_t before = t->n, n = t->seen_n;
        pid_t *tid = t->listed;
        int rc;

        t->listed = NULL;
        if (!tid && proc_tasks(t->dir, &tid, &n) < 0)
                return fail("process %d is gone", t->pid);
        rc = seize_new(t, tid, n);
        free(tid);
        for (size_t i = before; i < t->n && rc >= 0; i++) {
                rc = settle(t, &t->task[i], deadline);
                if (rc > 0)
                        rc = trace_look(t, &t->task[i]);
        }
        if (rc < 0)
                return -1;
        drop_gone(t);
        return 0;
}

/*
 * Are they all ours? They have all stopped, so that none of them makes another
 * or ends any more: the kernel's count tells. (That a pass found no new one
 * would not: the list ends early where a thread ends while it is read,
 * next_tid() of fs/proc/base.c, and one that has ended may have made another.)
 */
static int have_all(struct trace *t)
{
        struct proc_stat st;
        struct stat links;

        if (fstatat(t->dir, "task", &links, 0) == 0 && links.st_nlink > 2 && links.st_nlink - 2 <= t->n)
                return 1;               /* a link of each thread, and ours of "." and "..": proc_task_getattr() */
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

int seize_one(struct trace *t, pid_t tid, uint64_t deadline)
{
        int rc;

        block_sigchld();
        if (trace_prepare(t, 1) < 0)
                return -1;
        rc = seize_task(t, tid);
        if (rc > 0)
                rc = settle(t, &t->task[0], deadline);
        if (rc > 0)
                return trace_look(t, &t->task[0]);
        return rc < 0 ? -1 : 1;
}

int seize(struct trace *t, uint64_t deadline)
{
        int all, first = 1;

        block_sigchld();
        if (trace_prepare(t, FEW) < 0)
                return -1;
        do {
                if (stop_wanted())
                        return -1;
                if (seize_pass(t, deadline) < 0)
                        return -1;
                if (!t->n && !first)
                        return fail("process %d is gone", t->pid);
                all = t->n && have_all(t);
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
        if (k->again && trace_has_signal(t, k))
                trace_set_regs(t, k->tid, &k->regs);    /* a signal came: it shall end the call */
        if (trace_request(t, PTRACE_DETACH, k->tid, 0, NULL) < 0)
                return -1;
        k->seized = 0;
        return 0;
}

/* It waits for nothing but a processor, of which others may have the use; or has stopped right now. */
static int is_runnable(const struct trace *t, pid_t tid)
{
        struct proc_stat st;

        return proc_stat(t->dir, tid, &st) == 0 && (st.state == 'R' || st.state == 't');
}

/*
 * A thread that was interrupted but not seen to stop, since we gave up: its
 * call shall not end with EINTR either. Nobody is held up by that: all others
 * have been let go. One in D is let go when we exit.
 */
static void catch_up(struct trace *t, struct trace_task *k, uint64_t deadline)
{
        uint64_t latest = now_ns() + RUNNABLE_NS;
        enum trace_stop stop;
        int sig;

        for (;;) {
                stop = trace_wait(t, k->tid, deadline, 1, &sig);
                if (stop == TRACE_EVENT)
                        break;
                if (stop == TRACE_TIMEOUT && is_runnable(t, k->tid) && now_ns() < latest) {
                        deadline = now_ns() + CATCH_UP_NS;
                        continue;
                }
                if (stop != TRACE_SIGNAL && stop != TRACE_SYSCALL)
                        return;
                trace_interrupt(t, k->tid);
                trace_resume(t, k->tid, 0, stop == TRACE_SIGNAL ? sig : 0);
        }
        k->stopped = 1;
        if (trace_get_regs(t, k->tid, &k->regs) == 0)
                trace_repeat(t, k);
}

/* The first thread is the first one: see seize_new(). */
uint64_t seize_release(struct trace *t)
{
        uint64_t released = now_ns(), deadline;
        int killed = 0;

        for (size_t i = 0; i < t->n; i++) {
                if (!t->task[i].seized || !t->task[i].stopped)
                        continue;
                released = now_ns();
                if (let_go(t, &t->task[i]) < 0)
                        killed = 1;
        }
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
        return released;
}

void seize_forget(struct trace *t)
{
        free(t->task);
        free(t->pieces);
        forget_seen(t);
        t->task = NULL;
        t->pieces = NULL;
        t->n = t->cap = 0;
}
