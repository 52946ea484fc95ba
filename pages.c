/* SPDX-License-Identifier: MIT */
/* pages.c - the memory of the stopped, clean target, into PAGE chunks */
#include "pages.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image.h"
#include "pagemap.h"
#include "util.h"

#define PIECE   64u             /* pages read at a time: 256 KiB stay in the cache until they are written */

struct walk {
        struct trace *t;
        struct imgwrite *w;
        struct pagemap pagemap;
        const struct proc_maps *maps;
        const struct proc_map *map;     /* the one being walked */
        uint8_t  cls;
        struct img_run run[IMGWRITE_RUNS];      /* of the chunk in the making */
        uint32_t runs;
        uint8_t *room;          /* for its data */
        uint32_t filled;        /* pages of room that are taken */
};

static int begins(const struct proc_maps *m, const struct proc_map *map, const char *with)
{
        size_t len = strlen(with);

        return map->name_len >= len && !memcmp(m->names + map->name, with, len);
}

int pages_class(const struct proc_maps *m, const struct proc_map *map)
{
        int anon = !map->ino;

        if (!map->shared)
                return anon ? IMG_PRIVATE_ANON : IMG_PRIVATE_FILE;
        if (anon || begins(m, map, "/dev/zero (deleted)") || begins(m, map, "/SYSV") ||
            begins(m, map, "/memfd:") || begins(m, map, "[anon_shmem:"))
                return IMG_SHARED_ANON;
        return IMG_SHARED_FILE;
}

/* Why a mapping is not to be looked into at all; 0: it may be. */
static uint16_t forbidden(const struct walk *k)
{
        const struct proc_maps *m = k->maps;
        const struct proc_map *map = k->map;
        const uint64_t io = IMG_VMFLAG_IO | IMG_VMFLAG_PF;

        if (begins(m, map, "[vvar") || proc_map_named(m, map, "[vsyscall]"))
                return IMG_WHY_KERNEL;
        if (map->vmflags_known && map->vmflags & io && !proc_map_named(m, map, "[vdso]"))
                return IMG_WHY_DEVICE;
        if (begins(m, map, "anon_inode:"))
                return IMG_WHY_DEVICE;
        if (begins(m, map, "/dev/") && !begins(m, map, "/dev/zero") && !begins(m, map, "/dev/shm/") &&
            !map->vmflags_known)
                return IMG_WHY_DEVICE;
        return 0;
}

static int flush(struct walk *k)
{
        if (k->runs && imgwrite_pages(k->w, k->run, k->runs) < 0)
                return -1;
        k->runs = 0;
        k->filled = 0;
        k->room = NULL;
        return stop_wanted();
}

/* Account for n pages of the mapping; their data, if any, is in the room already. */
static int account(struct walk *k, uint64_t addr, uint64_t n, uint8_t kind, uint16_t why)
{
        while (n) {
                struct img_run *last = k->runs ? &k->run[k->runs - 1] : NULL;
                uint32_t some = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;

                if (last && last->kind == kind && last->cls == k->cls && last->why == why &&
                    last->addr >= k->map->start && last->addr + ((uint64_t)last->n << IMG_PAGE_SHIFT) == addr &&
                    last->n <= UINT32_MAX - some) {
                        last->n += some;
                } else {
                        k->run[k->runs++] = (struct img_run){ addr, some, kind, k->cls, why };
                        if (k->runs == IMGWRITE_RUNS && flush(k) < 0)
                                return -1;
                }
                addr += (uint64_t)some << IMG_PAGE_SHIFT;
                n -= some;
        }
        return 0;
}

/*
 * Read n pages to buf. Returns how many came, from the first on; 0 with errno
 * when the first one cannot be read. -1 after fail(): the target is gone.
 */
static ssize_t fetch(struct walk *k, uint64_t addr, uint8_t *buf, size_t n)
{
        size_t len = n << IMG_PAGE_SHIFT;
        struct iovec here = { buf, len }, there = { (void *)(uintptr_t)addr, len };
        ssize_t got = process_vm_readv(k->t->live, &here, 1, &there, 1, 0);

        if (got >= (ssize_t)IMG_PAGE)
                return got >> IMG_PAGE_SHIFT;
        if (got < 0 && errno == ESRCH)
                return trace_fail(k->t, k->t->live, "memory");
        if (k->t->mem < 0)
                return 0;
        got = pread(k->t->mem, buf, len, (off_t)addr);  /* PROT_NONE, or a kernel without process_vm_readv */
        if (got >= (ssize_t)IMG_PAGE)
                return got >> IMG_PAGE_SHIFT;
        if (got == 0)                   /* no memory any more */
                errno = ESRCH;
        if (got == 0)
                return trace_fail(k->t, k->t->live, "memory");
        if (got > 0)
                errno = EIO;
        return 0;
}

