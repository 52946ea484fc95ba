/* SPDX-License-Identifier: MIT */
/* processor.c - which processor we run on */
#include "processor.h"

#include <sched.h>
#include <stdatomic.h>

static atomic_int answer, shared;
static cpu_set_t all;           /* those that we may run on, once there is an answer */

int processors(void)
{
        if (!answer)
                answer = sched_getaffinity(0, sizeof all, &all) == 0 ? CPU_COUNT(&all) : 1;
        return answer;
}

int leave_processor(int n)
{
        cpu_set_t set;

        processors();
        set = all;
        CPU_CLR(n, &set);               /* the macros know no number that a set has no room for */
        return CPU_COUNT(&set) ? sched_setaffinity(0, sizeof set, &set) : -1;
}

int processor_move(pid_t tid, int n)
{
        cpu_set_t set;
        int rc;

        if (!CPU_ISSET(n, &all))
                return -1;
        CPU_ZERO(&set);
        CPU_SET(n, &set);
        rc = sched_setaffinity(tid, sizeof set, &set);
        if (rc == 0)
                sched_setaffinity(tid, sizeof all, &all);
        return rc;
}

void processor_share(void)
{
        shared = 1;
}

int processor_shared(void)
{
        return shared;
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
