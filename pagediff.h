/* SPDX-License-Identifier: MIT */
/* pagediff.h - which pages differ between two images */
#ifndef PAGEDIFF_H
#define PAGEDIFF_H

#include <stdint.h>
#include "load.h"

/*
 * Print the pages that differ between two images, whose state has been loaded,
 * on stdout: a line for each range of pages alike, one with the sums. Both are
 * read to their ends, side by side, in constant memory. changed: both images
 * have bytes of it, others. appeared, vanished: only the second, or the first,
 * has bytes of it. What reads the same is the same: zeros and a private page
 * never touched, a file's page and a clean copy of it. *n: how many differ. 0,
 * or -1 after fail() or when stdout cannot be written.
 */
int pagediff(struct load *a, const struct model *ma, struct load *b, const struct model *mb, uint64_t *n);

#endif
