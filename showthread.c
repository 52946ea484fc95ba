/* SPDX-License-Identifier: MIT */
/* showthread.c - threads in words and as JSON */
#include "showthread.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "siginfo.h"
#include "syscalls.h"
#include "text.h"

#define SUM_MAX         4       /* threads of the summary */
#define CALL_LEN        256     /* a system call with its arguments */
#define CPUS_LEN        4096    /* a list of processors in words */

#define T(known, member, kind, key)             FIELD_IF(known, struct img_thread, member, kind, key, NULL)
#define T_NAMES(known, member, kind, key, names) FIELD_IF(known, struct img_thread, member, kind, key, names)

static const char cap_names[] =
        "CAP_\0" "CHOWN\0DAC_OVERRIDE\0DAC_READ_SEARCH\0FOWNER\0FSETID\0KILL\0SETGID\0SETUID\0SETPCAP\0LINUX_IMMUTABLE\0"
        "NET_BIND_SERVICE\0NET_BROADCAST\0NET_ADMIN\0NET_RAW\0IPC_LOCK\0IPC_OWNER\0SYS_MODULE\0SYS_RAWIO\0SYS_CHROOT\0"
        "SYS_PTRACE\0SYS_PACCT\0SYS_ADMIN\0SYS_BOOT\0SYS_NICE\0SYS_RESOURCE\0SYS_TIME\0SYS_TTY_CONFIG\0MKNOD\0LEASE\0"
        "AUDIT_WRITE\0AUDIT_CONTROL\0SETFCAP\0MAC_OVERRIDE\0MAC_ADMIN\0SYSLOG\0WAKE_ALARM\0BLOCK_SUSPEND\0AUDIT_READ\0"
        "PERFMON\0BPF\0CHECKPOINT_RESTORE\0";

static const char io_classes[] = "IOPRIO_CLASS_\0" "NONE\0RT\0BE\0IDLE\0";

static const char futex_ops[] =
        "FUTEX_\0" "WAIT\0WAKE\0FD\0REQUEUE\0CMP_REQUEUE\0WAKE_OP\0LOCK_PI\0UNLOCK_PI\0TRYLOCK_PI\0WAIT_BITSET\0WAKE_BITSET\0"
        "WAIT_REQUEUE_PI\0CMP_REQUEUE_PI\0LOCK_PI2\0";

static const char filter_flags[] =
        "SECCOMP_FILTER_FLAG_\0" "TSYNC\0LOG\0SPEC_ALLOW\0NEW_LISTENER\0TSYNC_ESRCH\0WAIT_KILLABLE_RECV\0";

