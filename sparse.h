/* SPDX-License-Identifier: MIT */
/*
 * sparse.h - a stream of bytes in which long zeros are holes
 *
 * To a pipe, or into the midst of a file, the zeros are written. Without a
 * descriptor it only counts.
 */
#ifndef SPARSE_H
#define SPARSE_H

#include <stddef.h>
#include <stdint.h>

struct sparse {
        int fd;                 /* -1: count only */
        const char *path;       /* for messages */
        int seeks;              /* holes are possible */
        uint64_t off;           /* bytes put so far */
        uint64_t gap;           /* zeros not accounted for in the file yet; none while something is in buf */
        size_t filled;          /* of buf */
        unsigned char buf[65536];
};

/* Onto fd, from where it stands. */
void sparse_begin(struct sparse *s, int fd, const char *path);

/* len bytes at p; or len zeros. 0, or -1 after fail(), but of a pipe whose reader has gone nothing is said. */
int sparse_put(struct sparse *s, const void *p, size_t len);
int sparse_zeros(struct sparse *s, uint64_t len);

/* Zeros up to the next multiple of align. */
int sparse_align(struct sparse *s, uint64_t align);

/* All of it is in the file, which ends here. */
int sparse_end(struct sparse *s);

#endif
