/* SPDX-License-Identifier: MIT */
/* fdinfo.c - what /proc/PID/fdinfo/N said, in words and as JSON */
#include "fdinfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "text.h"

static const char epoll_names[] =
        "EPOLL\0" "IN\0PRI\0OUT\0ERR\0HUP\0" "6RDNORM\0RDBAND\0WRNORM\0WRBAND\0MSG\0" "13RDHUP\0" "28EXCLUSIVE\0WAKEUP\0ONESHOT\0ET\0";

static const char inotify_names[] =
        "IN_\0" "ACCESS\0MODIFY\0ATTRIB\0CLOSE_WRITE\0CLOSE_NOWRITE\0OPEN\0MOVED_FROM\0MOVED_TO\0CREATE\0DELETE\0DELETE_SELF\0"
        "MOVE_SELF\0" "13UNMOUNT\0Q_OVERFLOW\0IGNORED\0" "24ONLYDIR\0DONT_FOLLOW\0EXCL_UNLINK\0"
        "28MASK_CREATE\0MASK_ADD\0ISDIR\0ONESHOT\0";

static const char fanotify_names[] =
        "FAN_\0" "ACCESS\0MODIFY\0ATTRIB\0CLOSE_WRITE\0CLOSE_NOWRITE\0OPEN\0MOVED_FROM\0MOVED_TO\0CREATE\0DELETE\0DELETE_SELF\0"
        "MOVE_SELF\0OPEN_EXEC\0" "14Q_OVERFLOW\0FS_ERROR\0OPEN_PERM\0ACCESS_PERM\0OPEN_EXEC_PERM\0" "27EVENT_ON_CHILD\0RENAME\0"
        "30ONDIR\0";

/* The values that are worth more than the kernel's text. */
static const struct info {
        const char *name;       /* what stands before the colon */
        const char *key;
        uint8_t base;
        char how;               /* 'd' a number, 'u' one of 64 bits, 'x' the same in hex, 'p' a pair of seconds and
                                   ns, 's' signals, 'n' a name, 'b' names of bits, 'm' those of a mask of events */
        const char *names;
} infos[] = {
        { "tfd", "fd", 10, 'd', NULL },
        { "events", "events", 16, 'b', epoll_names },
        { "data", "data", 16, 'x', NULL },
        { "eventfd-count", "count", 16, 'u', NULL },
        { "eventfd-id", "id", 10, 'd', NULL },
        { "eventfd-semaphore", "semaphore", 10, 'd', NULL },
        { "sigmask", "signals", 16, 's', NULL },
        { "clockid", "clock", 10, 'n', names_clock },
        { "ticks", "ticks", 10, 'u', NULL },
        { "settime flags", "flags", 8, 'b', "TFD_TIMER_\0" "ABSTIME\0CANCEL_ON_SET\0" },
        { "it_value", "value", 10, 'p', NULL },
        { "it_interval", "interval", 10, 'p', NULL },
        { "inotify wd", "wd", 16, 'd', NULL },
        { "mask", "mask", 16, 'm', NULL },
        { "ignored_mask", "ignored_mask", 16, 'm', NULL },
        { "Pid", "pid", 10, 'd', NULL },
        { NULL, NULL, 0, 0, NULL },
};

struct token {
        const struct info *info;        /* NULL: another word */
        size_t len;                     /* of the word or of the name */
        uint64_t v, ns;
        const char *names;
};

/* What begins at p, which is neither blank nor the end. Returns what is behind it. The text ends in NUL. */
static const char *next(const char *p, uint32_t kind, struct token *t)
{
        const struct info *i = infos;
        char *end;

        *t = (struct token){ .len = strcspn(p, " \t\n") };
        while (i->name && (strncmp(p, i->name, strlen(i->name)) != 0 || p[strlen(i->name)] != ':'))
                i++;
        if (!i->name)
                return p + t->len;
        t->info = i;
        t->names = i->how != 'm' ? i->names : kind == IMG_FD_INOTIFY ? inotify_names : fanotify_names;
        p += strlen(i->name) + 1;
        p += strspn(p, " \t(");
        t->v = strtoull(p, &end, i->base);
        if (i->how == 'p' && *end == ',')
                t->ns = strtoull(end + 1, &end, 10);
        return end + (*end == ')');
}

