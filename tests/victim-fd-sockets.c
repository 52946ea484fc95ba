/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-sockets.c - has sockets of many families, states and options: "named NAME FD"
 *
 *      victim-fd-sockets FOLDER        where its named sockets are
 *
 * On SIGUSR2 it takes all that is queued for it, and says what came.
 */
#include "victim-fd.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static struct { int fd, n, level[12], option[12]; } socks[64];
static int end, listener, server, client, refused, udp, pair[2], dgram, unixl, rights[2];

static int named(const char *name, int fd)
{
        if (fd < 0)
                return fd;
        printf("named %s %d\n", name, fd);
        socks[end++].fd = fd;
        return fd;
}

static void told(int fd, int level, int option)
{
        for (int i = 0; i < end; i++)
                if (socks[i].fd == fd) {
                        socks[i].level[socks[i].n] = level;
                        socks[i].option[socks[i].n++] = option;
                }
}

static void set(int fd, int level, int option, int value)
{
        need(setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
        told(fd, level, option);
}

static void set_time(int fd, int option, long sec, long usec)
{
        struct timeval tv = { sec, usec };

        need(setsockopt(fd, SOL_SOCKET, option, &tv, sizeof tv), "setsockopt");
        told(fd, SOL_SOCKET, option);
}

static void report_option(int fd, int level, int option)
{
        union { long words[2]; int n; struct timeval tv; } u = { { 0, 0 } };
        int time = level == SOL_SOCKET && (option == SO_RCVTIMEO || option == SO_SNDTIMEO);
        socklen_t len = time ? 16 : level == SOL_SOCKET && option == SO_LINGER ? 8 : 4;

        need(getsockopt(fd, level, option, &u, &len), "getsockopt");
        printf("%d option %d %d %ld\n", fd, level, option, time ? u.tv.tv_sec * 1000000 + u.tv.tv_usec : len == 8 ? u.words[0] : u.n);
}

static void report_name(int fd, const char *what, int (*ask)(int, struct sockaddr *, socklen_t *))
{
        unsigned char name[200];
        socklen_t len = sizeof name;

        if (ask(fd, (struct sockaddr *)name, &len) < 0)
                return;
        printf("%d %s ", fd, what);
        for (socklen_t i = 0; i < len; i++)
                printf("%02x", name[i]);
        printf("\n");
}

static int get(int fd, int option)
{
        int n = 0;
        socklen_t len = sizeof n;

        getsockopt(fd, SOL_SOCKET, option, &n, &len);
        return n;
}

static void report_socket(int fd)
{
        union { struct tcp_info info; unsigned words[64]; } u = { 0 };
        enum { SEGS_OUT = 34, SEGS_IN = 35 };   /* by place: glibc's struct ends before them */
        socklen_t len = sizeof u;
        int n;

        printf("%d socket %d %d %d\n", fd, get(fd, SO_DOMAIN), get(fd, SO_TYPE), get(fd, SO_PROTOCOL));
        printf("%d listening %d\n", fd, get(fd, SO_ACCEPTCONN));
        if (!get(fd, SO_ACCEPTCONN)) {
                if (ioctl(fd, FIONREAD, &n) == 0)
                        printf("%d in %d\n", fd, n);
                if (ioctl(fd, TIOCOUTQ, &n) == 0)
                        printf("%d out %d\n", fd, n);
        }
        if (get(fd, SO_PROTOCOL) == IPPROTO_TCP && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &u, &len) == 0) {
                printf("%d state %d\n", fd, u.info.tcpi_state);
                printf("%d own segments %u %u retransmits %u\n", fd, u.words[SEGS_IN], u.words[SEGS_OUT], u.info.tcpi_total_retrans);
                if (u.info.tcpi_state == TCP_LISTEN)
                        printf("%d in %u\n%d out %u\n", fd, u.info.tcpi_unacked, fd, u.info.tcpi_sacked);
        }
        report_name(fd, "name", getsockname);
        report_name(fd, "peername", getpeername);
}

static void report(void)
{
        for (int i = 0; i < end; i++) {
                report_fd(socks[i].fd);
                report_socket(socks[i].fd);
                for (int k = 0; k < socks[i].n; k++)
                        report_option(socks[i].fd, socks[i].level[k], socks[i].option[k]);
        }
}

