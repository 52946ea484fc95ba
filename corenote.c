/* SPDX-License-Identifier: MIT */
/* corenote.c - the notes of an ELF core */
#include "corenote.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

#include "util.h"

#define FXSAVE  512u            /* bytes: xstate begins with what FXSAVE saves, and that is NT_FPREGSET */

_Static_assert(sizeof(struct elf_prstatus) == 336 && sizeof(struct elf_prpsinfo) == 136, "as the kernel has them");
_Static_assert(sizeof(((struct elf_prstatus *)0)->pr_reg) == NAMES_REGS * sizeof(uint64_t), "user_regs_struct");

/* What comes before a note's content of len bytes. Its name is CORE, but for what only Linux has. */
static int put_head(struct sparse *out, uint32_t type, uint64_t len)
{
        const char *name = type == NT_X86_XSTATE ? "LINUX\0\0" : "CORE\0\0\0";
        Elf64_Nhdr head = { (uint32_t)strlen(name) + 1, (uint32_t)len, type };

        if (len > UINT32_MAX)
                return fail("a note of %llu bytes does not fit into a core", (unsigned long long)len);
        return sparse_put(out, &head, sizeof(head)) < 0 ? -1 : sparse_put(out, name, 8);
}

static int put(struct sparse *out, uint32_t type, const void *p, uint64_t len)
{
        return put_head(out, type, len) < 0 || sparse_put(out, p, len) < 0 ? -1 : sparse_align(out, 4);
}

/* Signals pending for a thread, as a set. */
static uint64_t pending(const struct model_thread *t)
{
        const struct model_str *s = model_str(&t->strs, IMG_TSTR_SIGINFO);
        uint64_t set = 0;
        int32_t sig;

        for (uint32_t at = 0; s && at + IMG_SIGINFO <= s->kept; at += IMG_SIGINFO) {
                memcpy(&sig, s->p + at, sizeof(sig));
                if (sig > 0 && sig <= NAMES_SIGNALS)
                        set |= 1ull << (sig - 1);
        }
        return set;
}

static int put_prstatus(struct sparse *out, const struct model *m, const struct model_thread *t)
{
        struct elf_prstatus s;

        memset(&s, 0, sizeof(s));       /* no signal has ended it: pr_cursig is 0 */
        s.pr_sigpend = pending(t);
        s.pr_sighold = t->t.blocked;
        s.pr_pid = t->t.tid;
        s.pr_ppid = m->proc.ppid;
        s.pr_pgrp = m->proc.pgid;
        s.pr_sid = m->proc.sid;
        memcpy(s.pr_reg, t->regs, sizeof(s.pr_reg));
        s.pr_fpvalid = t->t.xstate_len >= FXSAVE;
        return put(out, NT_PRSTATUS, &s, sizeof(s));
}

static int put_prpsinfo(struct sparse *out, const struct model *m, const struct model_thread *t)
{
        static const char states[] = "RSDTZW";
        const struct model_bytes *args = &m->str[IMG_STR_CMDLINE], *comm = &m->str[IMG_STR_COMM];
        int creds = t->t.known & IMG_THREAD_CREDS;
        struct elf_prpsinfo p;
        const char *state;

        memset(&p, 0, sizeof(p));
        p.pr_sname = (char)m->proc.state;
        state = p.pr_sname ? strchr(states, p.pr_sname) : NULL;
        p.pr_state = (char)(state ? state - states : 0);
        p.pr_zomb = p.pr_sname == 'Z';
        p.pr_nice = (char)(t->t.known & IMG_THREAD_SCHED ? t->t.nice : 0);
        p.pr_uid = creds ? t->t.uid[0] : m->proc.uid;
        p.pr_gid = creds ? t->t.gid[0] : m->proc.gid;
        p.pr_pid = m->proc.tgid;
        p.pr_ppid = m->proc.ppid;
        p.pr_pgrp = m->proc.pgid;
        p.pr_sid = m->proc.sid;
        if (comm->p)
                memcpy(p.pr_fname, comm->p, comm->len < sizeof(p.pr_fname) ? comm->len : sizeof(p.pr_fname) - 1);
        for (size_t i = 0; args->p && i < args->len && i < sizeof(p.pr_psargs) - 1; i++)
                p.pr_psargs[i] = (char)(args->p[i] ? args->p[i] : ' ');
        return put(out, NT_PRPSINFO, &p, sizeof(p));
}

