/* SPDX-License-Identifier: MIT */
/* state.c - all of a process that is not its memory, into chunks */
#include "state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "image.h"
#include "payload.h"
#include "util.h"

#define RAW_MAX (256u << 20)    /* bytes of one raw /proc file */

/* Copied as they are: cheap, and whatever is not understood today can be read from them later. */
static const char *const raw_files[] = {
        "stat", "status", "maps", "limits", "cgroup", "mountinfo", "io", "sched", "timers",
        "oom_score_adj", "coredump_filter", "personality", "loginuid", "uid_map", "gid_map",
};

static void add_link(struct payload *b, const struct state *s, uint32_t id, const char *link)
{
        char path[PATH_MAX];
        ssize_t n = readlinkat(s->t->live_dir, link, path, sizeof path);

        if (n < 0)
                notes_add(s->notes, "%s: %s", link, strerror(errno));
        else
                payload_str(b, id, path, (size_t)n);
}

static void add_file(struct payload *b, const struct state *s, uint32_t id, const char *file)
{
        char *text;
        size_t len;

        if (read_file(s->t->live_dir, file, RAW_MAX, &text, &len) < 0) {
                notes_add(s->notes, "%s: %s", file, strerror(errno));
                return;
        }
        payload_str(b, id, text, len);
        free(text);
}

static void add_host(struct payload *b)
{
        char text[sizeof(struct utsname)];
        struct utsname u;
        int n;

        if (uname(&u) < 0)
                return;
        n = snprintf(text, sizeof text, "%s%c%s%c%s", u.nodename, 0, u.release, 0, u.version);
        payload_str(b, IMG_STR_HOST, text, (size_t)n);
}

static int write_proc(const struct state *s, struct imgwrite *w)
{
        const struct proc_stat *st = s->stat;
        struct payload b = { 0 };
        struct img_proc p = {
                .size = sizeof p, .threads = (uint32_t)s->t->n,
                .pid = s->t->pid, .ppid = st->ppid, .tgid = s->status->tgid,
                .pgid = st->pgid, .sid = st->sid,
                .umask = s->status->umask,
                .start_ticks = st->start_ticks, .dump_time_ns = s->stopped_ns,
                .start_code = st->start_code, .end_code = st->end_code,
                .start_data = st->start_data, .end_data = st->end_data,
                .start_brk = st->start_brk,
                .start_stack = st->start_stack,
                .arg_start = st->arg_start, .arg_end = st->arg_end,
                .env_start = st->env_start, .env_end = st->env_end,
                .uid = s->status->uid, .gid = s->status->gid, .state = (uint8_t)st->state,
        };

        if (s->parasite) {
                p.brk = s->parasite->misc.brk;
                if (p.umask == ~0u)
                        p.umask = (uint32_t)s->parasite->misc.umask;
        } else {
                p.flags |= IMG_PROC_OUTSIDE;
        }
        if (!st->start_code)
                notes_add(s->notes, "memory layout: not told by /proc/PID/stat");
        payload_add(&b, &p, sizeof p);
        payload_str(&b, IMG_STR_COMM, st->comm, strlen(st->comm));
        add_link(&b, s, IMG_STR_EXE, "exe");
        add_link(&b, s, IMG_STR_CWD, "cwd");
        add_link(&b, s, IMG_STR_ROOT, "root");
        add_file(&b, s, IMG_STR_CMDLINE, "cmdline");
        add_file(&b, s, IMG_STR_ENVIRON, "environ");
        add_file(&b, s, IMG_STR_AUXV, "auxv");
        add_host(&b);
        return imgwrite_payload(w, IMG_PROC, &b);
}

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

static int write_raw(const struct state *s, struct imgwrite *w, const char *file)
{
        struct iovec v[2] = { { (void *)file, strlen(file) + 1 }, { NULL, 0 } };
        char *text;
        int rc;

        if (read_file(s->t->live_dir, file, RAW_MAX, &text, &v[1].iov_len) < 0) {
                if (errno != ENOENT)    /* absent in this kernel: no loss */
                        notes_add(s->notes, "%s: %s", file, strerror(errno));
                return 0;
        }
        v[1].iov_base = text;
        rc = imgwrite_chunk(w, IMG_FILE, v, 2);
        free(text);
        return rc;
}

int state_write(const struct state *s, struct imgwrite *w)
{
        if (write_proc(s, w) < 0 ||
            write_maps(s->maps, w) < 0 ||
            (s->parasite && write_asked(s, w) < 0) ||
            timers_write(s->timers, s->parasite != NULL, w, s->notes) < 0)
                return -1;
        for (size_t i = 0; i < sizeof raw_files / sizeof *raw_files; i++)
                if (write_raw(s, w, raw_files[i]) < 0)
                        return -1;
        return 0;
}

int state_write_notes(struct notes *notes, struct imgwrite *w)
{
        struct iovec v = { notes->text, 0 };

        notes_end(notes);
        v.iov_len = notes->len;
        return notes->len ? imgwrite_chunk(w, IMG_NOTE, &v, 1) : 0;
}
