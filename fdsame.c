/* SPDX-License-Identifier: MIT */
/* fdsame.c - which descriptors share an open file */
#include "fdsame.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sorter {
        struct fd *fd;
        int err;                /* an errno of kcmp(2) */
};

/* Neither offset nor flags: whoever else has it open may change them while we read. */
static int by_inode(const struct fd *a, const struct fd *b)
{
        const struct img_fd *x = &a->f, *y = &b->f;
        uint64_t p[] = { x->ino, x->dev_major, x->dev_minor, (uint32_t)x->mnt_id, (uint64_t)fd_reads(a), (uint64_t)fd_writes(a) };
        uint64_t q[] = { y->ino, y->dev_major, y->dev_minor, (uint32_t)y->mnt_id, (uint64_t)fd_reads(b), (uint64_t)fd_writes(b) };

        for (size_t i = 0; i < sizeof p / sizeof *p; i++)
                if (p[i] != q[i])
                        return p[i] < q[i] ? -1 : 1;
        return 0;
}

/* The kernel's order of open files: any, but the same for all comparisons. */
static int by_file(struct sorter *s, size_t a, size_t b)
{
        enum { KCMP_FILE = 0 };
        int rc = by_inode(&s->fd[a], &s->fd[b]);
        long order;

        if (rc || s->err)
                return rc;
        order = syscall(SYS_kcmp, s->fd[a].tid, s->fd[b].tid, KCMP_FILE, s->fd[a].f.fd, s->fd[b].f.fd);
        if (order < 0 || order > 2)
                s->err = order < 0 ? errno : EPROTO;
        return order == 1 ? -1 : order == 2;
}

/* Sort n numbers at v, stable, with room for as many at tmp. */
static void merge_sort(struct sorter *s, size_t *v, size_t *tmp, size_t n)
{
        size_t half = n / 2, a = 0, b = half;

        if (n < 2)
                return;
        merge_sort(s, v, tmp, half);
        merge_sort(s, v + half, tmp, n - half);
        if (by_file(s, v[half - 1], v[half]) <= 0)      /* as they are opened, often */
                return;
        memcpy(tmp, v, n * sizeof *v);
        while (a < half || b < n) {
                if (b == n || (a < half && by_file(s, tmp[a], tmp[b]) <= 0))
                        *v++ = tmp[a++];
                else
                        *v++ = tmp[b++];
        }
}

int fdsame(struct fd *v, size_t n)
{
        struct sorter s = { v, 0 };
        size_t *order = calloc(2 * n + 1, sizeof *order), first = 0;

        if (!order)
                return -1;
        for (size_t i = 0; i < n; i++)
                order[i] = i;
        merge_sort(&s, order, order + n, n);
        for (size_t i = 0; i < n && !s.err; i++) {
                struct fd *d = &v[order[i]];

                if (i == 0 || by_file(&s, order[i - 1], order[i]))
                        first = i;
                d->f.same_as = first == i ? -1 : v[order[first]].f.fd;
                d->f.same_table = first == i ? 0 : v[order[first]].f.table;
                d->f.known |= IMG_FD_SAME;
        }
        for (size_t i = 0; i < n && s.err; i++) {
                v[i].f.same_as = -1;
                v[i].f.same_table = 0;
                v[i].f.known &= ~(uint32_t)IMG_FD_SAME;
        }
        free(order);
        errno = s.err;
        return s.err ? -1 : 0;
}