const struct field showthread_fields[] = {
        FIELD(struct img_thread, tid, FIELD_INT, "-tid", NULL),
        FIELD(struct img_thread, blocked, FIELD_SIGNALS, "blocked", NULL),
        FIELD(struct img_thread, xstate_len, FIELD_SIZE, "xstate_len", NULL),
        T(IMG_THREAD_WAIT, wait_left_ns, FIELD_NS, "-wait_left_ns"),
        T(IMG_THREAD_ALTSTACK, altstack_sp, FIELD_HEX, "altstack_sp"),
        T(IMG_THREAD_ALTSTACK, altstack_size, FIELD_SIZE, ",altstack_size"),
        T_NAMES(IMG_THREAD_ALTSTACK, altstack_flags, FIELD_BITS, "altstack_flags", names_altstack),
        T(IMG_THREAD_TID_ADDRESS, tid_address, FIELD_HEX, "tid_address"),
        T(IMG_THREAD_ROBUST, robust_list, FIELD_HEX, "robust_list"),
        T(IMG_THREAD_ROBUST, robust_len, FIELD_UINT, ",robust_len"),
        T(IMG_THREAD_RSEQ, rseq, FIELD_HEX, "rseq"),
        T(IMG_THREAD_RSEQ, rseq_len, FIELD_UINT, ",rseq_len"),
        T(IMG_THREAD_RSEQ, rseq_signature, FIELD_HEX, ",rseq_signature"),
        T(IMG_THREAD_PDEATH, pdeath_signal, FIELD_SIGNAL, "pdeath_signal"),
        T_NAMES(IMG_THREAD_SCHED, policy, FIELD_NAME, "policy", "SCHED_\0" "OTHER\0FIFO\0RR\0BATCH\0ISO\0IDLE\0DEADLINE\0EXT\0"),
        T(IMG_THREAD_SCHED, nice, FIELD_INT, ",nice"),
        T(IMG_THREAD_SCHED, rt_priority, FIELD_UINT, ",rt_priority"),
        T_NAMES(IMG_THREAD_SCHED, sched_flags, FIELD_BITS, "sched_flags",
                "SCHED_FLAG_\0" "RESET_ON_FORK\0RECLAIM\0DL_OVERRUN\0KEEP_POLICY\0KEEP_PARAMS\0UTIL_CLAMP_MIN\0UTIL_CLAMP_MAX\0"),
        T(IMG_THREAD_SCHED, dl_runtime_ns, FIELD_NS, "dl_runtime_ns"),
        T(IMG_THREAD_SCHED, dl_deadline_ns, FIELD_NS, ",dl_deadline_ns"),
        T(IMG_THREAD_SCHED, dl_period_ns, FIELD_NS, ",dl_period_ns"),
        T(IMG_THREAD_UTIL, util_min, FIELD_UINT, "util_min"),
        T(IMG_THREAD_UTIL, util_max, FIELD_UINT, ",util_max"),
        T(IMG_THREAD_SLACK, timer_slack_ns, FIELD_NS, "timer_slack_ns"),
        T(IMG_THREAD_IOPRIO, io_priority, FIELD_HEX, "-io_priority"),
        T(IMG_THREAD_CREDS, uid[0], FIELD_UINT, "uid"),
        T(IMG_THREAD_CREDS, uid[1], FIELD_UINT, ",euid"),
        T(IMG_THREAD_CREDS, uid[2], FIELD_UINT, ",suid"),
        T(IMG_THREAD_CREDS, uid[3], FIELD_UINT, ",fsuid"),
        T(IMG_THREAD_CREDS, gid[0], FIELD_UINT, "gid"),
        T(IMG_THREAD_CREDS, gid[1], FIELD_UINT, ",egid"),
        T(IMG_THREAD_CREDS, gid[2], FIELD_UINT, ",sgid"),
        T(IMG_THREAD_CREDS, gid[3], FIELD_UINT, ",fsgid"),
        T_NAMES(IMG_THREAD_CREDS, cap[0], FIELD_BITS, "cap_inheritable", cap_names),
        T_NAMES(IMG_THREAD_CREDS, cap[1], FIELD_BITS, "cap_permitted", cap_names),
        T_NAMES(IMG_THREAD_CREDS, cap[2], FIELD_BITS, "cap_effective", cap_names),
        T_NAMES(IMG_THREAD_CREDS, cap[3], FIELD_BITS, "cap_bounding", cap_names),
        T_NAMES(IMG_THREAD_CREDS, cap[4], FIELD_BITS, "cap_ambient", cap_names),
        T_NAMES(IMG_THREAD_SECUREBITS, securebits, FIELD_BITS, "securebits", names_securebits),
        T(IMG_THREAD_NNP, no_new_privs, FIELD_YES, "no_new_privs"),
        T_NAMES(IMG_THREAD_SECCOMP, seccomp, FIELD_NAME, "seccomp", "\0" "none\0strict\0filter\0"),
        T(IMG_THREAD_FILTERS, seccomp_filters, FIELD_UINT, ",seccomp_filters"),
        T(IMG_THREAD_TABLE, fd_table, FIELD_INT, "?fd_table"),
        T(IMG_THREAD_UMASK, umask, FIELD_OCT, "umask"),
        { 0 },
};

