/* SPDX-License-Identifier: MIT */
/*
 * show.c - crdump show: an image in words, or as JSON
 *
 * An image may come from anywhere: every byte of text from it passes through
 * put_bytes(), so that none reaches the terminal as a control sequence.
 */
#include "show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "showjson.h"
#include "syscalls.h"
#include "util.h"

#define WIDTH   96      /* lines that list things are broken here */
#define LABEL   10      /* columns of the words at the left */

/* Text from the image: printable ASCII as it is, all else, and the backslash, as \xNN. */
static int put_bytes(const char *s, size_t len)
{
        int columns = 0;

        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)s[i];

                if (c >= ' ' && c <= '~' && c != '\\')
                        columns += putchar(c) != EOF;
                else
                        columns += printf("\\x%02x", c);
        }
        return columns;
}

static void label(const char *name)
{
        printf("%-*s", LABEL, name);
}

/* A word of a list, on a new line if this one is full; *column is where we are. */
static void put_word(const char *word, int *column)
{
        int len = (int)strlen(word) + 1;

        if (*column + len > WIDTH) {
                printf("\n%*s", LABEL - 1, "");
                *column = LABEL - 1;
        }
        *column += printf(" %s", word);
}

/* So many bytes, as people say it: 4095 B, 4.0 KiB... without floating point. */
static void put_size(uint64_t bytes)
{
        static const char unit[] = "KMGTPE";
        uint64_t tenths = bytes;
        int i = -1;

        if (bytes < 1024) {
                printf("%" PRIu64 " B", bytes);
                return;
        }
        for (; tenths >= 1024 && (i < 0 || tenths >= 1024 * 10); i++)
                tenths = i < 0 ? bytes / 1024 * 10 + bytes % 1024 * 10 / 1024 : tenths / 1024;
        printf("%" PRIu64 ".%" PRIu64 " %ciB", tenths / 10, tenths % 10, unit[i]);
}

/* A span of time: microseconds under a millisecond, milliseconds under ten seconds, else seconds. */
static void put_span(uint64_t ns)
{
        uint64_t us = ns / 1000;

        if (us < 1000)
                printf("%" PRIu64 " us", us);
        else if (us < 10000000)
                printf("%" PRIu64 ".%" PRIu64 " ms", us / 1000, us / 100 % 10);
        else
                printf("%" PRIu64 ".%" PRIu64 " s", us / 1000000, us / 100000 % 10);
}

/* CLOCK_REALTIME as date and time in UTC, without the C library's time zones. */
static void put_date(uint64_t ns)
{
        uint64_t sec = ns / 1000000000, days = sec / 86400, era, doe, yoe, doy, mp, day, month, year;

        /* years start in March here, an era is 400 of them: 146097 days */
        days += 719468;
        era = days / 146097;
        doe = days % 146097;
        yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        mp = (5 * doy + 2) / 153;
        day = doy - (153 * mp + 2) / 5 + 1;
        month = mp < 10 ? mp + 3 : mp - 9;
        year = yoe + era * 400 + (month <= 2);
        sec %= 86400;
        printf("%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " UTC",
               year, month, day, sec / 3600, sec / 60 % 60, sec % 60);
}

/* Signals of a mask by name; more than half of them set: those that are not. */
static void put_signals(uint64_t mask, int column)
{
        uint64_t names = mask;
        char name[16];

        if (__builtin_popcountll(mask) > NAMES_SIGNALS / 2) {
                names = ~mask;
                put_word(names ? "all but" : "all", &column);
        }
        for (int sig = 1; sig <= NAMES_SIGNALS; sig++)
                if (names >> (sig - 1) & 1)
                        put_word(name_signal(sig, name), &column);
        if (mask == 0)
                put_word("none", &column);
        putchar('\n');
}

/* An argument is quoted where a shell would need it, so that one sees where it ends. */
static void put_argument(const char *s, size_t len)
{
        size_t plain = 0;

        while (plain < len && (unsigned char)s[plain] > ' ' && !strchr("\"'$`*?;&|<>(){}[]#~!", s[plain]))
                plain++;
        if (plain == len && len > 0) {
                put_bytes(s, len);
                return;
        }
        putchar('\'');
        put_bytes(s, len);
        putchar('\'');
}

static void put_command(const struct model_bytes *b)
{
        size_t left = b->len;

        if (!left)
                printf("none");
        for (const char *p = b->p; left > 0; ) {
                const char *stop = memchr(p, '\0', left);
                size_t n = stop ? (size_t)(stop - p) : left;

                put_argument(p, n);
                n += stop != NULL;
                p += n;
                left -= n;
                if (left)
                        putchar(' ');
        }
        putchar('\n');
}

