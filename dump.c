/* SPDX-License-Identifier: MIT */
/* dump.c - crdump PID out.img */
#include "dump.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "fds.h"
#include "gadget.h"
#include "guard.h"
#include "imgwrite.h"
#include "infect.h"
#include "lend.h"
#include "meanwhile.h"
#include "notes.h"
#include "pages.h"
#include "proc.h"
#include "processor.h"
#include "procstate.h"
#include "progress.h"
#include "rawfiles.h"
#include "ready.h"
#include "seize.h"
#include "sigframe.h"
#include "snapshot.h"
#include "state.h"
#include "stats.h"
#include "summary.h"
#include "target.h"
#include "threads.h"
#include "timers.h"
#include "trace.h"
#include "util.h"

#define SEIZE_NS        5000000000ull
#define VISITS          3               /* of the parasite, at most */

struct dump {
        const struct dump_options *opt;
        const char *path;
        pid_t    pid;
        struct trace t;
        struct proc_stat stat;          /* state, comm, start: before the stop; the rest: of the stopped target */
        struct proc_status status;      /* before the stop, as the next two, but for ids and umask */
        struct gadget gadget;
        struct fds fds;
        struct meanwhile meanwhile;
        struct proc_maps maps;          /* with VmFlags, from before the stop, if they are the same: */
        struct proc_maps plain;         /* of the stopped target */
        int      same;                  /* they are */
        struct slurp scratch;           /* for as long a text as theirs, */
        ssize_t  maps_len;              /* in bytes: that of the stopped target; or -1, */
        int      maps_err;              /* with an errno */
        int      changed;               /* it is not that of `plain` */
        struct secret secret;           /* memory that only the process can read */
        int      statm;                 /* open, or -1 */
        struct mapfiles files;          /* that they lead to, as early as the mappings */
        struct pages pages;
        struct snapshot snapshot;
        struct infection infection;
        struct parasite_data parasite;
        struct rawfiles raw;
        struct procstate proc;
        struct timers timers;
        struct threads tasks;
        struct notes notes;
        struct notes aside[2];          /* that will come to them, by ask_meanwhile() and take_meanwhile() */
        int      pages_noted;
        struct notes_mark noted;        /* before the stop */
        struct base base;               /* --base */
        struct imgwrite *out;
        size_t   threads;
        int      frozen;
        int      outside;               /* the parasite could not be used */
        int      visits;                /* of the parasite */
        int      left;                  /* something stays in the target, or is not as it was */
        uint64_t begun_ns, released_ns; /* now_ns(); it was stopped at t.held_ns */
        uint64_t stopped_at;            /* CLOCK_REALTIME */
        struct stats stats;
};

/* The folder of a thread has no map_files, but the one of that name beside that of the process does. */
static int look_at_files(struct dump *d, const struct proc_maps *m)
{
        int dir = d->t.live == d->t.pid ? d->t.dir : proc_open(d->t.live);
        int rc = mapfiles_look(&d->files, &d->t, dir, m, d->opt->file_pages);

        if (dir >= 0 && dir != d->t.dir)
                close(dir);
        return rc;
}

static int look_before(struct dump *d)
{
        target_look_for_others(&d->t, &d->stat, &d->notes);
        d->frozen = target_is_frozen(&d->t, &d->stat);
        if (proc_maps(d->t.live_dir, 1, &d->maps) < 0)
                return -1;
        if (!d->maps.n)
                return fail("process %d (%s) has no memory", d->t.pid, d->stat.comm);
        if (proc_maps(d->t.live_dir, 0, &d->plain) < 0)
                return -1;
        d->same = proc_maps_equal(&d->plain, &d->maps);
        if (slurp(&d->scratch, d->t.live_dir, "maps", PROC_TEXT_MAX) < 0)      /* that there is memory for it */
                return fail("process %d ended before the dump", d->t.pid);
        gadget_find(&d->t, &d->maps, &d->gadget);
        d->raw.dir = d->t.dir;
        d->raw.live_dir = d->t.live_dir;
        rawfiles_early(&d->raw);
        d->proc = (struct procstate){ .t = &d->t, .raw = &d->raw, .notes = &d->notes };
        if (procstate_look(&d->proc, &d->maps, d->stat.start_code) < 0)
                return -1;
        threads_look(&d->tasks, &d->t, &d->raw, &d->notes);
        fds_look_before(&d->fds, &d->t, &d->raw);
        d->statm = slurp_open(d->t.live_dir, "statm");
        if (look_at_files(d, &d->maps) < 0)
                return -1;
        d->pages = (struct pages){ .t = &d->t, .maps = &d->maps, .files = &d->files, .secret = &d->secret, .all = d->opt->file_pages };
        d->snapshot.wish = (enum snapshot_wish)d->opt->snapshot;
        if (snapshot_plan(&d->snapshot, &d->pages, d->t.dir, d->status.anon) < 0)
                return -1;
        procstate_rehearse(&d->proc, &d->stat);
        return 0;
}

