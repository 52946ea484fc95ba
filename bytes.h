/* SPDX-License-Identifier: MIT */
/* bytes.h - every page of a target passes through these */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

/* The same len bytes? Faster than musl's memcmp(), which goes byte by byte. */
int same_bytes(const void *a, const void *b, size_t len);

/* What byte all of it is; -1: several. len is a multiple of 64, p is 16-aligned. */
int all_of(const void *p, size_t len);

#endif
