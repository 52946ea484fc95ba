/* SPDX-License-Identifier: MIT */
/* fields.c - what a struct of the image says, by a table: words and JSON alike */
#include "fields.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Its value, its sign extended if it has one. 0: not known. */
static int value(const struct field *f, const void *base, size_t len, uint32_t known, int64_t *v)
{
        int kind = f->kind & ~FIELD_ERRNO;
        unsigned shift = 64 - 8 * f->len;

        if ((f->known && !(known >> (f->known - 1) & 1)) || f->at > len || f->len > len - f->at)
                return 0;
        *v = 0;
        memcpy(v, (const char *)base + f->at, f->len);
        if (kind == FIELD_INT || kind == FIELD_NAME || kind == FIELD_SIGNAL || kind != f->kind)
                *v = (int64_t)((uint64_t)*v << shift) >> shift;
        return 1;
}

static const char *name(const struct field *f, int64_t v, char buf[NAMES_LEN])
{
        if ((f->kind & ~FIELD_ERRNO) == FIELD_SIGNAL)
                return v >= 1 && v <= NAMES_SIGNALS ? name_signal((int)v, buf) : v ? NULL : "none";
        if ((f->kind & ~FIELD_ERRNO) == FIELD_YES)
                return v == 0 ? "no" : v == 1 ? "yes" : NULL;
        return f->names && f->kind != FIELD_BITS ? name_in(f->names, v, buf) : NULL;
}

static int ones(const struct field *f, int64_t v)
{
        return v == (int64_t)(UINT64_MAX >> (64 - 8 * f->len));
}

/* What follows the label, up to *column. */
static void words(const struct field *f, int64_t v, int *column)
{
        const char *word;
        char buf[NAMES_LEN];
        int kind = f->kind & ~FIELD_ERRNO;

        if (v < 0 && kind != f->kind) {
                *column += printf("not known: %s", strerror(v < -4095 ? 0 : (int)-v));
                return;
        }
        if (kind == FIELD_BITS || kind == FIELD_SIGNALS) {
                if (kind == FIELD_BITS)
                        text_bits((uint64_t)v, f->names, column);
                else
                        text_signals((uint64_t)v, column);
                return;
        }
        if ((word = name(f, v, buf)))
                *column += printf("%s", word);
        else if ((kind == FIELD_TOLD || kind == FIELD_SIZE) && ones(f, v))
                *column += printf("not known");
        else if (kind == FIELD_NS)
                *column += text_span((uint64_t)v);
        else if (kind == FIELD_SIZE)
                *column += text_size((uint64_t)v);
        else if (kind == FIELD_UNSET && ones(f, v))
                *column += printf("not set");
        else if (kind == FIELD_HEX || kind == FIELD_TOLD)
                *column += printf("%#" PRIx64, (uint64_t)v);
        else if (kind == FIELD_OCT)
                *column += printf("%#" PRIo64, (uint64_t)v);
        else if (kind == FIELD_UINT)
                *column += printf("%" PRIu64, (uint64_t)v);
        else
                *column += printf("%" PRId64, v);
}

void fields_text(const struct field *f, const void *base, size_t len, uint32_t known)
{
        int column = 0, head = 1;       /* is what the line begins with known? */
        int64_t v;

        for (; f->key; f++) {
                int there = value(f, base, len, known, &v);

                if (*f->key == '-' || (*f->key == ',' && !head))
                        continue;
                if (*f->key != ',')
                        head = there;
                if (*f->key == '?' && !there)
                        continue;
                if (*f->key == ',') {
                        column += printf(", ") + text_key(f->key + 1);
                        column += printf(f->kind == FIELD_BITS || f->kind == FIELD_SIGNALS ? "" : " ");
                } else {
                        if (column)
                                putchar('\n');
                        column = text_item(f->key + (*f->key == '?'));
                }
                if (there)
                        words(f, v, &column);
                else
                        column += printf("not known");
        }
        if (column)
                putchar('\n');
}

/* The key without the sign that begins it. */
static const char *bare(const struct field *f)
{
        return f->key + (strchr("-,?", *f->key) != NULL);
}

static void value_words(const struct field *f, int there, int64_t v)
{
        int column = INT_MIN / 2;       /* so that no line is broken */

        if (!there || (f->kind != FIELD_BITS && f->kind != FIELD_SIGNALS))
                putchar(' ');           /* those begin with one */
        if (there)
                words(f, v, &column);
        else
                printf("not known");
}

uint64_t fields_diff(const struct field *f, const void *a, uint32_t a_known, const void *b, uint32_t b_known, size_t len,
                     const struct text_subject *s)
{
        uint64_t n = 0;

        for (; f->key; f++) {
                int64_t x = 0, y = 0;
                int was = value(f, a, len, a_known, &x), is = value(f, b, len, b_known, &y);

                if (was == is && x == y)
                        continue;
                text_subject(s);
                text_key(bare(f));
                value_words(f, was, x);
                printf(" ->");
                value_words(f, is, y);
                putchar('\n');
                n++;
        }
        return n;
}

void fields_names_key(char to[NAMES_LEN], const char *key, int many)
{
        int len = (int)strlen(key);

        if (many && len > 1 && key[len - 1] == 's' && key[len - 2] != 's')
                len--;
        snprintf(to, NAMES_LEN, many ? "%.*s_names" : "%.*s_name", len, key);
}

void fields_json(struct json *j, const struct field *f, const void *base, size_t len, uint32_t known)
{
        for (; f->key; f++) {
                const char *key = bare(f);
                char other[NAMES_LEN], buf[NAMES_LEN];
                int kind = f->kind & ~FIELD_ERRNO;
                int64_t v = 0;
                int there = value(f, base, len, known, &v);

                if (!there || ((kind == FIELD_TOLD || kind == FIELD_SIZE) && ones(f, v)))
                        json_null(j, key);
                else if (f->len == 8)
                        json_hex(j, key, (uint64_t)v);
                else
                        json_int(j, key, v);
                fields_names_key(other, key, kind == FIELD_BITS);
                there = there && !(v < 0 && kind != f->kind);
                if (kind == FIELD_BITS && there)
                        json_bits(j, other, (uint64_t)v, f->names);
                else if (f->names || kind == FIELD_SIGNAL)
                        json_text(j, other, there && (v || f->names) ? name(f, v, buf) : NULL);
        }
}
