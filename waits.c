/* SPDX-License-Identifier: MIT */
/* waits.c - how long the kernel would still have waited in a system call */
#include "waits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#ifndef SYS_io_pgetevents
#define SYS_io_pgetevents       333
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter      426
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2        441
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv         449
#endif
#define CALL_FUTEX_WAIT         455     /* futex_wait(2), a call of its own since 6.7 */

#define SECOND                  1000000000ull
#define FOREVER                 (~0ull)
#define OFFSET_MAX              4611686018ll    /* seconds: the kernel allows no more (KTIME_SEC_MAX / 2), and two of them fit in 64 bits */
#define NO_ARG                  (-1)
#define URING_EXT_ARG           8u      /* IORING_ENTER_EXT_ARG, IORING_ENTER_ABS_TIMER: uapi/linux/io_uring.h */
#define URING_ABS_TIMER         32u

enum form {                     /* of a time-out */
        SPEC,                   /* struct timespec, relative: what is there is what is left, or what is waited for afresh */
        VAL,                    /* struct timeval, likewise */
        MS,                     /* an int of milliseconds, waited for afresh */
        UNTIL,                  /* struct timespec, absolute, on the clock that another argument names */
        HIDDEN_MS,              /* an int of milliseconds, of which less is left */
};

struct wait {
        short nr;
        signed char form, arg;  /* which argument it is */
        signed char clock;      /* UNTIL: which argument names the clock; NO_ARG: CLOCK_REALTIME */
};

static const struct wait waits[] = {
        { SYS_select, VAL, 4, 0 },              /* written back, as the next two */
        { SYS_pselect6, SPEC, 4, 0 },
        { SYS_ppoll, SPEC, 2, 0 },
        { SYS_epoll_wait, MS, 3, 0 },           /* afresh: restart.h */
        { SYS_epoll_pwait, MS, 3, 0 },
        { SYS_epoll_pwait2, SPEC, 3, 0 },
        { SYS_semtimedop, SPEC, 3, 0 },
        { SYS_rt_sigtimedwait, SPEC, 2, 0 },
        { SYS_io_getevents, SPEC, 4, 0 },
        { SYS_io_pgetevents, SPEC, 4, 0 },
        { SYS_mq_timedsend, UNTIL, 4, NO_ARG },
        { SYS_mq_timedreceive, UNTIL, 4, NO_ARG },
        { SYS_futex_waitv, UNTIL, 3, 4 },
        { CALL_FUTEX_WAIT, UNTIL, 4, 5 },
        { SYS_poll, HIDDEN_MS, 2, 0 },
};

/* "NAME SEC NSEC" in ns; 0 if there is none. */
static int64_t clock_offset(const char *text, const char *name)
{
        const char *p = strstr(text, name);
        long long sec, ns;
        char *end;

        if (!p)
                return 0;
        sec = strtoll(p + strlen(name), &end, 10);
        ns = strtoll(end, NULL, 10);
        if (sec >= OFFSET_MAX || sec <= -OFFSET_MAX || ns < 0 || ns >= (long long)SECOND)
                return 0;
        return (int64_t)(sec * (long long)SECOND + ns);
}

/* Add those of a process to w, times sign. */
static void add_offsets(struct waits *w, int dir, const char *file, int sign)
{
        char *text;
        size_t len;

        if (read_file(dir, file, 4096, &text, &len) < 0)
                return;                 /* a kernel without time namespaces */
        w->monotonic += sign * clock_offset(text, "monotonic");
        w->boottime += sign * clock_offset(text, "boottime");
        free(text);
}

/* Do the two links lead to one namespace? Or to none, for there are none. */
static int same_link(int dir, const char *link, int other_dir, const char *other)
{
        char a[64] = "", b[64] = "";
        ssize_t n = readlinkat(dir, link, a, sizeof a), m = readlinkat(other_dir, other, b, sizeof b);

        return n == m && (n <= 0 || !memcmp(a, b, (size_t)n));
}

/* What the file tells is of those to be born: one that has called unshare(2) is not there itself, before 6.3 not even after exec. */
void waits_begin(struct waits *w, const struct trace *t)
{
        *w = (struct waits){ 0, 0, 0 };
        if (same_link(t->live_dir, "ns/time", AT_FDCWD, "/proc/self/ns/time"))
                return;
        w->unknown = !same_link(t->live_dir, "ns/time", t->live_dir, "ns/time_for_children") ||
                !same_link(AT_FDCWD, "/proc/self/ns/time", AT_FDCWD, "/proc/self/ns/time_for_children");
        add_offsets(w, t->live_dir, "timens_offsets", 1);
        add_offsets(w, AT_FDCWD, "/proc/self/timens_offsets", -1);
}

static uint64_t ns_of(int64_t sec, int64_t ns)
{
        if ((uint64_t)sec >= FOREVER / SECOND - 1)      /* the kernel too takes what is too long as for ever */
                return FOREVER;
        return (uint64_t)sec * SECOND + (uint64_t)ns;
}

/* len bytes of the target's, the two words of a time-out: 1; 0: cannot be read, or is no time. */
static int read_time(struct trace *t, pid_t tid, uint64_t at, int64_t fraction, int64_t time[2])
{
        return trace_read(t, tid, at, time, 2 * sizeof *time) == 0 && time[0] >= 0 && time[1] >= 0 && time[1] < fraction;
}

static enum waits_answer left_of(struct trace *t, pid_t tid, uint64_t at, int64_t fraction, uint64_t *left)
{
        int64_t time[2];