static struct sockaddr_in loopback(int port)
{
        return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static struct sockaddr_in address_of(int fd)
{
        struct sockaddr_in a;
        socklen_t len = sizeof a;

        need(getsockname(fd, (struct sockaddr *)&a, &len), "getsockname");
        return a;
}

static int tcp_to(int to, int flags)
{
        struct sockaddr_in a = address_of(to);
        int fd = need(socket(AF_INET, SOCK_STREAM | flags, 0), "socket");

        if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS)
                need(-1, "connect");
        return fd;
}

static void await_in(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };

        need(poll(&p, 1, 10000) == 1 ? 0 : -1, "poll");
}

static void make_tcp(void)
{
        struct sockaddr_in a = loopback(0);
        struct sockaddr_in6 b = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        int fd, closed;

        listener = named("listener", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
        set(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
        need(bind(listener, (struct sockaddr *)&a, sizeof a), "bind");
        need(listen(listener, 5), "listen");
        client = named("client", tcp_to(listener, SOCK_NONBLOCK));
        await_in(listener);
        server = named("server", accept(listener, NULL, NULL));
        set(client, IPPROTO_TCP, TCP_NODELAY, 1);
        set(client, IPPROTO_TCP, TCP_KEEPIDLE, 77);
        set(client, IPPROTO_TCP, TCP_KEEPINTVL, 11);
        set(client, IPPROTO_TCP, TCP_KEEPCNT, 4);
        set(client, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345);
        set(client, SOL_SOCKET, SO_KEEPALIVE, 1);
        set(client, SOL_SOCKET, SO_OOBINLINE, 1);
        set(client, IPPROTO_IP, IP_TOS, 0x10);
        set(client, IPPROTO_IP, IP_TTL, 33);
        set(server, IPPROTO_TCP, TCP_CORK, 1);
        set(server, SOL_SOCKET, SO_SNDBUF, 30000);
        set_time(server, SO_RCVTIMEO, 3, 500000);
        set_time(server, SO_SNDTIMEO, 4, 250000);
        need((int)write(client, "a hundred times less than 100", 29), "write");
        await_in(server);
        tcp_to(listener, 0);
        tcp_to(listener, 0);
        fd = need(socket(AF_INET, SOCK_STREAM, 0), "socket");           /* nobody listens there */
        a = loopback(0);
        need(bind(fd, (struct sockaddr *)&a, sizeof a), "bind");
        refused = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        a = address_of(fd);
        connect(refused, (struct sockaddr *)&a, sizeof a);
        for (struct pollfd p = { .fd = refused }; poll(&p, 1, 10000) == 0; )
                ;
        named("refused", refused);
        closed = named("new", socket(AF_INET, SOCK_STREAM, 0));
        need(setsockopt(closed, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 9 }, sizeof(struct linger)), "SO_LINGER");
        told(closed, SOL_SOCKET, SO_LINGER);
        set(closed, SOL_SOCKET, SO_REUSEPORT, 1);
        fd = named("tcp6", socket(AF_INET6, SOCK_STREAM, 0));
        if (fd < 0)
                return;
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
        if (bind(fd, (struct sockaddr *)&b, sizeof b) == 0)
                need(listen(fd, 1), "listen");
}

static void make_udp(void)
{
        struct sockaddr_in a = loopback(0);
        int fd;

        udp = named("udp", socket(AF_INET, SOCK_DGRAM, 0));
        need(bind(udp, (struct sockaddr *)&a, sizeof a), "bind");
        set(udp, SOL_SOCKET, SO_BROADCAST, 1);
        set(udp, SOL_SOCKET, SO_RCVBUF, 50000);
        set(udp, SOL_SOCKET, SO_PRIORITY, 3);
        set(udp, IPPROTO_IP, IP_MULTICAST_TTL, 5);
        set(udp, IPPROTO_IP, IP_PKTINFO, 1);
        a = address_of(udp);
        fd = named("udp.connected", socket(AF_INET, SOCK_DGRAM, 0));
        need(connect(fd, (struct sockaddr *)&a, sizeof a), "connect");
        need((int)send(fd, "first datagram", 14, 0), "send");
        need((int)send(fd, "second", 6, 0), "send");
        await_in(udp);
}

static void make_unix(void)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "listening" }, b = { .sun_family = AF_UNIX };
        union { struct cmsghdr h; char space[CMSG_SPACE(2 * sizeof(int))]; } control = { 0 };
        struct iovec iov = { "with two", 8 };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        int fd, two[2] = { 0, 1 };

        need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
        named("pair.0", pair[0]);
        named("pair.1", pair[1]);
        set(pair[1], SOL_SOCKET, SO_PEEK_OFF, 3);
        set(pair[1], SOL_SOCKET, SO_PASSCRED, 1);
        need((int)write(pair[0], "0123456789", 10), "write");
        dgram = named("abstract", socket(AF_UNIX, SOCK_DGRAM, 0));
        snprintf(b.sun_path + 1, sizeof b.sun_path - 1, "crdump-test-%d", getpid());
        need(bind(dgram, (struct sockaddr *)&b, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(b.sun_path + 1))), "bind");
        unixl = named("seqpacket", socket(AF_UNIX, SOCK_SEQPACKET, 0));
        unlink(a.sun_path);
        need(bind(unixl, (struct sockaddr *)&a, sizeof a), "bind");
        need(listen(unixl, 7), "listen");
        fd = named("waiting", socket(AF_UNIX, SOCK_SEQPACKET, 0));
        need(connect(fd, (struct sockaddr *)&a, sizeof a), "connect");
        need(socketpair(AF_UNIX, SOCK_DGRAM, 0, rights), "socketpair");
        named("rights.0", rights[0]);
        named("rights.1", rights[1]);
        control.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof two), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.h), two, sizeof two);
        need((int)sendmsg(rights[0], &m, 0), "sendmsg");
}

