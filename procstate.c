/* SPDX-License-Identifier: MIT */
/* procstate.c - what is true of a process as a whole: PROC and RLIM */
#include "procstate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "children.h"
#include "exe.h"
#include "slurp.h"
#include "util.h"

#define TEXT_MAX        (256u << 20)    /* bytes of a file: more is nonsense */
#define LINKS_MAX       64              /* namespaces */
#define MORE            1024u           /* bytes of strings that may come yet */

/* --- before the stop ------------------------------------------------------- */

static int look_at_exe(struct procstate *ps, const struct proc_maps *maps, uint64_t start_code)
{
        struct exe x;

        if (exe_look(ps->t->live_dir, maps, start_code, &x) < 0)
                return -1;
        if (x.stat_err) {
                notes_add(ps->notes, "exe: its file: %s", strerror(x.stat_err));
        } else {
                ps->p.flags |= IMG_PROC_EXE;
                ps->p.exe_len = (uint64_t)x.st.st_size;
                ps->p.exe_ino = x.st.st_ino;
                ps->p.exe_mtime_sec = x.st.st_mtim.tv_sec;
                ps->p.exe_mtime_ns = (uint32_t)x.st.st_mtim.tv_nsec;
                ps->p.exe_dev_major = major(x.st.st_dev);
                ps->p.exe_dev_minor = minor(x.st.st_dev);
        }
        if (x.id_err)
                notes_add(ps->notes, "exe: its build-id: %s", strerror(x.id_err));
        else if (x.id_len)
                payload_str(&ps->strs, IMG_STR_BUILD_ID, x.id, (size_t)x.id_len);
        return 0;
}

static void look_at_children(struct procstate *ps)
{
        struct payload lines = { 0 };

        if (children_list(ps->t->pid, ps->t->dir, &lines, ps->notes) < 0 || lines.failed)
                notes_add(ps->notes, "children: %s", strerror(errno));
        else
                payload_str(&ps->strs, IMG_STR_CHILDREN, lines.p, lines.len);
        payload_free(&lines);
}

static void add_host(struct procstate *ps)
{
        char text[sizeof(struct utsname)];
        struct utsname u;
        int n;

        if (uname(&u) < 0)
                return;
        n = snprintf(text, sizeof text, "%s%c%s%c%s", u.nodename, 0, u.release, 0, u.version);
        payload_str(&ps->strs, IMG_STR_HOST, text, (size_t)n);
}

int procstate_look(struct procstate *ps, const struct proc_maps *maps, uint64_t start_code)
{
        if (look_at_exe(ps, maps, start_code) < 0)
                return -1;
        look_at_children(ps);
        add_host(ps);
        return 0;
}

/* --- of the stopped target --------------------------------------------------- */

static void add_link(struct procstate *ps, uint32_t id, const char *link)
{
        char path[PATH_MAX];
        ssize_t n = readlinkat(ps->t->live_dir, link, path, sizeof path);

        if (n < 0)
                notes_add(ps->notes, "%s: %s", link, strerror(errno));
        else
                payload_str(&ps->strs, id, path, (size_t)n);
}

static void add_file(struct procstate *ps, uint32_t id, const char *file)
{
        ssize_t len = slurp(&ps->text, ps->t->live_dir, file, TEXT_MAX);

        if (len < 0)
                notes_add(ps->notes, "%s: %s", file, strerror(errno));
        else
                payload_str(&ps->strs, id, ps->text.p, (size_t)len);
}

/* "mnt:[4026531841]"; what is for children alone leads to a name of the same kind, and keeps its own. */
static void add_namespace(struct procstate *ps, struct payload *lines, const char *name)
{
        char to[64], line[400];
        const char *colon;
        ssize_t n;

        give_way();
        n = readlinkat(ps->ns, name, to, sizeof to - 1);
        if (n < 0) {
                notes_add(ps->notes, "ns/%s: %s", name, strerror(errno));
                return;
        }
        to[n] = '\0';
        colon = strchr(to, ':');
        n = snprintf(line, sizeof line, "%s%s\n", name, colon ? colon : ":?");
        payload_add(lines, line, (size_t)n);
}

