/* SPDX-License-Identifier: MIT */
/* fdsock.c - sockets: addresses, state, options, queue lengths */
#include "fdsock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define GET_FILTER      26              /* asm-generic/socket.h; others by musl's names */
#define SIOCOUTQ        0x5411          /* linux/sockios.h */
#define SIOCGSKNS       0x894c
#define MPTCP           262

enum {                                  /* whose option it is: bits */
        ANY = 1, INET = 2, INET6 = 4, TCP = 8, UDP = 16, NETLINK = 32, PACKET = 64,
};

enum { SOL_UDP_ = 17, SOL_PACKET_ = 263, SOL_NETLINK_ = 270 };

/*
 * What can be set, and asked for without an effect, by number as in
 * uapi/asm-generic/socket.h, linux/in.h, in6.h, tcp.h, udp.h, netlink.h,
 * if_packet.h: an old libc's headers lack names. Not in it: what is longer than
 * 8 bytes, what only tells a state, and what old kernels do not know is skipped.
 */
static const struct group {
        uint16_t level, who;
        uint8_t  option[36];            /* 0: no more */
} groups[] = {
        /* DEBUG REUSEADDR DONTROUTE BROADCAST SNDBUF RCVBUF KEEPALIVE OOBINLINE NO_CHECK PRIORITY LINGER REUSEPORT
           PASSCRED RCVLOWAT RCVTIMEO SNDTIMEO TIMESTAMP PASSSEC TIMESTAMPNS MARK TIMESTAMPING RXQ_OVFL PEEK_OFF
           LOCK_FILTER SELECT_ERR_QUEUE BUSY_POLL MAX_PACING_RATE ZEROCOPY TXTIME BINDTOIFINDEX BUF_LOCK PASSPIDFD */
        { SOL_SOCKET, ANY, { 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 18, 20, 21, 29, 34, 35, 36, 37, 40, 42, 44, 45, 46,
                             47, 60, 61, 62, 72, 76 } },
        /* TOS TTL HDRINCL ROUTER_ALERT RECVOPTS RETOPTS PKTINFO MTU_DISCOVER RECVERR RECVTTL RECVTOS FREEBIND
           TRANSPARENT RECVORIGDSTADDR MINTTL NODEFRAG BIND_ADDRESS_NO_PORT MULTICAST_IF, _TTL, _LOOP, _ALL UNICAST_IF
           LOCAL_PORT_RANGE */
        { IPPROTO_IP, INET, { 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 19, 20, 21, 22, 24, 32, 33, 34, 49, 50, 51 } },
        /* UNICAST_HOPS MULTICAST_IF, _HOPS, _LOOP MTU_DISCOVER RECVERR V6ONLY MULTICAST_ALL RECVPKTINFO RECVHOPLIMIT
           DONTFRAG RECVTCLASS TCLASS AUTOFLOWLABEL MINHOPCOUNT TRANSPARENT UNICAST_IF FREEBIND */
        { IPPROTO_IPV6, INET6, { 16, 17, 18, 19, 23, 25, 26, 29, 49, 51, 62, 66, 67, 70, 73, 75, 76, 78 } },
        /* NODELAY MAXSEG CORK KEEPIDLE KEEPINTVL KEEPCNT SYNCNT LINGER2 DEFER_ACCEPT WINDOW_CLAMP QUICKACK
           THIN_LINEAR_TIMEOUTS USER_TIMEOUT FASTOPEN NOTSENT_LOWAT SAVE_SYN FASTOPEN_CONNECT FASTOPEN_NO_COOKIE INQ */
        { IPPROTO_TCP, TCP, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 18, 23, 25, 27, 30, 34, 36 } },
        /* CORK ENCAP NO_CHECK6_TX NO_CHECK6_RX SEGMENT GRO */
        { SOL_UDP_, UDP, { 1, 100, 101, 102, 103, 104 } },
        /* PKTINFO BROADCAST_ERROR NO_ENOBUFS LIST_MEMBERSHIPS (groups 1 to 64) CAP_ACK EXT_ACK GET_STRICT_CHK */
        { SOL_NETLINK_, NETLINK, { 3, 4, 5, 9, 10, 11, 12 } },
        /* AUXDATA ORIGDEV VERSION RESERVE LOSS VNET_HDR TIMESTAMP FANOUT TX_HAS_OFF QDISC_BYPASS IGNORE_OUTGOING */
        { SOL_PACKET_, PACKET, { 8, 9, 10, 12, 14, 15, 17, 18, 19, 20, 23 } },
};

/* One as an int; `none` where it cannot be had. */
static int get(const struct fd *d, int level, int option, int none)
{
        int n;
        socklen_t len = sizeof n;

        return getsockopt(d->copy, level, option, &n, &len) == 0 && len == sizeof n ? n : none;
}

