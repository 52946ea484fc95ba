/* SPDX-License-Identifier: MIT */
/* showproc.c - the process in words and as JSON */
#include "showproc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "text.h"

#define COMM_LEN        64      /* of a child's comm */
#define COMMAND_MAX     200     /* bytes of the command in the summary */

#define P(member, kind, key)            FIELD(struct img_proc, member, kind, key, NULL)
#define P_IF(known, member, kind, key)  FIELD_IF(known, struct img_proc, member, kind, key, NULL)
#define M(member, kind, key, names)     FIELD(struct img_misc, member, kind, key, names)
#define M_ASKED(member, key, names)     FIELD(struct img_misc, member, FIELD_ERRNO | FIELD_NAME, key, names)
#define M_BITS(member, key, names)      FIELD(struct img_misc, member, FIELD_ERRNO | FIELD_BITS, key, names)

/* In words: see process_text(). */
const struct field showproc_fields[] = {
        P(pid, FIELD_INT, "-pid"),
        P(ppid, FIELD_INT, "-ppid"),
        P(tgid, FIELD_INT, "-tgid"),
        P(pgid, FIELD_INT, "-pgid"),
        P(sid, FIELD_INT, "-sid"),
        P(threads, FIELD_UINT, "-threads"),
        P(uid, FIELD_UINT, "-uid"),
        P(gid, FIELD_UINT, "-gid"),
        P(umask, FIELD_TOLD, "-umask"),
        P(start_ticks, FIELD_UINT, "-start_ticks"),
        P(dump_time_ns, FIELD_UINT, "-dump_time_ns"),
        P(start_code, FIELD_HEX, "-start_code"),
        P(end_code, FIELD_HEX, "-end_code"),
        P(start_data, FIELD_HEX, "-start_data"),
        P(end_data, FIELD_HEX, "-end_data"),
        P(start_brk, FIELD_HEX, "-start_brk"),
        P(brk, FIELD_HEX, "-brk"),
        P(start_stack, FIELD_HEX, "-start_stack"),
        P(arg_start, FIELD_HEX, "-arg_start"),
        P(arg_end, FIELD_HEX, "-arg_end"),
        P(env_start, FIELD_HEX, "-env_start"),
        P(env_end, FIELD_HEX, "-env_end"),
        P_IF(IMG_PROC_EXE, exe_len, FIELD_SIZE, "-exe_len"),
        P_IF(IMG_PROC_EXE, exe_ino, FIELD_UINT, "-exe_inode"),
        P_IF(IMG_PROC_EXE, exe_mtime_sec, FIELD_INT, "-exe_mtime_sec"),
        P_IF(IMG_PROC_EXE, exe_mtime_ns, FIELD_UINT, "-exe_mtime_ns"),
        P_IF(IMG_PROC_TTY, tty_major, FIELD_UINT, "-tty_major"),
        P_IF(IMG_PROC_TTY, tty_minor, FIELD_UINT, "-tty_minor"),
        P_IF(IMG_PROC_TTY, tty_pgrp, FIELD_INT, "-tty_pgrp"),
        P_IF(IMG_PROC_OOM, oom_score_adj, FIELD_INT, "oom_score_adj"),
        FIELD_IF(IMG_PROC_COREDUMP, struct img_proc, coredump_filter, FIELD_BITS, "coredump_filter",
                 "\0" "anon-private\0anon-shared\0file-private\0file-shared\0elf-headers\0hugetlb-private\0"
                 "hugetlb-shared\0dax-private\0dax-shared\0"),
        FIELD_IF(IMG_PROC_PERSONALITY, struct img_proc, personality, FIELD_BITS, "personality", names_personality),
        P_IF(IMG_PROC_LOGINUID, loginuid, FIELD_UNSET, "loginuid"),
        { 0 },
};

