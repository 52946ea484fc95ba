/* SPDX-License-Identifier: MIT */
/*
 * threadlook.h - what is looked at of threads before they are stopped
 *
 * Where each sleeps, its cgroup and its security label; and a descriptor of its
 * status, which will be read when it is stopped: to open it takes as long as
 * to read it.
 */
#ifndef THREADLOOK_H
#define THREADLOOK_H

#include <stddef.h>
#include <stdint.h>
#include "payload.h"
#include "slurp.h"
#include "threadlack.h"
#include "trace.h"

struct threadseen {             /* strings are in threadlook.strs, length 0: none */
        pid_t    tid;           /* first, for find_number() */
        int      status;        /* its file, open; -1: it is not */
        size_t   wchan, label, cgroup;
        uint32_t wchan_len, label_len, cgroup_len;
};

struct threadlook {
        const struct trace *t;
        struct threadlack *lack;
        struct threadseen *seen;        /* in the order of /proc */
        size_t   n, at;
        struct payload strs, process_cgroup;
        struct slurp text;
};

/* Look at all of them. lack is kept. Without memory nothing was seen. */
void threadlook(struct threadlook *l, const struct trace *t, struct threadlack *lack);

/* What was seen of one. One that came later is looked at now, but for where it sleeps. */
struct threadseen threadlook_at(struct threadlook *l, pid_t tid);

/* That as img_str's; slept: it still sleeps where it was seen to. */
void threadlook_add(const struct threadlook *l, const struct threadseen *s, int slept, struct payload *to);

void threadlook_free(struct threadlook *l);

#endif
