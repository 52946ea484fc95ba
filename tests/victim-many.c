/* SPDX-License-Identifier: MIT */
/*
 * victim-many.c - a mapping whose pages are by turns its own and the file's
 *
 * usage: victim-many FILE N
 *
 * Maps FILE privately, writes to the first of each two pages, N times: zeros,
 * which cost no room in an image, but "the last one" to the last of them.
 * Prints its address and "ready", then sleeps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        size_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, len = n * 2 * 4096;
        int fd = n ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
        volatile char *p;

        if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
                return 1;
        p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
                return 1;
        for (size_t i = 0; i < n; i++)
                p[i * 2 * 4096] = 0;
        strcpy((char *)p + len - 2 * 4096, "the last one");
        printf("last %p\nready\n", (void *)(p + len - 2 * 4096));
        fflush(stdout);
        for (;;)
                pause();
}
