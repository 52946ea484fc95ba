/* SPDX-License-Identifier: MIT */
/* fdsame.h - which descriptors share an open file */
#ifndef FDSAME_H
#define FDSAME_H

#include <stddef.h>
#include "fd.h"

/*
 * Set same_as and same_table of all n descriptors, in the image's order, by
 * kcmp(2): not more than n log n comparisons, of those alone that have the same
 * inode. 0, or -1 with errno where there is no kcmp.
 */
int fdsame(struct fd *v, size_t n);

#endif
