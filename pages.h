/* SPDX-License-Identifier: MIT */
/*
 * pages.h - the memory of the stopped, clean target, into PAGE chunks
 *
 * Every page of every mapping is accounted for in a run: its data, all zeros,
 * never touched, in the file, or why it was not read (image.h, enum img_kind).
 */
#ifndef PAGES_H
#define PAGES_H

#include "imgwrite.h"
#include "proc.h"
#include "trace.h"

/* What kind of memory a mapping is; enum img_class. */
int pages_class(const struct proc_maps *m, const struct proc_map *map);

/* Write them all, upwards. 0, or -1 after fail(): output error, target gone, stop_wanted(). */
int pages_write(struct trace *t, const struct proc_maps *m, struct imgwrite *w);

#endif
