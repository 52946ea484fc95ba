/* SPDX-License-Identifier: MIT */
/* core.h - crdump core: an ELF core of an image, for gdb and its kin */
#ifndef CORE_H
#define CORE_H

/*
 * Write an ELF core of the image at path to the file out ("-": stdout), which
 * appears when it is complete. The image is read twice, so it must be no pipe.
 * EXIT_DONE; EXIT_DAMAGED or EXIT_FAILED after fail(), with no file left; 128
 * plus the signal that ended it.
 */
int core(const char *path, const char *out);

#endif
