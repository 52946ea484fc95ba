/* SPDX-License-Identifier: MIT */
/* target.c - the process that is to be dumped, found and judged before the stop */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/*
 * The first thread has ended. While others live, /proc/PID has no memory, but
 * their folders have; what there is of one thread's is taken from there.
 */
static int find_live(struct trace *t, struct proc_stat *stat, struct proc_status *status, struct notes *notes)
{
        struct proc_stat st;
        pid_t *tid;
        size_t n;

        if (proc_tasks(t->dir, &tid, &n) < 0)
                return fail("no such process: %d", t->pid);
        for (size_t i = 0; i < n && t->live == t->pid; i++)
                if (proc_stat(t->dir, tid[i], &st) == 0 && st.state != 'Z' && st.state != 'X')
                        t->live = tid[i];
        free(tid);
        if (t->live == t->pid)
                return fail("process %d (%s) is a zombie", t->pid, stat->comm);
        t->live_dir = proc_open_task(t->dir, t->live);
        st.start_ticks = stat->start_ticks;
        memcpy(st.comm, stat->comm, sizeof st.comm);
        *stat = st;
        if (t->live_dir < 0 || proc_status(t->dir, t->live, status) < 0)
                return fail("process %d ended before the dump", t->pid);
        notes_add(notes, "the first thread has ended: dumped through thread %d", t->live);
        return 0;
}

/* The descriptor of /proc/PID pins the process: whoever gets its pid later is not found through it. */
int target_open(struct trace *t, pid_t pid, struct proc_stat *stat, struct proc_status *status, struct notes *notes)
{
        char why[160];
        int fd;

        *t = (struct trace){ .pid = pid, .live = pid, .mem = -1 };
        if (pid == getpid() || pid == getppid())
                return fail("process %d is crdump itself", pid);
        t->dir = t->live_dir = proc_open(pid);
        if (t->dir < 0 || proc_stat(t->dir, 0, stat) < 0 || proc_status(t->dir, 0, status) < 0) {
                if (errno == ENOENT || errno == ESRCH)
                        return fail(access("/proc/self", F_OK) < 0 ? "/proc is not mounted" :
                                    "no such process: %d", pid);
                return fail("/proc/%d:", pid);
        }
        if (status->tgid != pid)
                return fail("%d is a thread of process %d", pid, status->tgid);
        if (stat->flags & PROC_KTHREAD)
                return fail("process %d (%s) is a kernel thread", pid, stat->comm);
        if ((stat->state == 'Z' || stat->state == 'X') && find_live(t, stat, status, notes) < 0)
                return -1;
        fd = openat(t->live_dir, "maps", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                proc_why_not(t->live_dir, why, sizeof why);
                return fail("process %d (%s): not permitted: %s", pid, stat->comm, why);
        }
        close(fd);
        t->mem = openat(t->live_dir, "mem", O_RDWR | O_CLOEXEC);   /* of another user it takes CAP_DAC_OVERRIDE as well */
        return 0;
}

/* Of cgroup v2: a frozen task stops for a tracer, but runs for nobody (do_freezer_trap(), often inlined). */
int target_is_frozen(const struct trace *t, const struct proc_stat *stat)
{
        char wchan[64];

        proc_wchan(t->dir, t->live, wchan, sizeof wchan);
        return !strcmp(wchan, "do_freezer_trap") || (!strcmp(wchan, "get_signal") && stat->state == 'S');
}

/* What is not stopped with the target may write into its memory meanwhile. */
void target_look_for_others(const struct trace *t, const struct proc_stat *stat, struct notes *notes)
{
        char comm[PROC_COMM];

        for (pid_t other = 0; (other = proc_sharing(t->pid, t->live, stat, other)) > 0; ) {
                proc_comm(other, comm);
                warn("process %d (%s) shares the memory, and is not stopped", other, comm);
                notes_add(notes, "process %d (%s) shares the memory, and was not stopped", other, comm);
        }
}
