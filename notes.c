/* SPDX-License-Identifier: MIT */
/* notes.c - what is missing from an image and why, line by line */
#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define LAST_LINE       64      /* bytes kept for what notes_end() says */

static void add(struct notes *notes, size_t room, const char *fmt, va_list ap)
{
        int n = vsnprintf(notes->text + notes->len, room, fmt, ap);

        if (n < 0 || (size_t)n + 1 >= room) {
                notes->left++;          /* what there is of it is overwritten, or cut off by len */
                return;
        }
        say("note: %s", notes->text + notes->len);
        notes->text[notes->len + (size_t)n] = '\n';
        notes->len += (size_t)n + 1;
}

void notes_add(struct notes *notes, const char *fmt, ...)
{
        size_t used = notes->len + LAST_LINE;
        va_list ap;

        va_start(ap, fmt);
        add(notes, used < sizeof notes->text ? sizeof notes->text - used : 0, fmt, ap);
        va_end(ap);
}

void notes_join(struct notes *notes, struct notes *more)
{
        for (char *p = more->text, *end = p + more->len; p < end; p += strlen(p) + 1) {
                p[strcspn(p, "\n")] = '\0';
                notes_add(notes, "%s", p);
        }
        notes->left += more->left;
        more->len = more->left = 0;
}

static void add_last(struct notes *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add_last(struct notes *notes, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        add(notes, sizeof notes->text - notes->len, fmt, ap);
        va_end(ap);
}

struct notes_mark notes_mark(const struct notes *notes)
{
        return (struct notes_mark){ notes->len, notes->left };
}

void notes_back(struct notes *notes, const struct notes_mark *m)
{
        notes->len = m->len;
        notes->left = m->left;
}

void notes_end(struct notes *notes)
{
        if (notes->left)
                add_last(notes, "%zu more notes found no room here", notes->left);
        notes->left = 0;
}
