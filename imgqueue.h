/* SPDX-License-Identifier: MIT */
/*
 * imgqueue.h - buffers of an image, on their way into the file
 *
 * For imgwrite.h alone. A second thread does the writing; the caller fills one
 * buffer while the others go out.
 */
#ifndef IMGQUEUE_H
#define IMGQUEUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "outfile.h"

/*
 * A buffer serves one of two ways.
 *
 *   stream   chunks one behind the other, also parts of chunks:
 *
 *      mem                                            mem + BUFFER
 *      | head payload 0 | head payload 0 | head payl...|
 *
 *   room     one PAGE chunk. The pages were read to where they are; what goes
 *            before them is put right in front of them, so long that the pages
 *            come to lie at a multiple of the page size in the file:
 *
 *      mem                         mem + LEAD         mem + BUFFER
 *      |      | head img_pages runs 0 | pages         |
 *             start                                 end
 *
 * Buffers go out in the order they were queued in. Just before, the writing
 * thread seals the heads in them: as it alone sees all chunks in their final
 * order, it keeps the chain of checksums. The sum of a payload is its work too,
 * but for chunks that go over several buffers, and for pages when it is behind
 * with writing: then the caller, who would only wait, sums them up.
 */
#define IMGQUEUE_LEAD   12288u  /* a head, img_pages, the most runs and sums: 6,616; up to a page of zeros */
#define IMGQUEUE_DATA   ((size_t)IMGQUEUE_PAGES * IMG_PAGE)
#define IMGQUEUE_PAGES  128     /* in a room */
#define IMGQUEUE_BUFFER (IMGQUEUE_LEAD + IMGQUEUE_DATA)
#define IMGQUEUE_N      4       /* one being filled with pages, one with small chunks, one written, one waiting */

struct imgbuffer {
        struct imgbuffer *next;    /* in the queue, or in the pool */
        uint8_t *mem;
        size_t start, end;      /* what is to be written, from mem */
        size_t head;            /* the first chunk head, from mem; SIZE_MAX: none */
        int summed;             /* its payload has its checksum */
        int extra;              /* of the spool: allocated with its memory */
};

struct imgqueue {
        struct outfile out;
        int spool;              /* rather take more memory than wait */
        int patient;            /* nobody is stopped any more: wait as long as it takes */
        int failed;             /* the reason has been given; all calls fail from now on */

        /* the writing thread's own */
        uint32_t chain;         /* head_crc of the last head sealed, first of all the header's */

        /* between the two: under lock */
        pthread_mutex_t lock;
        pthread_cond_t work;    /* for the writer: a buffer, commit or quit */
        pthread_cond_t news;    /* for the caller: one of the numbers below has grown */
        struct imgbuffer *queue, **queue_end;   /* the oldest first; where the next one is to be linked to */
        struct imgbuffer *pool;
        unsigned queued, free;  /* buffers in queue; in pool */
        unsigned extras;        /* of the spool, wherever they are */
        unsigned idle;          /* all that was queued is written */
        unsigned synced;        /* the file is on the disk and closed */
        unsigned gone;          /* the writing thread is through, err says how */
        unsigned removed;       /* the incomplete file is gone */
        int commit;             /* after the queue: fsync, close */
        int err;                /* an errno: */
        const char *verb;       /* what failed */

        atomic_int quit;        /* give up, as soon as possible */
        int threaded;           /* the writing thread was started */
        pthread_t writer;
        struct imgbuffer buffer[IMGQUEUE_N];
};

/* Take memory for the buffers now, before a target stands still, and start the thread. out is open. 0, or -1 after fail(). */
int imgqueue_start(struct imgqueue *q);

/* An empty buffer, waited for unless more memory may be taken; NULL after fail() or when stop_wanted(). */
struct imgbuffer *imgqueue_take(struct imgqueue *q);

/* To be written, after all that were submitted before. */
void imgqueue_submit(struct imgqueue *q, struct imgbuffer *b);

/* Is the writing thread busy? */
int imgqueue_behind(struct imgqueue *q);

/* Wait until all that was submitted is written. 0, or -1 after fail(). */
int imgqueue_await_idle(struct imgqueue *q);

/* No more comes: fsync and close after the rest of it, and wait for that as long as it takes. 0, or -1 after fail(). */
int imgqueue_commit(struct imgqueue *q);

/*
 * The thread ends, and all buffers are freed, also those that were taken and
 * not submitted: cur and room, each may be NULL. The file is removed unless it
 * was published. -1: the thread hangs in the kernel, and keeps q and all that is in it.
 */
int imgqueue_end(struct imgqueue *q, struct imgbuffer *cur, struct imgbuffer *room);

#endif
