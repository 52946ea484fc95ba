/* SPDX-License-Identifier: MIT */
/*
 * victim-maps.c - maps files as it is told
 *
 * usage: victim-maps NAME:FILE:MODE:OFFSET:PAGES[:R,R...[:W,W...]]...
 *
 * MODE is p(rivate) or s(hared), OFFSET in pages. It reads a byte of each page R
 * and fills each page W with 'w', prints "NAME ADDRESS PAGES", a line a mapping,
 * then "ready", and waits for a signal. No descriptor stays open.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE    4096ul

static char *field(char **rest)
{
        return *rest ? strsep(rest, ":") : NULL;
}

static void touch(char *at, char *list, int write)
{
        char *word;

        while (list && (word = strsep(&list, ","))) {
                char *p = at + strtoul(word, NULL, 10) * PAGE;

                if (!*word)
                        continue;
                if (write)
                        memset(p, 'w', PAGE);
                else
                        (void)*(volatile char *)p;
        }
}

static void map(char *spec)
{
        char *name = field(&spec), *path = field(&spec), *mode = field(&spec), *off = field(&spec), *pages = field(&spec);
        char *reads = field(&spec), *writes = field(&spec), *p;
        int fd;

        if (!pages)
                exit(2);
        fd = open(path, *mode == 's' ? O_RDWR : O_RDONLY);
        p = mmap(NULL, strtoul(pages, NULL, 10) * PAGE, PROT_READ | PROT_WRITE, *mode == 's' ? MAP_SHARED : MAP_PRIVATE,
                 fd, (off_t)(strtoul(off, NULL, 10) * PAGE));
        if (fd < 0 || p == MAP_FAILED) {
                perror(path);
                exit(2);
        }
        close(fd);
        touch(p, reads, 0);
        touch(p, writes, 1);
        printf("%s %p %s\n", name, (void *)p, pages);
}

int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                map(argv[i]);
        printf("ready\n");
        fflush(stdout);
        for (;;)
                pause();
}
