/* SPDX-License-Identifier: MIT */
/* showsig.c - signals and timers in words and as JSON */
#include "showsig.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "siginfo.h"
#include "text.h"

#define SIGEV_THREAD_ID 4
#define NOT_ASKED       (-61)   /* ENODATA in img_timer.err */

#define T(member, kind, key, names)     FIELD(struct img_timer, member, kind, key, names)
#define T_IF(member, kind, key, names)  FIELD_IF(HAS_NOTIFY, struct img_timer, member, kind, key, names)

enum { HAS_NOTIFY = 1 };

static const char sa_names[] =
        "SA_\0" "NOCLDSTOP\0NOCLDWAIT\0SIGINFO\0" "10UNSUPPORTED\0EXPOSE_TAGBITS\0" "26RESTORER\0ONSTACK\0RESTART\0"
        "30NODEFER\0RESETHAND\0";

const struct field showsig_timer_fields[] = {
        T(id, FIELD_INT, "-id", NULL),
        T_IF(clock, FIELD_NAME, "clock", names_clock),
        T_IF(notify, FIELD_NAME, ",notify", "SIGEV_\0" "SIGNAL\0NONE\0THREAD\0" "4THREAD_ID\0"),
        T_IF(signal, FIELD_SIGNAL, ",signal", NULL),
        T_IF(value, FIELD_HEX, ",value", NULL),
        T_IF(tid, FIELD_INT, "-tid", NULL),
        T(overrun, FIELD_INT | FIELD_ERRNO, "overrun", NULL),
        T(err, FIELD_INT, "-error", NULL),
        { 0 },
};

const struct field showsig_left_fields[] = {
        T(interval_sec, FIELD_INT, "interval_sec", NULL),
        T(interval_ns, FIELD_INT, "interval_ns", NULL),
        T(value_sec, FIELD_INT, "value_sec", NULL),
        T(value_ns, FIELD_INT, "value_ns", NULL),
        { 0 },
};

static int usual(const struct model_sigaction *a)
{
        return a->handler == 0 && a->flags == 0 && a->mask == 0;
}

void showsig_sum_text(const struct model *m)
{
        uint32_t handlers = 0, ignored = 0, pending = m->siginfos_n, armed = 0;

        for (uint32_t i = 0; i < m->sigactions_n; i++) {
                handlers += m->sigactions[i].handler > 1;
                ignored += m->sigactions[i].handler == 1;
        }
        for (uint32_t i = 0; i < m->threads_n; i++) {
                const struct model_str *s = model_str(&m->threads[i].strs, IMG_TSTR_SIGINFO);

                pending += s ? (uint32_t)(s->len / IMG_SIGINFO) : 0;
        }
        for (uint32_t i = 0; i < m->itimers_n; i++)
                armed += m->itimers[i].value_sec || m->itimers[i].value_us;
        text_label("signals");
        printf(m->sigactions_n ? "%" PRIu32 " handled, %" PRIu32 " ignored, " : "not known, ", handlers, ignored);
        printf(m->have_siginfos || pending ? "%" PRIu32 " pending\n" : "pending not known\n", pending);
        text_label("timers");
        printf(m->itimers_n ? "%" PRIu32 " interval, " : "interval not known, ", armed);
        printf(m->have_timers ? "%" PRIu32 " POSIX\n" : "POSIX not known\n", m->timers_n);
}

static void sigaction_text(int sig, const struct model_sigaction *a)
{
        char buf[16];
        int column = text_item(name_signal(sig, buf));

        column += printf("(%d) ", sig);
        if (a->handler <= 1)
                column += printf(a->handler ? "SIG_IGN" : "SIG_DFL");
        else
                column += printf("handler %" PRIx64, a->handler);
        if (a->flags)
                text_bits(a->flags, sa_names, &column);
        putchar('\n');
        if (a->mask) {
                column = text_item("") + printf("mask");
                text_signals(a->mask, &column);
                putchar('\n');
        }
}

void showsig_text(const struct model *m)
{
        uint32_t n = 0;

        printf("\nsignals\n");
        if (m->have_siginfos)
                siginfo_text("pending", (const void *)m->siginfos, m->siginfos_n);
        else
                text_line("pending", NULL, 0);
        if (!m->sigactions_n)
                text_line("actions", NULL, 0);
        for (uint32_t i = 0; i < m->sigactions_n; i++) {
                n += usual(&m->sigactions[i]);
                if (!usual(&m->sigactions[i]))
                        sigaction_text((int)i + 1, &m->sigactions[i]);
        }
        if (n)
                printf("  %s%" PRIu32 " of %" PRIu32 ": SIG_DFL\n", n == m->sigactions_n ? "all " : "the other ", n, m->sigactions_n);
}

