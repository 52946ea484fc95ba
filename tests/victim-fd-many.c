/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-many.c - has many descriptors open
 *
 *      victim-fd-many N KIND   same: one open file; files, null, eventfds, pipes, sockets, unlinked: N of their own
 */
#include "victim-fd.h"
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const char *kind;
static int first;

static int one(int i)
{
        char name[32];
        int fd, two[2];

        if (strcmp(kind, "same") == 0)
                return dup(first);
        if (strcmp(kind, "null") == 0)
                return open("/dev/null", O_RDWR);
        if (strcmp(kind, "eventfds") == 0)
                return eventfd((unsigned)i, 0);
        if (strcmp(kind, "sockets") == 0)
                return socket(i % 2 ? AF_INET : AF_UNIX, i % 3 ? SOCK_STREAM : SOCK_DGRAM, 0);
        if (strcmp(kind, "pipes") == 0)
                return pipe(two);
        snprintf(name, sizeof name, "many.%d", i);
        fd = open(name, O_RDWR | O_CREAT, 0600);
        if (strcmp(kind, "unlinked") == 0 && unlink(name) == 0 && write(fd, name, strlen(name)) < 0)
                return -1;
        return fd;
}

static void report(void)
{
        printf("many\n");
}

int main(int argc, char **argv)
{
        int n = argc > 2 ? atoi(argv[1]) : 0;
        struct rlimit r = { (rlim_t)n * 2 + 100, (rlim_t)n * 2 + 100 };

        if (!n)
                return 2;
        kind = argv[2];
        setrlimit(RLIMIT_NOFILE, &r);
        first = open("/dev/zero", O_RDONLY);
        for (int i = 0; i < n; i++)
                need(one(i), kind);
        serve(report, NULL);
}