/* A negative number is -errno. What is the thread's own: see showthread.c. */
const struct field showproc_misc_fields[] = {
        M(tid, FIELD_INT, "-tid", NULL),
        M(pid, FIELD_INT, "pid", NULL),
        M(ppid, FIELD_INT, ",ppid", NULL),
        M(pgid, FIELD_INT, ",pgid", NULL),
        M(sid, FIELD_INT, ",sid", NULL),
        M_ASKED(dumpable, "dumpable", "\0" "no\0yes\0by root only\0"),
        M(subreaper, FIELD_ERRNO | FIELD_YES, "subreaper", NULL),
        M(thp_disable, FIELD_ERRNO | FIELD_YES, "thp_disable", NULL),
        M_BITS(mdwe, "mdwe", "PR_MDWE_\0" "REFUSE_EXEC_GAIN\0NO_INHERIT\0"),
        M_ASKED(tsc, "tsc", "PR_TSC_\0" "1ENABLE\0SIGSEGV\0"),
        M_ASKED(cpuid, "cpuid", "\0" "faults\0enabled\0"),
        M_BITS(speculation[0], "store_bypass", names_speculation),
        M_BITS(speculation[1], "indirect_branch", names_speculation),
        M_BITS(speculation[2], "l1d_flush", names_speculation),
        M(io_flusher, FIELD_ERRNO | FIELD_YES, "io_flusher", NULL),
        M_ASKED(mce_kill, "mce_kill", "PR_MCE_KILL_\0" "LATE\0EARLY\0DEFAULT\0"),
        M(no_new_privs, FIELD_ERRNO | FIELD_YES, "no_new_privs", NULL),
        M_BITS(securebits, "securebits", names_securebits),
        M(pdeath_signal, FIELD_ERRNO | FIELD_SIGNAL, "pdeath_signal", NULL),
        M(brk, FIELD_HEX, "brk", NULL),
        M(personality, FIELD_BITS, "personality", names_personality),
        M(tid_address, FIELD_TOLD, "tid_address", NULL),
        M(altstack_sp, FIELD_HEX, "altstack_sp", NULL),
        M(altstack_size, FIELD_SIZE, ",altstack_size", NULL),
        M(altstack_flags, FIELD_BITS, "altstack_flags", names_altstack),
        M(umask, FIELD_TOLD, "-umask", NULL),
        { 0 },
};

static const char auxv_names[] =
        "AT_\0" "NULL\0IGNORE\0EXECFD\0PHDR\0PHENT\0PHNUM\0PAGESZ\0BASE\0FLAGS\0ENTRY\0NOTELF\0UID\0EUID\0GID\0EGID\0"
        "PLATFORM\0HWCAP\0CLKTCK\0" "23SECURE\0BASE_PLATFORM\0RANDOM\0HWCAP2\0RSEQ_FEATURE_SIZE\0RSEQ_ALIGN\0HWCAP3\0"
        "HWCAP4\0EXECFN\0" "33SYSINFO_EHDR\0" "51MINSIGSTKSZ\0";

static const char rlimit_names[] =
        "RLIMIT_\0" "CPU\0FSIZE\0DATA\0STACK\0CORE\0RSS\0NPROC\0NOFILE\0MEMLOCK\0AS\0LOCKS\0SIGPENDING\0MSGQUEUE\0NICE\0"
        "RTPRIO\0RTTIME\0";

const char *showproc_limit(int i, char buf[NAMES_LEN])
{
        return name_in(rlimit_names, i, buf) ? buf : "?";
}

static const struct string {
        uint8_t id;             /* enum img_str_id */
        char how;               /* 's' one string, '#' bytes in hex; else a list: '0' of strings that end in NUL,
                                   'n' in \n, 'd' of decimal numbers */
        const char *key;        /* "-key": in words elsewhere, or not at all */
} strings[] = {
        { IMG_STR_COMM, 's', "-comm" },
        { IMG_STR_EXE, 's', "-exe" },
        { IMG_STR_BUILD_ID, '#', "-build_id" },
        { IMG_STR_CWD, 's', "cwd" },
        { IMG_STR_ROOT, 's', "root" },
        { IMG_STR_CMDLINE, '0', "-cmdline" },
        { IMG_STR_HOST, '0', "host" },
        { IMG_STR_TTY, 's', "-tty" },
        { IMG_STR_NAMESPACES, 'n', "namespaces" },
        { IMG_STR_NSPID, 'd', "nspid" },
        { IMG_STR_NSSID, 'd', "nssid" },
        { IMG_STR_NSPGID, 'd', "nspgid" },
        { IMG_STR_CGROUP, 'n', "cgroup" },
        { IMG_STR_BASE, 's', "base" },
        { IMG_STR_BASE_ID, '#', "base_id" },
        { IMG_STR_ENVIRON, '0', "environ" },
};

