/* SPDX-License-Identifier: MIT */
/*
 * victim-pending.c - has signals pending, and tells what becomes of them
 *
 * usage: victim-pending SIGNAL handled|default
 *
 * Blocks some signals and sends itself each of them: 40 real-time ones of three
 * numbers, by turns to the process and to the thread, each with its value; SIGUSR1,
 * SIGCHLD by a child that ends, SIGALRM by a timer, and SIGNAL, the number of one
 * that the kernel sends for a fault, with an address as it would. What that one
 * does is what the argument says. Then "ready". SIGHUP, which is not blocked, lets
 * them all in: they are printed in the order in which they came.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RT_SIGNALS      40

static siginfo_t came[RT_SIGNALS + 16];
static volatile sig_atomic_t n, now;
static int fault;
static pid_t child;

static void on_hup(int sig) { (void)sig; now = 1; }

static void on_signal(int sig, siginfo_t *si, void *uc)
{
        (void)uc;
        if (n < (int)(sizeof came / sizeof *came)) {
                came[n] = *si;
                came[n].si_signo = sig;
                n++;
        }
}

static void handle(int sig)
{
        struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

        sigfillset(&sa.sa_mask);        /* one after the other */
        sigaction(sig, &sa, NULL);
}

static int real_time(int i) { return SIGRTMIN + 1 + i * 7 % 3; }

static void queue_some(void)
{
        for (int i = 0; i < RT_SIGNALS; i++) {
                siginfo_t si = { .si_signo = real_time(i), .si_code = i % 4 ? SI_QUEUE : SI_MESGQ, .si_errno = i };

                si.si_pid = 4000 + i;
                si.si_uid = 5000 + (uid_t)i;
                si.si_value.sival_ptr = (void *)(0x1234567800000000 + (uintptr_t)i);
                if (i % 2)
                        syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), si.si_signo, &si);
                else
                        syscall(SYS_rt_sigqueueinfo, getpid(), si.si_signo, &si);
        }
}

static void await_pending(int sig)
{
        sigset_t set;

        do {
                usleep(1000);
                sigpending(&set);
        } while (!sigismember(&set, sig));
}

static void send_others(void)
{
        struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
        struct itimerspec it = { .it_value = { 0, 1000000 } };
        siginfo_t si = { .si_signo = fault, .si_code = 1 };     /* TRAP_BRKPT, SEGV_MAPERR, ... */
        timer_t timer;

        si.si_addr = (void *)0x7654321;
        syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), fault, &si);
        kill(getpid(), SIGUSR1);
        ev.sigev_value.sival_int = 77;
        timer_create(CLOCK_MONOTONIC, &ev, &timer);
        timer_settime(timer, 0, &it, NULL);
        await_pending(SIGALRM);
        child = fork();
        if (child == 0)
                _exit(7);
        await_pending(SIGCHLD);
}

static const char *who(pid_t pid)
{
        static char number[16];

        snprintf(number, sizeof number, "%d", pid);
        return pid == getpid() ? "self" : pid == child ? "child" : number;
}

static void tell(const siginfo_t *si)
{
        printf("signal %d code %d errno %d ", si->si_signo, si->si_code, si->si_errno);
        if (si->si_signo == fault) {
                printf("addr %p\n", si->si_addr);
                return;
        }
        switch (si->si_signo) {
        case SIGCHLD:
                printf("pid %s uid %d status %d\n", who(si->si_pid), (int)si->si_uid, si->si_status);
                break;
        case SIGALRM:
                printf("timer %d overrun %d value %d\n", si->si_timerid, si->si_overrun, si->si_value.sival_int);
                break;
        case SIGUSR1:
                printf("pid %s uid %d\n", who(si->si_pid), (int)si->si_uid);
                break;
        default:
                printf("pid %s uid %d value %p\n", who(si->si_pid), (int)si->si_uid, si->si_value.sival_ptr);
        }
}

int main(int argc, char **argv)
{
        int signals[] = { SIGUSR1, SIGCHLD, SIGALRM, 0, real_time(0), real_time(1), real_time(2) };
        sigset_t set;

        if (argc != 3)
                return 2;
        fault = signals[3] = atoi(argv[1]);
        setvbuf(stdout, NULL, _IOLBF, 0);
        signal(SIGHUP, on_hup);
        sigemptyset(&set);
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
                sigaddset(&set, signals[i]);
                if (signals[i] != fault || strcmp(argv[2], "handled") == 0)
                        handle(signals[i]);
        }
        sigprocmask(SIG_BLOCK, &set, NULL);
        queue_some();
        send_others();
        printf("ready\n");
        while (!now)
                usleep(10000);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        for (int i = 0; i < n; i++)
                tell(&came[i]);
        printf("over\n");
        return 0;
}
