/* SPDX-License-Identifier: MIT */
/* room.c - how much memory there is to be had */
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "util.h"

#define TEXT_MAX        (1u << 20)      /* bytes of any of these files */

/* A number at p, behind blanks; UINT64_MAX: there is none ("max"). */
static uint64_t number(const char *p)
{
        char *end;
        unsigned long long n;

        errno = 0;
        n = p ? strtoull(p, &end, 10) : 0;
        return !p || end == p || errno ? UINT64_MAX : n;
}

/* Of /proc/meminfo. UINT64_MAX: not in it. */
static uint64_t parse_meminfo(const char *text)
{
        uint64_t kib = number(proc_field(text, "MemAvailable"));

        if (kib == UINT64_MAX)          /* before 3.14 */
                kib = number(proc_field(text, "MemFree"));
        return kib > UINT64_MAX >> 10 ? UINT64_MAX : kib << 10;
}

/* Of /proc/PID/cgroup the path below the mount of v2, or of v1's memory controller. 0, or -1: none. */
static int parse_cgroup(const char *text, int v1, char *path, uint64_t len)
{
        while (*text) {
                const char *eol = strchr(text, '\n'), *end = eol ? eol : text + strlen(text);
                const char *list = memchr(text, ':', (size_t)(end - text));
                const char *at = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
                int hit = at && (v1 ? at - list == 7 && !memcmp(list, ":memory", 7) : list == text + 1 && *text == '0' && at == list + 1);

                if (hit && at[1] == '/' && (uint64_t)(end - at) <= len) {
                        memcpy(path, at + 1, (size_t)(end - at - 1));
                        path[end - at - 1] = '\0';
                        return 0;
                }
                text = eol ? eol + 1 : end;
        }
        return -1;
}

static char *read_text(int dir, const char *path)
{
        char *text;
        size_t len;

        return read_file(dir, path, TEXT_MAX, &text, &len) < 0 ? NULL : text;
}

static uint64_t read_number(const char *folder, const char *name)
{
        char path[PATH_MAX], *text;
        uint64_t n;

        if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
                return UINT64_MAX;
        text = read_text(AT_FDCWD, path);
        n = number(text);
        free(text);
        return n;
}

/* What it holds for files, and can let go of. */
static uint64_t reclaimable(const char *folder)
{
        char path[PATH_MAX], *text, *line;
        uint64_t n = UINT64_MAX;

        if (snprintf(path, sizeof path, "%s/memory.stat", folder) >= (int)sizeof path)
                return 0;
        text = read_text(AT_FDCWD, path);
        line = text ? strstr(text, "\ninactive_file ") : NULL;
        if (line)
                n = number(line + strlen("\ninactive_file "));
        free(text);
        return n == UINT64_MAX ? 0 : n;
}

/* Of a cgroup and of those above it, up to the mount. */
static uint64_t room_below(const char *mount, char *path, int v1)
{
        uint64_t room = UINT64_MAX;

        for (;;) {
                char folder[PATH_MAX], *slash = strrchr(path, '/');
                uint64_t limit, used, left;

                if (snprintf(folder, sizeof folder, "%s%s", mount, path) >= (int)sizeof folder)
                        return room;
                limit = read_number(folder, v1 ? "memory.limit_in_bytes" : "memory.max");
                used = limit == UINT64_MAX ? limit : read_number(folder, v1 ? "memory.usage_in_bytes" : "memory.current");
                if (used != UINT64_MAX) {
                        left = reclaimable(folder);
                        used -= left < used ? left : used;
                        left = limit > used ? limit - used : 0;
                        room = left < room ? left : room;
                }
                if (!slash)
                        return room;
                *slash = '\0';
        }
}

uint64_t room_of(int dir)
{
        static const char *const mount[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory" };
        char *info = read_text(AT_FDCWD, "/proc/meminfo"), *groups = read_text(dir, "cgroup"), path[PATH_MAX];
        uint64_t room = info ? parse_meminfo(info) : UINT64_MAX;

        for (int i = 0; groups && i < 3; i++) {
                uint64_t left = parse_cgroup(groups, i == 2, path, sizeof path) < 0 ? UINT64_MAX : room_below(mount[i], path, i == 2);

                room = left < room ? left : room;
        }
        free(info);
        free(groups);
        return room;
}
