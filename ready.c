/* SPDX-License-Identifier: MIT */
/* ready.c - memory and descriptors that are there before they are needed */
#include "ready.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "util.h"

#define PAGE            4096u
#define UNIT            16u             /* bytes: of musl's sizes, a quarter apart or that; */
#define HEAD            4u              /* so many of each are its own */
#define BIGGEST         20000u          /* bytes */
#define PIECES          14              /* of each size, */
#define BIG             1024u           /* or, of bytes from that on, */
#define BIG_PIECES      2               /* so many, a half apart */
#define STACK           32768u          /* bytes: the deepest calls take that */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE     23      /* since 5.14 */
#endif

static void touch(uintptr_t from, uintptr_t to, int write)
{
        for (uintptr_t at = from; at < to; at = (at | (PAGE - 1)) + 1) {
                volatile uint8_t *p = (volatile uint8_t *)at, now = *p;

                if (write)
                        *p = now;
        }
}

void ready_memory(void *p, size_t len)
{
        uintptr_t from = (uintptr_t)p & ~(uintptr_t)(PAGE - 1), to = (uintptr_t)p + len;

        if (madvise((void *)from, to - from, MADV_POPULATE_WRITE) < 0)
                touch((uintptr_t)p, to, 1);
}

static void __attribute__((noinline)) touch_stack(void)
{
        volatile uint8_t room[STACK];

        for (size_t at = 0; at < sizeof room; at += PAGE)
                room[at] = 0;
}

/* What is mapped of a program, but for what was made read-only when it was relocated. */
static int touch_program(struct dl_phdr_info *info, size_t len, void *arg)
{
        uintptr_t kept = 0, kept_end = 0;

        (void)len;
        (void)arg;
        for (int i = 0; i < info->dlpi_phnum; i++)
                if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
                        kept = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
                        kept_end = kept + info->dlpi_phdr[i].p_memsz;
                }
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *h = &info->dlpi_phdr[i];
                uintptr_t from = info->dlpi_addr + h->p_vaddr, to = from + h->p_memsz;

                if (h->p_type != PT_LOAD)
                        continue;
                if (h->p_flags & PF_W && kept_end > from)
                        from = round_up(kept_end, PAGE);
                if (from < to)
                        touch(from, to, h->p_flags & PF_W);
        }
        return 1;                       /* the first one is the program itself */
}

static void **kept;             /* until we exit: each holds where the next one is */

/* Of each size every other piece stays, so that the memory of the rest does, which is free, and there. */
static void touch_heap(void)
{
        void **spare = NULL;

        for (size_t size = UNIT; size < BIGGEST; ) {
                for (int n = size < BIG ? PIECES : BIG_PIECES; n > 0; n--) {
                        void **piece = malloc(size - HEAD), ***list = n % 2 ? &spare : &kept;

                        if (!piece)
                                continue;
                        touch((uintptr_t)piece, (uintptr_t)piece + size - HEAD, 1);
                        *piece = *list;
                        *list = piece;
                }
                size += size >= BIG ? size / 2 : size / 4 < UNIT ? UNIT : size / 4 / UNIT * UNIT;
        }
        while (spare) {
                void **next = *spare;

                free(spare);
                spare = next;
        }
}

void ready_self(void)
{
        touch_heap();
        dl_iterate_phdr(touch_program, NULL);
        touch_stack();
}

void ready_files(void)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
                files.rlim_cur = files.rlim_max;
                setrlimit(RLIMIT_NOFILE, &files);
        }
}
