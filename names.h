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
#define NAMES_LEN       56      /* room for a name that is made */

/*
 * The name of number n in a list, made in buf; NULL if it has none. A list is
 * "PREFIX\0" and, each ending in \0, what follows the prefix in the names of 0,
 * 1, 2...; the literal's own end is the end of the list. A name that begins with
 * a number is the name of that, and the next ones follow: "P_\0" "A\0" "64B\0C\0"
 * has P_A for 0, P_B for 64 and P_C for 65. In a list of bits the name of -1
 * stands for none of them. (A number after \0 begins a new literal: \01 is one
 * character.)
 */
const char *name_in(const char *list, int64_t n, char buf[NAMES_LEN]);

extern const char names_personality[], names_securebits[], names_altstack[], names_clock[]; /* bits, but for clocks */
extern const char names_speculation[];  /* bits of PR_GET_SPECULATION_CTRL */

/*
 * SIGINT, SIGRTMIN+3... as `kill -l` says, so 34 is SIGRTMIN: 32 and 33, which
 * libc keeps to itself, are SIG32 and SIG33. In buf if it needs to be made.
 */
const char *name_signal(int sig, char buf[16]);

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
