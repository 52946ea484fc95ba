/* SPDX-License-Identifier: MIT */
/* proctext.c - the parsers of /proc text and of what else the capture reads, as targets */
#include "proctext.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../buildid.h"
#include "../../proc.h"
#include "../../procstate.h"
#include "../../procthread.h"
#include "../../timers.h"

/* The input as text with a NUL behind it, in memory of its own. */
static char *text_of(const uint8_t *data, size_t len)
{
        char *text = malloc(len + 1);

        if (!text)
                abort();
        if (len)
                memcpy(text, data, len);
        text[len] = '\0';
        return text;
}

void proctext_stat(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        struct proc_stat st = { 0 };

        if (proc_parse_stat(text, &st) == 0 && !memchr(st.comm, '\0', sizeof st.comm))
                fuzz_blame("a comm without an end");
        free(text);
}

void proctext_status(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        struct proc_status st = { 0 };

        proc_parse_status(text, &st);
        free(text);
}

void proctext_thread(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        struct procthread p;
        uint32_t n;

        procthread_parse(text, &p);
        for (const char *s = p.groups; s && procthread_number(&s, &n); )
                ;
        for (const char *s = p.ns_tids; s && procthread_number(&s, &n); )
                ;
        free(text);
}

void proctext_syscall(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        int nr = proc_parse_syscall(text);

        if (nr < -2 || nr > 0xffff)
                fuzz_blame("system call %d", nr);
        free(text);
}

void proctext_maps(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        struct proc_maps m = { 0 };
        uint64_t last = 0;

        proc_parse_maps(text, len, &m);
        for (size_t i = 0; i < m.n; i++) {
                const struct proc_map *map = &m.map[i];

                if (map->start < last || map->start >= map->end || (map->start | map->end) % IMG_PAGE)
                        fuzz_blame("mapping %" PRIx64 "-%" PRIx64, map->start, map->end);
                if (map->name > m.names_len || map->name_len > m.names_len - map->name)
                        fuzz_blame("name of the mapping %" PRIx64 "-%" PRIx64, map->start, map->end);
                if (proc_maps_find(&m, map->start) != map || proc_maps_find(&m, map->end - 1) != map)
                        fuzz_blame("mapping %" PRIx64 "-%" PRIx64 " is not found", map->start, map->end);
                proc_map_named(&m, map, "[stack]");
                last = map->end;
        }
        if (!proc_maps_equal(&m, &m))
                fuzz_blame("it is not what it is");
        proc_maps_free(&m);
        free(text);
}

void proctext_timers(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len);
        struct timers t;

        timers_parse(text, &t);
        for (uint32_t i = 0; i < t.n; i++)
                if (t.timer[i].id < 0)
                        fuzz_blame("timer %" PRId32, t.timer[i].id);
        timers_free(&t);
        free(text);
}

void proctext_limits(const uint8_t *data, size_t len)
{
        struct img_rlimit limit[PROCSTATE_LIMITS];
        char *text = text_of(data, len);

        procstate_parse_limits(text, limit);
        free(text);
}

/* /proc/tty/drivers; the first bytes say which device. */
void proctext_tty(const uint8_t *data, size_t len)
{
        char *text = text_of(data, len), path[32];
        uint32_t device[2] = { 229, 0 };

        procstate_tty_path(text, device[0], device[1], path, sizeof path);
        memcpy(device, data, len < sizeof device ? len : sizeof device);
        if (procstate_tty_path(text, device[0] % 300, device[1], path, sizeof path) == 0 && !memchr(path, '\0', sizeof path))
                fuzz_blame("a path without an end");
        free(text);
}

struct elf {
        const uint8_t *p;
        size_t len;
};

static int read_elf(void *arg, uint64_t off, void *buf, size_t len)
{
        const struct elf *e = arg;

        errno = ENODATA;
        if (off > e->len || len > e->len - off)
                return -1;
        memcpy(buf, e->p + off, len);
        return 0;
}

/* The file of a program, or what the target has in memory of it. */
void proctext_buildid(const uint8_t *data, size_t len)
{
        struct elf e = { data, len };
        uint8_t id[BUILDID_MAX];
        int n = buildid_find(read_elf, &e, id);

        if (n > BUILDID_MAX)
                fuzz_blame("build-id of %d bytes", n);
}
