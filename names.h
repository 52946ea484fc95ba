/* SPDX-License-Identifier: MIT */
/*
 * names.h - words for the numbers in an image
 *
 * Everything that is peculiar to x86-64 in what show prints is here and in
 * syscalls.c. Where a number has no name, NULL is returned or the number is
 * written out, as said.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_REGS      27      /* of user_regs_struct */
#define NAMES_SIGNALS   64

/*
 * SIGINT, SIGRTMIN+3... as `kill -l` says, so 34 is SIGRTMIN: 32 and 33, which
 * libc keeps to itself, are SIG32 and SIG33. In buf if it needs to be made.
 */
const char *name_signal(int sig, char buf[16]);

/* SA_RESTART... by bit number; NULL: none. */
const char *name_sa_flag(int bit);

/* A general register by its place in user_regs_struct, 0 to NAMES_REGS - 1. */
const char *name_reg(int i);

/* "data", "zero"... by enum img_kind, "private_anon"... by enum img_class; "?" if unknown. */
const char *name_kind(int kind);
const char *name_class(int cls);

/* What IMG_UNREADABLE's why means; an errno is written out. */
const char *name_why(int why);

/* "sleeping" for 'S'...; "?" if unknown. */
const char *name_state(uint32_t state);

/* ITIMER_REAL...: 0 to 2. */
const char *name_itimer(int which);

#endif
