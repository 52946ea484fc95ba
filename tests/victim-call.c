/* SPDX-License-Identifier: MIT */
/*
 * victim-call.c - sits in one blocking system call, then tells how it ended
 *
 * usage: victim-call NAME [MS]         victim-call list
 *
 * Prints "ready NR START" just before it blocks: the call's number (-1: it
 * spins) and CLOCK_BOOTTIME in ms. The call ends after MS: by its own time-out,
 * or by what a child does to it then. Afterwards prints
 *
 *      NAME ret=R errno=E ms=N mask=HEX handled=N
 *
 * ms: since START; mask: blocked signals; handled: how often SIGUSR1 was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECORD  8                       /* bytes that wake a reader */

struct call {
        const char *name;
        long      (*block)(void);       /* as the call: -1 with errno, or its result */
        int         family;             /* of its sockets */
        int         timed;              /* SO_RCVTIMEO, SO_SNDTIMEO or a time-out of its own */
};

static const struct call *self;
static long wait_ms = 1200;
static int64_t start;                   /* ms; of its timer, if one runs before the call does */
static pid_t child;
static int fds[2];                      /* the victim waits at the first, the child wakes it by the second */
static int *word;                       /* a futex that the child shares */
static int sem_id = -1, msg_id = -1;
static char dir[64];
static volatile sig_atomic_t handled;

/* --- start, end, what the child does ---------------------------------------- */

static int64_t now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_BOOTTIME, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct timespec timespec(int64_t ms)
{
        return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

static struct timespec later(clockid_t clock)       /* the end of the wait, as an instant */
{
        struct timespec t;

        clock_gettime(clock, &t);
        return timespec((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + wait_ms + 1);
}

static void die(const char *what)
{
        fprintf(stderr, "victim-call %s: %s: %s\n", self->name, what, strerror(errno));
        exit(2);
}

static int must(int rc, const char *what)
{
        if (rc < 0)
                die(what);
        return rc;
}

static void tidy(void)                              /* what would outlive the process */
{
        if (sem_id >= 0)
                semctl(sem_id, 0, IPC_RMID);
        if (msg_id >= 0)
                msgctl(msg_id, IPC_RMID, NULL);
        if (dir[0]) {
                char path[80];

                snprintf(path, sizeof path, "%s/f", dir);
                unlink(path);
                rmdir(dir);
        }
}

static void victim_killed(int sig)
{
        (void)sig;
        tidy();
        _exit(0);
}

static void serve(pid_t victim, void (*hold)(void), int ready, void (*wake)(void))
{
        struct timespec end = timespec(start + wait_ms);

        signal(SIGTERM, victim_killed);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != victim)
                victim_killed(0);
        if (hold)
                hold();
        if (write(ready, "", 1) != 1)
                _exit(2);
        while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, NULL) == EINTR)
                ;
        wake();
        _exit(0);
}

/* The last thing before the call nr. A child does hold() first, and wake() when the time is over. */
static void go_held(long nr, void (*hold)(void), void (*wake)(void))
{
        pid_t me = getpid();
        int sync[2];
        char c;

        if (start == 0)
                start = now_ms();
        if (wake) {
                must(pipe(sync), "pipe");
                child = must(fork(), "fork");
                if (child == 0)
                        serve(me, hold, sync[1], wake);
                close(sync[1]);
                if (read(sync[0], &c, 1) != 1)
                        die("the child does not hold it");
                close(sync[0]);
        }
        printf("ready %ld %lld\n", nr, (long long)start);
        fflush(stdout);
}

static void go(long nr, void (*wake)(void))
{
        go_held(nr, NULL, wake);
}

static void nothing(void)
{
}

static void wake_write(void)
{
        if (write(fds[1], "ding...\n", RECORD) != RECORD)
                _exit(2);
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

static void wake_drain_pipe(void)
{
        char buf[65536];

        if (read(fds[1], buf, sizeof buf) < 0)
                _exit(2);
}

static void wake_signal(void)
{
        kill(getppid(), SIGUSR1);
}

static void on_usr1(int sig)
{
        (void)sig;
        handled++;
}

static void use_pipe(void)
{
        must(pipe(fds), "pipe");
}

static const char *own_path(void)                   /* in a folder of its own */
{
        static char path[80];

        snprintf(dir, sizeof dir, "call.%d", (int)getpid());
        must(mkdir(dir, 0700), "mkdir");
        snprintf(path, sizeof path, "%s/f", dir);
        return path;
}

/* --- sleeps, polls ------------------------------------------------------------ */

static long call_nanosleep(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_nanosleep, NULL);
        return syscall(SYS_nanosleep, &t, NULL);
}

