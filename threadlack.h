/* SPDX-License-Identifier: MIT */
/* threadlack.h - what is missing of threads: noted once, not once a thread */
#ifndef THREADLACK_H
#define THREADLACK_H

#include <stdint.h>
#include "image.h"
#include "notes.h"

/* By the bits of img_thread.known (lack_bit()), then what has none. */
enum {
        LACK_NSTID = 20, LACK_AFFINITY, LACK_WCHAN, LACK_CGROUP, LACK_LABEL, LACK_SHARED, LACK_PROGRAMS,
        LACK_FLAGS, LACK_SOME_SIGNALS, LACK_SOME_FILTERS, LACK_FOLDERS
};

struct threadlack {
        struct notes *notes;
        uint64_t noted;         /* kinds of which something was missing */
};

/* The bit number of an IMG_THREAD_*. */
static inline unsigned lack_bit(uint32_t known)
{
        return (unsigned)__builtin_ctz(known);
}

/* Note why something is missing, the first time. */
void lack(struct threadlack *l, unsigned what, const char *why);

/* By errno; known: one of IMG_THREAD_*. */
void lack_errno(struct threadlack *l, uint32_t known);

#endif
