/* SPDX-License-Identifier: MIT */
/*
 * imgread.h - the distrustful reader of images
 *
 * Forward, so a pipe will do, unless one asks for more; and in little memory: only what a
 * caller takes whole is ever in it, and the index of an image. A chunk is read
 * like this:
 *
 *      while ((rc = imgread_next(r, &c)) > 0)
 *              get, take or zeros, as often as wanted; then finish, which
 *              reads the rest and verifies the checksum: act after it only
 *
 * All functions that return -1 (or NULL) have said why, with the name of the
 * file and the offset of the first damaged thing in it, and do so only once:
 * whatever is called afterwards fails silently. imgread_status() then tells
 * a damaged image from one that could not be read.
 */
#ifndef IMGREAD_H
#define IMGREAD_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"

struct imgread;

/* Open the image at path ("-": stdin). Nothing is read yet. NULL after fail(). */
struct imgread *imgread_open(const char *path);

/* Frees all, with what imgread_take() returned. NULL is allowed. */
void imgread_close(struct imgread *r);

/*
 * The next chunk, after finishing the one before. 1: here it is. 0: the image
 * is complete: END was the last, and its totals and INDX agree with what was
 * read. -1: damaged or incomplete. The header is verified by the first call.
 * INDX, END and unknown chunks that may be skipped are never handed out.
 */
int imgread_next(struct imgread *r, struct img_chunk *c);

/*
 * Going back, in an image that is no pipe: to a chunk's head, which the next
 * imgread_next() then reads. INDX is not held against the chunks from then on.
 */
struct imgread_place {
        uint64_t off;           /* of the head, bytes from the header */
        uint32_t seq, prev;     /* what must stand in it, */
        int loose;              /* unless this is set */
};

/* Can it be read twice? */
int imgread_seekable(const struct imgread *r);

/* Of the chunk that imgread_next() gave last. */
void imgread_here(const struct imgread *r, struct imgread_place *p);

/* 0, or -1 after fail(). */
int imgread_seek(struct imgread *r, const struct imgread_place *p);

/* Bytes from the header to the end of the file; ~0: not known, or a pipe. */
uint64_t imgread_size(const struct imgread *r);

/* len bytes at off from the header, which nothing verifies here. 0, or -1 after fail(). */
int imgread_at(struct imgread *r, uint64_t off, void *to, size_t len);

/* Bytes from the header to this chunk's payload. */
uint64_t imgread_offset(const struct imgread *r);

/* The next len bytes of the payload. Not enough of them: -1. */
int imgread_get(struct imgread *r, void *to, size_t len);

/*
 * The same in memory of r's own, good until the next call of this and aligned
 * for any struct. It grows only as bytes arrive: a length that lies cannot
 * make it larger than twice what is really there.
 */
void *imgread_take(struct imgread *r, uint64_t len);

/* Step over the next len bytes. */
int imgread_skip(struct imgread *r, uint64_t len);

/* The next len bytes must be zeros. */
int imgread_zeros(struct imgread *r, uint64_t len);

/* Read what is left of the payload, verify its checksum and the zeros behind it. */
int imgread_finish(struct imgread *r);

/*
 * The content is wrong at off (bytes from the header): finish the chunk, for
 * if its checksum is wrong then that is the reason, else say this. Returns -1.
 */
int imgread_bad(struct imgread *r, uint64_t off, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* EXIT_DONE so far, EXIT_DAMAGED, or EXIT_FAILED: reading failed, not the image. */
int imgread_status(const struct imgread *r);

/* What the container says. The header is NULL before it was verified, END before imgread_next() returned 0. */
const struct img_header *imgread_header(const struct imgread *r);
const struct img_end *imgread_end(const struct imgread *r);
uint32_t imgread_sum(const struct imgread *r);          /* of the last head read: as heads are chained, END's tells images apart */
uint32_t imgread_chunks(const struct imgread *r);       /* whole ones seen, INDX and END too */
uint32_t imgread_skipped(const struct imgread *r);      /* unknown ones among them */
uint64_t imgread_bytes(const struct imgread *r);        /* read up to now */

#endif
