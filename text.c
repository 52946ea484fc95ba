/* SPDX-License-Identifier: MIT */
/* text.c - words on stdout, for people */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "util.h"

int text_bytes(const char *s, size_t len)
{
        int columns = 0;

        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)s[i];

                if (c >= ' ' && c <= '~' && c != '\\')
                        columns += putchar(c) != EOF;
                else
                        columns += printf("\\x%02x", c);
        }
        return columns;
}

int text_label(const char *name)
{
        return printf("%-*s", TEXT_LABEL, name);
}

void text_subject(const struct text_subject *s)
{
        printf("%s", s->what);
        if (s->name && s->len) {
                putchar(' ');
                text_bytes(s->name, s->len);
        }
        printf(": ");
}

int text_key(const char *key)
{
        size_t len = strlen(key);

        if (len > 3 && strcmp(key + len - 3, "_ns") == 0)
                len -= 3;
        for (size_t i = 0; i < len; i++)
                putchar(key[i] == '_' && *key >= 'a' ? ' ' : key[i]);
        return (int)len;
}

int text_item(const char *key)
{
        int columns = printf("  ") + text_key(key);

        return columns + printf("%*s", columns < TEXT_LABEL ? TEXT_LABEL - columns : 0, "");
}

void text_line(const char *key, const char *s, size_t len)
{
        text_item(key);
        if (s)
                text_bytes(s, len);
        else
                printf("not known");
        putchar('\n');
}

void text_lines(const char *key, const char *s, size_t len, char end)
{
        if (!s || !len)
                text_line(key, s ? "none" : NULL, 4);
        while (len > 0) {
                const char *stop = memchr(s, end, len);
                size_t n = stop ? (size_t)(stop - s) : len;

                text_line(key, s, n);
                n += stop != NULL;
                s += n;
                len -= n;
                key = "";
        }
}

void text_gap(size_t len, int *column)
{
        if (*column > TEXT_LABEL && *column + (int64_t)len >= TEXT_WIDTH)
                *column = printf("\n%*s", TEXT_LABEL, "") - 1;
        else if (*column > TEXT_LABEL)
                *column += printf(" ");
}

void text_word(const char *word, int *column)
{
        text_gap(strlen(word), column);
        *column += printf("%s", word);
}

void text_parts(const char *key, const char *s, size_t len, char end)
{
        int column = text_item(key);

        while (len > 0) {
                const char *stop = memchr(s, end, len);
                size_t n = stop ? (size_t)(stop - s) : len;

                text_gap(n, &column);
                column += text_bytes(s, n);
                n += stop != NULL;
                s += n;
                len -= n;
        }
        putchar('\n');
}

void text_bits(uint64_t bits, const char *list, int *column)
{
        uint64_t names = 0;
        char buf[NAMES_LEN];

        for (int bit = 0; bit < 64; bit++)
                names |= (uint64_t)(name_in(list, bit, buf) != NULL) << bit;
        if (__builtin_popcountll(names) > 32 && __builtin_popcountll(bits) > 32 && !(bits & ~names)) {
                bits ^= names;
                text_word(bits ? "all but" : "all", column);
        } else if (!bits) {
                text_word(name_in(list, -1, buf) ? buf : "none", column);
        }
        for (int bit = 0; bit < 64; bit++)
                if (bits & names & (uint64_t)1 << bit)
                        text_word(name_in(list, bit, buf), column);
        if (bits & ~names) {
                snprintf(buf, sizeof(buf), "%#" PRIx64, bits & ~names);
                text_word(buf, column);
        }
}

void text_signals(uint64_t mask, int *column)
{
        uint64_t names = mask;
        char name[16];

        if (__builtin_popcountll(mask) > NAMES_SIGNALS / 2) {
                names = ~mask;
                text_word(names ? "all but" : "all", column);
        }
        for (int sig = 1; sig <= NAMES_SIGNALS; sig++)
                if (names >> (sig - 1) & 1)
                        text_word(name_signal(sig, name), column);
        if (mask == 0)
                text_word("none", column);
}

/* Without floating point. */
int text_size(uint64_t bytes)
{
        static const char unit[] = "KMGTPE";
        uint64_t tenths = bytes;
        int i = -1;

        if (bytes < 1024)
                return printf("%" PRIu64 " B", bytes);
        for (; tenths >= 1024 && (i < 0 || tenths >= 1024 * 10); i++)
                tenths = i < 0 ? bytes / 1024 * 10 + bytes % 1024 * 10 / 1024 : tenths / 1024;
        return printf("%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10, unit[i]);
}

int text_span(uint64_t ns)
{
        uint64_t us = ns / 1000;

        if (us < 1000)
                return printf("%" PRIu64 " us", us);
        if (us < 10000000)
                return printf("%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
        return printf("%" PRIu64 ".%" PRIu64 " s", us / 1000000, us / 100000 % 10);
}

/* Without the C library's time zones. */
int text_date(int64_t at)
{
        uint64_t sec = (uint64_t)at, days = sec / 86400, era, doe, yoe, doy, mp, day, month, year;

        if (at < 0)
                return printf("before 1970");
        /* years start in March here, an era is 400 of them: 146097 days */
        days += 719468;
        era = days / 146097;
        doe = days % 146097;
        yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        mp = (5 * doy + 2) / 153;
        day = doy - (153 * mp + 2) / 5 + 1;
        month = mp < 10 ? mp + 3 : mp - 9;
        year = yoe + era * 400 + (month <= 2);
        sec %= 86400;
        return printf("%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " UTC",
                      year, month, day, sec / 3600, sec / 60 % 60, sec % 60);
}

int text_end(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno != EPIPE)
                fail("stdout:");
        return EXIT_FAILED;
}
