/* SPDX-License-Identifier: MIT */
/* fds.h - every open descriptor of the stopped target, into DESC chunks */
#ifndef FDS_H
#define FDS_H

#include <stdint.h>
#include "imgwrite.h"
#include "mounts.h"
#include "notes.h"
#include "proc.h"
#include "rawfiles.h"
#include "trace.h"

struct fds {                    /* what can be known before the stop */
        struct mounts mounts;
        int accounted;          /* by copying a socket we would account it to another cgroup */
        char *tty_drivers;      /* text of /proc/tty/drivers; NULL: not to be had */
};

/* Read it. What cannot be had is done without. */
void fds_look_before(struct fds *s, struct rawfiles *raw);

/*
 * Write the DESC chunks, with the content of what no path leads to, up to that
 * many bytes of each. stat: of the stopped target. Nothing of the target's descriptors changes, and no
 * call waits for who may not be there. 0, or -1 after fail(): stop_wanted(),
 * output error.
 */
int fds_write(const struct fds *s, struct trace *t, const struct proc_stat *stat, uint64_t content,
              struct notes *notes, struct imgwrite *w);

void fds_free(struct fds *s);

#endif
