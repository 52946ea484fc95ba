/* SPDX-License-Identifier: MIT */
/*
 * victim-share.c - two processes, and no threads, that share their memory
 *
 * usage: victim-share BEATFILE [fork]
 *
 * Prints "other PID" and "ready". The second one counts, in memory of its own
 * that is the first one's too, and in the first 8 bytes of BEATFILE; it ends
 * with the first, which sleeps. With "fork" it has a copy of that memory, at the
 * same addresses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t *beat, count;

static int other(void *arg)
{
        struct timespec nap = { 0, 1000000 };

        (void)arg;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
                *beat = ++count;
                nanosleep(&nap, NULL);
        }
        return 0;
}

int main(int argc, char **argv)
{
        static char stack[65536] __attribute__((aligned(16)));
        int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
        int pid;

        if (fd < 0 || ftruncate(fd, 4096) < 0)
                return 2;
        beat = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (beat == MAP_FAILED)
                return 2;
        pid = clone(other, stack + sizeof stack, (argc > 2 ? 0 : CLONE_VM) | SIGCHLD, NULL);
        if (pid < 0)
                return 2;
        printf("other %d\nready\n", pid);
        fflush(stdout);
        for (;;)
                pause();
}