static long call_clock_nanosleep(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_clock_nanosleep, NULL);
        return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
}

static long call_clock_nanosleep_abs(void)
{
        struct timespec t;

        go(SYS_clock_nanosleep, NULL);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static long call_poll(void)
{
        struct pollfd p;

        use_pipe();
        p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
        go(SYS_poll, self->timed ? NULL : wake_write);
        return syscall(SYS_poll, &p, 1, self->timed ? (int)wait_ms : -1);
}

static long call_ppoll(void)
{
        struct timespec t = timespec(wait_ms);
        struct pollfd p;

        use_pipe();
        p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
        go(SYS_ppoll, self->timed ? NULL : wake_write);
        return syscall(SYS_ppoll, &p, 1, self->timed ? &t : NULL, NULL, 8);
}

static long call_select(void)
{
        struct timeval t = { wait_ms / 1000, wait_ms % 1000 * 1000 };
        fd_set set;

        use_pipe();
        FD_ZERO(&set);
        FD_SET(fds[0], &set);
        go(SYS_select, self->timed ? NULL : wake_write);
        return syscall(SYS_select, fds[0] + 1, &set, NULL, NULL, self->timed ? &t : NULL);
}

static long call_pselect(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_pselect6, NULL);
        return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &t, NULL);
}

static long call_epoll(long nr)
{
        struct epoll_event ev = { .events = EPOLLIN };
        struct timespec t = timespec(wait_ms);
        int ep = must(epoll_create1(0), "epoll_create1");

        use_pipe();
        must(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev), "epoll_ctl");
        go(nr, self->timed ? NULL : wake_write);
        if (nr == SYS_epoll_pwait2)
                return syscall(nr, ep, &ev, 1, self->timed ? &t : NULL, NULL, 8);
        return syscall(nr, ep, &ev, 1, self->timed ? (int)wait_ms : -1, NULL, 8);
}

static long call_epoll_wait(void)   { return call_epoll(SYS_epoll_wait); }
static long call_epoll_pwait(void)  { return call_epoll(SYS_epoll_pwait); }
static long call_epoll_pwait2(void) { return call_epoll(SYS_epoll_pwait2); }

/* --- calls that have a mask of their own: SIGUSR1 can end them and nothing else ------ */

static uint64_t inner_mask(void)                    /* and block other signals outside */
{
        uint64_t outer = 1u << (SIGUSR1 - 1) | 1u << (SIGWINCH - 1);

        signal(SIGUSR1, on_usr1);
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &outer, NULL, 8);
        return 1u << (SIGUSR2 - 1) | 1u << (SIGTTOU - 1);
}

static long call_sigsuspend(void)
{
        uint64_t mask = inner_mask();

        go(SYS_rt_sigsuspend, wake_signal);
        return syscall(SYS_rt_sigsuspend, &mask, 8);
}

static long call_ppoll_mask(void)
{
        struct timespec t = timespec(wait_ms * 10);
        uint64_t mask = inner_mask();

        go(SYS_ppoll, wake_signal);
        return syscall(SYS_ppoll, NULL, 0, &t, &mask, 8);
}

static long call_pselect_mask(void)
{
        struct timespec t = timespec(wait_ms * 10);
        uint64_t mask = inner_mask();
        struct { uint64_t *mask; size_t len; } arg = { &mask, 8 };

        go(SYS_pselect6, wake_signal);
        return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &t, &arg);
}

static long call_epoll_pwait_mask(void)
{
        int ep = must(epoll_create1(0), "epoll_create1");
        uint64_t mask = inner_mask();
        struct epoll_event ev;

        go(SYS_epoll_pwait, wake_signal);
        return syscall(SYS_epoll_pwait, ep, &ev, 1, -1, &mask, 8);
}

/* --- signals ------------------------------------------------------------------------ */

