/* SPDX-License-Identifier: MIT */
/* keep.c - memory that is copied while the target is stopped, and written later */
#include "keep.h"

#include <string.h>
#include <sys/mman.h>

#include "ready.h"
#include "util.h"

struct chunk {                  /* at a multiple of the page size; its pages, and then the next one, follow LEAD bytes behind */
        uint32_t group;
        uint32_t n;             /* runs */
        uint32_t pages;         /* with data */
        uint32_t zero;
        struct img_run run[IMGWRITE_RUNS];
};
#define LEAD    ((sizeof(struct chunk) + IMG_PAGE - 1) & ~(size_t)(IMG_PAGE - 1))
#define DATA    ((size_t)IMGWRITE_PAGES << IMG_PAGE_SHIFT)

int keep_reserve(struct keep *k, uint64_t bytes, uint64_t ready)
{
        uint64_t size = bytes + bytes / 8 + 8 * (LEAD + DATA);  /* chunks are not all full */
        void *mem;

        if (size != (size_t)size || size < bytes)
                return -1;
        mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mem == MAP_FAILED)
                return -1;
        *k = (struct keep){ .mem = mem, .size = size };
        ready += ready / 8 + LEAD + DATA;
        if (ready > size)
                ready = size;
        ready_memory(mem, ready);
        return 0;
}

uint8_t *keep_room(struct keep *k)
{
        return k->size - k->used >= LEAD + DATA ? k->mem + k->used + LEAD : NULL;
}

int keep_pages(struct keep *k, const struct img_run *run, uint32_t n)
{
        struct chunk *c = (struct chunk *)(void *)(k->mem + k->used);

        if (!keep_room(k))
                return -1;
        c->group = k->group;
        c->n = n;
        c->pages = 0;
        for (uint32_t i = 0; i < n; i++)
                if (img_here(&run[i]))
                        c->pages += run[i].n;
        memcpy(c->run, run, n * sizeof *run);
        k->used += LEAD + ((size_t)c->pages << IMG_PAGE_SHIFT);
        return 0;
}

void keep_empty(struct keep *k)
{
        k->used = 0;
        k->group = 0;
}

int keep_renew(struct keep *k, uint64_t from, uint64_t to, int (*read)(void *arg, uint64_t addr, uint8_t *page), void *arg)
{
        int rc = 0;

        for (size_t at = 0; at < k->used; ) {
                const struct chunk *c = (const struct chunk *)(const void *)(k->mem + at);
                uint8_t *page = k->mem + at + LEAD;

                for (uint32_t i = 0; i < c->n; i++) {
                        const struct img_run *run = &c->run[i];

                        for (uint32_t n = 0; n < run->n && img_here(run); n++, page += IMG_PAGE) {
                                uint64_t addr = run->addr + ((uint64_t)n << IMG_PAGE_SHIFT);

                                if (addr < to && from < addr + IMG_PAGE)
                                        rc = read(arg, addr, page);
                                if (rc)
                                        return rc;
                        }
                }
                at += LEAD + ((size_t)c->pages << IMG_PAGE_SHIFT);
        }
        return 0;
}

int keep_write(struct keep *k, struct imgwrite *w)
{
        uint32_t group = 0;

        for (int first = 1; k->read < k->used; first = 0) {
                const struct chunk *c = (const struct chunk *)(const void *)(k->mem + k->read);
                uint8_t *room = NULL;

                if (!first && c->group != group)
                        return 0;
                group = c->group;
                if (c->pages) {
                        room = imgwrite_room(w);
                        if (!room)
                                return -1;
                        memcpy(room, (const uint8_t *)c + LEAD, (size_t)c->pages << IMG_PAGE_SHIFT);
                }
                if (imgwrite_pages(w, c->run, c->n) < 0 || stop_wanted())
                        return -1;
                k->read += LEAD + ((size_t)c->pages << IMG_PAGE_SHIFT);
        }
        return 0;
}

void keep_free(struct keep *k)
{
        if (k->mem)
                munmap(k->mem, k->size);
        *k = (struct keep){ 0 };
}
