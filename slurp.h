/* SPDX-License-Identifier: MIT */
/*
 * slurp.h - files and folders of /proc, read without a new piece of memory each time
 *
 * While a target is stopped, what costs most is memory that the kernel has to
 * find: a page's first touch takes longer than the read.
 */
#ifndef SLURP_H
#define SLURP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct slurp {                  /* memory that is used again; all zero: none yet */
        char  *p;
        size_t cap;
};

/*
 * A whole file below the folder dir, NUL behind it, into s->p. Its length, at
 * most max bytes (more: EFBIG), or -1 with errno.
 */
ssize_t slurp(struct slurp *s, int dir, const char *path, size_t max);

/* Open it as slurp() does. A descriptor, or -1 with errno. */
int slurp_open(int dir, const char *path);

/* len bytes, and a NUL behind them, into s->p. 0, or -1: no memory. */
int slurp_take(struct slurp *s, const char *p, size_t len);

/* The same of a file that is open: one record of a seq_file (single_open()), from its start. */
ssize_t slurp_again(struct slurp *s, int fd, size_t max);

/* The same as slurp() into size bytes, the NUL among them. */
ssize_t slurp_into(char *buf, size_t size, int dir, const char *path);

void slurp_free(struct slurp *s);

struct slurp_lines {            /* of a long file, a piece at a time; fd and max set, all else zero */
        int    fd;
        size_t max, sum;        /* bytes of all of it: at most, and so far */
        struct slurp s;         /* the caller frees it */
        size_t len, whole;      /* bytes in there: all, and of the lines that were handed out */
};

/* The next lines, whole ones, and a NUL somewhere behind them, into l->s.p: how many bytes; 0: no more; -1 with errno. */
ssize_t slurp_lines(struct slurp_lines *l);

struct slurp_names {            /* of a folder */
        int  fd;
        long len, at;           /* of buf */
        union {
                char     buf[4096];
                uint64_t align;
        };
};

/* The names in the folder that fd is open for, which stays the caller's, from where it stands. */
void slurp_names(struct slurp_names *n, int fd);

/* The next one, but for "." and ".."; it holds until the next call. NULL at the end, errno 0, or with errno. */
const char *slurp_name(struct slurp_names *n);

#endif