/* Is it, now that it is stopped, still the program that we looked at? What it did was seen before, what it is now is true. */
static int check_identity(struct dump *d)
{
        const char *text = rawfiles_text(&d->raw, "stat");
        struct proc_stat now;

        if (!text || proc_parse_stat(text, &now) < 0 || (!now.start_code && d->stat.start_code))    /* it has no memory any more */
                return fail("process %d died during the dump", d->t.pid);
        if (now.start_stack != d->stat.start_stack || now.start_code != d->stat.start_code)
                return fail("process %d executed another program during the dump", d->t.pid);
        now.state = d->t.task[0].tid == d->t.pid ? d->t.task[0].state : d->stat.state;
        now.start_ticks = d->stat.start_ticks;
        memcpy(now.comm, d->stat.comm, sizeof now.comm);
        d->stat = now;
        return 0;
}

static int seize_all(struct dump *d)
{
        uint64_t limit = now_ns() + SEIZE_NS;

        if (deadline_ns() && deadline_ns() < limit)
                limit = deadline_ns();
        if (seize(&d->t, limit) < 0)
                return -1;
        d->threads = d->t.n;
        say("stopped %zu threads", d->t.n);
        return 0;
}

static int stop_target(struct dump *d)
{
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        d->stopped_at = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
        if (d->opt->max_pause_ns)
                set_pause_limit(now_ns() + d->opt->max_pause_ns);
        d->noted = notes_mark(&d->notes);
        if (seize_all(d) < 0)
                return -1;
        d->stats.lap_ns = d->t.held_ns;
        stats_lap(&d->stats, STEP_SEIZE);
        return 0;
}

/* *why code must not or cannot run in the target; NULL: it can. 0, or -1 after fail(). */
static int why_outside(struct dump *d, const char **why)
{
        const struct img_thread *img = &d->tasks.thread[0].img;         /* the thread to be borrowed */
        pid_t tid = d->t.task[0].tid;

        if (!(img->known & IMG_THREAD_CREDS))
                return trace_fail(&d->t, tid, "/proc/PID/status");
        d->status.uid = img->uid[1];
        d->status.gid = img->gid[1];
        d->status.umask = img->known & IMG_THREAD_UMASK ? img->umask : ~0u;
        *why = NULL;
        if (img->seccomp && trace_suspend_seccomp(&d->t, tid) < 0)
                *why = "seccomp fences it in, and we may not suspend that (it takes CAP_SYS_ADMIN and no filter of our own)";
        else if (d->frozen)
                *why = "its cgroup is frozen";
        return 0;
}

static int stay_outside(struct dump *d, const char *why)
{
        notes_add(&d->notes, "dumped from outside only: %s", why);
        d->outside = 1;
        return EXIT_DONE;
}

static void read_maps(struct dump *d)
{
        d->maps_len = slurp(&d->scratch, d->t.live_dir, "maps", PROC_TEXT_MAX);
        d->maps_err = d->maps_len < 0 && errno == ENOENT ? ESRCH : errno;
        d->changed = d->maps_len < 0 || strcmp(d->scratch.p, d->plain.text.p);
}

