/* SPDX-License-Identifier: MIT */
/* copies.c - copies of descriptors of the target, which it sends us itself */
#include "copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outfile.h"
#include "util.h"

/* As many descriptors of our own as we may have. */
static void raise_limit(size_t n)
{
        struct rlimit r;

        if (getrlimit(RLIMIT_NOFILE, &r) < 0)
                return;
        if (r.rlim_max != RLIM_INFINITY && r.rlim_max < n + 64) {
                struct rlimit more = { n + 64, n + 64 };

                if (setrlimit(RLIMIT_NOFILE, &more) == 0)       /* takes CAP_SYS_RESOURCE */
                        return;
        }
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
}

static int listen_for(struct copies *c)
{
        uint64_t name[2];
        int n;

        outfile_random(name, sizeof name);
        c->name = (struct sockaddr_un){ .sun_family = AF_UNIX };
        n = snprintf(c->name.sun_path + 1, sizeof c->name.sun_path - 1, "crdump-%016llx%016llx",
                     (unsigned long long)name[0], (unsigned long long)name[1]);
        c->name_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
        c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->listener < 0 || bind(c->listener, (struct sockaddr *)&c->name, c->name_len) < 0)
                return -1;
        return listen(c->listener, 8);
}

int copies_begin(struct copies *c, size_t n)
{
        *c = (struct copies){ .listener = -1, .from = -1 };
        c->fd = malloc((n + 1) * sizeof *c->fd);
        c->copy = malloc((n + 1) * sizeof *c->copy);
        if (!c->fd || !c->copy)
                return fail("descriptors:");
        for (size_t i = 0; i < n; i++)
                c->copy[i] = -1;
        raise_limit(n);
        if (listen_for(c) < 0)
                c->why = strerror(errno);
        return 0;
}

int copies_accept(struct copies *c, pid_t pid)
{
        struct ucred who;
        socklen_t len;

        for (;;) {
                c->from = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (c->from < 0) {
                        c->why = strerror(errno);
                        return -1;
                }
                len = sizeof who;
                if (getsockopt(c->from, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.pid == pid)
                        return 0;
                close(c->from);         /* whoever else found the name */
        }
}

void copies_take(struct copies *c, size_t at, size_t n)
{
        union { struct cmsghdr h; char room[CMSG_SPACE(COPIES_BATCH * sizeof(int))]; } control;
        char byte;
        struct iovec iov = { &byte, 1 };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        ssize_t rc = recvmsg(c->from, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        struct cmsghdr *h = rc < 0 ? NULL : CMSG_FIRSTHDR(&m);
        size_t got = 0;

        if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS && h->cmsg_len >= CMSG_LEN(0))
                got = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (got > n)
                got = n;                /* the kernel makes no more of them than were sent */
        if (got)
                memcpy(c->copy + at, CMSG_DATA(h), got * sizeof(int));
        if (rc < 0)
                c->why = strerror(errno);
        else if (got < n)
                c->why = "no more descriptors of our own";
}

static int by_value(const void *a, const void *b)
{
        const int32_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

int copies_get(const struct copies *c, int32_t fd)
{
        const int32_t *found = c->n ? bsearch(&fd, c->fd, c->n, sizeof fd, by_value) : NULL;

        return fcntl(found ? c->copy[found - c->fd] : -1, F_DUPFD_CLOEXEC, 0);
}

void copies_free(struct copies *c)
{
        for (size_t i = 0; i < c->n; i++)
                if (c->copy[i] >= 0)
                        close(c->copy[i]);
        free(c->fd);
        free(c->copy);
        if (c->fd && c->listener >= 0)
                close(c->listener);
        if (c->fd && c->from >= 0)
                close(c->from);
        *c = (struct copies){ 0 };
}
