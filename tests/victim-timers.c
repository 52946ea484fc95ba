/* SPDX-License-Identifier: MIT */
/*
 * victim-timers.c - a busy program with timers of all kinds, and much memory that it never touches
 *
 * usage: victim-timers BEATFILE
 *
 * An ITIMER_REAL and a POSIX timer with handlers, a timerfd that the first
 * thread reads, each every 10 ms, from the same start; two threads with signal
 * masks of their own that count in the first 8 bytes of BEATFILE, and one that
 * sleeps for good. At SIGUSR1 it prints "after MS: itimer N timer N timerfd N",
 * where N counts what has run out since the start, missed ones too: an itimer has no count of those.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE    4096ul
#define MIB     (1ul << 20)
#define GIB     (1ul << 30)
#define EVERY   10000000        /* ns */

static volatile uint64_t *beat;
static uint64_t itimer, timer, timerfd;
static volatile sig_atomic_t asked;
static timer_t posix;
static struct timespec started;

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static char *map(size_t len, int prot, int flags)
{
        char *p = mmap(NULL, len, prot, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED)
                die("mmap");
        return p;
}

static void touch(char *p, size_t len, size_t every)
{
        for (size_t at = 0; at < len; at += every)
                p[at] = 1;
}

static void map_memory(void)
{
        char *p;

        map(GIB, PROT_READ | PROT_WRITE, MAP_SHARED);           /* never touched, all three */
        map(4 * GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        map(4 * GIB, PROT_NONE, MAP_PRIVATE);
        touch(map(GIB, PROT_READ | PROT_WRITE, MAP_SHARED), GIB, 128 * MIB);
        touch(map(GIB, PROT_READ | PROT_WRITE, MAP_PRIVATE), GIB, 64 * MIB);
        p = map(16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        touch(p, 16 * MIB, 64 * PAGE);
        if (mprotect(p + 4 * MIB, 4 * MIB, PROT_NONE) < 0)
                die("mprotect");
}

static void on_alarm(int sig)
{
        (void)sig;
        __atomic_add_fetch(&itimer, 1, __ATOMIC_SEQ_CST);
}

static void on_timer(int sig)
{
        (void)sig;
        __atomic_add_fetch(&timer, 1 + (uint64_t)timer_getoverrun(posix), __ATOMIC_SEQ_CST);
}

static void on_usr1(int sig)
{
        (void)sig;
        asked = 1;
}

static void start_timers(int *fd)
{
        struct itimerval tv = { { 0, EVERY / 1000 }, { 0, EVERY / 1000 } };
        struct itimerspec ts = { { 0, EVERY }, { 0, EVERY } };
        struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
        struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

        sigaction(SIGALRM, &sa, NULL);
        sa.sa_handler = on_timer;
        sigaction(SIGRTMIN, &sa, NULL);
        sa.sa_handler = on_usr1;
        sigaction(SIGUSR1, &sa, NULL);
        *fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        if (*fd < 0 || timer_create(CLOCK_MONOTONIC, &ev, &posix) < 0)
                die("timer");
        clock_gettime(CLOCK_MONOTONIC, &started);
        if (setitimer(ITIMER_REAL, &tv, NULL) < 0 || timer_settime(posix, 0, &ts, NULL) < 0 ||
            timerfd_settime(*fd, 0, &ts, NULL) < 0)
                die("timer");
}

static void *counter(void *arg)
{
        struct timespec nap = { 0, 2000000 };

        (void)arg;
        for (;;) {
                __atomic_add_fetch(beat, 1, __ATOMIC_SEQ_CST);
                for (volatile int i = 0; i < 20000; i++)
                        ;
                if (nanosleep(&nap, NULL) < 0)
                        die("nanosleep");
        }
        return NULL;
}

static void *sleeper(void *arg)
{
        (void)arg;
        for (;;)
                pause();
        return NULL;
}

static void start_thread(void *(*run)(void *), int unblocked)   /* blocks all signals but that one; 0: all */
{
        sigset_t all, before;
        pthread_t t;

        sigfillset(&all);
        if (unblocked)
                sigdelset(&all, unblocked);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        if (pthread_create(&t, NULL, run, NULL) != 0)
                die("pthread_create");
        pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void tell(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("after %ld: itimer %lu timer %lu timerfd %lu\n",
               (now.tv_sec - started.tv_sec) * 1000 + (now.tv_nsec - started.tv_nsec) / 1000000,
               (unsigned long)itimer, (unsigned long)timer, (unsigned long)timerfd);
}

int main(int argc, char **argv)
{
        uint64_t n;
        int fd;

        setvbuf(stdout, NULL, _IOLBF, 0);
        fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
        if (fd < 0 || ftruncate(fd, (off_t)PAGE) < 0)
                die("beat");
        beat = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (beat == MAP_FAILED)
                die("mmap");
        map_memory();
        start_thread(counter, 0);
        start_thread(counter, SIGUSR2);
        start_thread(sleeper, 0);
        start_timers(&fd);
        printf("ready\n");
        for (;;) {
                if (read(fd, &n, sizeof n) == sizeof n) {
                        timerfd += n;
                } else if (errno != EINTR) {
                        die("read");
                }
                if (asked) {
                        asked = 0;
                        tell();
                }
        }
}
