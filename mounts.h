/* SPDX-License-Identifier: MIT */
/*
 * mounts.h - which file systems answer without asking anybody
 *
 * A call about a file of NFS or FUSE may wait for a server that is dead, or
 * that is the target itself. Rules: proc(5), mountinfo.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include <stddef.h>

struct mount {
        int id;
        int local;              /* nobody is asked, and close(2) does nothing but close */
        const char *type;       /* into mounts.text */
};

struct mounts {                 /* all zero: none known */
        struct mount *v;        /* ascending id */
        size_t n;
        char *text;
};

/* From the text of /proc/PID/mountinfo. 0, or -1 with errno: none known then. */
int mounts_parse(const char *text, struct mounts *m);

/* The one of that id, as fdinfo has it; NULL: a kernel's own one, another namespace's, or no longer there. */
const struct mount *mounts_find(const struct mounts *m, int id);

/* The same by statfs(2)'s f_type, for those that mounts_find() does not know. */
int mounts_local_magic(unsigned long magic);

void mounts_free(struct mounts *m);

#endif
