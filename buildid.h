/* SPDX-License-Identifier: MIT */
/*
 * buildid.h - the NT_GNU_BUILD_ID note of a 64-bit ELF file
 *
 * The file may be anybody's: every number in it is bounded before it is used.
 * Rules: elf(5), System V gABI (notes are 4-aligned, in segments of 8-aligned
 * ones 8-aligned).
 */
#ifndef BUILDID_H
#define BUILDID_H

#include <stddef.h>
#include <stdint.h>

#define BUILDID_MAX     64      /* bytes; SHA-1 has 20 */

/* len bytes at off in the file. 0, or -1 with errno (ENODATA: beyond its end). */
typedef int buildid_read(void *arg, uint64_t off, void *buf, size_t len);

/* Its bytes to id; how many, 0: it has none, or is no such file; -1 with errno: it could not be read (EOVERFLOW: too long). */
int buildid_find(buildid_read *rd, void *arg, uint8_t id[BUILDID_MAX]);

#endif
