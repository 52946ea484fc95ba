/* SPDX-License-Identifier: MIT */
/* threadlack.c - what is missing of threads: noted once, not once a thread */
#include "threadlack.h"

#include <errno.h>
#include <string.h>

static const char *const name[] = {
        "debug registers", "", "time left in system calls", "", "tid addresses", "robust lists",
        "restartable sequences", "parent death signals", "scheduling", "utilization clamps", "timer slack",
        "io priorities", "securebits", "credentials", "no_new_privs",
        "seccomp modes", "number of seccomp filters", "pending signals", "", "umasks of threads",
        "numbers of threads in their namespaces", "processors", "where threads sleep", "cgroups of threads", "security labels of threads",
        "pending signals of the process", "seccomp filters", "flags of seccomp filters",
        "some pending signals", "some seccomp filters", "folders of threads",
};

void lack(struct threadlack *l, unsigned what, const char *why)
{
        if (!(l->noted >> what & 1))
                notes_add(l->notes, "%s: %s", name[what], why);
        l->noted |= 1ull << what;
}

void lack_errno(struct threadlack *l, uint32_t known)
{
        int none = errno == EIO || errno == EINVAL || errno == ENOSYS;

        lack(l, lack_bit(known), none ? "this kernel does not tell" : strerror(errno));
}
