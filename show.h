/* SPDX-License-Identifier: MIT */
/* show.h - crdump show: an image in words, or as JSON */
#ifndef SHOW_H
#define SHOW_H

/*
 * Print the image at path ("-": stdin) on stdout, as text or as one JSON
 * object. Returns an exit status: EXIT_DONE; EXIT_DAMAGED after saying what is
 * wrong, what could be read being printed all the same; EXIT_FAILED when the
 * file cannot be opened or stdout cannot be written.
 */
int show(const char *path, int json);

#endif
