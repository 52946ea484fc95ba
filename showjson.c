/* SPDX-License-Identifier: MIT */
/*
 * showjson.c - an image as one JSON object
 *
 * Keys are only ever added. An object of the image that is missing (it is
 * damaged, or the dump could not get it: see notes) is null, a list is empty.
 *
 * Numbers. What is 64 bits wide in the image (addresses, registers, signal
 * masks, times, offsets, lengths) is a string "0x..." in lower case without
 * leading zeros, since many readers of JSON keep only 53 bits. Smaller things
 * and counts of pages are numbers.
 *
 * Strings. Linux names are bytes, JSON strings are not: what is valid UTF-8
 * stands as it is; of all else, and of control characters, each byte is
 * \u00NN.
 *
 *      file            string   the image, as named on the command line
 *      complete        bool     false: the image is damaged or cut off, what
 *                               follows is what came before the damage
 *      format          object   null if there is no intact header
 *        major, minor  number   of the image format
 *        id            string   32 hex digits, name this dump
 *        chunks        number   whole ones read
 *        skipped       number   those of them of a kind unknown here
 *        bytes         0x       of the file that were read
 *      dump            object   null if the image is not complete
 *        pause_ns      0x       from the first interrupt to the last release
 *        total_ns      0x       of the whole dump
 *      process         object
 *        pid, ppid, tgid, pgid, sid, threads, uid, gid
 *                      number   as the dumper saw them
 *        umask         number   null: not known
 *        state         string   one letter of /proc/PID/stat, before the dump
 *        start_ticks   0x       after boot, in 1/100 s
 *        dump_time_ns  0x       since 1970, when the target had stopped
 *        start_code, end_code, start_data, end_data, start_brk, brk,
 *        start_stack, arg_start, arg_end, env_start, env_end
 *                      0x       addresses
 *        comm, exe, cwd, root
 *                      string   null: not known
 *        cmdline       [string] null: not known
 *        environ       [string] null: not known
 *        host          [string] uname -n, -r, -v; null: not known
 *        auxv          [object] null: not known
 *          type, value 0x
 *      pages           object   pages of all mappings, and below of each one
 *        data          number   their bytes are in the image
 *        zero          number   present, all zeros
 *        absent        number   never touched, or given back
 *        infile        number   as in the mapped file
 *        unreadable    number
 *      threads         [object]
 *        tid           number
 *        comm          string
 *        state         string   one letter, before the dump
 *        syscall       number   that it slept in; null: none or not known
 *        syscall_name  string   null: none, or no name known
 *        blocked       0x       signal mask: bit n-1 is signal n
 *        regs          object   0x each: rax, rbx ... gs, orig_rax
 *        xstate_len    number   bytes of xstate in the image
 *      mappings        [object]
 *        start, end    0x       addresses
 *        prot          string   "rw-p" as in /proc/PID/maps
 *        offset        0x       in the file
 *        dev           string   "major:minor" in hex, as in /proc/PID/maps
 *        inode         0x
 *        name          string   path or [name]; "" if it has none
 *        vmflags       [string] two letters each, see proc(5); null: not known
 *        class         string   private_anon, private_file, shared_anon,
 *                               shared_file; "?" if not reached
 *        pages         object   as above
 *        unreadable    string   why; null if all can be read
 *      sigactions      [object] signal 1 first, all signals
 *        signal        number
 *        name          string
 *        handler       0x       0x0 SIG_DFL, 0x1 SIG_IGN
 *        flags         0x       SA_*
 *        flag_names    [string] of the known ones
 *        restorer      0x
 *        mask          0x       bit n-1 is signal n
 *      itimers         [object] ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
 *        which         string
 *        interval_sec, interval_us, value_sec, value_us
 *                      0x
 *      misc            object   what the process itself was asked; a negative
 *                               number is -errno
 *        tid           number   the thread that was asked
 *        pid, ppid, pgid, sid
 *                      number   as the process sees them
 *        dumpable, subreaper, thp_disable, no_new_privs, pdeath_signal
 *                      number   as prctl(2) tells
 *        timer_slack_ns, brk, personality, tid_address
 *                      0x       null: the kernel did not tell
 *        altstack_sp, altstack_size
 *                      0x
 *        altstack_flags
 *                      number
 *        umask         number   null: not asked
 *      files           [object] raw copies of /proc files in the image
 *        name          string
 *        len           0x       bytes
 *      notes           [string] what is missing, and why
 */
#include "showjson.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "syscalls.h"

#define LINES_DEPTH     2       /* so deep every value has a line of its own */

struct json {
        int depth;
        int first;              /* no value yet in the innermost object or list */
};

