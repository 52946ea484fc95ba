/* SPDX-License-Identifier: MIT */
/* summary.h - what a dump says when it has succeeded */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "notes.h"

struct summary {
        pid_t pid;
        const char *name;
        const char *path;       /* "-": the image went down standard output */
        const unsigned char *id;        /* of the image, 16 bytes */
        size_t threads;
        uint64_t pages, bytes;  /* pages with content; bytes of the image */
        uint64_t pause_ns, total_ns;
        const char *way;        /* "snapshot", "memory" or "stop": how the memory was copied */
        const char *why;        /* it was stopped, though not on request; "": no */
        int outside;            /* from outside only */
        const struct notes *notes;
};

/* One line on stderr; not with -q. */
void summary_line(const struct summary *s);

/*
 * The same as one JSON object in a line, on stdout, or where the image went
 * there on stderr. EXIT_DONE, or EXIT_FAILED as text_end() has it.
 */
int summary_json(const struct summary *s);

#endif
