/* SPDX-License-Identifier: MIT */
/*
 * text.h - words on stdout, for people
 *
 * An image may come from anywhere: every byte of text from it passes through
 * text_bytes(), so that none reaches the terminal as a control sequence.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_WIDTH      96      /* lines that list things are broken here */
#define TEXT_LABEL      10      /* columns of the words at the left */

/* Text from the image: printable ASCII as it is, all else, and the backslash, as \xNN. Returns its columns. */
int text_bytes(const char *s, size_t len);

/* The word at the left, or blanks: a value follows. */
void text_label(const char *name);

/* A word of a list, on a new line if this one is full; *column is where we are. */
void text_word(const char *word, int *column);

/* So many bytes, as people say it: 1023 B, 4.0 KiB... */
void text_size(uint64_t bytes);

/* A span of time: microseconds under a millisecond, milliseconds under ten seconds, else seconds. */
void text_span(uint64_t ns);

/* CLOCK_REALTIME as date and time in UTC. */
void text_date(uint64_t ns);

/* Signals of a mask by name, up to the end of the line; more than half of them set: those that are not. */
void text_signals(uint64_t mask, int column);

/*
 * Let stdout go. Returns status, or EXIT_FAILED where what was printed could
 * not be written, after saying so, but not to a reader who has had enough. To
 * be called right after printing, so that errno is that of the failure.
 */
int text_end(int status);

#endif
