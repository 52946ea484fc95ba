/* SPDX-License-Identifier: MIT */
/* pages.c - the memory of the stopped, clean target, or of its copy, into PAGE chunks */
#include "pages.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"
#include "image.h"
#include "pagemap.h"
#include "pagesrc.h"
#include "util.h"

#define PIECE   MAPFILE_PAGES   /* pages read at a time: 256 KiB stay in the cache until they are written */
struct walk {
        const struct pages *p;
        struct imgwrite *w;     /* where they go to; NULL: into p->keep */
        struct pagemap pagemap;
        const struct proc_map *map;     /* the one being walked */
        struct mapfile *file;           /* of it; NULL: none */
        uint8_t  cls;
        int      watched;               /* by userfaultfd, or that is not known */
        struct img_run run[IMGWRITE_RUNS];      /* of the chunk in the making */
        uint32_t runs;
        uint8_t *room;          /* for its data */
        uint32_t filled;        /* pages of room that are taken */
        int      full;          /* there is no more room in p->keep */
};

/* ---- what kind of memory a mapping is ---- */

static int begins(const struct walk *k, const char *with)
{
        size_t len = strlen(with);

        return k->map->name_len >= len && !memcmp(k->p->maps->names + k->map->name, with, len);
}

static int named(const struct walk *k, const char *name)
{
        return proc_map_named(k->p->maps, k->map, name);
}

/* What the kernel and a process both write to: io_uring's, AF_PACKET's and AF_XDP's rings, kvm's */
static int is_ring(const struct walk *k)
{
        return begins(k, "anon_inode:") || begins(k, "socket:");
}

static int is_gone(const struct walk *k)
{
        return k->file && k->file->state == MAPFILE_GONE;
}

static int has_vmflag(const struct walk *k, uint64_t flags)
{
        return k->map->vmflags_known && k->map->vmflags & flags;
}

static uint8_t class_of(const struct walk *k)
{
        int anon = !proc_map_of_file(k->map) || is_ring(k) || begins(k, "/dev/zero (deleted)") || begins(k, "/anon_hugepage (deleted)") ||
                   (k->file && k->file->state == MAPFILE_ZERO);

        if (!k->map->shared)
                return anon ? IMG_PRIVATE_ANON : IMG_PRIVATE_FILE;
        if (anon || begins(k, "/SYSV") || begins(k, "/memfd:") || begins(k, "[anon_shmem:") ||
            secret_is(k->p->maps, k->map))
                return IMG_SHARED_ANON;
        return IMG_SHARED_FILE;
}

/* Why a mapping is not to be looked into at all; 0: it may be. */
static uint16_t forbidden(const struct walk *k)
{
        if (begins(k, "[vvar") || named(k, "[vsyscall]") || named(k, "[uprobes]"))
                return IMG_WHY_KERNEL;
        if (named(k, "[vdso]"))
                return 0;
        if (has_vmflag(k, IMG_VMFLAG_IO | IMG_VMFLAG_PF))
                return IMG_WHY_DEVICE;
        if (is_ring(k))
                return k->map->vmflags_known ? 0 : IMG_WHY_DEVICE;
        if (secret_is(k->p->maps, k->map))
                return 0;
        if (k->file && k->file->state == MAPFILE_OTHER)
                return IMG_WHY_DEVICE;
        if (begins(k, "/dev/") && !begins(k, "/dev/zero") && !begins(k, "/dev/shm/") && !k->map->vmflags_known)
                return IMG_WHY_DEVICE;
        return 0;
}

/* Has a clone of the process not all of it, as it was at that instant? */
static int lacks(const struct walk *k)
{
        if (forbidden(k))
                return 0;
        if (k->map->shared)
                return k->cls != IMG_SHARED_FILE || is_ring(k) || is_gone(k) || k->p->all;
        if (is_ring(k) || has_vmflag(k, IMG_VMFLAG_DC | IMG_VMFLAG_WF | IMG_VMFLAG_HT))
                return 1;
        return k->cls == IMG_PRIVATE_FILE && (is_gone(k) || k->p->all);
}

