/* SPDX-License-Identifier: MIT */
/*
 * victim-threads.c - threads of which some spin and some sleep
 *
 * usage: victim-threads SPINNING SLEEPING [still]
 *
 * The sleeping ones take turns in nanosleep, futex, poll and read, wake up
 * every 20 ms and look whether the call ended as it should; with "still" they
 * stay in it for ever. Each reader has a pipe of its own: of several at one
 * pipe the first that is woken may take what was meant for all of them. At SIGUSR1 the program waits until every one of them
 * has gone on, then prints "moving". A call that ended as it must not is
 * printed ("wrong: ...") and ends it with status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX     1024
#define NAP_MS  20

static volatile struct {
        uint64_t n;
        char     pad[56];
} rounds[MAX];
static int spinning, sleeping, still;
static int ticks[MAX][2];               /* pipes of the readers, that the main thread feeds */
static pthread_barrier_t all_here;

static double seconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void right(const char *call, int good, double start, int timed)
{
        double took = seconds() - start;

        if (good && (!timed || took >= NAP_MS / 1e3))
                return;
        printf("wrong: %s ended after %.6f s: %s\n", call, took, good ? "early" : strerror(errno));
        exit(1);
}

static void *spinner(void *arg)
{
        intptr_t me = (intptr_t)arg;

        pthread_barrier_wait(&all_here);
        for (;;)
                rounds[me].n++;
        return NULL;
}

static void *sleeper(void *arg)
{
        intptr_t me = (intptr_t)arg;
        int kind = (int)(me - spinning) % 4, word = 0;
        struct timespec nap = { still ? 100000 : 0, still ? 0 : NAP_MS * 1000000 };
        struct pollfd never = { .fd = -1 };
        char c;

        pthread_barrier_wait(&all_here);
        for (;;) {
                double start = seconds();

                switch (kind) {
                case 0:
                        right("nanosleep", nanosleep(&nap, NULL) == 0, start, 1);
                        break;
                case 1:
                        errno = 0;
                        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &nap, NULL, 0);
                        right("futex", errno == ETIMEDOUT, start, 1);
                        break;
                case 2:
                        right("poll", poll(&never, 1, still ? -1 : NAP_MS) == 0, start, 1);
                        break;
                case 3:
                        right("read", read(ticks[me][0], &c, 1) == 1, start, 0);
                        break;
                }
                rounds[me].n++;
        }
        return NULL;
}

static int reads(int i) { return i >= spinning && (i - spinning) % 4 == 3; }

static void feed(uint64_t *fed)                     /* a byte for each reader, when the last ones are gone */
{
        if (still || seconds() < (double)*fed / 1e3 + NAP_MS / 1e3)
                return;
        *fed = (uint64_t)(seconds() * 1e3);
        for (int i = 0; i < spinning + sleeping; i++)
                if (reads(i) && write(ticks[i][1], "", 1) < 0 && errno != EAGAIN)
                        exit(2);
}

static void tell_moving(uint64_t *before)
{
        int i, n = still ? spinning : spinning + sleeping;
        double limit = seconds() + 20;
        uint64_t fed = 0;

        for (i = 0; i < n; i++)
                before[i] = rounds[i].n;
        for (i = 0; i < n; i++) {
                while (rounds[i].n == before[i]) {
                        feed(&fed);
                        if (seconds() > limit) {
                                printf("wrong: thread %d does not go on\n", i);
                                exit(1);
                        }
                        usleep(1000);
                }
        }
        printf("moving\n");
}

int main(int argc, char **argv)
{
        static uint64_t before[MAX];
        struct timespec tick = { 0, NAP_MS * 1000000 };
        uint64_t fed = 0;
        pthread_t t;
        sigset_t s;
        intptr_t i;

        spinning = argc > 1 ? atoi(argv[1]) : 1;
        sleeping = argc > 2 ? atoi(argv[2]) : 0;
        still = argc > 3;
        if (spinning < 0 || sleeping < 0 || spinning + sleeping > MAX)
                return 2;
        for (i = 0; i < spinning + sleeping; i++)
                if (reads((int)i) && (pipe(ticks[i]) < 0 || fcntl(ticks[i][1], F_SETFL, O_NONBLOCK) < 0))
                        return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        sigprocmask(SIG_BLOCK, &s, NULL);
        pthread_barrier_init(&all_here, NULL, (unsigned)(spinning + sleeping) + 1);
        for (i = 0; i < spinning + sleeping; i++)
                if (pthread_create(&t, NULL, i < spinning ? spinner : sleeper, (void *)i) != 0)
                        return 2;
        pthread_barrier_wait(&all_here);
        printf("ready\n");
        for (;;) {                      /* EINTR without a signal is for another test */
                if (still ? sigwaitinfo(&s, NULL) == SIGUSR1 : sigtimedwait(&s, NULL, &tick) == SIGUSR1)
                        tell_moving(before);
                feed(&fed);
        }
}
