/* SPDX-License-Identifier: MIT */
/*
 * victim-crowd.c - threads that come and go, many that rest, or a first one that has ended
 *
 * usage: victim-crowd churn CHAINS BEATFILE
 *        victim-crowd rest THREADS
 *        victim-crowd leader BEATFILE
 *
 * churn: of each chain one thread lives at a time, works a little, makes the
 * next one and ends; at SIGUSR1 no more are made and, when all have ended,
 * "made N lost M" is printed. rest: threads with small stacks asleep for good;
 * at SIGUSR1 all are woken, and "woken N" is printed when each has answered.
 * leader: prints "memory ADDRESS PAGES", page i filled with the letter 'A' + i,
 * and "ready", then the first thread ends, while two others go on: one counts, one
 * sleeps. The first 8 bytes of BEATFILE count threads that ended, or rounds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGES   20
#define PAGE    4096

static volatile uint64_t *beat;
static uint64_t made, ended, answered;
static int over;                        /* no more threads, or: wake up */
static pthread_attr_t small;            /* detached, a little stack */

static void die(const char *what)
{
        printf("wrong: %s: %s\n", what, strerror(errno));
        exit(2);
}

static volatile uint64_t *map_beat(const char *path)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
        void *p;

        if (fd < 0 || ftruncate(fd, PAGE) < 0)
                die(path);
        p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
                die(path);
        close(fd);
        return p;
}

static void spawn(void *(*run)(void *))
{
        pthread_t t;
        int err;

        __atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST);
        err = pthread_create(&t, &small, run, NULL);
        if (err) {
                errno = err;
                die("pthread_create");
        }
}

static void *link_of_chain(void *arg)
{
        volatile uint64_t own[64];
        pid_t tid = (pid_t)syscall(SYS_gettid);

        (void)arg;
        for (int i = 0; i < 64; i++)
                own[i] = (uint64_t)tid * 2654435761u + (uint64_t)i;
        sched_yield();
        for (int i = 0; i < 64; i++)
                if (own[i] != (uint64_t)tid * 2654435761u + (uint64_t)i)
                        die("a thread lost its stack");
        if (syscall(SYS_gettid) != tid)
                die("a thread lost its number");
        if (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
                spawn(link_of_chain);
        *beat = __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
        return NULL;
}

static void await_signal(void)
{
        sigset_t s;

        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        while (sigwaitinfo(&s, NULL) != SIGUSR1)
                ;
        __atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
}

static void churn(int chains)
{
        while (chains-- > 0)
                spawn(link_of_chain);
        printf("ready\n");
        await_signal();
        for (int i = 0; i < 5000 && __atomic_load_n(&made, __ATOMIC_SEQ_CST) != ended; i++)
                usleep(1000);
        printf("made %llu lost %lld\n", (unsigned long long)made, (long long)(made - ended));
}

static void *sleeper(void *arg)
{
        (void)arg;
        while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
                syscall(SYS_futex, &over, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
        pause();
        return NULL;
}

static void rest(int threads)
{
        for (int i = 1; i < threads; i++)
                spawn(sleeper);
        printf("ready\n");
        await_signal();
        syscall(SYS_futex, &over, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
        for (int i = 0; i < 20000 && __atomic_load_n(&answered, __ATOMIC_SEQ_CST) != made; i++)
                usleep(1000);
        printf("woken %llu\n", (unsigned long long)answered + 1);
        for (;;)
                pause();
}

static void *counter(void *arg)
{
        struct timespec nap = { 0, 1000000 };

        (void)arg;
        for (;;) {
                ++*beat;
                if (nanosleep(&nap, NULL) < 0)
                        die("nanosleep");
        }
        return NULL;
}

static void leader(void)
{
        char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                die("mmap");
        for (int i = 0; i < PAGES; i++)
                memset(p + i * PAGE, 'A' + i, PAGE);
        spawn(counter);
        spawn(sleeper);
        printf("memory %p %d\nready\n", (void *)p, PAGES);
        syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
        const char *what = argc > 2 ? argv[1] : "";
        sigset_t s;

        setvbuf(stdout, NULL, _IOLBF, 0);
        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        sigprocmask(SIG_BLOCK, &s, NULL);
        pthread_attr_init(&small);
        pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&small, 32768);
        if (strcmp(what, "churn") == 0 && argc > 3) {
                beat = map_beat(argv[3]);
                churn((int)strtol(argv[2], NULL, 10));
        } else if (strcmp(what, "rest") == 0) {
                rest((int)strtol(argv[2], NULL, 10));
        } else if (strcmp(what, "leader") == 0) {
                beat = map_beat(argv[2]);
                leader();
        } else {
                return 2;
        }
        return 0;
}
