/* SPDX-License-Identifier: MIT */
/* mounts.c - which file systems answer without asking anybody */
#include "mounts.h"

#include <stdlib.h>
#include <string.h>

/*
 * Only what was looked at. Not in it: those that ask a server, those whose
 * flush() (close(2) of any copy calls it) does something: fuse, nfs, cifs,
 * afs, ecryptfs, orangefs, tracefs (it wakes the reader of trace_pipe_raw),
 * and those with files of drivers: debugfs, configfs.
 */
static const struct type {
        const char name[12];
        unsigned magic;         /* uapi/linux/magic.h; 0: that of another line, or not needed */
} local[] = {
        { "ext4", 0xef53 }, { "ext3", 0 }, { "ext2", 0 }, { "xfs", 0x58465342 }, { "btrfs", 0x9123683e },
        { "f2fs", 0xf2f52010 }, { "tmpfs", 0x01021994 }, { "ramfs", 0x858458f6 }, { "rootfs", 0 },
        { "devtmpfs", 0 }, { "overlay", 0x794c7630 }, { "squashfs", 0x73717368 }, { "erofs", 0xe0f5e1e2 },
        { "proc", 0x9fa0 }, { "sysfs", 0x62656572 }, { "cgroup", 0x27e0eb }, { "cgroup2", 0x63677270 },
        { "devpts", 0x1cd1 }, { "mqueue", 0x19800202 }, { "hugetlbfs", 0x958458f6 }, { "nsfs", 0x6e736673 },
        { "vfat", 0x4d44 }, { "exfat", 0x2011bab0 }, { "iso9660", 0x9660 }, { "udf", 0x15013346 },
        { "cramfs", 0x28cd3d45 }, { "romfs", 0x7275 }, { "jffs2", 0x72b6 }, { "ubifs", 0x24051905 },
};

static int is_local(const char *type)
{
        for (size_t i = 0; i < sizeof local / sizeof *local; i++)
                if (!strcmp(local[i].name, type))
                        return 1;
        return 0;
}

int mounts_local_magic(unsigned long magic)
{
        for (size_t i = 0; i < sizeof local / sizeof *local; i++)
                if (magic && local[i].magic == magic)
                        return 1;
        return 0;
}

static int by_id(const void *a, const void *b)
{
        const struct mount *x = a, *y = b;

        return (x->id > y->id) - (x->id < y->id);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": blanks in names are written as \040. */
static int parse_line(char *line, struct mount *m)
{
        char *end, *type = strstr(line, " - ");
        long id = strtol(line, &end, 10);

        if (end == line || *end != ' ' || id < 0 || id > 0x7fffffff || !type)
                return 0;
        type += 3;
        type[strcspn(type, " ")] = '\0';
        *m = (struct mount){ (int)id, is_local(type), type };
        return 1;
}

int mounts_parse(const char *from, struct mounts *m)
{
        char *text = strdup(from);
        size_t lines = 1;

        for (const char *p = from; *p; p++)
                lines += *p == '\n';
        *m = (struct mounts){ calloc(lines, sizeof *m->v), 0, text };
        if (!m->v || !text) {
                mounts_free(m);
                return -1;
        }
        for (char *p = text, *eol; *p; p = eol) {
                eol = p + strcspn(p, "\n");
                if (*eol)
                        *eol++ = '\0';
                m->n += (size_t)parse_line(p, &m->v[m->n]);
        }
        qsort(m->v, m->n, sizeof *m->v, by_id);
        return 0;
}

const struct mount *mounts_find(const struct mounts *m, int id)
{
        struct mount key = { .id = id };

        return m->n ? bsearch(&key, m->v, m->n, sizeof key, by_id) : NULL;
}

void mounts_free(struct mounts *m)
{
        free(m->v);
        free(m->text);
        *m = (struct mounts){ 0 };
}
