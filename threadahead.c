/* SPDX-License-Identifier: MIT */
/* threadahead.c - the status of many threads, read by one of ours while another parses */
#include "threadahead.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "processor.h"
#include "ready.h"
#include "util.h"

#define FEW     32u             /* threads: fewer are not worth it */
#define SLOTS   64u             /* texts */
#define SLOT    2048u           /* bytes of one: some 1,500, but with many groups or processors */
#define LATE_NS 200000u         /* who has taken one up has no processor: it is read once more */

enum { FREE, TAKEN, THERE, FAILED };    /* of a text */

static char *slot(const struct threadahead *a, size_t i)
{
        return a->slots + i % SLOTS * SLOT;
}

void threadahead_begin(struct threadahead *a, size_t n)
{
        if (n < FEW || processors() < 2)
                return;
        a->state = calloc(n, sizeof *a->state);
        a->slots = malloc(SLOTS * SLOT);
        if (!a->state || !a->slots) {
                threadahead_free(a);
                return;
        }
        a->n = n;
        ready_memory(a->state, n * sizeof *a->state);
        ready_memory(a->slots, SLOTS * SLOT);
}

static int take(struct threadahead *a, size_t i)
{
        unsigned char none = FREE;

        return atomic_compare_exchange_strong(&a->state[i], &none, TAKEN);
}

/* The slot of i is that of i - SLOTS, too, until the other one is past that. */
static int await_slot(const struct threadahead *a, size_t i)
{
        while (i >= a->at + SLOTS && !a->over)
                sched_yield();
        return !a->over;
}

static void read_one(struct threadahead *a, size_t i, int fd)
{
        ssize_t len = pread(fd, slot(a, i), SLOT - 1, 0);

        if (len > 0)
                slot(a, i)[len] = '\0';
        a->state[i] = len > 0 && len < (ssize_t)SLOT - 1 ? THERE : FAILED;      /* shorter than asked for: all of it */
}

int threadahead_read(struct threadahead *a, size_t i, int fd)
{
        if (i >= a->n || !await_slot(a, i))
                return 0;
        if (i > a->at + 1 && fd >= 0 && take(a, i))     /* that one the other comes to in no time */
                read_one(a, i, fd);
        return 1;
}

const char *threadahead_text(struct threadahead *a, size_t i)
{
        uint64_t late;

        if (i >= a->n || a->over)
                return NULL;
        a->at = i;
        if (take(a, i))
                return NULL;
        late = now_ns() + LATE_NS;
        while (a->state[i] == TAKEN)
                if (now_ns() >= late)
                        return NULL;
        return a->state[i] == THERE ? slot(a, i) : NULL;
}

void threadahead_end(struct threadahead *a)
{
        a->over = 1;
}

void threadahead_free(struct threadahead *a)
{
        free((void *)a->state);
        free(a->slots);
        a->state = NULL;
        a->slots = NULL;
        a->n = 0;
}
