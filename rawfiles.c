/* SPDX-License-Identifier: MIT */
/* rawfiles.c - files of /proc/PID that go into the image as they are */
#include "rawfiles.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image.h"

#define TEXT_MAX        (256u << 20)    /* bytes of one: more is nonsense */

#define LONG            (256u << 10)    /* bytes: not held longer than must be */

#define EARLY           9               /* the first ones: mounts and namespaces, which may be long, and what has been counted */
#define WHOLE           (RAWFILES - 6)  /* from here on: in one read, see slurp_again() */

static const char *const names[RAWFILES] = {
        "mountinfo", "uid_map", "gid_map", "setgroups", "timens_offsets", "cgroup", "io", "sched", "autogroup",
        "maps", "status", "timers",
        "stat", "limits", "oom_score_adj", "coredump_filter", "personality", "loginuid",
};

/* Some files are those of the whole process alone. */
static ssize_t read_it(struct rawfiles *r, struct rawfile *f, const char *name)
{
        ssize_t len = slurp(&f->text, r->live_dir, name, TEXT_MAX);

        if (len < 0 && errno == ENOENT && r->live_dir != r->dir)
                len = slurp(&f->text, r->dir, name, TEXT_MAX);
        return len;
}

static struct rawfile *get(struct rawfiles *r, int i)
{
        struct rawfile *f = &r->file[i];
        ssize_t len;

        if (f->known)
                return f;
        len = f->open ? slurp_again(&f->text, f->open, TEXT_MAX) : read_it(r, f, names[i]);
        f->known = 1;
        f->err = len < 0 ? errno : 0;
        f->len = len < 0 ? 0 : (size_t)len;
        return f;
}

void rawfiles_early(struct rawfiles *r)
{
        for (int i = 0; i < EARLY; i++)
                get(r, i);
}

void rawfiles_all(struct rawfiles *r)
{
        for (int i = 0; i < RAWFILES; i++)
                get(r, i);
}

void rawfiles_again(struct rawfiles *r)
{
        for (int i = EARLY; i < RAWFILES; i++) {
                struct rawfile *f = &r->file[i];

                f->known = 0;
                if (i >= WHOLE && !f->err && !f->open) {
                        int fd = slurp_open(r->live_dir, names[i]);

                        f->open = fd > 0 ? fd : 0;
                }
        }
}

static int find(const char *name)
{
        int i = 0;

        while (i < RAWFILES && strcmp(names[i], name))
                i++;
        return i;
}

void rawfiles_take(struct rawfiles *r, const char *name, const char *text)
{
        int i = find(name);
        struct rawfile *f = &r->file[i];

        if (i == RAWFILES || slurp_take(&f->text, text, strlen(text)) < 0)
                return;
        f->len = strlen(text);
        f->known = 1;
        f->err = 0;
}

const char *rawfiles_text(struct rawfiles *r, const char *name)
{
        struct rawfile *f;
        int i = find(name);

        if (i == RAWFILES) {
                errno = ENOENT;
                return NULL;
        }
        f = get(r, i);
        errno = f->err;
        return f->err ? NULL : f->text.p;
}

int rawfiles_write(struct rawfiles *r, struct imgwrite *w, struct notes *notes)
{
        for (int i = 0; i < RAWFILES; i++) {
                struct rawfile *f = &r->file[i];
                struct iovec v[2] = { { (void *)names[i], strlen(names[i]) + 1 }, { f->text.p, f->len } };

                if (f->err) {
                        if (f->err != ENOENT)   /* absent in this kernel: no loss */
                                notes_add(notes, "%s: %s", names[i], strerror(f->err));
                        continue;
                }
                if (imgwrite_chunk(w, IMG_FILE, v, 2) < 0)
                        return -1;
                if (f->text.cap > LONG)
                        slurp_free(&f->text);
        }
        return 0;
}

void rawfiles_free(struct rawfiles *r)
{
        for (int i = 0; i < RAWFILES; i++) {
                slurp_free(&r->file[i].text);
                if (r->file[i].open)
                        close(r->file[i].open);
                r->file[i] = (struct rawfile){ 0 };
        }
}
