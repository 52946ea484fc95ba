/* SPDX-License-Identifier: MIT */
/*
 * fds.h - every open descriptor of the stopped target, into DESC chunks
 *
 *      fds_look_before(&s, t, raw);             the target still runs
 *      fds_read(&s, t);                        it is stopped
 *      if ((copies = fds_wanted(&s)))          it has to send copies of them itself:
 *              ...                             courier.h, while it is borrowed
 *      fds_ask(&s, ...);                       where not, by a second thread of ours meanwhile
 *      fds_write(&s, ...);                     it may run again
 *
 * Nothing of the target's descriptors changes, and no call waits for who may
 * not be there.
 */
#ifndef FDS_H
#define FDS_H

#include <stdint.h>
#include "copies.h"
#include "fdcontent.h"
#include "fdlist.h"
#include "fdtables.h"
#include "imgwrite.h"
#include "mounts.h"
#include "notes.h"
#include "proc.h"
#include "rawfiles.h"
#include "trace.h"

struct fds {                    /* all zero: nothing yet */
        struct mounts mounts;
        int accounted;          /* by copying a socket we would account it to another cgroup */
        char *tty_drivers;      /* text of /proc/tty/drivers; NULL: not to be had */
        int ready;              /* these are open, or -1: */
        int fd_dir, info_dir;   /* fd and fdinfo of trace.live, */
        int pidfd;              /* and for its descriptors */
        int pidfd_err;          /* an errno: why that is -1 */
        struct fdcontent content;
        struct payload chunk;   /* the one that is made */

        int read;               /* what follows holds, */
        int begun, asked;       /* and more of it: fds_ask() has begun, has succeeded */
        int err;                /* an errno: kcmp(2) does not tell all; 0: it does */
        struct fdtables tables;
        struct fdlist list;     /* of all tables, one after the other */
        const char *no_copy;    /* why pidfd_getfd(2) gives none of that; NULL: it does */
        struct copies copies;
};

/* What can be known before the stop. What cannot be had is done without. */
void fds_look_before(struct fds *s, const struct trace *t, struct rawfiles *raw);

/* List them, anew if they were already. 0, or -1 after fail(): no memory, stop_wanted(). */
int fds_read(struct fds *s, struct trace *t);

/* Why the process had better not be cloned, a copy of it closing what it has; NULL: it may be. */
const char *fds_against_twin(const struct fds *s);

/* Those of the process's own table are below that. */
int fds_below(const struct fds *s);

/* Copies that only the target itself can give us; NULL: none. */
struct copies *fds_wanted(struct fds *s);

/*
 * Ask what there is to be asked of each, unless that was done, and read the content
 * of what no path leads to, up to that many bytes of each. stat: of the stopped target.
 * Lists them if fds_read() did not, or if this has failed before. 0, or -1 after fail():
 * no memory, stop_wanted().
 */
int fds_ask(struct fds *s, struct trace *t, const struct proc_stat *stat, uint64_t content);

/* Write the DESC chunks. 0, or -1 after fail(): no memory, output error. */
int fds_write(struct fds *s, struct notes *notes, struct imgwrite *w);

void fds_free(struct fds *s);

#endif
