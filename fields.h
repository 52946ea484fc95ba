/* SPDX-License-Identifier: MIT */
/*
 * fields.h - what a struct of the image says, by a table: words and JSON alike
 *
 * The words are made of the key: "io_priority" is a line that begins with "io
 * priority". What is not known (its bit is not set, or the struct ends before
 * it, as an older image's does) is "not known", and null.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include "json.h"
#include "names.h"
#include "text.h"

enum field_kind {               /* in words; in JSON a number, or 0x if it has 64 bits */
        FIELD_INT,              /* a signed number */
        FIELD_UINT,
        FIELD_HEX,
        FIELD_OCT,
        FIELD_NS,               /* a span of time */
        FIELD_SIZE,             /* bytes; all ones: not known */
        FIELD_YES,              /* 0 is no, 1 is yes */
        FIELD_SIGNAL,           /* by name, 0 is none; JSON has key_name too */
        FIELD_SIGNALS,          /* a mask */
        FIELD_NAME,             /* a name of `names`; JSON has key_name too */
        FIELD_BITS,             /* names of bits; JSON has key_names too, without the s of the key */
        FIELD_TOLD,             /* hex; all ones: not known */
        FIELD_UNSET,            /* a number; all ones: not set */
        FIELD_ERRNO = 32,       /* or'ed: if it is negative, it is -errno: why it is not known */
};

struct field {
        const char *key;        /* NULL ends a table; ",key": on the line of the one before; "?key": no words where
                                   it is not known; "-key": in JSON only */
        const char *names;      /* see name_in(); NULL where there are none */
        uint16_t at;            /* bytes from the start of the struct */
        uint8_t  len;           /* 1, 2, 4 or 8 bytes, little-endian */
        uint8_t  kind;          /* enum field_kind */
        uint8_t  known;         /* which bit of `known` says that it is, plus 1; 0: needs none */
};

#define FIELD(struct_, member, kind, key, names) \
        { key, names, offsetof(struct_, member), sizeof(((struct_ *)0)->member), kind, 0 }
#define FIELD_IF(known, struct_, member, kind, key, names) \
        { key, names, offsetof(struct_, member), sizeof(((struct_ *)0)->member), kind, __builtin_ctz(known) + 1 }

/* Of the struct at base, len bytes are there. */
void fields_text(const struct field *f, const void *base, size_t len, uint32_t known);
void fields_json(struct json *j, const struct field *f, const void *base, size_t len, uint32_t known);

/*
 * What differs between two such structs, a line each: "SUBJECT: KEY OLD -> NEW".
 * Of both len bytes are there. Returns how many lines.
 */
uint64_t fields_diff(const struct field *f, const void *a, uint32_t a_known, const void *b, uint32_t b_known, size_t len,
                     const struct text_subject *s);

/* The key of the names of what has the key "flags": "flag_names", if it is one name: "clock_name". */
void fields_names_key(char to[NAMES_LEN], const char *key, int many);

#endif