static int is_tcp(const struct img_socket *s)
{
        return (s->family == AF_INET || s->family == AF_INET6) && s->type == SOCK_STREAM &&
                (s->protocol == IPPROTO_TCP || s->protocol == MPTCP);
}

/* Is there a TCP connection, or one to come, to be asked? One of MPTCP that has none yet would make one to answer. */
static int has_flow(const struct img_socket *s, int connected)
{
        return is_tcp(s) && (s->protocol != MPTCP || connected || s->listening);
}

static unsigned whose(const struct img_socket *s, int flows)
{
        unsigned who = ANY;

        if (s->family == AF_INET || s->family == AF_INET6)
                who |= INET | (flows ? TCP : 0) | (s->protocol == IPPROTO_UDP ? UDP : 0);
        if (s->family == AF_INET6)
                who |= INET6;
        if (s->family == AF_NETLINK)
                who |= NETLINK;
        if (s->family == AF_PACKET)
                who |= PACKET;
        return who;
}

/* Bytes of an option's value. Of more, the kernel gives as much as is asked for. */
static socklen_t value_len(int level, int option)
{
        enum { LINGER = 13, RCVTIMEO = 20, SNDTIMEO = 21, MAX_PACING_RATE = 47, TXTIME = 61, LIST_MEMBERSHIPS = 9 };

        if (level == SOL_SOCKET && (option == RCVTIMEO || option == SNDTIMEO))
                return sizeof(struct timeval);
        if ((level == SOL_SOCKET && (option == LINGER || option == MAX_PACING_RATE || option == TXTIME)) ||
            (level == SOL_NETLINK_ && option == LIST_MEMBERSHIPS))
                return 8;
        return 4;
}

/* 0, or the error of one that a security module keeps; what this kernel or socket does not have is left out. */
static int add_option(struct payload *b, const struct fd *d, int level, int option)
{
        struct img_sockopt out = { level, option, 0 };
        union { int64_t words[2]; int32_t n; uint8_t byte; struct timeval tv; } u = { { 0, 0 } };
        socklen_t len = value_len(level, option);

        if (getsockopt(d->copy, level, option, &u, &len) < 0)
                return errno == EACCES || errno == EPERM ? errno : 0;
        if (len == sizeof u.tv)
                out.value = u.tv.tv_sec * 1000000 + u.tv.tv_usec;
        else if (len == sizeof u.n)
                out.value = u.n;
        else if (len == 1)
                out.value = u.byte;
        else
                out.value = u.words[0];
        payload_add(b, &out, sizeof out);
        return 0;
}

static void add_options(struct fd *d, const struct img_socket *s, int flows)
{
        struct payload b = { 0 };
        unsigned who = whose(s, flows);
        int kept = 0, err;

        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
                for (const uint8_t *o = groups[i].option; who & groups[i].who && *o; o++)
                        if ((err = add_option(&b, d, groups[i].level, *o)))
                                kept = err;
        errno = kept;
        if (kept)
                fd_why(d, "options:");
        fd_str(d, IMG_FSTR_OPTIONS, b.p, b.len);
        d->strs.failed |= b.failed;
        payload_free(&b);
}

/* A struct sockaddr; 0: there is none. */
static int add_address(struct fd *d, uint32_t id, int (*ask)(int, struct sockaddr *, socklen_t *), const char *what)
{
        struct sockaddr_storage a;
        socklen_t len = sizeof a;

        if (ask(d->copy, (struct sockaddr *)&a, &len) < 0) {
                if (errno != ENOTCONN)
                        fd_why(d, "%s:", what);
                return 0;
        }
        if (len > sizeof a)
                len = sizeof a;
        fd_str(d, id, &a, len);
        return 1;
}

/* The first byte of struct tcp_info is the state; of a listening one, it has its queue. */
static void add_tcp_info(struct fd *d, struct img_socket *s)
{
        union { uint8_t bytes[512]; uint32_t words[128]; } info;
        enum { UNACKED = 6, SACKED = 7, NEEDED = 32 };
        socklen_t len = sizeof info;

        if (getsockopt(d->copy, IPPROTO_TCP, 11, &info, &len) < 0) {    /* TCP_INFO */
                fd_why(d, "state of the connection:");
                return;
        }
        fd_str(d, IMG_FSTR_TCP_INFO, &info, len);
        s->tcp_state = info.bytes[0];
        if (s->listening && len >= NEEDED) {
                s->in_queued = info.words[UNACKED];
                s->out_queued = info.words[SACKED];
        }
}

