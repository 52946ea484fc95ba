/* SPDX-License-Identifier: MIT */
/* showmem.h - crdump show --mem: bytes of an image's memory */
#ifndef SHOWMEM_H
#define SHOWMEM_H

#include <stdint.h>

/*
 * Print len bytes (1 to INT64_MAX) from addr on of the memory in the image at
 * path ("-": stdin) on stdout: raw, or as a hexdump. Memory that has no bytes
 * there is said to have none; raw, it ends the printing with EXIT_FAILED.
 * Reading begins near addr if the image has an index, and stops when all is
 * printed: only what was read is verified. EXIT_DONE; EXIT_DAMAGED or
 * EXIT_FAILED after fail().
 */
int showmem(const char *path, uint64_t addr, uint64_t len, int raw);

#endif
