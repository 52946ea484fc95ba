/* SPDX-License-Identifier: MIT */
/*
 * aside.h - calls that may never return
 *
 * Who looks at a file waits for its file system: for a dead server, for ever,
 * and the server of a FUSE one may be the very process that we hold. So stat(2),
 * open(2) and read(2) of files that mappings or descriptors of a target lead to
 * are made by a second thread, which is left behind when it does not come back.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <stdint.h>

/*
 * Run job(arg) in that thread, and wait for it: at most ns nanoseconds, and not
 * when stop_wanted(), counted from when a job of another thread of ours is over, which
 * takes as long at most. 0; or -1 with errno (ETIMEDOUT), or EINTR when
 * stop_wanted() has said why: then arg, and all that job reaches by it, belong
 * to that thread for ever. When ASIDE_LEFT of them did not come back, no more
 * are tried.
 */
int aside_run(void (*job)(void *), void *arg, uint64_t ns);

#define ASIDE_LEFT      4

#endif
