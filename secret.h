/* SPDX-License-Identifier: MIT */
/*
 * secret.h - pages of memfd_secret(2), which only the process itself can read
 *
 * No other process gets at them, by whatever right: the kernel has them in no
 * map but the process's. So they are copied from inside (inside.h), while the
 * target is borrowed, and kept here until pages.h comes to them. Only pages
 * that exist are: none comes into being by it.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>
#include <stdint.h>
#include "proc.h"

#define SECRET_MAX      16384u          /* pages copied of a process: 64 MiB */

struct secret_range {
        uint64_t addr;
        size_t   pages;         /* that exist from there on */
        size_t   copied;        /* so many of them, from the first on */
        uint8_t *data;          /* room for all */
};

struct secret {                 /* all zero: nothing */
        struct secret_range *range;     /* ascending */
        size_t n, cap;
};

/* Is it such a mapping? */
int secret_is(const struct proc_maps *m, const struct proc_map *map);

/* What there is to be copied, and room for it. dir: /proc/PID. What was in s is given up. 0, or -1 after fail(). */
int  secret_find(struct secret *s, int dir, const struct proc_maps *m);
void secret_free(struct secret *s);

/* The page at addr, if it was copied; or NULL. */
const uint8_t *secret_page(const struct secret *s, uint64_t addr);

#endif
