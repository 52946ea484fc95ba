/* SPDX-License-Identifier: MIT */
/* pagesrc.c - pages of the stopped target, from its memory */
#include "pagesrc.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image.h"

static ssize_t by_pinning(struct trace *t, uint64_t addr, uint8_t *buf, size_t len)
{
        struct iovec here = { buf, len }, there = { (void *)(uintptr_t)addr, len };
        ssize_t got = process_vm_readv(t->live, &here, 1, &there, 1, 0);

        if (got >= (ssize_t)IMG_PAGE)
                return got >> IMG_PAGE_SHIFT;
        if (got < 0 && errno == ESRCH)
                return trace_fail(t, t->live, "memory");
        if (got >= 0)
                errno = EFAULT;
        return 0;
}

static ssize_t by_file(struct trace *t, uint64_t addr, uint8_t *buf, size_t len)
{
        ssize_t got = pread(t->mem, buf, len, (off_t)addr);

        if (got >= (ssize_t)IMG_PAGE)
                return got >> IMG_PAGE_SHIFT;
        if (got == 0) {                 /* no memory any more */
                errno = ESRCH;
                return trace_fail(t, t->live, "memory");
        }
        if (got > 0)
                errno = EIO;
        return 0;
}

ssize_t pagesrc_read(struct trace *t, enum pagesrc_way way, uint64_t addr, uint8_t *buf, size_t n)
{
        size_t len = n << IMG_PAGE_SHIFT;
        ssize_t got = 0;

        if (way != PAGESRC_GENTLE || t->mem < 0)
                got = by_pinning(t, addr, buf, len);
        if (got || way == PAGESRC_PINNED || t->mem < 0)
                return got;
        return by_file(t, addr, buf, len);
}
