/* SPDX-License-Identifier: MIT */
/* diff.h - crdump diff: what differs between two images of a process */
#ifndef DIFF_H
#define DIFF_H

#define DIFF_TROUBLE    2       /* for 1 means that they differ, as with diff(1) */

/*
 * Print on stdout what differs between the images at a and b (one may be "-":
 * stdin). 0 nothing but when they were dumped, 1 something; DIFF_TROUBLE after
 * fail(): one cannot be opened or read, or stdout cannot be written;
 * EXIT_DAMAGED.
 */
int diff(const char *a, const char *b);

#endif
