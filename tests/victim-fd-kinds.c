/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-kinds.c - has descriptors of every kind that is no file, pipe or socket: "named NAME FD"
 *
 * What the kernel or the user does not let it have is left out. For SIGUSR2 it
 * uses all of them, and says what came.
 */
#include "victim-fd.h"
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

struct termios2 {               /* asm/termbits.h, which does not go with sys/ioctl.h */
        unsigned c_iflag, c_oflag, c_cflag, c_lflag;
        unsigned char c_line, c_cc[19];
        unsigned c_ispeed, c_ospeed;
};
#define GET_TERMIOS     0x802c542aul
#define SET_TERMIOS     0x402c542bul

static int fds[64], end;
static int epoll, event, signals, timer, watch, queue, master, slave, pipes[2];

/* Left out if it failed. */
static int named(const char *name, int fd)
{
        if (fd < 0)
                return fd;
        printf("named %s %d\n", name, fd);
        return fds[end++] = fd;
}

static void report_tty(int fd)
{
        struct termios2 t;
        struct winsize w;
        int n, pgrp = -1, sid = -1;

        if (ioctl(fd, GET_TERMIOS, &t) < 0 || ioctl(fd, TIOCGWINSZ, &w) < 0)
                return;
        printf("%d window %u %u %u %u\n", fd, w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
        printf("%d termios %x %x %x %x %u\n%d cc ", fd, t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_line, fd);
        for (int i = 0; i < 19; i++)
                printf("%02x", t.c_cc[i]);
        ioctl(fd, TIOCGPGRP, &pgrp);
        ioctl(fd, TIOCGSID, &sid);
        printf("\n%d speed %u %u\n%d foreground %d %d\n", fd, t.c_ispeed, t.c_ospeed, fd, pgrp, sid);
        ioctl(fd, FIONREAD, &n);
        printf("%d queued %d\n", fd, n);
}

static void report(void)
{
        struct mq_attr attr;
        int n;

        for (int i = 0; i < end; i++) {
                report_fd(fds[i]);
                if (fds[i] == watch && ioctl(watch, FIONREAD, &n) == 0)
                        printf("%d queued %d\n", watch, n);
                if (isatty(fds[i]))
                        report_tty(fds[i]);
        }
        if (queue > 0 && mq_getattr(queue, &attr) == 0)
                printf("%d mqueue %ld %ld %ld\n", queue, attr.mq_maxmsg, attr.mq_msgsize, attr.mq_curmsgs);
}

static void make_events(void)
{
        struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = 0x1122334455667788 };
        struct itimerspec soon = { { 0, 10000000 }, { 0, 10000000 } }, later = { { 0, 0 }, { 100000, 0 } };
        sigset_t set;
        int fd;

        epoll = named("epoll", epoll_create1(EPOLL_CLOEXEC));
        event = named("eventfd", eventfd(41, EFD_SEMAPHORE | EFD_NONBLOCK));
        need(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &e), "epoll_ctl");
        need(pipe(pipes), "pipe");
        e.events = EPOLLIN | EPOLLONESHOT;
        e.data.u64 = 7;
        need(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &e), "epoll_ctl");
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, 50);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signals = named("signalfd", signalfd(-1, &set, SFD_NONBLOCK));
        kill(getpid(), SIGHUP);
        timer = named("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
        need(timerfd_settime(timer, 0, &soon, NULL), "timerfd_settime");
        fd = named("timerfd.far", timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
        need(timerfd_settime(fd, 0, &later, NULL), "timerfd_settime");
        mkdir("watched", 0755);
        watch = named("inotify", inotify_init1(0));
        need(inotify_add_watch(watch, "watched", IN_CREATE | IN_DELETE), "inotify_add_watch");
        close(need(open("watched/file", O_CREAT | O_WRONLY, 0600), "watched/file"));
        fd = named("fanotify", fanotify_init(FAN_CLASS_NOTIF, O_RDONLY));
        if (fd >= 0)
                need(fanotify_mark(fd, FAN_MARK_ADD, FAN_MODIFY, AT_FDCWD, "watched/file"), "fanotify_mark");
}

static void make_others(void)
{
        union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 3 };
        struct perf_event_attr perf = { .type = PERF_TYPE_SOFTWARE, .size = sizeof perf, .config = PERF_COUNT_SW_PAGE_FAULTS };
        struct mq_attr attr = { .mq_maxmsg = 5, .mq_msgsize = 100 };
        struct { unsigned v[30]; } ring = { 0 };
        char name[32];

        perf.exclude_kernel = 1;
        named("pidfd", (int)syscall(434, getpid(), 0));
        named("userfaultfd", (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1));
        named("bpf", (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
        named("perf", (int)syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0));
        named("io_uring", (int)syscall(425, 8, &ring));
        named("secretmem", (int)syscall(447, 0));
        named("namespace", open("/proc/self/ns/net", O_RDONLY));
        snprintf(name, sizeof name, "/crdump-test-%d", getpid());
        queue = named("mqueue", mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attr));
        if (queue >= 0) {
                need(mq_send(queue, "first", 5, 1), "mq_send");
                need(mq_send(queue, "second", 6, 9), "mq_send");
                mq_unlink(name);
        }
}