/* The mappings as they are now; VmFlags from before if nothing has changed since. */
static int take_maps(struct dump *d)
{
        struct slurp was = d->plain.text;

        if (d->maps_len < 0) {
                errno = d->maps_err;
                return fail("read mappings:");
        }
        if (d->changed) {
                d->plain.text = d->scratch;
                d->scratch = was;
                if (proc_parse_maps(d->plain.text.p, (size_t)d->maps_len, &d->plain) < 0)
                        return -1;
                d->same = proc_maps_equal(&d->plain, &d->maps);
        }
        rawfiles_take(&d->raw, "maps", d->plain.text.p);
        if (d->same)
                return 0;
        say("mappings changed before the stop: reading them again");
        return proc_maps(d->t.live_dir, 1, &d->maps) < 0 ? -1 : look_at_files(d, &d->maps);
}

/* What a second thread does, in that order, the last two when the parasite may run. */
enum { LOOK = 1, KEEP, TAKE, ASK };

static void look_meanwhile(void *arg)
{
        struct dump *d = arg;

        read_maps(d);
        threads_read_ahead(&d->tasks);
}

/* What fails here and below is done again, and will say why. Of mappings that have changed, nothing is known yet. */
static void keep_meanwhile(void *arg)
{
        struct dump *d = arg;

        if (d->same && !d->changed)
                snapshot_hold_ahead(&d->snapshot, &d->pages);
}

static void take_meanwhile(void *arg)
{
        struct dump *d = arg;

        d->proc.notes = &d->aside[1];
        procstate_take(&d->proc, &d->stat);
        d->proc.notes = &d->notes;
}

static void ask_meanwhile(void *arg)
{
        struct dump *d = arg;

        if (!fds_wanted(&d->fds))
                fds_ask(&d->fds, &d->t, &d->stat, d->opt->contents);
        pages_note(&d->pages, &d->aside[0]);
        d->pages_noted = 1;
}

/* Who and what it is, now that it is stopped. */
static int look_stopped(struct dump *d)
{
        int rc = check_identity(d) < 0 || fds_read(&d->fds, &d->t) < 0 || timers_read(&d->timers, &d->raw, &d->notes) < 0 ||
                threads_read(&d->tasks) < 0 ? -1 : 0;

        threads_end_ahead(&d->tasks);
        if (rc < 0)
                return -1;
        meanwhile_end(&d->meanwhile, LOOK);
        if (d->changed)
                meanwhile_end(&d->meanwhile, KEEP);
        return take_maps(d) < 0 || snapshot_check(&d->snapshot, &d->pages, d->t.dir, d->t.task[0].tid) < 0 ? -1 : 0;
}

/* The thread that the parasite ran in has answered for itself as well. */
static void take_answers(struct dump *d)
{
        const struct parasite_misc *m = &d->parasite.misc;
        struct threads_inside in = {
                .altstack_sp = m->altstack_sp, .altstack_size = m->altstack_size, .altstack_flags = m->altstack_flags,
                .pdeath_signal = m->pdeath_signal, .no_new_privs = m->no_new_privs, .securebits = m->securebits,
                .timer_slack_ns = m->timer_slack_err ? m->timer_slack_err : (int64_t)m->timer_slack_ns,
                .tid_address = m->tid_address == ~0ull ? -EINVAL : (int64_t)m->tid_address,
        };

        threads_asked(&d->tasks, 0, &in);
        if (d->infection.remote.same_xstate)
                threads_took(&d->tasks, 0, trace_piece(&d->t, TRACE_XSTATE_NOW), d->infection.remote.xstate_len);
}

/* What reap() needs: twin_reap() takes the last thread first. */
static void tell_parent(const struct dump *d)
{
        const struct trace_task *last = &d->t.task[d->t.n - 1];

        guard_twin(&(struct guard_twin){
                .pid = d->parasite.twin, .start_ticks = d->stat.start_ticks, .tid = last->tid, .regs = last->regs,
        });
}

