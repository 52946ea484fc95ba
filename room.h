/* SPDX-License-Identifier: MIT */
/* room.h - how much memory there is to be had */
#ifndef ROOM_H
#define ROOM_H

#include <stdint.h>

/*
 * Bytes that the process at dir (/proc/PID) can get before something has to go: of
 * the machine, and of its memory cgroups where they are mounted as usual. It may be
 * less than that, and never more than the kernel tells. UINT64_MAX: not to be known.
 */
uint64_t room_of(int dir);

/* The parsers behind it, of text with a NUL behind it: of /proc/meminfo (bytes; UINT64_MAX: not in it)... */
uint64_t room_parse_meminfo(const char *text);
/* ... and of /proc/PID/cgroup, where the path below the mount of v2, or of v1's memory controller, is put: 0, or -1: none. */
int room_parse_cgroup(const char *text, int v1, char *path, uint64_t len);

#endif
