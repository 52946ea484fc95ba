/* SPDX-License-Identifier: MIT */
/* courier.c - the trampoline sends us descriptors of the target */
#include "courier.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image.h"
#include "util.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE     0x100000
#endif

struct room {                   /* in the target: the kernel's structures, with its addresses */
        struct sockaddr_un to;
        uint16_t pad;
        struct { uint64_t name, name_len, iov, iov_n, control, control_len, flags; } msg;
        struct { uint64_t base, len; } iov;
        struct { uint64_t len; int32_t level, type; } head;     /* struct cmsghdr */
        int32_t  fd[COPIES_BATCH];
        char     byte;
};
_Static_assert(offsetof(struct room, msg) % 8 == 0 && sizeof(struct room) <= IMG_PAGE, "courier's room");

/* One call; *ret its result. c->why on a failure of it. 0, or -1 after fail(). */
static int call(struct remote *r, uint64_t mask, struct copies *c, long nr, const uint64_t arg[6], int64_t *ret)
{
        if (remote_call(r, mask, nr, arg, ret) < 0)
                return -1;
        if (*ret < 0)
                c->why = strerror((int)-*ret);
        return 0;
}

static int map_room(struct courier *k, struct remote *r, uint64_t mask, uint64_t hole, struct copies *c)
{
        uint64_t arg[6] = { hole, IMG_PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, (uint64_t)-1, 0 };
        int64_t ret;

        k->room = hole;         /* the call may succeed and its answer get lost */
        if (call(r, mask, c, SYS_mmap, arg, &ret) < 0)
                return -1;
        k->room = ret < 0 ? 0 : (uint64_t)ret;
        return 0;
}

static int put(struct courier *k, struct remote *r, const struct room *room)
{
        if (trace_write(r->t, r->task->tid, k->room, room, sizeof *room) == 0)
                return 0;
        return trace_fail(r->t, r->task->tid, "room for messages");
}

/* A socket that is connected to ours. 0, with c->why if it is not; -1 after fail(). */
static int connect_it(struct courier *k, struct remote *r, uint64_t mask, struct copies *c, struct room *room)
{
        uint64_t make[6] = { AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0, 0, 0 };
        uint64_t to[6] = { 0, k->room + offsetof(struct room, to), c->name_len, 0, 0, 0 };
        int64_t ret;

        room->to = c->name;
        k->fd = c->free_fd;     /* that is what it gets */
        k->open = 1;
        if (put(k, r, room) < 0 || call(r, mask, c, SYS_socket, make, &ret) < 0)
                return -1;
        k->open = ret >= 0;
        if (ret < 0)
                return 0;
        k->fd = (int32_t)ret;
        to[0] = (uint64_t)ret;
        if (call(r, mask, c, SYS_connect, to, &ret) < 0)
                return -1;
        if (ret == 0)
                copies_accept(c, r->t->pid);
        return 0;
}

/* The n of them from number `at` on, in one message. */
static int send_some(struct courier *k, struct remote *r, uint64_t mask, struct copies *c, struct room *room, size_t at, size_t n)
{
        uint64_t arg[6] = { (uint64_t)k->fd, k->room + offsetof(struct room, msg), MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0, 0 };
        uint64_t len = sizeof room->head + n * sizeof *room->fd;
        int64_t ret;

        room->head.len = len;
        room->head.level = SOL_SOCKET;
        room->head.type = SCM_RIGHTS;
        room->iov.base = k->room + offsetof(struct room, byte);
        room->iov.len = 1;
        room->msg.iov = k->room + offsetof(struct room, iov);
        room->msg.iov_n = 1;
        room->msg.control = k->room + offsetof(struct room, head);
        room->msg.control_len = len;
        memcpy(room->fd, c->fd + at, n * sizeof *room->fd);
        if (put(k, r, room) < 0 || call(r, mask, c, SYS_sendmsg, arg, &ret) < 0)
                return -1;
        if (ret >= 0)
                copies_take(c, at, n);
        return 0;
}

int courier_bring(struct courier *k, struct remote *r, uint64_t mask, uint64_t hole, struct copies *c)
{
        struct room room = { .byte = 0 };

        if (!c->why && !hole)
                c->why = "no room for messages";
        if (c->why || !c->n)
                return 0;
        if (map_room(k, r, mask, hole, c) < 0 || (k->room && connect_it(k, r, mask, c, &room) < 0))
                return -1;
        for (size_t at = 0, n; at < c->n && !c->why; at += n) {
                n = c->n - at < COPIES_BATCH ? c->n - at : COPIES_BATCH;
                if (send_some(k, r, mask, c, &room, at, n) < 0)
                        return -1;
        }
        return courier_end(k, r, mask);
}

/* An answer got lost: is there a socket of that number? */
static int is_open(const struct courier *k, const struct remote *r)
{
        char name[48], to[8];

        snprintf(name, sizeof name, "task/%d/fd/%d", (int)r->task->tid, (int)k->fd);
        return readlinkat(r->t->dir, name, to, sizeof to) == sizeof to && !memcmp(to, "socket:[", sizeof to);
}

int courier_end(struct courier *k, struct remote *r, uint64_t mask)
{
        uint64_t fd[6] = { (uint64_t)k->fd, 0, 0, 0, 0, 0 };
        int64_t ret;

        if (k->open && is_open(k, r)) {
                if (remote_call(r, mask, SYS_close, fd, &ret) < 0)
                        return -1;
                if (ret < 0) {
                        errno = (int)-ret;
                        return fail("close our socket, descriptor %d of the process:", (int)k->fd);
                }
        }
        k->open = 0;
        if (k->room && remote_unmap(r, mask, k->room, IMG_PAGE, "room for messages") < 0)
                return -1;
        k->room = 0;
        return 0;
}
