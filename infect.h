/* SPDX-License-Identifier: MIT */
/*
 * infect.h - the parasite: in, at work, out
 *
 *      rc = infect(&in, t, maps, gadget, &how);
 *      if (rc == 0)
 *              rc = infect_work(&in, &answers);
 *      if (rc == 0)
 *              rc = infect_lend(&in, &threads);
 *      if (cure(&in) < 0)
 *              the target is not as it was
 *
 * The blob runs in one thread; the others are lent to it after that (lend.h).
 * At every instant the borrowed thread is at most one rt_sigreturn away from
 * itself: by the lifeline while the trampoline runs, by the blob's own frame
 * while the blob does. When it is done it stops by a signal that it sends to
 * itself, and that is ignored by all but a tracer; where there is no such signal
 * it waits for two seconds to be stopped. Should the tool die, it goes home; what
 * stays is its mapping.
 */
#ifndef INFECT_H
#define INFECT_H

#include <stddef.h>
#include <stdint.h>
#include "copies.h"
#include "courier.h"
#include "gadget.h"
#include "inside.h"
#include "lend.h"
#include "parasite.h"
#include "proc.h"
#include "remote.h"
#include "secret.h"
#include "trace.h"
#include "twin.h"

struct infect_options {
        int inject;             /* swap a trampoline in */
        int breakpoint;         /* catch the blob by a hardware breakpoint */
        int ask_umask;          /* /proc does not tell it */
        struct parasite_timer *timer;   /* ids of those to ask; infect_work() puts the answers there */
        uint32_t timers_n;
        struct secret *secret;          /* to be copied first; NULL: nothing */
        struct copies *copies;          /* of descriptors, to be brought then; NULL: none */
        struct twin *twin;              /* to be made: t->cloned tells whether it was; NULL: none */
        int statm;                      /* of the process, open; -1: not to be had */
        int fds;                        /* descriptors of the target are below that */
        pid_t ns_tid;                   /* the thread to be borrowed, as it sees itself; 0: not known */
        uint64_t caught;                /* signals that the process handles; all of them: not known */
};

enum infect_legs { INFECT_IN, INFECT_WORK, INFECT_LEND, INFECT_CURE, INFECT_LEGS };

struct infect_leg {
        struct trace_stats ptrace;
        uint64_t ns;
};

struct infection {
        struct trace  *t;
        struct remote  remote;
        const struct proc_maps *maps;   /* before */
        int      statm;         /* as infect_options has it */
        uint64_t mapped;        /* bytes, before; 0: not known */
        uint64_t base;          /* of the blob; 0: not mapped */
        uint64_t data;          /* address of its struct parasite_data, also when it is gone */
        int      started;       /* the thread was sent into it */
        int      refused;       /* the target may not map it: asked call by call instead */
        size_t   len;
        struct parasite_timer *timer;   /* as infect_options has them */
        uint32_t timers_n;
        struct inside inside;   /* the copying of secret memory */
        struct courier courier; /* the bringing of descriptors */
        int      breakpoint;    /* debug register 0 is set */
        int      stop;          /* the signal that the blob stops by when it is done; 0: it parks */
        int      strayed;       /* the blob went home before cure() came: what was read of the thread is void; see lend.strayed */
        int      begun;         /* there may be something to undo */
        uint64_t started_ns;    /* of the leg that runs */
        struct infect_leg leg[INFECT_LEGS];
        struct lend lend;       /* the other threads; its memory is from before infect() and stays after cure() */
};

/*
 * Map the blob into the process of t and start it on its first thread. Where
 * that is refused, infect_work() asks call by call. 0, or -1 after fail();
 * cure() is due in both cases.
 */
int infect(struct infection *in, struct trace *t, const struct proc_maps *maps,
           const struct gadget *g, const struct infect_options *opt);

/*
 * Wait until the blob has run its batch, and copy what it found to d. Its
 * answers are checked; its log goes to -v. 0, or -1 after fail().
 */
int infect_work(struct infection *in, struct parasite_data *d);

/*
 * Have all other threads asked as well, as far as that can be done (what not is
 * noted). The first one is stopped in the blob meanwhile. 0, or -1 after fail().
 */
int infect_lend(struct infection *in, struct threads *th);

/*
 * Undo what was done, newest first, every step tried, then look whether all is
 * as it was: registers, masks, bytes, mappings. Leaves nothing to do for a
 * second call. 0, or -1 after fail() has said what is left.
 */
int cure(struct infection *in);

#endif
