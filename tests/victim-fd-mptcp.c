/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-mptcp.c - has sockets of MPTCP from descriptor 10 on: new, listening, connected, accepted; tells about them
 *
 * Its exit status is 77 where the kernel has no MPTCP.
 */
#include "victim-fd.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define MPTCP           262
#define SOL_MPTCP_      284     /* linux/mptcp.h, as the next */
#define SUBFLOW_ADDRS   3

static int end = 10;

/* How many connections it has; this makes none. -1: the kernel does not tell. */
static int flows(int fd)
{
        struct { uint32_t size, n, size_kernel, size_user; } v = { .size = sizeof v };
        socklen_t len = sizeof v;

        return getsockopt(fd, SOL_MPTCP_, SUBFLOW_ADDRS, &v, &len) < 0 ? -1 : (int)v.n;
}

static void report(void)
{
        for (int fd = 10; fd < end; fd++) {
                report_fd(fd);
                printf("%d socket 2 1 %d\n%d own flows %d\n", fd, MPTCP, fd, flows(fd));
        }
}

static void finish(void)
{
        char b[64];
        ssize_t n = read(end - 1, b, sizeof b);

        printf("read %.*s\n", (int)(n < 0 ? 0 : n), b);
}

static int as_next(int fd, const char *what)
{
        need(fd, what);
        need(dup2(fd, end), "dup2");
        close(fd);
        return end++;
}

int main(void)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM, MPTCP), zero = 0;
        socklen_t len = sizeof a;

        if (fd < 0)
                return 77;
        as_next(fd, "socket");                                                  /* 10: new */
        as_next(socket(AF_INET, SOCK_STREAM, MPTCP), "socket");                 /* 11: listening */
        need(bind(11, (struct sockaddr *)&a, sizeof a), "bind");
        need(listen(11, 4), "listen");
        need(getsockname(11, (struct sockaddr *)&a, &len), "getsockname");
        as_next(socket(AF_INET, SOCK_STREAM, MPTCP), "socket");                 /* 12: connected */
        setsockopt(12, IPPROTO_TCP, TCP_NODELAY, &zero, sizeof zero);
        need(connect(12, (struct sockaddr *)&a, sizeof a), "connect");
        as_next(accept(11, NULL, NULL), "accept");                              /* 13: accepted */
        need((int)write(12, "over many ways", 14), "write");
        serve(report, finish);
}
