/* SPDX-License-Identifier: MIT */
/* showfd.c - open descriptors in words and as JSON */
#include "showfd.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fdinfo.h"
#include "fields.h"
#include "names.h"
#include "showsock.h"
#include "showtty.h"
#include "text.h"

#define CONTENT_MAX     60      /* bytes of a content in words */
#define PACKETS_MAX     12      /* packets of it */
#define KINDS           32      /* of the summary; more than enum img_fd_kind has */
#define URING           "io_uring: requests in flight, and what is registered, are not in the image: only the mapped rings are"

#define F(known, member, kind, key)     FIELD_IF(known, struct img_fd, member, kind, key, NULL)

static const char kind_names[] =
        "\0" "other\0file\0dir\0char\0block\0pipe\0fifo\0socket\0tty\0epoll\0eventfd\0signalfd\0timerfd\0inotify\0fanotify\0pidfd\0"
        "memfd\0io_uring\0userfaultfd\0bpf\0perf\0mqueue\0secretmem\0namespace\0symlink\0kvm\0";

static const char open_names[] =        /* O_RDONLY has no bit: see access_bits() */
        "O_\0" "WRONLY\0RDWR\0" "6CREAT\0EXCL\0NOCTTY\0TRUNC\0APPEND\0NONBLOCK\0DSYNC\0ASYNC\0DIRECT\0LARGEFILE\0DIRECTORY\0"
        "NOFOLLOW\0NOATIME\0CLOEXEC\0SYNC\0PATH\0TMPFILE\0" "63RDONLY\0";

const struct field showfd_fields[] = {
        FIELD(struct img_fd, fd, FIELD_INT, "-fd", NULL),
        F(IMG_FD_FLAGS, flags, FIELD_OCT, "-flags"),
        F(IMG_FD_FLAGS, pos, FIELD_UINT, "offset"),
        F(IMG_FD_FLAGS, cloexec, FIELD_YES, ",close_on_exec"),
        FIELD(struct img_fd, table, FIELD_INT, "-table", NULL),
        F(IMG_FD_SAME, same_as, FIELD_INT, "-same_as"),
        F(IMG_FD_SAME, same_table, FIELD_INT, "-same_table"),
        F(IMG_FD_STAT, len, FIELD_SIZE, "size"),
        F(IMG_FD_STAT, mode, FIELD_OCT, ",mode"),
        F(IMG_FD_STAT, nlink, FIELD_UINT, ",links"),
        F(IMG_FD_STAT, uid, FIELD_UINT, ",uid"),
        F(IMG_FD_STAT, gid, FIELD_UINT, ",gid"),
        F(IMG_FD_STAT, ino, FIELD_UINT, "-inode"),
        F(IMG_FD_STAT, rdev_major, FIELD_UINT, "-rdev_major"),
        F(IMG_FD_STAT, rdev_minor, FIELD_UINT, "-rdev_minor"),
        F(IMG_FD_STAT, mtime_sec, FIELD_INT, "-mtime_sec"),
        F(IMG_FD_STAT, mtime_ns, FIELD_UINT, "-mtime_ns"),
        FIELD(struct img_fd, mnt_id, FIELD_INT, "-mnt_id", NULL),
        F(IMG_FD_OWNER, owner, FIELD_INT, "?owner"),
        FIELD_IF(IMG_FD_OWNER, struct img_fd, owner_type, FIELD_NAME, ",owner_type", "F_OWNER_\0" "TID\0PID\0PGRP\0"),
        F(IMG_FD_OWNER, signal, FIELD_SIGNAL, ",signal"),
        FIELD_IF(IMG_FD_LEASE, struct img_fd, lease, FIELD_NAME, "?lease", "F_\0" "RDLCK\0WRLCK\0UNLCK\0"),
        FIELD_IF(IMG_FD_SEALS, struct img_fd, seals, FIELD_BITS, "?seals",
                 "F_SEAL_\0" "SEAL\0SHRINK\0GROW\0WRITE\0FUTURE_WRITE\0EXEC\0"),
        F(IMG_FD_PIPE, pipe_len, FIELD_SIZE, "?pipe_size"),
        F(IMG_FD_QUEUED, queued, FIELD_SIZE, "?queued"),
        { 0 },
};

static const struct field mq_fields[] = {
        { "mq_flags", open_names, 0, 8, FIELD_BITS, 0 },
        { ",maxmsg", NULL, 8, 8, FIELD_INT, 0 },
        { ",msgsize", NULL, 16, 8, FIELD_INT, 0 },
        { ",curmsgs", NULL, 24, 8, FIELD_INT, 0 },
        { 0 },
};

