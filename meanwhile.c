/* SPDX-License-Identifier: MIT */
/* meanwhile.c - jobs by a second thread, while the first one does others */
#include "meanwhile.h"

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "processor.h"
#include "util.h"

#define AWAKE_NS        200000000u      /* spin so long for a job */
#define WAKE_NS         1000000u        /* it is waited for so long */

enum { COMING, ELSEWHERE, ALONE, ASKED, SHARED };       /* of the thread: ALONE keeps off the target's processor */

/* Are the first n done? */
static int are_done(const struct meanwhile *m, unsigned n)
{
        unsigned all = (1u << n) - 1;

        return (m->done & all) == all;
}

/* The next one, if it is one of `from` (counted from 0) up to n, and its turn. 1: it has been run. */
static int run_next(struct meanwhile *m, unsigned from, unsigned n)
{
        unsigned i = m->taken;

        if (i < from || i >= n || i >= m->begun || !are_done(m, m->job[i].after) || !atomic_compare_exchange_strong(&m->taken, &i, i + 1))
                return 0;
        quiet_thread(1);
        m->job[i].job(m->job[i].arg);
        quiet_thread(0);
        m->done |= 1u << i;
        return 1;
}

static void *serve(void *arg)
{
        struct meanwhile *m = arg;
        uint64_t end = now_ns() + AWAKE_NS;

        m->state = m->processor < 0 || leave_processor(m->processor) < 0 ? ELSEWHERE : ALONE;
        while (now_ns() < end) {
                if (m->state == ASKED)
                        m->state = processor_move(getpid(), m->processor) < 0 ? ELSEWHERE : SHARED;
                if (run_next(m, 0, MEANWHILE_JOBS))
                        end = now_ns() + AWAKE_NS;
                else if (m->over && m->taken == m->begun)
                        break;
                sched_yield();
        }
        return NULL;
}

/* Wait until the thread is in another state, but not for long: others may have its processor. */
static void await_state(const struct meanwhile *m, int was)
{
        uint64_t end = now_ns() + WAKE_NS;

        while (m->state == was && now_ns() < end)
                sched_yield();
}

void meanwhile_ready(struct meanwhile *m, int processor)
{
        m->processor = processors() == 2 ? processor : -1;
        m->there = processors() > 1 && start_thread(&m->thread, serve, m) == 0;
        if (m->there && m->processor >= 0)
                await_state(m, COMING);
}

/* It is the other thread that moves us: who has the target's processor could keep us from leaving it again. */
void meanwhile_share(void *arg)
{
        struct meanwhile *m = arg;

        if (m->state != ALONE)
                return;
        m->state = ASKED;
        await_state(m, ASKED);
        if (m->state == SHARED)
                processor_share();
}

void meanwhile_begin(struct meanwhile *m, void (*job)(void *), void *arg, unsigned after)
{
        unsigned i = m->begun;

        m->job[i].job = job;
        m->job[i].arg = arg;
        m->job[i].after = after;
        m->begun = i + 1;
}

void meanwhile_help(struct meanwhile *m, unsigned n)
{
        run_next(m, n - 1, n);
}

void meanwhile_end(struct meanwhile *m, unsigned n)
{
        if (n > m->begun)
                n = m->begun;
        while (!are_done(m, n))
                if (!run_next(m, 0, n))
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
