/* SPDX-License-Identifier: MIT */
/*
 * text.h - words on stdout, for people
 *
 * An image may come from anywhere: every byte of text from it passes through
 * text_bytes(), so that none reaches the terminal as a control sequence. What
 * returns an int returns the columns it has printed.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_WIDTH      96      /* lines that list things are broken here */
#define TEXT_LABEL      18      /* columns of the words at the left */

/* Text from the image: printable ASCII as it is, all else, and the backslash, as \xNN. */
int text_bytes(const char *s, size_t len);

/* The word at the left, or blanks: a value follows. */
int text_label(const char *name);

/* Whose the rest of a line is: "WHAT NAME: ". */
struct text_subject {
        char what[64];
        const char *name;       /* from the image; NULL: it has none */
        size_t len;
};
void text_subject(const struct text_subject *s);

/* A key in small letters as words: '_' is a blank, a final _ns is left out. */
int text_key(const char *key);

/* The same as a label of up to 15 columns, indented, for what belongs to the heading above. */
int text_item(const char *key);

/* An item, text from the image or "not known" (NULL), the end of the line. */
void text_line(const char *key, const char *s, size_t len);

/* The same for text of several lines, each ending with the byte `end`; "none" if there are none. */
void text_lines(const char *key, const char *s, size_t len, char end);

/* An item, then the parts of len bytes that each end in the byte `end`, as words. */
void text_parts(const char *key, const char *s, size_t len, char end);

/*
 * A word of a list, on a new line if this one is full; *column is where we are.
 * Or only what goes before one of len columns: a blank, or that new line.
 */
void text_gap(size_t len, int *column);
void text_word(const char *word, int *column);

/* The names of bits that are set, see name_in(); most of more than 32: those that are not. */
void text_bits(uint64_t bits, const char *list, int *column);
void text_signals(uint64_t mask, int *column);

/* So many bytes, as people say it: 1023 B, 4.0 KiB... */
int text_size(uint64_t bytes);

/* A span of time: microseconds under a millisecond, milliseconds under ten seconds, else seconds. */
int text_span(uint64_t ns);

/* Seconds since 1970 as date and time in UTC. */
int text_date(int64_t sec);

/*
 * Let stdout go. Returns status, or EXIT_FAILED where what was printed could
 * not be written, after saying so, but not to a reader who has had enough. To
 * be called right after printing, so that errno is that of the failure.
 */
int text_end(int status);

#endif