/* Add to what is in buf, as far as there is room. */
static void add(char buf[CALL_LEN], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(char buf[CALL_LEN], const char *fmt, ...)
{
        size_t at = strlen(buf);
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(buf + at, CALL_LEN - at, fmt, ap);
        va_end(ap);
}

/* An argument of a system call, whose name has len letters: small numbers in decimal, some by name. */
static void add_argument(char buf[CALL_LEN], const char *name, int len, uint64_t v)
{
        char word[NAMES_LEN];

        add(buf, "%.*s=", len, name);
        if (strncmp(name, "op ", 3) == 0 && name_in(futex_ops, (int64_t)(v & ~0x180ull), word))
                add(buf, "%s%s%s", word, v & 0x80 ? "_PRIVATE" : "", v & 0x100 ? "|FUTEX_CLOCK_REALTIME" : "");
        else if (strncmp(name, "clock", 5) == 0 && name_in(names_clock, (int64_t)v, word))
                add(buf, "%s", word);
        else if ((int32_t)v >= -4096 && (int32_t)v < 0 && (v >> 32 == 0 || v >> 32 == UINT32_MAX))
                add(buf, "%" PRId32, (int32_t)v);
        else
                add(buf, v < 65536 ? "%" PRIu64 : "%#" PRIx64, v);
}

/* The system call that it was in, its arguments with their names. NULL: in none, or not known. */
static const char *call_words(const struct img_thread *t, int with_args, char buf[CALL_LEN])
{
        const char *name = syscall_name(t->syscall), *args;
        char args_buf[NAMES_LEN];

        if (t->syscall < 0)
                return NULL;
        *buf = '\0';
        if (name)
                add(buf, "%s", name);
        else
                add(buf, "syscall_%" PRId32, t->syscall);
        if (!with_args || !(t->known & IMG_THREAD_CALL))
                return buf;
        if (!(args = syscall_args(t->syscall, args_buf)))
                args = "arg0 arg1 arg2 arg3 arg4 arg5";
        add(buf, "(");
        for (int i = 0; i < 6 && *args && *args != '-'; i++) {
                size_t len = strcspn(args, " ");

                add(buf, i ? ", " : "");
                add_argument(buf, args, (int)len, t->call_arg[i]);
                args += len + (args[len] == ' ');
        }
        add(buf, ")");
        return buf;
}

/* "0-3,5": the bits that are set. */
static const char *cpu_words(const struct model_str *s, char buf[CPUS_LEN])
{
        uint64_t bits = s ? 8 * (uint64_t)s->kept : 0, first;
        size_t at = 0;

        *buf = '\0';
        for (uint64_t i = 0; i < bits; i++) {
                if (!((unsigned char)s->p[i / 8] >> i % 8 & 1))
                        continue;
                for (first = i; i + 1 < bits && (unsigned char)s->p[(i + 1) / 8] >> (i + 1) % 8 & 1; )
                        i++;
                if (at > CPUS_LEN - 50) {
                        memcpy(buf + at, ",...", 5);
                        break;
                }
                at += (size_t)snprintf(buf + at, CPUS_LEN - at, "%s%" PRIu64, at ? "," : "", first);
                if (i > first)
                        at += (size_t)snprintf(buf + at, CPUS_LEN - at, "-%" PRIu64, i);
        }
        return s ? buf : NULL;
}

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
                printf("%*s%-8s %016" PRIx64 "%s", n % 3 ? 3 : 2, "", name_reg(order[i]), t->regs[(int)order[i]],
                       n % 3 == 2 ? "\n" : "");
                n++;
        }
        if (n % 3)
                putchar('\n');
        if (t->regs_n < NAMES_REGS)
                return;
        printf("  ");
        for (; i < NAMES_REGS; i++)
                printf("%s %" PRIx64 "%s", name_reg(order[i]), t->regs[(int)order[i]], i + 1 < NAMES_REGS ? "  " : "\n");
}

static void thread_line(const struct model_thread *t, int with_args)
{
        const char *comm = (const char *)t->t.comm, *call;
        char buf[CALL_LEN];

        printf("%" PRId32 " ", t->t.tid);
        text_bytes(comm, strnlen(comm, sizeof(t->t.comm)));
        printf(", %s", name_state(t->t.state));
        if ((call = call_words(&t->t, with_args, buf)))
                printf(" in %s", call);
        else if (t->t.syscall != -1)
                printf(", system call not known");
        if (t->t.known & IMG_THREAD_WAIT) {
                printf(", ");
                text_span(t->t.wait_left_ns);
                printf(" left");
        }
        putchar('\n');
}

void showthread_sum_text(const struct model *m)
{
        text_label("threads");
        printf("%" PRIu32 "\n", m->threads_n);
        for (uint32_t i = 0; i < m->threads_n && i < SUM_MAX; i++) {
                text_label("");
                thread_line(&m->threads[i], 0);
        }
        if (m->threads_n > SUM_MAX) {
                text_label("");
                printf("and %" PRIu32 " more: see --threads\n", m->threads_n - SUM_MAX);
        }
}