/* These lines have fields of their own. */
static int told(const char *p)
{
        return strncmp(p, "pos:", 4) == 0 || strncmp(p, "flags:", 6) == 0 || strncmp(p, "mnt_id:", 7) == 0 ||
               strncmp(p, "ino:", 4) == 0;
}

static void value_text(const struct token *t, int *column)
{
        char buf[NAMES_LEN];

        text_word(t->info->key, column);
        if (t->info->how == 's')
                text_signals(t->v, column);
        else if (t->info->how == 'b' || t->info->how == 'm')
                text_bits(t->v, t->names, column);
        else if (t->info->how == 'n' && name_in(t->names, (int64_t)t->v, buf))
                text_word(buf, column);
        else if (t->info->how == 'p')
                *column += printf(" %" PRIu64 ".%09" PRIu64 " s", t->v, t->ns);
        else
                *column += printf(t->info->how == 'x' ? " %#" PRIx64 : " %" PRIu64, t->v);
}

void fdinfo_text(const struct model_str *s, uint32_t kind)
{
        int column = 0;
        struct token t;

        for (const char *p = s ? s->p : "", *word; *p; ) {
                p += strspn(p, " \t");
                if (!column && told(p))
                        p += strcspn(p, "\n");
                if (*p == '\n') {
                        if (column)
                                putchar('\n');
                        column = 0;
                        p++;
                } else if (*p) {
                        if (!column)
                                column = text_item("state");
                        word = p;
                        p = next(p, kind, &t);
                        if (t.info) {
                                value_text(&t, &column);
                        } else {
                                text_gap(t.len, &column);
                                column += text_bytes(word, t.len);
                        }
                }
        }
        if (column)
                putchar('\n');
}

static void value_json(struct json *j, const struct token *t)
{
        const char *key = t->info->key;
        char other[NAMES_LEN], buf[NAMES_LEN];

        if (t->info->how == 'd' || t->info->how == 'n') {
                json_int(j, key, (int32_t)t->v);
        } else if (t->info->how != 'p') {
                json_hex(j, key, t->v);
        } else {
                snprintf(other, sizeof(other), "%s_sec", key);
                json_hex(j, other, t->v);
                snprintf(other, sizeof(other), "%s_ns", key);
                json_hex(j, other, t->ns);
        }
        fields_names_key(other, key, t->info->how != 'n');
        if (t->info->how == 'n')
                json_text(j, other, name_in(t->names, (int64_t)t->v, buf));
        else if (t->names)
                json_bits(j, other, t->v, t->names);
}

static void state_json(struct json *j, const char *p, uint32_t kind)
{
        unsigned seen = 0;              /* of infos, in this line: no key comes twice */
        int first = 1;                  /* word of the line */
        struct token t;

        json_open(j, "state", '[');
        while (*p) {
                p += strspn(p, " \t");
                if (first && told(p))
                        p += strcspn(p, "\n");
                first = *p == '\n';
                if (first) {
                        if (seen)
                                json_close(j, '}');
                        seen = 0;
                        p++;
                } else if (*p) {
                        p = next(p, kind, &t);
                        if (!t.info || seen >> (t.info - infos) & 1)
                                continue;
                        if (!seen)
                                json_open(j, NULL, '{');
                        seen |= 1u << (t.info - infos);
                        value_json(j, &t);
                }
        }
        if (seen)
                json_close(j, '}');
        json_close(j, ']');
}

void fdinfo_json(struct json *j, const struct model_str *s, uint32_t kind)
{
        json_parts(j, "fdinfo", s ? s->p : NULL, s ? s->kept : 0, '\n');
        if (s)
                state_json(j, s->p, kind);
        else
                json_null(j, "state");
}
