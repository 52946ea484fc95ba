/* SPDX-License-Identifier: MIT */
/*
 * readfds.c - what an image says of descriptors, by a second reader, written from image.h's prose alone
 *
 *      readfds IMG             lines: FD WORD VALUE...; only what the image says is known
 *      readfds IMG FD ID       the bytes of a string (enum img_fd_str) of that descriptor
 *      readfds -t TABLE ...    of another table than that of the process; the lines without it
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../image.h"

static const char *const kinds[] = {
        "other", "file", "dir", "char", "block", "pipe", "fifo", "socket", "tty", "epoll", "eventfd", "signalfd", "timerfd",
        "inotify", "fanotify", "pidfd", "memfd", "io_uring", "userfaultfd", "bpf", "perf", "mqueue", "secretmem",
        "namespace", "symlink", "kvm",
};

static uint8_t *image;
static uint64_t length;
static int table;

static void die(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        fprintf(stderr, "readfds: ");
        vfprintf(stderr, fmt, ap);
        fprintf(stderr, "\n");
        va_end(ap);
        exit(1);
}

static void hex(int fd, const char *what, const uint8_t *p, uint32_t len)
{
        printf("%d %s ", fd, what);
        for (uint32_t i = 0; i < len; i++)
                printf("%02x", p[i]);
        printf("\n");
}

/* Each line of a text as a line of its own. */
static void lines(int fd, const char *what, const char *p, uint32_t len)
{
        while (len > 0) {
                const char *eol = memchr(p, '\n', len);
                uint32_t n = eol ? (uint32_t)(eol - p) : len;

                printf("%d %s %.*s\n", fd, what, (int)n, p);
                n += eol != NULL;
                p += n;
                len -= n;
        }
}

static void print_socket(int fd, const uint8_t *p, uint32_t len)
{
        struct img_socket s;

        if (len < sizeof s)
                die("descriptor %d: short img_socket", fd);
        memcpy(&s, p, sizeof s);
        printf("%d socket %d %d %d\n%d listening %d\n", fd, s.family, s.type, s.protocol, fd, s.listening);
        printf("%d in %" PRId64 "\n%d out %" PRId64 "\n", fd, (int64_t)s.in_queued, fd, (int64_t)s.out_queued);
        printf("%d state %d\n", fd, s.tcp_state);
        printf("%d peer %d %u %u\n%d inode %" PRIu64 " %" PRIu64 "\n%d netns %" PRIu64 "\n", fd, s.peer_pid, s.peer_uid, s.peer_gid,
                fd, s.ino, s.peer_ino, fd, s.netns_ino);
}

static void print_options(int fd, const uint8_t *p, uint32_t len)
{
        struct img_sockopt o;

        for (; len >= sizeof o; p += sizeof o, len -= (uint32_t)sizeof o) {
                memcpy(&o, p, sizeof o);
                printf("%d option %d %d %" PRId64 "\n", fd, o.level, o.option, o.value);
        }
}

static void print_tty(int fd, const uint8_t *p, uint32_t len)
{
        struct img_tty t;

        if (len < sizeof t)
                die("descriptor %d: short img_tty", fd);
        memcpy(&t, p, sizeof t);
        printf("%d window %u %u %u %u\n%d termios %x %x %x %x %u\n", fd, t.rows, t.columns, t.xpixels, t.ypixels,
                fd, t.iflag, t.oflag, t.cflag, t.lflag, t.line);
        hex(fd, "cc", t.cc, sizeof t.cc);
        printf("%d speed %u %u\n%d foreground %d %d\n%d pty %d %d\n", fd, t.ispeed, t.ospeed, fd, t.pgrp, t.session, fd, t.pty, t.locked);
}

static void print_str(const struct img_fd *f, uint32_t id, const uint8_t *p, uint32_t len)
{
        uint64_t attr[4] = { 0 };

        switch (id) {
        case IMG_FSTR_PATH:
                lines(f->fd, "path", (const char *)p, len);
                break;
        case IMG_FSTR_FDINFO:
                lines(f->fd, "fdinfo", (const char *)p, len);
                break;
        case IMG_FSTR_CONTENT:
                printf("%d content %u\n", f->fd, len);
                break;
        case IMG_FSTR_WHY:
                lines(f->fd, "why", (const char *)p, len);
                break;
        case IMG_FSTR_SOCKET:
                print_socket(f->fd, p, len);
                break;
        case IMG_FSTR_NAME:
                hex(f->fd, "name", p, len);
                break;
        case IMG_FSTR_PEER:
                hex(f->fd, "peername", p, len);
                break;
        case IMG_FSTR_OPTIONS:
                print_options(f->fd, p, len);
                break;
        case IMG_FSTR_TTY:
                print_tty(f->fd, p, len);
                break;
        case IMG_FSTR_MQUEUE:
                memcpy(attr, p, len < sizeof attr ? len : sizeof attr);
                printf("%d mqueue %" PRId64 " %" PRId64 " %" PRId64 "\n", f->fd, (int64_t)attr[1], (int64_t)attr[2], (int64_t)attr[3]);
                break;
        }
}

