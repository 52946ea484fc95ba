/* SPDX-License-Identifier: MIT */
/* timers.c - the POSIX timers of a process */
#include "timers.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "util.h"

static struct img_timer *add(struct timers *t, size_t *cap)
{
        struct img_timer *p = t->timer;

        if (t->n == *cap) {
                *cap = *cap ? *cap * 2 : 16;
                p = realloc(p, *cap * sizeof *p);
                if (!p)
                        return NULL;
                t->timer = p;
        }
        p += t->n++;
        *p = (struct img_timer){ .err = PARASITE_NOT_ASKED, .overrun = PARASITE_NOT_ASKED };
        return p;
}

/* What follows `key` if the line begins with it; else NULL. */
static const char *after(const char *line, const char *key)
{
        size_t len = strlen(key);

        return strncmp(line, key, len) == 0 ? line + len : NULL;
}

/* "signal/tid.4711", "none/pid.1": kernel/time/posix-timers.c has the words, fs/proc/base.c the form. */
static void take_notify(const char *p, struct img_timer *timer)
{
        static const char *const word[] = { "signal/", "none/", "thread/" };
        const char *who = NULL;

        timer->notify = -1;
        for (int i = 0; i < 3 && !who; i++)
                if ((who = after(p, word[i])))
                        timer->notify = i;
        if (who && (p = after(who, "tid."))) {
                timer->notify |= 4;
                timer->tid = (int32_t)strtol(p, NULL, 10);
        }
}

/* A line about the timer that the last "ID:" opened; others than these are of later kernels. */
static void take_line(const char *line, struct img_timer *timer)
{
        const char *p;
        char *end;

        if ((p = after(line, "signal: "))) {
                timer->signal = (int32_t)strtol(p, &end, 10);
                timer->value = *end == '/' ? strtoull(end + 1, NULL, 16) : 0;   /* "(null)" on some */
        } else if ((p = after(line, "notify: "))) {
                take_notify(p, timer);
        } else if ((p = after(line, "ClockID: "))) {
                timer->clock = (int32_t)strtol(p, NULL, 10);
        }
}

int timers_parse(const char *text, struct timers *t)
{
        struct img_timer *timer = NULL;
        const char *p, *eol;
        size_t cap = 0;

        *t = (struct timers){ .listed = 1 };
        for (const char *line = text; *line; line = *eol ? eol + 1 : eol) {
                eol = line + strcspn(line, "\n");
                if ((p = after(line, "ID: "))) {
                        char *end;
                        long id = strtol(p, &end, 10);

                        if (end == p || end != eol || id < 0 || id > INT_MAX) {
                                errno = EPROTO;
                                return -1;
                        }
                        if (!(timer = add(t, &cap)))
                                return -1;
                        timer->id = (int32_t)id;
                } else if (timer) {
                        take_line(line, timer);
                }
        }
        return 0;
}

static int by_id(const void *a, const void *b)
{
        const struct img_timer *x = a, *y = b;

        return (x->id > y->id) - (x->id < y->id);
}

static int make_ids(struct timers *t)
{
        size_t cap = 0;

        timers_free(t);
        while (t->n < TIMERS_TRIED) {
                struct img_timer *timer = add(t, &cap);

                if (!timer)
                        return -1;
                timer->id = (int32_t)t->n - 1;
                timer->notify = -1;
        }
        return 0;
}

static int prepare_questions(struct timers *t)
{
        t->asked = t->n < TIMERS_ASKED ? t->n : TIMERS_ASKED;
        t->ask = calloc(t->asked + 1u, sizeof *t->ask);
        if (!t->ask)
                return -1;
        for (uint32_t i = 0; i < t->asked; i++)
                t->ask[i] = (struct parasite_timer){ .id = t->timer[i].id, .err = PARASITE_NOT_ASKED,
                                                     .overrun = PARASITE_NOT_ASKED };
        return 0;
}

int timers_read(struct timers *t, struct rawfiles *raw, struct notes *notes)
{
        const char *text = rawfiles_text(raw, "timers");
        int rc;

        *t = (struct timers){ 0 };
        rc = text ? timers_parse(text, t) : -1;
        if (rc < 0 && errno == ENOMEM)
                return fail("POSIX timers:");
        if (rc < 0) {
                notes_add(notes, "POSIX timers: not listed by this kernel (%s)", strerror(errno));
                if (make_ids(t) < 0)
                        return fail("POSIX timers:");
        }
        if (t->n)
                qsort(t->timer, t->n, sizeof *t->timer, by_id);
        return prepare_questions(t) < 0 ? fail("POSIX timers:") : 0;
}

/* The answers, to where they belong. How many timers have none? */
static uint32_t take_answers(struct timers *t)
{
        uint32_t missing = t->n;

        for (uint32_t i = 0; i < t->asked; i++) {
                const struct parasite_timer *a = &t->ask[i];
                struct img_timer *timer = &t->timer[i];

                timer->err = a->err < 0 ? a->err : 0;
                timer->overrun = a->overrun;
                if (a->err == PARASITE_NOT_ASKED)
                        continue;
                missing--;
                if (a->err < 0)
                        continue;
                timer->interval_sec = a->interval_sec;
                timer->interval_ns = a->interval_ns;
                timer->value_sec = a->value_sec;
                timer->value_ns = a->value_ns;
        }
        return missing;
}

/* Those that were tried and are there; how many were tried: *tried. */
static void keep_found(struct timers *t, uint32_t *tried)
{
        uint32_t n = 0;

        *tried = 0;
        for (uint32_t i = 0; i < t->n; i++) {
                *tried += t->timer[i].err != PARASITE_NOT_ASKED;
                if (t->timer[i].err == 0)
                        t->timer[n++] = t->timer[i];
        }
        t->n = n;
}

int timers_write(struct timers *t, int asked, struct imgwrite *w, struct notes *notes)
{
        struct img_array a = { 0, sizeof *t->timer };
        struct iovec v[2] = { { &a, sizeof a }, { t->timer, 0 } };
        uint32_t missing = asked ? take_answers(t) : t->n, tried;

        if (!t->listed) {
                keep_found(t, &tried);
                if (!tried) {
                        notes_add(notes, "POSIX timers: not known");
                        return 0;
                }
                notes_add(notes, "POSIX timers: found by trying the ids below %u; their clocks and signals are not known",
                          (unsigned)tried);
        } else if (missing) {
                notes_add(notes, "POSIX timers: of %u of %u the time left was not asked", (unsigned)missing, (unsigned)t->n);
        }
        a.n = t->n;
        v[1].iov_len = t->n * sizeof *t->timer;
        return imgwrite_chunk(w, IMG_TIMR, v, 2);
}

void timers_free(struct timers *t)
{
        free(t->timer);
        free(t->ask);
        *t = (struct timers){ 0 };
}