/* One visit of the parasite. An exit status. */
static int visit(struct dump *d)
{
        struct infect_options how = {
                .inject = d->opt->inject,
                .breakpoint = d->opt->breakpoint,
                .ask_umask = d->status.umask == ~0u,
                .timer = d->timers.ask, .timers_n = d->timers.asked,
                .ns_tid = d->tasks.thread[0].own_tid,
                .caught = d->tasks.caught,
        };
        int rc;

        if (secret_find(&d->secret, d->t.live_dir, &d->maps) < 0 ||
            snapshot_beware(&d->snapshot, fds_against_twin(&d->fds)) < 0)
                return EXIT_FAILED;
        how.twin = d->snapshot.way == SNAPSHOT_TWIN && d->visits == 1 ? &d->snapshot.twin : NULL;
        how.secret = d->secret.n ? &d->secret : NULL;
        how.copies = fds_wanted(&d->fds);
        how.fds = fds_below(&d->fds);
        guard_infected(1);
        if (d->visits == 1) {
                meanwhile_begin(&d->meanwhile, take_meanwhile, d, LOOK);
                meanwhile_begin(&d->meanwhile, ask_meanwhile, d, LOOK);
        }
        if (!processor_shared())
                meanwhile_over(&d->meanwhile);          /* the target wants its processor */
        rc = infect(&d->infection, &d->t, &d->maps, &d->gadget, &how);
        if (rc == 0) {
                meanwhile_help(&d->meanwhile, TAKE);       /* while it works; others may take longer than it waits */
                if (d->visits > 1)
                        procstate_take(&d->proc, &d->stat);
                threads_read_late(&d->tasks);
                rc = infect_work(&d->infection, &d->parasite);
        }
        if (rc == 0)
                rc = infect_lend(&d->infection, &d->tasks);
        if (cure(&d->infection) < 0) {
                fail("process %d could not be put back as it was", d->t.pid);
                return EXIT_NOT_CURED;
        }
        guard_infected(0);
        if (rc < 0 || d->t.died)
                return EXIT_FAILED;
        take_answers(d);
        if (d->t.cloned)
                tell_parent(d);
        return EXIT_DONE;
}

/* Threads have run on: they are stopped again, but it is another process by now. */
static int look_again(struct dump *d)
{
        if (stop_wanted() || (d->infection.strayed && trace_look(&d->t, &d->t.task[0]) < 0) || seize_all(d) < 0)
                return -1;
        notes_back(&d->notes, &d->noted);
        notes_back(&d->aside[0], &(struct notes_mark){ 0 });
        notes_back(&d->aside[1], &(struct notes_mark){ 0 });
        d->pages_noted = 0;
        procstate_again(&d->proc);
        rawfiles_again(&d->raw);
        timers_free(&d->timers);
        snapshot_again(&d->snapshot);
        read_maps(d);
        return look_stopped(d);
}

/*
 * What only the process itself may ask. An exit status. If we were held up so
 * long that the parasite went home, its threads have run on: once more, then.
 */
static int ask_inside(struct dump *d)
{
        const char *why;
        int status;

        for (d->visits = 1; ; d->visits++) {
                if ((d->visits > 1 && look_again(d) < 0) || why_outside(d, &why) < 0)
                        return EXIT_FAILED;
                if (why)
                        return stay_outside(d, why);
                status = visit(d);
                meanwhile_end(&d->meanwhile, ASK);   /* the next one lists descriptors anew */
                if (status == EXIT_NOT_CURED || d->t.died || !(d->infection.strayed || d->infection.lend.strayed))
                        break;
                if (d->visits == VISITS)
                        return fail("process %d: held up too often", d->t.pid), EXIT_FAILED;
        }
        if (d->opt->stats && status != EXIT_NOT_CURED)
                stats_infection(&d->infection, d->threads);
        if (status != EXIT_FAILED || d->t.died)
                return status;
        if (d->infection.remote.dispatched)
                return stay_outside(d, "its system calls are dispatched to itself, and this kernel cannot switch that off");
        if (d->infection.refused)
                return stay_outside(d, "the parasite could not be mapped");
        return status;
}

/* What clone(2) said in the target; 0: it was not made, or by a visit that was in vain. */
static int cloned(const struct dump *d)
{
        int rc = d->outside || d->visits != 1 ? 0 : d->parasite.twin;

        return rc > 0 && !d->t.cloned ? 0 : rc;
}

static struct state state_of(struct dump *d)
{
        return (struct state){
                .stat = &d->stat, .status = &d->status, .maps = &d->maps,
                .parasite = d->outside ? NULL : &d->parasite, .proc = &d->proc, .timers = &d->timers,
                .stopped_ns = d->stopped_at, .notes = &d->notes,
        };
}