static void print_fd(const struct img_fd *f)
{
        int n = f->fd;

        printf("%d kind %s\n", n, f->kind < sizeof kinds / sizeof *kinds ? kinds[f->kind] : "?");
        if (f->known & IMG_FD_FLAGS)
                printf("%d flags %o\n%d cloexec %u\n%d pos %" PRIu64 "\n", n, f->flags, n, f->cloexec, n, f->pos);
        if (f->known & IMG_FD_STAT)
                printf("%d stat %" PRIu64 " %" PRIu64 " %o %u %u %u %u %u %u %u %" PRId64 " %u\n", n, f->ino, f->len, f->mode, f->nlink,
                        f->uid, f->gid, f->dev_major, f->dev_minor, f->rdev_major, f->rdev_minor, f->mtime_sec, f->mtime_ns);
        if (f->known & IMG_FD_OWNER)
                printf("%d owner %u %d %d\n", n, f->owner_type, f->owner, f->signal);
        if (f->known & IMG_FD_LEASE)
                printf("%d lease %d\n", n, f->lease);
        if (f->known & IMG_FD_SEALS)
                printf("%d seals %u\n", n, f->seals);
        if (f->known & IMG_FD_PIPE)
                printf("%d room %u\n", n, f->pipe_len);
        if (f->known & IMG_FD_QUEUED)
                printf("%d queued %" PRIu64 "\n", n, f->queued);
        if (f->known & IMG_FD_SAME)
                printf("%d same %d\n", n, f->same_as);
        if (f->known & IMG_FD_SAME && f->same_as >= 0 && f->same_table != f->table)
                printf("%d same_table %d\n", n, f->same_table);
        if (f->known & IMG_FD_CONTENT)
                printf("%d whole\n", n);
        printf("%d mnt %d\n", n, f->mnt_id);
}

/* One descriptor's chunk; id 0: all in words, else the bytes of that string. */
static void take(const uint8_t *p, uint64_t len, int fd, uint32_t id)
{
        struct img_fd f;
        struct img_str s;

        if (len < sizeof f)
                die("short DESC chunk");
        memcpy(&f, p, sizeof f);
        if (f.table != table || (fd >= 0 && f.fd != fd))
                return;
        if (!id)
                print_fd(&f);
        for (uint64_t at = f.size; at < len; at += (s.len + 7u) & ~7u) {
                if (len - at < sizeof s)
                        die("descriptor %d: half a string", f.fd);
                memcpy(&s, p + at, sizeof s);
                at += sizeof s;
                if (s.len > len - at)
                        die("descriptor %d: a string goes beyond the chunk", f.fd);
                if (!id)
                        print_str(&f, s.id, p + at, s.len);
                else if (s.id == id)
                        fwrite(p + at, 1, s.len, stdout);
        }
}

static void read_image(const char *path)
{
        FILE *f = fopen(path, "r");
        size_t cap = 1 << 20, n;

        if (!f)
                die("%s is not there", path);
        do {
                cap *= 2;
                image = realloc(image, cap);
                n = fread(image + length, 1, cap - length, f);
                length += n;
        } while (n);
        fclose(f);
        if (length < sizeof(struct img_header) || memcmp(image, IMG_MAGIC, 8))
                die("%s: no image", path);
}

int main(int argc, char **argv)
{
        int64_t last = -1;
        uint32_t id;
        int fd;

        if (argc > 2 && strcmp(argv[1], "-t") == 0) {
                table = atoi(argv[2]);
                argv += 2;
                argc -= 2;
        }
        fd = argc > 2 ? atoi(argv[2]) : -1;
        id = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
        if (argc < 2)
                die("usage: readfds IMAGE [FD [ID]]");
        read_image(argv[1]);
        for (uint64_t at = sizeof(struct img_header); at < length; ) {
                struct img_chunk c;
                struct img_fd f;

                memcpy(&c, image + at, sizeof c);
                at += sizeof c;
                if (c.tag == IMG_DESC) {
                        take(image + at, c.len, fd, id);
                        memcpy(&f, image + at, sizeof f);
                        if (((int64_t)f.table << 32 | f.fd) <= last)
                                die("descriptor %d of table %d does not come after the one before", f.fd, f.table);
                        last = (int64_t)f.table << 32 | f.fd;
                }
                at += (c.len + IMG_ALIGN - 1) & ~(uint64_t)(IMG_ALIGN - 1);
        }
        return 0;
}
