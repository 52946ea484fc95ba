/* SPDX-License-Identifier: MIT */
/* proctext.c - the parsers of /proc text, as targets */
#include "proctext.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../proc.h"
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
