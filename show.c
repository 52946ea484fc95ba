/* SPDX-License-Identifier: MIT */
/* show.c - crdump show: an image in words, or as JSON */
#include "show.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "load.h"
#include "showfd.h"
#include "showmap.h"
#include "showproc.h"
#include "showsig.h"
#include "showthread.h"
#include "text.h"
#include "util.h"

#define SUM_NOTES       6       /* lines of what is missing in the summary */

static void image_text(const struct model *m, const char *path)
{
        text_label("image");
        text_bytes(path, strlen(path));
        printf(", %s\n", m->complete ? "complete" : "INCOMPLETE OR DAMAGED: only what came before the damage follows");
        if (!m->have_header)
                return;
        text_label("");
        printf("format %u.%u, id ", m->header.major, m->header.minor);
        for (size_t i = 0; i < sizeof(m->header.id); i++)
                printf("%02x", m->header.id[i]);
        printf(", %" PRIu32 " chunks, ", m->chunks);
        text_size(m->bytes);
        putchar('\n');
        if (m->skipped) {
                text_label("");
                printf("%" PRIu32 " chunks are of kinds that this crdump does not know\n", m->skipped);
        }
}

static void when_text(const struct model *m)
{
        const struct model_bytes *host = &m->str[IMG_STR_HOST];

        if (!m->have_proc)
                return;
        text_label("dumped");
        text_date((int64_t)(m->proc.dump_time_ns / 1000000000));
        if (host->p) {
                printf(" on ");
                text_bytes(host->p, strlen(host->p));
        }
        if (m->have_end) {
                printf(", paused for ");
                text_span(m->end.pause_ns);
                printf(", done in ");
                text_span(m->end.total_ns);
        }
        putchar('\n');
}

/* What is missing, up to `most` lines of it. */
static void notes_text(const struct model *m, int most)
{
        int n = 0;

        for (size_t at = 0; at < m->notes.len; n++) {
                const char *p = m->notes.p + at, *stop = memchr(p, '\n', m->notes.len - at);
                size_t len = stop ? (size_t)(stop - p) : m->notes.len - at;

                if (n < most) {
                        text_label(n ? "" : "missing");
                        text_bytes(p, len);
                        putchar('\n');
                }
                at += len + 1;
        }
        if (n > most) {
                text_label("");
                printf("and %d more: see --all\n", n - most);
        }
}

static void files_text(const struct model *m)
{
        int column = 0;

        if (!m->files_n)
                return;
        printf("\ncopies of /proc files, bytes\n ");
        for (uint32_t i = 0; i < m->files_n; i++) {
                const struct model_file *f = &m->files[i];

                if (column > TEXT_WIDTH - 30) {
                        printf("\n ");
                        column = 0;
                }
                column += printf(" ") + text_bytes(f->name, strlen(f->name));
                column += printf(" %" PRIu64 "%s", f->len, i + 1 < m->files_n ? "," : "\n");
        }
}

static void format_json(struct json *j, const struct model *m)
{
        const struct img_header *h = &m->header;
        char id[2 * sizeof(h->id) + 1];

        if (!m->have_header) {
                json_null(j, "format");
                return;
        }
        for (size_t i = 0; i < sizeof(h->id); i++)
                snprintf(id + 2 * i, 3, "%02x", h->id[i]);
        json_open(j, "format", '{');
        json_int(j, "major", h->major);
        json_int(j, "minor", h->minor);
        json_text(j, "id", id);
        json_int(j, "arch", h->arch);
        json_int(j, "chunks", m->chunks);
        json_int(j, "skipped", m->skipped);
        json_hex(j, "bytes", m->bytes);
        json_close(j, '}');
}

static void dump_json(struct json *j, const struct model *m)
{
        if (!m->have_end) {
                json_null(j, "dump");
                return;
        }
        json_open(j, "dump", '{');
        json_hex(j, "pause_ns", m->end.pause_ns);
        json_hex(j, "total_ns", m->end.total_ns);
        json_close(j, '}');
}

static void show_text(const struct model *m, const char *path, unsigned parts)
{
        if (parts & SHOW_SUMMARY) {
                image_text(m, path);
                when_text(m);
                showproc_sum_text(m);
                showthread_sum_text(m);
                showmap_sum_text(m);
                showfd_sum_text(m);
                showsig_sum_text(m);
                notes_text(m, parts == SHOW_SUMMARY ? SUM_NOTES : INT_MAX);
        }
        if (parts & SHOW_PROCESS) {
                showproc_text(m);
                files_text(m);
        }
        if (parts & SHOW_THREADS)
                showthread_text(m);
        if (parts & SHOW_MAPS)
                showmap_text(m);
        if (parts & SHOW_FDS)
                showfd_text(m);
        if (parts & SHOW_SIGNALS)
                showsig_text(m);
        if (parts & SHOW_TIMERS)
                showsig_timers_text(m);
}

static void files_json(struct json *j, const struct model *m)
{
        json_open(j, "files", '[');
        for (uint32_t i = 0; i < m->files_n; i++) {
                json_open(j, NULL, '{');
                json_text(j, "name", m->files[i].name);
                json_hex(j, "len", m->files[i].len);
                json_close(j, '}');
        }
        json_close(j, ']');
}

static void show_json(const struct model *m, const char *path, unsigned parts)
{
        struct json j = { 0 };

        json_open(&j, NULL, '{');
        json_text(&j, "file", path);
        json_bool(&j, "complete", m->complete);
        format_json(&j, m);
        dump_json(&j, m);
        if (parts & SHOW_PROCESS)
                showproc_json(&j, m);
        if (parts & (SHOW_SUMMARY | SHOW_MAPS))
                showmap_sum_json(&j, m);
        if (parts & SHOW_THREADS)
                showthread_json(&j, m);
        if (parts & SHOW_MAPS)
                showmap_json(&j, m);
        if (parts & SHOW_FDS)
                showfd_json(&j, m);
        if (parts & SHOW_SIGNALS)
                showsig_json(&j, m);
        if (parts & SHOW_TIMERS)
                showsig_timers_json(&j, m);
        if (parts & SHOW_PROCESS)
                files_json(&j, m);
        if (parts & SHOW_SUMMARY)
                json_parts(&j, "notes", m->notes.p ? m->notes.p : "", m->notes.len, '\n');
        json_close(&j, '}');
        putchar('\n');
}

int show(const char *path, unsigned parts, int json)
{
        struct model m;
        int status = load(&m, path, 0);

        if (status == EXIT_FAILED)
                ;       /* nothing to show: it could not be read */
        else if (json)
                show_json(&m, path, parts ? parts : SHOW_ALL);
        else
                show_text(&m, path, parts ? parts : SHOW_SUMMARY);
        status = text_end(status);
        model_free(&m);
        return status;
}
