/* SPDX-License-Identifier: MIT */
/* children.h - the children of a process */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <sys/types.h>
#include "notes.h"
#include "payload.h"

#define CHILDREN_MAX    65536   /* listed, at most */

/*
 * A line each to lines, ascending: pid, blank, comm (\n in that as "\n", \ as
 * "\\", like /proc/PID/status). From the `children` files of its threads, or,
 * where the kernel has none (CONFIG_PROC_CHILDREN), by looking at every process
 * there is. dir: /proc/PID. 0, or -1 with errno: not known.
 */
int children_list(pid_t pid, int dir, struct payload *lines, struct notes *notes);

#endif
