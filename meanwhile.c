/* SPDX-License-Identifier: MIT */
/* meanwhile.c - one job by a second thread, while the first one does another */
#include "meanwhile.h"

#include <sched.h>
#include <stdint.h>

#include "util.h"

#define AWAKE_NS        200000000u      /* spin so long for a job */

enum { NONE, OFFERED, TAKEN };          /* the job */

static int take(struct meanwhile *m)
{
        int offered = OFFERED;

        return atomic_compare_exchange_strong(&m->state, &offered, TAKEN);
}

static void run(struct meanwhile *m)
{
        quiet_thread(1);
        m->job(m->arg);
        quiet_thread(0);
        m->state = NONE;
}

static void *serve(void *arg)
{
        struct meanwhile *m = arg;
        uint64_t end = now_ns() + AWAKE_NS;

        while (now_ns() < end) {
                if (take(m)) {
                        run(m);
                        end = now_ns() + AWAKE_NS;
                } else if (m->over) {
                        break;
                }
                sched_yield();
        }
        return NULL;
}

void meanwhile_ready(struct meanwhile *m)
{
        m->there = processors() > 1 && start_thread(&m->thread, serve, m) == 0;
}

void meanwhile_begin(struct meanwhile *m, void (*job)(void *), void *arg)
{
        m->job = job;
        m->arg = arg;
        m->state = OFFERED;
}

void meanwhile_end(struct meanwhile *m)
{
        if (take(m))
                run(m);
        while (m->state == TAKEN)
                sched_yield();
}

void meanwhile_over(struct meanwhile *m)
{
        m->over = 1;
}

void meanwhile_free(struct meanwhile *m)
{
        m->over = 1;
        if (take(m))
                m->state = NONE;
        if (m->there)
                pthread_join(m->thread, NULL);
        m->there = 0;
}
