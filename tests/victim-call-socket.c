/* SPDX-License-Identifier: MIT */
/*
 * victim-call-socket.c - sits in a call at a socket: unix or TCP, with a time-out or without
 *
 * usage, output: victim-call.h
 */
#define _GNU_SOURCE
#include "victim-call.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* --- a pair or a listener ------------------------------------------------- */

static sa_family_t family(void)
{
        return strstr(self->name, "tcp") ? AF_INET : AF_UNIX;
}

static socklen_t address(struct sockaddr_storage *a, int fd)    /* to bind fd to, or where it is bound */
{
        socklen_t len = sizeof *a;

        memset(a, 0, sizeof *a);
        if (fd >= 0) {
                must(getsockname(fd, (struct sockaddr *)a, &len), "getsockname");
                return len;
        }
        a->ss_family = family();
        if (family() == AF_UNIX)
                return sizeof(sa_family_t);         /* the kernel finds a name */
        ((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof(struct sockaddr_in);
}

static int make_socket(void)
{
        return must(socket(family(), SOCK_STREAM, 0), "socket");
}

static int make_listener(int backlog)
{
        struct sockaddr_storage a;
        socklen_t len = address(&a, -1);
        int fd = make_socket();

        must(bind(fd, (struct sockaddr *)&a, len), "bind");
        must(listen(fd, backlog), "listen");
        return fd;
}

static int join(int fd, int listener)
{
        struct sockaddr_storage a;
        socklen_t len = address(&a, listener);

        return connect(fd, (struct sockaddr *)&a, len);
}

static void limit(int fd)                           /* the time that this socket's calls may take */
{
        struct timeval t = { wait_ms / 1000, wait_ms % 1000 * 1000 };

        if (!self->timed)
                return;
        must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), "SO_RCVTIMEO");
        must(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t), "SO_SNDTIMEO");
}

static void use_socket_pair(void)
{
        int listener = make_listener(1), small = 4096;

        fds[1] = make_socket();
        setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        must(join(fds[1], listener), "connect");
        fds[0] = must(accept(listener, NULL, NULL), "accept");
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        close(listener);
        limit(fds[0]);
}

/* --- reading -------------------------------------------------------------- */

static long call_recv(void)
{
        char buf[RECORD];

        use_socket_pair();
        go(SYS_recvfrom, wake_write);
        return syscall(SYS_recvfrom, fds[0], buf, sizeof buf, 0, NULL, NULL);
}

static long call_read_socket(void)
{
        char buf[RECORD];

        use_socket_pair();
        go(SYS_read, wake_write);
        return syscall(SYS_read, fds[0], buf, sizeof buf);
}

static long call_recvmsg(void)
{
        char buf[RECORD];
        struct iovec io = { buf, sizeof buf };
        struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

        use_socket_pair();
        go(SYS_recvmsg, wake_write);
        return syscall(SYS_recvmsg, fds[0], &m, 0);
}

static long call_recvmmsg(void)
{
        char buf[RECORD];
        struct iovec io = { buf, sizeof buf };
        struct mmsghdr m = { .msg_hdr = { .msg_iov = &io, .msg_iovlen = 1 } };

        use_socket_pair();
        go(SYS_recvmmsg, wake_write);
        return syscall(SYS_recvmmsg, fds[0], &m, 1, 0, NULL);
}

static long call_recv_half(void)
{
        char buf[2 * RECORD];

        use_socket_pair();
        wake_write();
        go(SYS_recvfrom, wake_write);
        return syscall(SYS_recvfrom, fds[0], buf, sizeof buf, MSG_WAITALL, NULL, NULL);
}

