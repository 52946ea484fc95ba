/* SPDX-License-Identifier: MIT */
/*
 * victim-call.c - sits in a sleep, a wait for events, signals or a child, or in no call at all
 *
 * usage, output: victim-call.h
 */
#define _GNU_SOURCE
#include "victim-call.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* --- sleeps --------------------------------------------------------------- */

static long call_nanosleep(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_nanosleep, NULL);
        return syscall(SYS_nanosleep, &t, NULL);
}

static long call_clock_nanosleep(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_clock_nanosleep, NULL);
        return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
}

static long call_clock_nanosleep_abs(void)
{
        struct timespec t;

        go(SYS_clock_nanosleep, NULL);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
}

static long call_read_timerfd(void)
{
        struct itimerspec t = { .it_value = timespec(wait_ms + 1) };
        uint64_t expired;

        fds[0] = must(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd_create");
        start = now_ms();
        must(timerfd_settime(fds[0], 0, &t, NULL), "timerfd_settime");
        go(SYS_read, NULL);
        return syscall(SYS_read, fds[0], &expired, sizeof expired);
}

/* --- polls ---------------------------------------------------------------- */

static long call_poll(void)
{
        struct pollfd p;

        use_pipe();
        p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
        go(SYS_poll, wake_write);
        return syscall(SYS_poll, &p, 1, self->timed ? (int)wait_ms : -1);
}

static long call_ppoll(void)
{
        struct timespec t = timespec(wait_ms);
        struct pollfd p;

        use_pipe();
        p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
        go(SYS_ppoll, wake_write);
        return syscall(SYS_ppoll, &p, 1, self->timed ? &t : NULL, NULL, 8);
}

static long call_select(void)
{
        struct timeval t = { wait_ms / 1000, wait_ms % 1000 * 1000 };
        fd_set set;

        use_pipe();
        FD_ZERO(&set);
        FD_SET(fds[0], &set);
        go(SYS_select, wake_write);
        return syscall(SYS_select, fds[0] + 1, &set, NULL, NULL, self->timed ? &t : NULL);
}

static long call_pselect(void)
{
        struct timespec t = timespec(wait_ms);

        go(SYS_pselect6, NULL);
        return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &t, NULL);
}

static long call_epoll(long nr)
{
        struct epoll_event ev = { .events = EPOLLIN };
        struct timespec t = timespec(wait_ms);
        int ep = must(epoll_create1(0), "epoll_create1");

        use_pipe();
        must(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev), "epoll_ctl");
        go(nr, wake_write);
        if (nr == SYS_epoll_pwait2)
                return syscall(nr, ep, &ev, 1, self->timed ? &t : NULL, NULL, 8);
        return syscall(nr, ep, &ev, 1, self->timed ? (int)wait_ms : -1, NULL, 8);
}

static long call_epoll_wait(void)   { return call_epoll(SYS_epoll_wait); }
static long call_epoll_pwait(void)  { return call_epoll(SYS_epoll_pwait); }
static long call_epoll_pwait2(void) { return call_epoll(SYS_epoll_pwait2); }

/* --- signals -------------------------------------------------------------- */

static void wake_signal(void)
{
        kill(getppid(), SIGUSR1);
}

static void on_usr1(int sig)
{
        (void)sig;
        handled++;
}

static uint64_t block_usr1(void)
{
        uint64_t set = 1u << (SIGUSR1 - 1);

        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
        return set;
}

static long call_pause(void)
{
        signal(SIGUSR1, on_usr1);
        go(SYS_pause, wake_signal);
        return syscall(SYS_pause);
}

static long call_sigtimedwait(void)                 /* untimed: sigwaitinfo */
{
        struct timespec t = timespec(wait_ms);
        uint64_t set = block_usr1();

        go(SYS_rt_sigtimedwait, wake_signal);
        return syscall(SYS_rt_sigtimedwait, &set, NULL, self->timed ? &t : NULL, 8);
}

static long call_read_signalfd(void)
{
        struct signalfd_siginfo info;
        sigset_t set;

        block_usr1();
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        fds[0] = must(signalfd(-1, &set, 0), "signalfd");
        go(SYS_read, wake_signal);
        return syscall(SYS_read, fds[0], &info, sizeof info);
}

/* --- calls that have a mask of their own: SIGUSR1 can end them and nothing else --- */

