/* SPDX-License-Identifier: MIT */
/* statediff.c - what differs between two images but for their pages */
#include "statediff.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "showfd.h"
#include "showproc.h"
#include "showsig.h"
#include "showsock.h"
#include "showthread.h"
#include "showtty.h"
#include "syscalls.h"
#include "text.h"

#define SHORT   100     /* bytes of text that are printed, old and new */

static const char proc_strs[] =         /* by enum img_str_id */
        "\0" "1name\0exe\0cwd\0root\0cmdline\0environ\0auxv\0host\0build_id\0namespaces\0nspid\0nssid\0nspgid\0cgroup\0children\0tty\0";
static const char thread_strs[] =       /* by enum img_thread_str */
        "\0" "1pending_signals\0groups\0affinity\0filter\0nstid\0wchan\0cgroup\0label\0cwd\0root\0";
static const char fd_strs[] =           /* by enum img_fd_str */
        "\0" "1path\0fdinfo\0content\0missing\0socket\0address\0peer\0tcp_info\0options\0tty\0mqueue\0packets\0";

static const struct field umask_field[] = { FIELD(struct img_proc, umask, FIELD_OCT, "umask", NULL), { 0 } };

#define MAP(member, kind, key)  FIELD(struct img_map, member, kind, key, NULL)
static const struct field map_fields[] = {
        MAP(start, FIELD_HEX, "start"),
        MAP(end, FIELD_HEX, "end"),
        FIELD(struct img_map, prot, FIELD_BITS, "prot", "\0" "read\0write\0execute\0shared\0"),
        MAP(off, FIELD_HEX, "offset"),
        MAP(dev_major, FIELD_UINT, "dev_major"),
        MAP(dev_minor, FIELD_UINT, "dev_minor"),
        MAP(ino, FIELD_UINT, "inode"),
        { 0 },
};

static const struct field action_fields[] = {
        FIELD(struct model_sigaction, handler, FIELD_HEX, "handler", NULL),
        FIELD(struct model_sigaction, flags, FIELD_HEX, "flags", NULL),
        FIELD(struct model_sigaction, restorer, FIELD_HEX, "restorer", NULL),
        FIELD(struct model_sigaction, mask, FIELD_SIGNALS, "mask", NULL),
        { 0 },
};

#define ITIMER(member)  FIELD(struct img_itimer, member, FIELD_INT, #member, NULL)
static const struct field itimer_fields[] = {
        ITIMER(interval_sec), ITIMER(interval_us), ITIMER(value_sec), ITIMER(value_us), { 0 },
};

#define RLIMIT(member)  FIELD(struct img_rlimit, member, FIELD_UNSET, #member, NULL)
static const struct field rlimit_fields[] = { RLIMIT(soft), RLIMIT(hard), { 0 } };

#define ARG(i)  FIELD_IF(IMG_THREAD_CALL, struct img_thread, call_arg[(i) - 1], FIELD_HEX, "argument_" #i, NULL)
static const struct field call_fields[] = { ARG(1), ARG(2), ARG(3), ARG(4), ARG(5), ARG(6), { 0 } };

#define TEXT(p, len)    ((struct text){ (const char *)(p), len })

struct text {
        const char *p;          /* NULL: there is none */
        size_t len;
};

static struct text words(const char *s)
{
        return TEXT(s, s ? strlen(s) : 0);
}

static uint64_t line(const struct text_subject *s, const char *key, const char *word)
{
        text_subject(s);
        if (text_key(key))
                putchar(' ');
        printf("%s\n", word);
        return 1;
}

/* Fit to be printed, old and new? */
static int brief(struct text t)
{
        if (t.len > SHORT)
                return 0;
        for (size_t i = 0; i < t.len; i++)
                if (t.p[i] < ' ' || t.p[i] > '~')
                        return 0;
        return 1;
}

/* more: what is not in a and b of them differs. */
static uint64_t diff_text(const struct text_subject *s, const char *key, struct text a, struct text b, int more)
{
        if (!a.p == !b.p && a.len == b.len && !more && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0))
                return 0;
        if (!a.p || !b.p)
                return line(s, key, a.p ? "gone" : "new");
        if (more || !brief(a) || !brief(b))
                return line(s, key, "changed");
        text_subject(s);
        text_key(key);
        putchar(' ');
        text_bytes(a.p, a.len);
        printf(" -> ");
        text_bytes(b.p, b.len);
        putchar('\n');
        return 1;
}

/* The k'th string of that id, or NULL. */
static const struct model_str *nth(const struct model_strs *s, uint32_t id, uint32_t k)
{
        for (uint32_t i = 0; i < s->n; i++)
                if (s->v[i].id == id && k-- == 0)
                        return &s->v[i];
        return NULL;
}

