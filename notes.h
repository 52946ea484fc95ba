/* SPDX-License-Identifier: MIT */
/* notes.h - what is missing from an image and why, line by line, for its NOTE chunk */
#ifndef NOTES_H
#define NOTES_H

#include <stddef.h>

#define NOTES_MAX       16384   /* bytes */

struct notes {
        char   text[NOTES_MAX];
        size_t len;
        size_t left;            /* lines that found no room: notes_end() says how many */
};

struct notes_mark {             /* what was noted by then */
        size_t len, left;
};

struct notes_mark notes_mark(const struct notes *notes);
void notes_back(struct notes *notes, const struct notes_mark *m);

/* Note a line; also said with -v. */
void notes_add(struct notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All that `more` has, which is empty then. */
void notes_join(struct notes *notes, struct notes *more);

/* The last line, where there were more than fit. */
void notes_end(struct notes *notes);

#endif
