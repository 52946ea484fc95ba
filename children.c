/* SPDX-License-Identifier: MIT */
/* children.c - the children of a process */
#include "children.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "util.h"

#define TEXT_MAX        (16u << 20)     /* bytes of one file: more is nonsense */

struct pids {
        pid_t *pid;
        size_t n, cap;
        size_t left;            /* more than CHILDREN_MAX */
};

static int add(struct pids *p, long pid)
{
        if (pid <= 0 || pid > 0x7fffffff)
                return 0;
        if (p->n == CHILDREN_MAX) {
                p->left++;
                return 0;
        }
        if (p->n == p->cap) {
                size_t cap = p->cap ? p->cap * 2 : 64;
                pid_t *q = realloc(p->pid, cap * sizeof *q);

                if (!q)
                        return -1;
                p->pid = q;
                p->cap = cap;
        }
        p->pid[p->n++] = (pid_t)pid;
        return 0;
}

/* "4711 4712 ": those of one thread. */
static int add_file(struct pids *p, int dir, pid_t tid)
{
        char path[48], *text, *end;
        size_t len;
        int rc = 0;

        snprintf(path, sizeof path, "task/%d/children", (int)tid);
        if (read_file(dir, path, TEXT_MAX, &text, &len) < 0)
                return -1;
        for (const char *at = text; rc == 0; at = end) {
                long pid = strtol(at, &end, 10);

                if (end == at)
                        break;
                rc = add(p, pid);
        }
        free(text);
        return rc;
}

/* A thread may end meanwhile; if not one has such a file, the kernel has none. */
static int from_threads(struct pids *p, int dir)
{
        size_t n, found = 0;
        pid_t *tid;
        int rc = 0;

        if (proc_tasks(dir, &tid, &n) < 0)
                return -1;
        for (size_t i = 0; i < n && rc == 0; i++) {
                rc = add_file(p, dir, tid[i]);
                found += rc == 0;
                if (rc < 0 && (errno == ENOENT || errno == ESRCH))
                        rc = 0;
        }
        free(tid);
        if (rc == 0 && !found) {
                errno = ENOENT;
                return -1;
        }
        return rc;
}

static int parent_of(pid_t pid, struct proc_stat *st)
{
        int dir = proc_open(pid), rc = -1;

        if (dir >= 0) {
                if (proc_stat(dir, 0, st) == 0)
                        rc = st->ppid;
                close(dir);
        }
        return rc;
}

static int from_all(struct pids *p, pid_t pid)
{
        DIR *d = opendir("/proc");
        struct proc_stat st;
        struct dirent *e;
        int rc = 0;

        if (!d)
                return -1;
        p->n = p->left = 0;
        while (rc == 0 && (errno = 0, e = readdir(d))) {
                long other = strtol(e->d_name, NULL, 10);

                if (other > 0 && other <= 0x7fffffff && parent_of((pid_t)other, &st) == pid)
                        rc = add(p, other);
        }
        if (errno)
                rc = -1;
        closedir(d);
        return rc;
}

static void add_line(struct payload *lines, pid_t pid, const char *comm)
{
        char line[16 + 2 * PROC_COMM];
        size_t n = (size_t)snprintf(line, sizeof line, "%d ", (int)pid);

        for (; *comm && n + 3 < sizeof line; comm++) {
                if (*comm == '\n' || *comm == '\\') {
                        line[n++] = '\\';
                        line[n++] = *comm == '\n' ? 'n' : '\\';
                } else {
                        line[n++] = *comm;
                }
        }
        line[n++] = '\n';
        payload_add(lines, line, n);
}

static int by_pid(const void *a, const void *b)
{
        const pid_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

int children_list(pid_t pid, int dir, struct payload *lines, struct notes *notes)
{
        struct pids p = { 0 };
        struct proc_stat st;
        int rc = from_threads(&p, dir);

        if (rc < 0 && errno != ENOMEM)
                rc = from_all(&p, pid);
        if (rc == 0 && p.n)
                qsort(p.pid, p.n, sizeof *p.pid, by_pid);
        for (size_t i = 0; rc == 0 && i < p.n; i++) {
                int parent = parent_of(p.pid[i], &st);

                if (i && p.pid[i] == p.pid[i - 1])
                        continue;
                if (parent == pid)
                        add_line(lines, p.pid[i], st.comm);
                else if (parent < 0 && (kill(p.pid[i], 0) == 0 || errno == EPERM))
                        add_line(lines, p.pid[i], "?");         /* not ours to see: /proc is mounted with hidepid */
        }
        if (rc == 0 && p.left)
                notes_add(notes, "children: %zu more than %d", p.left, CHILDREN_MAX);
        free(p.pid);
        return rc;
}
