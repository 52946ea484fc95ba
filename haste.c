/* SPDX-License-Identifier: MIT */
/* haste.c - to be quick while the target stands still */
#include "haste.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SCHED_IDLE
#define SCHED_IDLE      5
#endif
#define BEST_NICE       (-20)

static pthread_t thread;
static atomic_int running;
static int hasty, nice_before;
static int cpu_wanted;
static cpu_set_t before;        /* where we may run */

/* A normal priority would take the processor from others: not without SCHED_IDLE. The kernel's call: musl's does nothing. */
static void *spin(void *arg)
{
        struct sched_param p = { .sched_priority = 0 };
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((unsigned)cpu_wanted, &set);
        if (syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &p) == 0 && sched_setaffinity(0, sizeof set, &set) == 0)
                while (running)
                        ;
        return arg;
}

static void keep_awake(int cpu)
{
        sigset_t all, was;
        cpu_set_t set;

        if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof before, &before) < 0 || CPU_COUNT(&before) < 2)
                return;
        set = before;
        CPU_CLR((unsigned)cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) < 0)
                return;
        cpu_wanted = cpu;
        running = 1;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &was);
        if (pthread_create(&thread, NULL, spin, NULL) != 0) {
                running = 0;
                sched_setaffinity(0, sizeof before, &before);
        }
        pthread_sigmask(SIG_SETMASK, &was, NULL);
}

void haste_begin(int cpu)
{
        if (hasty)
                return;
        hasty = 1;
        keep_awake(cpu);        /* first: a thread inherits the nice value */
        nice_before = getpriority(PRIO_PROCESS, 0);
        setpriority(PRIO_PROCESS, 0, BEST_NICE);
}

void haste_end(void)
{
        if (!hasty)
                return;
        hasty = 0;
        setpriority(PRIO_PROCESS, 0, nice_before);
        if (!running)
                return;
        running = 0;
        pthread_join(thread, NULL);
        sched_setaffinity(0, sizeof before, &before);
}
