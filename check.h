/* SPDX-License-Identifier: MIT */
/* check.h - crdump check: is an image whole? */
#ifndef CHECK_H
#define CHECK_H

/*
 * Read all of the image at path ("-": stdin), verify every checksum, bound and
 * order that image.h promises. Prints one line on stdout when it is whole, else
 * names the first damaged offset on stderr. Returns EXIT_DONE, EXIT_DAMAGED or
 * EXIT_FAILED (cannot be opened or read).
 */
int check(const char *path);

#endif
