/* SPDX-License-Identifier: MIT */
/*
 * ready.h - memory and descriptors that are there before they are needed
 *
 * Each page that is first touched while the target is stopped makes it wait
 * for a microsecond or more.
 */
#ifndef READY_H
#define READY_H

#include <stddef.h>

/* len bytes that may be written: every page of them is there from now on. Their content stays. */
void ready_memory(void *p, size_t len);

/*
 * Code, data, stack and heap of this process, which has no other thread yet.
 * musl's malloc() gives memory back to the kernel when all pieces that it was
 * cut into are free, and asks for it again: some of each size are kept.
 */
void ready_self(void);

/* As many as we may have: one of each thread is held open (threadlook.h), and each shared object may take one (mapfile.h). */
void ready_files(void);

#endif