/* What stands before a value; key is NULL in a list. */
static void before(struct json *j, const char *key)
{
        if (!j->first)
                putchar(',');
        if (j->depth > 0 && j->depth <= LINES_DEPTH)
                printf("\n%*s", 2 * j->depth, "");
        else if (!j->first)
                putchar(' ');
        if (key)
                printf("\"%s\": ", key);
        j->first = 0;
}

static void open_up(struct json *j, const char *key, char bracket)
{
        before(j, key);
        putchar(bracket);
        j->depth++;
        j->first = 1;
}

static void close_up(struct json *j, char bracket)
{
        j->depth--;
        if (!j->first && j->depth < LINES_DEPTH)
                printf("\n%*s", 2 * j->depth, "");
        putchar(bracket);
        j->first = 0;
}

static void put_null(struct json *j, const char *key)
{
        before(j, key);
        printf("null");
}

static void put_int(struct json *j, const char *key, int64_t n)
{
        before(j, key);
        printf("%" PRId64, n);
}

static void put_hex(struct json *j, const char *key, uint64_t n)
{
        before(j, key);
        printf("\"0x%" PRIx64 "\"", n);
}

/*
 * Bytes of the valid UTF-8 character at s, of which there are len; 0: it is
 * none. Overlong forms, surrogates and what is above U+10FFFF are not valid,
 * and control characters are not wanted.
 */
static size_t utf8(const unsigned char *s, size_t len)
{
        static const uint32_t least[] = { 0, 0x20, 0xa0, 0x800, 0x10000 };
        size_t n = *s < 0x80 ? 1 : *s < 0xc0 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf8 ? 4 : 0;
        uint32_t c = n == 1 ? *s : *s & (0x7fu >> n);

        if (n == 0 || n > len)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0x7f)
                return 0;
        return n;
}

static void put_string(struct json *j, const char *key, const char *bytes, size_t len)
{
        const unsigned char *s = (const unsigned char *)bytes;

        before(j, key);
        putchar('"');
        while (len > 0) {
                size_t n = utf8(s, len);

                if (n == 0)
                        printf("\\u%04x", *s);
                else if (*s == '"' || *s == '\\')
                        printf("\\%c", *s);
                else
                        fwrite(s, 1, n, stdout);
                n += n == 0;
                s += n;
                len -= n;
        }
        putchar('"');
}

static void put_text(struct json *j, const char *key, const char *s)
{
        put_string(j, key, s, strlen(s));
}

/* One of several strings in the image, or null. */
static void put_bytes(struct json *j, const char *key, const struct model_bytes *b)
{
        if (b->p)
                put_string(j, key, b->p, b->len);
        else
                put_null(j, key);
}

/* The parts of b that each end with the byte end, the last one maybe not, as a list. */
static void put_parts(struct json *j, const char *key, const struct model_bytes *b, char end)
{
        const char *p = b->p, *stop;

        open_up(j, key, '[');
        for (size_t left = b->len; left > 0; ) {
                size_t n;

                stop = memchr(p, end, left);
                n = stop ? (size_t)(stop - p) : left;
                put_string(j, NULL, p, n);
                n += stop != NULL;
                p += n;
                left -= n;
        }
        close_up(j, ']');
}

static void put_list(struct json *j, const char *key, const struct model_bytes *b)
{
        if (b->p)
                put_parts(j, key, b, '\0');
        else
                put_null(j, key);
}

static void put_auxv(struct json *j, const struct model_bytes *b)
{
        uint64_t pair[2];

        if (!b->p) {
                put_null(j, "auxv");
                return;
        }
        open_up(j, "auxv", '[');
        for (size_t at = 0; b->len - at >= sizeof(pair); at += sizeof(pair)) {
                memcpy(pair, b->p + at, sizeof(pair));
                open_up(j, NULL, '{');
                put_hex(j, "type", pair[0]);
                put_hex(j, "value", pair[1]);
                close_up(j, '}');
        }
        close_up(j, ']');
}

/* The letter of a state, which may be anything in a hostile image. */
static void put_state(struct json *j, uint32_t state)
{
        char c = (char)state;

        put_string(j, "state", state > 0 && state < 0x80 ? &c : "?", 1);
}

static void put_umask(struct json *j, uint32_t umask)
{
        if (umask == UINT32_MAX)
                put_null(j, "umask");
        else
                put_int(j, "umask", umask);
}

static void put_format(struct json *j, const struct model *m)
{
        const struct img_header *h = &m->header;
        char id[2 * sizeof(h->id) + 1];

        if (!m->have_header) {
                put_null(j, "format");
                return;
        }
        for (size_t i = 0; i < sizeof(h->id); i++)
                snprintf(id + 2 * i, 3, "%02x", h->id[i]);
        open_up(j, "format", '{');
        put_int(j, "major", h->major);
        put_int(j, "minor", h->minor);
        put_text(j, "id", id);
        put_int(j, "chunks", m->chunks);
        put_int(j, "skipped", m->skipped);
        put_hex(j, "bytes", m->bytes);
        close_up(j, '}');
}

