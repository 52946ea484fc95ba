/* SPDX-License-Identifier: MIT */
/*
 * victim-kin.c - has children and a terminal, and tells of them
 *
 * usage: victim-kin children | terminal [PATH]
 *
 * children: four sleep, one of them started by another thread, and one has ended and
 * waits for its parent. Their names are odd. A line each: "child PID NAME", as
 * /proc/PID/status would write the name.
 *
 * terminal: a child with a session of its own, whose controlling terminal is a new pty,
 * or PATH; another process group is in front. "pid PID" of it, then "tty MAJOR:MINOR
 * PGRP" and "path PATH" as that hears it, or "not here: REASON".
 *
 * Then "ready"; sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
        printf("not here: %s: %s\n", what, strerror(errno));
        exit(2);
}

/* A child that sleeps, or has ended, as long as its parent lives. */
static void *bear(void *name)
{
        const char *s = name;
        int named[2];
        pid_t pid;
        char c;

        if (pipe(named) < 0 || (pid = fork()) < 0)
                die("fork");
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                prctl(PR_SET_NAME, name, 0, 0, 0);
                if (strcmp(name, "ended") == 0)
                        _exit(0);
                close(named[0]);
                close(named[1]);
                for (;;)
                        pause();
        }
        close(named[1]);
        if (read(named[0], &c, 1) < 0)          /* ends when the child has closed it */
                die("read");
        close(named[0]);
        printf("child %d ", pid);
        for (; *s; s++)
                printf(*s == '\n' ? "\\n" : *s == '\\' ? "\\\\" : "%c", *s);
        printf("\n");
        if (strcmp(name, "ended") == 0) {
                siginfo_t si;

                waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
        }
        return NULL;
}

static void *stay(void *arg)    /* its children would go to another thread when it ends */
{
        bear("of a thread");
        pthread_barrier_wait(arg);
        for (;;)
                pause();
        return NULL;
}

static void children(void)
{
        pthread_barrier_t born;
        pthread_t t;

        bear("a) S 1 (b");
        bear("line\nfeed\\");
        pthread_barrier_init(&born, NULL, 2);
        pthread_create(&t, NULL, stay, &born);
        pthread_barrier_wait(&born);
        bear("ended");
        bear("plain");
}

static void in_front(int fd)
{
        pid_t pid = fork();

        if (pid < 0)
                die("fork");
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
                for (;;)
                        pause();
        }
        setpgid(pid, pid);
        if (tcsetpgrp(fd, pid) < 0)
                die("tcsetpgrp");
}

static void live_there(const char *path)
{
        struct stat st;
        int fd;

        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        signal(SIGHUP, SIG_IGN);
        if (setsid() < 0 || (fd = open(path, O_RDWR)) < 0 || fstat(fd, &st) < 0)
                die(path);
        if (ioctl(fd, TIOCSCTTY, 0) < 0)
                die("TIOCSCTTY");
        in_front(fd);
        printf("pid %d\ntty %u:%u %d\npath %s\nready\n", getpid(), major(st.st_rdev), minor(st.st_rdev), tcgetpgrp(fd), ttyname(fd));
        for (;;)
                pause();
}

static void terminal(const char *path)
{
        int master = path ? -1 : posix_openpt(O_RDWR | O_NOCTTY);
        char name[64];
        pid_t pid;

        if (!path) {
                if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || ptsname_r(master, name, sizeof name) != 0)
                        die("pty");
                path = name;
        }
        pid = fork();
        if (pid < 0)
                die("fork");
        if (pid == 0)
                live_there(path);
}

int main(int argc, char **argv)
{
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc > 1 && strcmp(argv[1], "terminal") == 0) {
                terminal(argv[2]);
        } else {
                children();
                printf("ready\n");
        }
        for (;;)
                pause();
}
