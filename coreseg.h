/* SPDX-License-Identifier: MIT */
/*
 * coreseg.h - the segments of an ELF core
 *
 * A segment is a mapping, or a part of it: pages of which the core has the
 * bytes, then such of which it has none.
 */
#ifndef CORESEG_H
#define CORESEG_H

#include <stdint.h>
#include "model.h"

struct coreseg {
        uint64_t addr, len;
        uint64_t filed;         /* bytes of it that are in the core: the first ones */
};

struct coresegs {               /* all zero: empty */
        struct coreseg *v;      /* ascending */
        uint64_t n, room;
        uint32_t map;           /* the mapping of the last run */
};

/* Has the core the bytes of these pages? */
int coreseg_filed(const struct img_run *run);

/* The next run goes on with the last segment, or starts one. 0, or -1 after fail(): no memory. */
int coreseg_add(struct coresegs *s, const struct model *m, const struct img_run *run);

#endif
