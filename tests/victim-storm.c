/* SPDX-License-Identifier: MIT */
/*
 * victim-storm.c - takes signals by the ten thousand, and looks at each
 *
 * usage: victim-storm THREADS SIGNAL [hears]
 *
 * A child of it sends, at 10 kHz each: real-time signals to each of the THREADS
 * in turn, by its tid, with a sequence number; real-time signals to the process,
 * which only the first thread lets in, with another; and the standard SIGNAL,
 * the next one whenever the last was handled (SIGTRAP at a sixteenth of that, so
 * that it is not always pending). A timer of 10 kHz runs besides. With "hears" it
 * handles what others ignore as well, SIGURG, SIGWINCH and SIGCHLD.
 *
 * Thread 0 does a bit of everything, 1 spins, 2 and 3 let their signals in only
 * inside ppoll and sigsuspend. Each handler compares sequence number and siginfo
 * with what was sent, and looks whether the place it returns to is in a file that
 * was mapped at the start, the stack the thread's own, the mask the program's.
 *
 * Prints "sender PID", "ready". SIGHUP to the sender ends it: it waits for all to
 * be handled, then there are lines "KIND sent N handled N", "timer missed N",
 * "wrong WHAT VALUE N times" and last "over"; status 1 if anything was wrong.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX             4
#define TICK_NS         100000
#define DIRECTED        (SIGRTMIN + 1)  /* to a thread */
#define COMMON          (SIGRTMIN + 2)  /* to the process */
#define CLOCK           (SIGRTMIN + 3)
#define RECENT          1000

struct queue { _Atomic uint64_t sent, handled; };

static struct shared {                  /* with the sender */
        struct queue directed[MAX], common, standard;
        pid_t tid[MAX];
        _Atomic int over;
} *shared;

enum { RIP, RSP, MASK, SEQUENCE, SIGINFO, SURPLUS, WRONGS };
static const char *const wrong_name[] = {
        "rip", "rsp", "mask", "sequence number", "siginfo", "expiration of the timer",
};
static struct { _Atomic uint64_t n, value; } wrong[WRONGS];

static struct { uint64_t start, end; } code[256];
static size_t codes;
static __thread int self;
static __thread uint64_t stack_low, stack_high, own_mask;
static int threads, standard;
static pid_t sender;
static struct timespec epoch;           /* of the timer */
static uint64_t expired, missed[RECENT], ticks;

static void is_wrong(int what, uint64_t value)
{
        if (wrong[what].n++ == 0)
                wrong[what].value = value;
}

static int in_code(uint64_t rip)
{
        for (size_t i = 0; i < codes; i++)
                if (rip >= code[i].start && rip < code[i].end)
                        return 1;
        return 0;
}

/* What the handler returns to is ours: place, stack and mask. */
static void look(const ucontext_t *uc)
{
        uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP], rsp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP], mask;

        memcpy(&mask, &uc->uc_sigmask, sizeof mask);
        if (!in_code(rip))
                is_wrong(RIP, rip);
        if (rsp < stack_low || rsp > stack_high)
                is_wrong(RSP, rsp);
        if (mask != own_mask)           /* none of our handlers interrupts another one */
                is_wrong(MASK, mask);
}

static void numbered(struct queue *q, const siginfo_t *si)
{
        uint64_t want = q->handled + 1, got = (uint64_t)si->si_value.sival_ptr;

        if (got != want)
                is_wrong(SEQUENCE, got << 32 | want);
        if (si->si_code != SI_QUEUE || si->si_pid != sender)
                is_wrong(SIGINFO, (uint64_t)si->si_code << 32 | (uint32_t)si->si_pid);
        q->handled = want;
}

static void on_directed(int sig, siginfo_t *si, void *uc)
{
        (void)sig;
        look(uc);
        numbered(&shared->directed[self], si);
}

static void on_common(int sig, siginfo_t *si, void *uc)
{
        (void)sig;
        look(uc);
        numbered(&shared->common, si);
}

static void on_standard(int sig, siginfo_t *si, void *uc)
{
        look(uc);
        if (si->si_signo != sig || si->si_code != SI_USER || si->si_pid != sender)
                is_wrong(SIGINFO, (uint64_t)si->si_code << 32 | (uint32_t)si->si_pid);
        shared->standard.handled++;
}