/* All strings whose ids have a name. */
static uint64_t diff_strs(const struct text_subject *s, const char *names, const struct model_strs *a, const struct model_strs *b)
{
        const struct model_str *x, *y;
        char key[NAMES_LEN];
        uint64_t n = 0;

        for (uint32_t id = 1; name_in(names, id, key); id++)
                for (uint32_t k = 0; x = nth(a, id, k), y = nth(b, id, k), x || y; k++)
                        n += diff_text(s, key, TEXT(x ? x->p : NULL, x ? x->kept : 0), TEXT(y ? y->p : NULL, y ? y->kept : 0),
                                       x && y && (x->len != y->len || x->crc != y->crc) && x->len > x->kept);
        return n;
}

static struct text_subject numbered(const char *what, int32_t n)
{
        struct text_subject s = { .name = NULL };

        snprintf(s.what, sizeof(s.what), "%s %" PRId32, what, n);
        return s;
}

/*
 * Two arrays in the same order: diff() is told of each pair that order() says
 * are the same, and with a NULL of each entry that only one has.
 */
static uint64_t merge(const void *a, uint32_t a_n, const void *b, uint32_t b_n, size_t size,
                      int (*order)(const void *, const void *), uint64_t (*diff)(const void *, const void *))
{
        uint32_t i = 0, k = 0;
        uint64_t n = 0;

        while (i < a_n || k < b_n) {
                const void *x = i < a_n ? (const char *)a + i * size : NULL, *y = k < b_n ? (const char *)b + k * size : NULL;
                int o = !x ? 1 : !y ? -1 : order(x, y);

                n += diff(o <= 0 ? x : NULL, o >= 0 ? y : NULL);
                i += o <= 0;
                k += o >= 0;
        }
        return n;
}

/* Are both there? If only one is, that is said. */
static int both_have(int a, int b, const char *what, uint64_t *n)
{
        struct text_subject s = { .name = NULL };

        if (!a == !b)
                return a;
        snprintf(s.what, sizeof(s.what), "%s", what);
        *n += line(&s, "", a ? "no longer known" : "not known before");
        return 0;
}

static uint64_t diff_process(const struct model *a, const struct model *b)
{
        struct text_subject s = { .what = "process" };
        struct img_proc p = a->proc;
        struct img_misc x = a->misc, y = b->misc;
        char key[NAMES_LEN];
        uint64_t n = 0;

        n += fields_diff(umask_field, &p, 0, &b->proc, 0, sizeof(p), &s);
        p.umask = b->proc.umask;                /* in hex there */
        p.dump_time_ns = b->proc.dump_time_ns;
        n += fields_diff(showproc_fields, &p, p.flags, &b->proc, b->proc.flags, sizeof(p), &s);
        n += diff_text(&s, "state", words(name_state(p.state)), words(name_state(b->proc.state)), 0);
        for (int id = 1; id < IMG_STR_N && name_in(proc_strs, id, key); id++)
                n += diff_text(&s, key, TEXT(a->str[id].p, a->str[id].len), TEXT(b->str[id].p, b->str[id].len), 0);
        if (both_have(a->have_misc, b->have_misc, "process: what only it may ask", &n)) {
                if (x.tid != y.tid) {           /* another thread was asked: these are its own */
                        x.tid = y.tid;
                        x.tid_address = y.tid_address;
                        x.altstack_sp = y.altstack_sp;
                        x.altstack_size = y.altstack_size;
                        x.altstack_flags = y.altstack_flags;
                }
                n += fields_diff(showproc_misc_fields, &x, 0, &y, 0, x.size < y.size ? x.size : y.size, &s);
        }
        return n;
}

static uint64_t diff_regs(const struct text_subject *s, const struct model_thread *a, const struct model_thread *b)
{
        uint64_t n = 0;

        for (uint32_t i = 0; i < a->regs_n && i < b->regs_n; i++) {
                if (a->regs[i] == b->regs[i])
                        continue;
                text_subject(s);
                printf("%s %#" PRIx64 " -> %#" PRIx64 "\n", name_reg((int)i), a->regs[i], b->regs[i]);
                n++;
        }
        if (a->t.xstate_len != b->t.xstate_len || a->values_crc != b->values_crc)
                n += line(s, "vector_and_floating_point_registers", "changed");
        if (memcmp(a->t.debugreg, b->t.debugreg, sizeof(a->t.debugreg)) != 0)
                n += line(s, "debug_registers", "changed");
        return n;
}

