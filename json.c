/* SPDX-License-Identifier: MIT */
/* json.c - JSON on stdout, for programs */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define LINES_DEPTH     2       /* so deep every value has a line of its own */

/* What stands before a value. */
static void before(struct json *j, const char *key)
{
        if (j->more)
                putchar(',');
        if (j->depth > 0 && j->depth <= LINES_DEPTH && !j->line)
                printf("\n%*s", 2 * j->depth, "");
        else if (j->more)
                putchar(' ');
        if (key)
                printf("\"%s\": ", key);
        j->more = 1;
}

void json_open(struct json *j, const char *key, char bracket)
{
        before(j, key);
        putchar(bracket);
        j->depth++;
        j->more = 0;
}

void json_close(struct json *j, char bracket)
{
        j->depth--;
        if (j->more && j->depth < LINES_DEPTH && !j->line)
                printf("\n%*s", 2 * j->depth, "");
        putchar(bracket);
        j->more = 1;
}

void json_null(struct json *j, const char *key)
{
        before(j, key);
        printf("null");
}

void json_bool(struct json *j, const char *key, int yes)
{
        before(j, key);
        printf(yes ? "true" : "false");
}

void json_int(struct json *j, const char *key, int64_t n)
{
        before(j, key);
        printf("%" PRId64, n);
}

void json_hex(struct json *j, const char *key, uint64_t n)
{
        before(j, key);
        printf("\"0x%" PRIx64 "\"", n);
}

/*
 * Bytes of the valid UTF-8 character at s, of which there are len; 0: it is
 * none. Overlong forms, surrogates and what is above U+10FFFF are not valid,
 * and control characters are not wanted.
 */
static size_t utf8(const unsigned char *s, size_t len)
{
        static const uint32_t least[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };
        size_t n = *s < 0x80 ? 1 : *s < 0xc0 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf8 ? 4 : 0;
        uint32_t c = n == 1 ? *s : *s & (0x7fu >> n);

        if (n == 0 || n > len)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0x7f)
                return 0;
        return n;
}

void json_string(struct json *j, const char *key, const char *bytes, size_t len)
{
        const unsigned char *s = (const unsigned char *)bytes;

        if (!bytes) {
                json_null(j, key);
                return;
        }
        before(j, key);
        putchar('"');
        while (len > 0) {
                size_t n = utf8(s, len);

                if (n == 0)
                        printf("\\u%04x", *s);
                else if (*s == '"' || *s == '\\')
                        printf("\\%c", *s);
                else
                        fwrite(s, 1, n, stdout);
                n += n == 0;
                s += n;
                len -= n;
        }
        putchar('"');
}

void json_text(struct json *j, const char *key, const char *s)
{
        json_string(j, key, s, s ? strlen(s) : 0);
}

void json_letter(struct json *j, const char *key, uint32_t letter)
{
        char c = (char)letter;

        json_string(j, key, letter > 0 && letter < 0x80 ? &c : "?", 1);
}

void json_bits(struct json *j, const char *key, uint64_t bits, const char *list)
{
        char buf[NAMES_LEN];

        json_open(j, key, '[');
        for (int bit = 0; bit < 64; bit++)
                if (bits >> bit & 1 && name_in(list, bit, buf))
                        json_text(j, NULL, buf);
        json_close(j, ']');
}

void json_raw(struct json *j, const char *key, const char *bytes, size_t len)
{
        if (!bytes) {
                json_null(j, key);
                return;
        }
        before(j, key);
        putchar('"');
        for (size_t i = 0; i < len; i++)
                printf("%02x", (unsigned char)bytes[i]);
        putchar('"');
}

void json_dev(struct json *j, const char *key, uint32_t major, uint32_t minor)
{
        before(j, key);
        printf("\"%02" PRIx32 ":%02" PRIx32 "\"", major, minor);
}

void json_numbers(struct json *j, const char *key, const char *s)
{
        char *end;

        if (!s) {
                json_null(j, key);
                return;
        }
        json_open(j, key, '[');
        for (long n; n = strtol(s, &end, 10), end != s; s = end)
                json_int(j, NULL, n);
        json_close(j, ']');
}

void json_parts(struct json *j, const char *key, const char *bytes, size_t len, char end)
{
        if (!bytes) {
                json_null(j, key);
                return;
        }
        json_open(j, key, '[');
        while (len > 0) {
                const char *stop = memchr(bytes, end, len);
                size_t n = stop ? (size_t)(stop - bytes) : len;

                json_string(j, NULL, bytes, n);
                n += stop != NULL;
                bytes += n;
                len -= n;
        }
        json_close(j, ']');
}
