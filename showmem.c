/* SPDX-License-Identifier: MIT */
/* showmem.c - crdump show --mem: bytes of an image's memory */
#include "showmem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "load.h"
#include "text.h"
#include "util.h"

#define LINE    16      /* bytes in a line of the hexdump */

struct mem {
        const char *path;
        struct load *l;
        struct model m;
        uint64_t addr;          /* to be printed next */
        uint64_t left;          /* bytes, from there on */
        int raw;

        struct img_run run;     /* the last one read; n 0: none yet */
        const unsigned char *data;      /* of it */
        const struct model_map *map;    /* the first one that ends above addr */

        unsigned char line[LINE], last[LINE];   /* the hexdump's line in the making, and the one before */
        uint64_t line_addr;
        size_t filled;          /* of line */
        int after;              /* last was printed, */
        int starred;            /* and has been repeated since */
};

/* The line, unless it is the last one again: then a star stands for all of them. */
static void put_line(struct mem *m)
{
        size_t i;

        if (m->filled == LINE && m->after && memcmp(m->line, m->last, LINE) == 0) {
                if (!m->starred)
                        printf("*\n");
                m->starred = 1;
                m->filled = 0;
                return;
        }
        printf("%016" PRIx64 " ", m->line_addr);
        for (i = 0; i < LINE; i++) {
                if (i < m->filled)
                        printf("%s%02x", i == LINE / 2 ? "  " : " ", m->line[i]);
                else
                        printf("%s", i == LINE / 2 ? "    " : "   ");
        }
        printf("  |");
        for (i = 0; i < m->filled; i++)
                putchar(m->line[i] >= ' ' && m->line[i] <= '~' ? m->line[i] : '.');
        printf("|\n");
        memcpy(m->last, m->line, LINE);
        m->after = m->filled == LINE;
        m->starred = 0;
        m->filled = 0;
}

/* Bytes that do not go on with what comes next end here. */
static void end_lines(struct mem *m)
{
        if (m->filled)
                put_line(m);
        if (m->starred)
                printf("%016" PRIx64 "\n", m->addr);
        m->after = m->starred = 0;
}

/* Into lines. Zeros (p is NULL) that a star stands for already are not looked at. */
static void put_lines(struct mem *m, const unsigned char *p, uint64_t n)
{
        static const unsigned char zeros[LINE];
        uint64_t some;

        for (uint64_t addr = m->addr; n; addr += some, n -= some) {
                if (!p && m->starred && !m->filled && n >= LINE && memcmp(m->last, zeros, LINE) == 0) {
                        some = n - n % LINE;
                        continue;
                }
                if (!m->filled)
                        m->line_addr = addr;
                some = n < LINE - m->filled ? n : LINE - m->filled;
                memcpy(m->line + m->filled, p ? p : zeros, (size_t)some);
                p = p ? p + some : NULL;
                m->filled += (size_t)some;
                if (m->filled == LINE)
                        put_line(m);
        }
}

/* n bytes at p, or zeros, as they are. */
static void put_raw(const unsigned char *p, uint64_t n)
{
        static unsigned char zeros[4096];       /* not const: so they take no room in the program */

        for (uint64_t some; n && !ferror(stdout); n -= some) {
                some = p || n < sizeof(zeros) ? n : sizeof(zeros);
                fwrite(p ? p : zeros, 1, (size_t)some, stdout);
        }
}

/* The next n bytes, which the image has, or which are zeros. */
static int put_bytes(struct mem *m, const unsigned char *p, uint64_t n)
{
        if (m->raw)
                put_raw(p, n);
        else
                put_lines(m, p, n);
        m->addr += n;
        m->left -= n;
        return ferror(stdout) ? -1 : 0;
}

/* The image does not have the next n bytes, which are `what`, with the name of the mapping behind it. */
static int put_nothing(struct mem *m, uint64_t n, const char *what, uint64_t off)
{
        const struct model_map *map = off != UINT64_MAX ? m->map : NULL;

        if (m->raw)
                return fflush(stdout) == EOF ? -1 :
                        fail("%s: %" PRIx64 "-%" PRIx64 " is %s%.*s", m->path, m->addr, m->addr + n, what,
                             map ? (int)map->m.name_len : 0, map ? map->name : "");
        end_lines(m);
        printf("%016" PRIx64 "-%016" PRIx64 ": %s", m->addr, m->addr + n, what);
        if (map) {
                text_bytes(map->name, map->m.name_len);
                printf(" at offset %#" PRIx64, off);
        }
        putchar('\n');
        m->addr += n;
        m->left -= n;
        return ferror(stdout) ? -1 : 0;
}

/* The next bytes lie in the run, n of them are wanted. */
static int put_run(struct mem *m, uint64_t n)
{
        const struct img_run *run = &m->run;
        int shared = run->cls == IMG_SHARED_ANON || run->cls == IMG_SHARED_FILE;
        uint64_t in = m->addr - run->addr;

        switch (run->kind) {
        case IMG_DATA:
                return put_bytes(m, m->data + in, n);
        case IMG_INFILE:
                return put_nothing(m, n, "in the file ", m->map->m.off + (m->addr - m->map->m.start));
        case IMG_UNREADABLE:
                return put_nothing(m, n, name_why(run->why), UINT64_MAX);
        case IMG_ABSENT:
                if (shared)
                        return put_nothing(m, n, "shared, and not touched by the process", UINT64_MAX);
        }
        return put_bytes(m, NULL, n);
}

/* Print what comes next, as far as it is alike. */
static int step(struct mem *m)
{
        const struct model_map *end = m->m.maps_n ? m->m.maps + m->m.maps_n : m->m.maps;
        uint64_t n = m->left;

        while (m->map < end && m->map->m.end <= m->addr)
                m->map++;
        if (m->map == end || m->map->m.start > m->addr) {
                if (m->map < end && m->map->m.start - m->addr < n)
                        n = m->map->m.start - m->addr;
                return put_nothing(m, n, "not mapped", UINT64_MAX);
        }
        while (m->run.n == 0 || m->addr - m->run.addr >= (uint64_t)m->run.n << IMG_PAGE_SHIFT)
                if (load_run(m->l, &m->run, &m->data) <= 0)
                        return -1;
        if (n > m->run.addr + ((uint64_t)m->run.n << IMG_PAGE_SHIFT) - m->addr)
                n = m->run.addr + ((uint64_t)m->run.n << IMG_PAGE_SHIFT) - m->addr;
        return put_run(m, n);
}

int showmem(const char *path, uint64_t addr, uint64_t len, int raw)
{
        struct mem m = { .path = path, .addr = addr, .left = len, .raw = raw };
        int rc, status, printed;

        m.l = load_open(&m.m, path);
        rc = m.l ? load_state(m.l) : -1;
        m.map = m.m.maps;
        if (rc == 0)
                rc = load_seek(m.l, addr);
        errno = 0;
        while (rc == 0 && m.left)
                rc = step(&m);
        end_lines(&m);
        printed = text_end(rc < 0 ? EXIT_FAILED : EXIT_DONE);
        status = load_close(m.l);
        model_free(&m.m);
        return status == EXIT_DONE ? printed : status;
}