/* An argument is quoted where a shell would need it, so that one sees where it ends. */
static int argument_text(const char *s, size_t len)
{
        size_t plain = 0;

        while (plain < len && (unsigned char)s[plain] > ' ' && !strchr("\"'$`*?;&|<>(){}[]#~!", s[plain]))
                plain++;
        if (plain == len && len > 0)
                return text_bytes(s, len);
        return printf("'") + text_bytes(s, len) + printf("'");
}

/* The first `most` bytes of it. */
static void command_text(const struct model_bytes *b, size_t most)
{
        const char *p = b->p;
        size_t len = b->len < most ? b->len : most;

        if (!len)
                printf(p ? "none" : "not known");
        while (len > 0) {
                const char *stop = memchr(p, '\0', len);
                size_t n = stop ? (size_t)(stop - p) : len;

                argument_text(p, n);
                n += stop != NULL;
                p += n;
                len -= n;
                if (len)
                        putchar(' ');
        }
        printf(b->len > most ? "...\n" : "\n");
}

void showproc_sum_text(const struct model *m)
{
        const struct img_proc *p = &m->proc;
        struct model_bytes command = m->str[IMG_STR_CMDLINE];

        if (!m->have_proc)
                return;
        /* a title leaves empty arguments behind it; --process has them */
        while (command.len > 1 && !command.p[command.len - 1] && !command.p[command.len - 2])
                command.len--;
        text_label("process");
        printf("%" PRId32 " ", p->pid);
        text_bytes(m->str[IMG_STR_COMM].p, m->str[IMG_STR_COMM].len);
        printf(", %s, parent %" PRId32 ", group %" PRId32 ", session %" PRId32 ", uid %" PRIu32 ", gid %" PRIu32 "\n",
               name_state(p->state), p->ppid, p->pgid, p->sid, p->uid, p->gid);
        text_label("command");
        command_text(&command, COMMAND_MAX);
        text_label("exe");
        if (!m->str[IMG_STR_EXE].p)
                printf("not known");
        text_bytes(m->str[IMG_STR_EXE].p, m->str[IMG_STR_EXE].len);
        putchar('\n');
}

static void exe_text(const struct model *m)
{
        const struct img_proc *p = &m->proc;
        const struct model_bytes *id = &m->str[IMG_STR_BUILD_ID];

        text_line("exe", m->str[IMG_STR_EXE].p, m->str[IMG_STR_EXE].len);
        if (p->flags & IMG_PROC_EXE) {
                text_item("");
                text_size(p->exe_len);
                printf(", modified ");
                text_date(p->exe_mtime_sec);
                printf(", inode %" PRIu64 " on %02" PRIx32 ":%02" PRIx32 "\n", p->exe_ino, p->exe_dev_major, p->exe_dev_minor);
        }
        text_item("build id");
        for (size_t i = 0; i < id->len; i++)
                printf("%02x", (unsigned char)id->p[i]);
        printf(id->p ? "\n" : "not known\n");
}

static void tty_text(const struct model *m)
{
        const struct img_proc *p = &m->proc;

        text_item("tty");
        if (!(p->flags & IMG_PROC_TTY)) {
                printf("not known\n");
                return;
        }
        if (!p->tty_major && !p->tty_minor) {
                printf("none\n");
                return;
        }
        text_bytes(m->str[IMG_STR_TTY].p, m->str[IMG_STR_TTY].len);
        printf(" (%" PRIu32 ", %" PRIu32 ")", p->tty_major, p->tty_minor);
        if (p->tty_pgrp != -1)
                printf(", foreground group %" PRId32, p->tty_pgrp);
        putchar('\n');
}

static void layout_text(const struct img_proc *p)
{
        text_item("layout");
        printf("code %" PRIx64 "-%" PRIx64 ", data %" PRIx64 "-%" PRIx64 "\n",
               p->start_code, p->end_code, p->start_data, p->end_data);
        text_item("");
        printf("heap %" PRIx64 "-%" PRIx64 ", stack from %" PRIx64 "\n", p->start_brk, p->brk, p->start_stack);
        text_item("");
        printf("arguments %" PRIx64 "-%" PRIx64 ", environment %" PRIx64 "-%" PRIx64 "\n",
               p->arg_start, p->arg_end, p->env_start, p->env_end);
}

