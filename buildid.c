/* SPDX-License-Identifier: MIT */
/* buildid.c - the NT_GNU_BUILD_ID note of a 64-bit ELF file */
#include "buildid.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#define SEGMENTS_MAX    128     /* looked at */
#define NOTES_MAX_LEN   65536u  /* bytes of a segment, likewise */
#define NOTES_MAX       1024    /* of all segments */

static uint64_t up(uint64_t n, uint64_t align)
{
        return (n + align - 1) & ~(align - 1);
}

static int take(buildid_read *rd, void *arg, uint64_t off, uint32_t len, uint8_t id[BUILDID_MAX])
{
        errno = EOVERFLOW;
        return len > BUILDID_MAX || rd(arg, off, id, len) < 0 ? -1 : (int)len;
}

/* In a segment of notes. *seen: so many so far. */
static int find_in(buildid_read *rd, void *arg, const Elf64_Phdr *ph, uint8_t id[BUILDID_MAX], int *seen)
{
        uint64_t align = ph->p_align == 8 ? 8 : 4;
        uint64_t left = ph->p_filesz < NOTES_MAX_LEN ? ph->p_filesz : NOTES_MAX_LEN, off = ph->p_offset;
        Elf64_Nhdr n;
        char name[4];

        if (off > INT64_MAX - NOTES_MAX_LEN)
                return 0;
        while (left >= sizeof n && (*seen)++ < NOTES_MAX) {
                uint64_t desc, len;

                if (rd(arg, off, &n, sizeof n) < 0)
                        return -1;
                desc = up(sizeof n + (uint64_t)n.n_namesz, align);
                len = up(desc + n.n_descsz, align);
                if (desc + n.n_descsz > left)
                        return 0;
                if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == sizeof name && n.n_descsz) {
                        if (rd(arg, off + sizeof n, name, sizeof name) < 0)
                                return -1;
                        if (memcmp(name, "GNU", sizeof name) == 0)
                                return take(rd, arg, off + desc, n.n_descsz, id);
                }
                if (len > left)
                        return 0;
                off += len;
                left -= len;
        }
        return 0;
}

static int is_ours(const Elf64_Ehdr *h)
{
        return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
                h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phoff < INT64_MAX / 2;
}

/* What a file that is cut off would have had further on cannot be known: as none. */
int buildid_find(buildid_read *rd, void *arg, uint8_t id[BUILDID_MAX])
{
        Elf64_Ehdr h;
        Elf64_Phdr ph;
        int n = 0, seen = 0;

        if (rd(arg, 0, &h, sizeof h) < 0)
                return errno == ENODATA ? 0 : -1;
        if (!is_ours(&h))
                return 0;
        for (uint64_t i = 0; i < h.e_phnum && i < SEGMENTS_MAX && n == 0; i++) {
                if (rd(arg, h.e_phoff + i * sizeof ph, &ph, sizeof ph) < 0)
                        n = -1;
                else if (ph.p_type == PT_NOTE)
                        n = find_in(rd, arg, &ph, id, &seen);
        }
        return n < 0 && errno == ENODATA ? 0 : n;
}
