/* SPDX-License-Identifier: MIT */
/*
 * victim-twin.c - a program that looks whether it has got a child that it did not make, and lets go of what it holds when told to
 *
 * usage: victim-twin alone|parent|init FOLDER
 *        victim-twin wall
 *        victim-twin exec FILE
 *        victim-twin peer PATH
 *        victim-twin lock flock|ofd|posix FILE
 *        victim-twin bind PORT
 *
 * alone: 8 MiB, no page like another, and a handler of SIGCHLD. It holds the write
 * end of the fifo FOLDER/fifo, a connection to FOLDER/socket, a listening TCP port
 * ("port N"), and locks of the files FOLDER/flock, ofd and posix. It looks a
 * thousand times a second whether waitpid(2) says ECHILD, and does as it is told
 * by lines of the fifo FOLDER/orders:
 *
 *      look            "look N sigchld N wrong N": how often it has looked, caught SIGCHLD, was told of a child
 *      close NAME      "closed NAME": fifo, socket, port, flock, ofd or posix
 *      dirty           writes to each page of its 8 MiB; "dirty"
 *      exit N          with that status
 *      exec            becomes "heir": the same program, small, with all that it holds; "heir"
 *
 * parent: one thread waits for whatever child ends, the only one being "child
 * PID"; "got PID STATUS" is what it was told. "end" as an order lets that child
 * exit with status 7. It holds nothing. init: as alone, and the first one in a pid
 * namespace; holds nothing.
 *
 * wall: as parent, but it has one thread, which waits with __WALL and hears no orders.
 *
 * exec: 8 MiB and a POSIX lock of FILE; as soon as it has been stopped for a while it
 * executes itself, over and over.
 *
 * peer: takes a connection, says "eof" and ends when the other side has closed
 * it. lock, bind: status 0 if it could do so at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY          (8ul << 20)
#define STOPPED_NS      1000000         /* for so long it is not its own doing */

/* Descriptors of the same numbers before and after exec. */
enum held { ORDERS = 20, HELD_FIFO, HELD_SOCKET, HELD_PORT, HELD_FLOCK, HELD_OFD, HELD_POSIX, HELD_END };
static const char *const held_name[] = { "fifo", "socket", "port", "flock", "ofd", "posix" };

static volatile sig_atomic_t sigchld;
static long looks, wrong;
static uint64_t *memory;
static int release;             /* closed: the real child ends */

static void die(const char *what)
{
        printf("wrong: %s: %s\n", what, strerror(errno));
        exit(2);
}

static int need(int rc, const char *what)
{
        if (rc < 0)
                die(what);
        return rc;
}

static void on_chld(int sig)
{
        (void)sig;
        sigchld++;
}

static void fill(void)
{
        uint64_t x = 88172645463325252ull;

        memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
                die("mmap");
        for (size_t i = 0; i < MEMORY / sizeof *memory; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                memory[i] = x;
        }
}

static void dirty(void)
{
        for (size_t i = 0; memory && i < MEMORY / sizeof *memory; i += 512)
                memory[i]++;
        printf("dirty\n");
}

/* ---- what it holds ---- */

static void hold(int fd, int as, const char *what)
{
        need(fd, what);
        need(dup2(fd, as), what);
        close(fd);
}

static const char *in(const char *folder, const char *name)
{
        static char path[512];

        snprintf(path, sizeof path, "%s/%s", folder, name);
        return path;
}

static int lock(const char *how, int fd)
{
        struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        if (strcmp(how, "flock") == 0)
                return flock(fd, LOCK_EX | LOCK_NB);
        return fcntl(fd, strcmp(how, "ofd") == 0 ? F_OFD_SETLK : F_SETLK, &whole);
}

static int loopback(int port)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 5) < 0)
                return -1;
        return fd;
}

static struct sockaddr_un local(const char *path)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };

        snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
        return at;
}

static void hold_all(const char *folder)
{
        struct sockaddr_un at = local(in(folder, "socket"));
        struct sockaddr_in bound;
        socklen_t len = sizeof bound;

        hold(open(in(folder, "fifo"), O_WRONLY), HELD_FIFO, "fifo");
        hold(socket(AF_UNIX, SOCK_STREAM, 0), HELD_SOCKET, "socket");
        need(connect(HELD_SOCKET, (struct sockaddr *)&at, sizeof at), "connect");
        hold(loopback(0), HELD_PORT, "port");
        need(getsockname(HELD_PORT, (struct sockaddr *)&bound, &len), "getsockname");
        printf("port %d\n", ntohs(bound.sin_port));
        for (int fd = HELD_FLOCK; fd < HELD_END; fd++) {
                const char *name = held_name[fd - HELD_FIFO];

                hold(open(in(folder, name), O_RDWR | O_CREAT, 0600), fd, name);
                need(lock(name, fd), name);     /* not sooner: to close another descriptor of the file would end a POSIX lock */
        }
}

static void let_go(const char *name)
{
        for (int fd = HELD_FIFO; fd < HELD_END; fd++)
                if (strcmp(held_name[fd - HELD_FIFO], name) == 0 && close(fd) == 0)
                        printf("closed %s\n", name);
}

/* ---- orders ---- */

