/* SPDX-License-Identifier: MIT */
/* fdcontent.c - bytes that no path leads to */
#include "fdcontent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "aside.h"
#include "util.h"

#define SETPIPE_SZ      1031            /* uapi/linux/fcntl.h */
#define GETPIPE_SZ      1032
#define PATIENCE_NS     2000000000ull   /* for one file, */
#define SLOW_NS         200000000ull    /* or so long where a server may be asked, */
#define BYTE_NS         100u            /* and for each byte */
#define PIECE           (1u << 20)
#define OPENS           0x31u           /* IN_ACCESS, IN_CLOSE_NOWRITE, IN_OPEN: what opening and reading causes */

static int by_value(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static int is_pipe(const struct fd *d)
{
        return d->f.kind == IMG_FD_PIPE_END || d->f.kind == IMG_FD_FIFO;
}

int fdcontent_begin(struct fdcontent *c, uint64_t max, const struct fd *v, size_t n)
{
        c->dir = -1;
        c->max = max;
        c->read_ends = malloc((n + 1) * sizeof *c->read_ends);
        c->watch = malloc((n + 1) * sizeof *c->watch);
        if (!c->read_ends || !c->watch)
                return fail("descriptors:");
        for (size_t i = 0; i < n; i++)
                if (is_pipe(&v[i]) && fd_reads(&v[i]))
                        c->read_ends[c->read_n++] = v[i].f.ino;
        for (size_t i = 0; i < n; i++)
                if (v[i].f.kind == IMG_FD_INOTIFY || v[i].f.kind == IMG_FD_FANOTIFY)
                        c->watch[c->watch_n++] = &v[i];
        qsort(c->read_ends, c->read_n, sizeof *c->read_ends, by_value);
        return 0;
}

static void drop_pipe(struct fdcontent *c)
{
        for (int i = 0; i < 2 && c->piped; i++)
                close(c->pipe[i]);
        c->piped = 0;
}

void fdcontent_end(struct fdcontent *c)
{
        free(c->read_ends);
        free(c->watch);
        drop_pipe(c);
        *c = (struct fdcontent){ 0 };
}

/* --- may it be opened? -------------------------------------------------------------- */

/* "inotify wd:1 ino:2a sdev:800001 mask:fce ...": the kernel's own way to pack a device's numbers. */
static int watched_by(const struct fd *d, const struct fd *watch)
{
        uint64_t dev = (uint64_t)d->f.dev_major << 20 | d->f.dev_minor;

        if (watch->f.kind == IMG_FD_FANOTIFY)   /* marks of mounts and file systems, permissions: whatever it is */
                return watch->info && strstr(watch->info, " mask:");
        for (const char *p = watch->info; p && (p = strstr(p, " sdev:")); p++) {
                const char *mask = strstr(p, " mask:");

                if (mask && strtoull(p + 6, NULL, 16) == dev && strtoull(mask + 6, NULL, 16) & OPENS)
                        return 1;
        }
        return 0;
}

/* A lock of fdinfo: "lock:   1: LEASE  ACTIVE    READ  4711 08:01:42 0 EOF". */
static int leased_for_writing(const struct fd *d)
{
        if (d->f.known & IMG_FD_LEASE)
                return d->f.lease == F_WRLCK;
        for (const char *p = d->info; p && (p = strstr(p, ": LEASE ")); p++) {
                const char *read = strstr(p, " READ ");

                if (!read || read > p + strcspn(p, "\n"))
                        return 1;
        }
        return 0;
}

/* May it be opened? NULL, or why not. */
static const char *why_not_open(const struct fdcontent *c, const struct fd *d)
{
        if (leased_for_writing(d))
                return "opening it would break its lease";
        for (size_t i = 0; i < c->watch_n; i++)
                if (watched_by(d, c->watch[i]))
                        return "the process watches who opens files there";
        return NULL;
}

/* --- pipes and fifos ----------------------------------------------------------- */

/* One of our own with room for len bytes. 0, or -1 with errno. */
static int make_pipe(struct fdcontent *c, uint32_t len)
{
        int len_now;

        if (!c->piped) {
                if (pipe2(c->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
                        return -1;
                c->piped = 1;
                len_now = fcntl(c->pipe[1], GETPIPE_SZ);        /* 64 KiB, or less for who has many */
                c->pipe_len = len_now > 0 ? (uint32_t)len_now : 0;
        }
        if (len > c->pipe_len) {        /* as many buffers: tee(2) duplicates buffers */
                if (fcntl(c->pipe[1], SETPIPE_SZ, (int)len) < 0)
                        return -1;
                c->pipe_len = len;
        }
        return 0;
}

void fdcontent_ready(struct fdcontent *c)
{
        make_pipe(c, 0);        /* take_pipe() says why not, if it still cannot be */
}

/* Does it want SIGIO? Closing a reader of ours might be one. */
static int is_async(const struct fd *d)
{
        return (d->f.flags & O_ASYNC) != 0;
}

/* A descriptor of ours that can be read from d's pipe, or -1 after fd_why(). */
static int read_end(struct fdcontent *c, struct fd *d)
{
        struct pollfd p = { .fd = d->copy, .events = POLLOUT };
        char name[16];
        int fd;

        if (fd_reads(d))
                return d->copy;
        if (bsearch(&d->f.ino, c->read_ends, c->read_n, sizeof d->f.ino, by_value)) {
                fd_why(d, "content: at the descriptor that reads it");
                return -1;
        }
        if (poll(&p, 1, 0) < 0 || p.revents & POLLERR || is_async(d)) { /* pipe_poll() */
                fd_why(d, is_async(d) ? "content: another reader might be signalled to it" :
                       "content: nobody reads it, and another reader would not go unnoticed");
                return -1;
        }
        if (!d->local || why_not_open(c, d)) {
                fd_why(d, "content: %s", d->local ? why_not_open(c, d) : "on a file system that may not answer");
                return -1;
        }
        snprintf(name, sizeof name, "%d", d->f.fd);
        fd = openat(c->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                fd_why(d, "content:");
        return fd;
}

/* What is in our pipe, to the image. Packets are what single reads give: fs/pipe.c. */
static size_t drain(struct fdcontent *c, struct fd *d, size_t len)
{
        char *p = malloc(len + 1);
        struct payload packets = { 0 };
        size_t got = 0;

        while (p && got < len) {
                ssize_t n = read(c->pipe[0], p + got, len - got);
                uint32_t packet = (uint32_t)n;

                if (n <= 0)
                        break;
                got += (size_t)n;
                payload_add(&packets, &packet, sizeof packet);
        }
        if (p)
                fd_str(d, IMG_FSTR_CONTENT, p, got);
        if (packets.len > sizeof(uint32_t))
                fd_str(d, IMG_FSTR_PACKETS, packets.p, packets.len);
        d->strs.failed |= packets.failed || !p;
        payload_free(&packets);
        free(p);
        return got;
}

/* got of the n bytes that tee(2) gave came out of our pipe. */
static void judge_pipe(struct fdcontent *c, struct fd *d, int from, size_t n, size_t got)
{
        int all = 0;

        if (got < n) {                          /* never mix them with the next one's */
                fd_why(d, "content: not all of it could be read");
                drop_pipe(c);
                return;
        }
        if ((n == c->max || d->f.pipe_len > c->pipe_len) && ioctl(from, FIONREAD, &all) == 0 && (size_t)all > n) {
                fd_why(d, "content: the first %zu bytes of %d", n, all);
                return;
        }
        d->f.queued = n;                        /* others may write to it and read from it meanwhile */
        d->f.known |= IMG_FD_QUEUED | IMG_FD_CONTENT;
}

static void take_pipe(struct fdcontent *c, struct fd *d)
{
        size_t max = c->max < INT32_MAX ? (size_t)c->max : INT32_MAX;
        int from = read_end(c, d);
        ssize_t n;

        if (from < 0)
                return;
        if (make_pipe(c, d->f.pipe_len) < 0)
                fd_why(d, "content: a pipe as large:");
        if (c->piped) {
                n = tee(from, c->pipe[1], max, SPLICE_F_NONBLOCK);
                if (n < 0 && errno == EAGAIN)
                        n = 0;
                if (n < 0)
                        fd_why(d, "content:");
                else
                        judge_pipe(c, d, from, (size_t)n, n ? drain(c, d, (size_t)n) : 0);
        }
        if (from != d->copy)
                close(from);
}

/*
 * Without a copy of the end that reads: by another reader. It is not the first
 * one, nor the last when it is closed. Where all are told of every close
 * (kernels before 5.10), whoever sleeps there sleeps again.
 */
static void take_reopened(struct fdcontent *c, struct fd *d)
{
        char name[16];
        int len;

        if (!fd_reads(d) || is_async(d)) {
                fd_why(d, "content: it takes a copy");
                return;
        }
        snprintf(name, sizeof name, "%d", d->f.fd);
        d->copy = openat(c->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (d->copy < 0) {
                fd_why(d, "content:");
                return;
        }
        len = fcntl(d->copy, GETPIPE_SZ);
        if (len >= 0) {
                d->f.pipe_len = (uint32_t)len;
                d->f.known |= IMG_FD_PIPE;
        }
        take_pipe(c, d);
        close(d->copy);
        d->copy = -1;
}

/* --- files -------------------------------------------------------------------------- */

struct reader {                 /* a job of aside.h */
        int   dir;
        char  name[16];
        size_t max, len;
        int   err, whole;
        char  buf[];
};

/* Without an access time, and without a wait for a fifo, a device, a lease. */
static void read_file_aside(void *arg)
{
        struct reader *r = arg;
        int fd = openat(r->dir, r->name, O_RDONLY | O_NOATIME | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : 1;

        while (n > 0 && r->len < r->max) {
                size_t piece = r->max - r->len < PIECE ? r->max - r->len : PIECE;

                n = pread(fd, r->buf + r->len, piece, (off_t)r->len);
                r->len += n > 0 ? (size_t)n : 0;
        }
        r->whole = n == 0 || (n > 0 && pread(fd, r->buf + r->max, 1, (off_t)r->max) == 0);
        r->err = n < 0 ? errno : 0;
        if (fd >= 0)
                close(fd);
}

static int deleted(const struct fd *d)
{
        static const char mark[] = " (deleted)";
        size_t len = sizeof mark - 1;

        return d->f.nlink == 0 || (d->path && d->path_len > len && !strcmp(d->path + d->path_len - len, mark));
}

static int take_file(struct fdcontent *c, struct fd *d)
{
        const char *why = why_not_open(c, d);
        uint64_t max = c->max < UINT32_MAX - 1 ? c->max : UINT32_MAX - 1;
        struct reader *r;

        if (d->f.len < max)
                max = d->f.len + 1;             /* or more, should others write to it */
        if (why) {
                fd_why(d, "content: %s", why);
                return 0;
        }
        r = malloc(sizeof *r + max + 1);
        if (!r) {
                fd_why(d, "content:");
                return 0;
        }
        *r = (struct reader){ .dir = c->dir, .max = max };
        snprintf(r->name, sizeof r->name, "%d", d->f.fd);
        if (aside_run(read_file_aside, r, (d->local ? PATIENCE_NS : SLOW_NS) + max * BYTE_NS) < 0) {   /* r is the thread's now */
                if (errno == EINTR)
                        return -1;
                fd_why(d, "content:");
                return 0;
        }
        errno = r->err;
        if (r->err)
                fd_why(d, "content:");
        else if (r->whole)
                d->f.known |= IMG_FD_CONTENT;
        else
                fd_why(d, "content: the first %zu bytes of %llu", r->len, (unsigned long long)d->f.len);
        if (r->len)
                fd_str(d, IMG_FSTR_CONTENT, r->buf, r->len);
        free(r);
        return 0;
}

int fdcontent(struct fdcontent *c, struct fd *d)
{
        int file = d->f.known & IMG_FD_STAT && !fd_is_path(d) &&
                (d->f.kind == IMG_FD_MEMFD || (d->f.kind == IMG_FD_FILE && deleted(d)));

        if (!file && (!is_pipe(d) || fd_is_path(d) || (d->copy < 0 && d->f.kind == IMG_FD_FIFO)))
                return 0;
        if (!c->max) {
                fd_why(d, "content: not asked for");
                return 0;
        }
        if (d->f.same_as >= 0) {
                if (d->f.same_table == d->f.table)
                        fd_why(d, "content: at descriptor %d", d->f.same_as);
                else if (d->f.same_table)
                        fd_why(d, "content: at descriptor %d of thread %d", d->f.same_as, d->f.same_table);
                else
                        fd_why(d, "content: at descriptor %d of the process", d->f.same_as);
                return 0;
        }
        if (file)
                return take_file(c, d);
        if (d->copy >= 0)
                take_pipe(c, d);
        else
                take_reopened(c, d);
        return 0;
}
