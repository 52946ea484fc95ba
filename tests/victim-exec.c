/* SPDX-License-Identifier: MIT */
/*
 * victim-exec.c - executes itself over and over
 *
 * usage: victim-exec FILE [N]    the first 8 bytes of FILE count the times
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
        char next[32];
        int fd;

        if (argc < 2 || (fd = open(argv[1], O_WRONLY | O_CREAT, 0600)) < 0)
                return 2;
        if (pwrite(fd, &n, sizeof n, 0) != sizeof n)
                return 2;
        close(fd);
        if (n == 0 && write(1, "ready\n", 6) != 6)
                return 2;
        snprintf(next, sizeof next, "%lu", n + 1);
        execl("/proc/self/exe", "victim-exec", argv[1], next, (char *)NULL);
        return 2;
}
