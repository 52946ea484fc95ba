/* SPDX-License-Identifier: MIT */
/* state.h - all of a process that is not its memory, into chunks */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>
#include "imgwrite.h"
#include "parasite.h"
#include "proc.h"
#include "trace.h"

struct state_notes {            /* what is missing and why, line by line */
        char   text[2048];
        size_t len;
};

/* Note a line; also said with -v. What no longer fits is dropped. */
void state_note(struct state_notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct state {
        struct trace *t;                /* all threads stopped */
        const struct proc_stat *stat;   /* before the stop */
        const struct proc_status *status;
        const struct proc_maps *maps;
        const struct parasite_data *parasite;   /* NULL: it could not be used */
        uint64_t stopped_ns;            /* CLOCK_REALTIME */
        struct state_notes *notes;
};

/* Write the NOTE chunk: when all have noted what they had to. 0, or -1 after fail(). */
int state_write_notes(const struct state_notes *notes, struct imgwrite *w);

/*
 * Write PROC, THRD, MAPS, SIGA, ITIM, MISC and FILE chunks. What /proc
 * does not tell is noted. 0, or -1 after fail(): output error, target gone.
 */
int state_write(const struct state *s, struct imgwrite *w);

#endif
