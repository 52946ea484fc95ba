/* SPDX-License-Identifier: MIT */
/* summary.c - what a dump says when it has succeeded */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "text.h"
#include "util.h"

static void format_ns(char *buf, size_t len, uint64_t ns)
{
        if (ns < 10000000000ull)
                snprintf(buf, len, "%" PRIu64 ".%02" PRIu64 " ms", ns / 1000000, ns / 10000 % 100);
        else
                snprintf(buf, len, "%" PRIu64 ".%" PRIu64 " s", ns / 1000000000, ns / 100000000 % 10);
}

void summary_line(const struct summary *s)
{
        char pause[32], total[32];

        format_ns(pause, sizeof pause, s->pause_ns);
        format_ns(total, sizeof total, s->total_ns);
        inform("%d (%s): %zu thread%s, %" PRIu64 " pages, %" PRIu64 " bytes, paused %s, took %s%s%s%s",
               s->pid, s->name, s->threads, s->threads == 1 ? "" : "s", s->pages, s->bytes, pause, total,
               *s->why ? "; stopped for the copy: " : "", s->why,
               s->outside ? "; from outside only, see notes in crdump show" : "");
}

int summary_json(const struct summary *s)
{
        struct json j = { .line = 1 };
        int streamed = strcmp(s->path, "-") == 0;

        if (streamed && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)         /* the image is through */
                return fail("stdout:"), EXIT_FAILED;
        json_open(&j, NULL, '{');
        json_int(&j, "pid", s->pid);
        json_text(&j, "name", s->name);
        json_text(&j, "file", streamed ? NULL : s->path);
        json_raw(&j, "id", (const char *)s->id, 16);
        json_int(&j, "threads", (int64_t)s->threads);
        json_int(&j, "pages", (int64_t)s->pages);
        json_hex(&j, "bytes", s->bytes);
        json_hex(&j, "pause_ns", s->pause_ns);
        json_hex(&j, "total_ns", s->total_ns);
        json_text(&j, "way", s->way);
        json_text(&j, "why", *s->why ? s->why : NULL);
        json_bool(&j, "outside", s->outside);
        json_parts(&j, "notes", s->notes->text, s->notes->len, '\n');
        json_close(&j, '}');
        putchar('\n');
        return text_end(EXIT_DONE);
}