static long call_pause(void)
{
        signal(SIGUSR1, on_usr1);
        go(SYS_pause, wake_signal);
        return syscall(SYS_pause);
}

static uint64_t block_usr1(void)
{
        uint64_t set = 1u << (SIGUSR1 - 1);

        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
        return set;
}

static long call_sigtimedwait(void)                 /* untimed: sigwaitinfo */
{
        struct timespec t = timespec(wait_ms);
        uint64_t set = block_usr1();

        go(SYS_rt_sigtimedwait, self->timed ? NULL : wake_signal);
        return syscall(SYS_rt_sigtimedwait, &set, NULL, self->timed ? &t : NULL, 8);
}

/* --- futexes ------------------------------------------------------------------------ */

static void use_word(void)
{
        word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (word == MAP_FAILED)
                die("mmap");
}

static void wake_futex(void)
{
        syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void hold_pi(void)
{
        if (syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0)
                _exit(2);
}

static void wake_pi(void)
{
        syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static long call_futex(void)
{
        struct timespec t = timespec(wait_ms);

        use_word();
        go(SYS_futex, self->timed ? NULL : wake_futex);
        return syscall(SYS_futex, word, self->timed ? FUTEX_WAIT_PRIVATE : FUTEX_WAIT, 0,
                       self->timed ? &t : NULL, NULL, 0);
}

static long call_futex_bitset(void)
{
        struct timespec t;

        use_word();
        go(SYS_futex, self->timed ? NULL : wake_futex);
        t = later(CLOCK_MONOTONIC);
        return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, self->timed ? &t : NULL, NULL, 5);
}

static long call_futex_pi(void)
{
        use_word();
        go_held(SYS_futex, hold_pi, wake_pi);
        return syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static long call_futex_waitv(void)
{
        struct timespec t;
        struct futex_waitv v[2];

        use_word();
        v[0] = (struct futex_waitv){ .uaddr = (uintptr_t)word, .flags = FUTEX_32 };
        v[1] = (struct futex_waitv){ .uaddr = (uintptr_t)(word + 1), .flags = FUTEX_32 };
        go(SYS_futex_waitv, self->timed ? NULL : wake_futex);
        t = later(CLOCK_MONOTONIC);
        return syscall(SYS_futex_waitv, v, 2, 0, self->timed ? &t : NULL, CLOCK_MONOTONIC);
}

/* --- System V and POSIX messages and semaphores ----------------------------------------- */

static void wake_sem(void)
{
        struct sembuf up = { 0, 1, 0 };

        semop(sem_id, &up, 1);
}

static long call_semtimedop(long nr)
{
        struct timespec t = timespec(wait_ms);
        struct sembuf down = { 0, -1, 0 };

        sem_id = must(semget(IPC_PRIVATE, 1, 0600), "semget");
        go(nr, self->timed ? NULL : wake_sem);
        return syscall(nr, sem_id, &down, 1, self->timed ? &t : NULL);
}

static long call_semop(void)    { return call_semtimedop(SYS_semop); }
static long call_semtimed(void) { return call_semtimedop(SYS_semtimedop); }

static struct { long type; char text[1000]; } message = { .type = 1 };

static void wake_msgsnd(void)
{
        msgsnd(msg_id, &message, RECORD, 0);
}

static void wake_msgrcv(void)
{
        while (msgrcv(msg_id, &message, sizeof message.text, 0, IPC_NOWAIT) > 0)
                ;
}

static long call_msgrcv(void)
{
        msg_id = must(msgget(IPC_PRIVATE, 0600), "msgget");
        go(SYS_msgrcv, wake_msgsnd);
        return syscall(SYS_msgrcv, msg_id, &message, RECORD, 0, 0);
}

static long call_msgsnd(void)
{
        msg_id = must(msgget(IPC_PRIVATE, 0600), "msgget");
        while (msgsnd(msg_id, &message, sizeof message.text, IPC_NOWAIT) == 0)
                ;
        go(SYS_msgsnd, wake_msgrcv);
        return syscall(SYS_msgsnd, msg_id, &message, sizeof message.text, 0);
}

static void use_mq(void)
{
        struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = RECORD };
        char name[64];

        snprintf(name, sizeof name, "/crdump-call-%d", (int)getpid());
        fds[0] = must(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr), "mq_open");
        mq_unlink(name);
}