/* What need not be asked for any more. */
static int write_known(struct dump *d)
{
        struct state s = state_of(d);

        notes_join(&d->notes, &d->aside[0]);
        notes_join(&d->notes, &d->aside[1]);
        if (fds_write(&d->fds, &d->notes, d->out) < 0 || state_write(&s, d->out) < 0 || threads_write(&d->tasks, d->out) < 0 ||
            state_write_notes(&d->notes, d->out) < 0)
                return -1;
        say("state written");
        return 0;
}

/* All but the memory, and that too unless there is a snapshot of it. */
static int write_stopped(struct dump *d)
{
        struct state s = state_of(d);

        if (snapshot_hold(&d->snapshot, &d->pages, d->outside, cloned(d)) < 0)
                return -1;
        stats_lap(&d->stats, STEP_KEEP);
        imgwrite_spool(d->out, d->snapshot.way != SNAPSHOT_STOP);
        if (!d->pages_noted)
                pages_note(&d->pages, &d->notes);
        if (state_take(&s, d->out) < 0 || fds_ask(&d->fds, &d->t, &d->stat, d->opt->contents) < 0 || threads_take(&d->tasks) < 0)
                return -1;
        if (d->status.own)
                progress_total(d->status.own + (d->opt->file_pages ? d->status.files : 0));
        stats_lap(&d->stats, STEP_STATE);
        if (d->snapshot.way == SNAPSHOT_STOP && (write_known(d) < 0 || pages_write(&d->pages, d->out) < 0))
                return -1;
        stats_lap(&d->stats, STEP_PAGES);
        return 0;
}

/* That its only thread ran on last. More than one want both that there may be, one of realtime would keep it: -1. */
static int processor_of(const struct dump *d)
{
        struct proc_stat now;

        if (proc_stat(d->t.dir, d->t.pid, &now) < 0 || now.threads != 1)
                return -1;
        return now.policy == SCHED_OTHER || now.policy == SCHED_BATCH ? (int)now.processor : -1;
}

/* Stop it, and look at it, two of us at a time. */
static int stop_and_look(struct dump *d)
{
        size_t xstate_len = sigframe_ready();
        int rc;

        lend_ready(&d->infection.lend, d->t.seen_n, xstate_len);
        hold_messages(1);
        meanwhile_ready(&d->meanwhile, processor_of(d));
        d->t.before = meanwhile_share;
        d->t.before_arg = &d->meanwhile;
        rc = stop_target(d);
        if (rc == 0) {
                meanwhile_begin(&d->meanwhile, look_meanwhile, d, 0);
                meanwhile_begin(&d->meanwhile, keep_meanwhile, d, LOOK);
                rc = look_stopped(d);
        }
        return rc;
}

/* From the stop to the release. An exit status. */
static int dump_stopped(struct dump *d)
{
        int status = seize_look(&d->t) < 0 || stop_and_look(d) < 0 ? EXIT_FAILED : EXIT_DONE;

        if (status == EXIT_DONE) {
                stats_lap(&d->stats, STEP_LOOK);
                status = ask_inside(d);
        }
        meanwhile_over(&d->meanwhile);
        meanwhile_end(&d->meanwhile, ASK);
        stats_lap(&d->stats, STEP_INSIDE);
        if (status == EXIT_DONE && write_stopped(d) < 0)
                status = EXIT_FAILED;
        return status;
}