static struct text comm(const struct model_thread *t)
{
        return TEXT(t->t.comm, strnlen((const char *)t->t.comm, sizeof(t->t.comm)));
}

static struct text call(const struct model_thread *t)
{
        const char *name = syscall_name(t->t.syscall);

        return words(name ? name : t->t.syscall == -1 ? "none" : "not known");
}

static uint64_t diff_both(const struct text_subject *s, const struct model_thread *a, const struct model_thread *b)
{
        uint64_t n = diff_regs(s, a, b);

        n += diff_text(s, "name", comm(a), comm(b), 0);
        n += diff_text(s, "state", words(name_state(a->t.state)), words(name_state(b->t.state)), 0);
        n += diff_text(s, "system_call", call(a), call(b), 0);
        n += fields_diff(call_fields, &a->t, a->t.known, &b->t, b->t.known, sizeof(a->t), s);
        n += fields_diff(showthread_fields, &a->t, a->t.known, &b->t, b->t.known, sizeof(a->t), s);
        return n + diff_strs(s, thread_strs, &a->strs, &b->strs);
}

static uint64_t diff_thread(const void *was, const void *is)
{
        const struct model_thread *a = was, *b = is, *t = b ? b : a;
        struct text_subject s = numbered("thread", t->t.tid);

        s.name = comm(t).p;
        s.len = comm(t).len;
        return a && b ? diff_both(&s, a, b) : line(&s, "", a ? "gone" : "new");
}

static int order_threads(const void *was, const void *is)
{
        const struct model_thread *a = was, *b = is;

        return a->t.tid < b->t.tid ? -1 : a->t.tid > b->t.tid;
}

/* As smaps has them: "+sd -mr". */
static uint64_t diff_vmflags(const struct text_subject *s, const struct img_map *a, const struct img_map *b)
{
        static const char names[] = IMG_VMFLAGS;
        uint64_t diff = a->vmflags ^ b->vmflags;

        if (!diff || a->vmflags_known != 1 || b->vmflags_known != 1)
                return 0;
        text_subject(s);
        printf("vmflags");
        for (int bit = 0; bit < 64; bit++)
                if (diff >> bit & 1 && (size_t)bit * 3 + 1 < sizeof(names))
                        printf(" %c%.2s", b->vmflags >> bit & 1 ? '+' : '-', names + (size_t)bit * 3);
        putchar('\n');
        return 1;
}

static uint64_t diff_map(const void *was, const void *is)
{
        const struct model_map *a = was, *b = is, *map = b ? b : a;
        struct text_subject s = { .name = map->name, .len = map->m.name_len };
        uint64_t n;

        snprintf(s.what, sizeof(s.what), "mapping %012" PRIx64 "-%012" PRIx64, map->m.start, map->m.end);
        if (!a || !b)
                return line(&s, "", a ? "gone" : "new");
        n = fields_diff(map_fields, &a->m, 0, &b->m, 0, sizeof(a->m), &s);
        n += diff_text(&s, "name", TEXT(a->name, a->m.name_len), TEXT(b->name, b->m.name_len), 0);
        return n + diff_vmflags(&s, &a->m, &b->m);
}

/* They are the same if they start or end together: heaps grow upwards, stacks downwards. */
static int order_maps(const void *was, const void *is)
{
        const struct model_map *a = was, *b = is;

        if (a->m.start == b->m.start || a->m.end == b->m.end)
                return 0;
        return a->m.end < b->m.end ? -1 : 1;
}

/* A struct that is a string, by its fields; 0 if one has none: that is told as a string. */
static uint64_t diff_struct(const struct text_subject *s, const struct field *f, size_t size, uint32_t id,
                            const struct model_fd *a, const struct model_fd *b)
{
        const struct model_str *x = model_str(&a->strs, id), *y = model_str(&b->strs, id);

        if (!x || !y || x->kept < size || y->kept < size)
                return 0;
        return fields_diff(f, x->p, ~0u, y->p, ~0u, size, s);
}

