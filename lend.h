/* SPDX-License-Identifier: MIT */
/*
 * lend.h - the other threads, each lent to the blob for a few system calls
 *
 *      lend_ready(&l, n, xstate_len);          before the stop: memory
 *      lend_begin(&l, n, xstate_len);          while nobody is borrowed
 *      lend_run(&l, &place, threads);          several at a time
 *      if (lend_end(&l) < 0)
 *              not all of them are as they were
 *
 * What a thread only tells itself: its alternate stack, tid address... The
 * thread that the blob was mapped by is stopped inside it meanwhile. Each slot
 * holds the calls, the answers, and the thread's own context: at every instant
 * it is at most one rt_sigreturn away from itself. When it has made its calls,
 * it stops by a signal that it sends to itself, and that is ignored by all but
 * a tracer: it needs no look and no interrupt. Where there is no such signal it
 * waits for two seconds to be stopped. Should the tool die, it goes home.
 */
#ifndef LEND_H
#define LEND_H

#include <stddef.h>
#include <stdint.h>
#include "remote.h"
#include "threads.h"

#define LEND_SLOTS      16      /* threads at a time */

struct lend_place {             /* in the target */
        uint64_t base, end;     /* of the blob's mapping */
        uint64_t entry;         /* of its code for a lent thread */
        uint64_t slots;         /* of the first slot, 64-aligned */
};

struct lend {
        struct lend_place at;
        struct threads *threads;
        uint8_t *memory;        /* of room bytes: what is lent, xstates and images are in it */
        size_t   room;
        struct lent *lent;      /* one per slot */
        unsigned slots;
        unsigned oldest, out;   /* those of them that are borrowed: so many from that on, the first one follows the last one */
        size_t   xstate_len, slot_len;
        uint8_t *xstates;       /* of all slots */
        void    *xstate_now, *image;    /* room for an xstate, and for a slot as it is written */
        unsigned asked;
        unsigned refused[8];    /* not lent, by enum reason of lend.c */
        int      mute;          /* they may not send themselves the signal to stop by */
        int      strayed;       /* held up: threads went home by themselves and have run on */
};

/* Bytes in the mapping of the blob for n slots, and for what the kernel may fault in behind the last one. */
size_t lend_room(unsigned n, size_t xstate_len);

/* Memory for a process of n threads whose xstates may have that many bytes. Where that is too little, lend_begin() gets more. */
void lend_ready(struct lend *l, size_t n, size_t xstate_len);

/*
 * One slot for each of n threads but the first one, at most LEND_SLOTS. In l nothing but
 * memory is set. 0, or -1 without a word: there is none.
 */
int lend_begin(struct lend *l, size_t n, size_t xstate_len);

/*
 * Lend all threads but the first one, and tell threads_asked() what they
 * answered. Those that had better not be are left out, and noted. 0, or -1
 * after fail().
 */
int lend_run(struct lend *l, const struct lend_place *at, struct threads *th);

/* Note that no other thread was asked, if there are any. */
void lend_none(struct threads *th, const char *why);

/* Does one still run in the blob? Then its mapping must stay. */
int lend_inside(const struct lend *l);

/* Give back whoever is lent still. 0, or -1 after fail(). */
int lend_end(struct lend *l);

/* Its memory. Whoever is lent still is not known any more. */
void lend_free(struct lend *l);

#endif
