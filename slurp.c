/* SPDX-License-Identifier: MIT */
/* slurp.c - files and folders of /proc, read without a new piece of memory each time */
#include "slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define FIRST_CAP       2048u           /* bytes */
#define PIECE           32768u          /* of lines */

/* As the kernel has it: getdents64(2). */
struct entry {
        uint64_t ino;
        int64_t  off;
        uint16_t len;
        uint8_t  type;
        char     name[];
};

static int make_room(struct slurp *s, size_t max)
{
        size_t cap = s->cap ? s->cap * 2 : FIRST_CAP;
        char *p;

        if (s->cap > max) {
                errno = EFBIG;
                return -1;
        }
        p = realloc(s->p, cap);
        if (!p)
                return -1;
        s->p = p;
        s->cap = cap;
        return 0;
}

static ssize_t read_all(struct slurp *s, int fd, size_t max)
{
        size_t len = 0;

        for (;;) {
                ssize_t n;

                if (len + 1 >= s->cap && make_room(s, max) < 0)
                        return -1;
                n = read_full(fd, s->p + len, s->cap - 1 - len);
                if (n < 0)
                        return -1;
                len += (size_t)n;
                if (len + 1 == s->cap)
                        continue;
                s->p[len] = '\0';
                if (len <= max)
                        return (ssize_t)len;
                errno = EFBIG;
                return -1;
        }
}

int slurp_open(int dir, const char *path)
{
        give_way();
        return openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static ssize_t close_after(int fd, ssize_t rc)
{
        int saved = errno;

        close(fd);
        errno = saved;
        return rc;
}

ssize_t slurp(struct slurp *s, int dir, const char *path, size_t max)
{
        int fd = slurp_open(dir, path);

        return fd < 0 ? -1 : close_after(fd, read_all(s, fd, max));
}

int slurp_take(struct slurp *s, const char *p, size_t len)
{
        while (len >= s->cap)
                if (make_room(s, len) < 0)
                        return -1;
        memcpy(s->p, p, len);
        s->p[len] = '\0';
        return 0;
}

/* What is shorter than asked for is the end of it. */
ssize_t slurp_again(struct slurp *s, int fd, size_t max)
{
        give_way();
        for (;;) {
                ssize_t n = s->cap ? pread(fd, s->p, s->cap - 1, 0) : 0;

                if (n < 0 && errno != EINTR)
                        return -1;
                if (n >= 0 && (size_t)n + 1 < s->cap) {
                        s->p[n] = '\0';
                        return n;
                }
                if (n >= 0 && make_room(s, max) < 0)
                        return -1;
        }
}

ssize_t slurp_into(char *buf, size_t size, int dir, const char *path)
{
        int fd = slurp_open(dir, path);
        ssize_t n;

        if (fd < 0)
                return -1;
        n = read_full(fd, buf, size);
        if (n == (ssize_t)size) {
                errno = EFBIG;
                n = -1;
        }
        if (n >= 0)
                buf[n] = '\0';
        return close_after(fd, n);
}

void slurp_free(struct slurp *s)
{
        free(s->p);
        *s = (struct slurp){ 0 };
}

/* At the end of the file, the last line may have none. */
static size_t whole_lines(const char *p, size_t len)
{
        while (len && p[len - 1] != '\n')
                len--;
        return len;
}

ssize_t slurp_lines(struct slurp_lines *l)
{
        ssize_t n;

        l->len -= l->whole;
        if (l->len)
                memmove(l->s.p, l->s.p + l->whole, l->len);
        do {
                while (l->s.cap - l->len <= PIECE)
                        if (make_room(&l->s, l->max) < 0)
                                return -1;
                n = read_full(l->fd, l->s.p + l->len, PIECE);
                if (n < 0)
                        return -1;
                l->len += (size_t)n;
                l->sum += (size_t)n;
                if (l->sum > l->max) {
                        errno = EFBIG;
                        return -1;
                }
                l->s.p[l->len] = '\0';
                l->whole = n ? whole_lines(l->s.p, l->len) : l->len;
        } while (n && !l->whole);
        return (ssize_t)l->whole;
}

void slurp_names(struct slurp_names *n, int fd)
{
        n->fd = fd;
        n->len = n->at = 0;
}

const char *slurp_name(struct slurp_names *n)
{
        for (;;) {
                const struct entry *e = (const struct entry *)(const void *)(n->buf + n->at);

                if (n->at >= n->len) {
                        errno = 0;
                        n->len = syscall(SYS_getdents64, n->fd, n->buf, sizeof n->buf);
                        n->at = 0;
                        if (n->len <= 0)
                                return NULL;
                        continue;
                }
                n->at += e->len;
                if (e->name[0] != '.' || (e->name[1] && (e->name[1] != '.' || e->name[2])))
                        return e->name;
        }
}