static uint64_t inner_mask(void)                    /* and block other signals outside */
{
        uint64_t outer = 1u << (SIGUSR1 - 1) | 1u << (SIGWINCH - 1);

        signal(SIGUSR1, on_usr1);
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &outer, NULL, 8);
        return 1u << (SIGUSR2 - 1) | 1u << (SIGTTOU - 1);
}

static long call_sigsuspend(void)
{
        uint64_t mask = inner_mask();

        go(SYS_rt_sigsuspend, wake_signal);
        return syscall(SYS_rt_sigsuspend, &mask, 8);
}

static long call_ppoll_mask(void)
{
        struct timespec t = timespec(wait_ms * 10);
        uint64_t mask = inner_mask();

        go(SYS_ppoll, wake_signal);
        return syscall(SYS_ppoll, NULL, 0, &t, &mask, 8);
}

static long call_pselect_mask(void)
{
        struct timespec t = timespec(wait_ms * 10);
        uint64_t mask = inner_mask();
        struct { uint64_t *mask; size_t len; } arg = { &mask, 8 };

        go(SYS_pselect6, wake_signal);
        return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &t, &arg);
}

static long call_epoll_pwait_mask(void)
{
        int ep = must(epoll_create1(0), "epoll_create1");
        uint64_t mask = inner_mask();
        struct epoll_event ev;

        go(SYS_epoll_pwait, wake_signal);
        return syscall(SYS_epoll_pwait, ep, &ev, 1, -1, &mask, 8);
}

/* --- children ------------------------------------------------------------- */

static long call_wait4(void)
{
        go(SYS_wait4, nothing);
        return syscall(SYS_wait4, -1, NULL, 0, NULL) == child ? 1 : -1;
}

static long call_waitid(void)
{
        siginfo_t info;

        go(SYS_waitid, nothing);
        return syscall(SYS_waitid, P_PID, child, &info, WEXITED, NULL);
}

static long call_vfork(void)                        /* the child borrows this very stack */
{
        struct timespec t;

        start = now_ms();
        t = timespec(start + wait_ms);
        say_ready(SYS_vfork);
        child = vfork();
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
                _exit(0);
        }
        return child > 0 && waitpid(child, NULL, 0) == child;
}

/* --- asynchronous input and output ---------------------------------------- */

static aio_context_t use_aio(void)                  /* one request: until the pipe can be read */
{
        aio_context_t ctx = 0;
        static struct iocb cb;
        struct iocb *list = &cb;

        use_pipe();
        must((int)syscall(SYS_io_setup, 4, &ctx), "io_setup");
        cb = (struct iocb){ .aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (uint32_t)fds[0], .aio_buf = POLLIN };
        must((int)syscall(SYS_io_submit, ctx, 1, &list), "io_submit");
        return ctx;
}

static long call_io_getevents(void)
{
        struct timespec t = timespec(wait_ms);
        aio_context_t ctx = use_aio();
        struct io_event ev;

        go(SYS_io_getevents, wake_write);
        return syscall(SYS_io_getevents, ctx, 1, 1, &ev, self->timed ? &t : NULL);
}

static long call_io_pgetevents(void)
{
        struct timespec t = timespec(wait_ms);
        aio_context_t ctx = use_aio();
        struct io_event ev;

        go(SYS_io_pgetevents, wake_write);
        return syscall(SYS_io_pgetevents, ctx, 1, 1, &ev, self->timed ? &t : NULL, NULL);
}

static void *map_ring(int fd, size_t len, off_t at)
{
        void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

        if (p == MAP_FAILED)
                die("mmap of the ring");
        return p;
}

