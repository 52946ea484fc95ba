/* SPDX-License-Identifier: MIT */
/* syscalls.h - the names of x86-64's system calls */
#ifndef SYSCALLS_H
#define SYSCALLS_H

/* The name of system call nr, without "__NR_"; NULL: not known. */
const char *syscall_name(int nr);

#endif
