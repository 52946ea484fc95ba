/* SPDX-License-Identifier: MIT */
/*
 * pagemap.h - which pages of the target exist
 *
 * From /proc/PID/pagemap, in windows; across large holes by PAGEMAP_SCAN where
 * the kernel has it (6.7). Nothing is read of the pages themselves, so nothing
 * comes into being. Rules: admin-guide/mm/pagemap.rst, fs/proc/task_mmu.c.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

enum pagemap_state {
        PAGEMAP_ABSENT,         /* neither present nor swapped out */
        PAGEMAP_OWN,            /* anonymous, present: the process's own content */
        PAGEMAP_COMMON,         /* the same, but others may have the page too: after fork(2), by KSM, the zero page */
        PAGEMAP_SWAPPED,        /* swapped out; to ordinary users guard pages before 6.15 and other markers look the same */
        PAGEMAP_FILE,           /* present, a page of a file or of shared memory */
        PAGEMAP_GUARD,          /* MADV_GUARD_INSTALL, as 6.15 and later tell it */
};

#define PAGEMAP_FEW     512u    /* entries: 2 MiB of address space */

struct pagemap {
        int      dir;           /* /proc/PID */
        int      fd;            /* -1: not open, or there is none: then every page is PAGEMAP_OWN */
        int      opened;        /* it was tried */
        int      scan;          /* PAGEMAP_SCAN: 1 works, 0 does not */
        uint64_t addr;          /* of the first page in window */
        size_t   n;             /* entries in it */
        uint64_t *window;       /* few, or many, which is malloc'ed when it is worth it */
        uint64_t *many;
        uint64_t few[PAGEMAP_FEW];
};

/* dir: /proc/PID, where it will be opened when it is first asked. */
void pagemap_begin(struct pagemap *p, int dir);
void pagemap_close(struct pagemap *p);

/* Is there one? 1 or 0. */
int pagemap_there(struct pagemap *p);

/*
 * The pages from addr up to at most end that are alike: how many (*n, at least
 * 1) and what. 0, or -1 with errno (ESRCH: the memory is gone); says nothing.
 */
int pagemap_next(struct pagemap *p, uint64_t addr, uint64_t end, uint64_t *n, enum pagemap_state *state);

#endif
