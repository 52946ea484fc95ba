/* SPDX-License-Identifier: MIT */
/* gadget.c - instructions that the target already has */
#include "gadget.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define VDSO_MAX        65536
#define PIECE           65536u          /* read files so much at a time */
#define OVERLAP         64u             /* and look so far beyond a hit */
#define SCAN_MAX        (64u << 20)     /* of all files together */

static const uint8_t restorers[][9] = {
        { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 },  /* mov $15, %rax; syscall */
        { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 },              /* mov $15, %eax; syscall */
};
static const size_t restorer_len[] = { 9, 7 };

/* rsp while an epilogue runs, relative to where it was at `syscall` */
struct walk {
        int off;
        int rbp_lost;
};

/* ModRM of a register-to-register move or xor: does it spare the destination rsp and rbp? */
static int spares_stack(uint8_t modrm, int dest_is_rm, int rex_ext)
{
        int dest = dest_is_rm ? modrm & 7 : modrm >> 3 & 7;

        return modrm >> 6 == 3 && (rex_ext || (dest != 4 && dest != 5));
}

/* Length of a nop at p, or 0. */
static int nop_len(const uint8_t *p, size_t len)
{
        if (len >= 1 && p[0] == 0x90)
                return 1;
        if (len >= 2 && p[0] == 0x66 && p[1] == 0x90)
                return 2;
        if (len >= 3 && p[0] == 0x0f && p[1] == 0x1f && p[2] == 0x00)
                return 3;
        if (len >= 4 && p[0] == 0x0f && p[1] == 0x1f && p[2] == 0x40)
                return 4;
        return 0;
}

/*
 * One instruction of an epilogue: its length, 0 for one that is not followed.
 * Known are pops, leave, moves of rsp by constants, and moves and xors among
 * the other registers: what compilers put between `syscall` and `ret`.
 */
static int step(const uint8_t *p, size_t len, struct walk *w)
{
        int rex = len && (p[0] & 0xf0) == 0x40 ? p[0] : 0, n = nop_len(p, len);
        const uint8_t *op = p + (rex != 0);
        size_t left = len - (rex != 0);

        if (n || left < 1)
                return n;
        if ((op[0] & 0xf8) == 0x58) {                           /* pop */
                if (!(rex & 1) && op[0] == 0x5c)
                        return 0;                               /* into rsp */
                if (!(rex & 1) && op[0] == 0x5d)
                        w->rbp_lost = 1;
                w->off += 8;
                return 1 + (rex != 0);
        }
        if (op[0] == 0xc9 && !rex && !w->rbp_lost) {            /* leave */
                w->off = GADGET_RBP + 8;
                w->rbp_lost = 1;
                return 1;
        }
        if (rex == 0x48 && left >= 1 && op[0] == 0x98)          /* cltq */
                return 2;
        if (left >= 3 && rex == 0x48 && op[0] == 0x83 && op[1] == 0xc4) {       /* add $x, %rsp */
                w->off += (int8_t)op[2];
                return 4;
        }
        if (left >= 3 && rex == 0x48 && op[0] == 0x8d && op[1] == 0x65 && !w->rbp_lost) {       /* lea x(%rbp), %rsp */
                w->off = GADGET_RBP + (int8_t)op[2];
                return 4;
        }
        if (left >= 2 && (op[0] == 0x31 || op[0] == 0x89) && spares_stack(op[1], 1, rex & 1))
                return 2 + (rex != 0);
        if (left >= 2 && (op[0] == 0x33 || op[0] == 0x8b || op[0] == 0x63) && spares_stack(op[1], 0, rex & 4))
                return 2 + (rex != 0);
        return 0;
}

/* Follow the code behind a `syscall` to its `ret`. Bytes to the return address, or -1. */
static int follow(const uint8_t *code, size_t len, size_t at)
{
        struct walk w = { 0, 0 };

        for (int steps = 0; steps < 64 && at < len; steps++) {
                const uint8_t *p = code + at;
                int n;

                if (w.off < 0 || w.off > GADGET_POPS_MAX)
                        return -1;
                if (p[0] == 0xc3 || (p[0] == 0xf3 && at + 1 < len && p[1] == 0xc3))
                        return w.off;
                if (p[0] == 0xeb && at + 1 < len) {             /* jmp near by */
                        at += 2 + (size_t)(int8_t)p[1];
                        continue;
                }
                if (p[0] == 0xe9 && at + 4 < len) {             /* jmp further */
                        int32_t rel;

                        memcpy(&rel, p + 1, 4);
                        at += 5 + (size_t)rel;
                        continue;
                }
                n = step(p, len - at, &w);
                if (!n)
                        return -1;
                at += (size_t)n;
        }
        return -1;
}

