/* SPDX-License-Identifier: MIT */
/* fdlist.h - what /proc tells of the open descriptors of a stopped target */
#ifndef FDLIST_H
#define FDLIST_H

#include <stddef.h>
#include "fd.h"
#include "mounts.h"
#include "payload.h"

struct fdlist {
        const struct mounts *mounts;    /* these two are the caller's */
        const char *tty_drivers;        /* text of /proc/tty/drivers; NULL: not to be had */
        int fd_dir, info_dir;           /* /proc/PID/fd and fdinfo; fd_dir -1: not read */
        struct fd *v;                   /* ascending */
        size_t n, cap;
        struct payload scratch;
};

/*
 * List them, with link, fdinfo, stat(2) and kind, of the process whose folder
 * is live_dir. 0, or -1 after fail(): no memory, stop_wanted(). With *err not
 * 0, an errno, /proc does not show them: the list is empty.
 */
int fdlist_read(struct fdlist *l, int live_dir, int *err);

void fdlist_free(struct fdlist *l);

#endif
