/* SPDX-License-Identifier: MIT */
/*
 * victim-core.c - what a debugger has to find its way through
 *
 * The main thread waits in a signal handler and a recursion, beyond a frame of
 * the kernel's. Of the other threads one spins with known values in its vector
 * registers, one with such in its x87 registers, one is in a handler on an
 * alternate stack; SIGABRT is for the main one alone. Prints "ready".
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int here;               /* threads that have come to where they stay */
static _Thread_local int own = 4711;

static void stay(const char *why)
{
        struct pollfd never = { .fd = -1 };

        own += (int)strlen(why);
        here++;
        while (here)
                poll(&never, 1, -1);
}

__attribute__((noinline)) static int deep(int n, const char *why)
{
        volatile int local = n * n;

        if (n == 0) {
                stay(why);
                return 0;
        }
        return deep(n - 1, why) + local;
}

static void handler(int sig, siginfo_t *si, void *context)
{
        volatile int sum;               /* so that this is no jump to deep(), but a call */

        (void)context;
        sum = deep(sig % 5, si->si_pid == getpid() ? "by itself" : "by another");
        (void)sum;
}

static void *vectors(void *arg)
{
        uint64_t values[64];

        (void)arg;
        for (unsigned i = 0; i < 64; i++)
                values[i] = 0x0123456789abcdefull * (i + 1);
        here++;
        if (__builtin_cpu_supports("avx"))
                __asm__ volatile("vmovdqu (%0), %%ymm0; vmovdqu 32(%0), %%ymm7; vmovdqu 64(%0), %%ymm15; 1: jmp 1b"
                                 : : "r"(values) : "memory");
        else
                __asm__ volatile("movdqu (%0), %%xmm0; movdqu 32(%0), %%xmm7; movdqu 64(%0), %%xmm15; 1: jmp 1b"
                                 : : "r"(values) : "memory");
        return NULL;
}

static void *floats(void *arg)
{
        (void)arg;
        here++;
        __asm__ volatile("fldpi; fldl2e; fld1; fchs; 1: jmp 1b" : : : "memory");
        return NULL;
}

static void *sleeper(void *arg)
{
        static char room[65536];
        stack_t alt = { .ss_sp = room, .ss_size = sizeof room };

        (void)arg;
        sigaltstack(&alt, NULL);
        pthread_kill(pthread_self(), SIGUSR2);
        return NULL;
}

static void *(*const threads[])(void *) = { vectors, floats, sleeper };

int main(void)
{
        struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        unsigned char *memory = malloc(1 << 20);
        sigset_t abrt;
        pthread_t t;

        sigemptyset(&abrt);
        sigaddset(&abrt, SIGABRT);
        pthread_sigmask(SIG_BLOCK, &abrt, NULL);
        sigaction(SIGUSR1, &sa, NULL);
        sigaction(SIGUSR2, &sa, NULL);
        for (int i = 0; memory && i < 1 << 20; i += 8192)       /* every second page stays untouched */
                memory[i] = (unsigned char)(i >> 13 | 1);
        for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++)
                if (pthread_create(&t, NULL, threads[i], NULL) != 0)
                        return 1;
        pthread_sigmask(SIG_UNBLOCK, &abrt, NULL);
        while (here < 3)
                usleep(1000);
        printf("ready\n");
        fflush(stdout);
        raise(SIGUSR1);
        return 0;
}
