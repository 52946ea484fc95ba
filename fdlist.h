/* SPDX-License-Identifier: MIT */
/* fdlist.h - what /proc tells of the open descriptors of a stopped target */
#ifndef FDLIST_H
#define FDLIST_H

#include <stddef.h>
#include "fd.h"
#include "mounts.h"
#include "payload.h"

#define FDLIST_HELD     64

struct fdheld {
        int32_t  fd;            /* of the target; first, for find_number() */
        int      info;          /* its fdinfo, open */
};

struct fdlist {
        const struct mounts *mounts;    /* these two are the caller's */
        const char *tty_drivers;        /* text of /proc/tty/drivers; NULL: not to be had */
        int fd_dir, info_dir;           /* fd and fdinfo of who is read, the caller's */
        struct fd *v;                   /* of all that were read; of each, ascending */
        size_t n, cap;
        struct payload scratch;
        int held_dir;           /* the fdinfo folder that these were opened in */
        struct fdheld held[FDLIST_HELD];
        size_t held_n, held_at;
};

/* There will be some n of them: take the memory for that. */
void fdlist_ready(struct fdlist *l, size_t n);

/*
 * Before the stop: open the file `name` of the fdinfo folder dir, always the same one, if there
 * are few so far, to be read when it counts. Not the descriptor, but its number is held:
 * what is read is that of the one that has it by then (proc_fd() of the kernel).
 */
void fdlist_hold(struct fdlist *l, int dir, const char *name);

/*
 * Add those of thread tid, in the folders l->fd_dir and l->info_dir, with link, fdinfo,
 * stat(2) and kind; table: img_fd.table. 0, or -1 after fail(): no memory, stop_wanted().
 */
int fdlist_read(struct fdlist *l, pid_t tid, pid_t table);

/* None any more; the memory stays. */
void fdlist_clear(struct fdlist *l);

void fdlist_free(struct fdlist *l);

#endif
