/* SPDX-License-Identifier: MIT */
/*
 * victim-call.h - what the programs victim-call*.c share: one blocking system call each
 *
 * usage: victim-call NAME [MS [beside]]        victim-call list
 *
 * beside: it is a second thread that makes the call, while the first one is in
 * pause.
 *
 * Prints "ready NR START" just before it blocks: the call's number (-1: it
 * spins) and CLOCK_BOOTTIME in ms. The call's time is over MS later: by its own
 * time-out, or by what a child does to it then. Afterwards prints
 *
 *      NAME ret=R errno=E over=N mask=HEX handled=N
 *
 * over: ms since the call's time was over, by the clock that it waits for, which
 * for CLOCK_REALTIME may have been set meanwhile; mask: blocked signals;
 * handled: how often SIGUSR1 was. Exits with 77 where this kernel has no such
 * call. SIGALRM kills it when nothing ends the call.
 */
#ifndef VICTIM_CALL_H
#define VICTIM_CALL_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECORD          8               /* bytes that wake a reader */
#define NOT_HERE        77              /* exit status */

struct call {
        const char *name;
        long      (*block)(void);       /* as the call: -1 with errno, or its result */
        int         timed;              /* it has a time-out; no child wakes it */
};

static const struct call *self;
static long wait_ms = 1200;
static int64_t start;                   /* ms; of its timer, if one runs before the call does */
static clockid_t end_clock = CLOCK_BOOTTIME;
static int64_t end;                     /* ms by end_clock when the time is over; 0: wait_ms after start */
static pid_t child;
static int fds[2];                      /* the victim waits at the first, the child wakes it by the second */
static void (*at_end)(void);            /* removes what would outlive the process */
static volatile sig_atomic_t handled;

/* --- start and end ----------------------------------------------------------- */

static inline int64_t clock_ms(clockid_t clock)
{
        struct timespec t;

        clock_gettime(clock, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int64_t now_ms(void)
{
        return clock_ms(CLOCK_BOOTTIME);
}

static inline struct timespec timespec(int64_t ms)
{
        return (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
}

static inline struct timespec later(clockid_t clock)    /* the end of the wait, as an instant of this clock */
{
        int64_t t = clock_ms(clock) + wait_ms + 1;

        if (self->timed) {
                end_clock = clock;
                end = t;
        }
        return timespec(t);
}

static inline void finish(int status)
{
        if (at_end)
                at_end();
        exit(status);
}

static inline void die(const char *what)
{
        int err = errno;

        fprintf(stderr, "victim-call %s: %s: %s\n", self->name, what, strerror(err));
        finish(err == ENOSYS ? NOT_HERE : 2);
}

static inline int must(int rc, const char *what)
{
        if (rc < 0)
                die(what);
        return rc;
}

/* --- the child ----------------------------------------------------------------- */

static inline void victim_killed(int sig)
{
        (void)sig;
        if (at_end)
                at_end();
        _exit(0);
}

static inline void serve(pid_t victim, void (*hold)(void), int ready, void (*wake)(void))
{
        struct timespec t = timespec(start + wait_ms);

        signal(SIGTERM, victim_killed);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != victim)
                victim_killed(0);
        if (hold)
                hold();
        if (write(ready, "", 1) != 1)
                _exit(2);
        while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) == EINTR)
                ;
        wake();
        _exit(0);
}

static inline void say_ready(long nr)
{
        printf("ready %ld %lld\n", nr, (long long)start);
        fflush(stdout);
}

/*
 * The last thing before the call nr. A child does hold() first, and wake() when
 * the time is over; a timed call goes without one.
 */
static inline void go_held(long nr, void (*hold)(void), void (*wake)(void))
{
        pid_t me = getpid();
        int sync[2];
        char c;

        if (start == 0)
                start = now_ms();
        if (wake && !self->timed) {
                must(pipe(sync), "pipe");
                child = must(fork(), "fork");
                if (child == 0)
                        serve(me, hold, sync[1], wake);
                close(sync[1]);
                if (read(sync[0], &c, 1) != 1)
                        die("the child does not hold it");
                close(sync[0]);
        }
        say_ready(nr);
}

static inline void go(long nr, void (*wake)(void))
{
        go_held(nr, NULL, wake);
}

static inline void nothing(void)
{
}

/* --- what many wait at ------------------------------------------------------------ */

static inline void use_pipe(void)
{
        must(pipe(fds), "pipe");
}

static inline void wake_write(void)
{
        if (write(fds[1], "ding...\n", RECORD) != RECORD)
                _exit(2);
}

/* --- */

static inline void tell(long ret, int err)
{
        int64_t over = clock_ms(end_clock) - (end ? end : start + wait_ms);
        uint64_t mask = 0;

        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
        printf("%s ret=%ld errno=%d over=%lld mask=%llx handled=%d\n", self->name, ret, ret < 0 ? err : 0,
               (long long)over, (unsigned long long)mask, (int)handled);
}

static inline void *make_call(void *arg)
{
        long ret = self->block();
        int err = errno;

        (void)arg;
        tell(ret, err);
        finish(ret < 0 && err == ENOSYS ? NOT_HERE : 0);
        return NULL;
}

/* Signals for the process are for that thread. */
static inline void make_call_beside(void)
{
        sigset_t all;
        pthread_t t;

        if (pthread_create(&t, NULL, make_call, NULL) != 0)
                die("pthread_create");
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        for (;;)
                pause();
}

static inline int call_main(int argc, char **argv, const struct call *calls, size_t n)
{
        const char *name = argc > 1 ? argv[1] : "";
        size_t i;

        if (argc > 2)
                wait_ms = atol(argv[2]);
        for (i = 0; i < n; i++) {
                if (strcmp(name, "list") == 0)
                        puts(calls[i].name);
                else if (strcmp(name, calls[i].name) == 0)
                        self = &calls[i];
        }
        if (!self)
                return strcmp(name, "list") == 0 ? 0 : 2;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        alarm(60 + (unsigned)wait_ms / 400);       /* ends it, should the call never */
        if (argc > 3)
                make_call_beside();
        make_call(NULL);
        return 0;
}

#endif