/* Expirations that were reported, itself or as an overrun, against those that there were. */
static void on_clock(int sig, siginfo_t *si, void *uc)
{
        struct timespec now;
        int64_t due;

        (void)sig;
        look(uc);
        clock_gettime(CLOCK_MONOTONIC, &now);
        due = ((now.tv_sec - epoch.tv_sec) * 1000000000ll + now.tv_nsec - epoch.tv_nsec) / TICK_NS + 1;
        expired += 1 + (uint64_t)si->si_overrun;
        if (si->si_code != SI_TIMER || si->si_value.sival_int != 4711)
                is_wrong(SIGINFO, (uint64_t)si->si_code << 32 | (uint32_t)si->si_value.sival_int);
        if (expired > (uint64_t)due)
                is_wrong(SURPLUS, expired - (uint64_t)due);
        missed[ticks++ % RECENT] = (uint64_t)due - expired;
}

/* --- the sender ------------------------------------------------------------ */

static volatile sig_atomic_t enough;
static void on_hup(int sig) { (void)sig; enough = 1; }

/* Queued for a thread, or the process for tid 0. False when the queue is full. */
static int queue(pid_t pid, pid_t tid, int sig, uint64_t number)
{
        siginfo_t si = { .si_signo = sig, .si_code = SI_QUEUE };

        si.si_pid = getpid();
        si.si_uid = getuid();
        si.si_value.sival_ptr = (void *)number;
        if (tid)
                return syscall(SYS_rt_tgsigqueueinfo, pid, tid, sig, &si) == 0;
        return syscall(SYS_rt_sigqueueinfo, pid, sig, &si) == 0;
}

static void send_one(pid_t pid, pid_t tid, int sig, struct queue *q)
{
        q->sent++;                      /* before it: it may be handled at once */
        if (!queue(pid, tid, sig, q->sent))
                q->sent--;
}

static int all_handled(void)
{
        if (shared->common.sent != shared->common.handled || shared->standard.sent != shared->standard.handled)
                return 0;
        for (int i = 0; i < threads; i++)
                if (shared->directed[i].sent != shared->directed[i].handled)
                        return 0;
        return 1;
}

static void send_all(pid_t pid)
{
        struct timespec t;
        uint64_t n = 0;

        clock_gettime(CLOCK_MONOTONIC, &t);
        while (!enough) {
                t.tv_nsec += TICK_NS;
                if (t.tv_nsec >= 1000000000) {
                        t.tv_nsec -= 1000000000;
                        t.tv_sec++;
                }
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
                send_one(pid, shared->tid[n % threads], DIRECTED, &shared->directed[n % threads]);
                n++;
                send_one(pid, 0, COMMON, &shared->common);
                if (shared->standard.handled == shared->standard.sent && (standard != SIGTRAP || n % 16 == 0)) {
                        shared->standard.sent++;
                        kill(pid, standard);
                }
        }
        for (int i = 0; i < 5000 && !all_handled(); i++)
                usleep(1000);
        shared->over = 1;
        _exit(0);
}

/* --- the threads -------------------------------------------------------------- */

static void note_stack(void)
{
        pthread_attr_t attr;
        void *low;
        size_t len;

        pthread_getattr_np(pthread_self(), &attr);
        pthread_attr_getstack(&attr, &low, &len);
        stack_low = (uint64_t)low;
        stack_high = stack_low + len;
        pthread_attr_destroy(&attr);
}

static void spin(int n)
{
        for (volatile int i = 0; i < n; i++)
                ;
}

static void mixed(void)
{
        struct timespec ts;

        spin(2000);
        for (int i = 0; i < 10; i++)
                clock_gettime(CLOCK_MONOTONIC, &ts);
        syscall(SYS_getppid);
        nanosleep(&(struct timespec){ 0, 50000 }, NULL);
}

static void start_timer(void)
{
        struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = CLOCK };
        struct itimerspec it = { { 0, TICK_NS }, { 0, 0 } };
        timer_t timer;

        ev.sigev_value.sival_int = 4711;
        clock_gettime(CLOCK_MONOTONIC, &epoch);
        it.it_value = epoch;
        if (timer_create(CLOCK_MONOTONIC, &ev, &timer) < 0 || timer_settime(timer, TIMER_ABSTIME, &it, NULL) < 0)
                exit(2);
}

