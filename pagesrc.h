/* SPDX-License-Identifier: MIT */
/*
 * pagesrc.h - pages of the stopped target, from its memory
 *
 * Two calls read it, and each has what the other must not be used for.
 * process_vm_readv(2) is faster; but the kernel pins pages for it, and gives
 * the target its own copy of one that it has in common with its parent after
 * fork(2), or with others by KSM (gup_must_unshare(), 5.19); a clone(2) at
 * that time must copy what is pinned, and fails where that is a page of
 * hugetlbfs and there are no more (hugetlb_try_dup_anon_rmap(), 5.12); it does
 * not read PROT_NONE; and in memory that userfaultfd watches it waits for the
 * monitor, which may be in the target. Reading /proc/PID/mem does nothing of
 * that, but of a device's memory it would call the driver.
 */
#ifndef PAGESRC_H
#define PAGESRC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "trace.h"

enum pagesrc_way {
        PAGESRC_FAST,           /* process_vm_readv, then /proc/PID/mem */
        PAGESRC_GENTLE,         /* /proc/PID/mem alone, if we may open it */
        PAGESRC_PINNED,         /* process_vm_readv alone */
};

/*
 * Read n pages to buf. Returns how many came, from the first on; 0 with errno
 * when the first one cannot be read. -1 after fail(): the target is gone.
 */
ssize_t pagesrc_read(struct trace *t, enum pagesrc_way way, uint64_t addr, uint8_t *buf, size_t n);

#endif
