/* SPDX-License-Identifier: MIT */
/* snapshot.c - how the memory of the target comes to be copied */
#include "snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "room.h"
#include "util.h"

#define SMALL           (1u << 20)      /* bytes of a process that are copied rather than it is cloned */
#define HEADS           (64u << IMG_PAGE_SHIFT) /* for the first pages of its files, and the [vdso] */
#define SHARE           4               /* of the memory that there is, such a part at most is taken for what is kept */

/* Not that way: stopped, then. -1 after fail(): it was to be that way. */
static int give_up(struct snapshot *s, const char *why)
{
        s->way = SNAPSHOT_STOP;
        snprintf(s->why, sizeof s->why, "%s", why);
        if (s->wish == SNAPSHOT_ALWAYS)
                return fail("no snapshot: %s", why);
        say("no snapshot: %s", why);
        return 0;
}

/* The memory for what is kept: as much as is expected is there at once. */
static int reserve(struct snapshot *s, uint64_t expected, uint64_t room)
{
        char why[128];

        if (expected <= room / SHARE && keep_reserve(&s->keep, 2 * expected + SMALL, expected) == 0)
                return 0;
        snprintf(why, sizeof why, "%" PRIu64 " MiB that a clone lacks are too much for the memory there is", expected >> 20);
        return give_up(s, why);
}

int snapshot_plan(struct snapshot *s, const struct pages *p, int dir, uint64_t own)
{
        uint64_t lacking, room;

        if (s->wish == SNAPSHOT_NEVER)
                return 0;
        if (pages_watched(p->maps))
                return give_up(s, p->maps->n && p->maps->map[0].vmflags_known ?
                               "userfaultfd watches its memory" : "this kernel does not tell what a clone lacks (VmFlags)");
        if (!own)
                return give_up(s, "this kernel does not tell how much memory it has");
        if (pages_estimate(p, &lacking) < 0)
                return -1;
        room = room_of(dir);
        if (s->wish == SNAPSHOT_ANY && own + lacking <= SMALL) {
                s->way = SNAPSHOT_KEEP;
                return reserve(s, own + lacking + HEADS, room);
        }
        if (own > room)
                return give_up(s, "copying on write could take all memory");
        s->way = SNAPSHOT_TWIN;
        return reserve(s, lacking, room);
}

/* Do its children come into the namespace that it is in? The first one in a new one is its init, or freezes its clocks. */
static int children_elsewhere(int dir, pid_t tid, const char *name)
{
        char path[64], own[64] = "", theirs[64] = "";

        snprintf(path, sizeof path, "task/%d/ns/%s", tid, name);
        if (readlinkat(dir, path, own, sizeof own - 1) <= 0)
                return 0;               /* the kernel has no such namespaces */
        snprintf(path, sizeof path, "task/%d/ns/%s_for_children", tid, name);
        return readlinkat(dir, path, theirs, sizeof theirs - 1) <= 0 || strcmp(own, theirs);
}

int snapshot_check(struct snapshot *s, const struct pages *p, int dir, pid_t tid)
{
        if (s->way == SNAPSHOT_STOP)
                return 0;
        if (pages_watched(p->maps))
                return give_up(s, "userfaultfd watches its memory");
        if (s->way == SNAPSHOT_TWIN && (children_elsewhere(dir, tid, "pid") || children_elsewhere(dir, tid, "time")))
                return give_up(s, "a child of it comes into another namespace, or may");
        return 0;
}

int snapshot_beware(struct snapshot *s, const char *why)
{
        return why && s->way == SNAPSHOT_TWIN ? give_up(s, why) : 0;
}

void snapshot_hold_ahead(struct snapshot *s, const struct pages *p)
{
        struct trace t = {              /* whether the target died is for the other thread to say */
                .pid = p->t->pid, .live = p->t->live, .dir = p->t->dir, .live_dir = p->t->live_dir, .mem = p->t->mem,
        };
        struct pages own = *p;

        if (s->way == SNAPSHOT_STOP)
                return;
        for (size_t i = 0; i < p->maps->n; i++)
                if (secret_is(p->maps, &p->maps->map[i]) || (t.mem < 0 && p->maps->map[i].vmflags & IMG_VMFLAG_HT))
                        return;         /* they are copied inside; what can only be read by pinning it is in the clone's way */
        own.t = &t;
        own.keep = &s->keep;
        own.whole = s->way == SNAPSHOT_KEEP;
        s->ahead = pages_keep(&own) == 0;
}

void snapshot_again(struct snapshot *s)
{
        s->ahead = 0;
}

int snapshot_hold(struct snapshot *s, struct pages *p, int outside, int clone)
{
        char why[128];
        int rc;

        if (s->way == SNAPSHOT_TWIN && clone <= 0) {
                snprintf(why, sizeof why, "clone: %s", strerror(-clone));
                if (give_up(s, outside ? "no code may run in the process" :
                            clone ? why : "the parasite could not be mapped, or was held up") < 0)
                        return -1;
        }
        if (s->way == SNAPSHOT_STOP)
                return 0;
        p->keep = &s->keep;
        p->whole = s->way == SNAPSHOT_KEEP;
        rc = s->ahead ? pages_renew(p) : 1;
        if (rc == 1) {
                keep_empty(&s->keep);
                rc = pages_keep(p);
        }
        if (rc == 0)
                return 0;
        p->keep = NULL;
        p->whole = 0;
        return rc < 0 ? -1 : give_up(s, "more memory came than there was room for");
}

int snapshot_read(struct snapshot *s, struct pages *p, struct trace *t, pid_t ns_pid, uint64_t data, struct imgwrite *w)
{
        if (s->way == SNAPSHOT_STOP)
                return 0;
        if (s->way == SNAPSHOT_TWIN) {
                if (twin_adopt(&s->twin, t, ns_pid, data) < 0)
                        return -1;
                p->t = &s->twin.t;
        }
        return pages_write(p, w);
}

int snapshot_end(struct snapshot *s, struct trace *t)
{
        keep_free(&s->keep);
        return twin_end(&s->twin, t);
}