static long call_recvmmsg_half(void)
{
        char buf[2][RECORD];
        struct iovec io[2] = { { buf[0], RECORD }, { buf[1], RECORD } };
        struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &io[0], .msg_iovlen = 1 } },
                                { .msg_hdr = { .msg_iov = &io[1], .msg_iovlen = 1 } } };

        use_socket_pair();
        wake_write();
        go(SYS_recvmmsg, wake_write);
        return syscall(SYS_recvmmsg, fds[0], m, 2, 0, NULL);
}

/* --- connecting, writing -------------------------------------------------- */

static void wake_connect(void)
{
        join(make_socket(), fds[0]);
        usleep(100000);
}

static long call_accept(void)
{
        fds[0] = make_listener(1);
        limit(fds[0]);
        go(SYS_accept, wake_connect);
        return syscall(SYS_accept, fds[0], NULL, NULL);
}

static void wake_accept(void)                       /* a unix listener has room again; TCP would try only later */
{
        if (family() == AF_UNIX)
                accept(fds[1], NULL, NULL);
        else
                shutdown(fds[0], SHUT_RDWR);
}

static long call_connect(void)
{
        struct sockaddr_storage a;
        socklen_t len;

        fds[1] = make_listener(0);
        must(join(make_socket(), fds[1]), "the first connect");     /* which fills the queue */
        fds[0] = make_socket();
        limit(fds[0]);
        len = address(&a, fds[1]);
        go(SYS_connect, wake_accept);
        return syscall(SYS_connect, fds[0], &a, len);
}

static void drain(void)
{
        char buf[65536];
        int i;

        for (i = 0; i < 100; i++) {
                while (recv(fds[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
                        ;
                usleep(5000);
        }
}

static long call_send(void)
{
        static const char zeros[4096];
        int full;

        use_socket_pair();
        for (full = 0; full < 25; full++) {         /* TCP goes on moving bytes to the other end for a while */
                while (send(fds[0], zeros, sizeof zeros, MSG_DONTWAIT) > 0)
                        full = 0;
                usleep(20000);
        }
        go(SYS_sendto, drain);
        return syscall(SYS_sendto, fds[0], "d", 1, 0, NULL, 0);
}

/* --- */

static const struct call calls[] = {
        { "recv-unix",           call_recv,          0 },
        { "recv-unix-timed",     call_recv,          1 },
        { "recv-tcp",            call_recv,          0 },
        { "recv-tcp-timed",      call_recv,          1 },
        { "recvmsg-unix",        call_recvmsg,       0 },
        { "recvmsg-unix-timed",  call_recvmsg,       1 },
        { "recvmsg-tcp",         call_recvmsg,       0 },
        { "recvmsg-tcp-timed",   call_recvmsg,       1 },
        { "recvmmsg-unix",       call_recvmmsg,      0 },
        { "recvmmsg-unix-timed", call_recvmmsg,      1 },
        { "recvmmsg-tcp",        call_recvmmsg,      0 },
        { "recvmmsg-tcp-timed",  call_recvmmsg,      1 },
        { "read-unix",           call_read_socket,   0 },
        { "read-unix-timed",     call_read_socket,   1 },
        { "read-tcp-timed",      call_read_socket,   1 },
        { "accept-unix",         call_accept,        0 },
        { "accept-unix-timed",   call_accept,        1 },
        { "accept-tcp",          call_accept,        0 },
        { "accept-tcp-timed",    call_accept,        1 },
        { "connect-unix",        call_connect,       0 },
        { "connect-unix-timed",  call_connect,       1 },
        { "connect-tcp",         call_connect,       0 },
        { "connect-tcp-timed",   call_connect,       1 },
        { "send-unix",           call_send,          0 },
        { "send-unix-timed",     call_send,          1 },
        { "send-tcp",            call_send,          0 },
        { "send-tcp-timed",      call_send,          1 },
        { "recv-half",           call_recv_half,     0 },
        { "recvmmsg-half",       call_recvmmsg_half, 0 },
};

int main(int argc, char **argv)
{
        return call_main(argc, argv, calls, sizeof calls / sizeof calls[0]);
}
