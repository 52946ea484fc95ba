/* SPDX-License-Identifier: MIT */
/*
 * fdsock.h - sockets: addresses, state, options, queue lengths
 *
 * Nothing is taken, and nothing that asking would change is asked: not the
 * pending error (SO_ERROR clears it), nor what is queued (MSG_PEEK moves
 * SO_PEEK_OFF), nor a cookie (SO_COOKIE makes it), nor MPTCP what makes it act.
 * How much UDP has queued is asked: the kernel then drops at once what has a
 * wrong checksum, which no read would give either.
 */
#ifndef FDSOCK_H
#define FDSOCK_H

#include "fd.h"
#include "unixpeers.h"

/* Ask the copy of d. peers: those of the stopped target, read when the first one is asked for. */
void fdsock(struct fd *d, struct unixpeers *peers);

#endif
