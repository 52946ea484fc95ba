/* SPDX-License-Identifier: MIT */
/*
 * victim-elf.c - maps the first pages of files in several ways
 *
 * usage: victim-elf ELF OTHER   (an ELF file and one that is none, 2 pages or longer)
 *
 * Prints "NAME ADDRESS PAGES", a line a mapping, then "ready", then waits for a
 * signal.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static char *map(const char *name, const char *path, int prot, int flags, off_t off)
{
        int fd = open(path, O_RDONLY);
        char *p = fd < 0 ? MAP_FAILED : mmap(NULL, PAGE, prot, flags, fd, off);

        if (p == MAP_FAILED) {
                perror(path);
                exit(2);
        }
        close(fd);
        printf("%s %p 1\n", name, (void *)p);
        return p;
}

int main(int argc, char **argv)
{
        char *p;

        if (argc != 3)
                return 2;
        p = map("touched", argv[1], PROT_READ, MAP_PRIVATE, 0);
        (void)*(volatile char *)p;
        map("untouched", argv[1], PROT_READ, MAP_PRIVATE, 0);
        p = map("changed", argv[1], PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
        p[100] ^= 1;
        p = map("hidden", argv[1], PROT_READ, MAP_PRIVATE, 0);
        (void)*(volatile char *)p;
        mprotect(p, PAGE, PROT_NONE);
        p = map("second", argv[1], PROT_READ, MAP_PRIVATE, PAGE);
        (void)*(volatile char *)p;
        p = map("shared", argv[1], PROT_READ, MAP_SHARED, 0);
        (void)*(volatile char *)p;
        p = map("other", argv[2], PROT_READ, MAP_PRIVATE, 0);
        (void)*(volatile char *)p;
        printf("ready\n");
        fflush(stdout);
        for (;;)
                pause();
}
