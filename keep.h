/* SPDX-License-Identifier: MIT */
/*
 * keep.h - memory that is copied while the target is stopped, and written later
 *
 * PAGE chunks in the making: each has its runs and its data, as imgwrite.h
 * wants them. Those of mappings that follow each other are of one group. All of
 * it lies in one reservation, what is needed of which was made to exist before
 * the stop.
 */
#ifndef KEEP_H
#define KEEP_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "imgwrite.h"

struct keep {                   /* all zero: nothing */
        uint8_t *mem;
        size_t   size;          /* bytes reserved */
        size_t   used;
        size_t   read;          /* of used: written to the image */
        uint32_t group;         /* that chunks are added to */
};

/* Room for that many bytes of pages, and what goes with them; so many of them at once, without a fault. 0, or -1: no memory, not said. */
int keep_reserve(struct keep *k, uint64_t bytes, uint64_t ready);

/* Where IMGWRITE_PAGES pages are to be read to. NULL: no room, not said. */
uint8_t *keep_room(struct keep *k);

/*
 * A chunk of n runs (1 to IMGWRITE_RUNS), those of which that img_here() is true of have their
 * pages, in order, at the start of the room. 0, or -1: no room, not said.
 */
int keep_pages(struct keep *k, const struct img_run *run, uint32_t n);

/* Everything that was kept is dropped; its memory stays. */
void keep_empty(struct keep *k);

/*
 * read(arg, addr, page) for each page from `from` up to `to` that is kept with its data, to fill it anew.
 * 0, or what read() returned that was not 0.
 */
int keep_renew(struct keep *k, uint64_t from, uint64_t to, int (*read)(void *arg, uint64_t addr, uint8_t *page), void *arg);

/* The next group into the image. 0, or -1 after fail(). */
int keep_write(struct keep *k, struct imgwrite *w);

void keep_free(struct keep *k);

#endif
