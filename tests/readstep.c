/* SPDX-License-Identifier: MIT */
/*
 * readstep.c - is what an image has of victim-step of one instant?
 *
 * Written from image.h's prose alone, as readimg.c; it trusts the image.
 *
 *      readstep IMG <LIST              by its counters in the image
 *      readstep IMG KIND PID <LIST     those of that kind ("all": of all), one by one, from the process as it is now
 *
 * LIST is what victim-step printed. Status 0 and "at step N, ...", N of the set that is
 * behind; 1 and what does not fit together; 2, these counters are not to be had.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../image.h"

#define SETS    3
#define CELLS   1000
#define SHOWN   10              /* lines of evidence at most */
#define NAP_US  20              /* between two counters of a process that runs */

struct cell {
        uint64_t addr;
        char     kind[16];
        int      there;
        uint64_t word[2];       /* its step, and the next set's as it has seen it */
};

static struct cell cell[SETS][CELLS];
static int cells[SETS], sets;
static int torn;

static void die(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        fprintf(stderr, "readstep: ");
        vfprintf(stderr, fmt, ap);
        fprintf(stderr, "\n");
        va_end(ap);
        exit(2);
}

static void read_list(void)
{
        char line[256];

        while (fgets(line, sizeof line, stdin)) {
                struct cell c = { 0 };
                unsigned s;

                if (sscanf(line, "counter %u %15s %" SCNx64, &s, c.kind, &c.addr) != 3)
                        continue;
                if (s >= SETS || cells[s] == CELLS)
                        die("too many: %s", line);
                cell[s][cells[s]++] = c;
                sets = (int)s + 1 > sets ? (int)s + 1 : sets;
        }
        for (int s = 0; s < sets; s++)
                if (cells[s] != cells[0])
                        die("set %d has %d counters, set 0 has %d", s, cells[s], cells[0]);
        if (!sets)
                die("no counters");
}

/* ---- from an image ---- */

static void take(const struct img_run *run, const uint8_t *data)
{
        for (int s = 0; s < sets; s++)
                for (struct cell *c = cell[s]; c < cell[s] + cells[s]; c++)
                        if (c->addr >= run->addr && c->addr - run->addr < (uint64_t)run->n * IMG_PAGE) {
                                memcpy(c->word, data + (c->addr - run->addr), sizeof c->word);
                                c->there = 1;
                        }
}

static void read_pages(const uint8_t *payload)
{
        struct img_pages pages;
        const uint8_t *data;

        memcpy(&pages, payload, sizeof pages);
        data = payload + pages.data_off;
        for (uint32_t i = 0; i < pages.n; i++) {
                struct img_run run;

                memcpy(&run, payload + sizeof pages + (uint64_t)i * pages.size, sizeof run);
                if (!img_here(&run))
                        continue;
                take(&run, data);
                data += (uint64_t)run.n * IMG_PAGE;
        }
}

static void read_image(const char *path)
{
        int fd = open(path, O_RDONLY);
        struct img_chunk head;
        const uint8_t *image;
        struct stat st;
        uint64_t len;

        if (fd < 0 || fstat(fd, &st) < 0)
                die("%s is not there", path);
        len = (uint64_t)st.st_size;
        image = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image == MAP_FAILED)
                die("%s cannot be read", path);
        for (uint64_t at = sizeof(struct img_header); at + sizeof head <= len;
             at += sizeof head + ((head.len + IMG_ALIGN - 1) & ~(uint64_t)(IMG_ALIGN - 1))) {
                memcpy(&head, image + at, sizeof head);
                if (head.len > len - at - sizeof head)
                        die("%s is a part of an image", path);
                if (head.tag == IMG_PAGES)
                        read_pages(image + at + sizeof head);
        }
        close(fd);
}

/* ---- from a process that runs ---- */

static void read_process(const char *kind, const char *pid)
{
        char path[64];
        int fd;

        snprintf(path, sizeof path, "/proc/%s/mem", pid);
        fd = open(path, O_RDONLY);
        if (fd < 0)
                die("%s cannot be read", path);
        for (int s = 0; s < sets; s++)
                for (struct cell *c = cell[s]; c < cell[s] + cells[s]; c++) {
                        if (strcmp(kind, "all") != 0 && strcmp(kind, c->kind) != 0)
                                continue;
                        if (pread(fd, c->word, sizeof c->word, (off_t)c->addr) != sizeof c->word)
                                die("%#" PRIx64 " of %s cannot be read", c->addr, path);
                        usleep(NAP_US);
                }
        close(fd);
}

/* ---- does it fit together? ---- */

static void evidence(const char *fmt, ...)
{
        va_list ap;

        if (++torn > SHOWN)
                return;
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        printf("\n");
}

/* Which one it is, for evidence: two at a time. */
static const char *spell(int s, const struct cell *c)
{
        static char text[2][96];
        static int which;

        which ^= 1;
        snprintf(text[which], sizeof text[which], "set %d, counter %d (%s, %#" PRIx64 ")", s, (int)(c - cell[s]), c->kind, c->addr);
        return text[which];
}

/* s, ..., s, s - 1, ..., s - 1 */
static void check_set(int s)
{
        const struct cell *first = cell[s];

        for (const struct cell *c = first; c < first + cells[s]; c++) {
                const struct cell *before = c == first ? c : c - 1;

                if (c->word[0] <= before->word[0] && c->word[0] + 1 >= first->word[0])
                        continue;
                if (c->word[0] <= before->word[0])
                        before = first;
                evidence("%s is at step %" PRIu64 ", %s at %" PRIu64, spell(s, c), c->word[0], spell(s, before), before->word[0]);
        }
}

static void check_seen(int s)
{
        int next = (s + 1) % sets;

        for (int i = 0; i < cells[s]; i++) {
                const struct cell *c = &cell[s][i], *its = &cell[next][i];

                if (c->word[1] > its->word[0])
                        evidence("%s has seen step %" PRIu64 ", %s is at %" PRIu64, spell(s, c), c->word[1],
                                spell(next, its), its->word[0]);
        }
}

int main(int argc, char **argv)
{
        uint64_t least = UINT64_MAX;

        if (argc != 2 && argc != 4)
                die("usage: readstep IMG [KIND PID] <LIST");
        read_list();
        read_image(argv[1]);
        for (int s = 0; s < sets; s++)
                for (struct cell *c = cell[s]; c < cell[s] + cells[s]; c++)
                        if (!c->there)
                                die("%s is not in the image", spell(s, c));
        if (argc == 4)
                read_process(argv[2], argv[3]);
        for (int s = 0; s < sets; s++) {
                check_set(s);
                check_seen(s);
                if (cell[s][cells[s] - 1].word[0] < least)
                        least = cell[s][cells[s] - 1].word[0];
        }
        if (torn)
                printf("torn at %d places of %d\n", torn, 2 * sets * cells[0]);
        else
                printf("at step %" PRIu64 ", %d sets of %d counters\n", least, sets, cells[0]);
        return torn != 0;
}