static void *thread(void *arg)
{
        sigset_t open, blocked;

        self = (int)(intptr_t)arg;
        note_stack();
        sigemptyset(&blocked);          /* what stays with the first thread */
        sigaddset(&blocked, COMMON);
        sigaddset(&blocked, CLOCK);
        open = blocked;
        if (self == 0)
                sigemptyset(&blocked);
        if (self >= 2)
                sigaddset(&blocked, DIRECTED);
        memcpy(&own_mask, &blocked, sizeof own_mask);
        pthread_sigmask(SIG_SETMASK, &blocked, NULL);
        shared->tid[self] = (pid_t)syscall(SYS_gettid);
        if (self == 0)
                start_timer();
        while (!shared->over)
                switch (self) {
                case 0: mixed(); break;
                case 1: spin(10000); break;
                case 2: ppoll(NULL, 0, &(struct timespec){ 0, 10000000 }, &open); break;
                case 3: sigsuspend(&open); break;
                }
        return NULL;
}

/* --- all together ----------------------------------------------------------------- */

static void note_code(void)
{
        FILE *f = fopen("/proc/self/maps", "r");
        char line[4400], prot[5], name[4097];
        unsigned long start, end, inode;

        if (!f)
                exit(2);
        while (fgets(line, sizeof line, f) && codes < sizeof code / sizeof *code) {
                *name = '\0';
                if (sscanf(line, "%lx-%lx %4s %*s %*s %lu %4096s", &start, &end, prot, &inode, name) < 4)
                        continue;
                if (prot[2] != 'x' || (!inode && *name != '['))
                        continue;
                code[codes].start = start;
                code[codes++].end = end;
        }
        fclose(f);
}

static void on_ignored(int sig, siginfo_t *si, void *context)
{
        (void)sig;
        (void)si;
        (void)context;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
        struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };

        sigfillset(&sa.sa_mask);
        sigaction(sig, &sa, NULL);
}

static void start_sender(void)
{
        pid_t pid = getpid();

        signal(SIGHUP, on_hup);
        sender = fork();
        if (sender < 0)
                exit(2);
        if (sender == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_TIMERSLACK, 1);
                for (int i = 0; i < threads; i++)
                        while (!shared->tid[i])
                                usleep(100);
                send_all(pid);
        }
}

static int tell(void)
{
        uint64_t least = missed[0];
        int bad = 0;

        for (int i = 0; i < threads; i++)
                printf("thread-%d sent %lu handled %lu\n", i, (unsigned long)shared->directed[i].sent,
                       (unsigned long)shared->directed[i].handled);
        printf("process sent %lu handled %lu\n", (unsigned long)shared->common.sent, (unsigned long)shared->common.handled);
        printf("standard sent %lu handled %lu\n", (unsigned long)shared->standard.sent,
               (unsigned long)shared->standard.handled);
        for (uint64_t i = 0; i < RECENT && i < ticks; i++)
                if (missed[i] < least)
                        least = missed[i];      /* what others took for a delay goes by, what was lost does not */
        printf("timer expired %lu\ntimer missed %lu\n", (unsigned long)expired, (unsigned long)(least > 1 ? least : 0));
        for (int i = 0; i < WRONGS; i++)
                if (wrong[i].n) {
                        printf("wrong %s %#lx %lu times\n", wrong_name[i], (unsigned long)wrong[i].value,
                               (unsigned long)wrong[i].n);
                        bad = 1;
                }
        printf("over\n");
        return bad || least > 1 || !ticks || !all_handled();
}

int main(int argc, char **argv)
{
        pthread_t t;
        sigset_t all;

        threads = argc > 2 ? atoi(argv[1]) : 0;
        standard = argc > 2 ? atoi(argv[2]) : 0;
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (threads < 1 || threads > MAX || standard < 1 || shared == MAP_FAILED)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        handle(DIRECTED, on_directed);
        handle(COMMON, on_common);
        handle(CLOCK, on_clock);
        handle(standard, on_standard);
        if (argc > 3) {
                handle(SIGURG, on_ignored);
                handle(SIGWINCH, on_ignored);
                handle(SIGCHLD, on_ignored);
        }
        note_code();
        start_sender();
        sigfillset(&all);               /* until each thread has noted where its stack is */
        sigprocmask(SIG_SETMASK, &all, NULL);
        for (intptr_t i = 1; i < threads; i++)
                if (pthread_create(&t, NULL, thread, (void *)i) != 0)
                        return 2;
        printf("sender %d\nready\n", sender);
        thread(NULL);
        return tell();
}
