/* SPDX-License-Identifier: MIT */
/*
 * victim-posix.c - POSIX timers of many kinds that it tells itself
 *
 * usage: victim-posix [full | fenced | filtered | many]
 *
 * Makes timers by the kernel's own ids and prints of each, as it knows and hears it,
 *      timer ID CLOCK NOTIFY SIGNAL TID VALUE OVERRUN INTERVAL_S INTERVAL_NS
 *      left ID SECONDS         that it then had, rounded down
 * then "ready", and waits. One of them, of 5 ms, has a signal that is blocked: at
 * SIGUSR1 it takes that, and prints "after N: ran out M": N times 5 ms since the
 * start, and how often it ran out, as signal and overrun say.
 *      fenced          has no room for a mapping
 *      filtered        has a seccomp filter, that allows everything
 *      many            has 1,100 timers more
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EVERY   5000000         /* ns */

struct itimer {
        int64_t interval_sec, interval_ns, value_sec, value_ns;
};

static int tid_of_other;

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static int create(int clock, int notify, int sig, int tid, uint64_t value)
{
        struct sigevent ev = { .sigev_notify = notify, .sigev_signo = sig };
        int id;

        ev.sigev_value.sival_ptr = (void *)value;
        ev._sigev_un._tid = tid;
        if (syscall(SYS_timer_create, clock, &ev, &id) < 0)
                die("timer_create");
        return id;
}

static void arm(int id, int64_t sec, int64_t ns, int64_t every_sec, int64_t every_ns)
{
        struct itimer it = { every_sec, every_ns, sec, ns };

        if (syscall(SYS_timer_settime, id, 0, &it, NULL) < 0)
                die("timer_settime");
}

static void tell(int id, int clock, int notify, int sig, int tid, uint64_t value)
{
        struct itimer it;

        if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
                clock = clock == CLOCK_PROCESS_CPUTIME_ID ? -6 : -2;    /* as the kernel notes it: of nobody else */
        if (syscall(SYS_timer_gettime, id, &it) < 0)
                die("timer_gettime");
        printf("timer %d %d %d %d %d %#lx %ld %ld %ld\n", id, clock, notify, sig, tid, (unsigned long)value,
               syscall(SYS_timer_getoverrun, id), (long)it.interval_sec, (long)it.interval_ns);
        printf("left %d %ld\n", id, (long)it.value_sec);
}

static void make(int clock, int notify, int sig, uint64_t value, int64_t sec, int64_t every_sec, int64_t every_ns)
{
        int tid = notify & SIGEV_THREAD_ID ? tid_of_other : 0, id = create(clock, notify, sig, tid, value);

        if (sec)
                arm(id, sec, 0, every_sec, every_ns);
        tell(id, clock, notify, sig, tid, value);
}

static void *sleeper(void *arg)
{
        tid_of_other = (int)syscall(SYS_gettid);
        pthread_barrier_wait(arg);
        for (;;)
                pause();
        return NULL;
}

/* One whose signal was taken late, once, with what it missed in between. */
static void late(void)
{
        struct timespec nap = { 0, 60 * 1000000 };
        int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 2, 0, 9);
        siginfo_t si;
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGRTMIN + 2);
        arm(id, 0, EVERY, 0, EVERY);
        nanosleep(&nap, NULL);
        if (sigwaitinfo(&set, &si) < 0)
                die("sigwaitinfo");
        if (si.si_overrun < 5 || si.si_overrun != syscall(SYS_timer_getoverrun, id))
                die("overrun");
        tell(id, CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 2, 0, 9);
}

static void fence(const char *how)
{
        struct sock_filter allow = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
        struct sock_fprog prog = { 1, &allow };
        struct rlimit none = { 1, RLIM_INFINITY };

        if (strcmp(how, "fenced") == 0 && setrlimit(RLIMIT_AS, &none) < 0)
                die("setrlimit");
        if (strcmp(how, "filtered") == 0 &&
            (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0))
                die("seccomp");
        for (int i = 0; strcmp(how, "many") == 0 && i < 1100; i++)
                make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 2000 + i, 1, i);
}

/* How often has it run out by now, and how often could it? */
static void take(int id, const struct timespec *start)
{
        struct itimer off = { 0, 0, 0, 0 };
        struct timespec now;
        siginfo_t si;
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGRTMIN + 1);
        if (sigwaitinfo(&set, &si) < 0)
                die("sigwaitinfo");
        clock_gettime(CLOCK_MONOTONIC, &now);
        syscall(SYS_timer_settime, id, 0, &off, NULL);
        printf("after %ld: ran out %d\n", ((now.tv_sec - start->tv_sec) * 1000000000 + now.tv_nsec - start->tv_nsec) / EVERY,
               1 + si.si_overrun);
}

int main(int argc, char **argv)
{
        pthread_barrier_t started;
        struct timespec start;
        pthread_t t;
        sigset_t set;
        int gone, steady, sig;

        setvbuf(stdout, NULL, _IOLBF, 0);
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigaddset(&set, SIGRTMIN + 1);
        sigaddset(&set, SIGRTMIN + 2);
        sigprocmask(SIG_BLOCK, &set, NULL);
        pthread_barrier_init(&started, NULL, 2);
        pthread_create(&t, NULL, sleeper, &started);
        pthread_barrier_wait(&started);

        gone = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
        make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR2, 0xfeedfacecafe, 1000, 0, 0);
        make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0, 0, 0);
        make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 1, 3000, 0, 777);
        make(CLOCK_BOOTTIME, SIGEV_THREAD_ID, SIGRTMIN + 3, ~0ull, 2000, 3, 500000000);
        make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGRTMAX, 2, 500, 1, 0);
        make(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGXCPU, 3, 400, 0, 0);
        make(CLOCK_TAI, SIGEV_THREAD, SIGRTMIN + 4, 4, 0, 0, 0);
        late();
        syscall(SYS_timer_delete, gone);
        fence(argc > 1 ? argv[1] : "");

        steady = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 0, 5);
        clock_gettime(CLOCK_MONOTONIC, &start);
        arm(steady, 0, EVERY, 0, EVERY);
        tell(steady, CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 0, 5);
        printf("ready\n");
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        while (sigwait(&set, &sig) == 0)
                take(steady, &start);
}