static void begin_mapping(struct walk *k, const struct proc_map *map)
{
        k->map = map;
        k->file = proc_map_of_file(map) ? mapfiles_find(k->p->files, k->p->maps, map) : NULL;
        k->cls = class_of(k);
        k->watched = !map->vmflags_known || has_vmflag(k, IMG_VMFLAG_UM | IMG_VMFLAG_UW | IMG_VMFLAG_UI);
}

/* ---- accounting ---- */

static int flush(struct walk *k)
{
        if (k->runs && k->w && imgwrite_pages(k->w, k->run, k->runs) < 0)
                return -1;
        if (k->runs && !k->w && keep_pages(k->p->keep, k->run, k->runs) < 0) {
                k->full = 1;
                return -1;
        }
        k->runs = 0;
        k->filled = 0;
        k->room = NULL;
        return stop_wanted();
}

/* Account for n pages of the mapping; their data, if any, is in the room already. */
static int account(struct walk *k, uint64_t addr, uint64_t n, uint8_t kind, uint16_t why)
{
        uint32_t most = kind == IMG_DATA && why & IMG_HOW_FILLED ? IMG_FILLED_PAGES : UINT32_MAX;      /* in one run */

        while (n) {
                struct img_run *last = k->runs ? &k->run[k->runs - 1] : NULL;
                uint32_t some = n < most ? (uint32_t)n : most;

                if (last && last->kind == kind && last->cls == k->cls && last->why == why &&
                    last->addr >= k->map->start && last->addr + ((uint64_t)last->n << IMG_PAGE_SHIFT) == addr &&
                    last->n <= most - some) {
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

/* Where n pages more are to be read to; flushing in the midst of sort_out() would lose its pages. NULL after fail(). */
static uint8_t *room_for(struct walk *k, size_t n)
{
        if (stop_wanted() ||
            ((k->filled + n > IMGWRITE_PAGES || k->runs + n >= IMGWRITE_RUNS) && flush(k) < 0))
                return NULL;
        if (!k->room)
                k->room = k->w ? imgwrite_room(k->w) : keep_room(k->p->keep);
        k->full |= !k->room && !k->w;
        return k->room ? k->room + ((size_t)k->filled << IMG_PAGE_SHIFT) : NULL;
}

/* Sort n pages that were read to the end of the room into data, zeros, and others full of one byte, closing the gaps. how: IMG_HOW_*. */
static int sort_out(struct walk *k, uint64_t addr, size_t n, uint16_t how)
{
        uint8_t *in = k->room + ((size_t)k->filled << IMG_PAGE_SHIFT);

        for (size_t i = 0; i < n; i++, in += IMG_PAGE, addr += IMG_PAGE) {
                uint8_t *out = k->room + ((size_t)k->filled << IMG_PAGE_SHIFT);
                int byte = all_of(in, IMG_PAGE);
                uint16_t why = byte <= 0 ? how : (uint16_t)(how | IMG_HOW_FILLED | (unsigned)byte << IMG_HOW_BYTE);

                if (byte < 0 && in != out)
                        memcpy(out, in, IMG_PAGE);
                k->filled += byte < 0;
                if (account(k, addr, 1, byte == 0 ? IMG_ZERO : IMG_DATA, why) < 0)
                        return -1;
        }
        return 0;
}

/* ---- where the bytes come from ---- */

static uint64_t offset_of(const struct walk *k, uint64_t addr)
{
        return k->map->off + (addr - k->map->start);
}

/*
 * n pages that exist, from the file if `of_file`, else from memory. Those that
 * cannot be read are accounted for one by one: a guard page does not take its
 * neighbours with it.
 */
static int copy(struct walk *k, uint64_t addr, uint64_t n, uint16_t how, int of_file, enum pagesrc_way way)
{
        while (n) {
                size_t want = n < PIECE ? (size_t)n : PIECE;
                uint8_t *to = room_for(k, want);
                ssize_t got;

                give_way();
                if (!to)
                        return -1;
                if (of_file)
                        got = mapfile_read(k->p->files, k->file, offset_of(k, addr), to, want);
                else
                        got = pagesrc_read(k->p->t, way, addr, to, want);
                if (got < 0)
                        return -1;
                if (got == 0 && account(k, addr, 1, IMG_UNREADABLE, (uint16_t)errno) < 0)
                        return -1;
                if (got > 0 && sort_out(k, addr, (size_t)got, how) < 0)
                        return -1;
                got += got == 0;
                addr += (uint64_t)got << IMG_PAGE_SHIFT;
                n -= (uint64_t)got;
        }
        return 0;
}

static int copy_memory(struct walk *k, uint64_t addr, uint64_t n, uint16_t how, int gently)
{
        int beside_clone = !k->w && has_vmflag(k, IMG_VMFLAG_HT);
        enum pagesrc_way way = gently || k->watched || beside_clone ? PAGESRC_GENTLE : PAGESRC_FAST;

        return copy(k, addr, n, how, 0, is_ring(k) ? PAGESRC_PINNED : way);
}

/* Can its pages be copied from a file? */
static int has_file(const struct walk *k)
{
        return k->file && (k->file->fd >= 0 || k->file->stuck);
}

/* n pages from the file, which is or was open. Its holes are of kind `hole`. */
static int copy_file(struct walk *k, uint64_t addr, uint64_t n, uint16_t how, uint8_t hole)
{
        while (n) {
                uint64_t off = offset_of(k, addr), len, some;
                int is_hole, rc;

                if (k->file->stuck)
                        return account(k, addr, n, IMG_UNREADABLE, (uint16_t)k->file->err);
                if (mapfile_extent(k->p->files, k->file, off, off + (n << IMG_PAGE_SHIFT), &len, &is_hole) < 0)
                        return -1;
                if (len == 0)
                        return account(k, addr, n, IMG_UNREADABLE, IMG_WHY_BEYOND);
                some = len >> IMG_PAGE_SHIFT;
                if (is_hole)
                        rc = account(k, addr, some, hole, hole == IMG_ZERO ? how : 0);
                else
                        rc = copy(k, addr, some, how, 1, 0);
                if (rc < 0)
                        return -1;
                addr += len;
                n -= some;
        }
        return 0;
}

/* n pages that are as in the file that a path leads to, or beyond its end. */
static int leave_in_file(struct walk *k, uint64_t addr, uint64_t n)
{
        const struct mapfile *f = k->file;
        uint64_t off = offset_of(k, addr), some = n;

        if (f && f->sized && off + (n << IMG_PAGE_SHIFT) > f->len)
                some = f->len > off ? (f->len - off + IMG_PAGE - 1) >> IMG_PAGE_SHIFT : 0;
        if (account(k, addr, some, IMG_INFILE, 0) < 0)
                return -1;
        return account(k, addr + (some << IMG_PAGE_SHIFT), n - some, IMG_UNREADABLE, IMG_WHY_BEYOND);
}

/*
 * The first page of a private mapping of a file, not different from it: of an
 * ELF file it is kept, as the kernel does for cores, for the build-id.
 */
static int write_head(struct walk *k, uint64_t addr, int present)
{
        uint8_t *to;
        ssize_t got = 0;

        if (k->file && k->file->no_elf)
                return leave_in_file(k, addr, 1);
        to = room_for(k, 1);
        if (!to)
                return -1;
        if (k->file && k->file->head) {
                memcpy(to, k->file->head, IMG_PAGE);
                got = 1;
        } else if (present) {
                got = pagesrc_read(k->p->t, k->watched ? PAGESRC_GENTLE : PAGESRC_FAST, addr, to, 1);
        }
        if (got < 0)
                return -1;
        if (got == 1 && !memcmp(to, ELFMAG, SELFMAG))
                return sort_out(k, addr, 1, IMG_HOW_CLEAN);
        return leave_in_file(k, addr, 1);
}

/* ---- what is to be had of a page ---- */

/* n pages of a private mapping that are as in its file; present: in the page tables. */
static int write_private(struct walk *k, uint64_t addr, uint64_t n, int present)
{
        if (is_gone(k) || k->p->all) {
                if (has_file(k))
                        return copy_file(k, addr, n, IMG_HOW_CLEAN, IMG_ZERO);
                if (present)
                        return copy_memory(k, addr, n, IMG_HOW_CLEAN, 0);
        }
        if (addr == k->map->start && k->map->off == 0) {
                if (write_head(k, addr, present) < 0)
                        return -1;
                addr += IMG_PAGE;
                n--;
        }
        return leave_in_file(k, addr, n);
}

/* n pages of a shared mapping. What no path leads to is read; of what one does, with --file-pages. */
static int write_shared(struct walk *k, uint64_t addr, uint64_t n, int present)
{
        int named = k->cls == IMG_SHARED_FILE && !is_gone(k);

        if (named && !k->p->all)
                return leave_in_file(k, addr, n);
        if (!named && present)
                return copy_memory(k, addr, n, 0, 0);
        if (has_file(k))
                return copy_file(k, addr, n, named ? IMG_HOW_CLEAN : IMG_HOW_OBJECT, named ? IMG_ZERO : IMG_ABSENT);
        return named ? leave_in_file(k, addr, n) : account(k, addr, n, IMG_ABSENT, 0);
}

/* n pages that exist, and that only the process itself can read. */
static int write_secret(struct walk *k, uint64_t addr, uint64_t n)
{
        for (; n; n--, addr += IMG_PAGE) {
                const uint8_t *page = secret_page(k->p->secret, addr);
                uint8_t *to = page ? room_for(k, 1) : NULL;

                if (page && !to)
                        return -1;
                if (page)
                        memcpy(to, page, IMG_PAGE);
                if ((page ? sort_out(k, addr, 1, IMG_HOW_INSIDE) : account(k, addr, 1, IMG_UNREADABLE, IMG_WHY_SECRET)) < 0)
                        return -1;
        }
        return 0;
}

/* n pages of one state. */
static int write_alike(struct walk *k, uint64_t addr, uint64_t n, enum pagemap_state state)
{
        if (state != PAGEMAP_ABSENT && secret_is(k->p->maps, k->map))
                return write_secret(k, addr, n);
        if (state == PAGEMAP_ABSENT && is_ring(k))      /* perf up to 6.12, kvm: to look would map it */
                return account(k, addr, n, IMG_UNREADABLE, IMG_WHY_DEVICE);
        switch (state) {
        case PAGEMAP_GUARD:
                return account(k, addr, n, IMG_UNREADABLE, IMG_WHY_GUARD);
        case PAGEMAP_OWN:
        case PAGEMAP_COMMON:
                return copy_memory(k, addr, n, 0, state == PAGEMAP_COMMON);
        case PAGEMAP_SWAPPED:
                if (!k->map->shared)
                        return copy_memory(k, addr, n, IMG_HOW_SWAPPED, 1);
                return write_shared(k, addr, n, 0);     /* a mere marker: what is shared is swapped out as a file's */
        case PAGEMAP_FILE:
        case PAGEMAP_ABSENT:
                break;
        }
        if (k->cls == IMG_PRIVATE_ANON)
                return state == PAGEMAP_FILE ? copy_memory(k, addr, n, 0, 0) : account(k, addr, n, IMG_ABSENT, 0);
        if (k->cls == IMG_PRIVATE_FILE)
                return write_private(k, addr, n, state == PAGEMAP_FILE);
        return write_shared(k, addr, n, state == PAGEMAP_FILE);
}

static int write_mapping(struct walk *k)
{
        uint64_t pages = (k->map->end - k->map->start) >> IMG_PAGE_SHIFT;
        uint16_t why = forbidden(k);

        if (why)
                return account(k, k->map->start, pages, IMG_UNREADABLE, why);
        if (named(k, "[vdso]"))         /* the pagemap calls it absent */
                return copy_memory(k, k->map->start, pages, 0, 0);
        for (uint64_t addr = k->map->start, n; addr < k->map->end; addr += n << IMG_PAGE_SHIFT) {
                enum pagemap_state state;

                if (pagemap_next(&k->pagemap, addr, k->map->end, &n, &state) < 0)
                        return trace_fail(k->p->t, k->p->t->live, "page map");
                if (write_alike(k, addr, n, state) < 0)
                        return -1;
        }
        return 0;
}

/* What of it has been kept goes to the image, once for all mappings that follow each other. */
static int write_kept(struct walk *k, int *before)
{
        int rc = 0;

        if (!*before && flush(k) < 0)
                return -1;
        if (!*before)
                rc = keep_write(k->p->keep, k->w);
        *before = 1;
        return rc;
}

int pages_write(const struct pages *p, struct imgwrite *w)
{
        struct walk k = { .p = p, .w = w };
        int rc = 0, before = 0;

        if (p->whole)
                return keep_write(p->keep, w);
        pagemap_begin(&k.pagemap, p->t->live_dir);
        for (size_t i = 0; i < p->maps->n && rc == 0; i++) {
                begin_mapping(&k, &p->maps->map[i]);
                if (p->keep && lacks(&k)) {
                        rc = write_kept(&k, &before);
                } else {
                        rc = write_mapping(&k);
                        before = 0;
                }
        }
        if (rc == 0)
                rc = flush(&k);
        pagemap_close(&k.pagemap);
        return rc < 0 ? -1 : 0;
}

/* ---- what is kept ---- */

int pages_watched(const struct proc_maps *m)
{
        for (size_t i = 0; i < m->n; i++)
                if (!m->map[i].vmflags_known || m->map[i].vmflags & (IMG_VMFLAG_UM | IMG_VMFLAG_UW | IMG_VMFLAG_UI))
                        return 1;
        return 0;
}

/* Pages of the mapping that exist, or that its file or object may have. */
static int count_pages(struct walk *k, uint64_t *pages)
{
        uint64_t all = (k->map->end - k->map->start) >> IMG_PAGE_SHIFT, there = 0;
        int of_file = has_file(k);

        if (of_file) {
                uint64_t len = k->file->sized ? (k->file->len + IMG_PAGE - 1) >> IMG_PAGE_SHIFT : all;
                struct stat st;

                if (k->file->internal && fstat(k->file->fd, &st) == 0)
                        len = ((uint64_t)st.st_blocks * 512 + IMG_PAGE - 1) >> IMG_PAGE_SHIFT;
                there = len;
        }
        for (uint64_t addr = k->map->start, n; addr < k->map->end && !(of_file && k->map->shared); addr += n << IMG_PAGE_SHIFT) {
                enum pagemap_state state;

                if (pagemap_next(&k->pagemap, addr, k->map->end, &n, &state) < 0)
                        return trace_fail(k->p->t, k->p->t->live, "page map");
                there += state == PAGEMAP_ABSENT || (of_file && state == PAGEMAP_FILE) ? 0 : n;
        }
        *pages += there < all ? there : all;
        return 0;
}

int pages_estimate(const struct pages *p, uint64_t *bytes)
{
        struct walk k = { .p = p };
        uint64_t pages = 0;
        int rc = 0;

        pagemap_begin(&k.pagemap, p->t->live_dir);
        for (size_t i = 0; i < p->maps->n && rc == 0; i++) {
                begin_mapping(&k, &p->maps->map[i]);
                if (lacks(&k))
                        rc = count_pages(&k, &pages);
        }
        pagemap_close(&k.pagemap);
        *bytes = pages << IMG_PAGE_SHIFT;
        return rc;
}

static int read_again(void *arg, uint64_t addr, uint8_t *page)
{
        ssize_t got = pagesrc_read(arg, PAGESRC_FAST, addr, page, 1);

        return got < 0 ? -1 : got == 0;
}

int pages_renew(const struct pages *p)
{
        const struct trace *t = p->t;
        int rc = t->wrote_n > TRACE_WROTE;

        for (size_t i = 0; i < t->wrote_n && rc == 0; i++)
                rc = keep_renew(p->keep, t->wrote[i].from, t->wrote[i].to, read_again, p->t);
        return rc;
}

int pages_keep(const struct pages *p)
{
        struct walk k = { .p = p };
        int rc = 0, before = 0;

        pagemap_begin(&k.pagemap, p->t->live_dir);
        for (size_t i = 0; i < p->maps->n && rc == 0; i++) {
                give_way();
                begin_mapping(&k, &p->maps->map[i]);
                if (p->whole || lacks(&k)) {
                        rc = write_mapping(&k);
                        before = 1;
                } else {
                        if (before)
                                rc = flush(&k);
                        p->keep->group += (uint32_t)before;
                        before = 0;
                }
        }
        if (rc == 0)
                rc = flush(&k);
        pagemap_close(&k.pagemap);
        return k.full ? 1 : rc;
}

/* ---- notes ---- */

/* Has the process left a page of it alone? 1 or 0. */
static int has_absent(struct walk *k)
{
        for (uint64_t addr = k->map->start, n; addr < k->map->end; addr += n << IMG_PAGE_SHIFT) {
                enum pagemap_state state;

                if (pagemap_next(&k->pagemap, addr, k->map->end, &n, &state) < 0 || state == PAGEMAP_ABSENT)
                        return 1;
        }
        return 0;
}

struct missing {                /* mappings of which something is */
        uint64_t n;
        uint64_t at;            /* the first one */
        int      err;           /* why there is no way to it */
};

static void count(struct missing *m, const struct walk *k)
{
        if (m->n++)
                return;
        m->at = k->map->start;
        m->err = k->file && k->file->err ? k->file->err : ENOENT;
}

static void note(struct notes *notes, const struct missing *m, const char *text)
{
        if (m->n)
                notes_add(notes, "%s: %" PRIu64 " mapping%s, the first one at %" PRIx64 " (%s)", text, m->n, m->n == 1 ? "" : "s",
                          m->at, strerror(m->err));
}

void pages_note(const struct pages *p, struct notes *notes)
{
        struct missing object = { 0 }, gone = { 0 }, named = { 0 };
        struct walk k = { .p = p };

        pagemap_begin(&k.pagemap, p->t->live_dir);
        for (size_t i = 0; i < p->maps->n; i++) {
                give_way();
                begin_mapping(&k, &p->maps->map[i]);
                if (!proc_map_of_file(k.map) || forbidden(&k) || secret_is(p->maps, k.map) || is_ring(&k) || k.cls == IMG_PRIVATE_ANON ||
                    (k.file && k.file->fd >= 0))
                        continue;
                if (!is_gone(&k) && k.cls != IMG_SHARED_ANON) {
                        if (p->all)
                                count(&named, &k);
                } else if (has_absent(&k)) {
                        count(k.map->shared ? &object : &gone, &k);
                }
        }
        pagemap_close(&k.pagemap);
        if (p->maps->vmflag[0])
                notes_add(notes, "VmFlags: %s is not known to this version", p->maps->vmflag);
        note(notes, &object, "shared memory that could be read only where the process has touched it, the object may hold more");
        note(notes, &gone, "files that no path leads to, read only where they are in the page tables");
        note(notes, &named, "files that could not be opened, their pages are not here");
}