static void make_ttys(void)
{
        struct winsize size = { 33, 77, 5, 6 };
        struct termios2 t;
        char name[32];
        int n, on = 0;

        master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
        if (master < 0)
                return;
        named("master", master);
        need(ioctl(master, TIOCGPTN, &n), "TIOCGPTN");
        need(ioctl(master, TIOCSPTLCK, &on), "TIOCSPTLCK");
        snprintf(name, sizeof name, "/dev/pts/%d", n);
        printf("pty %d\n", n);
        slave = named("slave", open(name, O_RDWR | O_NOCTTY));
        if (slave < 0)
                return;
        need(ioctl(slave, TIOCSWINSZ, &size), "TIOCSWINSZ");
        need(ioctl(slave, GET_TERMIOS, &t), "TCGETS2");
        t.c_lflag &= ~0000010u;                 /* ECHO */
        t.c_cc[0] = 7;                          /* VINTR */
        t.c_cflag = (t.c_cflag & ~0010017u) | 0010000;  /* BOTHER */
        t.c_ispeed = t.c_ospeed = 12345;
        need(ioctl(slave, SET_TERMIOS, &t), "TCSETS2");
        if (setsid() >= 0)
                need(ioctl(slave, TIOCSCTTY, 0), "TIOCSCTTY");
        named("tty", open("/dev/tty", O_RDWR));
        need((int)write(master, "typed\nhalf a line", 17), "write");
        for (n = 0; n < 6 && ioctl(slave, FIONREAD, &n) == 0; )         /* a worker of the kernel passes it on */
                usleep(1000);
        named("locked", open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
}

static void finish(void)
{
        char buf[1024] = "";
        struct epoll_event e[4];
        struct signalfd_siginfo info;
        struct inotify_event *ev = (struct inotify_event *)buf;
        uint64_t n = 0;
        int i;

        need((int)write(pipes[1], "x", 1), "write");
        i = epoll_wait(epoll, e, 4, 1000);
        printf("epoll %d\n", i);
        for (int j = 0; j < i; j++)
                printf("epoll %#lx %x\n", (unsigned long)e[j].data.u64, e[j].events);
        need((int)read(event, &n, 8), "eventfd");
        printf("eventfd %lu\n", (unsigned long)n);
        need((int)read(signals, &info, sizeof info), "signalfd");
        printf("signalfd %u\n", info.ssi_signo);
        need((int)read(timer, &n, 8), "timerfd");
        printf("timerfd %s\n", n > 0 ? "ticks" : "stands still");
        need((int)read(watch, buf, sizeof buf), "inotify");
        printf("inotify %x %s\n", ev->mask, ev->name);
        if (queue > 0) {
                buf[mq_receive(queue, buf, sizeof buf, NULL)] = '\0';
                printf("mqueue %s\n", buf);
        }
        if (slave > 0) {
                buf[need((int)read(slave, buf, sizeof buf), "tty")] = '\0';
                printf("tty %s", buf);
        }
}

int main(int argc, char **argv)
{
        if (argc > 1)
                need(chdir(argv[1]), argv[1]);
        make_events();
        make_others();
        make_ttys();
        serve(report, finish);
}
