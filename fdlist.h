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
        int fd_dir, info_dir;           /* fd and fdinfo of who is read; -1: not open */
        struct fd *v;                   /* of all that were read; of each, ascending */
        size_t n, cap;
        struct payload scratch;
};

/*
 * Add those of thread tid, whose folder dir is, with link, fdinfo, stat(2) and
 * kind; table: img_fd.table. 0, or -1 after fail(): no memory, stop_wanted().
 * With *err not 0, an errno, /proc does not show them: none are added.
 */
int fdlist_read(struct fdlist *l, int dir, pid_t tid, pid_t table, int *err);

void fdlist_free(struct fdlist *l);

#endif
