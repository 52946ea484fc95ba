/* SPDX-License-Identifier: MIT */
/* state.h - all of a process that is not its memory, into chunks */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>
#include "imgwrite.h"
#include "notes.h"
#include "parasite.h"
#include "proc.h"
#include "procstate.h"
#include "timers.h"
#include "trace.h"

struct state {
        const struct proc_stat *stat;   /* but for `state`, which is from before the stop, of the stopped target */
        const struct proc_status *status;
        const struct proc_maps *maps;
        const struct parasite_data *parasite;   /* NULL: it could not be used */
        struct procstate *proc;
        struct timers *timers;
        uint64_t stopped_ns;            /* CLOCK_REALTIME */
        struct notes *notes;
};

/*
 * Of the stopped target: what /proc tells, and the PROC chunk, which is the first one.
 * What it does not tell is noted. 0, or -1 after fail(): output error, target gone.
 */
int state_take(const struct state *s, struct imgwrite *w);

/* Then, also when it runs again: RLIM, MAPS, SIGA, ITIM, TIMR, MISC and FILE chunks. 0, or -1 after fail(). */
int state_write(const struct state *s, struct imgwrite *w);

/* Write the NOTE chunk: when all have noted what they had to. 0, or -1 after fail(). */
int state_write_notes(struct notes *notes, struct imgwrite *w);

#endif
