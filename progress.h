/* SPDX-License-Identifier: MIT */
/*
 * progress.h - one line on a terminal about what takes more than a second
 *
 * It is redrawn at most four times a second, and gone before any message and
 * at the end. Who counts bytes need not be who draws: what they share is in
 * memory that a fork() leaves to both. Drawing never waits: a terminal that
 * takes nothing, or that another job has, is left alone.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

/*
 * From now on, the bytes of a file that is read or written `times` times are
 * counted. 0: nothing will be drawn, as stderr is no terminal, or -q was given;
 * then all the rest does nothing. 1: something may be.
 */
int progress_begin(unsigned times);

/* The bytes of that file; UINT64_MAX, or less than were counted: not known. */
void progress_total(uint64_t bytes);

void progress_at(uint64_t bytes);       /* so many are done; */
void progress_add(uint64_t bytes);      /* so many more, and draw the line */

/* Draw the line, if it is time. */
void progress_draw(void);

/* Take it away, for good. */
void progress_end(void);

#endif
