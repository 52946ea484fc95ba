/* SPDX-License-Identifier: MIT */
/* corefile.c - crdump core as a target, and a judge of the ELF files that it writes */
#include "corefile.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core.h"
#include "../../load.h"
#include "../../util.h"

#define NOTES_MAX       (1u << 20)
#define TOO_LARGE       (1ull << 30)    /* pages, for a file: 4 TiB */

static int out = -1;                    /* the file that stdout leads to */

static void read_at(uint64_t off, void *to, size_t len)
{
        if (off > INT64_MAX || pread(out, to, len, (off_t)off) != (ssize_t)len)
                fuzz_blame("the core ends before %" PRIu64, off + len);
}

/* Every note is whole, the last one ends where its segment does; how many NT_PRSTATUS there are. */
static uint32_t judge_notes(const Elf64_Phdr *p)
{
        uint8_t *notes = malloc(p->p_filesz + 1);
        uint64_t at = 0;
        uint32_t threads = 0;
        Elf64_Nhdr n;

        if (!notes)
                abort();
        read_at(p->p_offset, notes, p->p_filesz);
        while (p->p_filesz - at >= sizeof n) {
                uint64_t len;

                memcpy(&n, notes + at, sizeof n);
                len = sizeof n + (n.n_namesz + 3ull) / 4 * 4 + (n.n_descsz + 3ull) / 4 * 4;
                if (n.n_namesz > 8 || len > p->p_filesz - at)
                        fuzz_blame("note of type %" PRIu32 " at %" PRIu64, n.n_type, at);
                threads += n.n_type == NT_PRSTATUS;
                at += len;
        }
        if (at != p->p_filesz)
                fuzz_blame("%" PRIu64 " bytes behind the notes", p->p_filesz - at);
        free(notes);
        return threads;
}

/* The segments go upwards, in memory and in the file, and are all in it. */
static void judge_core(const struct model *m)
{
        uint64_t last = 0, off = 0, n, loaded = 0, told = 0;
        Elf64_Ehdr h;
        Elf64_Shdr s;
        Elf64_Phdr p;
        struct stat st;

        read_at(0, &h, sizeof h);
        if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_type != ET_CORE || h.e_phentsize != sizeof p || fstat(out, &st) < 0)
                fuzz_blame("no ELF core");
        n = h.e_phnum;
        if (n == PN_XNUM) {
                read_at(h.e_shoff, &s, sizeof s);
                n = s.sh_info;
        }
        for (uint64_t i = 0; i < n; i++) {
                read_at(h.e_phoff + i * sizeof p, &p, sizeof p);
                if (p.p_offset < off || p.p_filesz > (uint64_t)st.st_size - p.p_offset || p.p_offset > (uint64_t)st.st_size)
                        fuzz_blame("segment %" PRIu64 " at %" PRIu64 " in the file", i, p.p_offset);
                off = p.p_offset + p.p_filesz;
                if ((p.p_type == PT_NOTE) != (i == 0) || (i == 0 && p.p_filesz <= NOTES_MAX && judge_notes(&p) != m->threads_n))
                        fuzz_blame("not all threads are in the notes");
                if (i == 0)
                        continue;
                if (p.p_vaddr < last || p.p_filesz > p.p_memsz || p.p_offset % IMG_PAGE || !model_map_at(m, p.p_vaddr))
                        fuzz_blame("segment %" PRIu64 " at %" PRIx64, i, (uint64_t)p.p_vaddr);
                last = p.p_vaddr + p.p_memsz;
                loaded += p.p_memsz;
        }
        for (uint32_t i = 0; i < m->maps_n; i++)
                told += m->maps[i].m.end - m->maps[i].m.start;
        if (loaded != told)
                fuzz_blame("%" PRIu64 " bytes of memory in the core, %" PRIu64 " in the image", loaded, told);
}

void corefile_run(const uint8_t *data, size_t len)
{
        const char *path = fuzz_file(data, len);
        uint64_t pages = 0;
        struct model m;
        int status = load(&m, path, 1), made;

        for (int kind = 0; kind < MODEL_KINDS; kind++)
                pages += m.pages[kind];
        if (out < 0)
                out = memfd_create("core", MFD_CLOEXEC);
        if (out < 0 || ftruncate(out, 0) < 0 || lseek(out, 0, SEEK_SET) < 0 || dup2(out, STDOUT_FILENO) < 0)
                abort();
        made = core(path, "-");
        if (made != status && !(status == EXIT_DONE && made == EXIT_FAILED && pages > TOO_LARGE) && !fuzz_may_fail())
                fuzz_blame("exit status %d, of an image that check says %d of", made, status);
        if (made == EXIT_DONE)
                judge_core(&m);
        fuzz_status = status;
        model_free(&m);
}
