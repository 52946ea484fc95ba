/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-tables.c - threads with tables of descriptors of their own
 *
 *      victim-fd-tables [leader]       six threads; leader: the first one ends
 *      victim-fd-tables many N         N threads, each with its own
 *
 * own: has a copy of the process's, opens and closes some; mate: shares that one;
 * plain: shares that of the process; none: has closed all; socket: waits for a
 * time-out of a socket, and the process has a file of that number. Reports the
 * process's, then "table TID" and own's. SIGUSR2: own opens one more.
 */
#include "victim-fd.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define FIRST   10      /* the victim's own, from here on */
#define LAST    40

static sem_t begun, made, asked_own, answered;
static volatile int finishing;

static void *wait_forever(void *name)
{
        printf("named %s %d\n", (const char *)name, (int)syscall(SYS_gettid));
        sem_post(&begun);
        for (;;)
                pause();
        return NULL;
}

static void start(void *(*run)(void *), void *arg)
{
        pthread_attr_t small;
        pthread_t t;

        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        if (pthread_create(&t, &small, run, arg)) {
                fprintf(stderr, "no thread\n");
                exit(1);
        }
        sem_wait(&begun);
}

static int at(int number, int fd, int flags)
{
        need(fd, "open");
        need(dup3(fd, number, flags), "dup3");
        close(fd);
        return number;
}

static void report_table(void)
{
        for (int fd = FIRST; fd < LAST; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        report_fd(fd);
}

static void open_own(void)
{
        int two[2], fd, on = 1;

        need(unshare(CLONE_FILES), "unshare");
        fd = at(20, memfd_create("own", 0), O_CLOEXEC);
        need((int)write(fd, "of my own", 9), "write");
        fd = at(21, socket(AF_INET, SOCK_DGRAM, 0), 0);
        setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
        need(pipe(two), "pipe");
        at(22, two[0], 0);
        at(23, two[1], 0);
        need((int)write(23, "own pipe", 8), "write");
        fcntl(22, F_SETOWN, getpid());
        need(dup2(11, 24), "dup2");
        at(10, open("own.file", O_RDWR | O_CREAT | O_APPEND, 0600), 0);
        close(12);
}

static void *run_own(void *arg)
{
        sem_post(&begun);
        open_own();
        start(wait_forever, "mate");
        printf("named own %d\n", (int)syscall(SYS_gettid));
        sem_post(&made);
        for (;;) {
                while (sem_wait(&asked_own) < 0)
                        ;
                if (finishing)
                        at(30, open("/dev/null", O_RDONLY), 0);
                else
                        report_table();
                sem_post(&answered);
        }
        return arg;
}

static void *run_none(void *arg)
{
        need(unshare(CLONE_FILES), "unshare");
        printf("named none %d\n", (int)syscall(SYS_gettid));
        fflush(stdout);
        for (int fd = 0; fd < 1024; fd++)
                close(fd);
        sem_post(&begun);
        for (;;)
                pause();
        return arg;
}

static void *run_socket(void *arg)
{
        struct timeval tv = { 10000, 0 };
        int two[2];
        char c;

        need(unshare(CLONE_FILES), "unshare");
        need(socketpair(AF_UNIX, SOCK_STREAM, 0, two), "socketpair");
        at(10, two[0], 0);
        setsockopt(10, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
        printf("named socket %d\n", (int)syscall(SYS_gettid));
        sem_post(&begun);
        printf("wrong: read %d: %s\n", (int)read(10, &c, 1), strerror(errno));
        fflush(stdout);
        return arg;
}

static void *run_one_of_many(void *arg)
{
        need(unshare(CLONE_FILES), "unshare");
        at(FIRST + (int)((intptr_t)arg % 20), open("/dev/zero", O_RDONLY), 0);
        sem_post(&begun);
        for (;;)
                pause();
        return NULL;
}

static void report(void)
{
        report_table();
        printf("table own\n");
        finishing = 0;
        sem_post(&asked_own);
        while (sem_wait(&answered) < 0)
                ;
}

static void finish(void)
{
        finishing = 1;
        sem_post(&asked_own);
        while (sem_wait(&answered) < 0)
                ;
}

static void open_first(void)
{
        int fd;

        at(10, open("first.file", O_RDWR | O_CREAT, 0600), 0);
        fd = at(11, memfd_create("both", 0), 0);
        need((int)write(fd, "of both", 7), "write");
        at(12, socket(AF_UNIX, SOCK_DGRAM, 0), O_CLOEXEC);
        fcntl(12, F_SETOWN, getpid());
}

static void many(int n)
{
        for (int i = 0; i < n; i++)
                start(run_one_of_many, (void *)(intptr_t)i);
}

static void nothing(void)
{
}

int main(int argc, char **argv)
{
        sigset_t both;

        sigemptyset(&both);
        sigaddset(&both, SIGUSR1);
        sigaddset(&both, SIGUSR2);
        sigprocmask(SIG_BLOCK, &both, NULL);    /* the threads shall not get them */
        sem_init(&begun, 0, 0);
        sem_init(&asked_own, 0, 0);
        sem_init(&answered, 0, 0);
        if (argc > 2) {
                many(atoi(argv[2]));
                serve(nothing, NULL);
        }
        open_first();
        start(wait_forever, "plain");
        sem_init(&made, 0, 0);
        start(run_own, NULL);
        sem_wait(&made);
        start(run_none, NULL);
        start(run_socket, NULL);
        if (argc < 2)
                serve(report, finish);
        printf("ready\n");
        fflush(stdout);
        pthread_exit(NULL);
}
