/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-content.c - has files without a name, memfds, pipes and a fifo open, in a folder
 *
 *      victim-fd-content FOLDER [watch]        watch: inotify tells it of files opened there
 *
 * Each is numbered as it says: "named NAME FD". For SIGUSR2 it reads its pipes, and
 * says what came, and what came in the meantime that it did not ask for.
 */
#include "victim-fd.h"
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LARGE   (3 << 20)
#define PACKETS 3

static int fds[64], end;
static int self[2], large[2], packets[2], empty[2], out[2], broken[2], fifo, watch = -1;
static pid_t reader, sleeper, blocked;
static volatile sig_atomic_t sigio;

static void on_io(int sig)
{
        (void)sig;
        sigio++;
}

static int named(const char *name, int fd)
{
        need(fd, name);
        printf("named %s %d\n", name, fd);
        return fds[end++] = fd;
}

static void report(void)
{
        int n;

        for (int i = 0; i < end; i++) {
                report_fd(fds[i]);
                if (fcntl(fds[i], F_GETPIPE_SZ) >= 0 && ioctl(fds[i], FIONREAD, &n) == 0)
                        printf("%d queued %d\n", fds[i], n);
        }
        if (watch >= 0 && ioctl(watch, FIONREAD, &n) == 0)
                printf("%d own events %d\n", watch, n);
        printf("0 own sigio %d\n", (int)sigio);
}

static void fill(int fd, size_t n, char c)
{
        char buf[4096];

        memset(buf, c, sizeof buf);
        for (size_t done = 0; done < n; done += sizeof buf)
                need((int)write(fd, buf, n - done < sizeof buf ? n - done : sizeof buf), "write");
}

static int unlinked(const char *name, int flags, size_t n, char c)
{
        int fd = open(name, flags | O_CREAT, 0600), fd2;

        need(fd, name);
        fd2 = need(open(name, O_WRONLY), name);
        fill(fd2, n, c);
        close(fd2);
        unlink(name);
        return named(name, fd);
}

static void files(void)
{
        int fd = unlinked("small", O_RDWR, 0, 0);

        need((int)write(fd, "what no path leads to", 21), "write");
        need((int)lseek(fd, 5, SEEK_SET), "lseek");
        named("again", dup(fd));
        unlinked("nothing", O_RDONLY, 0, 0);
        unlinked("writeonly", O_WRONLY | O_APPEND, 5000, 'w');
        unlinked("large", O_RDONLY, LARGE, 'l');
        fd = open("linked", O_RDWR | O_CREAT, 0600);
        fill(fd, 10, 'k');
        unlink("other name");
        need(link("linked", "other name"), "link");
        unlink("linked");
        named("linked", fd);
        fd = open("still there", O_RDWR | O_CREAT, 0600);
        fill(fd, 10, 't');
        named("there", fd);
        fd = unlinked("leased", O_RDWR, 100, 'e');
        need(fcntl(fd, F_SETLEASE, F_WRLCK), "F_SETLEASE");
        fd = named("memfd", memfd_create("a name", MFD_ALLOW_SEALING | MFD_CLOEXEC));
        fill(fd, 70000, 'm');
        need(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), "F_ADD_SEALS");
        need((int)lseek(fd, 3, SEEK_SET), "lseek");
        fd = named("sparse", memfd_create("sparse", 0));
        need(ftruncate(fd, 1l << 40), "ftruncate");
        need((int)pwrite(fd, "start", 5, 0), "pwrite");
}

static pid_t child(int (*run)(void))
{
        pid_t pid = fork();

        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                signal(SIGUSR1, SIG_IGN);
                _exit(run());
        }
        return pid;
}

/* Has the reading end of `out`; reads it when it is told to. */
static int run_reader(void)
{
        char buf[100] = "";
        sigset_t set;
        int sig;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        close(out[1]);
        sigwait(&set, &sig);
        return read(out[0], buf, sizeof buf) == 11 && memcmp(buf, "for another", 11) == 0 ? 7 + 100 * (sigio > 0) : 1;
}

/* Sleeps in reading what is empty. */
static int run_sleeper(void)
{
        char c;

        return read(empty[0], &c, 1) == 1 && c == '!' ? 8 : 1;
}

/* Sleeps in opening a fifo that has no reader. */
static int run_blocked(void)
{
        return open("fifo2", O_WRONLY) >= 0 ? 9 : 1;
}