/* Seconds and a fraction of them, of so many digits. */
static void seconds(int64_t sec, int64_t fraction, int digits)
{
        printf("%" PRId64 ".%0*" PRId64 " s", sec, digits, fraction);
}

static void itimer_text(int which, const struct img_itimer *t)
{
        text_item(name_itimer(which));
        if (t->value_sec | t->value_us | t->interval_sec | t->interval_us) {
                seconds(t->value_sec, t->value_us, 6);
                printf(" left, interval ");
                seconds(t->interval_sec, t->interval_us, 6);
                putchar('\n');
        } else {
                printf("off\n");
        }
}

static void timer_text(const struct img_timer *t)
{
        printf("  timer %-*" PRId32 " ", TEXT_LABEL - 9, t->id);
        if (t->err == NOT_ASKED) {
                printf("time left not asked for");
        } else if (t->err) {
                printf("time left not known: %s", strerror(t->err < -4095 || t->err > 0 ? 0 : -t->err));
        } else if (t->value_sec | t->value_ns) {
                seconds(t->value_sec, t->value_ns, 9);
                printf(" left, interval ");
                seconds(t->interval_sec, t->interval_ns, 9);
        } else {
                printf("not armed");
        }
        if (t->clock < 0 && t->notify >= 0)
                printf(", CPU time of %s %" PRId32, t->clock & 4 ? "thread" : "process", ~(t->clock >> 3));
        if (t->notify == SIGEV_THREAD_ID)
                printf(", for thread %" PRId32, t->tid);
        putchar('\n');
        fields_text(showsig_timer_fields, t, sizeof(*t), t->notify < 0 ? 0 : HAS_NOTIFY);
}

void showsig_timers_text(const struct model *m)
{
        printf("\ntimers\n");
        if (!m->itimers_n)
                text_line("interval timers", NULL, 0);
        for (uint32_t i = 0; i < m->itimers_n; i++)
                itimer_text((int)i, &m->itimers[i]);
        if (!m->timers_n)
                text_line("POSIX timers", m->have_timers ? "none" : NULL, 4);
        for (uint32_t i = 0; i < m->timers_n; i++)
                timer_text(&m->timers[i]);
}

static void sigaction_json(struct json *j, int sig, const struct model_sigaction *a)
{
        char name[16];

        json_open(j, NULL, '{');
        json_int(j, "signal", sig);
        json_text(j, "name", name_signal(sig, name));
        json_hex(j, "handler", a->handler);
        json_hex(j, "flags", a->flags);
        json_bits(j, "flag_names", a->flags, sa_names);
        json_hex(j, "restorer", a->restorer);
        json_hex(j, "mask", a->mask);
        json_close(j, '}');
}

static void itimer_json(struct json *j, int which, const struct img_itimer *t)
{
        json_open(j, NULL, '{');
        json_text(j, "which", name_itimer(which));
        json_hex(j, "interval_sec", (uint64_t)t->interval_sec);
        json_hex(j, "interval_us", (uint64_t)t->interval_us);
        json_hex(j, "value_sec", (uint64_t)t->value_sec);
        json_hex(j, "value_us", (uint64_t)t->value_us);
        json_close(j, '}');
}

void showsig_json(struct json *j, const struct model *m)
{
        json_open(j, "sigactions", '[');
        for (uint32_t i = 0; i < m->sigactions_n; i++)
                sigaction_json(j, (int)i + 1, &m->sigactions[i]);
        json_close(j, ']');
        if (m->have_siginfos)
                siginfo_json(j, "pending", (const void *)m->siginfos, m->siginfos_n);
        else
                json_null(j, "pending");
}

void showsig_timers_json(struct json *j, const struct model *m)
{
        json_open(j, "itimers", '[');
        for (uint32_t i = 0; i < m->itimers_n; i++)
                itimer_json(j, (int)i, &m->itimers[i]);
        json_close(j, ']');
        if (!m->have_timers) {
                json_null(j, "timers");
                return;
        }
        json_open(j, "timers", '[');
        for (uint32_t i = 0; i < m->timers_n; i++) {
                const struct img_timer *t = &m->timers[i];

                json_open(j, NULL, '{');
                fields_json(j, showsig_timer_fields, t, sizeof(*t), t->notify < 0 ? 0 : HAS_NOTIFY);
                fields_json(j, showsig_left_fields, t, t->err ? 0 : sizeof(*t), 0);
                json_close(j, '}');
        }
        json_close(j, ']');
}
