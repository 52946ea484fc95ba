/* SPDX-License-Identifier: MIT */
/* dump.c - crdump PID out.img */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gadget.h"
#include "guard.h"
#include "imgwrite.h"
#include "infect.h"
#include "pages.h"
#include "proc.h"
#include "state.h"
#include "trace.h"
#include "util.h"

#define SEIZE_NS        5000000000ull

struct dump {
        const struct dump_options *opt;
        const char *path;
        pid_t    pid;
        struct trace t;
        struct proc_stat stat;          /* before the stop, as the next three */
        struct proc_status status;
        struct proc_maps early;         /* with VmFlags: too slow to read during the pause */
        struct gadget gadget;
        struct proc_maps maps;          /* of the stopped target */
        struct infection infection;
        struct parasite_data parasite;
        struct state_notes notes;
        struct imgwrite *out;
        size_t   threads;
        uint64_t begun_ns, stopped_ns, released_ns;     /* now_ns() */
        uint64_t stopped_at;            /* CLOCK_REALTIME */
};

static void format_ns(char *buf, size_t len, uint64_t ns)
{
        if (ns < 10000000000ull)
                snprintf(buf, len, "%" PRIu64 ".%02" PRIu64 " ms", ns / 1000000, ns / 10000 % 100);
        else
                snprintf(buf, len, "%" PRIu64 ".%" PRIu64 " s", ns / 1000000000, ns / 100000000 % 10);
}

/* The descriptor of /proc/PID pins the process: whoever gets its pid later is not found through it. */
static int open_target(struct dump *d, pid_t pid)
{
        char why[160];

        d->t = (struct trace){ .pid = pid, .dir = -1, .mem = -1 };
        if (pid == getpid() || pid == getppid())
                return fail("process %d is crdump itself", pid);
        d->t.dir = proc_open(pid);
        if (d->t.dir < 0 || proc_stat(d->t.dir, 0, &d->stat) < 0 || proc_status(d->t.dir, 0, &d->status) < 0) {
                if (errno == ENOENT || errno == ESRCH)
                        return fail(access("/proc/self", F_OK) < 0 ? "/proc is not mounted" :
                                    "no such process: %d", pid);
                return fail("/proc/%d:", pid);
        }
        if (d->status.tgid != pid)
                return fail("%d is a thread of process %d", pid, d->status.tgid);
        if (d->stat.flags & PROC_KTHREAD)
                return fail("process %d (%s) is a kernel thread", pid, d->stat.comm);
        if (d->stat.state == 'Z' || d->stat.state == 'X')
                return fail(d->status.threads > 1 ? "process %d (%s): its first thread has ended" :
                            "process %d (%s) is a zombie", pid, d->stat.comm);
        d->t.mem = openat(d->t.dir, "mem", O_RDWR | O_CLOEXEC);
        if (d->t.mem < 0 && (errno == EACCES || errno == EPERM)) {
                proc_why_not(d->t.dir, why, sizeof why);
                return fail("process %d (%s): not permitted: %s", pid, d->stat.comm, why);
        }
        return 0;
}

static int look_before(struct dump *d)
{
        if (proc_maps(d->t.dir, 1, &d->early) < 0)
                return -1;
        if (!d->early.n)
                return fail("process %d (%s) has no memory", d->t.pid, d->stat.comm);
        gadget_find(&d->t, &d->early, &d->gadget);
        return 0;
}

/* Is it, now that it is stopped, still the program that we looked at? */
static int check_identity(struct dump *d)
{
        struct proc_stat now;

        if (proc_stat(d->t.dir, 0, &now) < 0)
                return fail("process %d ended during the dump", d->t.pid);
        if (now.start_stack != d->stat.start_stack || now.start_code != d->stat.start_code)
                return fail("process %d executed another program during the dump", d->t.pid);
        return 0;
}

static int stop_target(struct dump *d)
{
        uint64_t limit = now_ns() + SEIZE_NS;
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        d->stopped_at = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
        d->stopped_ns = now_ns();
        if (d->opt->max_pause_ns)
                set_pause_limit(d->stopped_ns + d->opt->max_pause_ns);
        if (deadline_ns() && deadline_ns() < limit)
                limit = deadline_ns();
        hold_messages(1);
        if (trace_seize(&d->t, limit, d->status.seccomp != 0) < 0)
                return -1;
        d->threads = d->t.n;
        say("stopped %zu threads", d->t.n);
        if (d->status.seccomp && !d->t.suspend_seccomp)
                return fail("process %d is fenced in by seccomp, which only CAP_SYS_ADMIN may suspend", d->t.pid);
        return check_identity(d);
}