static void put_dump(struct json *j, const struct model *m)
{
        if (!m->have_end) {
                put_null(j, "dump");
                return;
        }
        open_up(j, "dump", '{');
        put_hex(j, "pause_ns", m->end.pause_ns);
        put_hex(j, "total_ns", m->end.total_ns);
        close_up(j, '}');
}

static void put_process(struct json *j, const struct model *m)
{
        const struct img_proc *p = &m->proc;

        if (!m->have_proc) {
                put_null(j, "process");
                return;
        }
        open_up(j, "process", '{');
        put_int(j, "pid", p->pid);
        put_int(j, "ppid", p->ppid);
        put_int(j, "tgid", p->tgid);
        put_int(j, "pgid", p->pgid);
        put_int(j, "sid", p->sid);
        put_int(j, "threads", p->threads);
        put_int(j, "uid", p->uid);
        put_int(j, "gid", p->gid);
        put_umask(j, p->umask);
        put_state(j, p->state);
        put_hex(j, "start_ticks", p->start_ticks);
        put_hex(j, "dump_time_ns", p->dump_time_ns);
        put_hex(j, "start_code", p->start_code);
        put_hex(j, "end_code", p->end_code);
        put_hex(j, "start_data", p->start_data);
        put_hex(j, "end_data", p->end_data);
        put_hex(j, "start_brk", p->start_brk);
        put_hex(j, "brk", p->brk);
        put_hex(j, "start_stack", p->start_stack);
        put_hex(j, "arg_start", p->arg_start);
        put_hex(j, "arg_end", p->arg_end);
        put_hex(j, "env_start", p->env_start);
        put_hex(j, "env_end", p->env_end);
        put_bytes(j, "comm", &m->str[IMG_STR_COMM]);
        put_bytes(j, "exe", &m->str[IMG_STR_EXE]);
        put_bytes(j, "cwd", &m->str[IMG_STR_CWD]);
        put_bytes(j, "root", &m->str[IMG_STR_ROOT]);
        put_list(j, "cmdline", &m->str[IMG_STR_CMDLINE]);
        put_list(j, "environ", &m->str[IMG_STR_ENVIRON]);
        put_list(j, "host", &m->str[IMG_STR_HOST]);
        put_auxv(j, &m->str[IMG_STR_AUXV]);
        close_up(j, '}');
}

static void put_pages(struct json *j, const uint64_t *pages)
{
        open_up(j, "pages", '{');
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++)
                put_int(j, name_kind(kind), (int64_t)pages[kind]);
        close_up(j, '}');
}

static void put_thread(struct json *j, const struct model_thread *t)
{
        const char *comm = (const char *)t->t.comm, *call = syscall_name(t->t.syscall);

        open_up(j, NULL, '{');
        put_int(j, "tid", t->t.tid);
        put_string(j, "comm", comm, strnlen(comm, sizeof(t->t.comm)));
        put_state(j, t->t.state);
        if (t->t.syscall >= 0)
                put_int(j, "syscall", t->t.syscall);
        else
                put_null(j, "syscall");
        if (call)
                put_text(j, "syscall_name", call);
        else
                put_null(j, "syscall_name");
        put_hex(j, "blocked", t->t.blocked);
        open_up(j, "regs", '{');
        for (uint32_t i = 0; i < t->regs_n; i++)
                put_hex(j, name_reg((int)i), t->regs[i]);
        close_up(j, '}');
        put_int(j, "xstate_len", t->t.xstate_len);
        close_up(j, '}');
}

static void put_vmflags(struct json *j, const struct img_map *map)
{
        static const char names[] = IMG_VMFLAGS;

        if (map->vmflags_known != 1) {
                put_null(j, "vmflags");
                return;
        }
        open_up(j, "vmflags", '[');
        for (unsigned bit = 0; 3 * bit < sizeof(names) && bit < 64; bit++)
                if (map->vmflags >> bit & 1)
                        put_string(j, NULL, names + 3 * bit, 2);
        close_up(j, ']');
}

static void put_map(struct json *j, const struct model_map *map)
{
        const struct img_map *m = &map->m;
        char prot[] = "---p", dev[24];

        if (m->prot & IMG_MAP_R)
                prot[0] = 'r';
        if (m->prot & IMG_MAP_W)
                prot[1] = 'w';
        if (m->prot & IMG_MAP_X)
                prot[2] = 'x';
        if (m->prot & IMG_MAP_SHARED)
                prot[3] = 's';
        snprintf(dev, sizeof(dev), "%02" PRIx32 ":%02" PRIx32, m->dev_major, m->dev_minor);
        open_up(j, NULL, '{');
        put_hex(j, "start", m->start);
        put_hex(j, "end", m->end);
        put_text(j, "prot", prot);
        put_hex(j, "offset", m->off);
        put_text(j, "dev", dev);
        put_hex(j, "inode", m->ino);
        put_string(j, "name", map->name, m->name_len);
        put_vmflags(j, m);
        put_text(j, "class", name_class((int)map->cls));
        put_pages(j, map->pages);
        if (map->pages[IMG_UNREADABLE])
                put_text(j, "unreadable", name_why((int)map->why));
        else
                put_null(j, "unreadable");
        close_up(j, '}');
}

