/* SPDX-License-Identifier: MIT */
/* fdlist.c - what /proc tells of the open descriptors of a stopped target */
#include "fdlist.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "procstate.h"
#include "ready.h"
#include "slowstat.h"
#include "slurp.h"
#include "util.h"

#define FEW             16u             /* descriptors that may come yet */
#define SCRATCH         (PATH_MAX + 4096u)      /* bytes: what read_text() takes, as a rule */
#define INFO_MAX        (8u << 20)      /* bytes of an fdinfo: readers take no longer string */
#define MQUEUE_MAGIC    0x19800202ul    /* uapi/linux/magic.h */

static int by_number(const void *a, const void *b)
{
        const struct fd *x = a, *y = b;

        return (x->f.fd > y->f.fd) - (x->f.fd < y->f.fd);
}

static int make_room(struct fdlist *l, size_t cap)
{
        struct fd *v = realloc(l->v, cap * sizeof *v);

        if (!v)
                return -1;
        l->v = v;
        l->cap = cap;
        return 0;
}

void fdlist_ready(struct fdlist *l, size_t n)
{
        if (n + FEW > l->cap && make_room(l, n + FEW) == 0)
                ready_memory(l->v, l->cap * sizeof *l->v);
        payload_ready(&l->scratch, SCRATCH);
}

static int list(struct fdlist *l, pid_t tid, pid_t table)
{
        size_t from = l->n;
        struct slurp_names names;
        const char *name;

        lseek(l->fd_dir, 0, SEEK_SET);
        slurp_names(&names, l->fd_dir);
        while ((name = slurp_name(&names))) {
                if (!isdigit((unsigned char)*name))
                        continue;
                if (l->n == l->cap && make_room(l, l->cap ? l->cap * 2 : 64) < 0)
                        break;
                l->v[l->n++] = (struct fd){ .copy = -1, .f = { .size = sizeof(struct img_fd), .same_as = -1,
                                            .fd = (int32_t)strtol(name, NULL, 10), .table = table },
                                            .tid = tid };
        }
        if (errno)
                return fail("list descriptors:");
        if (l->n > from)
                qsort(l->v + from, l->n - from, sizeof *l->v, by_number);
        return 0;
}

void fdlist_hold(struct fdlist *l, int dir, const char *name)
{
        char text[4096];
        int fd;

        if (l->held_n == FDLIST_HELD)
                return;
        fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        if (pread(fd, text, sizeof text, 0) < 0) {      /* what is read for the first time takes longer */
                close(fd);
                return;
        }
        l->held_dir = dir;
        l->held[l->held_n++] = (struct fdheld){ (int32_t)strtol(name, NULL, 10), fd };
}

/* The fdinfo of descriptor d, open; -1: it is not held. They were listed in the same order. */
static int held_info(struct fdlist *l, int32_t d)
{
        size_t n = l->info_dir == l->held_dir ? l->held_n : 0;
        size_t i = find_number(l->held, n, sizeof *l->held, d, &l->held_at);

        return i < n ? l->held[i].info : -1;
}

/*
 * Into the scratch, with a NUL behind it. Bytes, at most INFO_MAX; -1 with
 * errno. It is one record of a seq_file (single_open()): what is shorter than
 * asked for is the end of it.
 */