static void add_queues(struct fd *d, struct img_socket *s)
{
        int n;

        if (s->listening)
                return;
        if (s->protocol == MPTCP && is_tcp(s))          /* it would take over what its connections have, and acknowledge */
                fd_why(d, "bytes queued to be read: MPTCP cannot be asked without effect");
        else if (ioctl(d->copy, FIONREAD, &n) == 0 && n >= 0) {
                s->in_queued = d->f.queued = (uint64_t)n;
                d->f.known |= IMG_FD_QUEUED;
        }
        if (ioctl(d->copy, SIOCOUTQ, &n) == 0 && n >= 0)
                s->out_queued = (uint64_t)n;
}

static void add_unix(struct fd *d, struct img_socket *s, int connected, struct unixpeers *peers)
{
        struct { int32_t pid; uint32_t uid, gid; } cred;
        socklen_t len = sizeof cred;
        const struct unixpeer *u;

        if (getsockopt(d->copy, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && len == sizeof cred) {
                s->peer_pid = cred.pid;
                s->peer_uid = cred.uid;
                s->peer_gid = cred.gid;
        }
        if (!connected && !s->listening)
                return;
        if (!peers->asked)
                unixpeers_read(peers);
        u = unixpeers_find(peers, s->ino);
        if (!u) {
                errno = peers->err;
                fd_why(d, peers->err ? "inode of the peer, length of the queue:" :
                       "inode of the peer, length of the queue: in another network namespace");
                return;
        }
        s->peer_ino = u->peer;
        if (s->listening) {
                s->in_queued = u->waiting;
                s->out_queued = u->room;
        }
}

/* SIOCGSKNS: a descriptor of its network namespace (4.9; takes CAP_NET_ADMIN there). */
static void add_namespace(struct fd *d, struct img_socket *s)
{
        int fd = ioctl(d->copy, SIOCGSKNS);
        struct stat st;

        if (fd >= 0 && fstat(fd, &st) == 0)
                s->netns_ino = st.st_ino;
        else
                fd_why(d, "network namespace:");
        if (fd >= 0)
                close(fd);
}

/* What is there, and not in the image. */
static void add_limits(struct fd *d, const struct img_socket *s)
{
        const char *flight = fd_info(d, "scm_fds");
        socklen_t len = 0;
        char none;
        int rc;

        if (s->in_queued && s->in_queued != ~0ull)
                fd_why(d, s->listening ? "connections that wait: they can only be taken" :
                       "what is queued to be read: it can only be taken");
        if (is_tcp(s) && !s->listening && s->out_queued && s->out_queued != ~0ull)
                fd_why(d, "what is not sent or acknowledged yet: not to be had without touching the connection");
        if (flight && strtoul(flight, NULL, 10))
                fd_why(d, "%lu descriptors on their way: they can only be taken", strtoul(flight, NULL, 10));
        rc = getsockopt(d->copy, SOL_SOCKET, GET_FILTER, &none, &len);   /* no room: how many there are */
        if (rc == 0 && len)
                fd_why(d, "its filter of %u instructions", (unsigned)len);
        if (rc < 0 && errno == EACCES)
                fd_why(d, "its filter, an eBPF program");
        if (s->family != AF_UNIX && s->family != AF_INET && s->family != AF_INET6 && s->family != AF_NETLINK &&
            s->family != AF_PACKET)
                fd_why(d, "of its family only what all sockets have");
}

void fdsock(struct fd *d, struct unixpeers *peers)
{
        struct img_socket s = {
                .size = sizeof s, .in_queued = ~0ull, .out_queued = ~0ull, .tcp_state = -1, .ino = d->f.ino,
                .family = get(d, SOL_SOCKET, SO_DOMAIN, -1), .type = get(d, SOL_SOCKET, SO_TYPE, -1),
                .protocol = get(d, SOL_SOCKET, SO_PROTOCOL, -1), .listening = get(d, SOL_SOCKET, SO_ACCEPTCONN, 0),
        };
        int connected, flows, n;
        socklen_t len = sizeof n;

        if (s.family < 0 && getsockopt(d->copy, SOL_SOCKET, SO_DOMAIN, &n, &len) < 0)
                fd_why(d, "family, type:");
        add_address(d, IMG_FSTR_NAME, getsockname, "its address");
        connected = add_address(d, IMG_FSTR_PEER, getpeername, "its peer's address");
        flows = has_flow(&s, connected);
        add_queues(d, &s);
        if (flows)
                add_tcp_info(d, &s);
        else if (is_tcp(&s))
                fd_why(d, "state, options of TCP: MPTCP that is not connected cannot be asked without effect");
        if (s.family == AF_UNIX)
                add_unix(d, &s, connected, peers);
        add_namespace(d, &s);
        add_options(d, &s, flows);
        add_limits(d, &s);
        fd_str(d, IMG_FSTR_SOCKET, &s, sizeof s);
}
