/* SPDX-License-Identifier: MIT */
/*
 * cmpcore.c - has one ELF core the memory that another has?
 *
 * usage: cmpcore THEIRS OURS
 *
 * Each page that THEIRS holds the bytes of must be the same in OURS; or OURS
 * has it as a page without bytes, and the mapped file, that OURS' NT_FILE
 * names, holds the same there, or, where no file is mapped, it is all zeros.
 * Prints how many pages were found in which way; status 1 if one was not.
 * Notes, registers and gaps in THEIRS are not looked at.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE    4096u

struct core {
        const char *path;
        const uint8_t *p;
        uint64_t len;
        const Elf64_Phdr *load;
        uint64_t n;
        const uint64_t *files;          /* NT_FILE: count, page size, then triples */
        const char *names;
};

static void die(const char *path, const char *what)
{
        fprintf(stderr, "cmpcore: %s: %s\n", path, what);
        exit(2);
}

static const void *at(const struct core *c, uint64_t off, uint64_t len)
{
        if (off > c->len || len > c->len - off)
                die(c->path, "goes beyond its end");
        return c->p + off;
}

static void find_files(struct core *c, const Elf64_Phdr *notes)
{
        uint64_t off = notes->p_offset, end = off + notes->p_filesz;

        while (off + sizeof(Elf64_Nhdr) <= end) {
                const Elf64_Nhdr *h = at(c, off, sizeof *h);
                uint64_t desc = off + sizeof *h + ((h->n_namesz + 3) & ~3u);

                if (h->n_type == NT_FILE) {
                        c->files = at(c, desc, h->n_descsz);
                        c->names = (const char *)(c->files + 2 + 3 * c->files[0]);
                }
                off = desc + ((h->n_descsz + 3) & ~3u);
        }
}

static struct core open_core(const char *path)
{
        struct core c = { .path = path };
        const Elf64_Ehdr *h;
        struct stat st;
        int fd = open(path, O_RDONLY);

        if (fd < 0 || fstat(fd, &st) < 0)
                die(path, "cannot be opened");
        c.len = (uint64_t)st.st_size;
        c.p = mmap(NULL, c.len, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
        if (c.p == MAP_FAILED)
                die(path, "cannot be mapped");
        close(fd);
        h = at(&c, 0, sizeof *h);
        if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_type != ET_CORE)
                die(path, "is no core");
        c.n = h->e_phnum;
        if (h->e_phnum == PN_XNUM)
                c.n = ((const Elf64_Shdr *)at(&c, h->e_shoff, sizeof(Elf64_Shdr)))->sh_info;
        c.load = at(&c, h->e_phoff, c.n * sizeof *c.load);
        for (uint64_t i = 0; i < c.n; i++)
                if (c.load[i].p_type == PT_NOTE)
                        find_files(&c, &c.load[i]);
        return c;
}

/* What file is mapped at addr, and what page of it? */
static const char *mapped(const struct core *c, uint64_t addr, uint64_t *off)
{
        const char *name = c->names;

        for (uint64_t i = 0; c->files && i < c->files[0]; i++, name += strlen(name) + 1) {
                const uint64_t *f = c->files + 2 + 3 * i;

                if (addr < f[0] || addr >= f[1])
                        continue;
                *off = f[2] * c->files[1] + addr - f[0];
                return name;
        }
        return NULL;
}

static int in_file(const struct core *c, uint64_t addr, const uint8_t *page, int *by_file)
{
        static const char *open_name;
        static int fd = -1;
        static uint8_t buf[PAGE];
        uint64_t off;
        const char *name = mapped(c, addr, &off);

        memset(buf, 0, sizeof buf);
        *by_file = name != NULL;
        if (name && name != open_name) {
                if (fd >= 0)
                        close(fd);
                fd = open(name, O_RDONLY);
                open_name = name;
        }
        if (name && (fd < 0 || pread(fd, buf, PAGE, (off_t)off) < 0))
                return 0;
        return memcmp(buf, page, PAGE) == 0;
}

static const Elf64_Phdr *segment(const struct core *c, uint64_t addr)
{
        static uint64_t last;

        for (uint64_t i = 0; i < c->n; i++) {
                const Elf64_Phdr *s = &c->load[(last + i) % c->n];

                if (s->p_type == PT_LOAD && addr >= s->p_vaddr && addr - s->p_vaddr < s->p_memsz) {
                        last = (last + i) % c->n;
                        return s;
                }
        }
        return NULL;
}

int main(int argc, char **argv)
{
        uint64_t same = 0, file = 0, zeros = 0, wrong = 0;
        struct core a, b;

        if (argc != 3)
                die("usage", "cmpcore THEIRS OURS");
        a = open_core(argv[1]);
        b = open_core(argv[2]);
        for (uint64_t i = 0; i < a.n; i++) {
                const Elf64_Phdr *t = &a.load[i];

                for (uint64_t done = 0; t->p_type == PT_LOAD && done + PAGE <= t->p_filesz; done += PAGE) {
                        uint64_t addr = t->p_vaddr + done;
                        const uint8_t *page = at(&a, t->p_offset + done, PAGE);
                        const Elf64_Phdr *o = segment(&b, addr);
                        int by_file = 0;

                        if (o && addr - o->p_vaddr < o->p_filesz && !memcmp(page, at(&b, o->p_offset + addr - o->p_vaddr, PAGE), PAGE))
                                same++;
                        else if (o && addr - o->p_vaddr >= o->p_filesz && in_file(&b, addr, page, &by_file))
                                *(by_file ? &file : &zeros) += 1;
                        else if (wrong++ < 20)
                                printf("%" PRIx64 ": %s\n", addr, !o ? "not there" : addr - o->p_vaddr < o->p_filesz ?
                                       "other bytes" : by_file ? "not what the file holds" : "not zeros");
                }
        }
        printf("%" PRIu64 " pages are the same, %" PRIu64 " in the mapped file, %" PRIu64 " zeros without bytes, %" PRIu64 " wrong\n",
               same, file, zeros, wrong);
        return wrong != 0 || same == 0;
}
