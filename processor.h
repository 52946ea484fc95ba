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

#include <sys/types.h>

/* That we may run on; 1 if that is not to be known. The first call is to come before there is a second thread. */
int processors(void);

/* Keep off processor n, or, for -1, on any that we might be on before. 0; -1: there is no other one. */
int leave_processor(int n);

/*
 * Bring thread tid of ours, which need not run for that, to processor n; it may leave it
 * again. 0; -1: it cannot be there.
 */
int processor_move(pid_t tid, int n);

/* The target's processor is ours, and another thread keeps the only other one busy: to wait for the target, sleep. */
void processor_share(void);
int processor_shared(void);

/* The target runs again: it has its processor. */
void processor_let(void);

#endif
