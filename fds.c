/* SPDX-License-Identifier: MIT */
/* fds.c - every open descriptor of the stopped target, into DESC chunks */
#include "fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "fdask.h"
#include "fdcontent.h"
#include "fdsame.h"
#include "fdsock.h"
#include "netcgroup.h"
#include "slurp.h"
#include "util.h"

#define NR_PIDFD_OPEN   434             /* musl 1.2.3 has names for neither */
#define NR_PIDFD_GETFD  438
#define PIDFD_THREAD    O_EXCL          /* since 6.9 */
#define CHUNK           4096u           /* bytes of one, as a rule */
#define DRIVERS_MAX     (1u << 20)      /* bytes of /proc/tty/drivers: more is nonsense */

struct work {                           /* of fds_ask() */
        struct fds *s;
        struct trace *t;
        const struct proc_stat *stat;
        struct unixpeers peers;
        const struct fdtable *table;    /* of those that are asked now, */
        int pidfd, err;                 /* by which copies are had; -1: it is not one, why */
};

/* Of a thread with another table; or, as before 6.9 for all, of the first one. -1 with errno. */
static int open_pidfd(const struct trace *t, pid_t tid)
{
        return (int)syscall(NR_PIDFD_OPEN, tid, tid == t->pid ? 0 : PIDFD_THREAD);
}

