/* SPDX-License-Identifier: MIT */
/* ask.h - what the parasite asks, one remote system call at a time */
#ifndef ASK_H
#define ASK_H

#include <stdint.h>
#include "parasite.h"
#include "remote.h"

#define ASK_TIMERS      64

/*
 * For a target that the blob cannot be mapped into (RLIMIT_AS, max_map_count,
 * MCL_FUTURE with RLIMIT_MEMLOCK...): the same questions through the
 * trampoline, with answers that do not fit a register below the lifeline.
 * About 0.1 ms each, 90 of them, and two for each timer, of which the first
 * ASK_TIMERS are asked. 0, or -1 after fail(): no lifeline, or a call did not run.
 */
int ask_each(struct remote *r, uint64_t mask, struct parasite_data *d, struct parasite_timer *timer, uint32_t timers);

#endif
