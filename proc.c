/* SPDX-License-Identifier: MIT */
/* proc.c - what the text in /proc says of a process */
#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image.h"
#include "slurp.h"
#include "util.h"

int proc_open(pid_t pid)
{
        char path[32];

        snprintf(path, sizeof path, "/proc/%d", (int)pid);
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int proc_open_task(int dir, pid_t tid)
{
        char path[32];

        snprintf(path, sizeof path, "task/%d", (int)tid);
        return openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* `file` of the process, or of its thread tid. */
static const char *path_of(char path[64], pid_t tid, const char *file)
{
        if (!tid)
                return file;
        snprintf(path, 64, "task/%d/%s", (int)tid, file);
        return path;
}

/* As slurp_into(), but one that is gone is ESRCH. */
static ssize_t read_task_file(int dir, pid_t tid, const char *file, char *buf, size_t size)
{
        char path[64];
        ssize_t n = slurp_into(buf, size, dir, path_of(path, tid, file));

        if (n < 0 && errno == ENOENT)
                errno = ESRCH;
        return n;
}

/* The fields after the comm, which may itself hold spaces and ')': the last ')' ends it. */
int proc_parse_stat(const char *text, struct proc_stat *st)
{
        const char *open = strchr(text, '('), *close = strrchr(text, ')');
        uint64_t f[53] = { 0 };         /* by the numbers of proc(5) */
        const char *p;
        size_t len;
        char *end;

        memset(st, 0, sizeof *st);
        if (!open || !close || close < open || close[1] != ' ' || !close[2])
                return -1;
        len = (size_t)(close - open - 1);
        if (len >= sizeof st->comm)
                len = sizeof st->comm - 1;
        memcpy(st->comm, open + 1, len);
        st->comm[len] = '\0';
        st->state = close[2];
        p = close + 3;
        for (int i = 4; i < 53; i++) {
                f[i] = strtoull(p, &end, 10);
                if (end == p) {
                        if (i <= 22)
                                return -1;
                        break;          /* an older kernel knows fewer */
                }
                p = end;
        }
        st->ppid = (pid_t)f[4];
        st->pgid = (pid_t)f[5];
        st->sid = (pid_t)f[6];
        st->tty = (uint32_t)f[7];
        st->tty_pgrp = (pid_t)f[8];
        st->flags = (uint32_t)f[9];
        st->threads = (uint32_t)f[20];
        st->start_ticks = f[22];
        st->start_code = f[26];
        st->end_code = f[27];
        st->start_stack = f[28];
        st->processor = (uint32_t)f[39];
        st->policy = (uint32_t)f[41];
        st->start_data = f[45];
        st->end_data = f[46];
        st->start_brk = f[47];
        st->arg_start = f[48];
        st->arg_end = f[49];
        st->env_start = f[50];
        st->env_end = f[51];
        st->exit_status = (int)f[52];
        return 0;
}

int proc_stat(int dir, pid_t tid, struct proc_stat *st)
{
        char text[2048];                /* 52 numbers and a name */
        int rc;

        memset(st, 0, sizeof *st);
        if (read_task_file(dir, tid, "stat", text, sizeof text) < 0)
                return -1;
        rc = proc_parse_stat(text, st);
        if (rc < 0)
                errno = EPROTO;
        return rc;
}

const char *proc_field(const char *text, const char *key)
{
        size_t len = strlen(key);

        for (const char *p = text; p; p = strchr(p, '\n')) {
                p += *p == '\n';
                if (strncmp(p, key, len) == 0 && p[len] == ':')
                        return p + len + 1;
        }
        return NULL;
}

static uint64_t status_number(const char *text, const char *key, int base, uint64_t missing)
{
        const char *p = proc_field(text, key);

        return p ? strtoull(p, NULL, base) : missing;
}

static uint64_t second_number(const char *text, const char *key)        /* of real, effective, saved, fs */
{
        const char *p = proc_field(text, key);
        char *end;

        if (!p)
                return ~0ull;
        strtoull(p, &end, 10);
        return strtoull(end, NULL, 10);
}

static uint64_t last_number(const char *text, const char *key)
{
        const char *p = proc_field(text, key);
        uint64_t n = 0, last = 0;
        char *end;

        while (p && *p && *p != '\n') {
                n = strtoull(p, &end, 10);
                if (end == p)
                        break;
                last = n;
                for (p = end; *p == '\t' || *p == ' '; p++)
                        ;
        }
        return last;
}

/* Is `word` in the list behind `key`? */
static int status_word(const char *text, const char *key, const char *word)
{
        const char *p = proc_field(text, key);
        const char *end = p ? strchr(p, '\n') : NULL;
        const char *hit = p ? strstr(p, word) : NULL;

        return hit && (!end || hit < end);
}

int proc_parse_status(const char *text, struct proc_status *st)
{
        memset(st, 0, sizeof *st);
        st->tgid = (pid_t)status_number(text, "Tgid", 10, 0);
        st->tracer = (pid_t)status_number(text, "TracerPid", 10, 0);
        st->ns_pid = (pid_t)last_number(text, "NSpid");
        st->uid = (uint32_t)second_number(text, "Uid");
        st->gid = (uint32_t)second_number(text, "Gid");
        st->umask = (uint32_t)status_number(text, "Umask", 8, ~0u);
        st->threads = (uint32_t)status_number(text, "Threads", 10, 0);
        st->anon = (status_number(text, "RssAnon", 10, 0) + status_number(text, "VmSwap", 10, 0)) * 1024;
        st->own = st->anon + status_number(text, "RssShmem", 10, 0) * 1024;
        st->files = status_number(text, "RssFile", 10, 0) * 1024;
        st->seccomp = (int)status_number(text, "Seccomp", 10, 0);
        st->shstk = status_word(text, "x86_Thread_features", "shstk");
        st->pending = status_number(text, "SigPnd", 16, 0);
        st->shared_pending = status_number(text, "ShdPnd", 16, 0);
        st->blocked = status_number(text, "SigBlk", 16, 0);
        st->ignored = status_number(text, "SigIgn", 16, 0);
        st->caught = status_number(text, "SigCgt", 16, 0);
        return st->tgid ? 0 : -1;
}

/* With thousands of groups it is long. */
static int long_status(int dir, pid_t tid, struct proc_status *st)
{
        struct slurp text = { 0 };
        char path[64];
        int rc = -1;

        if (slurp(&text, dir, path_of(path, tid, "status"), PROC_TEXT_MAX) >= 0)
                rc = proc_parse_status(text.p, st);
        slurp_free(&text);
        return rc;
}

int proc_status(int dir, pid_t tid, struct proc_status *st)
{
        char text[4096];
        int rc;

        memset(st, 0, sizeof *st);
        rc = (int)read_task_file(dir, tid, "status", text, sizeof text);
        if (rc < 0 && errno != EFBIG)
                return -1;
        rc = rc < 0 ? long_status(dir, tid, st) : proc_parse_status(text, st);
        if (rc < 0)
                errno = EPROTO;
        return rc;
}

/* Room for one more of size bytes in *p, which has n of *cap. */
static int grow(void **p, size_t n, size_t *cap, size_t size)
{
        size_t want = *cap ? *cap * 2 : 64;
        void *q;

        if (n < *cap)
                return 0;
        q = realloc(*p, want * size);
        if (!q)
                return -1;
        *p = q;
        *cap = want;
        return 0;
}

static int keep_name(struct proc_maps *m, struct proc_map *map, const char *name, size_t len)
{
        while (m->names_len + len > m->names_cap) {
                size_t cap = m->names_cap;
                void *p = m->names;

                if (grow(&p, cap, &cap, 1) < 0)
                        return -1;
                m->names = p;
                m->names_cap = cap;
        }
        map->name = (uint32_t)m->names_len;
        map->name_len = (uint32_t)len;
        if (len)
                memcpy(m->names + m->names_len, name, len);
        m->names_len += len;
        return 0;
}

/* A number in base at *p, which must be followed by `after`; *p moves behind that. */
static int take(const char **p, int base, char after, uint64_t *n)
{
        char *end;

        if (!isxdigit((unsigned char)**p))
                return -1;
        *n = strtoull(*p, &end, base);
        if (*end != after)
                return -1;
        *p = end + 1;
        return 0;
}

/* A line of maps: "start-end perms offset major:minor inode   name". -1: it is not one. */
static int parse_map_line(const char *line, size_t len, struct proc_map *map, const char **name)
{
        const char *p = line, *perms;
        uint64_t major, minor;

        memset(map, 0, sizeof *map);
        if (take(&p, 16, '-', &map->start) < 0 || take(&p, 16, ' ', &map->end) < 0)
                return -1;
        perms = p;
        if (strnlen(p, 5) < 5 || p[4] != ' ')
                return -1;
        p += 5;
        if (take(&p, 16, ' ', &map->off) < 0 || take(&p, 16, ':', &major) < 0 ||
            take(&p, 16, ' ', &minor) < 0 || !isdigit((unsigned char)*p))
                return -1;
        map->ino = strtoull(p, (char **)&p, 10);
        if (map->start >= map->end || (map->start | map->end) & (IMG_PAGE - 1) || (*p && *p != ' '))
                return -1;
        map->dev_major = (uint32_t)major;
        map->dev_minor = (uint32_t)minor;
        map->r = perms[0] == 'r';
        map->w = perms[1] == 'w';
        map->x = perms[2] == 'x';
        map->shared = perms[3] == 's';
        while (p < line + len && *p == ' ')
                p++;
        *name = p;
        return 0;
}

/* The bits of a list of two-letter names; one that is not known is kept in `unknown`, unless that has one. */
static uint64_t parse_vmflags(const char *p, size_t len, char unknown[3])
{
        static const char known[] = IMG_VMFLAGS;
        const char *end = p + len;
        uint64_t flags = 0;
        size_t i;

        for (; end - p >= 2; p++) {
                if (p[0] == ' ')
                        continue;
                for (i = 0; i + 1 < sizeof known; i += 3)
                        if (known[i] == p[0] && known[i + 1] == p[1])
                                break;
                if (i + 1 < sizeof known)
                        flags |= 1ull << i / 3;
                else if (!*unknown && isgraph((unsigned char)p[0]) && isgraph((unsigned char)p[1]))
                        memcpy(unknown, p, 2);
                p++;
        }
        return flags;
}

/*
 * One line, len bytes and a NUL. In smaps, one that starts with a hexadecimal
 * digit in lower case or a digit opens a mapping; others tell of it.
 */
static int take_line(char *p, size_t len, struct proc_maps *m)
{
        struct proc_map map;
        const char *name;
        void *q = m->map;

        if (strncmp(p, "VmFlags:", 8) == 0 && m->n) {
                m->map[m->n - 1].vmflags = parse_vmflags(p + 8, len - 8, m->vmflag);
                m->map[m->n - 1].vmflags_known = 1;
                return 0;
        }
        if (!isxdigit((unsigned char)*p) || isupper((unsigned char)*p))
                return 0;
        if (parse_map_line(p, len, &map, &name) < 0)
                return fail("/proc: not a list of mappings: %s", p);
        if (m->n && map.start < m->map[m->n - 1].end) { /* of a running one: neighbours merged between two reads */
                if (map.end <= m->map[m->n - 1].end)
                        return 0;
                if (proc_map_of_file(&map))
                        map.off += m->map[m->n - 1].end - map.start;
                map.start = m->map[m->n - 1].end;
        }
        if (grow(&q, m->n, &m->cap, sizeof map) < 0)
                return fail("read mappings:");
        m->map = q;
        if (keep_name(m, &map, name, (size_t)(p + len - name)) < 0)
                return fail("read mappings:");
        m->map[m->n++] = map;
        return 0;
}

/* 0, or -1 after fail(), m all zero. */
static int take_maps(char *text, size_t len, struct proc_maps *m)
{
        char *end = text + len;
        int rc = 0;

        for (char *p = text, *eol; p < end && rc == 0; p = eol + 1) {
                char was;

                eol = memchr(p, '\n', (size_t)(end - p));
                if (!eol)
                        eol = end;
                was = *eol;
                *eol = '\0';
                rc = take_line(p, (size_t)(eol - p), m);
                *eol = was;
        }
        if (rc < 0)
                proc_maps_free(m);
        return rc;
}

static void begin_maps(struct proc_maps *m)
{
        m->n = m->names_len = 0;
        memset(m->vmflag, 0, sizeof m->vmflag);
}

int proc_parse_maps(char *text, size_t len, struct proc_maps *m)
{
        begin_maps(m);
        return take_maps(text, len, m);
}

static int cannot_read_maps(struct proc_maps *m)
{
        proc_maps_free(m);
        errno = errno == ENOENT ? ESRCH : errno;
        return fail("read mappings:");
}

/* It is ten times as long as what is kept of it. */
static int take_smaps(struct slurp_lines *l, struct proc_maps *m)
{
        ssize_t n;

        begin_maps(m);
        while ((n = slurp_lines(l)) > 0)
                if (take_maps(l->s.p, (size_t)n, m) < 0)
                        return -1;
        return n < 0 ? cannot_read_maps(m) : 0;
}

int proc_maps(int dir, int smaps, struct proc_maps *m)
{
        struct slurp_lines l = { .max = PROC_TEXT_MAX };
        ssize_t len;
        int rc;

        if (!smaps) {
                len = slurp(&m->text, dir, "maps", PROC_TEXT_MAX);
                return len < 0 ? cannot_read_maps(m) : proc_parse_maps(m->text.p, (size_t)len, m);
        }
        l.fd = slurp_open(dir, "smaps");
        if (l.fd < 0)
                return cannot_read_maps(m);
        rc = take_smaps(&l, m);
        close(l.fd);
        slurp_free(&l.s);
        return rc;
}

void proc_maps_free(struct proc_maps *m)
{
        slurp_free(&m->text);
        free(m->map);
        free(m->names);
        memset(m, 0, sizeof *m);
}

int proc_maps_equal(const struct proc_maps *a, const struct proc_maps *b)
{
        if (a->n != b->n || a->names_len != b->names_len ||
            (a->names_len && memcmp(a->names, b->names, a->names_len)))
                return 0;
        for (size_t i = 0; i < a->n; i++) {
                struct proc_map x = a->map[i], y = b->map[i];

                x.vmflags_known = y.vmflags_known = 0;
                x.vmflags = y.vmflags = 0;
                if (memcmp(&x, &y, sizeof x))
                        return 0;
        }
        return 1;
}

const struct proc_map *proc_maps_find(const struct proc_maps *m, uint64_t addr)
{
        size_t lo = 0, hi = m->n;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (m->map[mid].end <= addr)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return lo < m->n && m->map[lo].start <= addr ? &m->map[lo] : NULL;
}

int proc_map_named(const struct proc_maps *m, const struct proc_map *map, const char *name)
{
        return map->name_len == strlen(name) && !memcmp(m->names + map->name, name, map->name_len);
}

int proc_tasks(int dir, pid_t **tid, size_t *n)
{
        int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), saved;
        struct slurp_names names;
        const char *name;
        void *p = NULL;
        size_t cap = 0;

        *n = 0;
        if (fd < 0)
                return -1;
        slurp_names(&names, fd);
        while ((name = slurp_name(&names))) {
                if (!isdigit((unsigned char)*name))
                        continue;
                if (grow(&p, *n, &cap, sizeof **tid) < 0)
                        break;
                ((pid_t *)p)[(*n)++] = (pid_t)strtol(name, NULL, 10);
        }
        saved = name ? ENOMEM : errno;
        close(fd);
        if (saved) {                    /* not all of them are better than none */
                free(p);
                errno = saved;
                return -1;
        }
        *tid = p;
        return 0;
}

int proc_parse_syscall(const char *text)
{
        char *end;
        long nr = strtol(text, &end, 10);

        return end == text || nr < -1 || nr > 0xffff ? -1 : (int)nr;    /* no number: "running" */
}

uint64_t proc_mapped(int fd)
{
        char text[256] = "";            /* seven numbers, the first one of pages: proc_pid_statm() */

        return pread(fd, text, sizeof text - 1, 0) <= 0 ? 0 : strtoull(text, NULL, 10) * IMG_PAGE;
}

int proc_syscall(int dir, pid_t tid)
{
        char text[256];                 /* nine numbers */

        if (read_task_file(dir, tid, "syscall", text, sizeof text) < 0)
                return -2;              /* needs CONFIG_HAVE_ARCH_TRACEHOOK and the right to trace */
        return proc_parse_syscall(text);
}

static int shares(pid_t tid, const struct proc_stat *st, pid_t other)
{
        enum { KCMP_VM = 1 };
        struct proc_stat its;
        int dir = proc_open(other), rc = 0;

        if (dir < 0)
                return 0;
        if (proc_stat(dir, 0, &its) == 0 && its.start_stack && its.start_stack == st->start_stack &&
            its.start_code == st->start_code)
                rc = syscall(SYS_kcmp, tid, other, KCMP_VM, 0, 0) == 0;
        close(dir);
        return rc;
}

pid_t proc_sharing(pid_t pid, pid_t tid, const struct proc_stat *st, pid_t after)
{
        DIR *d = opendir("/proc");
        struct dirent *e;
        pid_t found = 0;

        while (d && !found && (e = readdir(d))) {
                pid_t other = (pid_t)strtol(e->d_name, NULL, 10);

                if (other > after && other != pid && shares(tid, st, other))
                        found = other;
        }
        if (d)
                closedir(d);
        return found;
}

void proc_comm(pid_t pid, char comm[PROC_COMM])
{
        struct proc_stat st;
        int dir = proc_open(pid);

        strcpy(comm, "?");
        if (dir >= 0) {
                if (proc_stat(dir, 0, &st) == 0)
                        memcpy(comm, st.comm, PROC_COMM);
                close(dir);
        }
}

void proc_wchan(int dir, pid_t tid, char *buf, size_t len)
{
        char text[256];                 /* a function's name */

        buf[0] = '\0';
        if (read_task_file(dir, tid, "wchan", text, sizeof text) > 0 && strcmp(text, "0"))
                snprintf(buf, len, "%.63s", text);
}

static int have_cap(int cap)            /* effective, ours */
{
        char *text;
        size_t len;
        uint64_t eff;

        if (read_file(AT_FDCWD, "/proc/self/status", PROC_TEXT_MAX, &text, &len) < 0)
                return 0;
        eff = status_number(text, "CapEff", 16, 0);
        free(text);
        return eff >> cap & 1;
}

void proc_why_not(int dir, char *buf, size_t len)
{
        enum { CAP_SYS_PTRACE = 19 };
        struct proc_status st;
        char *text, scope = '0', *p = buf;
        size_t n;

        *buf = '\0';
        if (read_file(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 64, &text, &n) == 0) {
                scope = text[0];
                free(text);
        }
        if (have_cap(CAP_SYS_PTRACE)) {
                if (scope == '3')
                        snprintf(p, len, "kernel.yama.ptrace_scope is 3: nobody may trace");
                else
                        snprintf(p, len, "a security module or another user namespace forbids it");
                return;
        }
        if (proc_status(dir, 0, &st) == 0 && st.uid != geteuid())
                snprintf(p, len, "it runs as user %u, we as %u, without CAP_SYS_PTRACE",
                         (unsigned)st.uid, (unsigned)geteuid());
        else if (scope != '0')
                snprintf(p, len, "kernel.yama.ptrace_scope is %c and we lack CAP_SYS_PTRACE", scope);
        else
                snprintf(p, len, "it is not dumpable (set-user-id, or it said so by prctl), or has"
                         " capabilities that we lack: CAP_SYS_PTRACE is needed");
}