static void put_sigaction(struct json *j, int sig, const struct model_sigaction *a)
{
        char name[16];

        open_up(j, NULL, '{');
        put_int(j, "signal", sig);
        put_text(j, "name", name_signal(sig, name));
        put_hex(j, "handler", a->handler);
        put_hex(j, "flags", a->flags);
        open_up(j, "flag_names", '[');
        for (int bit = 0; bit < 64; bit++)
                if (a->flags >> bit & 1 && name_sa_flag(bit))
                        put_text(j, NULL, name_sa_flag(bit));
        close_up(j, ']');
        put_hex(j, "restorer", a->restorer);
        put_hex(j, "mask", a->mask);
        close_up(j, '}');
}

static void put_itimer(struct json *j, int which, const struct img_itimer *t)
{
        open_up(j, NULL, '{');
        put_text(j, "which", name_itimer(which));
        put_hex(j, "interval_sec", (uint64_t)t->interval_sec);
        put_hex(j, "interval_us", (uint64_t)t->interval_us);
        put_hex(j, "value_sec", (uint64_t)t->value_sec);
        put_hex(j, "value_us", (uint64_t)t->value_us);
        close_up(j, '}');
}

static void put_misc(struct json *j, const struct model *m)
{
        const struct img_misc *x = &m->misc;

        if (!m->have_misc) {
                put_null(j, "misc");
                return;
        }
        open_up(j, "misc", '{');
        put_int(j, "tid", x->tid);
        put_int(j, "pid", x->pid);
        put_int(j, "ppid", x->ppid);
        put_int(j, "pgid", x->pgid);
        put_int(j, "sid", x->sid);
        put_int(j, "dumpable", x->dumpable);
        put_int(j, "subreaper", x->subreaper);
        put_int(j, "thp_disable", x->thp_disable);
        put_int(j, "no_new_privs", x->no_new_privs);
        put_int(j, "pdeath_signal", x->pdeath_signal);
        if (x->timer_slack_err)
                put_null(j, "timer_slack_ns");
        else
                put_hex(j, "timer_slack_ns", x->timer_slack_ns);
        put_hex(j, "brk", x->brk);
        put_hex(j, "personality", x->personality);
        if (x->tid_address == UINT64_MAX)
                put_null(j, "tid_address");
        else
                put_hex(j, "tid_address", x->tid_address);
        put_hex(j, "altstack_sp", x->altstack_sp);
        put_hex(j, "altstack_size", x->altstack_size);
        put_int(j, "altstack_flags", x->altstack_flags);
        put_umask(j, x->umask);
        close_up(j, '}');
}

static void put_lists(struct json *j, const struct model *m)
{
        open_up(j, "threads", '[');
        for (uint32_t i = 0; i < m->threads_n; i++)
                put_thread(j, &m->threads[i]);
        close_up(j, ']');
        open_up(j, "mappings", '[');
        for (uint32_t i = 0; i < m->maps_n; i++)
                put_map(j, &m->maps[i]);
        close_up(j, ']');
        open_up(j, "sigactions", '[');
        for (uint32_t i = 0; i < m->sigactions_n; i++)
                put_sigaction(j, (int)i + 1, &m->sigactions[i]);
        close_up(j, ']');
        open_up(j, "itimers", '[');
        for (uint32_t i = 0; i < m->itimers_n; i++)
                put_itimer(j, (int)i, &m->itimers[i]);
        close_up(j, ']');
}

void showjson(const struct model *m, const char *path)
{
        struct json j = { 0, 1 };

        open_up(&j, NULL, '{');
        put_text(&j, "file", path);
        before(&j, "complete");
        printf(m->complete ? "true" : "false");
        put_format(&j, m);
        put_dump(&j, m);
        put_process(&j, m);
        put_pages(&j, m->pages);
        put_lists(&j, m);
        put_misc(&j, m);
        open_up(&j, "files", '[');
        for (uint32_t i = 0; i < m->files_n; i++) {
                open_up(&j, NULL, '{');
                put_text(&j, "name", m->files[i].name);
                put_hex(&j, "len", m->files[i].len);
                close_up(&j, '}');
        }
        close_up(&j, ']');
        put_parts(&j, "notes", &m->notes, '\n');
        close_up(&j, '}');
        putchar('\n');
}
