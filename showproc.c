/* SPDX-License-Identifier: MIT */
/* showproc.c - the process in words and as JSON */
#include "showproc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* An argument is quoted where a shell would need it, so that one sees where it ends. */
static void argument_text(const char *s, size_t len)
{
        size_t plain = 0;

        while (plain < len && (unsigned char)s[plain] > ' ' && !strchr("\"'$`*?;&|<>(){}[]#~!", s[plain]))
                plain++;
        if (plain == len && len > 0) {
                text_bytes(s, len);
                return;
        }
        putchar('\'');
        text_bytes(s, len);
        putchar('\'');
}

static void command_text(const struct model_bytes *b)
{
        size_t left = b->len;

        if (!left)
                printf("none");
        for (const char *p = b->p; left > 0; ) {
                const char *stop = memchr(p, '\0', left);
                size_t n = stop ? (size_t)(stop - p) : left;

                argument_text(p, n);
                n += stop != NULL;
                p += n;
                left -= n;
                if (left)
                        putchar(' ');
        }
        putchar('\n');
}

static void link_text(const char *name, const struct model_bytes *b)
{
        text_label(name);
        if (b->p)
                text_bytes(b->p, b->len);
        else
                printf("not known");
        putchar('\n');
}

/* How many strings, each ending in NUL. */
static size_t parts(const struct model_bytes *b)
{
        size_t n = 0;

        for (size_t i = 0; i < b->len; i++)
                n += b->p[i] == '\0' || i + 1 == b->len;
        return n;
}

static void host_text(const struct model_bytes *b)
{
        text_label("host");
        for (size_t i = 0; i < b->len; i++)
                text_bytes(b->p[i] ? b->p + i : " ", 1);
        putchar('\n');
}

void showproc_text(const struct model *m)
{
        const struct img_proc *p = &m->proc;
        const struct model_bytes *str = m->str;

        if (!m->have_proc)
                return;
        text_label("process");
        printf("%" PRId32 " ", p->pid);
        text_bytes(str[IMG_STR_COMM].p, str[IMG_STR_COMM].len);
        printf(", %s, %" PRIu32 " thread%s\n", name_state(p->state), p->threads, p->threads == 1 ? "" : "s");
        text_label("");
        printf("parent %" PRId32 ", group %" PRId32 ", session %" PRId32 ", uid %" PRIu32 ", gid %" PRIu32,
               p->ppid, p->pgid, p->sid, p->uid, p->gid);
        if (p->umask != UINT32_MAX)
                printf(", umask %03" PRIo32, p->umask);
        putchar('\n');
        text_label("command");
        command_text(&str[IMG_STR_CMDLINE]);
        link_text("exe", &str[IMG_STR_EXE]);
        link_text("cwd", &str[IMG_STR_CWD]);
        link_text("root", &str[IMG_STR_ROOT]);
        if (str[IMG_STR_HOST].p)
                host_text(&str[IMG_STR_HOST]);
        text_label("layout");
        printf("code %" PRIx64 "-%" PRIx64 ", data %" PRIx64 "-%" PRIx64 "\n",
               p->start_code, p->end_code, p->start_data, p->end_data);
        text_label("");
        printf("heap %" PRIx64 "-%" PRIx64 ", stack from %" PRIx64 "\n", p->start_brk, p->brk, p->start_stack);
        text_label("");
        printf("arguments %" PRIx64 "-%" PRIx64 ", environment %" PRIx64 "-%" PRIx64 " (%zu strings)\n",
               p->arg_start, p->arg_end, p->env_start, p->env_end, parts(&str[IMG_STR_ENVIRON]));
}

/* A number that was asked for; negative: why there was no answer. */
static void answer_text(const char *what, int32_t n)
{
        if (n < 0)
                printf("  %-14s not known: %s\n", what, strerror((int)-(int64_t)n));
        else
                printf("  %-14s %" PRId32 "\n", what, n);
}

void showproc_misc_text(const struct model *m)
{
        const struct img_misc *x = &m->misc;

        if (!m->have_misc)
                return;
        printf("\nas thread %" PRId32 " says\n", x->tid);
        printf("  %-14s %" PRId32 ", parent %" PRId32 ", group %" PRId32 ", session %" PRId32 "\n",
               "pid", x->pid, x->ppid, x->pgid, x->sid);
        answer_text("dumpable", x->dumpable);
        answer_text("subreaper", x->subreaper);
        answer_text("thp disabled", x->thp_disable);
        answer_text("no new privs", x->no_new_privs);
        answer_text("pdeath signal", x->pdeath_signal);
        if (x->timer_slack_err)
                answer_text("timer slack", x->timer_slack_err);
        else
                printf("  %-14s %" PRIu64 " ns\n", "timer slack", x->timer_slack_ns);
        printf("  %-14s %" PRIx64 "\n", "brk", x->brk);
        printf("  %-14s %" PRIx64 "\n", "personality", x->personality);
        if (x->tid_address != UINT64_MAX)
                printf("  %-14s %" PRIx64 "\n", "tid address", x->tid_address);
        printf("  %-14s %" PRIx64 ", %" PRIu64 " bytes, flags %" PRIx32 "\n", "altstack",
               x->altstack_sp, x->altstack_size, x->altstack_flags);
        if (x->umask != UINT32_MAX)
                printf("  %-14s %03" PRIo32 "\n", "umask", x->umask);
}