static ssize_t read_info(struct fdlist *l, const struct fd *d, const char *name)
{
        size_t at = l->scratch.len, room = 4096;
        int held = held_info(l, d->f.fd), fd = held >= 0 ? held : openat(l->info_dir, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : (ssize_t)room;

        while (n == (ssize_t)room && l->scratch.len - at < INFO_MAX) {
                char *p = payload_room(&l->scratch, room);

                if (!p)
                        errno = ENOMEM;
                n = p ? pread(fd, p, room, (off_t)(l->scratch.len - room - at)) : -1;
                l->scratch.len -= room - (n > 0 ? (size_t)n : 0);
        }
        if (fd >= 0 && fd != held)
                close(fd);
        if (n < 0)
                return -1;
        n = (ssize_t)(l->scratch.len - at);
        payload_add(&l->scratch, "", 1);
        return n;
}

/* Its link and its fdinfo. 1; 0: it is gone, closed by a process that shares the table; -1 after fail(). */
static int read_text(struct fdlist *l, struct fd *d)
{
        char name[SLOWSTAT_NAME], path[PATH_MAX + 1];
        ssize_t len, n;
        int err;

        snprintf(name, sizeof name, "%d", d->f.fd);
        l->scratch.len = 0;
        len = readlinkat(l->fd_dir, name, path, sizeof path - 1);
        err = errno;
        path[len < 0 ? 0 : len] = '\0';
        payload_add(&l->scratch, path, (size_t)(len < 0 ? 0 : len) + 1);
        n = read_info(l, d, name);
        if (n < 0 && errno == ENOENT && len < 0 && err == ENOENT)
                return 0;
        if (n < 0)
                fd_why(d, "fdinfo:");
        else if (n >= (ssize_t)INFO_MAX)
                fd_why(d, "fdinfo: only its first %u bytes", INFO_MAX);
        errno = err;
        if (len < 0)
                fd_why(d, "path:");
        d->text = malloc(l->scratch.len);
        if (l->scratch.failed || !d->text)
                return fail("descriptors:");
        memcpy(d->text, l->scratch.p, l->scratch.len);
        if (len >= 0)
                d->path = d->text;
        d->path_len = len < 0 ? 0 : (size_t)len;
        if (n >= 0)
                d->info = d->text + d->path_len + 1;
        d->info_len = n < 0 ? 0 : (size_t)n;
        return 1;
}

static void find_mount(struct fdlist *l, struct fd *d)
{
        const struct mount *m = mounts_find(l->mounts, d->f.mnt_id);

        d->foreign = !m && l->mounts->n;
        d->local = m && m->local;
        d->mqueue = m && !strcmp(m->type, "mqueue");
        if (m || !d->path)
                return;
        /* a kernel's own mount, which no path leads to: "socket:[1]", "/memfd:" */
        if ((d->path[0] != '/' && d->path[0] != '(') || fd_kind(d) != IMG_FD_OTHER)
                d->local = 1;
}

static int read_texts(struct fdlist *l, size_t from)
{
        size_t n = from;

        for (size_t i = from; i < l->n; i++) {
                int rc = read_text(l, &l->v[i]);

                if (rc < 0 || (i % 64 == 0 && stop_wanted() < 0))
                        return -1;
                if (!rc) {
                        fd_free(&l->v[i]);
                        continue;
                }
                if (n != i) {
                        l->v[n] = l->v[i];
                        l->v[i] = (struct fd){ 0 };
                }
                fd_parse_info(&l->v[n]);
                find_mount(l, &l->v[n]);
                n++;
        }
        l->n = n;
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

static int stat_slow(struct fdlist *l, size_t from, size_t n)
{
        struct slowstat *v = calloc(n, sizeof *v), *p = v;
        int rc;

        if (!v)
                return fail("descriptors:");
        for (size_t i = from; i < l->n; i++)
                if (!l->v[i].local) {
                        snprintf(p->name, sizeof p->name, "%d", l->v[i].f.fd);
                        p->mount = l->v[i].f.mnt_id;
                        p->want_magic = !mounts_find(l->mounts, p->mount);
                        p++;
                }
        rc = slowstat(l->fd_dir, v, n);
        p = v;
        for (size_t i = from; i < l->n && rc == 0; i++) {
                struct fd *d = &l->v[i];

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

/* Virtual terminals, /dev/tty, console, ptmx; or a driver's. /dev/null and its like (1) are most of what is none. */
static int is_tty(const char *drivers, uint32_t dev_major, uint32_t dev_minor)
{
        char path[128];

        if (dev_major == 1)
                return 0;
        return dev_major == 4 || dev_major == 5 ||
                procstate_tty_path(drivers, dev_major, dev_minor, path, sizeof path) == 0;
}

static int stat_all(struct fdlist *l, size_t from)
{
        char name[SLOWSTAT_NAME];
        struct stat st;
        size_t slow = 0;

        for (size_t i = from; i < l->n; i++) {
                struct fd *d = &l->v[i];

                if (!d->local) {
                        slow++;
                        continue;
                }
                snprintf(name, sizeof name, "%d", d->f.fd);
                if (fstatat(l->fd_dir, name, &st, AT_NO_AUTOMOUNT) < 0)
                        fd_why(d, "size, times, inode:");
                else
                        take_stat(d, &st);
        }
        if (slow && stat_slow(l, from, slow) < 0)
                return -1;
        for (size_t i = from; i < l->n; i++) {
                struct img_fd *f = &l->v[i].f;

                f->kind = fd_kind(&l->v[i]);
                if (f->kind == IMG_FD_CHAR && is_tty(l->tty_drivers, f->rdev_major, f->rdev_minor))
                        f->kind = IMG_FD_TTY;
        }
        return 0;
}

int fdlist_read(struct fdlist *l, pid_t tid, pid_t table)
{
        size_t from = l->n;

        return list(l, tid, table) < 0 || read_texts(l, from) < 0 || stat_all(l, from) < 0 ? -1 : 0;
}

void fdlist_clear(struct fdlist *l)
{
        for (size_t i = 0; i < l->n; i++)
                fd_free(&l->v[i]);
        l->n = 0;
}

void fdlist_free(struct fdlist *l)
{
        fdlist_clear(l);
        free(l->v);
        payload_free(&l->scratch);
        for (size_t i = 0; i < l->held_n; i++)
                close(l->held[i].info);
        *l = (struct fdlist){ 0 };
}
