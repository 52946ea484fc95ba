/* SPDX-License-Identifier: MIT */
/* fdtables.c - which threads have which table of descriptors */
#include "fdtables.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crc.h"
#include "slurp.h"
#include "util.h"

#define LINKS_MAX       100000u         /* that are read in place of kcmp(2): some 0.2 s */

/* As kcmp(2) orders them: 0 the same, 1 less, 2 greater; -1 with errno. */
static long order(const struct fdtables *f, const struct fdtable *a, const struct fdtable *b)
{
        enum { KCMP_FILES = 2 };

        if (f->err)
                return a->list == b->list ? 0 : a->list < b->list ? 1 : 2;
        return syscall(SYS_kcmp, a->tid, b->tid, KCMP_FILES, 0, 0);
}

int fdtables_differ(pid_t a, pid_t b)
{
        struct fdtables f = { .err = 0 };

        return order(&f, &(struct fdtable){ .tid = a }, &(struct fdtable){ .tid = b }) > 0;
}

/* How many there are, and a sum of numbers and links. */
static uint64_t sum_list(struct trace *t, pid_t tid, size_t *links)
{
        char name[48], to[PATH_MAX];
        struct slurp_names names;
        const char *link;
        uint32_t sum = 0;
        uint64_t n = 0;
        int fd;

        snprintf(name, sizeof name, "task/%d/fd", (int)tid);
        fd = openat(t->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        slurp_names(&names, fd);
        while (fd >= 0 && (link = slurp_name(&names))) {
                ssize_t len = readlinkat(fd, link, to, sizeof to);

                sum = crc(sum, link, strlen(link) + 1);
                sum = crc(sum, to, len < 0 ? 0 : (size_t)len);
                n++;
        }
        if (fd >= 0)
                close(fd);
        *links += n + 1;
        return n << 32 | sum;
}

/* Where among those behind [0], which are in order, one is, or ought to be. -1 with errno. */
static long find(const struct fdtables *f, const struct fdtable *one, int *found)
{
        size_t low = 1, high = f->n;

        *found = 0;
        while (low < high && !*found) {
                size_t mid = (low + high) / 2;
                long o = order(f, one, &f->v[mid]);

                if (o < 0)
                        return -1;
                *found = o == 0;
                if (o == 2)
                        low = mid + 1;
                else
                        high = mid;
        }
        return (long)high;
}

static int insert(struct fdtables *f, size_t at, const struct fdtable *one)
{
        if (f->n == f->cap) {
                size_t cap = f->cap ? f->cap * 2 : 8;
                struct fdtable *v = realloc(f->v, cap * sizeof *v);

                if (!v)
                        return fail("descriptors:");
                f->v = v;
                f->cap = cap;
        }
        memmove(f->v + at + 1, f->v + at, (f->n - at) * sizeof *f->v);
        f->v[at] = *one;
        f->n++;
        return 0;
}

/* That of a thread. 0; -1 after fail(); 1 with errno: kcmp(2) does not tell. */
static int sort_in(struct fdtables *f, struct trace *t, struct trace_task *k, size_t *links)
{
        struct fdtable one = { .tid = k->tid };
        int found = 0;
        long at;

        k->table = f->err && k->tid != t->live ? -1 : 0;
        if (k->tid == t->live)
                return 0;
        if (f->err && *links > LINKS_MAX) {
                f->left++;
                return 0;
        }
        if (f->err)
                one.list = sum_list(t, k->tid, links);
        at = order(f, &one, &f->v[0]);
        if (at > 0)
                at = find(f, &one, &found);
        if (at < 0)
                return errno == ESRCH ? 0 : 1;          /* it was killed; who waits for it will say so */
        if (at == 0 || (found && f->err))
                return 0;
        k->table = found ? f->v[at].tid : k->tid;
        return found ? 0 : insert(f, (size_t)at, &one);
}

static int by_tid(const void *a, const void *b)
{
        const struct fdtable *x = a, *y = b;

        return (x->tid > y->tid) - (x->tid < y->tid);
}

int fdtables_find(struct fdtables *f, struct trace *t)
{
        struct fdtable first = { .tid = t->live };
        size_t links = 0;
        int rc = 0;

        f->n = 0;
        if (f->err)
                first.list = sum_list(t, t->live, &links);
        if (insert(f, 0, &first) < 0)
                return -1;
        for (size_t i = 0; i < t->n && rc == 0; i++) {
                if (i % 64 == 0 && stop_wanted() < 0)
                        return -1;
                rc = sort_in(f, t, &t->task[i], &links);
        }
        if (rc > 0) {
                f->err = errno;
                return fdtables_find(f, t);
        }
        qsort(f->v + 1, f->n - 1, sizeof *f->v, by_tid);
        return rc;
}

void fdtables_free(struct fdtables *f)
{
        free(f->v);
        *f = (struct fdtables){ 0 };
}
