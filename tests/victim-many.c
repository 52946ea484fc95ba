/* SPDX-License-Identifier: MIT */
/*
 * victim-many.c - many mappings
 *
 * usage: victim-many N
 *
 * N pages side by side, by turns readable and writable, so that each is a
 * mapping of its own. Writes "the last one" to the last of them, prints its
 * address and "ready", then sleeps.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        size_t n = argc == 2 ? strtoul(argv[1], NULL, 10) & ~1ul : 0;
        char *p = mmap(NULL, n * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *last = p + (n - 1) * 4096;

        if (p == MAP_FAILED)
                return 1;
        for (size_t i = 1; i < n; i += 2)
                if (mprotect(p + i * 4096, 4096, PROT_READ | PROT_WRITE) < 0)
                        return 1;
        strcpy(last, "the last one");
        printf("last %p\nready\n", (void *)last);
        fflush(stdout);
        for (;;)
                pause();
}
