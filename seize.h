/* SPDX-License-Identifier: MIT */
/*
 * seize.h - stopping all threads of a process, and letting them go
 *
 * A system call that the stop alone made return EINTR is made to be made again:
 * see trace_home_regs().
 */
#ifndef SEIZE_H
#define SEIZE_H

#include <stdint.h>
#include <sys/types.h>
#include "trace.h"

/*
 * Before seize(): note what each thread is at, that is, whether it runs or in
 * which system call it sleeps. Of those that come later that is read when they
 * are seized. 0, or -1 after fail(); seize_release() is to be called.
 */
int seize_look(struct trace *t);

/*
 * Seize and stop every thread of the process at t->dir: those that seize_look() has
 * listed, then those that /proc lists, again and again until they are as many as the
 * kernel counts; and read registers and masks. A second call takes up what is new. Threads that come or go
 * meanwhile are followed. Past deadline (now_ns() clock) it gives up, saying
 * which thread did not stop and where it sleeps. 0, or -1 after fail();
 * seize_release() is to be called in either case.
 */
int seize(struct trace *t, uint64_t deadline);

/*
 * Seize and stop one thread, which becomes task[0], and leave the others alone.
 * 0; 1: it is gone; -1 after fail(). seize_release() is to be called in any case.
 */
int seize_one(struct trace *t, pid_t tid, uint64_t deadline);

/*
 * Let every thread go on as it is. The kernel stops it again if its group is
 * stopped. What is known of them stays in t. Returns when the last one that was
 * stopped was let go, by now_ns(): it may have taken our processor since.
 */
uint64_t seize_release(struct trace *t);

/* Free what is known of them. */
void seize_forget(struct trace *t);

#endif
