/* SPDX-License-Identifier: MIT */
/* processor.c - which processor we run on */
#include "processor.h"

#include <sched.h>
#include <stdatomic.h>

static atomic_int shared;

int processors(void)
{
        static atomic_int answer;
        cpu_set_t set;

        if (!answer)
                answer = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
        return answer;
}

void leave_processor(int n)
{
        static cpu_set_t all;
        cpu_set_t set;

        if (!CPU_COUNT(&all) && sched_getaffinity(0, sizeof all, &all) < 0)
                return;
        set = all;
        if (n >= 0)
                CPU_CLR(n, &set);
        if (CPU_COUNT(&set))
                sched_setaffinity(0, sizeof set, &set);
}

int processor_keep_off(int n)
{
        cpu_set_t set;

        if (processors() != 2 || n < 0 || n >= CPU_SETSIZE || sched_getaffinity(0, sizeof set, &set) < 0 || !CPU_ISSET(n, &set))
                return -1;
        CPU_CLR(n, &set);
        return CPU_COUNT(&set) ? sched_setaffinity(0, sizeof set, &set) : -1;
}

void processor_share(int n)
{
        cpu_set_t all, set;

        if (sched_getaffinity(0, sizeof all, &all) < 0)
                return;
        CPU_ZERO(&set);
        CPU_SET(n, &set);
        if (sched_setaffinity(0, sizeof set, &set) < 0)
                return;
        shared = 1;
        sched_setaffinity(0, sizeof all, &all);
}

void processor_let(void)
{
        if (shared) {
                leave_processor(sched_getcpu());
                leave_processor(-1);
        } else {
                sched_yield();
        }
        shared = 0;
}

int processor_shared(void)
{
        return shared;
}
