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

void text_label(const char *name)
{
        printf("%-*s", TEXT_LABEL, name);
}

void text_word(const char *word, int *column)
{
        int len = (int)strlen(word) + 1;

        if (*column + len > TEXT_WIDTH) {
                printf("\n%*s", TEXT_LABEL - 1, "");
                *column = TEXT_LABEL - 1;
        }
        *column += printf(" %s", word);
}

/* Without floating point. */
void text_size(uint64_t bytes)
{
        static const char unit[] = "KMGTPE";
        uint64_t tenths = bytes;
        int i = -1;

        if (bytes < 1024) {
                printf("%" PRIu64 " B", bytes);
                return;
        }
        for (; tenths >= 1024 && (i < 0 || tenths >= 1024 * 10); i++)
                tenths = i < 0 ? bytes / 1024 * 10 + bytes % 1024 * 10 / 1024 : tenths / 1024;
        printf("%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10, unit[i]);
}

void text_span(uint64_t ns)
{
        uint64_t us = ns / 1000;

        if (us < 1000)
                printf("%" PRIu64 " us", us);
        else if (us < 10000000)
                printf("%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
        else
                printf("%" PRIu64 ".%" PRIu64 " s", us / 1000000, us / 100000 % 10);
}

/* Without the C library's time zones. */
void text_date(uint64_t ns)
{
        uint64_t sec = ns / 1000000000, days = sec / 86400, era, doe, yoe, doy, mp, day, month, year;

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
        printf("%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " UTC",
               year, month, day, sec / 3600, sec / 60 % 60, sec % 60);
}

void text_signals(uint64_t mask, int column)
{
        uint64_t names = mask;
        char name[16];

        if (__builtin_popcountll(mask) > NAMES_SIGNALS / 2) {
                names = ~mask;
                text_word(names ? "all but" : "all", &column);
        }
        for (int sig = 1; sig <= NAMES_SIGNALS; sig++)
                if (names >> (sig - 1) & 1)
                        text_word(name_signal(sig, name), &column);
        if (mask == 0)
                text_word("none", &column);
        putchar('\n');
}

int text_end(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno != EPIPE)
                fail("stdout:");
        return EXIT_FAILED;
}