static void wake_mq_send(void)
{
        mq_send(fds[0], "ding...", RECORD, 0);
}

static void wake_mq_receive(void)
{
        char buf[RECORD];

        mq_receive(fds[0], buf, sizeof buf, NULL);
}

static long call_mq_receive(void)
{
        struct timespec t;
        char buf[RECORD];

        use_mq();
        go(SYS_mq_timedreceive, self->timed ? NULL : wake_mq_send);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_mq_timedreceive, fds[0], buf, sizeof buf, NULL, self->timed ? &t : NULL);
}

static long call_mq_send(void)
{
        struct timespec t;

        use_mq();
        wake_mq_send();
        go(SYS_mq_timedsend, self->timed ? NULL : wake_mq_receive);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_mq_timedsend, fds[0], "ding...", RECORD, 0, self->timed ? &t : NULL);
}

/* --- read, write, open ---------------------------------------------------------------------- */

static long read_until(void (*wake)(void))
{
        char buf[512];

        go(SYS_read, wake);
        return syscall(SYS_read, fds[0], buf, sizeof buf);
}

static long call_read_pipe(void)
{
        use_pipe();
        return read_until(wake_write);
}

static long call_read_eventfd(void)
{
        fds[0] = fds[1] = must(eventfd(0, 0), "eventfd");
        return read_until(wake_write);
}