/* Sort n pages that were read to the end of the room into data and zeros, closing the gaps. how: IMG_HOW_*. */
static int sort_out(struct walk *k, uint64_t addr, size_t n, uint16_t how)
{
        uint8_t *in = k->room + ((size_t)k->filled << IMG_PAGE_SHIFT);

        for (size_t i = 0; i < n; i++, in += IMG_PAGE, addr += IMG_PAGE) {
                uint8_t *out = k->room + ((size_t)k->filled << IMG_PAGE_SHIFT);
                int zero = all_zero(in, IMG_PAGE);

                if (!zero && in != out)
                        memcpy(out, in, IMG_PAGE);
                k->filled += !zero;
                if (account(k, addr, 1, zero ? IMG_ZERO : IMG_DATA, how) < 0)
                        return -1;
        }
        return 0;
}

/* Where n pages more are to be read to; flushing in the midst of sort_out() would lose its pages. NULL after fail(). */
static uint8_t *room_for(struct walk *k, size_t n)
{
        if ((k->filled + n > IMGWRITE_PAGES || k->runs + n >= IMGWRITE_RUNS) && flush(k) < 0)
                return NULL;
        if (!k->room)
                k->room = imgwrite_room(k->w);
        return k->room ? k->room + ((size_t)k->filled << IMG_PAGE_SHIFT) : NULL;
}

/* n pages that exist. */
static int read_pages(struct walk *k, uint64_t addr, uint64_t n)
{
        while (n) {
                size_t want = n < PIECE ? (size_t)n : PIECE;
                uint8_t *to = stop_wanted() ? NULL : room_for(k, want);
                ssize_t got;

                if (!to)
                        return -1;
                got = fetch(k, addr, to, want);
                if (got < 0)
                        return -1;
                if (got == 0 && account(k, addr, 1, IMG_UNREADABLE, (uint16_t)errno) < 0)
                        return -1;
                if (got > 0 && sort_out(k, addr, (size_t)got, 0) < 0)
                        return -1;
                got += got == 0;
                addr += (uint64_t)got << IMG_PAGE_SHIFT;
                n -= (uint64_t)got;
        }
        return 0;
}

/* The first page of a file is in the page tables: with the head of an ELF file it is kept, as the kernel does for cores. */
static int keep_elf_head(struct walk *k, uint64_t addr)
{
        uint8_t *to = room_for(k, 1);
        ssize_t got = to ? fetch(k, addr, to, 1) : -1;

        if (got < 0)
                return -1;
        if (got == 1 && !memcmp(to, ELFMAG, SELFMAG))
                return sort_out(k, addr, 1, IMG_HOW_CLEAN);
        return account(k, addr, 1, IMG_INFILE, 0);
}

/* n pages that are as in the file, and in the page tables. */
static int write_clean(struct walk *k, uint64_t addr, uint64_t n)
{
        if (addr == k->map->start && k->map->off == 0) {
                if (keep_elf_head(k, addr) < 0)
                        return -1;
                addr += IMG_PAGE;
                n--;
        }
        return account(k, addr, n, IMG_INFILE, 0);
}

/* n pages of one state. */
static int write_alike(struct walk *k, uint64_t addr, uint64_t n, enum pagemap_state state)
{
        switch (state) {
        case PAGEMAP_GUARD:
                return account(k, addr, n, IMG_UNREADABLE, IMG_WHY_GUARD);
        case PAGEMAP_ABSENT:
                return account(k, addr, n, k->cls == IMG_PRIVATE_FILE ? IMG_INFILE : IMG_ABSENT, 0);
        case PAGEMAP_FILE:
                if (k->cls == IMG_PRIVATE_FILE)
                        return write_clean(k, addr, n);
                break;
        case PAGEMAP_OWN:
                break;
        }
        return read_pages(k, addr, n);
}

static int write_mapping(struct walk *k)
{
        uint64_t pages = (k->map->end - k->map->start) >> IMG_PAGE_SHIFT;
        uint16_t why = forbidden(k);

        if (why)
                return account(k, k->map->start, pages, IMG_UNREADABLE, why);
        if (k->cls == IMG_SHARED_FILE)
                return account(k, k->map->start, pages, IMG_INFILE, 0);
        if (proc_map_named(k->maps, k->map, "[vdso]"))  /* the pagemap calls it absent */
                return read_pages(k, k->map->start, pages);
        for (uint64_t addr = k->map->start, n; addr < k->map->end; addr += n << IMG_PAGE_SHIFT) {
                enum pagemap_state state;

                if (pagemap_next(&k->pagemap, addr, k->map->end, &n, &state) < 0 ||
                    write_alike(k, addr, n, state) < 0)
                        return -1;
        }
        return 0;
}

int pages_write(struct trace *t, const struct proc_maps *m, struct imgwrite *w)
{
        struct walk k = { .t = t, .w = w, .maps = m };
        int rc = pagemap_open(&k.pagemap, t->live_dir);

        for (size_t i = 0; i < m->n && rc == 0; i++) {
                k.map = &m->map[i];
                k.cls = (uint8_t)pages_class(m, k.map);
                rc = write_mapping(&k);
        }
        if (rc == 0)
                rc = flush(&k);
        pagemap_close(&k.pagemap);
        return rc < 0 ? -1 : 0;
}
