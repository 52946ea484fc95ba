/* SPDX-License-Identifier: MIT */
/* fds.c - every open descriptor of the stopped target, into DESC chunks */
#include "fds.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fd.h"
#include "fdask.h"
#include "fdcontent.h"
#include "fdsame.h"
#include "fdsock.h"
#include "netcgroup.h"
#include "procstate.h"
#include "slowstat.h"
#include "util.h"

#define INFO_MAX        (8u << 20)      /* bytes of an fdinfo: readers take no longer string */
#define NR_PIDFD_OPEN   434             /* musl 1.2.3 has names for neither */
#define NR_PIDFD_GETFD  438
#define PIDFD_THREAD    O_EXCL          /* since 6.9 */

#define MQUEUE_MAGIC    0x19800202ul    /* uapi/linux/magic.h */
#define DRIVERS_MAX     (1u << 20)      /* bytes of /proc/tty/drivers: more is nonsense */

struct work {
        const struct fds *s;
        const struct proc_stat *stat;
        struct fdcontent content;
        struct unixpeers peers;
        struct trace *t;
        uint64_t max;                   /* bytes of one's content */
        struct notes *notes;
        int fd_dir, info_dir;           /* /proc/PID/fd and fdinfo */
        int pidfd;                      /* -1: none, no_copy says why */
        const char *no_copy;
        struct payload scratch;
        struct fd *v;                   /* ascending */
        size_t n, cap;
};

