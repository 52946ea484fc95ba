/* SPDX-License-Identifier: MIT */
/*
 * mapfile.h - the files and shared memory objects that mappings lead to
 *
 * Where a page is in no page table of the target, its bytes are in what is
 * mapped. Reading that does not make the target grow.
 */
#ifndef MAPFILE_H
#define MAPFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "maplook.h"
#include "proc.h"
#include "trace.h"

struct mapfiles {               /* all zero: none */
        struct mapfile *file;   /* sorted */
        size_t   n;
        struct mapfile_op *op;  /* of aside.h */
};

/*
 * Look at the files of all mappings; those that were looked at already, when
 * the mappings were others, are left as they are. dir: /proc/PID. all: open
 * every regular one, not only those that no path leads to.
 * 0, or -1 after fail(): no memory, or stop_wanted().
 */
int mapfiles_look(struct mapfiles *f, struct trace *t, int dir, const struct proc_maps *m, int all);
void mapfiles_close(struct mapfiles *f);

/* That of a mapping; NULL: it has none. */
struct mapfile *mapfiles_find(const struct mapfiles *f, const struct proc_maps *m, const struct proc_map *map);

/*
 * The bytes from off up to at most end that are alike: *n of them (a multiple of
 * the page size, at least one page), *hole: they read as zeros and take no
 * room in it. Beyond the last page of the file, *n is 0. The file is open.
 * 0, or -1 when stop_wanted().
 */
int mapfile_extent(struct mapfiles *f, struct mapfile *file, uint64_t off, uint64_t end, uint64_t *n, int *hole);

/*
 * Read up to MAPFILE_PAGES pages at off to buf, the last one filled up with zeros.
 * Returns how many came; 0 with errno; -1 when stop_wanted().
 */
ssize_t mapfile_read(struct mapfiles *f, struct mapfile *file, uint64_t off, uint8_t *buf, size_t pages);
#define MAPFILE_PAGES   64u

#endif
