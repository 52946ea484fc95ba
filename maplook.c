/* SPDX-License-Identifier: MIT */
/* maplook.c - looking at, and opening, what mappings lead to */
#include "maplook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <elf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "aside.h"
#include "image.h"
#include "util.h"

#define LOOK_NS         2000000000ull   /* for all files together, and */
#define LOOK_EACH_NS    10000000ull     /* for each one more */
#define LOCKS_MAX       (16u << 20)     /* bytes of /proc/locks */
#define SLOTS_LEFT      64u             /* descriptors that others need */

struct held {                   /* a descriptor of the target's */
        uint64_t ino;
        dev_t    dev;
        int      fd;
};

struct look {                   /* a job of aside.h, with all that it reaches */
        int      dir;           /* /proc/PID */
        char    *locks;         /* /proc/locks, read before the first is opened: it takes the kernel 10 ms */
        int      locks_read;
        int      no_range;      /* map_files is not for us */
        int      most;          /* descriptors that we may have */
        unsigned heads;
        struct held *held;      /* read when first needed */
        size_t   held_n;
        int      held_read;
        atomic_size_t at;       /* files before this one are done */
        atomic_int stop;        /* nobody waits any more */
        size_t   n;
        struct mapfile file[];
};

static int begins(const char *s, const char *with)
{
        return strncmp(s, with, strlen(with)) == 0;
}

static int ends(const char *s, const char *with)
{
        size_t len = strlen(s), n = strlen(with);

        return len >= n && strcmp(s + len - n, with) == 0;
}

/* Of a tmpfs or hugetlbfs that the kernel mounts for itself: it has no path, and nobody watches it. */
static int is_internal(const char *name)
{
        if (begins(name, "[anon_shmem:"))
                return 1;
        return ends(name, " (deleted)") &&
                (begins(name, "/memfd:") || begins(name, "/SYSV") ||
                 begins(name, "/dev/zero ") || begins(name, "/anon_hugepage "));
}

/* ---- what is it? ---- */

struct seen {
        struct stat st;         /* of what is mapped */
        int known;              /* st is */
        char range[64];         /* the way to it by map_files */
        char path[PATH_MAX + 8];        /* one that leads to it, below the folder of base; "": none */
        int base;
};

static void look_by_range(struct look *l, const struct mapfile *f, struct seen *s)
{
        snprintf(s->range, sizeof s->range, "map_files/%" PRIx64 "-%" PRIx64, f->start, f->end);
        s->known = !l->no_range && fstatat(l->dir, s->range, &s->st, 0) == 0;
        if (!s->known && (errno == EPERM || errno == EACCES))
                l->no_range = 1;
}

static int same_numbers(const struct mapfile *f, const struct stat *st)
{
        return st->st_ino == f->ino && st->st_dev == makedev(f->dev_major, f->dev_minor);
}

/* btrfs and overlayfs tell stat(2) another device than /proc/PID/maps: the inode decides. */
static int same_file(const struct mapfile *f, const struct seen *s, const struct stat *st)
{
        if (s->known)
                return st->st_ino == s->st.st_ino && st->st_dev == s->st.st_dev;
        return st->st_ino == f->ino;
}

/* A path, as /proc/PID/maps has it: of what is not plain there, newlines alone, as \012. */
static void unescape(char *s)
{
        char *to = s;

        for (; *s; s++, to++) {
                *to = *s;
                if (begins(s, "\\012")) {
                        *to = '\n';
                        s += 3;
                }
        }
        *to = '\0';
}