static int has_socket(int live_dir)
{
        static const char start[] = "socket:[";
        int fd = openat(live_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *e;
        char to[sizeof start];

        while (d && !found && (e = readdir(d)))
                found = readlinkat(fd, e->d_name, to, sizeof to) == sizeof to && !memcmp(to, start, sizeof start - 1);
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
        if (has_socket(raw->live_dir))
                unixpeers_prepare();

        if (text)
                mounts_parse(text, &s->mounts);
        if (read_file(AT_FDCWD, "/proc/tty/drivers", DRIVERS_MAX, &s->tty_drivers, &len) < 0)
                s->tty_drivers = NULL;
}

void fds_free(struct fds *s)
{
        mounts_free(&s->mounts);
        free(s->tty_drivers);
}

/* --- all of them: what /proc tells ------------------------------------------ */

static int by_number(const void *a, const void *b)
{
        const struct fd *x = a, *y = b;

        return (x->f.fd > y->f.fd) - (x->f.fd < y->f.fd);
}

static int list(struct work *k)
{
        DIR *d = fdopendir(dup(k->fd_dir));
        struct dirent *e;
        int err;

        if (!d)
                return fail("list descriptors:");
        while ((errno = 0, e = readdir(d))) {
                if (!isdigit((unsigned char)e->d_name[0]))
                        continue;
                if (k->n == k->cap) {
                        size_t cap = k->cap ? k->cap * 2 : 64;
                        struct fd *v = realloc(k->v, cap * sizeof *v);

                        if (!v)
                                break;
                        k->v = v;
                        k->cap = cap;
                }
                k->v[k->n++] = (struct fd){ .copy = -1, .f = { .size = sizeof(struct img_fd), .same_as = -1,
                                            .fd = (int32_t)strtol(e->d_name, NULL, 10) } };
        }
        err = errno;
        closedir(d);
        errno = err;
        if (err)
                return fail("list descriptors:");
        qsort(k->v, k->n, sizeof *k->v, by_number);
        return 0;
}

/*
 * Into the scratch, with a NUL behind it. Bytes, at most INFO_MAX; -1 with
 * errno. It is one record of a seq_file (single_open()): what is shorter than
 * asked for is the end of it.
 */
static ssize_t read_info(struct work *k, const char *name)
{
        size_t at = k->scratch.len, room = 4096;
        int fd = openat(k->info_dir, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : (ssize_t)room;

        while (n == (ssize_t)room && k->scratch.len - at < INFO_MAX) {
                char *p = payload_room(&k->scratch, room);

                if (!p)
                        errno = ENOMEM;
                n = p ? read(fd, p, room) : -1;
                k->scratch.len -= room - (n > 0 ? (size_t)n : 0);
        }
        if (fd >= 0)
                close(fd);
        if (n < 0)
                return -1;
        n = (ssize_t)(k->scratch.len - at);
        payload_add(&k->scratch, "", 1);
        return n;
}

/* Its link and its fdinfo. 1; 0: it is gone, closed by a process that shares the table; -1 after fail(). */
static int read_text(struct work *k, struct fd *d)
{
        char name[SLOWSTAT_NAME], path[PATH_MAX + 1];
        ssize_t len, n;
        int err;

        snprintf(name, sizeof name, "%d", d->f.fd);
        k->scratch.len = 0;
        len = readlinkat(k->fd_dir, name, path, sizeof path - 1);
        err = errno;
        path[len < 0 ? 0 : len] = '\0';
        payload_add(&k->scratch, path, (size_t)(len < 0 ? 0 : len) + 1);
        n = read_info(k, name);
        if (n < 0 && errno == ENOENT && len < 0 && err == ENOENT)
                return 0;
        if (n < 0)
                fd_why(d, "fdinfo:");
        else if (n >= (ssize_t)INFO_MAX)
                fd_why(d, "fdinfo: only its first %u bytes", INFO_MAX);
        errno = err;
        if (len < 0)
                fd_why(d, "path:");
        d->text = malloc(k->scratch.len);
        if (k->scratch.failed || !d->text)
                return fail("descriptors:");
        memcpy(d->text, k->scratch.p, k->scratch.len);
        if (len >= 0)
                d->path = d->text;
        d->path_len = len < 0 ? 0 : (size_t)len;
        if (n >= 0)
                d->info = d->text + d->path_len + 1;
        d->info_len = n < 0 ? 0 : (size_t)n;
        return 1;
}

static void find_mount(struct work *k, struct fd *d)
{
        const struct mount *m = mounts_find(&k->s->mounts, d->f.mnt_id);

        d->foreign = !m && k->s->mounts.n;
        d->local = m && m->local;
        d->mqueue = m && !strcmp(m->type, "mqueue");
        if (m || !d->path)
                return;
        /* a kernel's own mount, which no path leads to: "socket:[1]", "/memfd:" */
        if ((d->path[0] != '/' && d->path[0] != '(') || fd_kind(d) != IMG_FD_OTHER)
                d->local = 1;
}

static int read_texts(struct work *k)
{
        size_t n = 0;

        for (size_t i = 0; i < k->n; i++) {
                int rc = read_text(k, &k->v[i]);

                if (rc < 0 || (i % 64 == 0 && stop_wanted() < 0))
                        return -1;
                if (!rc) {
                        fd_free(&k->v[i]);
                        continue;
                }
                if (n != i) {
                        k->v[n] = k->v[i];
                        k->v[i] = (struct fd){ 0 };
                }
                fd_parse_info(&k->v[n]);
                find_mount(k, &k->v[n]);
                n++;
        }
        k->n = n;
        return 0;
}

/* --- stat(2) ------------------------------------------------------------------ */

static void take_stat(struct fd *d, const struct stat *st)
{
        d->f.ino = st->st_ino;
        d->f.len = (uint64_t)st->st_size;
        d->f.mode = st->st_mode;
        d->f.nlink = (uint32_t)st->st_nlink;
        d->f.uid = st->st_uid;
        d->f.gid = st->st_gid;
        d->f.dev_major = major(st->st_dev);
        d->f.dev_minor = minor(st->st_dev);
        d->f.rdev_major = major(st->st_rdev);
        d->f.rdev_minor = minor(st->st_rdev);
        d->f.mtime_sec = st->st_mtim.tv_sec;
        d->f.mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
        d->f.known |= IMG_FD_STAT;
}

static int stat_slow(struct work *k, size_t n)
{
        struct slowstat *v = calloc(n, sizeof *v), *p = v;
        int rc;

        if (!v)
                return fail("descriptors:");
        for (size_t i = 0; i < k->n; i++)
                if (!k->v[i].local) {
                        snprintf(p->name, sizeof p->name, "%d", k->v[i].f.fd);
                        p->mount = k->v[i].f.mnt_id;
                        p->want_magic = !mounts_find(&k->s->mounts, p->mount);
                        p++;
                }
        rc = slowstat(k->fd_dir, v, n);
        p = v;
        for (size_t i = 0; i < k->n && rc == 0; i++) {
                struct fd *d = &k->v[i];

                if (d->local)
                        continue;
                errno = p->err;
                if (p->err)
                        fd_why(d, "size, times, inode:");
                else
                        take_stat(d, &p->st);
                d->local = mounts_local_magic(p->magic);
                d->mqueue = p->magic == MQUEUE_MAGIC;
                p++;
        }
        free(v);
        return rc;
}

/* Virtual terminals, /dev/tty, console, ptmx; or a driver's. */
static int is_tty(const struct fds *s, uint32_t dev_major, uint32_t dev_minor)
{
        char path[128];

        return dev_major == 4 || dev_major == 5 ||
                procstate_tty_path(s->tty_drivers, dev_major, dev_minor, path, sizeof path) == 0;
}

static int stat_all(struct work *k)
{
        char name[SLOWSTAT_NAME];
        struct stat st;
        size_t slow = 0;

        for (size_t i = 0; i < k->n; i++) {
                struct fd *d = &k->v[i];

                if (!d->local) {
                        slow++;
                        continue;
                }
                snprintf(name, sizeof name, "%d", d->f.fd);
                if (fstatat(k->fd_dir, name, &st, AT_NO_AUTOMOUNT) < 0)
                        fd_why(d, "size, times, inode:");
                else
                        take_stat(d, &st);
        }
        if (slow && stat_slow(k, slow) < 0)
                return -1;
        for (size_t i = 0; i < k->n; i++) {
                struct img_fd *f = &k->v[i].f;

                f->kind = fd_kind(&k->v[i]);
                if (f->kind == IMG_FD_CHAR && is_tty(k->s, f->rdev_major, f->rdev_minor))
                        f->kind = IMG_FD_TTY;
        }
        return 0;
}

/* --- each of them: what a copy tells --------------------------------------------- */

static void open_pidfd(struct work *k)
{
        k->pidfd = (int)syscall(NR_PIDFD_OPEN, k->t->live, k->t->live == k->t->pid ? 0 : PIDFD_THREAD);
        if (k->pidfd < 0)
                k->no_copy = strerror(errno);
}

static void copy(struct work *k, struct fd *d)
{
        const char *why;

        if (fd_is_path(d))
                return;                         /* it has none of all that */
        why = fd_may_copy(d);
        if (!why && d->f.kind == IMG_FD_SOCKET && k->s->accounted)
                why = "a copy would be accounted to another net_cls or net_prio cgroup, that of crdump";
        if (!why)
                why = k->no_copy;
        if (!why)
                d->copy = (int)syscall(NR_PIDFD_GETFD, k->pidfd, d->f.fd, 0);
        if (!why && d->copy < 0)
                why = strerror(errno);
        if (why)
                fd_why(d, "owner, signal and all that is asked of a copy: %s", why);
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

static int write_all(struct work *k, struct imgwrite *w)
{
        k->fd_dir = openat(k->t->live_dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        k->info_dir = openat(k->t->live_dir, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (k->fd_dir < 0 || k->info_dir < 0) {
                notes_add(k->notes, "descriptors: %s", strerror(errno));
                return 0;
        }
        open_pidfd(k);
        if (list(k) < 0 || read_texts(k) < 0 || stat_all(k) < 0)
                return -1;
        if (fdsame(k->t->live, k->v, k->n) < 0)
                notes_add(k->notes, "which descriptors share an open file, and whether all threads have the same ones: kcmp(2): %s",
                          strerror(errno));
        else
                look_for_tables(k);
        if (fdcontent_begin(&k->content, k->fd_dir, k->max, k->v, k->n) < 0)
                return -1;
        for (size_t i = 0; i < k->n; i++)
                if (write_one(k, &k->v[i], w) < 0 || (i % 64 == 0 && stop_wanted() < 0))
                        return -1;
        return 0;
}

int fds_write(const struct fds *s, struct trace *t, const struct proc_stat *stat, uint64_t content,
              struct notes *notes, struct imgwrite *w)
{
        struct work k = { .s = s, .t = t, .stat = stat, .max = content, .notes = notes, .fd_dir = -1, .info_dir = -1, .pidfd = -1,
                          .content = { .pipe = { -1, -1 } } };
        int rc = write_all(&k, w);
        int open[] = { k.fd_dir, k.info_dir, k.pidfd };

        say("%zu descriptors", k.n);
        fdcontent_end(&k.content);
        unixpeers_free(&k.peers);
        for (size_t i = 0; i < k.n; i++)
                fd_free(&k.v[i]);
        free(k.v);
        payload_free(&k.scratch);
        for (size_t i = 0; i < sizeof open / sizeof *open; i++)
                if (open[i] >= 0)
                        close(open[i]);
        return rc;
}