/* The mappings as they are now; VmFlags from before if nothing has changed since. */
static int read_maps(struct dump *d)
{
        if (proc_maps(d->t.dir, 0, &d->maps) < 0)
                return -1;
        if (!proc_maps_equal(&d->maps, &d->early)) {
                say("mappings changed before the stop: reading them again");
                proc_maps_free(&d->maps);
                return proc_maps(d->t.dir, 1, &d->maps);
        }
        proc_maps_free(&d->maps);
        d->maps = d->early;
        d->early = (struct proc_maps){ 0 };
        return 0;
}

static void print_stats(struct dump *d)
{
        static const char *const name[] = { "infect", "work", "cure" };

        for (int i = 0; i < 3; i++)
                inform("stats: %-6s %2u ptrace requests, %u stops, %" PRIu64 " us", name[i],
                       d->infection.leg[i].ptrace.requests, d->infection.leg[i].ptrace.stops,
                       d->infection.leg[i].ns / 1000);
}

/* What only the process itself may ask. An exit status. */
static int ask_inside(struct dump *d)
{
        struct infect_options how = {
                .inject = d->opt->inject,
                .breakpoint = d->opt->breakpoint,
                .ask_umask = d->status.umask == ~0u,
        };
        int rc;

        guard_infected(1);
        rc = infect(&d->infection, &d->t, &d->maps, &d->gadget, &how);
        if (rc == 0)
                rc = infect_work(&d->infection, &d->parasite);
        if (cure(&d->infection) < 0) {
                fail("process %d could not be put back as it was", d->t.pid);
                return EXIT_NOT_CURED;
        }
        guard_infected(0);
        if (d->opt->stats)
                print_stats(d);
        return rc < 0 || d->infection.strayed || d->infection.remote.gone ? EXIT_FAILED : EXIT_DONE;
}

static int write_image(struct dump *d)
{
        struct state s = {
                .t = &d->t, .stat = &d->stat, .status = &d->status, .maps = &d->maps,
                .parasite = &d->parasite, .stopped_ns = d->stopped_at, .notes = &d->notes,
        };

        if (state_write(&s, d->out) < 0)
                return -1;
        say("state written");
        return pages_write(&d->t, &d->maps, d->out);
}

/* From the stop to the release. An exit status. */
static int dump_stopped(struct dump *d)
{
        int status;

        if (stop_target(d) < 0 || read_maps(d) < 0)
                return EXIT_FAILED;
        status = ask_inside(d);
        if (status == EXIT_DONE && write_image(d) < 0)
                status = EXIT_FAILED;
        return status;
}

static void summarize(struct dump *d, const struct img_end *end)
{
        uint64_t pages = end->pages[IMG_DATA];
        char pause[32], total[32];

        format_ns(pause, sizeof pause, d->released_ns - d->stopped_ns);
        format_ns(total, sizeof total, now_ns() - d->begun_ns);
        inform("%d (%s): %zu thread%s, %" PRIu64 " pages, %" PRIu64 " bytes, paused %s, took %s",
               d->t.pid, d->stat.comm, d->threads, d->threads == 1 ? "" : "s", pages, end->bytes, pause, total);
}

static int run(struct dump *d, pid_t pid)
{
        struct img_end end = { 0 };
        int status;

        if (open_target(d, pid) < 0 || look_before(d) < 0)
                return EXIT_FAILED;
        d->out = imgwrite_open(d->path);
        if (!d->out)
                return EXIT_FAILED;
        status = dump_stopped(d);
        trace_release(&d->t);
        d->released_ns = now_ns();
        set_pause_limit(0);
        hold_messages(0);
        if (status != EXIT_DONE)
                return status;
        say("target released");
        end.pause_ns = d->released_ns - d->stopped_ns;
        end.total_ns = d->released_ns - d->begun_ns;
        if (imgwrite_finish(d->out, &end) < 0)
                return EXIT_FAILED;
        summarize(d, &end);
        return EXIT_DONE;
}

/* In the tracing child. An exit status. */
static int work(void *arg)
{
        struct dump *d = arg;
        int status;

        if (d->opt->timeout_ns)
                set_deadline(d->begun_ns + d->opt->timeout_ns);
        status = run(d, d->pid);
        imgwrite_close(d->out);
        if (status == EXIT_FAILED && stop_signal())
                return 128 + stop_signal();
        return status;
}

int dump(pid_t pid, const char *path, const struct dump_options *opt)
{
        struct dump *d = calloc(1, sizeof *d);
        int status;

        if (!d)
                return fail("dump:"), EXIT_FAILED;
        d->opt = opt;
        d->path = path;
        d->pid = pid;
        d->begun_ns = now_ns();
        status = guard_run(work, d);
        free(d);
        return status;
}
