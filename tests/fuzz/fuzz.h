/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the parts of the fuzzer share
 *
 *      targets.c   what is fuzzed: a table, and LLVMFuzzerTestOneInput() that runs a row of it
 *      corefile.c  crdump core, and a judge of what it writes
 *      proctext.c  those of them that take text of /proc
 *      sink.c      takes the place of stdout, and judges what is printed
 *      image.c     images that are taken apart, changed and sealed again, for checksums stop a fuzzer dead
 *      cover.c     PAGE chunks for them
 *      mutate.c    libFuzzer's mutations made such changes; for the fuzzer alone
 *      seeds.c     images with everything in them, to start from
 *      replay.c    main() without libFuzzer: files and a few thousand mutations through every target
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "../../image.h"

/* --- targets ----------------------------------------------------------------- */

struct fuzz_target {
        const char *name;
        const char *corpus;     /* folder below tests/corpus; "image": mutated as such */
        void (*run)(const uint8_t *data, size_t len);
        int whole;              /* it tells whether an image is whole: fuzz_status */
};

extern int fuzz_status;         /* the exit status that the last run ended with */

extern const struct fuzz_target fuzz_targets[]; /* the last one has no name */
extern const struct fuzz_target *fuzz_target;   /* that LLVMFuzzerTestOneInput() runs */

/* The target of that name; NULL: none. */
const struct fuzz_target *fuzz_find(const char *name);

/* Sets up descriptors and stdout. */
void fuzz_init(void);

/* One input for fuzz_target; libFuzzer's name for it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The input as a file: its path. */
const char *fuzz_file(const uint8_t *data, size_t len);

/*
 * A base lies beside it, under this name: the seed 1.2-base. What an image has
 * there may not be what it says: then reading it fails, though it is not damaged.
 */
#define FUZZ_BASE       "99"
#define FUZZ_BASE_FD    99

/* May it, of the file that fuzz_file() made last? */
int fuzz_may_fail(void);

/* A target did what it must not: say so and abort, which is a find. */
void fuzz_blame(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Be wrong, for the judge of that name to see: text, json, size, status, memory, time. */
void fuzz_wrong(const char *judge);

/* --- what is printed ------------------------------------------------------------ */

enum sink_kind {
        SINK_RAW,               /* anything goes */
        SINK_TEXT,              /* printable ASCII in lines: nothing that moves a cursor */
        SINK_JSON,              /* one JSON value, in valid UTF-8 without control characters */
};

/* Put it in the place of stdout; once. */
void sink_install(void);

/* From here on; more than limit bytes are too many. */
void sink_begin(enum sink_kind kind, uint64_t limit);

/* That was all. whole: what was begun must be complete. */
void sink_end(int whole);

/* --- images ------------------------------------------------------------------------ */

struct fuzz_chunk {
        uint32_t tag, flags;
        uint8_t *p;             /* its payload, malloc'ed */
        size_t len;
};

struct fuzz_image {
        struct img_header header;
        struct fuzz_chunk *c;
        size_t n, room;
        struct img_end end;     /* what it says, but for its totals */
};

/* Numbers by chance, from a seed: the same ones for the same seed. */
struct fuzz_rand {
        uint64_t x;
};
uint32_t fuzz_pick(struct fuzz_rand *r, uint32_t n);    /* 0 to n - 1; n is not 0 */

/* Take an image apart, as far as it can be; never fails. INDX and END are left out: they are made again. */
void fuzz_take(struct fuzz_image *m, const uint8_t *data, size_t len);
void fuzz_free(struct fuzz_image *m);

/* One more chunk behind the n'th of them, its payload all zeros, len bytes. */
struct fuzz_chunk *fuzz_add(struct fuzz_image *m, size_t n, uint32_t tag, size_t len);
void fuzz_drop(struct fuzz_image *m, size_t n);
void fuzz_resize(struct fuzz_chunk *c, size_t len);     /* zeros are added */
struct fuzz_chunk *fuzz_chunk(const struct fuzz_image *m, uint32_t tag);        /* the first one; NULL: none */

#define FUZZ_CHUNKS_MAX 4096

/* Are the pages of that run in the base? */
int fuzz_based(const struct fuzz_image *m, const struct img_run *run);

/* Are they full of one byte? */
int fuzz_filled(const struct fuzz_image *m, const struct img_run *run);

/*
 * One more PAGE chunk, of these runs: their data, or deflated data, and sums of
 * those that are in the base, as the header says there may be. With r not always right, or
 * not deflated.
 */
void fuzz_add_pages(struct fuzz_image *m, const struct img_run *run, uint32_t n, struct fuzz_rand *r);

/* Runs for all pages of all mappings, instead of those it has. */
void fuzz_cover(struct fuzz_image *m, struct fuzz_rand *r);

/* Change something; part: a mutator for len bytes at p, of which there may be max, that returns how many there are now. */
void fuzz_change(struct fuzz_image *m, struct fuzz_rand *r, size_t (*part)(uint8_t *p, size_t len, size_t max));

/*
 * The image with right checksums, totals and INDX, in at most max bytes at
 * out: how many; 0: they are not enough. If lies is not 0, a number in a head,
 * in INDX or in END may be wrong, under a right checksum.
 */
size_t fuzz_seal(const struct fuzz_image *m, struct fuzz_rand *lies, uint8_t *out, size_t max);

/* Fill m with seed number i and return its name; NULL: there are no more. */
const char *fuzz_seed(struct fuzz_image *m, int i);

#endif
