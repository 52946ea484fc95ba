/* SPDX-License-Identifier: MIT */
/* sparse.c - a stream of bytes in which long zeros are holes */
#include "sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define HOLE    4096u           /* shorter zeros are written */

static unsigned char zeros[HOLE];        /* not const: so it takes no room in the program */

void sparse_begin(struct sparse *s, int fd, const char *path)
{
        struct stat st;
        int flags;

        s->fd = fd;
        s->path = path;
        s->seeks = 0;
        s->off = s->gap = 0;
        s->filled = 0;
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        flags = fcntl(fd, F_GETFL);
        s->seeks = flags >= 0 && !(flags & O_APPEND) && lseek(fd, 0, SEEK_CUR) >= st.st_size;
}

static int put_all(struct sparse *s, const void *p, size_t len)
{
        if (write_full(s->fd, p, len) == 0)
                return 0;
        return errno == EPIPE || errno == EINTR ? -1 : fail("write %s:", s->path);
}

/* What is in buf, and the gap behind that. */
static int flush(struct sparse *s)
{
        size_t filled = s->filled;

        s->filled = 0;
        if (filled && put_all(s, s->buf, filled) < 0)
                return -1;
        if (s->gap >= HOLE && s->seeks) {
                if (s->gap > INT64_MAX || lseek(s->fd, (off_t)s->gap, SEEK_CUR) < 0)
                        return fail("write %s:", s->path);
                s->gap = 0;
        }
        while (s->gap) {
                size_t some = s->gap < sizeof(zeros) ? (size_t)s->gap : sizeof(zeros);

                if (stop_wanted() || put_all(s, zeros, some) < 0)
                        return -1;
                s->gap -= some;
        }
        return 0;
}

int sparse_put(struct sparse *s, const void *p, size_t len)
{
        s->off += len;
        if (s->fd < 0 || len == 0)
                return 0;
        if ((s->gap || len > sizeof(s->buf) - s->filled) && flush(s) < 0)
                return -1;
        if (len >= sizeof(s->buf))
                return put_all(s, p, len);
        memcpy(s->buf + s->filled, p, len);
        s->filled += len;
        return 0;
}

int sparse_zeros(struct sparse *s, uint64_t len)
{
        if (len < HOLE && !s->gap)
                return sparse_put(s, zeros, (size_t)len);
        s->off += len;
        s->gap += len;
        return 0;
}

int sparse_align(struct sparse *s, uint64_t align)
{
        return sparse_zeros(s, -s->off % align);
}

int sparse_end(struct sparse *s)
{
        uint64_t gap = s->gap;
        off_t end;

        if (s->fd < 0)
                return 0;
        if (flush(s) < 0)
                return -1;
        if (!s->seeks || gap < HOLE)
                return 0;
        end = lseek(s->fd, 0, SEEK_CUR);        /* a hole at the end is one only when the file is that long */
        return end < 0 || ftruncate(s->fd, end) < 0 ? fail("write %s:", s->path) : 0;
}
