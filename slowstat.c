/* SPDX-License-Identifier: MIT */
/* slowstat.c - stat(2) of files that nobody may be there to tell about */
#include "slowstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "aside.h"
#include "util.h"

#define PATIENCE_NS     200000000ull    /* so long for the files of one mount, */
#define EACH_NS         1000000ull      /* and so long more for each of them */
#define UNASKED         (-1)
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC      0x4000
#endif

struct batch {
        int dir;
        size_t n;
        atomic_size_t done;     /* jobs that the thread will not touch any more */
        struct slowstat job[];
};

struct xstat {                  /* the kernel's struct statx, which musl 1.2.3 has not */
        uint32_t mask, blksize;
        uint64_t attributes;
        uint32_t nlink, uid, gid;
        uint16_t mode, pad;
        uint64_t ino, size, blocks, attributes_mask;
        struct { int64_t sec; uint32_t nsec; int32_t pad; } atime, btime, ctime, mtime;
        uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
        uint64_t spare[14];
};
_Static_assert(sizeof(struct xstat) == 256, "statx");

static int stat_unsynced(int dir, const char *name, struct stat *st)
{
        enum { BASIC = 0x7ff };
        struct xstat x;

        if (syscall(SYS_statx, dir, name, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, BASIC, &x) < 0)
                return errno == ENOSYS ? fstatat(dir, name, st, AT_NO_AUTOMOUNT) : -1;
        *st = (struct stat){
                .st_dev = makedev(x.dev_major, x.dev_minor), .st_rdev = makedev(x.rdev_major, x.rdev_minor),
                .st_ino = x.ino, .st_size = (off_t)x.size, .st_mode = x.mode, .st_nlink = x.nlink,
                .st_uid = x.uid, .st_gid = x.gid, .st_mtim = { x.mtime.sec, (long)x.mtime.nsec },
        };
        return 0;
}

static void ask(int dir, struct slowstat *j)
{
        char path[64];
        struct statfs fs;

        j->err = stat_unsynced(dir, j->name, &j->st) < 0 ? errno : 0;
        if (j->err || !j->want_magic)
                return;
        snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, j->name);
        if (statfs(path, &fs) == 0)
                j->magic = (unsigned long)fs.f_type;
}

static void work(void *arg)
{
        struct batch *b = arg;

        for (size_t i = 0; i < b->n; i++) {
                ask(b->dir, &b->job[i]);
                b->done = i + 1;
        }
}

/* Those of the n files at v that are to be asked for together with the first one: its mount's. */
static struct batch *gather(int dir, const struct slowstat *v, size_t n)
{
        struct batch *b = malloc(sizeof *b + n * sizeof *v);

        if (!b)
                return NULL;
        b->dir = dir;
        b->done = b->n = 0;
        for (size_t i = 0; i < n; i++)
                if (i == 0 || (v[0].mount >= 0 && v[i].mount == v[0].mount))
                        b->job[b->n++] = v[i];
        return b;
}

/* What came of it, to where it was gathered from; the rest has err. */
static void scatter(const struct batch *b, size_t done, int err, struct slowstat *v, size_t n)
{
        size_t at = 0;

        for (size_t i = 0; i < n && at < b->n; i++)
                if (i == 0 || (v[0].mount >= 0 && v[i].mount == v[0].mount)) {
                        if (at < done)
                                v[i] = b->job[at];
                        else
                                v[i].err = err;
                        at++;
                }
}

int slowstat(int dir, struct slowstat *v, size_t n)
{
        for (size_t i = 0; i < n; i++)
                v[i].err = UNASKED;
        for (size_t i = 0; i < n; i++) {
                struct batch *b;
                int err;

                if (v[i].err != UNASKED)
                        continue;
                b = gather(dir, v + i, n - i);
                if (!b)
                        return fail("descriptors:");
                err = aside_run(work, b, PATIENCE_NS + b->n * EACH_NS) < 0 ? errno : 0;
                if (err == EINTR)
                        return -1;
                scatter(b, err ? b->done : b->n, err, v + i, n - i);
                if (!err)
                        free(b);        /* else it is the thread's, for ever */
        }
        return 0;
}
