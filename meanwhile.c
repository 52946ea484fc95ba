/* SPDX-License-Identifier: MIT */
/* meanwhile.c - jobs by a second thread, while the first one does others */
#include "meanwhile.h"

#include <sched.h>
#include <stdint.h>

#include "util.h"

#define AWAKE_NS        200000000u      /* spin so long for a job */

/* The next one, if it is one of the first n. 1: it is run. */
static int run_next(struct meanwhile *m, unsigned n)
{
        unsigned i = m->taken;

        if (i >= n || i >= m->begun || !atomic_compare_exchange_strong(&m->taken, &i, i + 1))
                return 0;
        quiet_thread(1);
        m->job[i].job(m->job[i].arg);
        quiet_thread(0);
        m->done++;
        return 1;
}

static void *serve(void *arg)
{
        struct meanwhile *m = arg;
        uint64_t end = now_ns() + AWAKE_NS;

        while (now_ns() < end) {
                if (run_next(m, MEANWHILE_JOBS))
                        end = now_ns() + AWAKE_NS;
                else if (m->over && m->taken == m->begun)
                        break;
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
        unsigned i = m->begun;

        m->job[i].job = job;
        m->job[i].arg = arg;
        m->begun = i + 1;
}

void meanwhile_help(struct meanwhile *m)
{
        run_next(m, MEANWHILE_JOBS);
}

void meanwhile_end(struct meanwhile *m, unsigned n)
{
        if (n > m->begun)
                n = m->begun;
        while (run_next(m, n))
                ;
        while (m->done < n)
                sched_yield();
}

void meanwhile_over(struct meanwhile *m)
{
        m->over = 1;
}

void meanwhile_free(struct meanwhile *m)
{
        m->over = 1;
        while (m->taken < m->begun) {
                unsigned i = m->taken;

                atomic_compare_exchange_strong(&m->taken, &i, m->begun);
        }
        if (m->there)
                pthread_join(m->thread, NULL);
        m->there = 0;
}
