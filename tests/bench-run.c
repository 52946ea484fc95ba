/* SPDX-License-Identifier: MIT */
/*
 * bench-run.c - measures one run
 *
 * usage: bench-run GAPFILE [slow=MBPS] COMMAND...  run it while a bench-victim runs;
 *                                      slow: standard output is a pipe that drains so slowly
 *        bench-run write FILE BYTES    write so many bytes of own memory
 *
 * Prints "WALL_US GAP_US PEAK_KIB LOST": the time it took, the largest gap that the
 * victim saw meanwhile (write: the time again), the most memory that the
 * command or a child of it had resident, and how many of a thousand rounds that the
 * victim would have made it did not make, by its pace in the 100 ms before. Exit
 * status: the command's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "bench.h"

#define PIECE   (1u << 20)
#define SIP     65536u

static uint64_t
now_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void
nap_us(uint64_t us)
{
        nanosleep(&(struct timespec){ (time_t)(us / 1000000), (long)(us % 1000000) * 1000 }, NULL);
}

static int
oops(const char *what)
{
        perror(what);
        return 125;
}

/* The victim has read its clock twice since. */
static void
await_victim(struct gaps *g)
{
        uint64_t seen = atomic_load(&g->rounds);

        for (int i = 0; i < 100000 && atomic_load(&g->rounds) < seen + 2; i++)
                nap_us(100);
}

/* Rounds in a ms. */
static double
pace(struct gaps *g)
{
        uint64_t start = now_us(), rounds = atomic_load(&g->rounds);

        nap_us(100000);
        return (double)(atomic_load(&g->rounds) - rounds) * 1000 / (double)(now_us() - start);
}

/* Read all that comes, so many bytes a us. */
static void
drain(int fd, uint64_t mbps)
{
        static char sip[SIP];
        uint64_t start = now_us(), done = 0;
        ssize_t n;

        while ((n = read(fd, sip, sizeof sip)) > 0) {
                done += (uint64_t)n;
                if (done / mbps > now_us() - start)
                        nap_us(done / mbps - (now_us() - start));
        }
}

static int
run(const char *gapfile, char **argv)
{
        struct rusage use;
        struct gaps *g;
        uint64_t start, wall, slow = 0, rounds;
        double before, lost;
        int status, fd = open(gapfile, O_RDWR | O_CLOEXEC), end[2] = { -1, -1 };
        pid_t pid;

        if (fd < 0)
                return oops(gapfile);
        g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (g == MAP_FAILED)
                return oops("mmap");
        if (strncmp(argv[0], "slow=", 5) == 0) {
                slow = strtoull(*argv++ + 5, NULL, 10);
                if (!slow || !*argv || pipe2(end, O_CLOEXEC) < 0)
                        return oops("slow");
        }
        before = pace(g);
        atomic_store(&g->reset, 1);
        await_victim(g);
        rounds = atomic_load(&g->rounds);
        start = now_us();
        pid = fork();
        if (pid < 0)
                return oops("fork");
        if (pid == 0) {
                if (slow)
                        dup2(end[1], 1);
                execvp(argv[0], argv);
                _exit(oops(argv[0]));
        }
        if (slow) {
                close(end[1]);
                drain(end[0], slow);
        }
        if (wait4(pid, &status, 0, &use) < 0)
                return oops("wait4");
        wall = now_us() - start;
        lost = 1000 - (double)(atomic_load(&g->rounds) - rounds) * 1000000 / ((double)wall * before + 1);
        await_victim(g);
        printf("%lu %lu %ld %.0f\n", wall, (unsigned long)atomic_load(&g->largest_ns) / 1000, use.ru_maxrss, lost < 0 ? 0 : lost);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
plain_write(const char *path, size_t bytes)
{
        uint64_t start, wall;
        size_t done = 0, piece;
        char *p;
        int fd;

        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
                return oops("mmap");
        memset(p, 1, bytes);
        start = now_us();
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        for (; fd >= 0 && done < bytes; done += piece) {
                piece = bytes - done < PIECE ? bytes - done : PIECE;
                if (write(fd, p + done, piece) != (ssize_t)piece)
                        return oops(path);
        }
        if (fd < 0 || fsync(fd) < 0 || close(fd) < 0)
                return oops(path);
        wall = now_us() - start;
        printf("%lu %lu %zu 0\n", wall, wall, bytes >> 10);
        return 0;
}

int
main(int argc, char **argv)
{
        if (argc == 4 && strcmp(argv[1], "write") == 0)
                return plain_write(argv[2], strtoull(argv[3], NULL, 10));
        if (argc > 2)
                return run(argv[1], argv + 2);
        fputs("usage: bench-run GAPFILE [slow=MBPS] COMMAND... | bench-run write FILE BYTES\n", stderr);
        return 125;
}
