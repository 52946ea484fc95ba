/* SPDX-License-Identifier: MIT */
/*
 * inside.h - the trampoline copies what only the process itself can read
 *
 * It maps some room for a while, and copies to it piece by piece, from where we
 * read it. It does so by process_vm_writev(2), from itself to itself: that
 * reads its side as the process would, and says EFAULT instead of killing it.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <stddef.h>
#include <stdint.h>
#include "remote.h"
#include "secret.h"

#define INSIDE_ROOM     (1u << 20)      /* bytes */

struct inside {                 /* all zero: nothing to undo */
        uint64_t room;          /* address; 0: not mapped */
};

/*
 * Copy the ranges of s, by the borrowed thread of r, with INSIDE_ROOM bytes at
 * hole, which nothing is mapped at. mask as for remote_call(). What cannot be
 * copied is not. 0, or -1 after fail(): a call did not run, inside_end() is due.
 */
int inside_copy(struct inside *in, struct remote *r, uint64_t mask, uint64_t hole, struct secret *s);

/* Unmap the room, if that is still to be done. 0, or -1 after fail(). */
int inside_end(struct inside *in, struct remote *r, uint64_t mask);

#endif
