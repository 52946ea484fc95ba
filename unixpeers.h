/* SPDX-License-Identifier: MIT */
/*
 * unixpeers.h - who is at the other end of unix sockets
 *
 * sock_diag(7) of our own network namespace tells, of all sockets in it at
 * once: to ask for one, the kernel looks at all of them as well.
 */
#ifndef UNIXPEERS_H
#define UNIXPEERS_H

#include <stddef.h>
#include <stdint.h>

struct unixpeer {
        uint32_t ino, peer;     /* peer 0: none */
        uint32_t waiting, room; /* of a listening one: connections not accepted yet, and how many there may be */
};

struct unixpeers {              /* all zero: none */
        struct unixpeer *v;     /* ascending ino */
        size_t n;
        int err;                /* not 0: an errno, nothing is known */
        int asked;
};

/* The first question of a machine may load a module of the kernel's, which takes time: ask it beforehand. */
void unixpeers_prepare(void);

/* Ask. */
void unixpeers_read(struct unixpeers *u);

/* NULL: not known, another namespace's. */
const struct unixpeer *unixpeers_find(const struct unixpeers *u, uint64_t ino);

void unixpeers_free(struct unixpeers *u);

#endif
