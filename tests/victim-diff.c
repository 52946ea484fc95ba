/* SPDX-License-Identifier: MIT */
/*
 * victim-diff.c - changes a little of itself at SIGUSR1, and tells what
 *
 * usage: victim-diff FILE
 *
 * Prints, as "KEY VALUE", where its regions are and what it opens, then
 * "ready"; after the signal what has come, then "changed". In `pages`, of 64
 * pages, pages 3, 4, 5 and 9 get other bytes, 20 is given back, 30 and 31 are
 * touched for the first time, 40 is written to with what it held, 41 is touched
 * and stays zero. In `file`, a private mapping, page 2 becomes its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PAGE    4096

static char *pages, *file, *leaves;
static int moved, closed;
static timer_t timer;

static void nothing(int sig) { (void)sig; }

static void *thread(void *arg)
{
        printf("thread %ld\n", syscall(SYS_gettid));
        pthread_barrier_wait(arg);
        for (;;)
                pause();
        return NULL;
}

static void *map(int n, int flags, int fd)
{
        return mmap(NULL, (size_t)n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, fd, 0);
}

static void begin(const char *path)
{
        struct sigevent none = { .sigev_notify = SIGEV_NONE };
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

        for (int i = 0; i < 8; i++)
                if (write(fd, "file", 4) != 4 || lseek(fd, (i + 1) * PAGE, SEEK_SET) < 0 || ftruncate(fd, (i + 1) * PAGE) < 0)
                        _exit(1);
        pages = map(64, MAP_ANONYMOUS, -1);
        file = map(8, 0, fd);
        leaves = map(3, MAP_ANONYMOUS, -1);
        memset(leaves, 'L', 3 * PAGE);
        mprotect(leaves, 3 * PAGE, PROT_READ);          /* so that it is a mapping of its own */
        memset(pages, 'P', 30 * PAGE);
        pages[40 * PAGE] = 'Q';
        moved = open(path, O_RDONLY);
        closed = open("/dev/null", O_RDONLY);
        timer_create(CLOCK_MONOTONIC, &none, &timer);
        printf("pages %p\nfile %p\nleaves %p\nmoved %d\nclosed %d\n", (void *)pages, (void *)file, (void *)leaves, moved, closed);
}

static void change(const char *path)
{
        struct rlimit few = { 100, 100 };
        struct itimerval real = { { 7, 0 }, { 5000, 0 } };
        struct itimerspec every = { { 3, 0 }, { 4000, 0 } };
        struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
        pthread_barrier_t started;
        void *comes;
        pthread_t t;

        pages[3 * PAGE + 17] = pages[4 * PAGE] = pages[6 * PAGE - 1] = pages[9 * PAGE] = 'X';
        madvise(pages + 20 * PAGE, PAGE, MADV_DONTNEED);
        pages[30 * PAGE] = pages[31 * PAGE] = 'Y';
        ((volatile char *)pages)[40 * PAGE] = 'Q';
        ((volatile char *)pages)[41 * PAGE] = 0;
        file[2 * PAGE] = 'Z';
        comes = map(5, MAP_ANONYMOUS, -1);
        mprotect(comes, 5 * PAGE, PROT_READ);
        munmap(leaves, 3 * PAGE);                       /* not before: it might come to where this was */
        printf("comes %p\n", comes);
        lseek(moved, 1234, SEEK_SET);
        close(closed);
        printf("opened %d\n", fcntl(open(path, O_RDONLY), F_DUPFD, 20));
        sigaction(SIGUSR2, &sa, NULL);
        setrlimit(RLIMIT_NOFILE, &few);
        setitimer(ITIMER_REAL, &real, NULL);
        timer_settime(timer, 0, &every, NULL);
        umask(0123);
        pthread_barrier_init(&started, NULL, 2);
        pthread_create(&t, NULL, thread, &started);
        pthread_barrier_wait(&started);
}

int main(int argc, char **argv)
{
        sigset_t s;
        int sig;

        if (argc != 2)
                return 1;
        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        sigprocmask(SIG_BLOCK, &s, NULL);
        begin(argv[1]);
        printf("ready\n");
        fflush(stdout);
        sigwait(&s, &sig);
        change(argv[1]);
        printf("changed\n");
        fflush(stdout);
        for (;;)
                pause();
}
