/* SPDX-License-Identifier: MIT */
/* exe.c - the file of a program, and its build-id */
#include "exe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aside.h"
#include "image.h"
#include "util.h"

#define LOOK_NS         1000000000ull   /* for a file system to answer */

struct look {                   /* a job of aside.h, with all that it reaches */
        int      dir, mem, pagemap, file;       /* descriptors; -1: none, -2: not tried yet */
        uint64_t base, len;     /* the mapping that begins with the file; len 0: none */
        atomic_int id_done;     /* what x has of the build-id is true: that seldom needs the file system */
        struct exe x;
};

/* Are they in memory, as they came from the file? Reading others would bring them in. */
static int is_there(struct look *l, uint64_t addr, size_t len)
{
        const uint64_t want = 1ull << 63 | 1ull << 61;          /* present, of a file: admin-guide/mm/pagemap.rst */
        uint64_t entry;

        for (uint64_t page = addr / IMG_PAGE; page <= (addr + len - 1) / IMG_PAGE; page++)
                if (pread(l->pagemap, &entry, sizeof entry, (off_t)(page * sizeof entry)) != sizeof entry ||
                    (entry & want) != want)
                        return 0;
        return 1;
}

/* Without touching its time of access, if we may. */
static int open_file(int dir)
{
        int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, fd = openat(dir, "exe", flags | O_NOATIME);

        return fd < 0 && errno == EPERM ? openat(dir, "exe", flags) : fd;
}

static int read_exe(void *arg, uint64_t off, void *buf, size_t len)
{
        struct look *l = arg;
        ssize_t n;

        if (off < l->len && len <= l->len - off && is_there(l, l->base + off, len) &&
            pread(l->mem, buf, len, (off_t)(l->base + off)) == (ssize_t)len)
                return 0;
        if (l->file == -2)
                l->file = open_file(l->dir);
        if (l->file < 0)
                return -1;
        n = pread(l->file, buf, len, (off_t)off);
        if (n >= 0 && n < (ssize_t)len)
                errno = ENODATA;
        return n == (ssize_t)len ? 0 : -1;
}

static void look_job(void *arg)
{
        struct look *l = arg;
        int n;

        l->mem = openat(l->dir, "mem", O_RDONLY | O_CLOEXEC);
        l->pagemap = openat(l->dir, "pagemap", O_RDONLY | O_CLOEXEC);
        n = buildid_find(read_exe, l, l->x.id);
        l->x.id_err = n < 0 ? errno : 0;
        l->x.id_len = n < 0 ? 0 : n;
        l->id_done = 1;
        l->x.stat_err = fstatat(l->dir, "exe", &l->x.st, 0) < 0 ? errno : 0;
        if (l->mem >= 0)
                close(l->mem);
        if (l->pagemap >= 0)
                close(l->pagemap);
        if (l->file >= 0)
                close(l->file);
}

/* The mapping that the file begins in: the last one of that name below the program's code. */
static void find_window(struct look *l, const struct proc_maps *maps, uint64_t start_code)
{
        char path[PATH_MAX];
        ssize_t n = readlinkat(l->dir, "exe", path, sizeof path);

        for (size_t i = 0; i < maps->n && n > 0; i++) {
                const struct proc_map *m = &maps->map[i];

                if (m->start > start_code || m->off || m->shared || m->name_len != (size_t)n ||
                    memcmp(maps->names + m->name, path, (size_t)n))
                        continue;
                l->base = m->start;
                l->len = m->end - m->start;
        }
}

int exe_look(int dir, const struct proc_maps *maps, uint64_t start_code, struct exe *x)
{
        struct look *l = calloc(1, sizeof *l);

        *x = (struct exe){ .stat_err = ENOMEM, .id_err = ENOMEM };
        if (!l)
                return 0;
        l->dir = dir;
        l->file = -2;
        find_window(l, maps, start_code);
        if (aside_run(look_job, l, LOOK_NS) == 0) {
                *x = l->x;
                free(l);
                return 0;
        }
        if (errno == EINTR)
                return -1;
        x->stat_err = x->id_err = errno;
        if (l->id_done) {
                x->id_err = l->x.id_err;
                x->id_len = l->x.id_len;
                memcpy(x->id, l->x.id, sizeof x->id);
        }
        return 0;
}
