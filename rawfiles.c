/* SPDX-License-Identifier: MIT */
/* rawfiles.c - files of /proc/PID that go into the image as they are */
#include "rawfiles.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "image.h"
#include "util.h"

#define TEXT_MAX        (256u << 20)    /* bytes of one: more is nonsense */

#define EARLY           8               /* the first ones: mounts and namespaces, which may be long, and what has been counted */

static const char *const names[RAWFILES] = {
        "mountinfo", "uid_map", "gid_map", "setgroups", "timens_offsets", "io", "sched", "autogroup",
        "stat", "status", "maps", "limits", "cgroup", "timers", "oom_score_adj", "coredump_filter", "personality", "loginuid",
};

/* Some files are those of the whole process alone. */
static struct rawfile *get(struct rawfiles *r, int i)
{
        struct rawfile *f = &r->file[i];

        if (f->text || f->err)
                return f;
        if (read_file(r->live_dir, names[i], TEXT_MAX, &f->text, &f->len) == 0)
                return f;
        if (errno == ENOENT && r->live_dir != r->dir && read_file(r->dir, names[i], TEXT_MAX, &f->text, &f->len) == 0)
                return f;
        f->text = NULL;
        f->err = errno;
        return f;
}

void rawfiles_early(struct rawfiles *r)
{
        for (int i = 0; i < EARLY; i++)
                get(r, i);
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
        size_t len = strlen(text);

        if (i == RAWFILES)
                return;
        free(r->file[i].text);
        r->file[i] = (struct rawfile){ .text = malloc(len + 1), .len = len };
        if (r->file[i].text)
                memcpy(r->file[i].text, text, len + 1);
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
        return f->text;
}

int rawfiles_write(struct rawfiles *r, struct imgwrite *w, struct notes *notes)
{
        for (int i = 0; i < RAWFILES; i++) {
                struct rawfile *f = get(r, i);
                struct iovec v[2] = { { (void *)names[i], strlen(names[i]) + 1 }, { f->text, f->len } };

                if (!f->text) {
                        if (f->err != ENOENT)   /* absent in this kernel: no loss */
                                notes_add(notes, "%s: %s", names[i], strerror(f->err));
                        continue;
                }
                if (imgwrite_chunk(w, IMG_FILE, v, 2) < 0)
                        return -1;
                free(f->text);
                *f = (struct rawfile){ 0 };
        }
        return 0;
}

void rawfiles_free(struct rawfiles *r)
{
        for (int i = 0; i < RAWFILES; i++) {
                free(r->file[i].text);
                r->file[i] = (struct rawfile){ 0 };
        }
}
