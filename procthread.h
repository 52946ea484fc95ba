/* SPDX-License-Identifier: MIT */
/*
 * procthread.h - what /proc/PID/task/TID/status says of a thread
 *
 * In one pass, into memory that is used again for the next one: a process has
 * thousands of them. Rules: proc(5), fs/proc/array.c.
 */
#ifndef PROCTHREAD_H
#define PROCTHREAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "slurp.h"

enum procthread_line {          /* seen: bit n of procthread.seen. In the order of their table */
        PROCTHREAD_NAME, PROCTHREAD_UMASK, PROCTHREAD_UID, PROCTHREAD_GID, PROCTHREAD_GROUPS, PROCTHREAD_NSPID,
        PROCTHREAD_SIGPND, PROCTHREAD_SHDPND, PROCTHREAD_SIGCGT,
        PROCTHREAD_CAPINH, PROCTHREAD_CAPPRM, PROCTHREAD_CAPEFF, PROCTHREAD_CAPBND, PROCTHREAD_CAPAMB,
        PROCTHREAD_NNP, PROCTHREAD_SECCOMP, PROCTHREAD_FILTERS, PROCTHREAD_FEATURES,
        PROCTHREAD_LINES
};

struct procthread {
        uint32_t seen;          /* lines that were there: older kernels have fewer */
        uint32_t umask, uid[4], gid[4];
        uint64_t pending, shared_pending, caught;       /* bit n-1 is signal n */
        uint64_t cap[5];        /* as img_thread.cap */
        uint32_t no_new_privs, seccomp, seccomp_filters;
        const char *name;       /* of the thread, up to a newline, \n and \\ written so; points into the text */
        const char *groups;     /* numbers, each followed by a blank, up to a newline; points into the text */
        const char *features;   /* words of x86: "shstk" */
        const char *ns_tids;    /* numbers with tabs between, up to a newline, likewise */
};

/* All that the text says, which has a NUL behind it. What it does not say is zero. */
void procthread_parse(const char *text, struct procthread *p);

/* The name at p, as procthread.name has it, cut to size - 1 bytes. */
void procthread_name(const char *p, char *to, size_t size);

/* The number at *p, in decimal, with blanks or tabs before it; *p moves behind it. 1, or 0 at the end of the line. */
int procthread_number(const char **p, uint32_t *n);

/* File `file` of thread tid below /proc/PID at dir, a NUL added. Its length, or -1 with errno. */
ssize_t procthread_read(struct slurp *text, int dir, pid_t tid, const char *file);

#endif