static long call_read_timerfd(void)
{
        struct itimerspec t = { .it_value = timespec(wait_ms + 1) };

        fds[0] = must(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd_create");
        start = now_ms();
        must(timerfd_settime(fds[0], 0, &t, NULL), "timerfd_settime");
        return read_until(NULL);
}

static long call_read_signalfd(void)
{
        sigset_t set;

        block_usr1();
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        fds[0] = must(signalfd(-1, &set, 0), "signalfd");
        return read_until(wake_signal);
}

static void wake_create(void)
{
        char path[80];

        snprintf(path, sizeof path, "%s/f", dir);
        if (mknod(path, S_IFREG | 0600, 0) < 0)
                _exit(2);
}

static long call_read_inotify(void)
{
        own_path();
        fds[0] = must(inotify_init(), "inotify_init");
        must(inotify_add_watch(fds[0], dir, IN_CREATE), "inotify_add_watch");
        return read_until(wake_create);
}

static long call_read_tty(void)
{
        fds[1] = must(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");
        must(grantpt(fds[1]), "grantpt");
        must(unlockpt(fds[1]), "unlockpt");
        fds[0] = must(open(ptsname(fds[1]), O_RDWR | O_NOCTTY), "open of the pty");
        return read_until(wake_write);
}

static long call_read_fifo(void)
{
        const char *path = own_path();

        must(mkfifo(path, 0600), "mkfifo");
        fds[0] = fds[1] = must(open(path, O_RDWR), "open of the fifo");
        return read_until(wake_write);
}

static void wake_open(void)
{
        char path[80];

        snprintf(path, sizeof path, "%s/f", dir);
        if (open(path, O_WRONLY) < 0)
                _exit(2);
}

static long call_open_fifo(void)
{
        const char *path = own_path();

        must(mkfifo(path, 0600), "mkfifo");
        go(SYS_openat, wake_open);
        return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
}

static void fill_pipe(void)                         /* fds[0] is what the victim waits at */
{
        static const char zeros[4096];
        int ends[2];

        must(pipe(ends), "pipe");
        fds[0] = ends[1];
        fds[1] = ends[0];
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        while (write(fds[0], zeros, sizeof zeros) > 0)
                ;
        fcntl(fds[0], F_SETFL, 0);
}

static long call_write_pipe(void)
{
        fill_pipe();
        go(SYS_write, wake_drain_pipe);
        return syscall(SYS_write, fds[0], "ding...", RECORD);
}

static long call_splice(void)
{
        int out[2];

        use_pipe();
        must(pipe(out), "pipe");
        go(SYS_splice, wake_write);
        return syscall(SYS_splice, fds[0], NULL, out[1], NULL, RECORD, 0);
}

/* --- sockets: a pair or a listener, unix or TCP, with a time-out or without ---------------- */

static socklen_t address(struct sockaddr_storage *a, int fd)    /* to bind fd to, or where it is bound */
{
        socklen_t len = sizeof *a;

        memset(a, 0, sizeof *a);
        if (fd >= 0) {
                must(getsockname(fd, (struct sockaddr *)a, &len), "getsockname");
                return len;
        }
        a->ss_family = (sa_family_t)self->family;
        if (self->family == AF_UNIX)
                return sizeof(sa_family_t);         /* the kernel finds a name */
        ((struct sockaddr_in *)a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof(struct sockaddr_in);
}

static int make_socket(void)
{
        return must(socket(self->family, SOCK_STREAM, 0), "socket");
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

static void (*wake_unless_timed(void (*wake)(void)))(void)
{
        return self->timed ? NULL : wake;
}

static long call_recv(void)
{
        char buf[RECORD];

        use_socket_pair();
        go(SYS_recvfrom, wake_unless_timed(wake_write));
        return syscall(SYS_recvfrom, fds[0], buf, sizeof buf, 0, NULL, NULL);
}

static long call_read_socket(void)
{
        use_socket_pair();
        return read_until(wake_unless_timed(wake_write));
}

static long call_recvmsg(void)
{
        char buf[RECORD];
        struct iovec io = { buf, sizeof buf };
        struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

        use_socket_pair();
        go(SYS_recvmsg, wake_unless_timed(wake_write));
        return syscall(SYS_recvmsg, fds[0], &m, 0);
}

static long call_recvmmsg(void)
{
        char buf[RECORD];
        struct iovec io = { buf, sizeof buf };
        struct mmsghdr m = { .msg_hdr = { .msg_iov = &io, .msg_iovlen = 1 } };

        use_socket_pair();
        go(SYS_recvmmsg, wake_unless_timed(wake_write));
        return syscall(SYS_recvmmsg, fds[0], &m, 1, 0, NULL);
}

static void wake_connect(void)
{
        join(make_socket(), fds[0]);
        usleep(100000);
}

static long call_accept(void)
{
        fds[0] = make_listener(1);
        limit(fds[0]);
        go(SYS_accept, wake_unless_timed(wake_connect));
        return syscall(SYS_accept, fds[0], NULL, NULL);
}

static void wake_accept(void)                       /* a unix listener has room again; TCP would try only later */
{
        if (self->family == AF_UNIX)
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
        go(SYS_connect, wake_unless_timed(wake_accept));
        return syscall(SYS_connect, fds[0], &a, len);
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
        go(SYS_sendto, wake_unless_timed(drain));
        return syscall(SYS_sendto, fds[0], "d", 1, 0, NULL, 0);
}

/* --- children, locks ------------------------------------------------------------------------ */

static long call_wait4(void)
{
        go(SYS_wait4, nothing);
        return syscall(SYS_wait4, -1, NULL, 0, NULL) == child ? 1 : -1;
}

static long call_waitid(void)
{
        siginfo_t info;

        go(SYS_waitid, nothing);
        return syscall(SYS_waitid, P_PID, child, &info, WEXITED, NULL);
}

static long call_vfork(void)                        /* the child borrows this very stack */
{
        struct timespec end;

        start = now_ms();
        end = timespec(start + wait_ms);
        printf("ready %d %lld\n", SYS_vfork, (long long)start);
        fflush(stdout);
        child = vfork();
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, NULL);
                _exit(0);
        }
        return child > 0 && waitpid(child, NULL, 0) == child;
}

static void use_two_files(void)
{
        const char *path = own_path();

        fds[0] = must(open(path, O_RDWR | O_CREAT, 0600), "open");
        fds[1] = must(open(path, O_RDWR), "open");
}

static void wake_flock(void)
{
        flock(fds[1], LOCK_UN);
}

static long call_flock(void)
{
        use_two_files();
        must(flock(fds[1], LOCK_EX), "flock");
        go(SYS_flock, wake_flock);
        return syscall(SYS_flock, fds[0], LOCK_EX);
}

static int lock(int fd, int cmd, short type)
{
        struct flock l = { .l_type = type, .l_whence = SEEK_SET };

        return (int)syscall(SYS_fcntl, fd, cmd, &l);
}

static void hold_setlk(void)                        /* until the child ends */
{
        if (lock(fds[1], F_SETLK, F_WRLCK) < 0)
                _exit(2);
}

static void wake_ofd(void)
{
        lock(fds[1], F_OFD_SETLK, F_UNLCK);
}

static long call_setlkw(void)
{
        use_two_files();
        go_held(SYS_fcntl, hold_setlk, nothing);
        return lock(fds[0], F_SETLKW, F_WRLCK);
}

static long call_ofd_setlkw(void)
{
        use_two_files();
        must(lock(fds[1], F_OFD_SETLK, F_WRLCK), "F_OFD_SETLK");
        go(SYS_fcntl, wake_ofd);
        return lock(fds[0], F_OFD_SETLKW, F_WRLCK);
}

/* --- asynchronous input and output ------------------------------------------------------------- */

static aio_context_t use_aio(void)                  /* one request: until the pipe can be read */
{
        aio_context_t ctx = 0;
        static struct iocb cb;
        struct iocb *list = &cb;

        use_pipe();
        must((int)syscall(SYS_io_setup, 4, &ctx), "io_setup");
        cb = (struct iocb){ .aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)fds[0], .aio_buf = POLLIN };
        must((int)syscall(SYS_io_submit, ctx, 1, &list), "io_submit");
        return ctx;
}

static long call_io_getevents(void)
{
        struct timespec t = timespec(wait_ms);
        aio_context_t ctx = use_aio();
        struct io_event ev;

        go(SYS_io_getevents, wake_unless_timed(wake_write));
        return syscall(SYS_io_getevents, ctx, 1, 1, &ev, self->timed ? &t : NULL);
}

static long call_io_pgetevents(void)
{
        struct timespec t = timespec(wait_ms);
        aio_context_t ctx = use_aio();
        struct io_event ev;

        go(SYS_io_pgetevents, wake_unless_timed(wake_write));
        return syscall(SYS_io_pgetevents, ctx, 1, 1, &ev, self->timed ? &t : NULL, NULL);
}

static void *map_ring(int fd, size_t len, off_t at)
{
        void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

        if (p == MAP_FAILED)
                die("mmap of the ring");
        return p;
}

static int use_uring(int op, uint64_t addr)         /* one entry queued, not yet submitted */
{
        struct io_uring_params p = { 0 };
        struct io_uring_sqe *sqe;
        char *sq;
        int ring = (int)syscall(SYS_io_uring_setup, 4, &p);

        must(ring, "io_uring_setup");
        use_pipe();
        sq = map_ring(ring, p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
        sqe = map_ring(ring, p.sq_entries * sizeof *sqe, IORING_OFF_SQES);
        memset(sqe, 0, sizeof *sqe);
        sqe->opcode = (uint8_t)op;
        sqe->fd = op == IORING_OP_TIMEOUT ? -1 : fds[0];
        sqe->addr = addr;
        if (op == IORING_OP_TIMEOUT)
                sqe->len = 1;
        else
                sqe->poll32_events = POLLIN;
        ((uint32_t *)(sq + p.sq_off.array))[0] = 0;
        __atomic_store_n((uint32_t *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        return ring;
}

static void submit(int ring)
{
        must((int)syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0), "io_uring_enter");
}

static long call_io_uring(void)
{
        struct __kernel_timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
        struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&t };
        int ring = use_uring(IORING_OP_POLL_ADD, 0);

        submit(ring);
        go(SYS_io_uring_enter, wake_unless_timed(wake_write));
        if (self->timed)
                return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                               &arg, sizeof arg);
        return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static long call_io_uring_timeout(void)             /* the time-out is the request, not the call */
{
        struct __kernel_timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
        int ring = use_uring(IORING_OP_TIMEOUT, (uintptr_t)&t);

        start = now_ms();
        submit(ring);
        go(SYS_io_uring_enter, NULL);
        return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* --- calls that have done a part of their work when they block -------------------------------- */

static long call_write_half(void)
{
        static const char zeros[8192];

        fill_pipe();
        if (read(fds[1], (char[4096]){ 0 }, 4096) != 4096)
                die("read");
        go(SYS_write, wake_drain_pipe);
        return syscall(SYS_write, fds[0], zeros, sizeof zeros);
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

static long call_io_uring_submit(void)              /* submits and waits at once, as most programs do */
{
        int ring = use_uring(IORING_OP_POLL_ADD, 0);

        go(SYS_io_uring_enter, wake_write);
        return syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* --- no call at all ------------------------------------------------------------------------- */

static long call_spin(void)                         /* two accumulators that must go on agreeing */
{
        uint64_t a = 1, b = 1;
        int i;

        go(-1, NULL);
        do {
                for (i = 0; i < 100000; i++) {
                        a = a * 6364136223846793005u + 1442695040888963407u;
                        __asm__ volatile("imul %1, %0\n\tadd %2, %0"
                                         : "+r"(b) : "r"(6364136223846793005u), "r"(1442695040888963407u) : "cc");
                }
        } while (now_ms() < start + wait_ms);
        return a == b;
}

/* --- */

static const struct call calls[] = {
        { "nanosleep",              call_nanosleep,           0, 1 },
        { "clock_nanosleep",        call_clock_nanosleep,     0, 1 },
        { "clock_nanosleep-abs",    call_clock_nanosleep_abs, 0, 1 },
        { "poll",                   call_poll,                0, 0 },
        { "poll-timed",             call_poll,                0, 1 },
        { "ppoll",                  call_ppoll,               0, 0 },
        { "ppoll-timed",            call_ppoll,               0, 1 },
        { "ppoll-mask",             call_ppoll_mask,          0, 0 },
        { "select",                 call_select,              0, 0 },
        { "select-timed",           call_select,              0, 1 },
        { "pselect-timed",          call_pselect,             0, 1 },
        { "pselect-mask",           call_pselect_mask,        0, 0 },
        { "epoll_wait",             call_epoll_wait,          0, 0 },
        { "epoll_wait-timed",       call_epoll_wait,          0, 1 },
        { "epoll_pwait",            call_epoll_pwait,         0, 0 },
        { "epoll_pwait-timed",      call_epoll_pwait,         0, 1 },
        { "epoll_pwait-mask",       call_epoll_pwait_mask,    0, 0 },
        { "epoll_pwait2",           call_epoll_pwait2,        0, 0 },
        { "epoll_pwait2-timed",     call_epoll_pwait2,        0, 1 },
        { "futex",                  call_futex,               0, 0 },
        { "futex-timed",            call_futex,               0, 1 },
        { "futex-bitset",           call_futex_bitset,        0, 0 },
        { "futex-bitset-timed",     call_futex_bitset,        0, 1 },
        { "futex-pi",               call_futex_pi,            0, 0 },
        { "futex_waitv",            call_futex_waitv,         0, 0 },
        { "futex_waitv-timed",      call_futex_waitv,         0, 1 },
        { "semop",                  call_semop,               0, 0 },
        { "semtimedop",             call_semtimed,            0, 0 },
        { "semtimedop-timed",       call_semtimed,            0, 1 },
        { "msgrcv",                 call_msgrcv,              0, 0 },
        { "msgsnd",                 call_msgsnd,              0, 0 },
        { "mq_timedreceive",        call_mq_receive,          0, 0 },
        { "mq_timedreceive-timed",  call_mq_receive,          0, 1 },
        { "mq_timedsend",           call_mq_send,             0, 0 },
        { "mq_timedsend-timed",     call_mq_send,             0, 1 },
        { "sigwaitinfo",            call_sigtimedwait,        0, 0 },
        { "sigtimedwait",           call_sigtimedwait,        0, 1 },
        { "sigsuspend",             call_sigsuspend,          0, 0 },
        { "pause",                  call_pause,               0, 0 },
        { "read-pipe",              call_read_pipe,           0, 0 },
        { "read-eventfd",           call_read_eventfd,        0, 0 },
        { "read-timerfd",           call_read_timerfd,        0, 1 },
        { "read-signalfd",          call_read_signalfd,       0, 0 },
        { "read-inotify",           call_read_inotify,        0, 0 },
        { "read-tty",               call_read_tty,            0, 0 },
        { "read-fifo",              call_read_fifo,           0, 0 },
        { "open-fifo",              call_open_fifo,           0, 0 },
        { "write-pipe",             call_write_pipe,          0, 0 },
        { "splice",                 call_splice,              0, 0 },
        { "recv-unix",              call_recv,                AF_UNIX, 0 },
        { "recv-unix-timed",        call_recv,                AF_UNIX, 1 },
        { "recv-tcp",               call_recv,                AF_INET, 0 },
        { "recv-tcp-timed",         call_recv,                AF_INET, 1 },
        { "recvmsg-unix",           call_recvmsg,             AF_UNIX, 0 },
        { "recvmsg-unix-timed",     call_recvmsg,             AF_UNIX, 1 },
        { "recvmsg-tcp",            call_recvmsg,             AF_INET, 0 },
        { "recvmsg-tcp-timed",      call_recvmsg,             AF_INET, 1 },
        { "recvmmsg-unix",          call_recvmmsg,            AF_UNIX, 0 },
        { "recvmmsg-unix-timed",    call_recvmmsg,            AF_UNIX, 1 },
        { "recvmmsg-tcp",           call_recvmmsg,            AF_INET, 0 },
        { "recvmmsg-tcp-timed",     call_recvmmsg,            AF_INET, 1 },
        { "read-unix",              call_read_socket,         AF_UNIX, 0 },
        { "read-unix-timed",        call_read_socket,         AF_UNIX, 1 },
        { "read-tcp-timed",         call_read_socket,         AF_INET, 1 },
        { "accept-unix",            call_accept,              AF_UNIX, 0 },
        { "accept-unix-timed",      call_accept,              AF_UNIX, 1 },
        { "accept-tcp",             call_accept,              AF_INET, 0 },
        { "accept-tcp-timed",       call_accept,              AF_INET, 1 },
        { "connect-unix",           call_connect,             AF_UNIX, 0 },
        { "connect-unix-timed",     call_connect,             AF_UNIX, 1 },
        { "connect-tcp",            call_connect,             AF_INET, 0 },
        { "connect-tcp-timed",      call_connect,             AF_INET, 1 },
        { "send-unix",              call_send,                AF_UNIX, 0 },
        { "send-unix-timed",        call_send,                AF_UNIX, 1 },
        { "send-tcp",               call_send,                AF_INET, 0 },
        { "send-tcp-timed",         call_send,                AF_INET, 1 },
        { "wait4",                  call_wait4,               0, 0 },
        { "waitid",                 call_waitid,              0, 0 },
        { "flock",                  call_flock,               0, 0 },
        { "setlkw",                 call_setlkw,              0, 0 },
        { "ofd_setlkw",             call_ofd_setlkw,          0, 0 },
        { "io_getevents",           call_io_getevents,        0, 0 },
        { "io_getevents-timed",     call_io_getevents,        0, 1 },
        { "io_pgetevents",          call_io_pgetevents,       0, 0 },
        { "io_pgetevents-timed",    call_io_pgetevents,       0, 1 },
        { "io_uring_enter",         call_io_uring,            0, 0 },
        { "io_uring_enter-timed",   call_io_uring,            0, 1 },
        { "io_uring_enter-timeout", call_io_uring_timeout,    0, 1 },
        { "write-half",             call_write_half,          0, 0 },
        { "recv-half",              call_recv_half,           AF_UNIX, 0 },
        { "recvmmsg-half",          call_recvmmsg_half,       AF_UNIX, 0 },
        { "io_uring_enter-submit",  call_io_uring_submit,     0, 0 },
        { "vfork",                  call_vfork,               0, 1 },
        { "spin",                   call_spin,                0, 1 },
};

static void tell(long ret, int err)
{
        int64_t end = now_ms();
        uint64_t mask = 0;

        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
        printf("%s ret=%ld errno=%d ms=%lld mask=%llx handled=%d\n", self->name, ret, ret < 0 ? err : 0,
               (long long)(end - start), (unsigned long long)mask, (int)handled);
}

int main(int argc, char **argv)
{
        const size_t n = sizeof calls / sizeof calls[0];
        const char *name = argc > 1 ? argv[1] : "";
        size_t i;
        long ret;

        if (argc > 2)
                wait_ms = atol(argv[2]);
        for (i = 0; i < n; i++) {
                if (strcmp(name, "list") == 0)
                        puts(calls[i].name);
                else if (strcmp(name, calls[i].name) == 0)
                        self = &calls[i];
        }
        if (!self)
                return strcmp(name, "list") == 0 ? 0 : 2;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        ret = self->block();
        tell(ret, errno);
        tidy();
        return 0;
}