/* Which kinds there are is the kernel's, and does not change. */
static int open_namespaces(struct procstate *ps)
{
        int fd = ps->ns ? ps->ns : openat(ps->t->live_dir, "ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct slurp_names names;
        const char *name;

        if (ps->ns || fd <= 0)
                return fd;
        ps->ns = fd;
        slurp_names(&names, fd);
        for (int n = 0; n < LINKS_MAX && (name = slurp_name(&names)); n++)
                payload_add(&ps->ns_names, name, strlen(name) + 1);
        return fd;
}

static void add_namespaces(struct procstate *ps)
{
        struct payload *lines = &ps->lines;

        lines->len = 0;
        if (open_namespaces(ps) < 0) {
                notes_add(ps->notes, "namespaces: %s", strerror(errno));
                return;
        }
        for (size_t at = 0; at < ps->ns_names.len; at += strlen(ps->ns_names.p + at) + 1)
                add_namespace(ps, lines, ps->ns_names.p + at);
        payload_str(&ps->strs, IMG_STR_NAMESPACES, lines->p, lines->failed | ps->ns_names.failed ? 0 : lines->len);
}

/* "NSpid:\t4711\t1" of the status text, as "4711 1". */
static int add_ids(struct procstate *ps, const char *text, uint32_t id, const char *key)
{
        const char *p = text ? proc_field(text, key) : NULL;
        char ids[256];
        size_t n = 0;

        if (!p)
                return -1;
        for (; *p && *p != '\n' && n < sizeof ids; p++)
                if (*p != '\t' && *p != ' ')
                        ids[n++] = *p;
                else if (n && ids[n - 1] != ' ')
                        ids[n++] = ' ';
        while (n && ids[n - 1] == ' ')
                n--;
        payload_str(&ps->strs, id, ids, n);
        return 0;
}

static void add_nested_ids(struct procstate *ps)
{
        const char *text = rawfiles_text(ps->raw, "status");

        if (add_ids(ps, text, IMG_STR_NSPID, "NStgid") < 0 || add_ids(ps, text, IMG_STR_NSSID, "NSsid") < 0 ||
            add_ids(ps, text, IMG_STR_NSPGID, "NSpgid") < 0)
                notes_add(ps->notes, "ids in nested pid namespaces: not told by this kernel (before 4.1)");
}

static void add_cgroup(struct procstate *ps)
{
        const char *text = rawfiles_text(ps->raw, "cgroup");

        if (text)
                payload_str(&ps->strs, IMG_STR_CGROUP, text, strlen(text));
        else
                notes_add(ps->notes, "cgroup: %s", strerror(errno));
}

/* A file that is one number. */
static uint32_t take_number(struct procstate *ps, const char *file, int base, uint32_t flag)
{
        const char *text = rawfiles_text(ps->raw, file);
        char *end;
        long long n;

        if (!text) {
                notes_add(ps->notes, "%s: %s", file, errno == ENOENT ? "this kernel does not keep it" : strerror(errno));
                return 0;
        }
        n = strtoll(text, &end, base);
        if (end == text) {
                notes_add(ps->notes, "%s: not told", file);
                return 0;
        }
        ps->p.flags |= flag;
        return (uint32_t)n;
}

/* A line of one driver: "usbserial            /dev/ttyUSB   188 0-511 serial". */
static int take_driver(const char *line, uint32_t major, uint32_t minor, char *buf, size_t len)
{
        const char *path = strstr(line, " /dev/"), *p;
        uint64_t first, last;
        char *end;

        if (!path)
                return -1;
        path++;
        p = path + strcspn(path, " ");
        if (*p != ' ' || strtoull(p, &end, 10) != major)
                return -1;
        p = end;
        first = last = strtoull(p, &end, 10);
        if (end == p)
                return -1;
        if (*end == '-')
                last = strtoull(end + 1, &end, 10);
        if (minor < first || minor > last)
                return -1;
        p = path + strcspn(path, " ");
        return snprintf(buf, len, "%.*s%u", (int)(p - path), path, (unsigned)(minor - first)) < (int)len ? 0 : -1;
}

/* Not by its drivers: 4 and 5, whose names do not count from 0. Numbers: admin-guide/devices.txt. */
int procstate_tty_path(const char *drivers, uint32_t major, uint32_t minor, char *buf, size_t len)
{
        enum { VIRTUAL = 4, OTHER = 5, PTS = 136, PTS_LAST = 143 };
        char line[160];

        if (major >= PTS && major <= PTS_LAST)
                return snprintf(buf, len, "/dev/pts/%u", (unsigned)((major - PTS) * 256 + minor)) < (int)len ? 0 : -1;
        if (major == VIRTUAL && minor > 0 && minor < 64)
                return snprintf(buf, len, "/dev/tty%u", (unsigned)minor) < (int)len ? 0 : -1;
        if (major == VIRTUAL && minor >= 64 && minor < 256)
                return snprintf(buf, len, "/dev/ttyS%u", (unsigned)minor - 64) < (int)len ? 0 : -1;
        if (major == OTHER && minor == 1)
                return snprintf(buf, len, "/dev/console") < (int)len ? 0 : -1;
        for (; drivers && *drivers && major != VIRTUAL && major != OTHER; drivers += *drivers == '\n') {
                size_t n = strcspn(drivers, "\n");

                snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line), drivers);
                if (take_driver(line, major, minor, buf, len) == 0)
                        return 0;
                drivers += n;
        }
        return -1;
}

