/* SPDX-License-Identifier: MIT */
/* showthread.c - threads in words and as JSON */
#include "showthread.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "syscalls.h"
#include "text.h"

static void regs_text(const struct model_thread *t)
{
        /* places in user_regs_struct, in the order one reads them; three a line, then the segments */
        static const signed char order[NAMES_REGS] = {
                16, 19, 18, 10, 5, 11, 12, 13, 14, 4, 9, 8, 7, 6, 3, 2, 1, 0, 15, 21, 22, 17, 20, 23, 24, 25, 26,
        };
        int n = 0, i;

        for (i = 0; i < 21; i++) {
                if ((uint32_t)order[i] >= t->regs_n)
                        continue;
                printf("%*s%-8s %016" PRIx64 "%s", n % 3 ? 3 : TEXT_LABEL, "", name_reg(order[i]), t->regs[(int)order[i]],
                       n % 3 == 2 ? "\n" : "");
                n++;
        }
        if (n % 3)
                putchar('\n');
        if (t->regs_n < NAMES_REGS)
                return;
        printf("%*s", TEXT_LABEL, "");
        for (; i < NAMES_REGS; i++)
                printf("%s %" PRIx64 "%s", name_reg(order[i]), t->regs[(int)order[i]], i + 1 < NAMES_REGS ? "  " : "\n");
}

static void thread_text(const struct model_thread *t)
{
        const char *call = syscall_name(t->t.syscall), *comm = (const char *)t->t.comm;

        text_label("\nthread");
        printf(" %" PRId32 " ", t->t.tid);
        text_bytes(comm, strnlen(comm, sizeof(t->t.comm)));
        printf(", %s", name_state(t->t.state));
        if (t->t.syscall >= 0)
                printf(" in %s (system call %" PRId32 ")", call ? call : "?", t->t.syscall);
        else if (t->t.syscall == -2)
                printf(", system call not known");
        printf(", xstate of %" PRIu32 " bytes\n", t->t.xstate_len);
        printf("%-*s", TEXT_LABEL - 1, "blocked");
        text_signals(t->t.blocked, TEXT_LABEL - 1);
        regs_text(t);
}

static void thread_json(struct json *j, const struct model_thread *t)
{
        const char *comm = (const char *)t->t.comm, *call = syscall_name(t->t.syscall);

        json_open(j, NULL, '{');
        json_int(j, "tid", t->t.tid);
        json_string(j, "comm", comm, strnlen(comm, sizeof(t->t.comm)));
        json_letter(j, "state", t->t.state);
        if (t->t.syscall >= 0)
                json_int(j, "syscall", t->t.syscall);
        else
                json_null(j, "syscall");
        json_text(j, "syscall_name", call);
        json_hex(j, "blocked", t->t.blocked);
        json_open(j, "regs", '{');
        for (uint32_t i = 0; i < t->regs_n; i++)
                json_hex(j, name_reg((int)i), t->regs[i]);
        json_close(j, '}');
        json_int(j, "xstate_len", t->t.xstate_len);
        json_close(j, '}');
}

void showthread_text(const struct model *m)
{
        for (uint32_t i = 0; i < m->threads_n; i++)
                thread_text(&m->threads[i]);
}

void showthread_json(struct json *j, const struct model *m)
{
        json_open(j, "threads", '[');
        for (uint32_t i = 0; i < m->threads_n; i++)
                thread_json(j, &m->threads[i]);
        json_close(j, ']');
}
