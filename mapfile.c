/* SPDX-License-Identifier: MIT */
/* mapfile.c - the files and shared memory objects that mappings lead to */
#include "mapfile.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "image.h"
#include "pagemap.h"
#include "util.h"

#define READ_NS         2000000000ull   /* for a piece of a file, while the target is stopped */
#define PAGE_UP(n)      (((n) + IMG_PAGE - 1) & ~(uint64_t)(IMG_PAGE - 1))

/* ---- the table ---- */

/* Of a mapping and a file, as qsort(3) wants it. */
static int compare_map(const struct proc_maps *m, const struct proc_map *map, const struct mapfile *file)
{
        size_t len = strlen(file->name), least = len < map->name_len ? len : map->name_len;
        int rc;

        if (map->ino != file->ino)
                return map->ino < file->ino ? -1 : 1;
        if (map->dev_major != file->dev_major)
                return map->dev_major < file->dev_major ? -1 : 1;
        if (map->dev_minor != file->dev_minor)
                return map->dev_minor < file->dev_minor ? -1 : 1;
        rc = memcmp(m->names + map->name, file->name, least);
        return rc ? rc : (map->name_len > len) - (map->name_len < len);
}

static int compare(const void *p, const void *q)
{
        const struct mapfile *a = p, *b = q;

        if (a->ino != b->ino)
                return a->ino < b->ino ? -1 : 1;
        if (a->dev_major != b->dev_major)
                return a->dev_major < b->dev_major ? -1 : 1;
        if (a->dev_minor != b->dev_minor)
                return a->dev_minor < b->dev_minor ? -1 : 1;
        return strcmp(a->name, b->name);
}

struct mapfile *mapfiles_find(const struct mapfiles *f, const struct proc_maps *m, const struct proc_map *map)
{
        size_t lo = 0, hi = f->n;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;
                int rc = compare_map(m, map, &f->file[mid]);