static uint64_t access_bits(uint32_t flags)
{
        return flags | (flags & 3 ? 0 : (uint64_t)1 << 63);
}

const char *showfd_kind(uint32_t kind, char buf[NAMES_LEN])
{
        return name_in(kind_names, kind, buf) ? buf : "?";
}

/* The first one of a table that is not the process's? */
static int first_of_table(const struct model *m, uint32_t i)
{
        return m->fds[i].f.table && (i == 0 || m->fds[i].f.table != m->fds[i - 1].f.table);
}

void showfd_sum_text(const struct model *m)
{
        uint32_t n[KINDS] = { 0 }, tables = 1;
        char buf[NAMES_LEN];

        for (uint32_t i = 0; i < m->fds_n; i++) {
                n[m->fds[i].f.kind < KINDS ? m->fds[i].f.kind : IMG_FD_OTHER]++;
                tables += first_of_table(m, i);
        }
        text_label("descriptors");
        printf(m->have_fds ? "%" PRIu32 : "not known", m->fds_n);
        if (tables > 1)
                printf(" in %" PRIu32 " tables", tables);
        for (uint32_t kind = 0, some = 0; kind < KINDS; kind++)
                if (n[kind])
                        printf("%s%" PRIu32 " %s", some++ ? ", " : ": ", n[kind], showfd_kind(kind, buf));
        putchar('\n');
}

static void flags_text(const struct img_fd *f)
{
        int column = text_item("flags");

        if (!(f->known & IMG_FD_FLAGS)) {
                printf("not known\n");
                return;
        }
        if (!(f->flags & 3))
                text_word("O_RDONLY", &column);
        if (f->flags)
                text_bits(f->flags, open_names, &column);
        putchar('\n');
}

static void stat_text(const struct img_fd *f)
{
        if (!(f->known & IMG_FD_STAT))
                return;
        text_item("inode");
        printf("%" PRIu64 " on %02" PRIx32 ":%02" PRIx32 ", mount %" PRId32, f->ino, f->dev_major, f->dev_minor, f->mnt_id);
        if (f->kind == IMG_FD_CHAR || f->kind == IMG_FD_BLOCK || f->kind == IMG_FD_TTY)
                printf(", device %" PRIu32 ", %" PRIu32, f->rdev_major, f->rdev_minor);
        printf(", modified ");
        text_date(f->mtime_sec);
        putchar('\n');
}

/* Of s, as far as it is kept. */
static uint32_t packet(const struct model_str *s, size_t i)
{
        uint32_t len;

        memcpy(&len, s->p + i * sizeof(len), sizeof(len));
        return len;
}

static size_t packets(const struct model_str *s)
{
        return s ? s->kept / sizeof(uint32_t) : 0;
}

static void packets_text(const struct model_str *s)
{
        size_t n = packets(s) < PACKETS_MAX ? packets(s) : PACKETS_MAX;

        if (!s)
                return;
        text_item("packets");
        printf("%" PRIu64, s->len / sizeof(uint32_t));
        for (size_t i = 0; i < n; i++)
                printf("%s%" PRIu32, i ? " " : ", bytes: ", packet(s, i));
        printf(s->len / sizeof(uint32_t) > n ? "...\n" : "\n");
}

static void content_text(const struct model_fd *f)
{
        const struct model_str *s = model_str(&f->strs, IMG_FSTR_CONTENT);
        int whole = (f->f.known & IMG_FD_CONTENT) != 0;

        if (!s && !whole)
                return;
        text_item("content");
        if (!s || !s->len) {
                printf(whole ? "none\n" : "not known\n");
                return;
        }
        text_size(s->len);
        printf(whole ? " in the image: " : " of more in the image: ");
        text_bytes(s->p, s->kept < CONTENT_MAX ? s->kept : CONTENT_MAX);
        printf(s->len > CONTENT_MAX ? "...\n" : "\n");
        packets_text(model_str(&f->strs, IMG_FSTR_PACKETS));
}

/* What of it is known, and more than that nothing is there. */
static uint32_t worth(const struct img_fd *f)
{
        uint32_t known = f->known;

        if (!f->owner && !f->signal)
                known &= ~IMG_FD_OWNER;
        if (f->lease == 2)              /* F_UNLCK */
                known &= ~IMG_FD_LEASE;
        return known;
}

/* Whose table begins here. */
static void table_text(const struct model *m, int32_t table)
{
        int column = printf("\n") - 1 + text_label("table of threads");
        char tid[16];

        for (uint32_t i = 0; i < m->threads_n; i++)
                if (m->threads[i].t.known & IMG_THREAD_TABLE && m->threads[i].t.fd_table == table) {
                        snprintf(tid, sizeof(tid), "%" PRId32, m->threads[i].t.tid);
                        text_word(tid, &column);
                }
        putchar('\n');
}