static int use_uring(int op, uint64_t addr)         /* one entry queued, not yet submitted */
{
        struct io_uring_params p = { 0 };
        struct io_uring_sqe *sqe;
        char *sq;
        int ring = (int)syscall(SYS_io_uring_setup, 4, &p);

        if (ring < 0 && errno == EPERM)             /* kernel.io_uring_disabled, a container's filter */
                errno = ENOSYS;
        must(ring, "io_uring_setup");
        use_pipe();
        sq = map_ring(ring, p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
        sqe = map_ring(ring, p.sq_entries * sizeof *sqe, IORING_OFF_SQES);
        memset(sqe, 0, sizeof *sqe);
        sqe->opcode = (uint8_t)op;
        sqe->fd = op == IORING_OP_TIMEOUT ? -1 : fds[0];
        sqe->addr = addr;
        if (op == IORING_OP_TIMEOUT)
                sqe->len = 1;
        else
                sqe->poll32_events = POLLIN;
        ((uint32_t *)(sq + p.sq_off.array))[0] = 0;
        __atomic_store_n((uint32_t *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        return ring;
}

static void submit(int ring)
{
        must((int)syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0), "io_uring_enter");
}

static long call_io_uring(void)
{
        struct __kernel_timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
        struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&t };
        int ring = use_uring(IORING_OP_POLL_ADD, 0);

        submit(ring);
        go(SYS_io_uring_enter, wake_write);
        if (self->timed)
                return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                               &arg, sizeof arg);
        return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static long call_io_uring_timeout(void)             /* the time-out is the request, not the call */
{
        struct __kernel_timespec t = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
        int ring = use_uring(IORING_OP_TIMEOUT, (uintptr_t)&t);

        start = now_ms();
        submit(ring);
        go(SYS_io_uring_enter, NULL);
        return syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

static long call_io_uring_submit(void)              /* submits and waits at once, as most programs do */
{
        int ring = use_uring(IORING_OP_POLL_ADD, 0);

        go(SYS_io_uring_enter, wake_write);
        return syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* --- no call at all ------------------------------------------------------- */

static long call_spin(void)                         /* two accumulators that must go on agreeing */
{
        uint64_t a = 1, b = 1;
        int i;

        go(-1, NULL);
        do {
                for (i = 0; i < 100000; i++) {
                        a = a * 6364136223846793005u + 1442695040888963407u;
                        __asm__ volatile("imul %1, %0\n\tadd %2, %0"
                                         : "+r"(b) : "r"(6364136223846793005u), "r"(1442695040888963407u) : "cc");
                }
        } while (now_ms() < start + wait_ms);
        return a == b;
}

/* --- */

static const struct call calls[] = {
        { "nanosleep",              call_nanosleep,           1 },
        { "clock_nanosleep",        call_clock_nanosleep,     1 },
        { "clock_nanosleep-abs",    call_clock_nanosleep_abs, 1 },
        { "poll",                   call_poll,                0 },
        { "poll-timed",             call_poll,                1 },
        { "ppoll",                  call_ppoll,               0 },
        { "ppoll-timed",            call_ppoll,               1 },
        { "ppoll-mask",             call_ppoll_mask,          0 },
        { "select",                 call_select,              0 },
        { "select-timed",           call_select,              1 },
        { "pselect-timed",          call_pselect,             1 },
        { "pselect-mask",           call_pselect_mask,        0 },
        { "epoll_wait",             call_epoll_wait,          0 },
        { "epoll_wait-timed",       call_epoll_wait,          1 },
        { "epoll_pwait",            call_epoll_pwait,         0 },
        { "epoll_pwait-timed",      call_epoll_pwait,         1 },
        { "epoll_pwait-mask",       call_epoll_pwait_mask,    0 },
        { "epoll_pwait2",           call_epoll_pwait2,        0 },
        { "epoll_pwait2-timed",     call_epoll_pwait2,        1 },
        { "sigwaitinfo",            call_sigtimedwait,        0 },
        { "sigtimedwait",           call_sigtimedwait,        1 },
        { "sigsuspend",             call_sigsuspend,          0 },
        { "pause",                  call_pause,               0 },
        { "read-timerfd",           call_read_timerfd,        1 },
        { "read-signalfd",          call_read_signalfd,       0 },
        { "wait4",                  call_wait4,               0 },
        { "waitid",                 call_waitid,              0 },
        { "io_getevents",           call_io_getevents,        0 },
        { "io_getevents-timed",     call_io_getevents,        1 },
        { "io_pgetevents",          call_io_pgetevents,       0 },
        { "io_pgetevents-timed",    call_io_pgetevents,       1 },
        { "io_uring_enter",         call_io_uring,            0 },
        { "io_uring_enter-timed",   call_io_uring,            1 },
        { "io_uring_enter-timeout", call_io_uring_timeout,    1 },
        { "io_uring_enter-submit",  call_io_uring_submit,     0 },
        { "vfork",                  call_vfork,               1 },
        { "spin",                   call_spin,                1 },
};

int main(int argc, char **argv)
{
        return call_main(argc, argv, calls, sizeof calls / sizeof calls[0]);
}
