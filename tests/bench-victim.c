/* SPDX-License-Identifier: MIT */
/*
 * bench-victim.c - notices how long it was not allowed to run
 *
 * usage: bench-victim MIB spin|tick|doze|write GAPFILE [THREADS [huge|text|maps]]
 *
 * Holds MIB of private memory in 4K pages, all of it touched, no page like
 * another; in huge pages; of text, which deflates to a third; or with each page a
 * mapping of its own. Reads the clock over and over (spin), or sleeps 20 us between
 * (tick), or 2 ms (doze), or writes a word into a page somewhere (write), and keeps in
 * GAPFILE, which bench-run shares with it, the largest gap that it has seen and how
 * often it has looked. THREADS more sleep. A gap in which it was not switched out, nor forked, was not made by anybody
 * in here: a host had taken the processor away. Unless it writes, that does not
 * count. Prints "ready" when all is there. SIGUSR1: makes a child by fork(2), which
 * ends at once.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define TICK_NS         20000
#define DOZE_NS         2000000
#define BRIEF_NS        100000  /* counts in any case: to ask takes time */
#define ASK_NS          1000000 /* how old what it knows of its switches may be */
#define HUGE            (2u << 20)

static uint64_t
now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
xorshift(void)
{
        static uint64_t x = 88172645463325252u;

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        return x;
}

static void
fill_text(char *p, size_t bytes)
{
        static const char *const word[] = { "the ", "process ", "is ", "stopped, ", "copied ", "and ", "let ", "go, " };

        for (size_t at = 0; at + 32 < bytes; ) {
                uint64_t x = xorshift();

                for (int i = 0; i < 3; i++, x >>= 3) {
                        size_t len = strlen(word[x & 7]);

                        memcpy(p + at, word[x & 7], len);
                        at += len;
                }
                at += (size_t)sprintf(p + at, "%u ", (unsigned)x & 0xffff);
        }
}

static uint64_t *
fill(size_t bytes, const char *how)
{
        size_t room = bytes + HUGE;
        uintptr_t p;

        if (bytes == 0)
                return NULL;
        p = (uintptr_t)mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == (uintptr_t)MAP_FAILED) {
                perror("mmap");
                exit(2);
        }
        p = (p + HUGE - 1) & ~(uintptr_t)(HUGE - 1);
        madvise((void *)p, bytes, strcmp(how, "huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
        if (strcmp(how, "text") == 0)
                fill_text((char *)p, bytes);
        else
                for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
                        ((uint64_t *)p)[i] = xorshift();
        for (size_t at = 0; strcmp(how, "maps") == 0 && at < bytes; at += 8192)
                if (mprotect((void *)(p + at), 4096, PROT_READ) < 0) {
                        perror("mprotect");
                        exit(2);
                }
        return (uint64_t *)p;
}

static void *
sleeper(void *arg)
{
        for (;;)
                pause();
        return arg;
}

static int
start_threads(int n)
{
        pthread_attr_t small;
        pthread_t t;

        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        for (int i = 0; i < n; i++)
                if (pthread_create(&t, &small, sleeper, NULL) != 0)
                        return -1;
        return 0;
}

static volatile sig_atomic_t forked;

static void
make_child(int sig)
{
        (void)sig;
        if (fork() == 0)
                _exit(0);
        forked = 1;
}

/* How often this thread has not run, for whatever reason. */
static long
switches(void)
{
        struct rusage use;

        getrusage(RUSAGE_THREAD, &use);
        return use.ru_nvcsw + use.ru_nivcsw;
}

int
main(int argc, char **argv)
{
        struct timespec nap = { 0 };
        struct gaps *g;
        uint64_t last, t, asked = 0, *memory;
        long before = 0;
        size_t pages;
        int fd, writes;

        if (argc < 4 || argc > 6 || (fd = open(argv[3], O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, sizeof *g) < 0) {
                fputs("usage: bench-victim MIB spin|tick|doze|write GAPFILE [THREADS [huge|text|maps]]\n", stderr);
                return 2;
        }
        g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (g == MAP_FAILED || start_threads(argc > 4 ? atoi(argv[4]) : 0) < 0)
                return 2;
        prctl(PR_SET_TIMERSLACK, 1000);
        signal(SIGCHLD, SIG_IGN);
        signal(SIGUSR1, make_child);
        if (strcmp(argv[2], "tick") == 0)
                nap.tv_nsec = TICK_NS;
        else if (strcmp(argv[2], "doze") == 0)
                nap.tv_nsec = DOZE_NS;
        writes = strcmp(argv[2], "write") == 0;
        pages = strtoull(argv[1], NULL, 10) << 8;
        memory = fill(pages << 12, argc > 5 ? argv[5] : "");
        if (write(1, "ready\n", 6) != 6)
                return 2;
        for (last = now();; last = t) {
                if (nap.tv_nsec)
                        nanosleep(&nap, NULL);
                if (writes)
                        memory[xorshift() % pages << 9]++;
                t = now();
                if (atomic_exchange(&g->reset, 0))
                        atomic_store(&g->largest_ns, 0);
                else if (t - last > atomic_load(&g->largest_ns) &&
                         (nap.tv_nsec || writes || forked || t - last < BRIEF_NS || switches() != before))
                        atomic_store(&g->largest_ns, t - last);
                if (t - asked > ASK_NS || t - last > ASK_NS) {
                        before = switches();
                        asked = t = now();
                        forked = 0;
                }
                atomic_fetch_add(&g->rounds, 1);
        }
}