static void list_json(struct json *j, const char *key, const struct model_bytes *b)
{
        if (b->p)
                json_parts(j, key, b->p, b->len, '\0');
        else
                json_null(j, key);
}

static void auxv_json(struct json *j, const struct model_bytes *b)
{
        uint64_t pair[2];

        if (!b->p) {
                json_null(j, "auxv");
                return;
        }
        json_open(j, "auxv", '[');
        for (size_t at = 0; b->len - at >= sizeof(pair); at += sizeof(pair)) {
                memcpy(pair, b->p + at, sizeof(pair));
                json_open(j, NULL, '{');
                json_hex(j, "type", pair[0]);
                json_hex(j, "value", pair[1]);
                json_close(j, '}');
        }
        json_close(j, ']');
}

static void umask_json(struct json *j, uint32_t umask)
{
        if (umask == UINT32_MAX)
                json_null(j, "umask");
        else
                json_int(j, "umask", umask);
}

void showproc_json(struct json *j, const struct model *m)
{
        const struct img_proc *p = &m->proc;

        if (!m->have_proc) {
                json_null(j, "process");
                return;
        }
        json_open(j, "process", '{');
        json_int(j, "pid", p->pid);
        json_int(j, "ppid", p->ppid);
        json_int(j, "tgid", p->tgid);
        json_int(j, "pgid", p->pgid);
        json_int(j, "sid", p->sid);
        json_int(j, "threads", p->threads);
        json_int(j, "uid", p->uid);
        json_int(j, "gid", p->gid);
        umask_json(j, p->umask);
        json_letter(j, "state", p->state);
        json_hex(j, "start_ticks", p->start_ticks);
        json_hex(j, "dump_time_ns", p->dump_time_ns);
        json_hex(j, "start_code", p->start_code);
        json_hex(j, "end_code", p->end_code);
        json_hex(j, "start_data", p->start_data);
        json_hex(j, "end_data", p->end_data);
        json_hex(j, "start_brk", p->start_brk);
        json_hex(j, "brk", p->brk);
        json_hex(j, "start_stack", p->start_stack);
        json_hex(j, "arg_start", p->arg_start);
        json_hex(j, "arg_end", p->arg_end);
        json_hex(j, "env_start", p->env_start);
        json_hex(j, "env_end", p->env_end);
        json_string(j, "comm", m->str[IMG_STR_COMM].p, m->str[IMG_STR_COMM].len);
        json_string(j, "exe", m->str[IMG_STR_EXE].p, m->str[IMG_STR_EXE].len);
        json_string(j, "cwd", m->str[IMG_STR_CWD].p, m->str[IMG_STR_CWD].len);
        json_string(j, "root", m->str[IMG_STR_ROOT].p, m->str[IMG_STR_ROOT].len);
        list_json(j, "cmdline", &m->str[IMG_STR_CMDLINE]);
        list_json(j, "environ", &m->str[IMG_STR_ENVIRON]);
        list_json(j, "host", &m->str[IMG_STR_HOST]);
        auxv_json(j, &m->str[IMG_STR_AUXV]);
        json_close(j, '}');
}

void showproc_misc_json(struct json *j, const struct model *m)
{
        const struct img_misc *x = &m->misc;

        if (!m->have_misc) {
                json_null(j, "misc");
                return;
        }
        json_open(j, "misc", '{');
        json_int(j, "tid", x->tid);
        json_int(j, "pid", x->pid);
        json_int(j, "ppid", x->ppid);
        json_int(j, "pgid", x->pgid);
        json_int(j, "sid", x->sid);
        json_int(j, "dumpable", x->dumpable);
        json_int(j, "subreaper", x->subreaper);
        json_int(j, "thp_disable", x->thp_disable);
        json_int(j, "no_new_privs", x->no_new_privs);
        json_int(j, "pdeath_signal", x->pdeath_signal);
        if (x->timer_slack_err)
                json_null(j, "timer_slack_ns");
        else
                json_hex(j, "timer_slack_ns", x->timer_slack_ns);
        json_hex(j, "brk", x->brk);
        json_hex(j, "personality", x->personality);
        if (x->tid_address == UINT64_MAX)
                json_null(j, "tid_address");
        else
                json_hex(j, "tid_address", x->tid_address);
        json_hex(j, "altstack_sp", x->altstack_sp);
        json_hex(j, "altstack_size", x->altstack_size);
        json_int(j, "altstack_flags", x->altstack_flags);
        umask_json(j, x->umask);
        json_close(j, '}');
}
