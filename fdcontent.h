/* SPDX-License-Identifier: MIT */
/*
 * fdcontent.h - bytes that no path leads to: of unlinked files, memfds, pipes
 *
 * What is in a pipe is duplicated by tee(2): it stays there, for the reader, in
 * its order and its packets. Where the target has only the end that is written
 * to, another reader is made of it for as long as that takes, if there is one
 * already; if there is none, that would not go unnoticed (fifo_open() and
 * pipe_release() of fs/pipe.c). Should the last reader go away meanwhile, its
 * writers hear of it a moment later.
 *
 * A file is read through an open file of our own, without touching its access
 * time. Opening it would break a lease, and be seen by who watches: where the
 * target itself does one of those, it is not opened.
 */
#ifndef FDCONTENT_H
#define FDCONTENT_H

#include <stddef.h>
#include <stdint.h>
#include "fd.h"

struct fdcontent {              /* all zero: nothing yet */
        int      dir;           /* the caller's: /proc/PID/task/TID/fd of those to come, -1: not to be had */
        uint64_t max;           /* bytes of one descriptor; 0: none */
        uint64_t *read_ends;    /* inodes of the pipes that it reads, sorted */
        const struct fd **watch;        /* its inotify and fanotify descriptors */
        size_t   read_n, watch_n;
        int      piped;         /* we have made one of our own: */
        int      pipe[2];
        uint32_t pipe_len;
};

/* Before the stop: there are pipes to be looked into. */
void fdcontent_ready(struct fdcontent *c);

/* Look at all n descriptors at v, whose kinds are known. 0, or -1 after fail(). */
int fdcontent_begin(struct fdcontent *c, uint64_t max, const struct fd *v, size_t n);

/* Add the content of d, if it is one that has it, or why not. 0, or -1 after fail(): stop_wanted(). */
int fdcontent(struct fdcontent *c, struct fd *d);

void fdcontent_end(struct fdcontent *c);

#endif
