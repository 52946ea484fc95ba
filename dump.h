/* SPDX-License-Identifier: MIT */
/* dump.h - crdump PID out.img */
#ifndef DUMP_H
#define DUMP_H

#include <stdint.h>
#include <sys/types.h>

struct dump_options {
        uint64_t timeout_ns;    /* for the whole dump, then it is rolled back; 0: none */
        uint64_t max_pause_ns;  /* for the time that the target is stopped, likewise; 0: none */
        uint64_t contents;      /* --contents: bytes of each descriptor that has content which no path leads to */
        int      inject;        /* --trampoline=inject: write `syscall` into the target's code */
        int      breakpoint;    /* --catch=breakpoint: catch the blob by a hardware breakpoint */
        int      file_pages;    /* --file-pages: also pages that are as in a file */
        int      snapshot;      /* --snapshot, --stop: enum snapshot_wish */
        const char *base;       /* --base: an image, pages that are the same in which are only named; NULL: none */
        int      level;         /* -z: of zlib; 0: nothing is compressed */
        int      direct;        /* --direct: past the page cache */
        int      json;          /* --json: the summary as a JSON object */
        int      stats;         /* --stats: print where the time went */
};

/* Dump process pid into the image at path. Returns an exit status. */
int dump(pid_t pid, const char *path, const struct dump_options *opt);

#endif
