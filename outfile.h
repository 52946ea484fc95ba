/* SPDX-License-Identifier: MIT */
/* outfile.h - a file that appears under its name when it is complete, or standard output */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct outfile {
        char *path;             /* as the caller named it, for messages */
        char *folder;           /* of path; NULL: it is standard output */
        const char *name;       /* in it; points into path */
        char part[128];         /* name while it is incomplete; "": no such file */
        int dir, fd;            /* -1: not open */
        uint8_t *stage;         /* of what goes round the page cache: outfile_direct(); NULL: nothing does */
        size_t staged;          /* bytes in it */
        size_t piece;           /* bytes of one write(2): between two of them the writer sees that it shall quit */
        atomic_ullong written;  /* bytes that are out */
};

/*
 * Create the file under a temporary name beside path, mode 0600. Refuses what
 * is there and no regular file; a symbolic link is not followed. 0, or -1 after
 * fail(); outfile_close() is to be called in both cases. named(), unless NULL, is
 * told the name before a file has it, and "" when none has.
 */
int outfile_create(struct outfile *o, const char *path, void (*named)(const char *folder, const char *part));

/*
 * Standard output instead, which is written as it is, from where it is: it gets
 * no name, and nothing of it is ever removed. As above.
 */
int outfile_stdout(struct outfile *o);

/*
 * Write it past the page cache (O_DIRECT) from now on, which must be before the
 * first byte, in pieces of half a MiB. 0, or -1 with errno: EINVAL, its file system
 * cannot do that; nothing has changed then.
 */
int outfile_direct(struct outfile *o);

/* Write all of it, in pieces, until *quit is set. Says nothing; returns 0 or an errno. */
int outfile_write(struct outfile *o, const void *p, size_t len, const atomic_int *quit);

/* fsync, where there is something to sync, and close. Says nothing; returns 0 or an errno. */
int outfile_sync(struct outfile *o);

/* It gets its name, in place of what had it. 0, or -1 after fail(). */
int outfile_publish(struct outfile *o);

/* Remove the file unless it was published. Says nothing; returns 0 or an errno. */
int outfile_unlink(struct outfile *o);

/* Frees everything, and removes the file unless it was published. */
void outfile_close(struct outfile *o);

/* Random bytes, and never wait for them: good enough ones early in an initramfs. */
void outfile_random(void *buf, size_t len);

#endif
