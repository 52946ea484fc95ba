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

#endif
