/* SPDX-License-Identifier: MIT */
/*
 * damage.c - damages an image in every way and asks crdump what it thinks
 *
 * usage: damage CRDUMP IMAGE truncate|flip all|some|few
 *
 * truncate: the image cut to every length below its own. flip: every byte with
 * one bit turned over. "crdump check" must end with status 4 each time, or with
 * 0 if the byte was one of the zeros between two chunks; now and then "crdump
 * show --json" is run too, and must end with 0 or 4. some: all of the first 16
 * KiB, of every chunk's head and of the end, and each 61st byte elsewhere.
 * few: each 101st byte, and each 7th of the header and of the chunks' heads.
 * Exit status 0: all as it must be.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../image.h"

#define DENSE   16384
#define STEP    61
#define SHOW    97                      /* each so manieth damage is shown, too */

enum { HEAD = 1, PADDING = 2 };         /* what a byte of the image is */

extern char **environ;
static uint8_t *image, *role;
static size_t length;
static char *crdump;
static posix_spawn_file_actions_t quiet;

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static void load(const char *path)
{
        struct img_chunk c;
        struct stat st;
        size_t at, end;
        int fd = open(path, O_RDONLY);

        if (fd < 0 || fstat(fd, &st) < 0)
                die(path);
        length = (size_t)st.st_size;
        image = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
        role = calloc(1, length + 64);
        if (image == MAP_FAILED || !role)
                die(path);
        close(fd);
        for (at = sizeof(struct img_header); at + sizeof c <= length; at = end) {
                memcpy(&c, image + at, sizeof c);
                memset(role + at - 2, HEAD, sizeof c + 4);      /* and its borders */
                end = at + sizeof c + c.len;
                while (end % IMG_ALIGN != 0 && end < length)
                        role[end++] = PADDING;
        }
}

static int wanted(size_t off, const char *how)
{
        if (strcmp(how, "few") == 0)
                return off % 101 == 0 || ((off < sizeof(struct img_header) || role[off] == HEAD) && off % 7 == 0);
        return strcmp(how, "all") == 0 || off < DENSE || off + 256 > length || role[off] != 0 || off % STEP == 0;
}

static int run(char *const *command)
{
        int pid, st;

        if (posix_spawn(&pid, crdump, &quiet, NULL, command, environ) != 0 || waitpid(pid, &st, 0) < 0)
                die(crdump);
        return WIFEXITED(st) ? WEXITSTATUS(st) : 1000 + WTERMSIG(st);
}

static int ask(char *copy, const char *how, size_t off, int may_be_well)
{
        char *check[] = { crdump, "check", copy, NULL };
        char *show[] = { crdump, "show", "--json", copy, NULL };
        int st = run(check), bad = st != 4 && !(st == 0 && may_be_well);

        if (bad)
                printf("# %s at %zu: check ended with %d\n", how, off, st);
        if (off % SHOW == 0 && (st = run(show)) != 0 && st != 4) {
                printf("# %s at %zu: show ended with %d\n", how, off, st);
                bad++;
        }
        return bad;
}

/* The part of the work that is for worker me of n. Returns the number of wrong answers. */
static int work(char *copy, int flip, const char *how, size_t me, size_t n)
{
        int fd = open(copy, O_RDWR | O_CREAT | O_TRUNC, 0600), bad = 0;
        size_t off, tried = 0;

        if (fd < 0 || write(fd, image, length) != (ssize_t)length)
                die(copy);
        for (off = length; off-- > 0 && bad < 20; ) {
                uint8_t b = image[off] ^ (uint8_t)(1u << off % 8);

                if (!wanted(off, how) || off / 16 % n != me)    /* all bits of a byte's place for each worker */
                        continue;
                tried++;
                if (!flip) {
                        if (ftruncate(fd, (off_t)off) < 0)
                                die(copy);
                        bad += ask(copy, "cut", off, 0);
                        continue;
                }
                if (pwrite(fd, &b, 1, (off_t)off) != 1)
                        die(copy);
                bad += ask(copy, "flip", off, role[off] == PADDING);
                if (pwrite(fd, image + off, 1, (off_t)off) != 1)
                        die(copy);
        }
        printf("# worker %zu: %zu of %zu bytes %s, %d wrong answers\n", me, tried, length, flip ? "flipped" : "cut at", bad);
        unlink(copy);
        return bad;
}

int main(int argc, char **argv)
{
        int n = (int)sysconf(_SC_NPROCESSORS_ONLN), i, st, bad = 0;
        char copy[4096];

        if (argc != 5)
                return 2;
        crdump = argv[1];
        load(argv[2]);
        setvbuf(stdout, NULL, _IOLBF, 0);
        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
        for (i = 0; i < n; i++) {
                snprintf(copy, sizeof copy, "%s.%d", argv[2], i);
                if (fork() == 0)
                        exit(work(copy, strcmp(argv[3], "flip") == 0, argv[4], (size_t)i, (size_t)n) != 0);
        }
        for (i = 0; i < n; i++)
                bad |= wait(&st) < 0 || st != 0;
        return bad;
}
