/* SPDX-License-Identifier: MIT */
/* threadlook.c - what is looked at of threads before they are stopped */
#include "threadlook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "procthread.h"
#include "util.h"

#define STATUS_OPEN     4096u           /* so many are held open at most: the kernel has a page for each */
#define CGROUP_MAX      (1u << 20)      /* bytes */

/* The line in the text, without its end, behind what is in strs. Its length. */
static uint32_t keep(struct threadlook *l, size_t *at, size_t len)
{
        while (len && (l->text.p[len - 1] == '\n' || l->text.p[len - 1] == '\0'))
                len--;
        *at = l->strs.len;
        payload_add(&l->strs, l->text.p, len);
        return l->strs.failed ? 0 : (uint32_t)len;
}

static void look_at_wchan(struct threadlook *l, struct threadseen *s)
{
        ssize_t len = procthread_read(&l->text, l->t->dir, s->tid, "wchan");

        if (len < 0 && (errno != ENOENT || access("/proc/self/wchan", F_OK) < 0))     /* that is, it is not gone */
                lack(l->lack, LACK_WCHAN, errno == ENOENT ? "this kernel does not tell" : strerror(errno));
        else if (len > 0 && strcmp(l->text.p, "0"))
                s->wchan_len = keep(l, &s->wchan, (size_t)len);
}

/* Where there is no security module that has labels: EINVAL. */
static void look_at_label(struct threadlook *l, struct threadseen *s)
{
        ssize_t len = procthread_read(&l->text, l->t->dir, s->tid, "attr/current");

        if (len >= 0)
                s->label_len = keep(l, &s->label, (size_t)len);
        else if (errno != EINVAL && errno != ENOENT && errno != ESRCH)
                lack(l->lack, LACK_LABEL, strerror(errno));
}

static void look_at_cgroup(struct threadlook *l, struct threadseen *s)
{
        ssize_t len = procthread_read(&l->text, l->t->dir, s->tid, "cgroup");

        if (len < 0 && errno != ENOENT && errno != ESRCH)
                lack(l->lack, LACK_CGROUP, strerror(errno));
        if (len <= 0 || ((size_t)len == l->process_cgroup.len && !memcmp(l->text.p, l->process_cgroup.p, (size_t)len)))
                return;
        s->cgroup = l->strs.len;
        s->cgroup_len = (uint32_t)len;
        payload_add(&l->strs, l->text.p, (size_t)len);
        if (l->strs.failed)
                s->cgroup_len = 0;
}

static void look_at(struct threadlook *l, struct threadseen *s, pid_t tid)
{
        *s = (struct threadseen){ .tid = tid, .status = -1 };
        look_at_label(l, s);
        look_at_cgroup(l, s);
}

/* To be read again and again: opening takes as long as reading. */
static int open_status(int dir, pid_t tid)
{
        char path[48];

        snprintf(path, sizeof path, "task/%d/status", (int)tid);
        return openat(dir, path, O_RDONLY | O_CLOEXEC);
}

void threadlook(struct threadlook *l, const struct trace *t, struct threadlack *lack)
{
        size_t open = descriptors(STATUS_OPEN);
        pid_t *tid;
        ssize_t len;

        *l = (struct threadlook){ .t = t, .lack = lack };
        len = slurp(&l->text, t->live_dir, "cgroup", CGROUP_MAX);
        if (len > 0)
                payload_add(&l->process_cgroup, l->text.p, (size_t)len);
        if (proc_tasks(t->dir, &tid, &l->n) < 0)
                return;                         /* the next one to want them says so */
        l->seen = calloc(l->n, sizeof *l->seen);
        for (size_t i = 0; l->seen && i < l->n; i++) {
                look_at(l, &l->seen[i], tid[i]);
                look_at_wchan(l, &l->seen[i]);
                if (i < open)
                        l->seen[i].status = open_status(t->dir, tid[i]);
        }
        if (!l->seen)
                l->n = 0;
        free(tid);
}

struct threadseen threadlook_at(struct threadlook *l, pid_t tid)
{
        size_t i = find_number(l->seen, l->n, sizeof *l->seen, tid, &l->at);
        struct threadseen fresh;

        if (i < l->n)
                return l->seen[i];
        look_at(l, &fresh, tid);
        return fresh;
}

void threadlook_add(const struct threadlook *l, const struct threadseen *s, int slept, struct payload *to)
{
        if (s->wchan_len && slept)
                payload_str(to, IMG_TSTR_WCHAN, l->strs.p + s->wchan, s->wchan_len);
        if (s->cgroup_len)
                payload_str(to, IMG_TSTR_CGROUP, l->strs.p + s->cgroup, s->cgroup_len);
        if (s->label_len)
                payload_str(to, IMG_TSTR_LABEL, l->strs.p + s->label, s->label_len);
}

void threadlook_free(struct threadlook *l)
{
        for (size_t i = 0; i < l->n; i++)
                if (l->seen[i].status >= 0)
                        close(l->seen[i].status);
        free(l->seen);
        payload_free(&l->strs);
        payload_free(&l->process_cgroup);
        slurp_free(&l->text);
}
