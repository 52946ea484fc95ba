/* SPDX-License-Identifier: MIT */
/*
 * haste.h - to be quick while the target stands still
 *
 * A thread that is woken on a processor that sleeps waits until that wakes up:
 * 50 to 100 microseconds in a virtual machine, and more on a board in a deep
 * state. A dump wakes the target a dozen times. So a thread of ours, of the
 * lowest priority there is (SCHED_IDLE), keeps the processor busy that the
 * target last ran on: whoever wants that gets it at once. We stay off it
 * meanwhile, and have the best nice value that we may have: where others want
 * the processors too, each time that we wait for our turn the target does.
 */
#ifndef HASTE_H
#define HASTE_H

/* From now on; cpu: that the target last ran on, -1: not known. What may not be, is not done. */
void haste_begin(int cpu);

/* No longer: all is as before. A second call does nothing. */
void haste_end(void);

#endif
