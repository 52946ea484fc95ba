/* SPDX-License-Identifier: MIT */
/* target.h - the process that is to be dumped, found and judged before the stop */
#ifndef TARGET_H
#define TARGET_H

#include <sys/types.h>
#include "notes.h"
#include "proc.h"
#include "trace.h"

/*
 * Open its folder in /proc and its memory, read its stat and status: those of
 * another thread where the first one has ended, which is noted. 0, or -1 after
 * fail(): there is none, it is crdump itself, a kernel thread, a zombie, or we may not.
 */
int target_open(struct trace *t, pid_t pid, struct proc_stat *stat, struct proc_status *status, struct notes *notes);

/* Is its cgroup frozen? */
int target_is_frozen(const struct trace *t, const struct proc_stat *stat);

/* Warn of other processes with the same memory, and note them. */
void target_look_for_others(const struct trace *t, const struct proc_stat *stat, struct notes *notes);

#endif
