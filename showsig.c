/* SPDX-License-Identifier: MIT */
/* showsig.c - signal actions and timers in words and as JSON */
#include "showsig.h"

#include <inttypes.h>
#include <stdio.h>

#include "text.h"

static void sigaction_text(int sig, const struct model_sigaction *a)
{
        char name[32], buf[16];
        int column;

        snprintf(name, sizeof(name), "%s (%d)", name_signal(sig, buf), sig);
        column = printf("  %-18s", name);
        if (a->handler <= 1)
                column += printf(" %s", a->handler ? "SIG_IGN" : "SIG_DFL");
        else
                column += printf(" handler %" PRIx64, a->handler);
        for (int bit = 0; bit < 64; bit++) {
                if (!(a->flags >> bit & 1))
                        continue;
                if (name_sa_flag(bit)) {
                        text_word(name_sa_flag(bit), &column);
                } else {
                        snprintf(name, sizeof(name), "flags %#" PRIx64, (uint64_t)1 << bit);
                        text_word(name, &column);
                }
        }
        if (!a->mask) {
                putchar('\n');
                return;
        }
        printf("\n%*s mask", 20, "");
        text_signals(a->mask, 25);
}

void showsig_text(const struct model *m)
{
        uint32_t usual = 0;

        if (!m->sigactions_n)
                return;
        printf("\nsignals\n");
        for (uint32_t i = 0; i < m->sigactions_n; i++) {
                const struct model_sigaction *a = &m->sigactions[i];

                if (a->handler == 0 && a->flags == 0 && a->mask == 0)
                        usual++;
                else
                        sigaction_text((int)i + 1, a);
        }
        printf("  %s%" PRIu32 " of %" PRIu32 ": SIG_DFL\n",
               usual == m->sigactions_n ? "all " : "the other ", usual, m->sigactions_n);
}

void showsig_timers_text(const struct model *m)
{
        if (!m->itimers_n)
                return;
        printf("\ntimers\n");
        for (uint32_t i = 0; i < m->itimers_n; i++) {
                const struct img_itimer *t = &m->itimers[i];

                printf("  %-14s ", name_itimer((int)i));
                if (!(t->value_sec | t->value_us | t->interval_sec | t->interval_us))
                        printf("off\n");
                else
                        printf("in %" PRId64 ".%06" PRId64 " s, then every %" PRId64 ".%06" PRId64 " s\n",
                               t->value_sec, t->value_us, t->interval_sec, t->interval_us);
        }
}

static void sigaction_json(struct json *j, int sig, const struct model_sigaction *a)
{
        char name[16];

        json_open(j, NULL, '{');
        json_int(j, "signal", sig);
        json_text(j, "name", name_signal(sig, name));
        json_hex(j, "handler", a->handler);
        json_hex(j, "flags", a->flags);
        json_open(j, "flag_names", '[');
        for (int bit = 0; bit < 64; bit++)
                if (a->flags >> bit & 1 && name_sa_flag(bit))
                        json_text(j, NULL, name_sa_flag(bit));
        json_close(j, ']');
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
}

void showsig_timers_json(struct json *j, const struct model *m)
{
        json_open(j, "itimers", '[');
        for (uint32_t i = 0; i < m->itimers_n; i++)
                itimer_json(j, (int)i, &m->itimers[i]);
        json_close(j, ']');
}
