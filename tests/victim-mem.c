/* SPDX-License-Identifier: MIT */
/*
 * victim-mem.c - memory of every kind, with content that a test can know
 *
 * usage: victim-mem FILE    (made, 8 pages long; a folder for FILE.2 too)
 *
 * Prints "NAME ADDRESS PAGES", a line a mapping, then "ready", then waits for a
 * signal. Page i of what is filled holds the letter 'A' + i % 26 throughout.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102          /* Linux 6.13 */
#endif
#define PAGE 4096ul

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static char *map(const char *name, size_t pages, int prot, int flags, int fd)
{
        char *p = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

        if (p == MAP_FAILED)
                die(name);
        printf("%s %p %zu\n", name, (void *)p, pages);
        return p;
}

static void fill(char *p, size_t page)
{
        memset(p + page * PAGE, 'A' + (int)(page % 26), PAGE);
}

static char *anon(const char *name, size_t pages)
{
        return map(name, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static int filled_file(const char *path)
{
        char page[PAGE];
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), i;

        if (fd < 0)
                die(path);
        for (i = 0; i < 8; i++) {
                memset(page, 'a' + i, PAGE);
                if (write(fd, page, PAGE) != (ssize_t)PAGE)
                        die(path);
        }
        return fd;
}

static void anonymous_ones(void)
{
        char *p;
        size_t i;

        p = anon("data", 300);
        for (i = 0; i < 300; i++)
                fill(p, i);
        p = anon("holes", 64);
        for (i = 0; i < 64; i += 4)
                fill(p, i);
        p = anon("zeros", 8);
        for (i = 0; i < 8; i++)
                ((volatile char *)p)[i * PAGE] = 0;
        p = anon("onlyread", 8);
        for (i = 0; i < 8; i++)
                (void)((volatile char *)p)[i * PAGE];
        p = anon("lastbyte", 4);
        for (i = 0; i < 4; i++)
                p[(i + 1) * PAGE - 1] = 'z';
        p = anon("untouched", 16);
        p = anon("none", 4);
        for (i = 0; i < 4; i++)
                fill(p, i);
        mprotect(p, 4 * PAGE, PROT_NONE);
        p = anon("writeonly", 2);
        fill(p, 0);
        mprotect(p, 2 * PAGE, PROT_WRITE);
        p = anon("givenback", 4);
        for (i = 0; i < 4; i++)
                fill(p, i);
        madvise(p, 4 * PAGE, MADV_DONTNEED);
        p = anon("dontdump", 2);
        fill(p, 0);
        madvise(p, 2 * PAGE, MADV_DONTDUMP);
        p = map("reserve", 1ul << 26, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
        p = anon("guarded", 6);
        for (i = 0; i < 6; i++)
                fill(p, i);
        if (madvise(p + 2 * PAGE, 2 * PAGE, MADV_GUARD_INSTALL) == 0)
                printf("guards %p 2\n", (void *)(p + 2 * PAGE));
}

static void shared_ones(void)
{
        char *p;
        size_t i;
        int fd;

        p = map("shared", 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
        for (i = 0; i < 4; i++)
                fill(p, i);
        fd = (int)syscall(SYS_memfd_create, "known name", 0);
        if (fd < 0 || ftruncate(fd, 4 * PAGE) < 0)
                die("memfd");
        p = map("memfd", 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        for (i = 0; i < 4; i++)
                fill(p, i);
        p = map("bychild", 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
        if (fork() == 0) {              /* only the child has touched it */
                for (i = 0; i < 4; i++)
                        fill(p, i);
                _exit(0);
        }
        wait(NULL);
}

static void file_ones(const char *path)
{
        char other[4096], *p;
        size_t i;
        int fd = filled_file(path);

        p = map("changed", 8, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
        fill(p, 2);
        fill(p, 5);
        p = map("clean", 8, PROT_READ, MAP_PRIVATE, fd);
        for (i = 0; i < 8; i++)
                (void)((volatile char *)p)[i * PAGE];
        p = map("sharedfile", 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        fill(p, 7);                     /* through to the file */
        close(fd);
        snprintf(other, sizeof other, "%s.2", path);
        fd = filled_file(other);
        p = map("pastend", 8, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
        fill(p, 1);
        if (ftruncate(fd, 4 * PAGE) < 0)
                die(other);
        close(fd);
}

int main(int argc, char **argv)
{
        if (argc != 2)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        anonymous_ones();
        shared_ones();
        file_ones(argv[1]);
        printf("ready\n");
        for (;;)
                pause();
}