static void put_link(const char *name, const struct model_bytes *b)
{
        label(name);
        if (b->p)
                put_bytes(b->p, b->len);
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

static void put_host(const struct model_bytes *b)
{
        label("host");
        for (size_t i = 0; i < b->len; i++)
                put_bytes(b->p[i] ? b->p + i : " ", 1);
        putchar('\n');
}

static void put_image(const struct model *m, const char *path)
{
        label("image");
        put_bytes(path, strlen(path));
        printf(", %s\n", m->complete ? "complete" : "INCOMPLETE OR DAMAGED: only what came before the damage follows");
        if (!m->have_header)
                return;
        label("");
        printf("format %u.%u, id ", m->header.major, m->header.minor);
        for (size_t i = 0; i < sizeof(m->header.id); i++)
                printf("%02x", m->header.id[i]);
        printf(", %" PRIu32 " chunks, ", m->chunks);
        put_size(m->bytes);
        putchar('\n');
        if (m->skipped) {
                label("");
                printf("%" PRIu32 " chunks are of kinds that this crdump does not know\n", m->skipped);
        }
}

static void put_when(const struct model *m)
{
        label("dumped");
        put_date(m->proc.dump_time_ns);
        if (m->have_end) {
                printf(", paused for ");
                put_span(m->end.pause_ns);
                printf(", done in ");
                put_span(m->end.total_ns);
        }
        putchar('\n');
}

static void put_process(const struct model *m)
{
        const struct img_proc *p = &m->proc;
        const struct model_bytes *str = m->str;

        if (!m->have_proc)
                return;
        put_when(m);
        label("process");
        printf("%" PRId32 " ", p->pid);
        put_bytes(str[IMG_STR_COMM].p, str[IMG_STR_COMM].len);
        printf(", %s, %" PRIu32 " thread%s\n", name_state(p->state), p->threads, p->threads == 1 ? "" : "s");
        label("");
        printf("parent %" PRId32 ", group %" PRId32 ", session %" PRId32 ", uid %" PRIu32 ", gid %" PRIu32,
               p->ppid, p->pgid, p->sid, p->uid, p->gid);
        if (p->umask != UINT32_MAX)
                printf(", umask %03" PRIo32, p->umask);
        putchar('\n');
        label("command");
        put_command(&str[IMG_STR_CMDLINE]);
        put_link("exe", &str[IMG_STR_EXE]);
        put_link("cwd", &str[IMG_STR_CWD]);
        put_link("root", &str[IMG_STR_ROOT]);
        if (str[IMG_STR_HOST].p)
                put_host(&str[IMG_STR_HOST]);
        label("layout");
        printf("code %" PRIx64 "-%" PRIx64 ", data %" PRIx64 "-%" PRIx64 "\n",
               p->start_code, p->end_code, p->start_data, p->end_data);
        label("");
        printf("heap %" PRIx64 "-%" PRIx64 ", stack from %" PRIx64 "\n", p->start_brk, p->brk, p->start_stack);
        label("");
        printf("arguments %" PRIx64 "-%" PRIx64 ", environment %" PRIx64 "-%" PRIx64 " (%zu strings)\n",
               p->arg_start, p->arg_end, p->env_start, p->env_end, parts(&str[IMG_STR_ENVIRON]));
}

static void put_memory(const struct model *m)
{
        static const char *const means[MODEL_KINDS] = {
                "", "in the image", "present, all zeros", "never touched, or given back", "as in the mapped file", "",
        };

        if (!m->have_maps)
                return;
        label("memory");
        printf("%" PRIu32 " mappings, pages:\n", m->maps_n);
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++) {
                label("");
                printf("%10" PRIu64 " %-11s", m->pages[kind], name_kind(kind));
                put_size(m->pages[kind] << IMG_PAGE_SHIFT);
                if (*means[kind])
                        printf(", %s", means[kind]);
                putchar('\n');
        }
}

static void put_notes(const struct model *m)
{
        const char *p = m->notes.p, *stop;

        for (; p && *p && (stop = strchr(p, '\n')); p = stop + 1) {
                label(p == m->notes.p ? "missing" : "");
                put_bytes(p, (size_t)(stop - p));
                putchar('\n');
        }
}

static void put_regs(const struct model_thread *t)
{
        /* places in user_regs_struct, in the order one reads them; three a line, then the segments */
        static const signed char order[NAMES_REGS] = {
                16, 19, 18, 10, 5, 11, 12, 13, 14, 4, 9, 8, 7, 6, 3, 2, 1, 0, 15, 21, 22, 17, 20, 23, 24, 25, 26,
        };
        int n = 0, i;

        for (i = 0; i < 21; i++) {
                if ((uint32_t)order[i] >= t->regs_n)
                        continue;
                printf("%*s%-8s %016" PRIx64 "%s", n % 3 ? 3 : LABEL, "", name_reg(order[i]), t->regs[(int)order[i]],
                       n % 3 == 2 ? "\n" : "");
                n++;
        }
        if (n % 3)
                putchar('\n');
        if (t->regs_n < NAMES_REGS)
                return;
        printf("%*s", LABEL, "");
        for (; i < NAMES_REGS; i++)
                printf("%s %" PRIx64 "%s", name_reg(order[i]), t->regs[(int)order[i]], i + 1 < NAMES_REGS ? "  " : "\n");
}

