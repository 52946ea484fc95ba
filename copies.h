/* SPDX-License-Identifier: MIT */
/*
 * copies.h - copies of descriptors of the target, which it sends us itself
 *
 * Where the kernel has no pidfd_getfd(2) (before 5.6), or does not let us use
 * it. They come by SCM_RIGHTS over a unix socket, as in 2012 CRIU's parasite
 * got its own the other way: here we listen and take, courier.h sends.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#define COPIES_BATCH    253u    /* SCM_MAX_FD: of one message */

struct copies {                 /* all zero: none are wanted */
        int32_t *fd;            /* of the target: those wanted, ascending */
        int     *copy;          /* ours; -1: not got */
        size_t   n;
        int32_t  free_fd;       /* the lowest number that the target has not in use */
        const char *why;        /* those that are not got are missing; NULL: all is well so far */
        int      listener, from;        /* our sockets; -1: none */
        struct sockaddr_un name;        /* of the listener: abstract, random */
        socklen_t name_len;
};

/* Room for n, and listen. 0, or -1 after fail(): no memory. */
int copies_begin(struct copies *c, size_t n);

/* Take the connection of process pid, nobody else's. 0, or -1 with c->why set. */
int copies_accept(struct copies *c, pid_t pid);

/* Take what came: those from number `at` on, at most COPIES_BATCH. c->why is set if they are fewer. */
void copies_take(struct copies *c, size_t at, size_t n);

/* Another copy of number fd in the target, the caller's own; -1 with errno, EBADF: not got. */
int copies_get(const struct copies *c, int32_t fd);

void copies_free(struct copies *c);

#endif