static void pipes(void)
{
        int fd, both;

        need(pipe(self), "pipe");
        need((int)write(self[1], "to myself", 9), "write");
        named("self.read", self[0]);
        named("self.write", self[1]);
        need(pipe(large), "pipe");
        need(fcntl(large[1], F_SETPIPE_SZ, 1 << 18), "F_SETPIPE_SZ");
        fill(large[1], 200000, 'p');
        named("pipe.large", large[0]);
        need(pipe2(packets, O_DIRECT), "pipe2");
        need((int)write(packets[1], "a", 1) + (int)write(packets[1], "packet", 6) + (int)write(packets[1], "ized", 4), "write");
        named("packets", packets[0]);
        need(pipe(out), "pipe");
        need((int)write(out[1], "for another", 11), "write");
        reader = child(run_reader);
        need(fcntl(out[0], F_SETOWN, reader), "F_SETOWN");
        need(fcntl(out[0], F_SETFL, O_ASYNC), "F_SETFL");
        close(out[0]);
        named("out", out[1]);
        need(pipe(empty), "pipe");
        sleeper = child(run_sleeper);
        close(empty[0]);
        named("empty", empty[1]);
        need(pipe(broken), "pipe");
        need((int)write(broken[1], "lost", 4), "write");
        close(broken[0]);
        need(fcntl(broken[1], F_SETOWN, getpid()), "F_SETOWN");
        need(fcntl(broken[1], F_SETFL, O_ASYNC), "F_SETFL");
        named("async", broken[1]);
        need(pipe(broken), "pipe");
        close(broken[0]);
        named("broken", broken[1]);
        unlink("fifo");
        need(mkfifo("fifo", 0600), "mkfifo");
        fifo = named("fifo", open("fifo", O_RDWR));
        need((int)write(fifo, "by name", 7), "write");
        unlink("fifo2");
        need(mkfifo("fifo2", 0600), "mkfifo");
        both = need(open("fifo2", O_RDWR), "fifo2");
        fd = named("fifo.write", open("fifo2", O_WRONLY));
        close(both);
        need(fd, "fifo2");
        blocked = child(run_blocked);
}

static void tell(const char *what, int fd)
{
        static char buf[1 << 20];
        ssize_t n = read(fd, buf, sizeof buf), same = 0;

        while (same < n && buf[same] == buf[0])
                same++;
        printf("%s %zd %.*s\n", what, n, n < 20 ? (int)n : 1, buf);
        if (n > 20 && same < n)
                printf("%s differs at %zd\n", what, same);
}

static void finish(void)
{
        int status, n;

        tell("self", self[0]);
        tell("large", large[0]);
        for (int i = 0; i < PACKETS; i++)
                tell("packet", packets[0]);
        tell("fifo", fifo);
        kill(reader, SIGUSR2);
        waitpid(reader, &status, 0);
        printf("reader %d\n", WEXITSTATUS(status));
        n = (int)write(out[1], "x", 1);
        printf("write to it %d %d\n", n, errno == EPIPE);
        printf("sleeper %d\n", waitpid(sleeper, &status, WNOHANG));
        need((int)write(empty[1], "!", 1), "write");
        waitpid(sleeper, &status, 0);
        printf("sleeper %d\n", WEXITSTATUS(status));
        printf("blocked %d\n", waitpid(blocked, &status, WNOHANG));
        kill(blocked, SIGKILL);
        printf("sigio %d\n", (int)sigio);
}

int main(int argc, char **argv)
{
        sigset_t usr2;

        signal(SIGIO, on_io);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD, SIG_DFL);
        if (argc < 2)
                return 2;
        need(chdir(argv[1]), argv[1]);
        sigemptyset(&usr2);
        sigaddset(&usr2, SIGUSR2);
        sigprocmask(SIG_BLOCK, &usr2, NULL);
        if (argc > 2 && strcmp(argv[2], "watch") == 0) {
                watch = need(inotify_init1(IN_NONBLOCK), "inotify_init");
                need(inotify_add_watch(watch, ".", IN_ALL_EVENTS), "inotify_add_watch");
        }
        files();
        pipes();
        if (watch >= 0) {
                char buf[65536];

                while (read(watch, buf, sizeof buf) > 0)
                        ;
        }
        serve(report, finish);
}
