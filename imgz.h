/* SPDX-License-Identifier: MIT */
/*
 * imgz.h - threads that deflate
 *
 * Jobs are worked on side by side, and waited for one by one: the caller says
 * in which order.
 */
#ifndef IMGZ_H
#define IMGZ_H

#include <stddef.h>
#include <stdint.h>

struct imgz;

struct imgz_job {
        const uint8_t *in;      /* len bytes */
        size_t   len;
        uint8_t *out;           /* room for len bytes */
        size_t   out_len;       /* of the zlib stream (RFC 1950); 0: it would not be shorter by a page */
        int      done;          /* the pool's */
        struct imgz_job *next;  /* the pool's */
};

/*
 * As many threads as there are processors for us, IMGZ_MAX at most. level: zlib's, 1 to 9.
 * NULL after fail().
 */
struct imgz *imgz_open(int level);
#define IMGZ_MAX        16u

/* How many there are. */
unsigned imgz_threads(const struct imgz *z);

/* Begin a job, which is not to be touched before imgz_wait() has returned. */
void imgz_begin(struct imgz *z, struct imgz_job *j);

/* Until it is done. */
void imgz_wait(struct imgz *z, struct imgz_job *j);

/* All that was begun is done first. NULL is allowed. */
void imgz_close(struct imgz *z);

#endif
