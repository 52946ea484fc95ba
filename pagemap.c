/* SPDX-License-Identifier: MIT */
/* pagemap.c - which pages of the target exist */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "image.h"

#define WINDOW          8192u           /* entries: 32 MiB of address space */
#define NEAR            64u             /* so many at least: the mappings of a library lie side by side */
#define PM_PRESENT      (1ull << 63)
#define PM_SWAP         (1ull << 62)
#define PM_FILE         (1ull << 61)    /* or shared anonymous */
#define PM_GUARD        (1ull << 58)
#define PM_EXCLUSIVE    (1ull << 56)    /* mapped once; since 4.2 */
#define PM_FLAGS        (63ull << 55)   /* where these two are; before 4.2 the page's shift: */
#define PM_OLD          (12ull << 55)
/*
 * The other 55 bits are told to those with CAP_SYS_ADMIN alone: of what is not
 * present, the swap type in 5 bits, then the offset. Markers in page tables
 * (include/linux/swapops.h, 5.19) are of the last type.
 */
#define PM_WHERE        ((1ull << 55) - 1)
#define PM_MARKER(bit)  (31ull | (uint64_t)(bit) << 5)
#define MARKER_UFFD_WP  1               /* write-protected by userfaultfd, nothing there */
#define MARKER_GUARD    4               /* 6.13 */

/* uapi/linux/fs.h of 6.7; musl has no copy of it */
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)

struct page_region {
        uint64_t start, end, categories;
};

struct pm_scan_arg {
        uint64_t size, flags, start, end, walk_end;
        uint64_t vec, vec_len, max_pages;
        uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
_Static_assert(sizeof(struct pm_scan_arg) == 96, "pm_scan_arg");
#define PAGEMAP_SCAN    _IOWR('f', 16, struct pm_scan_arg)

void pagemap_begin(struct pagemap *p, int dir)
{
        p->dir = dir;
        p->fd = -1;
        p->opened = 0;
        p->scan = 1;
        p->n = 0;
        p->addr = 0;
        p->window = p->few;
        p->many = NULL;
}

void pagemap_close(struct pagemap *p)
{
        if (p->fd >= 0)
                close(p->fd);
        free(p->many);
        p->fd = -1;
        p->many = NULL;
}

static enum pagemap_state classify(uint64_t entry)
{
        if ((entry & PM_FLAGS) == PM_OLD)
                entry &= ~PM_FLAGS;
        if (entry & PM_GUARD)
                return PAGEMAP_GUARD;
        if (entry & PM_SWAP && (entry & PM_WHERE) == PM_MARKER(MARKER_GUARD))
                return PAGEMAP_GUARD;
        if (entry & PM_SWAP && (entry & PM_WHERE) == PM_MARKER(MARKER_UFFD_WP))
                return PAGEMAP_ABSENT;
        if (entry & PM_SWAP)
                return PAGEMAP_SWAPPED;
        if (!(entry & PM_PRESENT))
                return PAGEMAP_ABSENT;
        if (entry & PM_FILE)
                return PAGEMAP_FILE;
        return entry & PM_EXCLUSIVE ? PAGEMAP_OWN : PAGEMAP_COMMON;
}

/* The first page from addr on that exists, or end. -1: cannot be asked. */
static int first_existing(struct pagemap *p, uint64_t addr, uint64_t end, uint64_t *found)
{
        struct page_region region = { 0, 0, 0 };
        struct pm_scan_arg arg = {
                .size = sizeof arg, .start = addr, .end = end,
                .vec = (uint64_t)(uintptr_t)&region, .vec_len = 1, .max_pages = 1,
                .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
                .return_mask = PAGE_IS_PRESENT,
        };
        int n = p->scan ? ioctl(p->fd, PAGEMAP_SCAN, &arg) : -1;

        if (n < 0) {
                p->scan = 0;
                return -1;
        }
        *found = n ? region.start : end;
        return *found < addr || *found > end ? -1 : 0;
}

static int fill_window(struct pagemap *p, uint64_t addr, uint64_t end)
{
        uint64_t pages = (end - addr) >> IMG_PAGE_SHIFT;
        size_t want;
        ssize_t n;

        if (pages > PAGEMAP_FEW && !p->many)
                p->many = malloc(WINDOW * sizeof *p->many);
        p->window = pages > PAGEMAP_FEW && p->many ? p->many : p->few;
        want = pages < NEAR ? NEAR : pages < WINDOW ? (size_t)pages : WINDOW;
        if (p->window == p->few && want > PAGEMAP_FEW)
                want = PAGEMAP_FEW;
        n = pread(p->fd, p->window, want * sizeof *p->window, (off_t)(addr >> IMG_PAGE_SHIFT) * (off_t)sizeof *p->window);
        if (n < (ssize_t)sizeof *p->window) {
                p->n = 0;
                if (n >= 0)
                        errno = ESRCH;          /* it has no memory any more, or another program's */
                return -1;
        }
        p->addr = addr;
        p->n = (size_t)n / sizeof *p->window;
        return 0;
}

int pagemap_there(struct pagemap *p)
{
        if (!p->opened)
                p->fd = openat(p->dir, "pagemap", O_RDONLY | O_CLOEXEC);
        p->opened = 1;
        return p->fd >= 0;
}

int pagemap_next(struct pagemap *p, uint64_t addr, uint64_t end, uint64_t *n, enum pagemap_state *state)
{
        uint64_t found;
        size_t i, first;

        if (!pagemap_there(p)) {
                *n = (end - addr) >> IMG_PAGE_SHIFT;
                *state = PAGEMAP_OWN;
                return 0;
        }
        if (addr < p->addr || addr >= p->addr + ((uint64_t)p->n << IMG_PAGE_SHIFT)) {
                if ((end - addr) >> IMG_PAGE_SHIFT > WINDOW / 8 &&
                    first_existing(p, addr, end, &found) == 0 && found > addr) {
                        *n = (found - addr) >> IMG_PAGE_SHIFT;
                        *state = PAGEMAP_ABSENT;
                        return 0;
                }
                if (fill_window(p, addr, end) < 0)
                        return -1;
        }
        first = (size_t)((addr - p->addr) >> IMG_PAGE_SHIFT);
        *state = classify(p->window[first]);
        for (i = first + 1; i < p->n && p->addr + ((uint64_t)i << IMG_PAGE_SHIFT) < end; i++)
                if (classify(p->window[i]) != *state)
                        break;
        *n = i - first;
        return 0;
}
