/* SPDX-License-Identifier: MIT */
/*
 * fdtables.h - which threads have which table of descriptors
 *
 * Most processes have one. Threads have others after unshare(CLONE_FILES), or
 * if they were made by a clone(2) without it. Who has which, kcmp(2) tells; where
 * there is none, those whose lists in /proc are the same are taken to share one.
 * Lists that differ prove two tables, as long as no other process shares one.
 */
#ifndef FDTABLES_H
#define FDTABLES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "trace.h"

struct fdtable {
        pid_t    tid;           /* the first thread that has it; of [0]: trace.live */
        uint64_t list;          /* a sum of its list, where there is no kcmp(2) */
        int      err;           /* fds.c's: an errno, /proc does not show it */
        size_t   n;             /* fds.c's: descriptors */
};

struct fdtables {               /* all zero: not looked for yet */
        struct fdtable *v;      /* [0], then ascending tid */
        size_t n, cap;
        int err;                /* an errno: kcmp(2) gives none, */
        size_t left;            /* and so many threads were not looked at: it would have taken too long */
};

/*
 * Find the tables of all threads of a stopped target; trace_task.table says whose
 * is which. 0, or -1 after fail(): no memory, stop_wanted().
 */
int fdtables_find(struct fdtables *f, struct trace *t);

/* Have two threads, of a process that may run, two tables? 0: no, or not to be known. */
int fdtables_differ(pid_t a, pid_t b);

void fdtables_free(struct fdtables *f);

#endif
