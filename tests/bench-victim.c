/* SPDX-License-Identifier: MIT */
/*
 * bench-victim.c - notices how long it was not allowed to run
 *
 * usage: bench-victim MIB spin|tick GAPFILE
 *
 * Holds MIB of private memory, all of it touched, no page like another. Reads
 * the clock over and over (spin), or sleeps 100 us between (tick), and keeps in
 * GAPFILE, which bench-run shares with it, the largest gap that it has seen.
 * Prints "ready" when the memory is filled.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define TICK_NS 100000

static uint64_t
now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
fill(size_t bytes)
{
        uint64_t *p, x = 88172645463325252u;

        if (bytes == 0)
                return;
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) {
                perror("mmap");
                exit(2);
        }
        for (size_t i = 0; i < bytes / sizeof *p; i++) {        /* xorshift */
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                p[i] = x;
        }
}

int
main(int argc, char **argv)
{
        const struct timespec tick = { .tv_nsec = TICK_NS };
        struct gaps *g;
        uint64_t last, t;
        int fd, ticks;

        if (argc != 4 || (fd = open(argv[3], O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, sizeof *g) < 0) {
                fputs("usage: bench-victim MIB spin|tick GAPFILE\n", stderr);
                return 2;
        }
        g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (g == MAP_FAILED)
                return 2;
        ticks = strcmp(argv[2], "tick") == 0;
        fill(strtoull(argv[1], NULL, 10) << 20);
        if (write(1, "ready\n", 6) != 6)
                return 2;
        for (last = now();; last = t) {
                if (ticks)
                        nanosleep(&tick, NULL);
                t = now();
                if (atomic_exchange(&g->reset, 0))
                        atomic_store(&g->largest_ns, 0);
                else if (t - last > atomic_load(&g->largest_ns))
                        atomic_store(&g->largest_ns, t - last);
                atomic_fetch_add(&g->rounds, 1);
        }
}