static void make_others(void)
{
        struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, ~0u } };
        struct sock_fprog filter = { 1, all };
        struct sockaddr_nl n = { .nl_family = AF_NETLINK, .nl_groups = 0x11 };
        int fd;

        fd = named("netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
        need(bind(fd, (struct sockaddr *)&n, sizeof n), "bind");
        fd = named("filter", socket(AF_UNIX, SOCK_DGRAM, 0));
        need(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), "SO_ATTACH_FILTER");
        named("packet", socket(AF_PACKET, SOCK_DGRAM, 0));
        named("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
        named("alg", socket(38, SOCK_SEQPACKET, 0));
}

static void tell(const char *what, ssize_t n, const char *buf)
{
        printf("%s %zd %.*s\n", what, n, n > 0 ? (int)n : 0, buf);
}

static void finish(void)
{
        char buf[200];
        union { struct cmsghdr h; char space[CMSG_SPACE(2 * sizeof(int))]; } control;
        struct iovec iov = { buf, sizeof buf };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        struct pollfd p = { .fd = client, .events = POLLIN | POLLRDHUP };
        socklen_t len = sizeof(int);
        int err = 0;

        printf("client sees %d\n", poll(&p, 1, 0));
        tell("server", read(server, buf, sizeof buf), buf);
        printf("accepts %d %d\n", accept(listener, NULL, NULL) >= 0, accept(listener, NULL, NULL) >= 0);
        getsockopt(refused, SOL_SOCKET, SO_ERROR, &err, &len);
        printf("error %s\n", err == ECONNREFUSED ? "refused" : "lost");
        tell("udp", read(udp, buf, sizeof buf), buf);
        tell("udp", read(udp, buf, sizeof buf), buf);
        tell("peek", recv(pair[1], buf, 2, MSG_PEEK), buf);
        tell("pair", read(pair[1], buf, sizeof buf), buf);
        printf("accepts %d\n", accept(unixl, NULL, NULL) >= 0);
        tell("rights", recvmsg(rights[1], &m, 0), buf);
        printf("rights %zu\n", m.msg_controllen ? (control.h.cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0);
}

int main(int argc, char **argv)
{
        if (argc > 1)
                need(chdir(argv[1]), argv[1]);
        make_tcp();
        make_udp();
        make_unix();
        make_others();
        serve(report, finish);
}