static void take_tty(struct procstate *ps, const struct proc_stat *st)
{
        char path[128], *drivers = NULL;
        size_t len;

        ps->p.flags |= IMG_PROC_TTY;
        ps->p.tty_major = st->tty >> 8 & 0xfff;         /* new_encode_dev() of the kernel */
        ps->p.tty_minor = (st->tty & 0xff) | (st->tty >> 12 & 0xfff00);
        ps->p.tty_pgrp = st->tty_pgrp;
        if (!st->tty)
                return;
        if (procstate_tty_path(NULL, ps->p.tty_major, ps->p.tty_minor, path, sizeof path) == 0 ||
            (read_file(AT_FDCWD, "/proc/tty/drivers", TEXT_MAX, &drivers, &len) == 0 &&
             procstate_tty_path(drivers, ps->p.tty_major, ps->p.tty_minor, path, sizeof path) == 0))
                payload_str(&ps->strs, IMG_STR_TTY, path, strlen(path));
        else
                notes_add(ps->notes, "controlling terminal: no name is known for device %u:%u",
                          (unsigned)ps->p.tty_major, (unsigned)ps->p.tty_minor);
        free(drivers);
}

static void take_stat(struct img_proc *p, const struct proc_stat *st)
{
        p->ppid = st->ppid;
        p->pgid = st->pgid;
        p->sid = st->sid;
        p->state = (uint8_t)st->state;
        p->start_ticks = st->start_ticks;
        p->start_code = st->start_code;
        p->end_code = st->end_code;
        p->start_data = st->start_data;
        p->end_data = st->end_data;
        p->start_brk = st->start_brk;
        p->start_stack = st->start_stack;
        p->arg_start = st->arg_start;
        p->arg_end = st->arg_end;
        p->env_start = st->env_start;
        p->env_end = st->env_end;
}

static void take_misc(struct procstate *ps, const struct parasite_misc *misc)
{
        if (!misc) {
                ps->p.flags |= IMG_PROC_OUTSIDE;
                return;
        }
        ps->p.brk = misc->brk;
        if (ps->p.umask == ~0u)
                ps->p.umask = (uint32_t)misc->umask;
}

static void take_strings(struct procstate *ps, const struct proc_stat *st)
{
        payload_str(&ps->strs, IMG_STR_COMM, st->comm, strlen(st->comm));
        add_link(ps, IMG_STR_EXE, "exe");
        add_link(ps, IMG_STR_CWD, "cwd");
        add_link(ps, IMG_STR_ROOT, "root");
        add_file(ps, IMG_STR_CMDLINE, "cmdline");
        add_file(ps, IMG_STR_ENVIRON, "environ");
        add_file(ps, IMG_STR_AUXV, "auxv");
        add_namespaces(ps);
        add_nested_ids(ps);
        add_cgroup(ps);
}

static int write_proc(struct procstate *ps, struct imgwrite *w)
{
        struct iovec v[2] = { { &ps->p, sizeof ps->p }, { ps->strs.p, ps->strs.len } };
        int rc = ps->strs.failed ? fail("no memory for what the process is") : imgwrite_chunk(w, IMG_PROC, v, 2);

        payload_free(&ps->strs);
        return rc;
}

/* "   8388608              unlimited            bytes     " */
static int take_limit(const char *p, struct img_rlimit *limit)
{
        uint64_t n[2];

        for (int i = 0; i < 2; i++) {
                char *end;

                while (*p == ' ')
                        p++;
                n[i] = ~0ull;
                if (strncmp(p, "unlimited", 9) == 0) {
                        p += 9;
                        continue;
                }
                if (*p < '0' || *p > '9')
                        return -1;
                n[i] = strtoull(p, &end, 10);
                p = end;
        }
        *limit = (struct img_rlimit){ n[0], n[1] };
        return 0;
}