                if (rc == 0)
                        return &f->file[mid];
                if (rc > 0)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

/* The first page of an ELF file, from memory that has it. 1: it is there, or it is no ELF file; 0: it could not be read. */
static int take_head(struct mapfile *file, struct trace *t)
{
        uint8_t page[IMG_PAGE];

        if (trace_read(t, t->live, file->head_at, page, sizeof page) < 0)
                return 0;
        file->no_elf = memcmp(page, ELFMAG, SELFMAG) != 0;
        if (file->no_elf)
                return 1;
        file->head = malloc(sizeof page);
        if (file->head)
                memcpy(file->head, page, sizeof page);
        return file->head != NULL;
}

/* What is its file to be looked at for? The first page only if the page tables have none; if they have the file's, head_at tells where. */
static uint8_t wanted(struct mapfile *file, struct pagemap *p, const struct proc_map *map, int all)
{
        enum pagemap_state state;
        uint64_t n;

        if (all)
                return MAPFILE_HEAD | MAPFILE_CONTENT;
        if (map->shared || map->off)
                return 0;
        if (pagemap_next(p, map->start, map->start + IMG_PAGE, &n, &state) < 0 || state == PAGEMAP_ABSENT)
                return MAPFILE_HEAD;
        if (state == PAGEMAP_FILE)
                file->head_at = map->start;
        return 0;
}

/* Of each file once, and before its system is asked: that may not answer. */
static void take_heads(struct mapfile *file, size_t n, struct trace *t)
{
        unsigned heads = 0;

        for (size_t i = 0; i < n; i++) {
                if (!file[i].head_at)
                        continue;
                file[i].want |= MAPFILE_HEAD;
                if (heads < MAPFILE_HEADS && take_head(&file[i], t)) {
                        file[i].want &= (uint8_t)~MAPFILE_HEAD;
                        heads++;
                }
        }
}

static int add(struct mapfile **file, size_t *n, size_t *cap, const struct proc_maps *m, const struct proc_map *map)
{
        struct mapfile *more;

        if (*n == *cap) {
                *cap = *cap ? *cap * 2 : 64;
                more = realloc(*file, *cap * sizeof *more);
                if (!more)
                        return -1;
                *file = more;
        }
        (*file)[*n] = (struct mapfile){
                .name = strndup(m->names + map->name, map->name_len), .ino = map->ino,
                .dev_major = map->dev_major, .dev_minor = map->dev_minor,
                .start = map->start, .end = map->end, .fd = -1,
                .off = map->off, .upto = map->off + (map->end - map->start),
        };
        return (*file)[(*n)++].name ? 0 : -1;
}

/* Sorted, each file once. Returns how many are left. */
static size_t unite(struct mapfile *file, size_t n)
{
        size_t kept = 0;

        if (n)
                qsort(file, n, sizeof *file, compare);
        for (size_t i = 0; i < n; i++) {
                if (kept && compare(&file[kept - 1], &file[i]) == 0) {
                        file[kept - 1].want |= file[i].want;
                        file[kept - 1].off = file[i].off < file[kept - 1].off ? file[i].off : file[kept - 1].off;
                        file[kept - 1].upto = file[i].upto > file[kept - 1].upto ? file[i].upto : file[kept - 1].upto;
                        if (!file[kept - 1].head_at)
                                file[kept - 1].head_at = file[i].head_at;
                        free(file[i].name);
                } else {
                        file[kept++] = file[i];
                }
        }
        return kept;
}

/* Files of mappings that are not in the table yet: malloc'ed to *file. Returns how many, or -1. */
static ssize_t collect(struct mapfiles *f, int dir, const struct proc_maps *m, int all, struct mapfile **file)
{
        struct pagemap pagemap;
        size_t n = 0, cap = 0;
        int rc = 0;

        pagemap_begin(&pagemap, dir);
        *file = NULL;
        for (size_t i = 0; i < m->n && rc == 0; i++) {
                const struct proc_map *map = &m->map[i];

                if (!proc_map_of_file(map) || !map->name_len || mapfiles_find(f, m, map))
                        continue;
                rc = add(file, &n, &cap, m, map);
                if (rc == 0)
                        (*file)[n - 1].want |= wanted(&(*file)[n - 1], &pagemap, map, all);
                else
                        fail("files of mappings:");
        }
        pagemap_close(&pagemap);
        return rc < 0 ? -1 : (ssize_t)unite(*file, n);
}

int mapfiles_look(struct mapfiles *f, struct trace *t, int dir, const struct proc_maps *m, int all)
{
        struct mapfile *more, *table;
        ssize_t n;

        n = collect(f, dir, m, all, &more);
        if (n < 0)
                return -1;
        if (n == 0)
                return 0;
        take_heads(more, (size_t)n, t);
        if (maplook(dir, more, (size_t)n) < 0)
                return -1;
        table = realloc(f->file, (f->n + (size_t)n) * sizeof *table);
        if (!table)
                return fail("files of mappings:");
        memcpy(table + f->n, more, (size_t)n * sizeof *table);
        free(more);
        f->file = table;
        f->n += (size_t)n;
        qsort(table, f->n, sizeof *table, compare);
        return 0;
}

/* The names stay: a thread that was left behind may have them. */
void mapfiles_close(struct mapfiles *f)
{
        for (size_t i = 0; i < f->n; i++) {
                if (f->file[i].fd >= 0)
                        close(f->file[i].fd);
                free(f->file[i].head);
        }
        free(f->file);
        free(f->op);
        *f = (struct mapfiles){ .n = 0 };
}

/* ---- reading ---- */

struct mapfile_op {             /* one call or two on a file, made aside */
        int      fd;
        int      internal;
        int      err;
        uint64_t off;           /* bytes */
        uint64_t len;           /* fstat(2) */
        uint64_t to;            /* the end of the extent that off lies in */
        int      hole;
        size_t   want;          /* bytes to be read */
        ssize_t  got;
        uint8_t  buf[(size_t)MAPFILE_PAGES * IMG_PAGE];
};

/* Where the extent ends that begins at off. All that is no hole by lseek(2) is data. */
static void find_extent(void *arg)
{
        struct mapfile_op *op = arg;
        struct stat st;
        off_t at;

        op->err = fstat(op->fd, &st) < 0 ? errno : 0;
        if (op->err)
                return;
        op->len = (uint64_t)st.st_size;
        op->to = op->len;
        op->hole = 0;
        if (op->off >= op->len)
                return;
        if (op->internal && !st.st_blocks) {    /* hugetlbfs knows no holes */
                op->hole = 1;
                return;
        }
        at = lseek(op->fd, (off_t)op->off, SEEK_DATA);
        if (at < 0 && errno == ENXIO) {
                op->hole = 1;
        } else if (at >= 0 && (uint64_t)at >= op->off + IMG_PAGE) {
                op->hole = 1;
                op->to = (uint64_t)at & ~(uint64_t)(IMG_PAGE - 1);
        } else if (at >= 0) {
                at = lseek(op->fd, at, SEEK_HOLE);
                if (at > (off_t)op->off)
                        op->to = (uint64_t)at;
        }
}

static void read_piece(void *arg)
{
        struct mapfile_op *op = arg;
        size_t done = 0;

        op->got = 0;
        op->err = 0;
        while (done < op->want) {
                ssize_t n = pread(op->fd, op->buf + done, op->want - done, (off_t)(op->off + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        op->err = errno;
                if (n <= 0)
                        break;
                done += (size_t)n;
        }
        op->got = (ssize_t)done;
}

/* 0; or -1 when stop_wanted(). A file that does not answer is not asked again. */
static int do_op(struct mapfiles *f, struct mapfile *file, void (*job)(void *))
{
        f->op->fd = file->fd;
        f->op->internal = file->internal;
        if (file->internal) {
                job(f->op);
                return 0;
        }
        if (aside_run(job, f->op, READ_NS) == 0)
                return 0;
        f->op = NULL;
        file->fd = -1;
        file->stuck = 1;
        file->err = ETIMEDOUT;
        return stop_wanted();
}

static int need_op(struct mapfiles *f)
{
        if (!f->op)
                f->op = malloc(sizeof *f->op);
        return f->op ? 0 : fail("read files of mappings:");
}

int mapfile_extent(struct mapfiles *f, struct mapfile *file, uint64_t off, uint64_t end, uint64_t *n, int *hole)
{
        if (off < file->from || off >= file->to) {
                if (need_op(f) < 0)
                        return -1;
                f->op->off = off;
                if (do_op(f, file, find_extent) < 0)
                        return -1;
                if (!f->op || f->op->err) {
                        file->from = off;       /* reading it says what is wrong */
                        file->to = end;
                        file->hole = 0;
                } else {
                        file->len = f->op->len;
                        file->sized = 1;
                        file->from = off;
                        file->to = PAGE_UP(f->op->to);
                        file->hole = (uint8_t)f->op->hole;
                }
        }
        *hole = file->hole;
        *n = file->to > off ? (file->to < end ? file->to : end) - off : 0;
        return 0;
}

ssize_t mapfile_read(struct mapfiles *f, struct mapfile *file, uint64_t off, uint8_t *buf, size_t pages)
{
        ssize_t got;

        errno = file->err;
        if (file->fd < 0)
                return 0;
        if (need_op(f) < 0)
                return -1;
        f->op->off = off;
        f->op->want = pages << IMG_PAGE_SHIFT;
        if (do_op(f, file, read_piece) < 0)
                return -1;
        errno = file->err;
        if (!f->op)
                return 0;
        errno = f->op->err ? f->op->err : EIO;  /* it has become shorter */
        got = f->op->got;
        if (got == 0)
                return 0;
        memcpy(buf, f->op->buf, (size_t)got);
        memset(buf + got, 0, (size_t)(-got & (IMG_PAGE - 1)));
        return (ssize_t)(PAGE_UP((uint64_t)got) >> IMG_PAGE_SHIFT);
}
