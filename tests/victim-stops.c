/* SPDX-License-Identifier: MIT */
/*
 * victim-stops.c - a parent that tells each stop and continuation of its child
 *
 * usage: victim-stops BEATFILE THREADS
 *        victim-stops BEATFILE tty
 *
 * The child, a process group of its own, counts in the first 8 bytes of BEATFILE,
 * in THREADS threads. With tty it first reads from a terminal of which it is a
 * background process: SIGTTIN stops it. SIGUSR1 to the parent then makes it the
 * foreground one, sends it a line and SIGCONT.
 *
 * Prints "child PID", "ready", and for each event "stopped SIGNAL", "continued",
 * "ended STATUS"; for each SIGCHLD "sigchld CODE" (CLD_*).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint64_t *beats;
static volatile sig_atomic_t foreground;

static void on_usr1(int sig) { (void)sig; foreground = 1; }

static void on_chld(int sig, siginfo_t *si, void *uc)
{
        char line[] = "sigchld 0\n";

        (void)sig;
        (void)uc;
        line[8] = (char)('0' + si->si_code);
        (void)!write(1, line, sizeof line - 1);
}

/* By turns in user code and in a call. The first thread alone counts: the others are there to be stopped. */
static void *count(void *first)
{
        for (;;) {
                for (volatile int i = 0; i < 20000; i++)
                        ;
                nanosleep(&(struct timespec){ 0, 500000 }, NULL);
                if (first)
                        ++*beats;
        }
        return NULL;
}

static void child(int threads, int slave)
{
        char line[64];
        pthread_t t;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (slave >= 0 && (read(slave, line, sizeof line) != 2 || memcmp(line, "x\n", 2)))
                _exit(3);
        for (int i = 1; i < threads; i++)
                if (pthread_create(&t, NULL, count, NULL) != 0)
                        _exit(4);
        count(beats);
}

/* A terminal of our own, whose other side *master is. */
static int open_terminal(int *master)
{
        int slave;

        *master = posix_openpt(O_RDWR | O_NOCTTY);
        if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0)
                return -1;
        setsid();
        slave = open(ptsname(*master), O_RDWR | O_NOCTTY);
        if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
                return -1;
        signal(SIGTTOU, SIG_IGN);       /* we are in the background when we call tcsetpgrp */
        return slave;
}

static void tell_events(pid_t pid, int master, int slave)
{
        int status;

        for (;;) {
                if (waitpid(pid, &status, WUNTRACED | WCONTINUED) < 0) {
                        if (!foreground)
                                continue;       /* EINTR */
                        foreground = 0;
                        if (tcsetpgrp(slave, pid) < 0 || write(master, "x\n", 2) != 2)
                                exit(2);
                        kill(pid, SIGCONT);
                } else if (WIFSTOPPED(status)) {
                        printf("stopped %d\n", WSTOPSIG(status));
                } else if (WIFCONTINUED(status)) {
                        printf("continued\n");
                } else {
                        printf("ended %#x\n", status);
                        exit(0);
                }
        }
}

int main(int argc, char **argv)
{
        struct sigaction chld = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART };
        struct sigaction usr1 = { .sa_handler = on_usr1 };
        int fd, tty, threads, slave = -1, master = -1;
        pid_t pid;

        if (argc != 3 || (fd = open(argv[1], O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, 4096) < 0)
                return 2;
        beats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        tty = strcmp(argv[2], "tty") == 0;
        threads = tty ? 1 : atoi(argv[2]);
        if (beats == MAP_FAILED || (tty && (slave = open_terminal(&master)) < 0))
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        sigaction(SIGCHLD, &chld, NULL);
        sigaction(SIGUSR1, &usr1, NULL);
        pid = fork();
        if (pid < 0)
                return 2;
        setpgid(pid, pid);              /* both sides: whoever comes first */
        if (pid == 0) {
                setpgid(0, 0);
                child(threads, slave);
        }
        printf("child %d\nready\n", pid);
        tell_events(pid, master, slave);
}
