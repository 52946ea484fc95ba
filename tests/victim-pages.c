/* SPDX-License-Identifier: MIT */
/*
 * victim-pages.c - memory that deflates well, badly and not at all, and changes step by step
 *
 * usage: victim-pages [MIB [MAPPINGS]]
 *
 * `text` and `noise` are MIB long (4), and above all else there are so many
 * mappings (0) that are never touched. Prints "NAME ADDRESS PAGES", a line a
 * region, then "ready"; after each SIGUSR1 what it has done in all, "changed N":
 *
 *      1       8 pages of noise, 2 of text, 1 that was zeros get other bytes; 1 of text becomes zeros
 *      2       `leaves` is unmapped, but for its last page; `grows` becomes twice as long; `comes` is there
 *      3...    8 pages of noise again
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE    4096ul

static char *next;              /* where the next region will be: they lie one above the other, with a page between them */
static char *text, *noise, *zeros, *leaves, *grows;
static size_t noise_len;

static void must(int good, const char *what)
{
        if (good)
                return;
        perror(what);
        exit(2);
}

static uint64_t chance(void)
{
        static uint64_t x = 88172645463325252;

        x ^= x << 13;                   /* xorshift64, Marsaglia 2003 */
        x ^= x >> 7;
        x ^= x << 17;
        return x;
}

static void fill_noise(char *p, size_t len)
{
        for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
                uint64_t x = chance();

                memcpy(p + i, &x, sizeof x);
        }
}

/* Words in no order, no page like another. */
static void fill_text(char *p, size_t len)
{
        static const char *const words[] = {
                "page ", "of ", "memory ", "that ", "the ", "process ", "has ", "touched ", "since ", "it ", "began ", "and ",
                "nobody ", "else ", "did ", "\n",
        };

        for (size_t at = 0; at < len; ) {
                const char *word = words[chance() >> 40 & 15];
                size_t n = strlen(word) < len - at ? strlen(word) : len - at;

                memcpy(p + at, word, n);
                at += n;
        }
}

static char *map_at(char *at, size_t len, int prot)
{
        char *p = mmap(at, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED : 0), -1, 0);

        must(p != MAP_FAILED, "mmap");
        return p;
}

static char *region(const char *name, size_t len)
{
        char *p = map_at(next, len, PROT_READ | PROT_WRITE);

        printf("%s %p %zu\n", name, (void *)p, len / PAGE);
        next += len + PAGE;
        return p;
}

static void begin(size_t len, size_t mappings)
{
        size_t more = 2048 * PAGE;
        char *mixed;

        next = map_at(NULL, 2 * len + mappings * PAGE + more, PROT_NONE);
        text = region("text", len);
        noise = region("noise", noise_len = len);
        zeros = region("zeros", 256 * PAGE);
        mixed = region("mixed", 256 * PAGE);
        leaves = region("leaves", 16 * PAGE);
        grows = region("grows", 16 * PAGE);
        next += 32 * PAGE;
        fill_text(text, len);
        fill_noise(noise, len);
        memset(zeros, 0, 256 * PAGE);
        for (size_t i = 0; i < 256; i++) {              /* text, noise, zeros, and what was never touched */
                if (i % 4 == 0)
                        fill_text(mixed + i * PAGE, PAGE);
                if (i % 4 == 1)
                        fill_noise(mixed + i * PAGE, PAGE);
                if (i % 4 == 2)
                        mixed[i * PAGE] = 0;
        }
        fill_text(leaves, 16 * PAGE);
        fill_noise(grows, 16 * PAGE);
        printf("untouched %p %zu\n", (void *)next, mappings);
        for (size_t i = 0; i < mappings; i++)
                map_at(next + i * PAGE, PAGE, i % 2 ? PROT_READ : PROT_NONE);
        next += mappings * PAGE + PAGE;
}

static void change(int step)
{
        if (step == 2) {
                must(munmap(leaves, 15 * PAGE) == 0, "munmap");
                map_at(grows + 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE);
                fill_text(grows + 16 * PAGE, 16 * PAGE);
                fill_noise(region("comes", 16 * PAGE), 16 * PAGE);
                return;
        }
        for (size_t i = 0; i < 8; i++)
                noise[(i * noise_len / 8 + (size_t)step * PAGE) + i * 100]++;
        if (step == 1) {
                text[17] = text[100 * PAGE - 1] = '!';
                zeros[3 * PAGE + 5] = '!';
                memset(text + 40 * PAGE, 0, PAGE);
        }
}

int main(int argc, char **argv)
{
        sigset_t s;
        int sig;

        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        sigprocmask(SIG_BLOCK, &s, NULL);
        begin((argc > 1 ? strtoul(argv[1], NULL, 10) : 4) << 20, argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
        printf("ready\n");
        fflush(stdout);
        for (int step = 1; sigwait(&s, &sig) == 0; step++) {
                change(step);
                printf("changed %d\n", step);
                fflush(stdout);
        }
        return 1;
}
