/* SPDX-License-Identifier: MIT */
/*
 * fd.h - an open descriptor of the target, and what is known of it
 *
 * What is asked of a descriptor is asked of a copy of it that pidfd_getfd(2)
 * made: the same open file, so nothing may be read, written, sought or set on
 * it, and closing it must do nothing but close. Nor may it change what net
 * cgroup a socket is accounted to, which it does for whoever receives one
 * (__receive_sock() of net/core/sock.c). fd_may_copy() knows of which kinds
 * all that is true.
 */
#ifndef FD_H
#define FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "image.h"
#include "payload.h"

struct fd {
        struct img_fd f;
        pid_t    tid;           /* a thread in whose table it is */
        const char *path;       /* NUL-terminated; NULL: not to be had */
        size_t   path_len;
        const char *info;       /* its fdinfo, NUL-terminated; NULL: not to be had */
        size_t   info_len;
        char    *text;          /* malloc'ed: holds the two */
        int      local;         /* calls about its file wait for nobody, see mounts.h */
        int      foreign;       /* its mount is not in the process's list */
        int      mqueue;        /* its file system is that of message queues */
        int      copy;          /* -1: none */
        struct payload strs;    /* its img_str's: fd_str(), and the reasons */
        struct payload why;
};

/* A string for the image; enum img_fd_str. */
void fd_str(struct fd *d, uint32_t id, const void *p, size_t len);

/* A line of what is missing and why. A final ':' is completed by strerror(errno). */
void fd_why(struct fd *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What follows "KEY:\t" in its fdinfo, or NULL. */
const char *fd_info(const struct fd *d, const char *key);

/* Take flags, pos, mnt_id and the inode's number from its fdinfo. */
void fd_parse_info(struct fd *d);

/* What kind is it? By the link, and by the mode if that is known; a tty is an IMG_FD_CHAR. */
enum img_fd_kind fd_kind(const struct fd *d);

/* May it be copied? NULL, or why not. */
const char *fd_may_copy(const struct fd *d);

/* Opened with O_PATH: no open file to ask anything of. */
int fd_is_path(const struct fd *d);

/* Is it open for reading; for writing? */
int fd_reads(const struct fd *d);
int fd_writes(const struct fd *d);

void fd_free(struct fd *d);

#endif