static void debug_text(const struct img_thread *t)
{
        int n = 0;

        text_item("debug registers");
        for (int i = 0; i < 8; i++)
                if (t->debugreg[i])
                        printf("%sDR%d %#" PRIx64, n++ ? ", " : "", i, t->debugreg[i]);
        printf(n ? "\n" : t->known & IMG_THREAD_DEBUGREG ? "all zero\n" : "not known\n");
}

static void io_priority_text(const struct img_thread *t)
{
        char buf[NAMES_LEN];

        text_item("io_priority");
        if (!(t->known & IMG_THREAD_IOPRIO))
                printf("not known\n");
        else if (name_in(io_classes, t->io_priority >> 13, buf))
                printf("%s, %" PRIu32 "\n", buf, t->io_priority & 0x1fff);
        else
                printf("%#" PRIx32 "\n", t->io_priority);
}

static void groups_text(const struct model_thread *t)
{
        const struct model_str *s = model_str(&t->strs, IMG_TSTR_GROUPS);
        int column = text_item("groups");
        char buf[12];

        if (!s || !s->len)
                printf(s || t->t.known & IMG_THREAD_CREDS ? "none" : "not known");
        for (uint32_t i = 0; s && i < s->len / 4; i++) {
                snprintf(buf, sizeof(buf), "%" PRIu32, ((const uint32_t *)s->p)[i]);
                text_word(buf, &column);
        }
        putchar('\n');
}

static void filters_text(const struct model_strs *strs)
{
        struct img_filter f;

        for (uint32_t i = 0; i < strs->n; i++) {
                const struct model_str *s = &strs->v[i];
                int column;

                if (s->id != IMG_TSTR_FILTER || s->len < sizeof(f))
                        continue;
                memcpy(&f, s->p, sizeof(f));
                column = text_item("filter");
                column += printf("%" PRIu64 " instructions, flags", (s->len - sizeof(f)) / 8);
                if (f.flags == UINT64_MAX)
                        printf(" not known");
                else
                        text_bits(f.flags, filter_flags, &column);
                putchar('\n');
        }
}

static void str_text(const struct model_strs *strs, uint32_t id, const char *key)
{
        const struct model_str *s = model_str(strs, id);

        text_lines(key, s ? s->p : NULL, s ? s->len : 0, '\n');
}

/* What is there only if it differs from the process's. */
static void own_text(const struct model_strs *strs, uint32_t id, const char *key)
{
        if (model_str(strs, id))
                str_text(strs, id, key);
}

static void thread_text(const struct model_thread *t)
{
        const struct model_str *pending = model_str(&t->strs, IMG_TSTR_SIGINFO);
        char buf[CPUS_LEN];
        const char *cpus = cpu_words(model_str(&t->strs, IMG_TSTR_AFFINITY), buf);

        printf("\nthread ");
        thread_line(t, 1);
        regs_text(t);
        debug_text(&t->t);
        if (t->t.known & IMG_THREAD_SIGNALS)
                siginfo_text("pending", pending ? (const void *)pending->p : NULL, pending ? pending->len / IMG_SIGINFO : 0);
        else
                text_line("pending", NULL, 0);
        fields_text(showthread_fields, &t->t, t->t.size, t->t.known & ~(t->t.fd_table ? 0 : IMG_THREAD_TABLE));
        filters_text(&t->strs);
        groups_text(t);
        text_line("affinity", cpus, cpus ? strlen(cpus) : 0);
        io_priority_text(&t->t);
        str_text(&t->strs, IMG_TSTR_NSTID, "nstid");
        str_text(&t->strs, IMG_TSTR_WCHAN, "wchan");
        str_text(&t->strs, IMG_TSTR_LABEL, "label");
        own_text(&t->strs, IMG_TSTR_CGROUP, "cgroup");
        own_text(&t->strs, IMG_TSTR_CWD, "cwd");
        own_text(&t->strs, IMG_TSTR_ROOT, "root");
}

void showthread_text(const struct model *m)
{
        for (uint32_t i = 0; i < m->threads_n; i++)
                thread_text(&m->threads[i]);
}

static void numbers_json(struct json *j, const char *key, const uint64_t *v, int n, int known)
{
        if (!known) {
                json_null(j, key);
                return;
        }
        json_open(j, key, '[');
        for (int i = 0; i < n; i++)
                json_hex(j, NULL, v[i]);
        json_close(j, ']');
}

