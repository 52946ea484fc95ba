/* SPDX-License-Identifier: MIT */
/* state.c - all of a process that is not its memory, into chunks */
#include "state.h"

#include <string.h>
#include <sys/uio.h>

#include "image.h"
#include "payload.h"
#include "util.h"

static int write_maps(const struct proc_maps *m, struct imgwrite *w)
{
        struct img_array a = { (uint32_t)m->n, sizeof(struct img_map) };
        struct payload b = { 0 };

        payload_add(&b, &a, sizeof a);
        for (size_t i = 0; i < m->n; i++) {
                const struct proc_map *p = &m->map[i];
                struct img_map out = {
                        .start = p->start, .end = p->end, .off = p->off, .ino = p->ino,
                        .dev_major = p->dev_major, .dev_minor = p->dev_minor,
                        .prot = (p->r ? IMG_MAP_R : 0) | (p->w ? IMG_MAP_W : 0) |
                                (p->x ? IMG_MAP_X : 0) | (p->shared ? IMG_MAP_SHARED : 0),
                        .vmflags_known = p->vmflags_known, .vmflags = p->vmflags,
                        .name = p->name, .name_len = p->name_len,
                };

                payload_add(&b, &out, sizeof out);
        }
        payload_add(&b, m->names, m->names_len);
        return imgwrite_payload(w, IMG_MAPS, &b);
}

static int write_array(struct imgwrite *w, uint32_t tag, const void *p, uint32_t n, uint32_t size)
{
        struct img_array a = { n, size };
        struct iovec v[2] = { { &a, sizeof a }, { (void *)p, (size_t)n * size } };

        return imgwrite_chunk(w, tag, v, 2);
}

/* PR_GET_IO_FLUSHER, without asking: parasite.c says why not. PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE, both. */
static int is_io_flusher(const struct proc_stat *st)
{
        const uint32_t both = 0x00080000u | 0x00100000u;

        return (st->flags & both) == both;
}

static int write_misc(const struct parasite_misc *m, const struct proc_stat *st, struct imgwrite *w)
{
        struct img_misc out = {
                .size = sizeof out, .tid = m->tid, .pid = m->pid, .ppid = m->ppid,
                .pgid = m->pgid, .sid = m->sid, .dumpable = m->dumpable, .subreaper = m->subreaper,
                .thp_disable = m->thp_disable, .no_new_privs = m->no_new_privs,
                .pdeath_signal = m->pdeath_signal, .timer_slack_err = m->timer_slack_err,
                .timer_slack_ns = m->timer_slack_ns, .brk = m->brk, .personality = m->personality,
                .tid_address = m->tid_address, .altstack_sp = m->altstack_sp,
                .altstack_size = m->altstack_size, .altstack_flags = m->altstack_flags,
                .umask = (uint32_t)m->umask, .mdwe = m->mdwe, .tsc = m->tsc, .cpuid = m->cpuid,
                .speculation = { m->speculation[0], m->speculation[1], m->speculation[2] },
                .io_flusher = is_io_flusher(st), .securebits = m->securebits, .mce_kill = m->mce_kill,
        };
        struct iovec v = { &out, sizeof out };

        return imgwrite_chunk(w, IMG_MISC, &v, 1);
}

static int write_asked(const struct state *s, struct imgwrite *w)
{
        const struct parasite_data *p = s->parasite;

        if (write_array(w, IMG_SIGA, p->sigaction, PARASITE_SIGNALS, sizeof p->sigaction[0]) < 0 ||
            write_array(w, IMG_ITIM, p->itimer, 3, sizeof p->itimer[0]) < 0)
                return -1;
        return write_misc(&p->misc, s->stat, w);
}

int state_take(const struct state *s, struct imgwrite *w)
{
        procstate_take(s->proc, s->stat);
        return procstate_write(s->proc, s->status, s->parasite ? &s->parasite->misc : NULL, s->stopped_ns, w);
}

int state_write(const struct state *s, struct imgwrite *w)
{
        if (procstate_write_limits(s->proc, w) < 0 || write_maps(s->maps, w) < 0 ||
            (s->parasite && write_asked(s, w) < 0) ||
            timers_write(s->timers, s->parasite != NULL, w, s->notes) < 0)
                return -1;
        return rawfiles_write(s->proc->raw, w, s->notes);
}

int state_write_notes(struct notes *notes, struct imgwrite *w)
{
        struct iovec v = { notes->text, 0 };

        notes_end(notes);
        v.iov_len = notes->len;
        return notes->len ? imgwrite_chunk(w, IMG_NOTE, &v, 1) : 0;
}