/* What is to be written yet, when the target runs again. An exit status. */
static int write_rest(struct dump *d, struct img_end *end)
{
        int rc;

        imgwrite_spool(d->out, 0);
        rc = d->snapshot.way == SNAPSHOT_STOP ? 0 : write_known(d);
        if (rc == 0)
                rc = snapshot_read(&d->snapshot, &d->pages, &d->t, d->parasite.twin, d->infection.data, d->out);
        if (snapshot_end(&d->snapshot, &d->t) < 0)
                d->left = 1;            /* the image is as good as any, though */
        if (d->opt->stats)
                stats_reaping(&d->snapshot.twin.reaping);
        if (rc < 0)
                return EXIT_FAILED;
        end->pause_ns = d->released_ns - d->t.held_ns;
        end->total_ns = now_ns() - d->begun_ns;
        return imgwrite_finish(d->out, end) < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* An exit status. */
static int summarize(struct dump *d, const struct img_end *end)
{
        static const char *const way[] = { [SNAPSHOT_STOP] = "stop", [SNAPSHOT_KEEP] = "memory", [SNAPSHOT_TWIN] = "snapshot" };
        struct summary s = {
                .pid = d->t.pid, .name = d->stat.comm, .path = d->path, .id = imgwrite_id(d->out), .threads = d->threads,
                .pages = end->pages[IMG_DATA], .bytes = end->bytes, .pause_ns = end->pause_ns, .total_ns = now_ns() - d->begun_ns,
                .way = way[d->snapshot.way], .why = d->snapshot.why, .outside = d->outside, .notes = &d->notes,
        };

        progress_end();
        if (d->opt->json && summary_json(&s) != EXIT_DONE)
                return EXIT_FAILED;
        if (!d->opt->json)
                summary_line(&s);
        return d->outside ? EXIT_OUTSIDE : EXIT_DONE;
}

static int run(struct dump *d, pid_t pid)
{
        struct imgwrite_options how = {
                .level = d->opt->level, .direct = d->opt->direct,
                .base = d->opt->base ? base_page : NULL, .base_arg = &d->base,
        };
        struct img_end end = { 0 };
        int status;

        if (target_open(&d->t, pid, &d->stat, &d->status, &d->notes) < 0 || look_before(d) < 0 ||
            (d->opt->base && base_open(&d->base, d->opt->base, d->path, &d->proc.strs) < 0))
                return EXIT_FAILED;
        d->out = imgwrite_open(d->path, &how);
        if (!d->out)
                return EXIT_FAILED;
        status = dump_stopped(d);
        d->released_ns = seize_release(&d->t);
        stats_lap_at(&d->stats, STEP_RELEASE, d->released_ns);
        processor_let();                /* a thread that was woken may wait for it */
        set_pause_limit(0);
        hold_messages(0);
        lend_free(&d->infection.lend);
        if (status == EXIT_DONE) {
                say("target released");
                if (d->opt->stats)
                        stats_pause(&d->stats);
                status = write_rest(d, &end);
        }
        if (status == EXIT_DONE)
                status = summarize(d, &end);
        if (snapshot_end(&d->snapshot, &d->t) < 0)
                d->left = 1;
        return d->left ? EXIT_NOT_CURED : status;
}

/* In the tracing child. An exit status. */
static int work(void *arg)
{
        struct dump *d = arg;
        int status;

        if (d->opt->timeout_ns)
                set_deadline(d->begun_ns + d->opt->timeout_ns);
        ready_files();
        ready_self();
        ready_memory(d, sizeof *d);
        status = run(d, d->pid);
        meanwhile_free(&d->meanwhile);
        imgwrite_close(d->out);
        mapfiles_close(&d->files);
        secret_free(&d->secret);
        timers_free(&d->timers);
        threads_free(&d->tasks);
        procstate_free(&d->proc);
        seize_forget(&d->t);
        rawfiles_free(&d->raw);
        fds_free(&d->fds);
        base_close(&d->base);
        if (status == EXIT_FAILED && stop_signal())
                return 128 + stop_signal();
        return status;
}

/* In the parent, when the child was killed: the twin was killed with it. */
static int reap(void *arg, const struct guard_twin *twin)
{
        const struct dump *d = arg;
        struct trace_task seen = { .tid = twin->tid, .regs = twin->regs };
        struct trace t = { .pid = d->pid, .mem = -1, .dir = proc_open(d->pid), .task = &seen, .n = 1 };
        struct twin_reaping how = { 0 };
        struct proc_stat st;

        if (t.dir < 0 || proc_stat(t.dir, 0, &st) < 0 || st.start_ticks != twin->start_ticks)
                return 0;               /* it has ended */
        return twin_reap(&t, twin->pid, twin->pid, &how);
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
        status = guard_run(work, d, reap, progress_begin(1) ? progress_draw : NULL);
        progress_end();
        free(d);
        return status;
}