static void auxv_text(const struct model_bytes *b)
{
        uint64_t pair[2];

        for (size_t at = 0; b->len - at >= sizeof(pair); at += sizeof(pair)) {
                char buf[NAMES_LEN];

                memcpy(pair, b->p + at, sizeof(pair));
                text_item(at ? "" : "auxv");
                if (name_in(auxv_names, (int64_t)pair[0], buf))
                        printf("%-20s %#" PRIx64 "\n", buf, pair[1]);
                else
                        printf("%-20" PRIu64 " %#" PRIx64 "\n", pair[0], pair[1]);
        }
}

/* The child that a line at *p tells of; *p is moved behind it. 0: there is none. */
static int next_child(const char **p, long *pid, char comm[COMM_LEN], size_t *len)
{
        char *name;

        if (!*p || !**p)
                return 0;
        *pid = strtol(*p, &name, 10);
        name += *name == ' ';
        for (*len = 0; *name && *name != '\n'; name++) {
                char c = *name;

                if (c == '\\' && (name[1] == 'n' || name[1] == '\\'))
                        c = *++name == 'n' ? '\n' : '\\';
                if (*len < COMM_LEN)
                        comm[(*len)++] = c;
        }
        *p = name + (*name == '\n');
        return 1;
}

static void children_text(const struct model_bytes *b)
{
        const char *p = b->p;
        char comm[COMM_LEN];
        size_t len;
        long pid;

        if (!b->len)
                text_line("children", b->p ? "none" : NULL, 4);
        for (const char *key = "children"; next_child(&p, &pid, comm, &len); key = "") {
                text_item(key);
                printf("%ld ", pid);
                text_bytes(comm, len);
                putchar('\n');
        }
}

static void process_text(const struct model *m)
{
        const struct img_proc *p = &m->proc;

        printf("\nprocess %" PRId32 " ", p->pid);
        text_bytes(m->str[IMG_STR_COMM].p, m->str[IMG_STR_COMM].len);
        printf(", %s\n", name_state(p->state));
        text_item("ids");
        printf("tgid %" PRId32 ", parent %" PRId32 ", group %" PRId32 ", session %" PRId32 ", uid %" PRIu32 ", gid %" PRIu32 "\n",
               p->tgid, p->ppid, p->pgid, p->sid, p->uid, p->gid);
        text_item("started");
        text_span(p->start_ticks * 10000000);
        printf(" after boot\n");
        text_item("umask");
        printf(p->umask == UINT32_MAX ? "not known\n" : "%03" PRIo32 "\n", p->umask);
        text_item("command");
        command_text(&m->str[IMG_STR_CMDLINE], SIZE_MAX);
        exe_text(m);
        tty_text(m);
        for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
                const struct model_bytes *b = &m->str[strings[i].id];

                if (*strings[i].key != '-')
                        text_lines(strings[i].key, b->p, b->len, strings[i].how == '0' ? '\0' : '\n');
        }
        children_text(&m->str[IMG_STR_CHILDREN]);
        fields_text(showproc_fields, p, p->size, p->flags);
        layout_text(p);
        auxv_text(&m->str[IMG_STR_AUXV]);
}

static void limit_text(uint64_t v)
{
        if (v == UINT64_MAX)
                printf("unlimited");
        else
                printf("%" PRIu64, v);
}

static void limits_text(const struct model *m)
{
        printf("\nlimits%s\n", m->have_rlimits ? "" : ": not known");
        for (uint32_t i = 0; i < m->rlimits_n; i++) {
                char buf[NAMES_LEN];

                printf("  %-20s", showproc_limit(i, buf));
                limit_text(m->rlimits[i].soft);
                printf(", hard ");
                limit_text(m->rlimits[i].hard);
                putchar('\n');
        }
}

