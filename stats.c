/* SPDX-License-Identifier: MIT */
/* stats.c - where the pause of the target goes: --stats */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "util.h"

void stats_lap_at(struct stats *s, enum stats_step which, uint64_t now)
{
        s->step_ns[which] += now - s->lap_ns;
        s->lap_ns = now;
}

void stats_lap(struct stats *s, enum stats_step which)
{
        stats_lap_at(s, which, now_ns());
}

void stats_pause(const struct stats *s)
{
        static const char *const name[STEPS] = { "seize", "look", "inside", "keep", "state", "pages", "release" };
        char text[256];
        int len = 0;

        for (int i = 0; i < STEPS; i++)
                len += snprintf(text + len, sizeof text - (size_t)len, "%s %s %" PRIu64, i ? "," : "", name[i], s->step_ns[i] / 1000);
        inform("stats: pause %s us", text);
}

void stats_infection(const struct infection *in, size_t threads)
{
        static const char *const name[INFECT_LEGS] = { "infect", "work", "others", "cure" };

        for (int i = 0; i < INFECT_LEGS; i++) {
                const struct infect_leg *leg = &in->leg[i];

                if (i == INFECT_LEND && threads == 1)
                        continue;
                inform("stats: %-6s %2u ptrace requests, %u stops, %" PRIu64 " us", name[i], leg->ptrace.requests, leg->ptrace.stops,
                       leg->ns / 1000);
        }
}

void stats_reaping(const struct twin_reaping *r)
{
        if (r->ns)
                inform("stats: reap   one thread stopped once more, %" PRIu64 " us", r->ns / 1000);
}
