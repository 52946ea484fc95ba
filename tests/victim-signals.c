/* SPDX-License-Identifier: MIT */
/*
 * victim-signals.c - dispositions, masks and timers that it tells itself
 *
 * Prints, as it hears it from the kernel:
 *      action N HANDLER FLAGS RESTORER MASK    a line a signal
 *      thread TID MASK                         a line a thread
 *      itimer N SECONDS INTERVAL_S INTERVAL_US N 0 to 2: REAL, VIRTUAL, PROF
 *      misc KEY VALUE
 * then "ready", then waits for a signal.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

struct kernel_sigaction {
        uint64_t handler, flags, restorer, mask;
};

static pthread_barrier_t all_said;

static void caught(int sig) { (void)sig; }
static void caught_info(int sig, siginfo_t *si, void *uc) { (void)sig; (void)si; (void)uc; }

static void set(int sig, int flags, int masked)
{
        struct sigaction sa = { .sa_flags = flags };

        sigemptyset(&sa.sa_mask);
        if (masked) {
                sigaddset(&sa.sa_mask, masked);
                sigaddset(&sa.sa_mask, SIGRTMAX);
        }
        if (flags & SA_SIGINFO)
                sa.sa_sigaction = caught_info;
        else
                sa.sa_handler = caught;
        sigaction(sig, &sa, NULL);
}

static void tell_mask(void)
{
        uint64_t mask = 0;

        syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
        printf("thread %ld %#018lx\n", syscall(SYS_gettid), mask);
}

static void *thread(void *arg)
{
        sigset_t s;

        sigemptyset(&s);
        sigaddset(&s, SIGUSR2);
        sigaddset(&s, SIGRTMIN + (int)(intptr_t)arg);
        pthread_sigmask(SIG_BLOCK, &s, NULL);
        tell_mask();
        pthread_barrier_wait(&all_said);
        for (;;)
                pause();
        return NULL;
}

static void set_all(void)
{
        static char altstack[65536];
        stack_t ss = { .ss_sp = altstack, .ss_size = sizeof altstack };
        sigset_t s;

        set(SIGHUP, SA_RESTART, 0);
        set(SIGUSR1, SA_SIGINFO | SA_ONSTACK, SIGUSR2);
        set(SIGUSR2, SA_NODEFER | SA_RESETHAND, 0);
        set(SIGTRAP, SA_SIGINFO, SIGCHLD);
        set(SIGCHLD, SA_NOCLDSTOP | SA_NOCLDWAIT, 0);
        set(SIGRTMIN + 5, SA_SIGINFO | SA_RESTART, SIGRTMIN + 6);
        set(SIGRTMAX, 0, SIGHUP);
        signal(SIGPIPE, SIG_IGN);
        signal(SIGWINCH, SIG_IGN);
        sigemptyset(&s);
        sigaddset(&s, SIGQUIT);
        sigaddset(&s, SIGRTMIN + 10);
        sigaddset(&s, SIGRTMAX);
        sigprocmask(SIG_BLOCK, &s, NULL);
        sigaltstack(&ss, NULL);
        setitimer(ITIMER_REAL, &(struct itimerval){ { 7, 250000 }, { 100000, 0 } }, NULL);
        setitimer(ITIMER_VIRTUAL, &(struct itimerval){ { 0, 0 }, { 200000, 0 } }, NULL);
        setitimer(ITIMER_PROF, &(struct itimerval){ { 300, 0 }, { 300000, 0 } }, NULL);
        umask(0137);
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
        prctl(PR_SET_TIMERSLACK, 123456);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        printf("misc altstack_sp %p\n", (void *)altstack);
        printf("misc altstack_size %zu\n", sizeof altstack);
}

static void tell_all(void)
{
        struct kernel_sigaction sa;
        struct itimerval it;
        int i;

        for (i = 1; i <= 64; i++)
                if (syscall(SYS_rt_sigaction, i, NULL, &sa, 8) == 0)
                        printf("action %d %#lx %#lx %#lx %#018lx\n", i, sa.handler, sa.flags, sa.restorer, sa.mask);
        for (i = 0; i < 3; i++)
                if (getitimer((__itimer_which_t)i, &it) == 0)
                        printf("itimer %d %ld %ld %ld\n", i, it.it_value.tv_sec, it.it_interval.tv_sec, it.it_interval.tv_usec);
        printf("misc umask 0137\nmisc subreaper 1\nmisc pdeath_signal %d\n", SIGUSR1);
        printf("misc timer_slack_ns 123456\nmisc no_new_privs 1\nmisc brk %p\n", sbrk(0));
        printf("misc pid %d\nmisc ppid %d\nmisc pgid %d\nmisc sid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
}

int main(void)
{
        pthread_t t;
        int i;

        setvbuf(stdout, NULL, _IOLBF, 0);
        set_all();
        pthread_barrier_init(&all_said, NULL, 4);
        for (i = 0; i < 3; i++)
                if (pthread_create(&t, NULL, thread, (void *)(intptr_t)i) != 0)
                        return 2;
        pthread_barrier_wait(&all_said);
        tell_mask();
        tell_all();
        printf("ready\n");
        for (;;)
                pause();
}