/* Lines by name, whatever their order. */
int procstate_parse_limits(const char *text, struct img_rlimit limit[PROCSTATE_LIMITS])
{
        static const char *const name[PROCSTATE_LIMITS] = {
                "cpu time", "file size", "data size", "stack size", "core file size", "resident set", "processes", "open files",
                "locked memory", "address space", "file locks", "pending signals", "msgqueue size", "nice priority",
                "realtime priority", "realtime timeout",
        };
        uint32_t found = 0;

        for (; *text; text += *text == '\n') {
                const char *p = text;

                text += strcspn(text, "\n");
                for (int i = 0; i < PROCSTATE_LIMITS && strncmp(p, "Max ", 4) == 0; i++) {
                        size_t len = strlen(name[i]);

                        if (strncmp(p + 4, name[i], len) == 0 && p[4 + len] == ' ' &&
                            take_limit(p + 4 + len, &limit[i]) == 0)
                                found |= 1u << i;
                }
        }
        return found == (1u << PROCSTATE_LIMITS) - 1 ? 0 : -1;
}

void procstate_take(struct procstate *ps, const struct proc_stat *st)
{
        struct img_proc *p = &ps->p;

        if (ps->taken)
                return;
        ps->taken = 1;
        ps->before = *p;
        ps->strs_before = ps->strs.len;
        take_stat(p, st);
        if (!st->start_code)
                notes_add(ps->notes, "memory layout: not told by /proc/PID/stat");
        take_strings(ps, st);
        take_tty(ps, st);
        p->oom_score_adj = (int32_t)take_number(ps, "oom_score_adj", 10, IMG_PROC_OOM);
        p->coredump_filter = take_number(ps, "coredump_filter", 16, IMG_PROC_COREDUMP);
        p->personality = take_number(ps, "personality", 16, IMG_PROC_PERSONALITY);
        p->loginuid = take_number(ps, "loginuid", 10, IMG_PROC_LOGINUID);
        rawfiles_all(ps->raw);
}

void procstate_again(struct procstate *ps)
{
        if (!ps->taken)
                return;
        ps->taken = 0;
        ps->p = ps->before;
        ps->strs.len = ps->strs_before;
}

void procstate_rehearse(struct procstate *ps, const struct proc_stat *st)
{
        struct notes *notes = calloc(1, sizeof *notes);
        struct procstate scratch = { .t = ps->t, .raw = ps->raw, .notes = notes };

        if (!notes)
                return;
        notes->len = sizeof notes->text;        /* there is no room for any */
        procstate_take(&scratch, st);
        rawfiles_again(ps->raw);
        payload_ready(&ps->strs, scratch.strs.len + MORE);
        ps->text = scratch.text;
        ps->ns = scratch.ns;
        ps->ns_names = scratch.ns_names;
        ps->lines = scratch.lines;
        payload_free(&scratch.strs);
        free(notes);
}

int procstate_write(struct procstate *ps, const struct proc_status *status, const struct parasite_misc *misc,
                    uint64_t stopped_ns, struct imgwrite *w)
{
        struct img_proc *p = &ps->p;

        p->size = sizeof *p;
        p->threads = (uint32_t)ps->t->n;
        p->pid = ps->t->pid;
        p->tgid = status->tgid;
        p->umask = status->umask;
        p->uid = status->uid;
        p->gid = status->gid;
        p->dump_time_ns = stopped_ns;
        take_misc(ps, misc);
        return write_proc(ps, w);
}

int procstate_write_limits(struct procstate *ps, struct imgwrite *w)
{
        const char *text = rawfiles_text(ps->raw, "limits");
        struct img_array a = { PROCSTATE_LIMITS, sizeof(struct img_rlimit) };
        struct img_rlimit limit[PROCSTATE_LIMITS];
        struct iovec v[2] = { { &a, sizeof a }, { limit, sizeof limit } };

        if (text && procstate_parse_limits(text, limit) == 0)
                return imgwrite_chunk(w, IMG_RLIM, v, 2);
        notes_add(ps->notes, "resource limits: %s", text ? "not all are told" : strerror(errno));
        return 0;
}

void procstate_free(struct procstate *ps)
{
        payload_free(&ps->strs);
        payload_free(&ps->ns_names);
        payload_free(&ps->lines);
        slurp_free(&ps->text);
        if (ps->ns > 0)
                close(ps->ns);
        ps->ns = 0;
}