/* The length of the name of a mapping of a file, with a NUL; 0: it is none. Shared memory counts as a file. */
static size_t file_name(const struct model_map *map)
{
        if (!map->m.name_len || map->name[0] == '[' || (map->name[0] != '/' && !map->m.ino))
                return 0;
        return strnlen(map->name, map->m.name_len) + 1;
}

/* The mapping of a segment; *at: that of the one before. */
static const struct model_map *map_of(const struct model *m, const struct coreseg *s, uint32_t *at)
{
        while (m->maps[*at].m.end <= s->addr)
                ++*at;
        return &m->maps[*at];
}

/* NT_FILE: how many, the size of a page; of each start, end and offset, in pages; then the names. */
static int put_files(struct sparse *out, const struct model *m, const struct coresegs *s)
{
        uint64_t head[2] = { 0, IMG_PAGE }, names = 0;
        const struct coreseg *seg, *end = s->n ? s->v + s->n : s->v;
        const struct model_map *map;
        uint32_t at = 0;
        size_t len;

        for (seg = s->v; seg < end; seg++) {
                len = file_name(map_of(m, seg, &at));
                names += len;
                head[0] += len != 0;
        }
        if (put_head(out, NT_FILE, sizeof(head) + head[0] * 24 + names) < 0 || sparse_put(out, head, sizeof(head)) < 0)
                return -1;
        for (seg = s->v, at = 0; seg < end; seg++) {
                uint64_t v[3] = { seg->addr, seg->addr + seg->len };

                map = map_of(m, seg, &at);
                v[2] = (map->m.off + (seg->addr - map->m.start)) >> IMG_PAGE_SHIFT;
                if (file_name(map) && sparse_put(out, v, sizeof(v)) < 0)
                        return -1;
        }
        for (seg = s->v, at = 0; seg < end; seg++) {
                map = map_of(m, seg, &at);
                len = file_name(map);
                if (len && (sparse_put(out, map->name, len - 1) < 0 || sparse_zeros(out, 1) < 0))
                        return -1;
        }
        return sparse_align(out, 4);
}

static int put_auxv(struct sparse *out, const struct model *m)
{
        const struct model_bytes *auxv = &m->str[IMG_STR_AUXV];

        return auxv->p ? put(out, NT_AUXV, auxv->p, auxv->len) : 0;
}

/* The registers that xstate holds. */
static int put_xstate(struct sparse *out, struct load *l, const struct model_thread *t, uint32_t i)
{
        unsigned char *xstate;
        int rc;

        if (t->t.xstate_len < FXSAVE)
                return 0;
        xstate = malloc(t->t.xstate_len);
        if (!xstate)
                return fail("not enough memory for a core:");
        rc = out->fd < 0 ? 0 : load_xstate(l, i, xstate);
        if (rc == 0)
                rc = put(out, NT_FPREGSET, xstate, FXSAVE);
        if (rc == 0)
                rc = put(out, NT_X86_XSTATE, xstate, t->t.xstate_len);
        free(xstate);
        return rc;
}

/* A thread; with the first one goes what the process has. */
static int put_thread(struct sparse *out, struct load *l, const struct model *m, const struct coresegs *s, uint32_t i, int first)
{
        static const unsigned char no_signal[IMG_SIGINFO];
        const struct model_thread *t = &m->threads[i];

        if (put_prstatus(out, m, t) < 0 || (first && put_prpsinfo(out, m, t) < 0) ||
            put(out, NT_SIGINFO, no_signal, sizeof(no_signal)) < 0 ||
            (first && (put_auxv(out, m) < 0 || put_files(out, m, s) < 0)))
                return -1;
        return put_xstate(out, l, t, i);
}

int corenote_put(struct sparse *out, struct load *l, const struct model *m, const struct coresegs *s)
{
        uint32_t leader = 0;

        while (leader < m->threads_n && m->threads[leader].t.tid != m->proc.tgid)
                leader++;
        if (leader == m->threads_n)     /* it has ended before the others */
                leader = 0;
        if (m->threads_n && put_thread(out, l, m, s, leader, 1) < 0)
                return -1;
        for (uint32_t i = 0; i < m->threads_n; i++)
                if (i != leader && put_thread(out, l, m, s, i, 0) < 0)
                        return -1;
        return 0;
}
