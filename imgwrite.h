/* SPDX-License-Identifier: MIT */
/*
 * imgwrite.h - the writer of images
 *
 * The file grows under a temporary name in the folder where it shall be, mode
 * 0600, and gets its name when it is complete and on the disk. Or it goes down
 * standard output, which need not be a file: nothing ever seeks. A second thread
 * does the writing: the caller fills one buffer while the others go out, and
 * never waits longer than stop_wanted() allows, however slow the output is.
 * All calls come from one thread.
 */
#ifndef IMGWRITE_H
#define IMGWRITE_H

#include <stdint.h>
#include <sys/uio.h>
#include "image.h"
#include "payload.h"

#define IMGWRITE_PAGES  128     /* room for so many pages in one PAGE chunk: 512 KiB */
#define IMGWRITE_RUNS   248     /* and for so many runs */

struct imgwrite_options {       /* all zero: a plain image */
        int direct;             /* past the page cache, where the file system can do that; else there is a warning */
        int level;              /* 1 to 9: pages are deflated, by zlib and all processors, which takes 1.3 MiB for each */
        /*
         * Pages that are the same in another image, the base, are only named. This tells
         * its page at addr, which rises from call to call: NULL, it has none. 0, or -1 after
         * fail().
         */
        int (*base)(void *arg, uint64_t addr, const unsigned char **page);
        void *base_arg;
};

struct imgwrite;

/*
 * Create the temporary file beside path ("-": take standard output) and write
 * the header. NULL after fail(): folder missing, not a regular file in the way,
 * no space...
 */
struct imgwrite *imgwrite_open(const char *path, const struct imgwrite_options *opt);

/* 16 random bytes in the header, that name this image. */
const unsigned char *imgwrite_id(const struct imgwrite *w);

/*
 * From now on take more memory (up to 64 MiB) rather than wait for the output, for
 * whoever is stopped waits for the caller; or no longer: nobody is stopped any
 * more, and the output may take as long as it likes.
 */
void imgwrite_spool(struct imgwrite *w, int on);

/* A chunk with the n pieces of iov as its payload. 0, or -1 after fail(). */
int imgwrite_chunk(struct imgwrite *w, uint32_t tag, const struct iovec *iov, int n);

/* A chunk of what is in b, which is empty and freed then. 0, or -1 after fail(). */
int imgwrite_payload(struct imgwrite *w, uint32_t tag, struct payload *b);

/*
 * Page-aligned memory for IMGWRITE_PAGES pages, to be filled before
 * imgwrite_pages(); the same memory again until then. Waits for a buffer to
 * become free. NULL after fail() or when stop_wanted().
 */
void *imgwrite_room(struct imgwrite *w);

/*
 * A PAGE chunk: n runs (1 to IMGWRITE_RUNS), those of which that img_here() is true of have
 * their pages, in order, at the start of the room. 0, or -1 after fail().
 */
int imgwrite_pages(struct imgwrite *w, const struct img_run *run, uint32_t n);

/*
 * INDX and END, then fsync, and of a file rename, fsync of the folder. The caller gives
 * pause_ns and total_ns in end; the rest is filled in. 0, or -1 after fail().
 * Either way imgwrite_close() is still to be called.
 */
int imgwrite_finish(struct imgwrite *w, struct img_end *end);

/* Frees everything; unless imgwrite_finish() succeeded the file is removed, but not standard output. NULL is allowed. */
void imgwrite_close(struct imgwrite *w);

#endif
