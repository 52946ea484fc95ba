/* SPDX-License-Identifier: MIT */
/* netcgroup.c - which cgroup pays for a socket */
#include "netcgroup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define TEXT_MAX        (1u << 20)      /* bytes of a list of cgroups: more is nonsense */

/* Is it among the names from p to end, separated by commas? */
static int listed(const char *p, const char *end, const char *name)
{
        size_t len = strlen(name);

        while (p < end) {
                size_t n = strcspn(p, ",:");

                if (n == len && !memcmp(p, name, n))
                        return 1;
                p += n + 1;
        }
        return 0;
}

/* The path of a controller's group, in "5:net_cls,net_prio:/a" of its line, *len bytes; "": not mounted. */
static const char *find(const char *text, const char *name, size_t *len)
{
        for (const char *p = text, *eol; *p; p = eol + (*eol == '\n')) {
                const char *names, *path;

                eol = p + strcspn(p, "\n");
                names = memchr(p, ':', (size_t)(eol - p));
                path = names ? memchr(names + 1, ':', (size_t)(eol - names - 1)) : NULL;
                if (path && listed(names + 1, path, name)) {
                        *len = (size_t)(eol - path);
                        return path;
                }
        }
        *len = 0;
        return "";
}

int netcgroup_compare(const char *a, const char *b)
{
        static const char *const name[] = { "net_cls", "net_prio" };

        for (int i = 0; i < 2; i++) {
                size_t m, n;
                const char *x = find(a, name[i], &m), *y = find(b, name[i], &n);

                if (m != n || memcmp(x, y, n))
                        return 1;
        }
        return 0;
}

int netcgroup_differs(const char *theirs)
{
        char *ours;
        size_t len;
        int rc;

        if (read_file(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX, &ours, &len) < 0)
                return 0;               /* a kernel without cgroups */
        rc = netcgroup_compare(theirs, ours);
        free(ours);
        return rc;
}
