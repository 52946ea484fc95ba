/* SPDX-License-Identifier: MIT */
/*
 * courier.h - the trampoline sends us descriptors of the target
 *
 *      page of room, socket, connect;          seven system calls at most,
 *      sendmsg, for each COPIES_BATCH of them; and these
 *      close, page unmapped
 *
 * The socket has the lowest number that is free, for that long: nobody sees it
 * but a process that shares the table. It sends to an abstract name, which is
 * known in our network namespace alone. No call of it waits.
 */
#ifndef COURIER_H
#define COURIER_H

#include <stdint.h>
#include "copies.h"
#include "remote.h"

struct courier {                /* all zero: nothing to undo */
        uint64_t room;          /* address; 0: not mapped */
        int      open;          /* there may be our socket, */
        int32_t  fd;            /* of this number in the target */
};

/*
 * Send those that c wants, by the borrowed thread of r, with a page at hole, which
 * nothing is mapped at. mask as for remote_call(). What does not come is
 * missing: c->why. 0, or -1 after fail(): a call did not run, courier_end() is due.
 */
int courier_bring(struct courier *k, struct remote *r, uint64_t mask, uint64_t hole, struct copies *c);

/* Close and unmap, if that is still to be done. 0, or -1 after fail(). */
int courier_end(struct courier *k, struct remote *r, uint64_t mask);

#endif
