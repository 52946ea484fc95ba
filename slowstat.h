/* SPDX-License-Identifier: MIT */
/*
 * slowstat.h - stat(2) of files that nobody may be there to tell about
 *
 * What the kernel knows of a file without asking a server, where it can be told
 * to keep to that (FUSE since 4.20); else what the server says, if it does.
 */
#ifndef SLOWSTAT_H
#define SLOWSTAT_H

#include <stddef.h>
#include <sys/stat.h>

#define SLOWSTAT_NAME   12      /* bytes of a name, with its NUL: a descriptor's number */

struct slowstat {
        char name[SLOWSTAT_NAME];       /* below the folder */
        int  mount;             /* its id: once one file there did not answer, no other is asked for; -1: not known */
        int  want_magic;
        int  err;               /* out: 0, or an errno: ETIMEDOUT for those that did not answer */
        struct stat st;
        unsigned long magic;    /* out, if wanted: statfs(2)'s f_type; 0: not known */
};

/* Of each of n files below the folder dir, by aside.h. 0, or -1 after fail(): no memory, or stop_wanted(). */
int slowstat(int dir, struct slowstat *v, size_t n);

#endif