/* Take what code, which lies at base, has that we still lack. Hits start before `limit`. */
static void search(const uint8_t *code, size_t len, size_t limit, uint64_t base, struct gadget *g)
{
        for (size_t i = 0; i + 2 <= len && i < limit && !gadget_safe(g); i++) {
                const uint8_t *p = memchr(code + i, 0x0f, limit - i);
                int pops;

                if (!p)
                        break;
                i = (size_t)(p - code);
                if (i + 2 > len || p[1] != 0x05)
                        continue;
                for (size_t k = 0; k < 2 && !g->restorer; k++)
                        if (i + 2 >= restorer_len[k] &&
                            !memcmp(p + 2 - restorer_len[k], restorers[k], restorer_len[k]))
                                g->restorer = base + i + 2 - restorer_len[k];
                if (g->syscall && g->pops >= 0)
                        continue;
                pops = follow(code, len, i + 2);
                if (!g->syscall || pops >= 0) {
                        g->syscall = base + i;
                        g->pops = pops;
                }
        }
}

static void search_vdso(struct trace *t, const struct proc_map *map, struct gadget *g)
{
        size_t len = (size_t)(map->end - map->start);
        uint8_t *code = len <= VDSO_MAX ? malloc(len) : NULL;


        if (code && trace_read(t, t->live, map->start, code, len) == 0)
                search(code, len, len, map->start, g);
        free(code);
}

/* The file behind a mapping, whatever namespace the target lives in; -1: not to be had. */
static int open_mapped(struct trace *t, const struct proc_maps *m, const struct proc_map *map)
{
        char path[4096];
        struct stat st;
        int fd;

        snprintf(path, sizeof path, "map_files/%" PRIx64 "-%" PRIx64, map->start, map->end);
        fd = openat(t->live_dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 && map->name_len < sizeof path - 8) {        /* needs a capability: then by name */
                snprintf(path, sizeof path, "root%.*s", (int)map->name_len, m->names + map->name);
                fd = openat(t->live_dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        }
        if (fd < 0)
                return -1;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == map->ino)
                return fd;              /* the device differs on btrfs and overlayfs; gadget_verify() has the last word */
        close(fd);
        return -1;
}

/* Search the file in pieces; hits are looked for in all but the last OVERLAP bytes of a piece, which the next one starts with. */
static void search_file(int fd, const struct proc_map *map, uint8_t *buf, size_t *budget, struct gadget *g)
{
        uint64_t len = map->end - map->start;

        for (uint64_t at = 0; at < len && !gadget_safe(g); at += PIECE - OVERLAP) {
                size_t want = len - at < PIECE ? (size_t)(len - at) : PIECE;
                ssize_t n = pread(fd, buf, want, (off_t)(map->off + at));

                if (n <= 0 || *budget < (size_t)n)
                        return;
                *budget -= (size_t)n;
                search(buf, (size_t)n, (size_t)n, map->start + at, g);
                if ((size_t)n < PIECE)
                        return;
        }
}

static int is_libc(const struct proc_maps *m, const struct proc_map *map)
{
        const char *name = m->names + map->name;
        const char *slash = memrchr(name, '/', map->name_len);
        size_t len = slash ? map->name_len - (size_t)(slash - name) : 0;

        return (len > 5 && !memcmp(slash, "/libc", 5)) || (len > 8 && !memcmp(slash, "/ld-musl", 8));
}

void gadget_find(struct trace *t, const struct proc_maps *m, struct gadget *g)
{
        uint8_t *buf = malloc(PIECE);
        size_t budget = SCAN_MAX;

        *g = (struct gadget){ .pops = -1 };
        for (size_t i = 0; i < m->n; i++)
                if (proc_map_named(m, &m->map[i], "[vdso]"))
                        search_vdso(t, &m->map[i], g);
        /* the C library first: the program may be a hundred megabytes of other code */
        for (size_t k = 0; k < 2 * m->n && buf && !gadget_safe(g); k++) {
                const struct proc_map *map = &m->map[k % m->n];
                int fd;

                if (!map->x || !map->r || !map->ino || is_libc(m, map) != (k < m->n))
                        continue;
                fd = open_mapped(t, m, map);
                if (fd < 0)
                        continue;
                search_file(fd, map, buf, &budget, g);
                close(fd);
        }
        free(buf);
        say("gadget: syscall at %#" PRIx64 " (%s), restorer at %#" PRIx64, g->syscall,
            g->pops >= 0 ? "returns" : "does not simply return", g->restorer);
}

int gadget_verify(struct trace *t, pid_t tid, const struct gadget *g)
{
        uint8_t code[9];

        if (!g->syscall || trace_read(t, tid, g->syscall, code, 2) < 0 || code[0] != 0x0f || code[1] != 0x05)
                return 0;
        if (!g->restorer)
                return 1;
        for (size_t k = 0; k < 2; k++)
                if (trace_read(t, tid, g->restorer, code, restorer_len[k]) == 0 &&
                    !memcmp(code, restorers[k], restorer_len[k]))
                        return 1;
        return 0;
}
