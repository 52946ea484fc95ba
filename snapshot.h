/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - how the memory of the target comes to be copied
 *
 *      snapshot_plan(&s, &pages, dir, own);            before the stop
 *      snapshot_check(&s, &pages, tid);                stopped
 *      ...                                             infect, with s.twin if s.way is SNAPSHOT_TWIN
 *      snapshot_hold(&s, &pages, outside, clone);      cured, still stopped
 *      ...                                             goes on
 *      snapshot_read(&s, &pages, t, ns_pid, data, w);
 *      snapshot_end(&s, t);
 *
 * By a twin: the target is stopped for as long as clone(2) takes, and for the
 * copying of what a clone lacks. At once: a small process is copied to our own
 * memory. Or the target is stopped for as long as the image takes to be written:
 * where it has to be, or on request.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>
#include "imgwrite.h"
#include "keep.h"
#include "pages.h"
#include "trace.h"
#include "twin.h"

enum snapshot_way { SNAPSHOT_STOP, SNAPSHOT_KEEP, SNAPSHOT_TWIN };
enum snapshot_wish {
        SNAPSHOT_ANY,
        SNAPSHOT_TRY,           /* a twin if it can be */
        SNAPSHOT_ALWAYS,        /* a twin, or fail */
        SNAPSHOT_NEVER,
};

struct snapshot {               /* all zero but wish: nothing yet */
        enum snapshot_wish wish;
        enum snapshot_way  way;
        char         why[160];  /* it is SNAPSHOT_STOP, if nobody wished that; "": it is not */
        struct keep  keep;
        int          ahead;     /* by snapshot_hold_ahead() */
        struct twin  twin;
};

/*
 * Choose the way, and take the memory for it. own: bytes that are the target's alone,
 * neither shared nor a file's; 0: not known. dir: /proc/PID. 0, or -1 after fail(): SNAPSHOT_ALWAYS, and it cannot be;
 * or the target is gone.
 */
int snapshot_plan(struct snapshot *s, const struct pages *p, int dir, uint64_t own);

/* Is it still possible, with the mappings that it has now, and thread tid as the one that is borrowed? 0, or -1 after fail(), as above. */
int snapshot_check(struct snapshot *s, const struct pages *p, int dir, pid_t tid);

/* why, unless NULL, says why it had better not be cloned. 0, or -1 after fail(), as above. */
int snapshot_beware(struct snapshot *s, const char *why);

/*
 * What snapshot_hold() will copy, by another thread while the parasite is in the stopped target, or before. With memory
 * that only the parasite can read it does nothing. What fails is done once more.
 */
void snapshot_hold_ahead(struct snapshot *s, const struct pages *p);

/* It has run on: that was of another stop. */
void snapshot_again(struct snapshot *s);

/*
 * Copy what must be copied while the target is stopped; fills in p->keep and p->whole.
 * outside: no code ran in the target; clone: what clone(2) said there. 0, or -1 after fail(), as above.
 */
int snapshot_hold(struct snapshot *s, struct pages *p, int outside, int clone);

/* The pages into the image, if not SNAPSHOT_STOP. See twin_adopt(). 0, or -1 after fail(). */
int snapshot_read(struct snapshot *s, struct pages *p, struct trace *t, pid_t ns_pid, uint64_t data, struct imgwrite *w);

/* Nothing of it is left, also after a failure of any of these. 0, or -1 after fail(): see twin_end(). */
int snapshot_end(struct snapshot *s, struct trace *t);

#endif