static void put_thread(const struct model_thread *t)
{
        const char *call = syscall_name(t->t.syscall), *comm = (const char *)t->t.comm;

        label("\nthread");
        printf(" %" PRId32 " ", t->t.tid);
        put_bytes(comm, strnlen(comm, sizeof(t->t.comm)));
        printf(", %s", name_state(t->t.state));
        if (t->t.syscall >= 0)
                printf(" in %s (system call %" PRId32 ")", call ? call : "?", t->t.syscall);
        else if (t->t.syscall == -2)
                printf(", system call not known");
        printf(", xstate of %" PRIu32 " bytes\n", t->t.xstate_len);
        printf("%-*s", LABEL - 1, "blocked");
        put_signals(t->t.blocked, LABEL - 1);
        put_regs(t);
}

static void put_map(const struct model_map *map)
{
        const struct img_map *m = &map->m;
        int at = printf("%" PRIx64 "-%" PRIx64, m->start, m->end);

        printf("%*s %c%c%c%c", at < 25 ? 25 - at : 0, "",
               m->prot & IMG_MAP_R ? 'r' : '-', m->prot & IMG_MAP_W ? 'w' : '-',
               m->prot & IMG_MAP_X ? 'x' : '-', m->prot & IMG_MAP_SHARED ? 's' : 'p');
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++) {
                if (map->pages[kind])
                        printf(" %6" PRIu64, map->pages[kind]);
                else
                        printf("      -");
        }
        if (m->name_len)
                printf("  ");
        put_bytes(map->name, m->name_len);
        if (m->off)
                printf(" +%" PRIx64, m->off);
        if (map->pages[IMG_UNREADABLE])
                printf(" (%s)", name_why((int)map->why));
        putchar('\n');
}

static void put_maps(const struct model *m)
{
        if (!m->have_maps)
                return;
        printf("\n%-30s   data   zero absent infile unread  name +offset in the file\n", "mappings (pages)");
        for (uint32_t i = 0; i < m->maps_n; i++)
                put_map(&m->maps[i]);
}

static void put_sigaction(int sig, const struct model_sigaction *a)
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
                        put_word(name_sa_flag(bit), &column);
                } else {
                        snprintf(name, sizeof(name), "flags %#" PRIx64, (uint64_t)1 << bit);
                        put_word(name, &column);
                }
        }
        if (!a->mask) {
                putchar('\n');
                return;
        }
        printf("\n%*s mask", 20, "");
        put_signals(a->mask, 25);
}

static void put_sigactions(const struct model *m)
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
                        put_sigaction((int)i + 1, a);
        }
        printf("  %s%" PRIu32 " of %" PRIu32 ": SIG_DFL\n",
               usual == m->sigactions_n ? "all " : "the other ", usual, m->sigactions_n);
}

static void put_itimers(const struct model *m)
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

/* A number that was asked for; negative: why there was no answer. */
static void put_answer(const char *what, int32_t n)
{
        if (n < 0)
                printf("  %-14s not known: %s\n", what, strerror((int)-(int64_t)n));
        else
                printf("  %-14s %" PRId32 "\n", what, n);
}

static void put_misc(const struct model *m)
{
        const struct img_misc *x = &m->misc;

        if (!m->have_misc)
                return;
        printf("\nas thread %" PRId32 " says\n", x->tid);
        printf("  %-14s %" PRId32 ", parent %" PRId32 ", group %" PRId32 ", session %" PRId32 "\n",
               "pid", x->pid, x->ppid, x->pgid, x->sid);
        put_answer("dumpable", x->dumpable);
        put_answer("subreaper", x->subreaper);
        put_answer("thp disabled", x->thp_disable);
        put_answer("no new privs", x->no_new_privs);
        put_answer("pdeath signal", x->pdeath_signal);
        if (x->timer_slack_err)
                put_answer("timer slack", x->timer_slack_err);
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

static void put_files(const struct model *m)
{
        int column = 0;

        if (!m->files_n)
                return;
        printf("\ncopies of /proc files, bytes\n ");
        for (uint32_t i = 0; i < m->files_n; i++) {
                const struct model_file *f = &m->files[i];

                if (column > WIDTH - 30) {
                        printf("\n ");
                        column = 0;
                }
                column += printf(" ") + put_bytes(f->name, strlen(f->name));
                column += printf(" %" PRIu64 "%s", f->len, i + 1 < m->files_n ? "," : "\n");
        }
}

static void show_text(const struct model *m, const char *path)
{
        put_image(m, path);
        put_process(m);
        put_memory(m);
        put_notes(m);
        for (uint32_t i = 0; i < m->threads_n; i++)
                put_thread(&m->threads[i]);
        put_maps(m);
        put_sigactions(m);
        put_itimers(m);
        put_misc(m);
        put_files(m);
}

int show(const char *path, int json)
{
        struct model m;
        int status = load(&m, path);

        errno = 0;
        if (status == EXIT_FAILED)
                ;       /* nothing to show: it could not be read */
        else if (json)
                showjson(&m, path);
        else
                show_text(&m, path);
        if (fflush(stdout) != 0 || ferror(stdout)) {
                status = EXIT_FAILED;
                if (errno != EPIPE)     /* the reader has had enough */
                        fail("stdout:");
        }
        model_free(&m);
        return status;
}
