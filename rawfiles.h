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

#define RAWFILES        18

struct rawfiles {
        int dir;                /* /proc/PID */
        int live_dir;           /* the same, or that of a thread that has the memory: see trace.h */
        struct rawfile {
                char *text;     /* NUL behind it; NULL: not read yet, or could not be */
                size_t len;
                int err;        /* errno: it could not be read */
        } file[RAWFILES];
};

/* Read those that take time and seldom change, or count what is done: before the stop. */
void rawfiles_early(struct rawfiles *r);

/* The text of one of them is known already, NUL behind it. Without memory for it, it will be read. */
void rawfiles_take(struct rawfiles *r, const char *name, const char *text);

/* The text of one of them, read when first asked for; NULL with errno. */
const char *rawfiles_text(struct rawfiles *r, const char *name);

/* All of them as FILE chunks; frees them. 0, or -1 after fail(). */
int rawfiles_write(struct rawfiles *r, struct imgwrite *w, struct notes *notes);

void rawfiles_free(struct rawfiles *r);

#endif