/* 1: that path leads to it; 0: it does not; -1: not to be known. */
static int leads(const struct mapfile *f, struct seen *s, int base, const char *below)
{
        char path[sizeof s->path];
        struct stat st;

        if (snprintf(path, sizeof path, "%s%s", below, f->name) >= (int)sizeof path)
                return -1;
        unescape(path);
        if (fstatat(base, path, &st, 0) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
        if (!same_file(f, s, &st))
                return 0;
        if (s->known || same_numbers(f, &st)) {
                s->known = 1;
                s->st = st;
                s->base = base;
                memcpy(s->path, path, sizeof path);
        }
        return 1;
}

static uint8_t state_of(struct look *l, const struct mapfile *f, struct seen *s)
{
        int inside, ours;

        if (f->internal)
                return MAPFILE_GONE;
        if (f->name[0] != '/' || begins(f->name, "/secretmem "))
                return MAPFILE_OTHER;
        inside = leads(f, s, l->dir, "root");
        ours = inside == 1 ? 0 : leads(f, s, AT_FDCWD, "");
        if (s->known && S_ISCHR(s->st.st_mode) && s->st.st_rdev == makedev(1, 5))
                return MAPFILE_ZERO;
        if (s->known && !S_ISREG(s->st.st_mode))
                return MAPFILE_OTHER;
        if (inside == 1 || ours == 1)
                return MAPFILE_NAMED;
        return inside == 0 && ours == 0 ? MAPFILE_GONE : MAPFILE_UNKNOWN;
}

/* ---- opening it ---- */

/* Would opening it signal whoever has a lease on it, and wait? */
static int is_leased(struct look *l, const struct mapfile *f)
{
        char file[64];
        size_t len;

        if (!l->locks_read && read_file(AT_FDCWD, "/proc/locks", LOCKS_MAX, &l->locks, &len) < 0)
                l->locks = NULL;
        l->locks_read = 1;
        snprintf(file, sizeof file, " %02x:%02x:%" PRIu64 " ", f->dev_major, f->dev_minor, f->ino);
        for (const char *hit = l->locks; hit && (hit = strstr(hit, file)); hit++) {
                const char *line = hit;

                while (line > l->locks && line[-1] != '\n')
                        line--;
                if (memmem(line, (size_t)(hit - line), "WRITE", 5) &&
                    (memmem(line, (size_t)(hit - line), "LEASE", 5) || memmem(line, (size_t)(hit - line), "DELEG", 5)))
                        return 1;
        }
        return 0;
}

/* 0, or an errno. */
static int open_by(struct look *l, struct mapfile *f, const struct seen *s, int base, const char *path)
{
        int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, fd;
        struct stat st;

        if (fstatat(base, path, &st, 0) < 0)
                return errno;
        if (!S_ISREG(st.st_mode) || (s->known ? !same_file(f, s, &st) : !same_numbers(f, &st)))
                return ESTALE;
        fd = openat(base, path, flags | O_NOATIME);
        if (fd < 0 && errno == EPERM)
                fd = openat(base, path, flags);
        if (fd < 0)
                return errno;
        if (fd >= l->most) {
                close(fd);
                return EMFILE;
        }
        f->fd = fd;
        f->len = (uint64_t)st.st_size;
        f->sized = 1;
        return 0;
}

static int compare_held(const void *p, const void *q)
{
        const struct held *a = p, *b = q;

        return a->ino != b->ino ? (a->ino < b->ino ? -1 : 1) : (a->fd > b->fd) - (a->fd < b->fd);
}

static void read_held(struct look *l)
{
        int fd = openat(l->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *e;
        size_t cap = 0;

        l->held_read = 1;
        if (!d && fd >= 0)
                close(fd);
        while (d && (e = readdir(d))) {
                struct stat st;

                if (fstatat(fd, e->d_name, &st, 0) < 0 || !S_ISREG(st.st_mode))
                        continue;
                if (l->held_n == cap) {
                        struct held *more = realloc(l->held, (cap ? 2 * cap : 64) * sizeof *more);

                        if (!more)
                                break;
                        l->held = more;
                        cap = cap ? 2 * cap : 64;
                }
                l->held[l->held_n++] = (struct held){ st.st_ino, st.st_dev, (int)strtol(e->d_name, NULL, 10) };
        }
        if (d)
                closedir(d);
        if (l->held_n)
                qsort(l->held, l->held_n, sizeof *l->held, compare_held);
}

/* By a descriptor of the target's that may be opened for reading. 0, or an errno. */
static int open_by_held(struct look *l, struct mapfile *f, const struct seen *s)
{
        int err = ENOENT;

        if (!l->held_read)
                read_held(l);
        for (size_t i = 0; i < l->held_n && err; i++) {
                char path[32];

                if (l->held[i].ino != f->ino)
                        continue;
                snprintf(path, sizeof path, "fd/%d", l->held[i].fd);
                err = open_by(l, f, s, l->dir, path);
        }
        return err;
}

static void open_it(struct look *l, struct mapfile *f, const struct seen *s)
{
        int range;

        if (is_leased(l, f)) {
                f->err = EBUSY;
                return;
        }
        range = l->no_range ? EPERM : open_by(l, f, s, l->dir, s->range);
        f->err = range;
        if (f->err && s->path[0])
                f->err = open_by(l, f, s, s->base, s->path);
        if (f->err && !f->internal)
                f->err = open_by(l, f, s, l->dir, "exe");
        if (f->err)
                f->err = open_by_held(l, f, s);
        if (f->err)
                f->err = range;
}

static void keep_head(struct look *l, struct mapfile *f)
{
        uint8_t *page = l->heads < MAPFILE_HEADS ? calloc(1, IMG_PAGE) : NULL;

        if (page && pread(f->fd, page, IMG_PAGE, 0) >= SELFMAG && !memcmp(page, ELFMAG, SELFMAG)) {
                f->head = page;
                l->heads++;
        } else {
                free(page);
        }
}

static void look_at(struct look *l, struct mapfile *f)
{
        struct seen s = { .known = 0 };
        int all;

        f->internal = (uint8_t)is_internal(f->name);
        look_by_range(l, f, &s);
        f->state = state_of(l, f, &s);
        if (s.known && S_ISREG(s.st.st_mode)) {
                f->len = (uint64_t)s.st.st_size;
                f->sized = 1;
        }
        all = f->state == MAPFILE_GONE || (f->want & MAPFILE_CONTENT);
        if (f->state == MAPFILE_OTHER || f->state == MAPFILE_ZERO || (!all && !f->want))
                return;
        open_it(l, f, &s);
        if (f->fd < 0)
                return;
        if ((f->want & MAPFILE_HEAD) && !f->head)
                keep_head(l, f);
        if (all && !f->internal)        /* so that it need not be waited for during the pause */
                posix_fadvise(f->fd, (off_t)f->off, (off_t)(f->upto - f->off), POSIX_FADV_WILLNEED);
        if (all)
                return;
        close(f->fd);
        f->fd = -1;
}

/* ---- aside ---- */

static void look_job(void *arg)
{
        struct look *l = arg;

        for (size_t i = l->at; i < l->n && !l->stop; i++) {
                look_at(l, &l->file[i]);
                l->at = i + 1;
        }
}

static struct look *new_look(int dir, const struct mapfile *file, size_t n)
{
        struct look *l = calloc(1, sizeof *l + n * sizeof *file);
        struct rlimit r;

        if (!l) {
                fail("files of mappings:");
                return NULL;
        }
        l->dir = dir;
        l->n = n;
        l->most = getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur > INT_MAX ? INT_MAX : (int)r.rlim_cur;
        l->most -= l->most > (int)(2 * SLOTS_LEFT) ? (int)SLOTS_LEFT : l->most / 2;
        memcpy(l->file, file, n * sizeof *file);
        return l;
}

int maplook(int dir, struct mapfile *file, size_t n)
{
        size_t done = 0;

        for (int tries = 0; done < n && tries < ASIDE_LEFT; tries++) {
                struct look *l = new_look(dir, file + done, n - done);
                size_t some;

                if (!l)
                        return -1;
                if (aside_run(look_job, l, LOOK_NS + (n - done) * LOOK_EACH_NS) == 0) {
                        memcpy(file + done, l->file, (n - done) * sizeof *file);
                        free(l->held);
                        free(l->locks);
                        free(l);
                        return 0;
                }
                l->stop = 1;
                if (stop_wanted())
                        return -1;
                some = l->at;
                memcpy(file + done, l->file, some * sizeof *file);
                done += some;
                if (done < n) {
                        file[done].err = ETIMEDOUT;
                        warn("%s: its file system does not answer", file[done].name);
                }
                done++;
        }
        return 0;
}
