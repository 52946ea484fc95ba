/* SPDX-License-Identifier: MIT */
/* inside.c - the trampoline copies what only the process itself can read */
#include "inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image.h"
#include "util.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE     0x100000
#endif

/*
 *      room +---------------------------------+
 *           | struct iovec: what, whereto     |  a page
 *           +---------------------------------+
 *           | copies of pages                 |
 *           +---------------------------------+
 */
#define COPIES  IMG_PAGE
#define MOST    ((INSIDE_ROOM - COPIES) >> IMG_PAGE_SHIFT)      /* pages in it */

struct there_iovec {            /* as the kernel has it */
        uint64_t base, len;
};

static int map_room(struct inside *in, struct remote *r, uint64_t mask, uint64_t hole)
{
        uint64_t arg[6] = { hole, INSIDE_ROOM, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0 };
        int64_t ret;

        in->room = hole;        /* the call may succeed and its answer get lost */
        if (remote_call(r, mask, SYS_mmap, arg, &ret) < 0)
                return -1;
        if (ret < 0)
                say("no room to copy secret memory to: %s", strerror((int)-ret));
        in->room = ret < 0 ? 0 : (uint64_t)ret;
        return 0;
}

/* The next pages of a range, as many as fit. *more: whether it was worth it. */
static int copy_some(struct inside *in, struct remote *r, uint64_t mask, uint64_t pid, struct secret_range *range, int *more)
{
        size_t n = range->pages - range->copied < MOST ? range->pages - range->copied : MOST;
        uint64_t from = range->addr + ((uint64_t)range->copied << IMG_PAGE_SHIFT), len = (uint64_t)n << IMG_PAGE_SHIFT;
        struct there_iovec v[2] = { { from, len }, { in->room + COPIES, len } };
        uint64_t arg[6] = { pid, in->room, 1, in->room + sizeof v[0], 1, 0 };
        int64_t ret;

        if (trace_write(r->t, r->task->tid, in->room, v, sizeof v) < 0)
                return trace_fail(r->t, r->task->tid, "the room for secret memory");
        if (remote_call(r, mask, SYS_process_vm_writev, arg, &ret) < 0)
                return -1;
        if (ret < (int64_t)len)
                say("secret memory at %" PRIx64 ": %s", from, ret < 0 ? strerror((int)-ret) : "some of it cannot be read");
        n = ret > 0 ? (size_t)ret >> IMG_PAGE_SHIFT : 0;
        if (n && trace_read(r->t, r->task->tid, in->room + COPIES,
                            range->data + (range->copied << IMG_PAGE_SHIFT), n << IMG_PAGE_SHIFT) < 0)
                return trace_fail(r->t, r->task->tid, "secret memory");
        range->copied += n;
        *more = ret == (int64_t)len && range->copied < range->pages;
        return 0;
}

int inside_copy(struct inside *in, struct remote *r, uint64_t mask, uint64_t hole, struct secret *s)
{
        struct proc_status st;
        int more;

        if (!s->n || !hole || proc_status(r->t->dir, 0, &st) < 0 || !st.ns_pid)
                return 0;
        if (process_vm_writev(getpid(), NULL, 0, NULL, 0, 0) < 0 && errno == ENOSYS)
                return 0;               /* a kernel built without it */
        if (map_room(in, r, mask, hole) < 0)
                return -1;
        for (size_t i = 0; i < s->n && in->room; i++)
                do
                        if (copy_some(in, r, mask, (uint64_t)st.ns_pid, &s->range[i], &more) < 0)
                                return -1;
                while (more);
        return inside_end(in, r, mask);
}

int inside_end(struct inside *in, struct remote *r, uint64_t mask)
{
        if (in->room && remote_unmap(r, mask, in->room, INSIDE_ROOM, "room for secret memory") < 0)
                return -1;
        in->room = 0;
        return 0;
}
