/* SPDX-License-Identifier: MIT */
/*
 * processor.h - which processor we run on
 *
 * A target that is to make a call for us is woken, and wakes us. Where it has
 * another processor than we, each wakes the other by an interrupt: 25 us, if we
 * spin meanwhile. On ours, if we sleep, it takes two switches: 5 us. It stays
 * there, unless another processor is idle, and nothing is changed about it for
 * that. Where there are two, a thread of ours can hold the other one.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

/* That we may run on; 1 if that is not to be known. */
int processors(void);

/* Keep off processor n, or, for -1, on any that we might be on before. Without another one it does nothing. */
void leave_processor(int n);

/* For a thread that does not sleep: of two processors, be on the one that is not n. 0; -1: it cannot be. */
int processor_keep_off(int n);

/* Another thread does that: be on processor n now. It is not ours alone: to wait for the target, sleep. */
void processor_share(int n);

/* Do we? */
int processor_shared(void);

/* The target runs again: it has its processor. */
void processor_let(void);

#endif
