/* SPDX-License-Identifier: MIT */
/*
 * imgindex.h - where the chunks of an image were, to hold its INDX against
 *
 * In bounded memory: of many PAGE chunks every second, fourth... is remembered.
 */
#ifndef IMGINDEX_H
#define IMGINDEX_H

#include <stdint.h>
#include "image.h"

struct imgindex_list {
        struct img_index *e;
        uint32_t n, room;
};

struct imgindex {               /* all zero: empty */
        struct imgindex_list others, pages;     /* all chunks but PAGE; every stride'th PAGE; in the order of the file */
        uint32_t stride, page_n;
        uint32_t asked;         /* others that imgindex_true() was asked for */
};

/* The next chunk was here. 0, or -1 with errno. */
int imgindex_add(struct imgindex *x, const struct img_index *e);

/*
 * All chunks are added. Was there one where the next entry of INDX says it
 * was? Yes, too, for a PAGE chunk that is not remembered.
 */
int imgindex_true(struct imgindex *x, const struct img_index *e);

/* The first PAGE chunk's number; ~0: there was none. */
uint32_t imgindex_first(const struct imgindex *x);

/* After the last entry: were all asked for that are not PAGE? */
int imgindex_whole(const struct imgindex *x);

void imgindex_free(struct imgindex *x);

#endif
