/* SPDX-License-Identifier: MIT */
/* stats.h - where the pause of the target goes: --stats */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>
#include "infect.h"
#include "twin.h"

/* What the target waits for, one after the other. */
enum stats_step { STEP_SEIZE, STEP_LOOK, STEP_INSIDE, STEP_KEEP, STEP_STATE, STEP_PAGES, STEP_RELEASE, STEPS };

struct stats {
        uint64_t lap_ns;        /* now_ns() when the last one was through; when the first one began */
        uint64_t step_ns[STEPS];        /* how long each took */
};

/* This one is through; or was at that time, by now_ns(). */
void stats_lap(struct stats *s, enum stats_step which);
void stats_lap_at(struct stats *s, enum stats_step which, uint64_t now);

/* Lines of them: of all steps; of the legs of one visit of the parasite, with so many threads; of the reaping, if any. */
void stats_pause(const struct stats *s);
void stats_infection(const struct infection *in, size_t threads);
void stats_reaping(const struct twin_reaping *r);

#endif
