/* SPDX-License-Identifier: MIT */
/* crc.h - CRC-32 as zlib counts it, by the processor's own multiplier */
#ifndef CRC_H
#define CRC_H

#include <stddef.h>
#include <stdint.h>

/* The sum of len bytes at p, going on from before (0 at the start): the same as crc32_z(before, p, len). */
uint32_t crc(uint32_t before, const void *p, size_t len);

#endif