static void become_heir(void)
{
        execl("/proc/self/exe", "victim-twin", "heir", (char *)NULL);
        die("exec");
}

static void obey(char *order)
{
        char *arg = strchr(order, ' ');

        if (arg)
                *arg++ = '\0';
        if (strcmp(order, "look") == 0)
                printf("look %ld sigchld %d wrong %ld\n", looks, (int)sigchld, wrong);
        else if (strcmp(order, "close") == 0 && arg)
                let_go(arg);
        else if (strcmp(order, "dirty") == 0)
                dirty();
        else if (strcmp(order, "end") == 0)
                close(release);
        else if (strcmp(order, "exec") == 0)
                become_heir();
        else if (strcmp(order, "exit") == 0 && arg)
                _exit(atoi(arg));
}

/* Of a line that has come, or not. */
static void listen_to_orders(void)
{
        struct pollfd p = { .fd = ORDERS, .events = POLLIN };
        char line[64];
        size_t n = 0;

        if (poll(&p, 1, 1) <= 0)
                return;
        while (n < sizeof line - 1 && read(ORDERS, line + n, 1) == 1 && line[n] != '\n')
                n++;
        line[n] = '\0';
        obey(line);
}

static void look(void)
{
        int status = 0;
        pid_t got = waitpid(-1, &status, WNOHANG);

        looks++;
        if (got == -1 && errno == ECHILD)
                return;
        if (!wrong++)
                printf("wrong: waitpid gave %d, status %#x, errno %d\n", got, status, errno);
}

static void serve(int looking) __attribute__((noreturn));

static void serve(int looking)
{
        for (;;) {
                if (looking)
                        look();
                listen_to_orders();
        }
}

/* ---- a child of its own ---- */

static void *wait_for_any(void *flags)
{
        int status;
        pid_t got;

        do {
                got = waitpid(-1, &status, flags ? *(int *)flags : 0);
                printf("got %d %d\n", got, got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -errno);
        } while (got > 0);
        return NULL;
}

static void bear(void)
{
        int end[2];
        pid_t pid;
        char c;

        need(pipe(end), "pipe");
        pid = need(fork(), "fork");
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                close(end[1]);
                (void)!read(end[0], &c, 1);
                _exit(7);
        }
        close(end[0]);
        release = end[1];
        printf("child %d\n", pid);
}

static void wait_aside(void)
{
        pthread_t t;

        if (pthread_create(&t, NULL, wait_for_any, NULL) != 0)
                die("thread");
}

static void wait_with_wall(void)
{
        int flags = __WALL;

        fill();
        bear();
        printf("ready\n");
        wait_for_any(&flags);
}

/* ---- one that executes itself when it has been stopped ---- */

static int64_t clock_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void exec_after_stops(const char *file, int again)
{
        int64_t last, now;

        if (!again) {
                hold(open(file, O_RDWR | O_CREAT, 0600), HELD_POSIX, file);
                need(lock("posix", HELD_POSIX), file);
        }
        fill();
        if (!again)
                printf("ready\n");
        now = clock_ns();
        do {
                last = now;
                now = clock_ns();
        } while (now - last < STOPPED_NS);
        execl("/proc/self/exe", "victim-twin", "exec", file, "again", (char *)NULL);
        die("exec");
}

/* ---- the others ---- */

static int peer(const char *path)
{
        struct sockaddr_un at = local(path);
        int fd = need(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
        char c;

        need(bind(fd, (struct sockaddr *)&at, sizeof at), "bind");
        need(listen(fd, 1), "listen");
        printf("ready\n");
        fd = need(accept(fd, NULL, NULL), "accept");
        if (read(fd, &c, 1) != 0)
                die("read");
        printf("eof\n");
        return 0;
}

static int at_once(int rc, const char *what)
{
        if (rc < 0)
                printf("%s: %s\n", what, strerror(errno));
        return rc < 0;
}

int main(int argc, char **argv)
{
        struct sigaction sa = { .sa_handler = on_chld, .sa_flags = SA_RESTART };
        const char *what = argc > 1 ? argv[1] : "";

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc == 3 && strcmp(what, "peer") == 0)
                return peer(argv[2]);
        if (argc == 3 && strcmp(what, "bind") == 0)
                return at_once(loopback(atoi(argv[2])), "bind");
        if (argc == 4 && strcmp(what, "lock") == 0)
                return at_once(lock(argv[2], need(open(argv[3], O_RDWR), argv[3])), argv[2]);
        if (argc >= 3 && strcmp(what, "exec") == 0)
                exec_after_stops(argv[2], argc > 3);
        sigaction(SIGCHLD, &sa, NULL);
        if (strcmp(what, "wall") == 0)
                wait_with_wall();
        if (strcmp(what, "heir") == 0) {
                printf("heir\n");
                serve(1);
        }
        if (argc != 3)
                return 2;
        fill();
        hold(open(in(argv[2], "orders"), O_RDWR), ORDERS, "orders");
        if (strcmp(what, "alone") == 0)
                hold_all(argv[2]);
        else if (strcmp(what, "parent") == 0) {
                bear();
                wait_aside();
        }
        printf("pid %d\nready\n", getpid());
        serve(strcmp(what, "parent") != 0);
}