static void call_json(struct json *j, const struct img_thread *t)
{
        char buf[CALL_LEN];

        if (t->syscall >= 0)
                json_int(j, "syscall", t->syscall);
        else
                json_null(j, "syscall");
        json_text(j, "syscall_name", syscall_name(t->syscall));
        json_text(j, "call", call_words(t, 1, buf));
        numbers_json(j, "call_args", t->call_arg, 6, t->known & IMG_THREAD_CALL);
}

static void groups_json(struct json *j, const struct model_thread *t)
{
        const struct model_str *s = model_str(&t->strs, IMG_TSTR_GROUPS);

        if (!s && !(t->t.known & IMG_THREAD_CREDS)) {
                json_null(j, "groups");
                return;
        }
        json_open(j, "groups", '[');
        for (uint32_t i = 0; s && i < s->len / 4; i++)
                json_int(j, NULL, ((const uint32_t *)s->p)[i]);
        json_close(j, ']');
}

static void filters_json(struct json *j, const struct model_strs *strs)
{
        struct img_filter f;

        json_open(j, "filters", '[');
        for (uint32_t i = 0; i < strs->n; i++) {
                const struct model_str *s = &strs->v[i];

                if (s->id != IMG_TSTR_FILTER || s->len < sizeof(f))
                        continue;
                memcpy(&f, s->p, sizeof(f));
                json_open(j, NULL, '{');
                json_int(j, "instructions", (int64_t)((s->len - sizeof(f)) / 8));
                if (f.flags == UINT64_MAX)
                        json_null(j, "flags");
                else
                        json_hex(j, "flags", f.flags);
                json_bits(j, "flag_names", f.flags == UINT64_MAX ? 0 : f.flags, filter_flags);
                json_close(j, '}');
        }
        json_close(j, ']');
}

static void str_json(struct json *j, const struct model_strs *strs, uint32_t id, const char *key)
{
        const struct model_str *s = model_str(strs, id);

        json_string(j, key, s ? s->p : NULL, s ? s->len : 0);
}

static void thread_json(struct json *j, const struct model_thread *t)
{
        const struct model_str *pending = model_str(&t->strs, IMG_TSTR_SIGINFO);
        const struct model_str *nstid = model_str(&t->strs, IMG_TSTR_NSTID);
        const char *comm = (const char *)t->t.comm;
        char buf[CPUS_LEN];

        json_open(j, NULL, '{');
        json_string(j, "comm", comm, strnlen(comm, sizeof(t->t.comm)));
        json_letter(j, "state", t->t.state);
        call_json(j, &t->t);
        json_open(j, "regs", '{');
        for (uint32_t i = 0; i < t->regs_n; i++)
                json_hex(j, name_reg((int)i), t->regs[i]);
        json_close(j, '}');
        numbers_json(j, "debugreg", t->t.debugreg, 8, t->t.known & IMG_THREAD_DEBUGREG);
        fields_json(j, showthread_fields, &t->t, t->t.size, t->t.known);
        json_text(j, "io_class_name", t->t.known & IMG_THREAD_IOPRIO ? name_in(io_classes, t->t.io_priority >> 13, buf) : NULL);
        if (t->t.known & IMG_THREAD_SIGNALS)
                siginfo_json(j, "pending", pending ? (const void *)pending->p : NULL, pending ? pending->len / IMG_SIGINFO : 0);
        else
                json_null(j, "pending");
        groups_json(j, t);
        filters_json(j, &t->strs);
        json_text(j, "affinity", cpu_words(model_str(&t->strs, IMG_TSTR_AFFINITY), buf));
        json_numbers(j, "nstid", nstid ? nstid->p : NULL);
        str_json(j, &t->strs, IMG_TSTR_WCHAN, "wchan");
        str_json(j, &t->strs, IMG_TSTR_LABEL, "label");
        str_json(j, &t->strs, IMG_TSTR_CGROUP, "cgroup");
        str_json(j, &t->strs, IMG_TSTR_CWD, "cwd");
        str_json(j, &t->strs, IMG_TSTR_ROOT, "root");
        json_close(j, '}');
}

void showthread_json(struct json *j, const struct model *m)
{
        json_open(j, "threads", '[');
        for (uint32_t i = 0; i < m->threads_n; i++)
                thread_json(j, &m->threads[i]);
        json_close(j, ']');
}
