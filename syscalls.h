/* SPDX-License-Identifier: MIT */
/* syscalls.h - the names of x86-64's system calls, and of their arguments */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "names.h"

/* The name of system call nr, without "__NR_"; NULL: not known. */
const char *syscall_name(int nr);

/*
 * The names of its arguments, with a blank between them, in buf; "-" if it has
 * none. NULL: not known. Only of calls that wait, and some common ones.
 */
const char *syscall_args(int nr, char buf[NAMES_LEN]);

#endif
