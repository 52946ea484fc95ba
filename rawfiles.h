/* SPDX-License-Identifier: MIT */
/*
 * rawfiles.h - files of /proc/PID that go into the image as they are
 *
 * Cheap, and whatever is not understood today can be read from them later.
 * Each is read once: what an image says of them elsewhere is from this text.
 */
#ifndef RAWFILES_H
#define RAWFILES_H

#include <stddef.h>
#include "imgwrite.h"
#include "notes.h"
#include "slurp.h"

#define RAWFILES        18

struct rawfiles {
        int dir;                /* /proc/PID */
        int live_dir;           /* the same, or that of a thread that has the memory: see trace.h */
        struct rawfile {
                struct slurp text;      /* NUL behind it */
                size_t len;
                int known;              /* it has been read, or could not be */
                int err;                /* errno: it could not be */
                int open;               /* and to be read once more: its descriptor; 0: it is not */
        } file[RAWFILES];
};

/* Read those that take time and seldom change, or count what is done: before the stop. */
void rawfiles_early(struct rawfiles *r);

/* Read all that have not been. */
void rawfiles_all(struct rawfiles *r);

/* What was read by now but those was a rehearsal: it will be read again, by then without a wait for memory. */
void rawfiles_again(struct rawfiles *r);

/* The text of one of them is known already, NUL behind it. Without memory for it, it will be read. */
void rawfiles_take(struct rawfiles *r, const char *name, const char *text);

/* The text of one of them, read when first asked for; NULL with errno. */
const char *rawfiles_text(struct rawfiles *r, const char *name);

/* All of them, which have been read, as FILE chunks, once. 0, or -1 after fail(). */
int rawfiles_write(struct rawfiles *r, struct imgwrite *w, struct notes *notes);

void rawfiles_free(struct rawfiles *r);

#endif
