/* SPDX-License-Identifier: MIT */
/* fds.c - every open descriptor of the stopped target, into DESC chunks */
#include "fds.h"

#include <dirent.h>
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
#include "util.h"

#define NR_PIDFD_OPEN   434             /* musl 1.2.3 has names for neither */
#define NR_PIDFD_GETFD  438
#define PIDFD_THREAD    O_EXCL          /* since 6.9 */
#define DRIVERS_MAX     (1u << 20)      /* bytes of /proc/tty/drivers: more is nonsense */

struct work {                           /* of fds_write() */
        struct fds *s;
        struct trace *t;
        const struct proc_stat *stat;
        struct notes *notes;
        struct fdcontent content;
        struct unixpeers peers;
        size_t at;                      /* in s->copies */
};

/*
 * A look at all links. Has it a socket? And says a word of a watchdog's device:
 * nobody feeds that while the target is stopped.
 */
static int look_at_links(int live_dir)
{
        static const char socket[] = "socket:[", watchdog[] = "/dev/watchdog";
        int fd = openat(live_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *e;
        char to[32] = "";

        while (d && (e = readdir(d))) {
                ssize_t n = readlinkat(fd, e->d_name, to, sizeof to - 1);

                to[n < 0 ? 0 : n] = '\0';
                found |= !strncmp(to, socket, sizeof socket - 1);
                if (!strncmp(to, watchdog, sizeof watchdog - 1))
                        warn("descriptor %s is a watchdog, which will not be fed while the process is stopped: see --max-pause",
                             e->d_name);
        }
        if (d)
                closedir(d);
        else if (fd >= 0)
                close(fd);
        return found;
}

void fds_look_before(struct fds *s, struct rawfiles *raw)
{
        const char *text = rawfiles_text(raw, "mountinfo"), *cgroup = rawfiles_text(raw, "cgroup");
        size_t len;

        s->accounted = cgroup && netcgroup_differs(cgroup);
        if (look_at_links(raw->live_dir))
                unixpeers_prepare();
        if (text)
                mounts_parse(text, &s->mounts);
        if (read_file(AT_FDCWD, "/proc/tty/drivers", DRIVERS_MAX, &s->tty_drivers, &len) < 0)
                s->tty_drivers = NULL;
}

/* --- what is there, and how copies of it are to be had ------------------------ */

static void forget(struct fds *s)
{
        if (s->read) {
                fdlist_free(&s->list);
                copies_free(&s->copies);
                if (s->pidfd >= 0)
                        close(s->pidfd);
        }
        s->read = 0;
        s->pidfd = -1;
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

static int get_copy(const struct fds *s, const struct fd *d)
{
        return (int)syscall(NR_PIDFD_GETFD, s->pidfd, d->f.fd, 0);
}

/* Does pidfd_getfd(2) work? Tried with the first one that may be copied. */
static void try_copy(struct fds *s, const struct trace *t)
{
        s->pidfd = (int)syscall(NR_PIDFD_OPEN, t->live, t->live == t->pid ? 0 : PIDFD_THREAD);
        if (s->pidfd < 0)
                s->no_copy = strerror(errno);
        for (size_t i = 0; i < s->list.n && !s->no_copy; i++) {
                int copy;

                if (fd_is_path(&s->list.v[i]) || why_no_copy(s, &s->list.v[i]))
                        continue;
                copy = get_copy(s, &s->list.v[i]);
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
        int32_t lowest = 0;

        if (copies_begin(&s->copies, s->list.n) < 0)
                return -1;
        for (size_t i = 0; i < s->list.n; i++) {
                const struct fd *d = &s->list.v[i];

                lowest += d->f.fd == lowest;
                if (!fd_is_path(d) && !why_no_copy(s, d))
                        s->copies.fd[s->copies.n++] = d->f.fd;
        }
        s->copies.free_fd = lowest;
        return 0;
}

int fds_read(struct fds *s, struct trace *t)
{
        forget(s);
        s->read = 1;
        s->list = (struct fdlist){ .mounts = &s->mounts, .tty_drivers = s->tty_drivers, .fd_dir = -1, .info_dir = -1 };
        if (fdlist_read(&s->list, t->live_dir, &s->hidden) < 0)
                return -1;
        try_copy(s, t);
        return s->no_copy ? want_copies(s) : 0;
}

struct copies *fds_wanted(struct fds *s)
{
        return s->no_copy && s->copies.n ? &s->copies : NULL;
}

void fds_free(struct fds *s)
{
        forget(s);
        mounts_free(&s->mounts);
        free(s->tty_drivers);
        s->tty_drivers = NULL;
}

/* --- each of them: what a copy tells --------------------------------------------- */

static void copy(struct work *k, struct fd *d)
{
        const char *why;

        if (fd_is_path(d))
                return;                         /* it has none of all that */
        why = why_no_copy(k->s, d);
        if (why) {
                fd_why(d, "owner, signal, and all else that is asked of a copy: %s", why);
                return;
        }
        if (!k->s->no_copy)
                d->copy = get_copy(k->s, d);
        else
                d->copy = copies_get(&k->s->copies, d->f.fd, &k->at);
        if (d->copy >= 0)
                return;
        why = k->s->copies.why ? k->s->copies.why : "nothing is run there";
        if (k->s->no_copy)
                fd_why(d, "owner, signal, and all else that is asked of a copy: pidfd_getfd(2): %s; from inside: %s", k->s->no_copy, why);
        else
                fd_why(d, "owner, signal, and all else that is asked of a copy:");
}

static int write_one(struct work *k, struct fd *d, struct imgwrite *w)
{
        struct payload b = { 0 };
        int rc;

        copy(k, d);
        if (d->copy >= 0)
                fdask(d, k->stat);
        if (d->copy >= 0 && d->f.kind == IMG_FD_SOCKET)
                fdsock(d, &k->peers);
        fdask_limits(d);
        rc = fdcontent(&k->content, d);
        payload_add(&b, &d->f, sizeof d->f);
        if (d->path)
                payload_str(&b, IMG_FSTR_PATH, d->path, d->path_len);
        if (d->info)
                payload_str(&b, IMG_FSTR_FDINFO, d->info, d->info_len);
        payload_add(&b, d->strs.p, d->strs.len);
        if (d->why.len)
                payload_str(&b, IMG_FSTR_WHY, d->why.p, d->why.len);
        if (d->copy >= 0)
                close(d->copy);
        d->copy = -1;
        if (rc < 0) {
                payload_free(&b);
                return -1;
        }
        b.failed |= d->strs.failed | d->why.failed;
        return imgwrite_payload(w, IMG_DESC, &b);
}

/* --- the table --------------------------------------------------------------------- */

/* Threads may have a table of their own: unshare(2), or clone(2) without CLONE_FILES. */
static void look_for_tables(const struct work *k)
{
        enum { KCMP_FILES = 2 };
        size_t others = 0;
        pid_t tid = 0;

        for (size_t i = 0; i < k->t->n; i++)
                if (k->t->task[i].tid != k->t->live &&
                    syscall(SYS_kcmp, k->t->live, k->t->task[i].tid, KCMP_FILES, 0, 0) > 0) {
                        tid = k->t->task[i].tid;
                        others++;
                }
        if (others)
                notes_add(k->notes, "descriptors: those of thread %d; %zu threads, thread %d among them,"
                          " have a table of their own, which is not in the image", k->t->live, others, tid);
}

static int write_all(struct work *k, uint64_t content, struct imgwrite *w)
{
        struct fdlist *l = &k->s->list;

        if (k->s->hidden) {
                notes_add(k->notes, "descriptors: %s", strerror(k->s->hidden));
                return 0;
        }
        if (fdsame(k->t->live, l->v, l->n) < 0)
                notes_add(k->notes, "which descriptors share an open file, and whether all threads have the same ones: kcmp(2): %s",
                          strerror(errno));
        else
                look_for_tables(k);
        if (fdcontent_begin(&k->content, l->fd_dir, content, l->v, l->n) < 0)
                return -1;
        for (size_t i = 0; i < l->n; i++)
                if (write_one(k, &l->v[i], w) < 0 || (i % 64 == 0 && stop_wanted() < 0))
                        return -1;
        return 0;
}

int fds_write(struct fds *s, struct trace *t, const struct proc_stat *stat, uint64_t content,
              struct notes *notes, struct imgwrite *w)
{
        struct work k = { .s = s, .t = t, .stat = stat, .notes = notes, .content = { .pipe = { -1, -1 } } };
        int rc;

        if (!s->read && fds_read(s, t) < 0)
                return -1;
        rc = write_all(&k, content, w);
        say("%zu descriptors", s->list.n);
        fdcontent_end(&k.content);
        unixpeers_free(&k.peers);
        return rc;
}
