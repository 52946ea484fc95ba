/* SPDX-License-Identifier: MIT */
/*
 * json.h - JSON on stdout, for programs
 *
 * Everything takes the key of the value, or NULL where it is one of a list.
 * What the keys mean stands in crdump.1, section JSON: they are only ever
 * added.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdint.h>

struct json {
        int depth;
        int more;               /* the innermost object or list has a value already */
        int line;               /* all of it in one line */
};

/* '{' or '[', and the bracket that ends it. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

void json_null(struct json *j, const char *key);
void json_bool(struct json *j, const char *key, int yes);
void json_int(struct json *j, const char *key, int64_t n);      /* for what has up to 32 bits, and counts of pages */
void json_hex(struct json *j, const char *key, uint64_t n);     /* "0x..." for what has 64 */
void json_letter(struct json *j, const char *key, uint32_t c);  /* a string of one ASCII letter; "?" if it is none */

/* Bytes from the image: valid UTF-8 as it is, of all else each byte as \u00NN. NULL: null. */
void json_string(struct json *j, const char *key, const char *bytes, size_t len);
void json_text(struct json *j, const char *key, const char *s);

/* The names of bits that have one, as a list; see name_in(). */
void json_bits(struct json *j, const char *key, uint64_t bits, const char *list);

void json_raw(struct json *j, const char *key, const char *bytes, size_t len);  /* two hex digits each; NULL: null */

void json_dev(struct json *j, const char *key, uint32_t major, uint32_t minor); /* "08:01", in hex as in /proc/PID/maps */

/* The decimal numbers at the start of s, between blanks, as a list; NULL: null. */
void json_numbers(struct json *j, const char *key, const char *s);

/* The parts of len bytes that each end with the byte `end`, the last one maybe not, as a list; NULL: null. */
void json_parts(struct json *j, const char *key, const char *bytes, size_t len, char end);

#endif