static void fd_text(const struct model_fd *f)
{
        const struct model_str *path = model_str(&f->strs, IMG_FSTR_PATH), *why = model_str(&f->strs, IMG_FSTR_WHY);
        const struct model_str *mq = model_str(&f->strs, IMG_FSTR_MQUEUE);
        char buf[NAMES_LEN];

        printf("\ndescriptor %" PRId32, f->f.fd);
        if (f->f.table)
                printf(" of thread %" PRId32, f->f.table);
        printf(" %s ", showfd_kind(f->f.kind, buf));
        if (path)
                text_bytes(path->p, path->kept);
        if (f->f.known & IMG_FD_SAME && f->f.same_as >= 0) {
                printf(", same open file as %" PRId32, f->f.same_as);
                if (f->f.same_table != f->f.table)
                        printf(f->f.same_table ? " of thread %" PRId32 : " of the process", f->f.same_table);
        }
        putchar('\n');
        flags_text(&f->f);
        fields_text(showfd_fields, &f->f, sizeof(f->f), worth(&f->f));
        stat_text(&f->f);
        content_text(f);
        showsock_text(f);
        showtty_text(f);
        if (mq)
                fields_text(mq_fields, mq->p, mq->kept, 0);
        fdinfo_text(model_str(&f->strs, IMG_FSTR_FDINFO), f->f.kind);
        if (f->f.kind == IMG_FD_URING)
                text_line("note", URING, strlen(URING));
        if (why)
                text_lines("missing", why->p, why->kept, '\n');
}

void showfd_text(const struct model *m)
{
        if (!m->have_fds)
                printf("\ndescriptors: not known\n");
        for (uint32_t i = 0; i < m->fds_n; i++) {
                if (first_of_table(m, i))
                        table_text(m, m->fds[i].f.table);
                fd_text(&m->fds[i]);
        }
}

static void content_json(struct json *j, const struct model_fd *f)
{
        const struct model_str *s = model_str(&f->strs, IMG_FSTR_CONTENT), *cut = model_str(&f->strs, IMG_FSTR_PACKETS);
        int whole = (f->f.known & IMG_FD_CONTENT) != 0;

        if (!s && !whole) {
                json_null(j, "content");
                return;
        }
        json_open(j, "content", '{');
        json_hex(j, "len", s ? s->len : 0);
        json_bool(j, "all", whole);
        json_string(j, "start", s ? s->p : "", s ? s->kept : 0);
        json_open(j, "packets", '[');
        for (size_t i = 0; i < packets(cut); i++)
                json_int(j, NULL, packet(cut, i));
        json_close(j, ']');
        json_close(j, '}');
}

static void fd_json(struct json *j, const struct model_fd *f)
{
        const struct model_str *path = model_str(&f->strs, IMG_FSTR_PATH), *why = model_str(&f->strs, IMG_FSTR_WHY);
        const struct model_str *mq = model_str(&f->strs, IMG_FSTR_MQUEUE);
        char buf[NAMES_LEN];

        json_open(j, NULL, '{');
        json_text(j, "kind", showfd_kind(f->f.kind, buf));
        json_string(j, "path", path ? path->p : NULL, path ? path->kept : 0);
        fields_json(j, showfd_fields, &f->f, sizeof(f->f), f->f.known);
        if (f->f.known & IMG_FD_FLAGS)
                json_bits(j, "flag_names", access_bits(f->f.flags), open_names);
        else
                json_null(j, "flag_names");
        if (f->f.known & IMG_FD_STAT)
                json_dev(j, "dev", f->f.dev_major, f->f.dev_minor);
        else
                json_null(j, "dev");
        content_json(j, f);
        showsock_json(j, f);
        showtty_json(j, f);
        if (mq) {
                json_open(j, "mqueue", '{');
                fields_json(j, mq_fields, mq->p, mq->kept, 0);
                json_close(j, '}');
        } else {
                json_null(j, "mqueue");
        }
        fdinfo_json(j, model_str(&f->strs, IMG_FSTR_FDINFO), f->f.kind);
        json_parts(j, "missing", why ? why->p : "", why ? why->kept : 0, '\n');
        json_close(j, '}');
}

void showfd_json(struct json *j, const struct model *m)
{
        if (!m->have_fds) {
                json_null(j, "fds");
                return;
        }
        json_open(j, "fds", '[');
        for (uint32_t i = 0; i < m->fds_n; i++)
                fd_json(j, &m->fds[i]);
        json_close(j, ']');
}