static uint64_t diff_fd(const void *was, const void *is)
{
        const struct model_fd *a = was, *b = is, *f = b ? b : a;
        const struct model_str *path = model_str(&f->strs, IMG_FSTR_PATH);
        struct text_subject s = numbered("descriptor", f->f.fd);
        size_t at = strlen(s.what);
        char old[NAMES_LEN], new[NAMES_LEN];
        uint64_t n;

        if (f->f.table)
                snprintf(s.what + at, sizeof(s.what) - at, " of thread %" PRId32, f->f.table);
        s.name = path ? path->p : NULL;
        s.len = path ? path->kept : 0;
        if (!a || !b)
                return line(&s, "", a ? "gone" : "new");
        n = diff_text(&s, "kind", words(showfd_kind(a->f.kind, old)), words(showfd_kind(b->f.kind, new)), 0);
        n += fields_diff(showfd_fields, &a->f, a->f.known, &b->f, b->f.known, sizeof(a->f), &s);
        n += diff_struct(&s, showsock_fields, sizeof(struct img_socket), IMG_FSTR_SOCKET, a, b);
        n += diff_struct(&s, showtty_fields, sizeof(struct img_tty), IMG_FSTR_TTY, a, b);
        return n + diff_strs(&s, fd_strs, &a->strs, &b->strs);
}

static int order_fds(const void *was, const void *is)
{
        const struct model_fd *a = was, *b = is;

        return model_fd_order(&a->f, &b->f);
}

static uint64_t diff_pending(const struct model *a, const struct model *b)
{
        struct text_subject s = { .what = "process" };
        uint64_t n = 0;

        if (both_have(a->have_siginfos, b->have_siginfos, "pending signals", &n))
                n += diff_text(&s, "pending_signals", TEXT(a->siginfos, a->siginfos_n * sizeof(*a->siginfos)),
                               TEXT(b->siginfos, b->siginfos_n * sizeof(*b->siginfos)), 0);
        return n;
}

static uint64_t diff_timer(const void *was, const void *is)
{
        const struct img_timer *a = was, *b = is;
        struct text_subject s = numbered("timer", (b ? b : a)->id);
        uint64_t n;

        if (!a || !b)
                return line(&s, "", a ? "gone" : "new");
        n = fields_diff(showsig_timer_fields, a, ~0u, b, ~0u, sizeof(*a), &s);
        return n + fields_diff(showsig_left_fields, a, 0, b, 0, sizeof(*a), &s);
}

static int order_timers(const void *was, const void *is)
{
        const struct img_timer *a = was, *b = is;

        return a->id < b->id ? -1 : a->id > b->id;
}

static const char *signal_name(int i, char buf[NAMES_LEN])
{
        return name_signal(i + 1, buf);
}

static const char *itimer_name(int i, char buf[NAMES_LEN])
{
        (void)buf;
        return name_itimer(i);
}

/* Two arrays of what has a name each. what: all of them. */
static uint64_t diff_array(const char *what, const struct field *f, size_t size, const void *a, uint32_t a_n,
                           const void *b, uint32_t b_n, const char *(*name)(int i, char buf[NAMES_LEN]))
{
        struct text_subject s = { .name = NULL };
        char buf[NAMES_LEN];
        uint64_t n = 0;

        both_have(a_n != 0, b_n != 0, what, &n);
        for (uint32_t i = 0; i < a_n && i < b_n; i++) {
                snprintf(s.what, sizeof(s.what), "%s", name((int)i, buf));
                n += fields_diff(f, (const char *)a + i * size, 0, (const char *)b + i * size, 0, size, &s);
        }
        return n;
}

static void sort_threads(struct model *m)
{
        if (m->threads_n)
                qsort(m->threads, m->threads_n, sizeof(*m->threads), order_threads);
}

uint64_t statediff(struct model *a, struct model *b)
{
        uint64_t n = diff_process(a, b);

        sort_threads(a);
        sort_threads(b);
        n += merge(a->threads, a->threads_n, b->threads, b->threads_n, sizeof(*a->threads), order_threads, diff_thread);
        n += merge(a->maps, a->maps_n, b->maps, b->maps_n, sizeof(*a->maps), order_maps, diff_map);
        if (both_have(a->have_fds, b->have_fds, "descriptors", &n))
                n += merge(a->fds, a->fds_n, b->fds, b->fds_n, sizeof(*a->fds), order_fds, diff_fd);
        n += diff_pending(a, b);
        n += diff_array("signal actions", action_fields, sizeof(*a->sigactions), a->sigactions, a->sigactions_n,
                        b->sigactions, b->sigactions_n, signal_name);
        n += diff_array("limits", rlimit_fields, sizeof(*a->rlimits), a->rlimits, a->rlimits_n,
                        b->rlimits, b->rlimits_n, showproc_limit);
        n += diff_array("interval timers", itimer_fields, sizeof(*a->itimers), a->itimers, a->itimers_n,
                        b->itimers, b->itimers_n, itimer_name);
        if (both_have(a->have_timers, b->have_timers, "timers", &n))
                n += merge(a->timers, a->timers_n, b->timers, b->timers_n, sizeof(*a->timers), order_timers, diff_timer);
        return n;
}
