/* SPDX-License-Identifier: MIT */
/*
 * core.c - crdump core: an ELF core of an image, for gdb and its kin
 *
 *      +----------------------------+
 *      | ELF header                 |
 *      | a PT_NOTE, then PT_LOADs   |
 *      | section header 0           |  only if they are more than fit into the ELF header
 *      | notes, see corenote.h      |
 *      | zeros up to a page         |
 *      +----------------------------+
 *      | the bytes of the PT_LOADs  |  zeros are holes
 *      +----------------------------+
 *
 * What a PT_LOAD has no bytes of (p_filesz < p_memsz, see coreseg.h) a debugger
 * takes from the mapped file, or for zeros.
 */
#include "core.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corenote.h"
#include "coreseg.h"
#include "load.h"
#include "outfile.h"
#include "progress.h"
#include "sparse.h"
#include "util.h"

struct core {
        struct load *l;
        struct model m;
        struct coresegs segments;
        struct sparse out;
};

/* First reading: the state, what segments there will be, and that all of it is right. */
static int collect(struct core *c, const char *out)
{
        struct img_run run;
        struct stat st;
        int rc;

        if (load_state(c->l) < 0)
                return -1;
        while ((rc = load_run(c->l, &run, NULL)) > 0)
                if (coreseg_add(&c->segments, &c->m, &run) < 0 || stop_wanted())
                        return -1;
        if (rc == 0 && c->segments.n >= UINT32_MAX)
                return fail("%" PRIu64 " segments are too many for a core", c->segments.n);
        if (rc == 0 && c->m.how[__builtin_ctz(IMG_HOW_BASE)] && stat(out, &st) == 0)
                rc = load_needs(c->l, st.st_dev, st.st_ino);
        return rc > 0 ? fail("%s is the image's base, or a base of that", out) : rc;
}

static uint32_t flags_of(uint32_t prot)
{
        return (prot & IMG_MAP_R ? PF_R : 0) | (prot & IMG_MAP_W ? PF_W : 0) | (prot & IMG_MAP_X ? PF_X : 0);
}

/* The PT_LOADs, whose bytes start at off. */
static int put_segments(struct core *c, uint64_t off)
{
        const struct model_map *map = c->m.maps;

        for (uint64_t i = 0; i < c->segments.n; i++) {
                const struct coreseg *s = &c->segments.v[i];
                Elf64_Phdr p = {
                        .p_type = PT_LOAD, .p_offset = off, .p_vaddr = s->addr, .p_filesz = s->filed, .p_memsz = s->len,
                        .p_align = IMG_PAGE,
                };

                while (map->m.end <= s->addr)
                        map++;
                p.p_flags = flags_of(map->m.prot);
                if (sparse_put(&c->out, &p, sizeof(p)) < 0)
                        return -1;
                off += s->filed;
        }
        return 0;
}

/* All that comes before the bytes of memory; notes: so many bytes of them. */
static int put_headers(struct core *c, uint64_t notes)
{
        uint64_t many = c->segments.n + 1 >= PN_XNUM, start = sizeof(Elf64_Ehdr) + (c->segments.n + 1) * sizeof(Elf64_Phdr);
        Elf64_Ehdr h = {
                .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
                .e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
                .e_ehsize = sizeof(h), .e_phoff = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = (uint16_t)(many ? PN_XNUM : c->segments.n + 1),
        };
        Elf64_Shdr real = { .sh_size = 1, .sh_info = (uint32_t)(c->segments.n + 1) };
        Elf64_Phdr p = { .p_type = PT_NOTE, .p_filesz = notes, .p_align = 4 };

        if (many) {
                h.e_shoff = start;
                h.e_shentsize = sizeof(real);
                h.e_shnum = 1;
                start += sizeof(real);
        }
        p.p_offset = start;
        start += notes;
        if (sparse_put(&c->out, &h, sizeof(h)) < 0 || sparse_put(&c->out, &p, sizeof(p)) < 0 ||
            put_segments(c, start + (-start & (IMG_PAGE - 1))) < 0 ||
            (many && sparse_put(&c->out, &real, sizeof(real)) < 0) || corenote_put(&c->out, c->l, &c->m, &c->segments) < 0)
                return -1;
        return sparse_align(&c->out, IMG_PAGE);
}

/* Second reading: the bytes of memory. Should the image be another one by now, load_run() says so at its end. */
static int put_memory(struct core *c)
{
        const unsigned char *data;
        struct img_run run;
        int rc = load_rewind(c->l);

        while (rc == 0 && (rc = load_run(c->l, &run, &data)) > 0) {
                uint64_t len = (uint64_t)run.n << IMG_PAGE_SHIFT;

                rc = stop_wanted();
                if (rc == 0 && coreseg_filed(&run))
                        rc = data ? sparse_put(&c->out, data, len) : sparse_zeros(&c->out, len);
        }
        return rc;
}

/* Both at once, or the core would take the image's place. */
static int same_file(const char *path, const char *out)
{
        struct stat a, b;

        return stat(path, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int write_to(struct core *c, int fd, const char *path)
{
        uint64_t notes;

        sparse_begin(&c->out, -1, NULL);
        if (corenote_put(&c->out, c->l, &c->m, &c->segments) < 0)
                return -1;
        notes = c->out.off;
        sparse_begin(&c->out, fd, path);
        return put_headers(c, notes) < 0 || put_memory(c) < 0 ? -1 : sparse_end(&c->out);
}

static int write_file(struct core *c, const char *path)
{
        struct outfile o;
        int rc = outfile_create(&o, path, NULL), err = 0;

        if (rc == 0)
                rc = write_to(c, o.fd, path);
        if (rc == 0)
                err = outfile_sync(&o);
        if (err) {
                errno = err;
                rc = fail("write %s:", path);
        }
        if (rc == 0)
                rc = outfile_publish(&o);
        outfile_close(&o);
        return rc;
}

static int make(struct core *c, const char *path, const char *out)
{
        int rc;

        if (!load_seekable(c->l))
                return fail("%s: an image is read twice for a core, so it cannot come from a pipe", path);
        if (strcmp(out, "-") != 0 && same_file(path, out))
                return fail("%s is the image itself", out);
        if (collect(c, out) < 0)
                return -1;
        rc = strcmp(out, "-") == 0 ? write_to(c, STDOUT_FILENO, "standard output") : write_file(c, out);
        if (rc == 0)
                inform("core of %" PRId32 " (%s): %" PRIu32 " thread%s, %" PRIu64 " segments, %" PRIu64 " bytes",
                       c->m.proc.pid, c->m.str[IMG_STR_COMM].p ? c->m.str[IMG_STR_COMM].p : "?", c->m.threads_n,
                       c->m.threads_n == 1 ? "" : "s", c->segments.n, c->out.off);
        return rc;
}

int core(const char *path, const char *out)
{
        struct core *c = calloc(1, sizeof(*c));
        int status = EXIT_FAILED, rc;

        if (!c)
                return fail("%s:", path), EXIT_FAILED;
        catch_signals();
        if (strcmp(out, "-") != 0 || !isatty(STDOUT_FILENO))
                progress_begin(2);
        c->l = load_open(&c->m, path);
        if (c->l)
                load_watch(c->l, stop_wanted);
        rc = c->l ? make(c, path, out) : -1;
        progress_end();
        status = load_close(c->l);
        if (status == EXIT_DONE && rc < 0)
                status = EXIT_FAILED;
        model_free(&c->m);
        free(c->segments.v);
        free(c);
        return status == EXIT_FAILED && stop_signal() ? 128 + stop_signal() : status;
}
