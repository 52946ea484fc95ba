/* SPDX-License-Identifier: MIT */
/* show.h - crdump show: an image in words, or as JSON */
#ifndef SHOW_H
#define SHOW_H

enum {                          /* parts of an image */
        SHOW_SUMMARY    = 1 << 0,
        SHOW_PROCESS    = 1 << 1,
        SHOW_THREADS    = 1 << 2,
        SHOW_MAPS       = 1 << 3,
        SHOW_FDS        = 1 << 4,
        SHOW_SIGNALS    = 1 << 5,
        SHOW_TIMERS     = 1 << 6,
        SHOW_ALL        = (1 << 7) - 1,
};

/*
 * Print these parts of the image at path ("-": stdin) on stdout, as text or as
 * one JSON object; 0: the summary as text, all as JSON. Returns an exit status:
 * EXIT_DONE; EXIT_DAMAGED after saying what is wrong, what could be read being
 * printed all the same; EXIT_FAILED when the file cannot be opened or stdout
 * cannot be written.
 */
int show(const char *path, unsigned parts, int json);

#endif
