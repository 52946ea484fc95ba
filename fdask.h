/* SPDX-License-Identifier: MIT */
/* fdask.h - what a copy of a descriptor tells: read-only questions, by fcntl(2) and ioctl(2) */
#ifndef FDASK_H
#define FDASK_H

#include "fd.h"
#include "proc.h"

/*
 * Ask the copy of d for all that is known of its kind, but for sockets. st is
 * of the stopped target: who has its controlling terminal, only itself may ask.
 */
void fdask(struct fd *d, const struct proc_stat *st);

/* What is missing of its kind always. */
void fdask_limits(struct fd *d);

#endif