static void shut(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

struct links {                  /* what there is among them */
        size_t n;
        int    sockets, pipes;
};

/* An open folder of dir. -1 with errno. */
static int open_folder(int dir, const char *name)
{
        return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Those of a thread: fd, and unless NULL fdinfo. */
static void open_folders(const struct trace *t, pid_t tid, int *fd, int *info)
{
        int dir = proc_open_task(t->dir, tid);

        *fd = dir < 0 ? -1 : open_folder(dir, "fd");
        if (info)
                *info = dir < 0 ? -1 : open_folder(dir, "fdinfo");
        shut(&dir);
}

/*
 * A look at all links in the folder fd. Says a word of a watchdog's device:
 * nobody feeds that while the target is stopped. hold, unless NULL, may hold their
 * fdinfo, in the folder info.
 */
static void look_at_links(struct links *l, int fd, int info, struct fdlist *hold)
{
        static const char socket[] = "socket:[", pipe[] = "pipe:[", watchdog[] = "/dev/watchdog";
        struct slurp_names names;
        size_t most = hold ? descriptors(FDLIST_HELD) : 0;
        char to[32] = "";
        const char *name;

        slurp_names(&names, fd);
        for (; fd >= 0 && (name = slurp_name(&names)); l->n++) {
                ssize_t n = readlinkat(fd, name, to, sizeof to - 1);

                to[n < 0 ? 0 : n] = '\0';
                l->sockets |= !strncmp(to, socket, sizeof socket - 1);
                l->pipes |= !strncmp(to, pipe, sizeof pipe - 1);
                if (!strncmp(to, watchdog, sizeof watchdog - 1))
                        warn("descriptor %s is a watchdog, which will not be fed while the process is stopped: see --max-pause",
                             name);
                if (l->n < most)
                        fdlist_hold(hold, info, name);
        }
}

/* At those of threads that have a table of their own. */
static void look_at_threads(struct links *l, const struct trace *t)
{
        pid_t *tid;
        size_t n;

        if (proc_tasks(t->dir, &tid, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                int fd;

                if (!fdtables_differ(t->live, tid[i]))
                        continue;
                open_folders(t, tid[i], &fd, NULL);
                look_at_links(l, fd, -1, NULL);
                shut(&fd);
        }
        free(tid);
}

void fds_look_before(struct fds *s, const struct trace *t, struct rawfiles *raw)
{
        const char *text = rawfiles_text(raw, "mountinfo"), *cgroup = rawfiles_text(raw, "cgroup");
        struct links l = { 0 };
        size_t len;

        s->accounted = cgroup && netcgroup_differs(cgroup);
        s->ready = 1;
        s->fd_dir = open_folder(t->live_dir, "fd");
        s->info_dir = open_folder(t->live_dir, "fdinfo");
        s->pidfd = open_pidfd(t, t->live);
        s->pidfd_err = errno;
        look_at_links(&l, s->fd_dir, s->info_dir, &s->list);
        fdlist_ready(&s->list, l.n);
        payload_ready(&s->chunk, CHUNK);
        look_at_threads(&l, t);
        if (l.sockets)
                unixpeers_prepare();
        if (l.pipes)
                fdcontent_ready(&s->content);
        if (text)
                mounts_parse(text, &s->mounts);
        if (read_file(AT_FDCWD, "/proc/tty/drivers", DRIVERS_MAX, &s->tty_drivers, &len) < 0)
                s->tty_drivers = NULL;
}

/* --- what is there, and how copies of it are to be had ------------------------ */

static void forget(struct fds *s)
{
        if (s->read) {
                fdlist_clear(&s->list);
                fdtables_free(&s->tables);
                copies_free(&s->copies);
        }
        s->read = s->begun = s->asked = 0;
        s->no_copy = NULL;
}

/* Why there can be no copy of d, by whatever way; NULL: there may be. */
static const char *why_no_copy(const struct fds *s, const struct fd *d)
{
        const char *why = fd_may_copy(d);

        if (!why && d->f.kind == IMG_FD_SOCKET && s->accounted)
                why = "a copy would be accounted to another net_cls or net_prio cgroup, that of crdump";
        return why;
}

static int get_copy(int pidfd, int32_t fd)
{
        return (int)syscall(NR_PIDFD_GETFD, pidfd, fd, 0);
}

/* Does pidfd_getfd(2) work, for the first table? Tried with the first one that may be copied. */
static void try_copy(struct fds *s)
{
        if (s->pidfd < 0)
                s->no_copy = strerror(s->pidfd_err);
        for (size_t i = 0; i < s->tables.v[0].n && !s->no_copy; i++) {
                int copy;

                if (fd_is_path(&s->list.v[i]) || why_no_copy(s, &s->list.v[i]))
                        continue;
                copy = get_copy(s->pidfd, s->list.v[i].f.fd);
                if (copy >= 0) {
                        close(copy);
                        return;
                }
                if (errno != EBADF)             /* closed by who shares the table */
                        s->no_copy = strerror(errno);
        }
}

/* What the target has to send, if it must. */
static int want_copies(struct fds *s)
{
        size_t n = s->tables.v[0].n;
        int32_t lowest = 0;

        if (copies_begin(&s->copies, n) < 0)
                return -1;
        for (size_t i = 0; i < n; i++) {
                const struct fd *d = &s->list.v[i];

                lowest += d->f.fd == lowest;
                if (!fd_is_path(d) && !why_no_copy(s, d))
                        s->copies.fd[s->copies.n++] = d->f.fd;
        }
        s->copies.free_fd = lowest;
        return 0;
}

/* The folders of a thread that has this table: fd, and unless NULL fdinfo; -1 with errno: not to be had. */
static void enter_folders(struct fds *s, const struct trace *t, const struct fdtable *table, int *fd, int *info)
{
        if (table->tid != t->live) {
                open_folders(t, table->tid, fd, info);
                return;
        }
        if (s->fd_dir < 0)
                s->fd_dir = open_folder(t->live_dir, "fd");
        if (s->info_dir < 0 && info)
                s->info_dir = open_folder(t->live_dir, "fdinfo");
        *fd = s->fd_dir;
        if (info)
                *info = s->info_dir;
}

static void leave_folders(const struct fds *s, int *fd, int *info)
{
        if (*fd != s->fd_dir)
                shut(fd);
        if (info && *info != s->info_dir)
                shut(info);
}

static int list_table(struct fds *s, struct trace *t, struct fdtable *table)
{
        size_t from = s->list.n;
        int rc = 0;

        enter_folders(s, t, table, &s->list.fd_dir, &s->list.info_dir);
        if (s->list.fd_dir < 0 || s->list.info_dir < 0)
                table->err = errno;
        else
                rc = fdlist_read(&s->list, table->tid, table->tid == t->live ? 0 : table->tid);
        leave_folders(s, &s->list.fd_dir, &s->list.info_dir);
        table->n = s->list.n - from;
        return rc;
}

int fds_read(struct fds *s, struct trace *t)
{
        forget(s);
        s->read = 1;
        s->list.mounts = &s->mounts;
        s->list.tty_drivers = s->tty_drivers;
        if (fdtables_find(&s->tables, t) < 0)
                return -1;
        for (size_t i = 0; i < s->tables.n; i++)
                if (list_table(s, t, &s->tables.v[i]) < 0)
                        return -1;
        try_copy(s);
        return s->no_copy && t->task[0].table <= 0 ? want_copies(s) : 0;        /* who is borrowed sends its own */
}

/* close(2) of a file calls its file system, also if it is not the last one (filp_flush() of the kernel). */
const char *fds_against_twin(const struct fds *s)
{
        for (size_t i = 0; i < s->list.n; i++) {
                const struct fd *d = &s->list.v[i];

                if (d->f.kind == IMG_FD_USERFAULTFD)
                        return "it has a userfaultfd, which may watch its memory";
                if (!d->local && !fd_is_path(d))
                        return "it has a file open where closing a copy might wait for a server";
        }
        return NULL;
}

int fds_below(const struct fds *s)
{
        size_t n = s->tables.n ? s->tables.v[0].n : 0;

        return n ? s->list.v[n - 1].f.fd + 1 : 0;
}

struct copies *fds_wanted(struct fds *s)
{
        return s->no_copy && s->copies.n ? &s->copies : NULL;
}

void fds_free(struct fds *s)
{
        forget(s);
        if (s->ready) {
                shut(&s->fd_dir);
                shut(&s->info_dir);
                shut(&s->pidfd);
        }
        s->ready = 0;
        fdlist_free(&s->list);
        fdcontent_end(&s->content);
        payload_free(&s->chunk);
        mounts_free(&s->mounts);
        free(s->tty_drivers);
        s->tty_drivers = NULL;
}

/* --- each of them: what a copy tells --------------------------------------------- */

/* One of the first table. -1 with errno. */
static int copy_first(const struct fds *s, int32_t fd)
{
        return s->no_copy ? copies_get(&s->copies, fd) : get_copy(s->pidfd, fd);
}

/* That of d, or one of the first table that is the same open file. -1 with errno. */
static int copy_any(const struct work *k, const struct fd *d)
{
        int fd, err;

        if (!d->f.table)
                return copy_first(k->s, d->f.fd);
        fd = k->pidfd < 0 ? -1 : get_copy(k->pidfd, d->f.fd);
        err = k->pidfd < 0 ? k->err : errno;
        if (fd < 0 && d->f.same_as >= 0 && !d->f.same_table)
                fd = copy_first(k->s, d->f.same_as);
        errno = err;
        return fd;
}

static void copy(struct work *k, struct fd *d)
{
        static const char all[] = "owner, signal, and all else that is asked of a copy";
        const char *why;

        if (fd_is_path(d))
                return;                         /* it has none of all that */
        why = why_no_copy(k->s, d);
        if (why) {
                fd_why(d, "%s: %s", all, why);
                return;
        }
        d->copy = copy_any(k, d);
        if (d->copy >= 0)
                return;
        why = k->s->copies.why ? k->s->copies.why : "nothing is run there";
        if (d->f.table)
                fd_why(d, "%s: in the table of thread %d: %s: %s", all, (int)d->tid,
                       k->pidfd < 0 ? "pidfd_open(2)" : "pidfd_getfd(2)", strerror(errno));
        else if (k->s->no_copy)
                fd_why(d, "%s: pidfd_getfd(2): %s; from inside: %s", all, k->s->no_copy, why);
        else
                fd_why(d, "%s:", all);
}

static int ask_one(struct work *k, struct fd *d)
{
        int rc;

        give_way();
        copy(k, d);
        if (d->copy >= 0)
                fdask(d, k->stat);
        if (d->copy >= 0 && d->f.kind == IMG_FD_SOCKET)
                fdsock(d, &k->peers);
        fdask_limits(d);
        rc = fdcontent(&k->s->content, d);
        if (d->copy >= 0)
                close(d->copy);
        d->copy = -1;
        return rc;
}

static int write_one(struct payload *b, const struct fd *d, struct imgwrite *w)
{
        struct iovec v;

        b->len = 0;
        payload_add(b, &d->f, sizeof d->f);
        if (d->path)
                payload_str(b, IMG_FSTR_PATH, d->path, d->path_len);
        if (d->info)
                payload_str(b, IMG_FSTR_FDINFO, d->info, d->info_len);
        payload_add(b, d->strs.p, d->strs.len);
        if (d->why.len)
                payload_str(b, IMG_FSTR_WHY, d->why.p, d->why.len);
        if (b->failed | d->strs.failed | d->why.failed)
                return fail("no memory for descriptors");
        v = (struct iovec){ b->p, b->len };
        return imgwrite_chunk(w, IMG_DESC, &v, 1);
}

/* --- the tables -------------------------------------------------------------------- */

static void enter_table(struct work *k, const struct fdtable *table)
{
        k->table = table;
        enter_folders(k->s, k->t, table, &k->s->content.dir, NULL);
        k->pidfd = table == k->s->tables.v ? k->s->pidfd : open_pidfd(k->t, table->tid);
        k->err = table == k->s->tables.v ? k->s->pidfd_err : errno;
}

static void leave_table(struct work *k)
{
        leave_folders(k->s, &k->s->content.dir, NULL);
        if (k->pidfd != k->s->pidfd)
                shut(&k->pidfd);
}

/* Its n descriptors at v. */
static int ask_table(struct work *k, struct fd *v)
{
        for (size_t i = 0; i < k->table->n; i++)
                if (ask_one(k, &v[i]) < 0 || (i % 64 == 0 && stop_wanted() < 0))
                        return -1;
        return 0;
}

static int ask_all(struct work *k, uint64_t content)
{
        struct fds *s = k->s;
        struct fd *v = s->list.v;
        int rc = 0;

        s->err = fdsame(v, s->list.n) < 0 ? errno : s->tables.err;
        if (fdcontent_begin(&s->content, content, v, s->list.n) < 0)
                return -1;
        for (size_t i = 0; i < s->tables.n && rc == 0; i++) {
                enter_table(k, &s->tables.v[i]);
                rc = ask_table(k, v);
                v += k->table->n;
                leave_table(k);
        }
        return rc;
}

int fds_ask(struct fds *s, struct trace *t, const struct proc_stat *stat, uint64_t content)
{
        struct work k = { .s = s, .t = t, .stat = stat };

        if (s->asked)
                return 0;
        if ((!s->read || s->begun) && fds_read(s, t) < 0)
                return -1;
        s->begun = 1;
        s->asked = ask_all(&k, content) == 0;
        unixpeers_free(&k.peers);
        copies_free(&s->copies);        /* nobody shall have any when the target runs on */
        return s->asked ? 0 : -1;
}

/* --- and into the image --------------------------------------------------------------- */

static void note_limits(const struct fds *s, struct notes *notes)
{
        const struct fdtables *f = &s->tables;

        if (s->err)
                notes_add(notes, "which descriptors share an open file, and whether all threads have the same ones: kcmp(2): %s%s",
                          strerror(s->err), f->left ? "; not all threads were looked at" : "");
        for (size_t i = 0; i < f->n; i++)
                if (f->v[i].err && i)
                        notes_add(notes, "descriptors of thread %d: %s", (int)f->v[i].tid, strerror(f->v[i].err));
                else if (f->v[i].err)
                        notes_add(notes, "descriptors: %s", strerror(f->v[i].err));
}

int fds_write(struct fds *s, struct notes *notes, struct imgwrite *w)
{
        note_limits(s, notes);
        for (size_t i = 0; i < s->list.n; i++)
                if (write_one(&s->chunk, &s->list.v[i], w) < 0)
                        return -1;
        say("%zu descriptors in %zu tables", s->list.n, s->tables.n);
        return 0;
}