        if (!at)
                return WAITS_NONE;
        if (!read_time(t, tid, at, fraction, time))
                return WAITS_HIDDEN;
        *left = ns_of(time[0], time[1] * ((int64_t)SECOND / fraction));
        return WAITS_TOLD;
}

/* Of the clocks of threads and processes we could tell no time that would pass. */
static int is_wall_clock(uint64_t clock)
{
        return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI ||
                clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

/* Until the time at `at` on one of the target's clocks. */
static enum waits_answer left_until(const struct waits *w, struct trace *t, pid_t tid, uint64_t clock, uint64_t at,
                                    uint64_t *left)
{
        int64_t time[2], ahead = 0;
        struct timespec now;
        uint64_t end, is;

        if (!at)
                return WAITS_NONE;
        if (!is_wall_clock(clock) || clock_gettime((clockid_t)clock, &now) < 0 ||
            !read_time(t, tid, at, (int64_t)SECOND, time))
                return WAITS_HIDDEN;
        if (w->unknown && clock != CLOCK_REALTIME && clock != CLOCK_TAI && clock != CLOCK_REALTIME_ALARM)
                return WAITS_HIDDEN;
        if (clock == CLOCK_MONOTONIC)
                ahead = w->monotonic;
        else if (clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM)
                ahead = w->boottime;
        end = ns_of(time[0], time[1]);
        is = ns_of(now.tv_sec, now.tv_nsec) + (uint64_t)ahead;
        *left = end > is ? end - is : 0;
        return WAITS_TOLD;
}

static enum waits_answer of_futex(const struct waits *w, struct trace *t, pid_t tid, const uint64_t *arg, uint64_t *left)
{
        enum { WAIT = 0, LOCK_PI = 6, WAIT_BITSET = 9, WAIT_REQUEUE_PI = 11, LOCK_PI2 = 13, COMMAND = 127, REALTIME = 256 };
        uint64_t clock = arg[1] & REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;

        switch (arg[1] & COMMAND) {
        case WAIT:
                return arg[3] ? WAITS_HIDDEN : WAITS_NONE;
        case LOCK_PI:
                return left_until(w, t, tid, CLOCK_REALTIME, arg[3], left);
        case WAIT_BITSET:
        case WAIT_REQUEUE_PI:
        case LOCK_PI2:
                return left_until(w, t, tid, clock, arg[3], left);
        }
        return WAITS_NONE;
}

static enum waits_answer of_uring(struct trace *t, pid_t tid, const uint64_t *arg, uint64_t *left)
{
        struct { uint64_t sigmask; uint32_t len, min_wait; uint64_t ts; } ext;

        if (!(arg[3] & URING_EXT_ARG))
                return WAITS_NONE;
        if (trace_read(t, tid, arg[4], &ext, sizeof ext) < 0)
                return WAITS_HIDDEN;
        if (ext.ts && arg[3] & URING_ABS_TIMER)
                return WAITS_HIDDEN;    /* on the clock of the ring */
        return left_of(t, tid, ext.ts, (int64_t)SECOND, left);
}

/* The rest is written back too, where there is a place for it (nanosleep_copyout()). */
static enum waits_answer of_nanosleep(struct trace *t, pid_t tid, uint64_t rest, uint64_t *left)
{
        return rest ? left_of(t, tid, rest, (int64_t)SECOND, left) : WAITS_HIDDEN;
}

static enum waits_answer of_listed(const struct waits *w, struct trace *t, pid_t tid, const struct wait *wait,
                                   const uint64_t *arg, uint64_t *left)
{
        int ms = (int)arg[(int)wait->arg];

        switch (wait->form) {
        case SPEC:
                return left_of(t, tid, arg[(int)wait->arg], (int64_t)SECOND, left);
        case VAL:
                return left_of(t, tid, arg[(int)wait->arg], 1000000, left);
        case UNTIL:
                return left_until(w, t, tid, wait->clock == NO_ARG ? CLOCK_REALTIME : (uint32_t)arg[(int)wait->clock],
                                  arg[(int)wait->arg], left);
        case MS:
                *left = (uint64_t)ms * 1000000;
                return ms < 0 ? WAITS_NONE : WAITS_TOLD;
        }
        return ms < 0 ? WAITS_NONE : WAITS_HIDDEN;
}

enum waits_answer waits_left(const struct waits *w, struct trace *t, pid_t tid,
                             const struct trace_call *c, uint64_t *left_ns)
{
        *left_ns = 0;
        switch (c->nr) {
        case SYS_restart_syscall:       /* of one stopped before: which, we do not know, nor what is left of it */
                return WAITS_HIDDEN;
        case SYS_nanosleep:
                return of_nanosleep(t, tid, c->arg[1], left_ns);
        case SYS_clock_nanosleep:
                if (c->arg[1] & TIMER_ABSTIME)
                        return left_until(w, t, tid, (uint32_t)c->arg[0], c->arg[2], left_ns);
                return is_wall_clock((uint32_t)c->arg[0]) ? of_nanosleep(t, tid, c->arg[3], left_ns) : WAITS_HIDDEN;
        case SYS_futex:
                return of_futex(w, t, tid, c->arg, left_ns);
        case SYS_io_uring_enter:
                return of_uring(t, tid, c->arg, left_ns);
        }
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
                if (waits[i].nr == c->nr)
                        return of_listed(w, t, tid, &waits[i], c->arg, left_ns);
        return WAITS_NONE;
}
