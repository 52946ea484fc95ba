/* SPDX-License-Identifier: MIT */
/*
 * restart.h - which interrupted system calls may be made again
 *
 * A tracer's interrupt wakes a sleeping thread as a signal would. Most calls
 * then return one of the kernel's ERESTART codes, and the kernel itself makes
 * them again when nothing came of it. Some return EINTR for good.
 */
#ifndef RESTART_H
#define RESTART_H

/*
 * Is system call nr one of those that return EINTR for a tracer's interrupt,
 * and had no effect when they do, so that making it again is as if it had
 * never been interrupted? (A relative time-out starts afresh.) Never: calls
 * that may have had one, as close, connect, write.
 */
int restart_safe(long nr);

/* Is that so only if its first argument is a socket? */
int restart_of_sockets(long nr);

#endif
