/* SPDX-License-Identifier: MIT */
/*
 * payload.h - a chunk's payload, as it grows
 *
 * When memory runs out, what follows is not added and `failed` is set: one look
 * at the end is enough, and imgwrite_payload() has it.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

struct payload {                /* all zero: empty */
        char  *p;
        size_t len, cap;
        int    failed;
};

/* The next len bytes are to be had without a wait: their memory is there. */
void payload_ready(struct payload *b, size_t len);

/* len bytes more. */
void payload_add(struct payload *b, const void *p, size_t len);

/* Room for len bytes more, to be filled before the next call; NULL: no memory. */
void *payload_room(struct payload *b, size_t len);

/* An img_str of len bytes; the next one is 8-aligned. */
void payload_str(struct payload *b, uint32_t id, const void *p, size_t len);

/* Free its memory; empty then. */
void payload_free(struct payload *b);

#endif
