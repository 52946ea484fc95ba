/* SPDX-License-Identifier: MIT */
/* fd.c - an open descriptor of the target, and what is known of it */
#include "fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The kernel's O_PATH and O_CLOEXEC are octal in fdinfo; musl's O_PATH is another's O_SEARCH as well. */
#define FLAG_PATH       010000000u
#define FLAG_CLOEXEC    02000000u

void fd_str(struct fd *d, uint32_t id, const void *p, size_t len)
{
        payload_str(&d->strs, id, p, len);
}

void fd_why(struct fd *d, const char *fmt, ...)
{
        size_t len = strlen(fmt);
        int saved = errno, n;
        char line[256];
        va_list ap;

        va_start(ap, fmt);
        n = vsnprintf(line, sizeof line, fmt, ap);
        va_end(ap);
        if (n < 0)
                return;
        if ((size_t)n >= sizeof line)
                n = sizeof line - 1;
        payload_add(&d->why, line, (size_t)n);
        if (len && fmt[len - 1] == ':') {
                const char *text = strerror(saved);

                payload_add(&d->why, " ", 1);
                payload_add(&d->why, text, strlen(text));
        }
        payload_add(&d->why, "\n", 1);
}

const char *fd_info(const struct fd *d, const char *key)
{
        size_t len = strlen(key);

        for (const char *p = d->info; p; p = strchr(p, '\n')) {
                p += *p == '\n';
                if (!strncmp(p, key, len) && p[len] == ':')
                        return p + len + 1 + strspn(p + len + 1, "\t ");
        }
        return NULL;
}

void fd_parse_info(struct fd *d)
{
        const char *pos = fd_info(d, "pos"), *flags = fd_info(d, "flags");
        const char *mnt = fd_info(d, "mnt_id"), *ino = fd_info(d, "ino");

        d->f.mnt_id = mnt && isdigit((unsigned char)*mnt) ? (int32_t)strtol(mnt, NULL, 10) : -1;
        if (ino)                        /* since 5.14; stat knows it better */
                d->f.ino = strtoull(ino, NULL, 10);
        if (!pos || !flags)
                return;
        d->f.pos = strtoull(pos, NULL, 10);
        d->f.flags = (uint32_t)strtoul(flags, NULL, 8);
        d->f.cloexec = (d->f.flags & FLAG_CLOEXEC) != 0;
        d->f.flags &= ~FLAG_CLOEXEC;
        d->f.known |= IMG_FD_FLAGS;
}

int fd_is_path(const struct fd *d)
{
        return (d->f.flags & FLAG_PATH) != 0;
}

int fd_reads(const struct fd *d)
{
        return !fd_is_path(d) && (d->f.flags & O_ACCMODE & 3) != O_WRONLY;
}

int fd_writes(const struct fd *d)
{
        return !fd_is_path(d) && (d->f.flags & O_ACCMODE & 3) != O_RDONLY;
}

static const struct name {
        const char start[20];           /* of the link, behind "anon_inode:" */
        uint8_t kind;
        uint8_t copy;                   /* closing a copy calls nothing of it */
} anon[] = {
        { "[eventpoll]", IMG_FD_EPOLL, 1 }, { "[eventfd]", IMG_FD_EVENTFD, 1 }, { "[signalfd]", IMG_FD_SIGNALFD, 1 },
        { "[timerfd]", IMG_FD_TIMERFD, 1 }, { "inotify", IMG_FD_INOTIFY, 1 }, { "[fanotify]", IMG_FD_FANOTIFY, 1 },
        { "[pidfd]", IMG_FD_PIDFD, 1 }, { "[userfaultfd]", IMG_FD_USERFAULTFD, 1 }, { "[perf_event]", IMG_FD_PERF, 1 },
        { "bpf", IMG_FD_BPF, 1 }, { "btf", IMG_FD_BPF, 1 },
        { "[io_uring]", IMG_FD_URING, 0 },      /* before 5.13, a close cancelled requests */
        { "kvm", IMG_FD_KVM, 0 },
};

static const struct name *anon_name(const struct fd *d)
{
        static const char prefix[] = "anon_inode:";

        if (!d->path || strncmp(d->path, prefix, sizeof prefix - 1))
                return NULL;
        for (size_t i = 0; i < sizeof anon / sizeof *anon; i++)
                if (!strncmp(d->path + sizeof prefix - 1, anon[i].start, strlen(anon[i].start)))
                        return &anon[i];
        return NULL;
}

static int starts(const struct fd *d, const char *with)
{
        return d->path && !strncmp(d->path, with, strlen(with));
}

/* "net:[4026531833]": lower case and '_', before an inode's number. */
static int is_namespace(const char *path)
{
        size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyz_");

        return n && path[n] == ':' && path[n + 1] == '[' && isdigit((unsigned char)path[n + 2]);
}

enum img_fd_kind fd_kind(const struct fd *d)
{
        const struct name *name = anon_name(d);

        if (name)
                return name->kind;
        if (starts(d, "socket:["))
                return IMG_FD_SOCKET;
        if (starts(d, "pipe:["))
                return IMG_FD_PIPE_END;
        if (d->foreign && starts(d, "/memfd:"))         /* a folder may be called so, but is mounted somewhere */
                return IMG_FD_MEMFD;
        if (d->foreign && starts(d, "/secretmem"))
                return IMG_FD_SECRETMEM;
        if (d->path && is_namespace(d->path))
                return IMG_FD_NAMESPACE;
        switch (d->f.known & IMG_FD_STAT ? d->f.mode & S_IFMT : 0) {
        case S_IFREG:
                return d->mqueue ? IMG_FD_MQUEUE : IMG_FD_FILE;
        case S_IFDIR:
                return IMG_FD_DIR;
        case S_IFCHR:
                return IMG_FD_CHAR;
        case S_IFBLK:
                return IMG_FD_BLOCK;
        case S_IFIFO:
                return IMG_FD_FIFO;
        case S_IFLNK:
                return IMG_FD_SYMLINK;
        }
        return IMG_FD_OTHER;
}

const char *fd_may_copy(const struct fd *d)
{
        const struct name *name = anon_name(d);

        switch (d->f.kind) {
        case IMG_FD_OTHER:
                return "of unknown kind: closing a copy might do something";
        case IMG_FD_CHAR:
                return d->f.rdev_major == 1 ? NULL : "a device: closing a copy might do something";
        case IMG_FD_FILE:
        case IMG_FD_DIR:
        case IMG_FD_SYMLINK:
                return d->local ? NULL : "on a file system where closing a copy might wait for a server";
        }
        return name && !name->copy ? "closing a copy of its kind might do something" : NULL;
}

void fd_free(struct fd *d)
{
        free(d->text);
        payload_free(&d->strs);
        payload_free(&d->why);
}