static void misc_text(const struct model *m)
{
        const struct img_misc *x = &m->misc;

        if (!m->have_misc) {
                printf("\nnot asked of the process itself: see what is missing\n");
                return;
        }
        printf("\nasked of the process itself, by thread %" PRId32 "\n", x->tid);
        fields_text(showproc_misc_fields, x, x->size, 0);
        text_item("timer slack");
        if (x->timer_slack_err)
                printf("not known: %s", strerror(x->timer_slack_err < -4095 ? 0 : -x->timer_slack_err));
        else
                text_span(x->timer_slack_ns);
        putchar('\n');
        if (x->umask != UINT32_MAX)
                printf("  %-*s%03" PRIo32 "\n", TEXT_LABEL - 2, "umask", x->umask);
}

void showproc_text(const struct model *m)
{
        if (m->have_proc)
                process_text(m);
        limits_text(m);
        misc_text(m);
}

static void auxv_json(struct json *j, const struct model_bytes *b)
{
        uint64_t pair[2];
        char buf[NAMES_LEN];

        if (!b->p) {
                json_null(j, "auxv");
                return;
        }
        json_open(j, "auxv", '[');
        for (size_t at = 0; b->len - at >= sizeof(pair); at += sizeof(pair)) {
                memcpy(pair, b->p + at, sizeof(pair));
                json_open(j, NULL, '{');
                json_hex(j, "type", pair[0]);
                json_text(j, "name", name_in(auxv_names, (int64_t)pair[0], buf));
                json_hex(j, "value", pair[1]);
                json_close(j, '}');
        }
        json_close(j, ']');
}

static void children_json(struct json *j, const struct model_bytes *b)
{
        const char *p = b->p;
        char comm[COMM_LEN];
        size_t len;
        long pid;

        if (!p) {
                json_null(j, "children");
                return;
        }
        json_open(j, "children", '[');
        while (next_child(&p, &pid, comm, &len)) {
                json_open(j, NULL, '{');
                json_int(j, "pid", pid);
                json_string(j, "comm", comm, len);
                json_close(j, '}');
        }
        json_close(j, ']');
}

static void strings_json(struct json *j, const struct model *m)
{
        for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
                const struct model_bytes *b = &m->str[strings[i].id];
                const char *key = strings[i].key + (*strings[i].key == '-');

                if (strings[i].how == 's')
                        json_string(j, key, b->p, b->len);
                else if (strings[i].how == '#')
                        json_raw(j, key, b->p, b->len);
                else if (strings[i].how == 'd')
                        json_numbers(j, key, b->p);
                else
                        json_parts(j, key, b->p, b->len, strings[i].how == '0' ? '\0' : '\n');
        }
}

static void process_json(struct json *j, const struct model *m)
{
        const struct img_proc *p = &m->proc;

        json_open(j, "process", '{');
        fields_json(j, showproc_fields, p, p->size, p->flags);
        json_letter(j, "state", p->state);
        if (p->flags & IMG_PROC_EXE)
                json_dev(j, "exe_dev", p->exe_dev_major, p->exe_dev_minor);
        else
                json_null(j, "exe_dev");
        strings_json(j, m);
        children_json(j, &m->str[IMG_STR_CHILDREN]);
        auxv_json(j, &m->str[IMG_STR_AUXV]);
        json_close(j, '}');
}

static void misc_json(struct json *j, const struct img_misc *x)
{
        json_open(j, "misc", '{');
        fields_json(j, showproc_misc_fields, x, x->size, 0);
        if (x->timer_slack_err)
                json_null(j, "timer_slack_ns");
        else
                json_hex(j, "timer_slack_ns", x->timer_slack_ns);
        json_close(j, '}');
}

static void limits_json(struct json *j, const struct model *m)
{
        char buf[NAMES_LEN];

        json_open(j, "rlimits", '[');
        for (uint32_t i = 0; i < m->rlimits_n; i++) {
                json_open(j, NULL, '{');
                json_text(j, "name", name_in(rlimit_names, i, buf));
                json_hex(j, "soft", m->rlimits[i].soft);
                json_hex(j, "hard", m->rlimits[i].hard);
                json_close(j, '}');
        }
        json_close(j, ']');
}

void showproc_json(struct json *j, const struct model *m)
{
        if (m->have_proc)
                process_json(j, m);
        else
                json_null(j, "process");
        if (m->have_rlimits)
                limits_json(j, m);
        else
                json_null(j, "rlimits");
        if (m->have_misc)
                misc_json(j, &m->misc);
        else
                json_null(j, "misc");
}
