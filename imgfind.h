/* SPDX-License-Identifier: MIT */
/* imgfind.h - where in an image an address is, by its INDX */
#ifndef IMGFIND_H
#define IMGFIND_H

#include <stdint.h>
#include "imgread.h"

/*
 * The last PAGE chunk at or below addr that INDX tells of. 1: *e is filled in.
 * 0: it tells of none; or there is no INDX in order, as in a pipe, or in an
 * image that ends too early: read forward, then. That INDX tells the truth is
 * for the caller to find out. -1 after fail(): reading failed.
 */
int imgfind(struct imgread *r, uint64_t addr, struct img_index *e);

#endif
