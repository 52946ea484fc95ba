/* SPDX-License-Identifier: MIT */
/*
 * timers.h - the POSIX timers of a process
 *
 * /proc/PID/timers lists them (kernels from 3.10 on that are built with
 * CONFIG_CHECKPOINT_RESTORE); how much time is left only the process itself
 * may ask, by their ids. Where they are not listed it may try ids: they count
 * up from 0 in each process.
 */
#ifndef TIMERS_H
#define TIMERS_H

#include <stdint.h>
#include <sys/types.h>
#include "image.h"
#include "imgwrite.h"
#include "notes.h"
#include "parasite.h"
#include "rawfiles.h"

#define TIMERS_ASKED    1024    /* at most, in a dump */
#define TIMERS_TRIED    256     /* ids from 0 on, where they are not listed */

struct timers {
        struct img_timer *timer;        /* ascending id, malloc'ed */
        uint32_t n;
        int      listed;        /* by /proc; else these are ids to be tried */
        struct parasite_timer *ask;     /* of the first ones, malloc'ed: for infect() */
        uint32_t asked;
};

/*
 * The text of /proc/PID/timers, NUL behind it: t->timer, in the order of the
 * text. 0, or -1 with errno (EPROTO: not to be understood).
 */
int timers_parse(const char *text, struct timers *t);

/* Of a stopped process. 0, or -1 after fail(): no memory. */
int timers_read(struct timers *t, struct rawfiles *raw, struct notes *notes);

/* Write the TIMR chunk, if anything is known, with what was answered; asked: infect_work() was done. 0, or -1 after fail(). */
int timers_write(struct timers *t, int asked, struct imgwrite *w, struct notes *notes);

void timers_free(struct timers *t);

#endif
