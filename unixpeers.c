/* SPDX-License-Identifier: MIT */
/* unixpeers.c - who is at the other end of unix sockets */
#include "unixpeers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCK_DIAG       4       /* uapi/linux/netlink.h, sock_diag.h, unix_diag.h: */
#define BY_FAMILY       20
#define REQUEST         1
#define DUMP            0x300
#define MSG_ERROR       2
#define MSG_END         3
#define SHOW_PEER       4
#define SHOW_RQLEN      16
#define ATTR_PEER       2
#define ATTR_RQLEN      4
#define ANSWER          32768   /* bytes: the kernel fills one of this size, if it is offered */
#define ALIGN(n)        (((n) + 3u) & ~3u)

struct head {                   /* struct nlmsghdr */
        uint32_t len;
        uint16_t type, flags;
        uint32_t seq, pid;
};

struct request {                /* struct unix_diag_req behind it */
        struct head head;
        uint8_t  family, protocol;
        uint16_t pad;
        uint32_t states, ino, show, cookie[2];
};

struct answer {                 /* struct unix_diag_msg; attributes follow */
        uint8_t  family, type, state, pad;
        uint32_t ino, cookie[2];
};

struct attr {
        uint16_t len, type;
};

/* A socket that was asked; -1 with errno. */
static int ask(int all)
{
        struct request r = {
                .head = { .len = sizeof r, .type = BY_FAMILY, .flags = (uint16_t)(REQUEST | (all ? DUMP : 0)) },
                .family = AF_UNIX, .states = ~0u, .show = SHOW_PEER | SHOW_RQLEN, .cookie = { ~0u, ~0u },
        };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, SOCK_DIAG);

        if (fd >= 0 && send(fd, &r, sizeof r, 0) != (ssize_t)sizeof r) {
                int saved = errno;

                close(fd);
                errno = saved;
                return -1;
        }
        return fd;
}

void unixpeers_prepare(void)
{
        int fd = ask(0);        /* of inode 0, which is none */

        if (fd >= 0)
                close(fd);
}

static void take_attrs(struct unixpeer *u, const uint8_t *p, size_t len)
{
        while (len >= sizeof(struct attr)) {
                struct attr a;

                memcpy(&a, p, sizeof a);
                if (a.len < sizeof a || a.len > len)
                        return;
                if (a.type == ATTR_PEER && a.len >= sizeof a + 4)
                        memcpy(&u->peer, p + sizeof a, 4);
                if (a.type == ATTR_RQLEN && a.len >= sizeof a + 8) {
                        memcpy(&u->waiting, p + sizeof a, 4);
                        memcpy(&u->room, p + sizeof a + 4, 4);
                }
                if (ALIGN(a.len) >= len)
                        return;
                p += ALIGN(a.len);
                len -= ALIGN(a.len);
        }
}

/* One more socket. 0, or -1 with errno. */
static int take(struct unixpeers *u, const uint8_t *p, size_t len)
{
        struct answer a;

        if (len < sizeof a)
                return 0;
        memcpy(&a, p, sizeof a);
        if (!(u->n & (u->n - 1))) {
                struct unixpeer *v = realloc(u->v, (u->n ? u->n * 2 : 1) * sizeof *v);

                if (!v)
                        return -1;
                u->v = v;
        }
        u->v[u->n] = (struct unixpeer){ .ino = a.ino };
        take_attrs(&u->v[u->n++], p + sizeof a, len - sizeof a);
        return 0;
}

/* What one recv(2) gave. 1: there is more; 0: that was all; -1 with errno. */
static int take_all(struct unixpeers *u, const uint8_t *p, size_t len)
{
        while (len >= sizeof(struct head)) {
                struct head h;

                memcpy(&h, p, sizeof h);
                if (h.len < sizeof h || h.len > len)
                        break;
                if (h.type == MSG_END)
                        return 0;
                if (h.type == MSG_ERROR) {
                        int32_t err = -EPROTO;

                        if (h.len >= sizeof h + sizeof err)
                                memcpy(&err, p + sizeof h, sizeof err);
                        errno = -err;
                        return -1;
                }
                if (h.type == BY_FAMILY && take(u, p + sizeof h, h.len - sizeof h) < 0)
                        return -1;
                if (ALIGN(h.len) >= len)
                        return 1;
                p += ALIGN(h.len);
                len -= ALIGN(h.len);
        }
        errno = EPROTO;
        return -1;
}

static int by_ino(const void *a, const void *b)
{
        const struct unixpeer *x = a, *y = b;

        return (x->ino > y->ino) - (x->ino < y->ino);
}

void unixpeers_read(struct unixpeers *u)
{
        int fd = ask(1), rc = fd < 0 ? -1 : 1;
        uint8_t *buf = malloc(ANSWER);

        while (rc > 0 && buf) {
                ssize_t n = recv(fd, buf, ANSWER, MSG_DONTWAIT);        /* the answer is there when send(2) is back */

                rc = n < 0 ? -1 : take_all(u, buf, (size_t)n);
        }
        u->asked = 1;
        u->err = rc < 0 ? errno : buf ? 0 : ENOMEM;
        free(buf);
        if (fd >= 0)
                close(fd);
        if (u->err)
                u->n = 0;
        if (u->n)
                qsort(u->v, u->n, sizeof *u->v, by_ino);
}

const struct unixpeer *unixpeers_find(const struct unixpeers *u, uint64_t ino)
{
        struct unixpeer key = { .ino = (uint32_t)ino };

        return u->n && ino <= UINT32_MAX ? bsearch(&key, u->v, u->n, sizeof key, by_ino) : NULL;
}

void unixpeers_free(struct unixpeers *u)
{
        free(u->v);
        *u = (struct unixpeers){ 0 };
}
