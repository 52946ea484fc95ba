/* SPDX-License-Identifier: MIT */
/*
 * victim-soak.c - looks at itself all the time: registers, signals, timers, calls, memory
 *
 * usage: victim-soak strict|lenient
 *
 *      main    random values in all registers, held while it spins and in nanosleep;
 *              meanwhile it handles SIGALRM of an itimer, a POSIX timer's signals and
 *              two sequences of sigqueue, by its child and by a thread
 *      taker   a third sequence, by sigwaitinfo and by signalfd in turn
 *      ticker  a timerfd: every expiry is counted once, none comes early
 *      waiter  calls with a time-out: no EINTR, never early
 *      pinger, ponger  numbers sent to and fro through two pipes
 *      walker  a pattern in private and in shared memory, read and written anew
 *      toggler the same in pages that are PROT_NONE between; reads one of them and
 *              must get SIGSEGV; maps and unmaps
 *
 * A finding is printed, as "wrong: ...". Nothing may stand still for 30 s. On
 * SIGTERM it waits for what was sent and has not come yet, prints counts after
 * "done:", and ends: status 0 when nothing was wrong. lenient: EINTR where no
 * handler ran is counted only; a dump that is killed may cause it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "victim-soak.h"

#define NS              1000000000ull
#define STILL_NS        (30 * NS)       /* so long nothing may stand still */
#define ALARM_NS        10000000ull     /* intervals of the three timers */
#define POSIX_NS        4000000ull
#define TIMERFD_NS      3000000ull
#define BURST           16              /* signals sent in a row */
#define PAGE            4096
#define PAGES           256             /* of each walked region */
#define WORDS           (PAGE / 8)
#define CODES           64

enum { ROUNDS, ALARMS, EXPIRIES, CHILD, THREAD, TAKEN, TICKS, WAITS, PINGS, WALKS, TOGGLES, KINDS };

static const char *const kind_name[KINDS] = {
        "rounds", "alarms", "timer expiries", "signals of the child", "signals of a thread", "signals taken",
        "timerfd ticks", "waits", "pings", "walks", "toggles",
};
static _Atomic uint64_t count[KINDS];
static _Atomic uint64_t handled, interrupted;
static _Atomic int wrongs;
static volatile sig_atomic_t stop;
static int strict, start_pid, sig_child, sig_thread, sig_taken, sig_timer;
static struct shared {                  /* with the child */
        _Atomic uint64_t sent[KINDS];
        _Atomic int stop, stopped;
} *shared;

static uint64_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static struct timespec as_timespec(uint64_t ns)
{
        return (struct timespec){ (time_t)(ns / NS), (long)(ns % NS) };
}

/* Not by stdio: handlers call it. */
void wrong(const char *fmt, ...)
{
        char line[240] = "wrong: ";
        va_list ap;
        int n;

        if (wrongs++ >= 40)
                return;
        va_start(ap, fmt);
        n = vsnprintf(line + 7, sizeof line - 8, fmt, ap);
        va_end(ap);
        n = n < (int)sizeof line - 8 ? n + 7 : (int)sizeof line - 1;
        line[n] = '\n';
        if (write(1, line, (size_t)n + 1) < 0)
                wrongs++;
}

/* A call returned EINTR though its thread handles no signal. */
static void was_interrupted(const char *call)
{
        interrupted++;
        if (strict)
                wrong("%s returned EINTR", call);
}

static void pause_for(uint64_t ns)
{
        struct timespec t = as_timespec(now() + ns);

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
                ;
}

/* --- registers ------------------------------------------------------------ */

static void round_of_registers(uint64_t *seed)
{
        static struct regs want, got;
        struct timespec nap = as_timespec(500000 + random_number(seed) % 3000000);
        uint64_t before = handled, began = now();
        int sleeps = random_number(seed) % 4 != 0;
        int64_t rc;

        choose_values(&want, seed);
        if (sleeps) {
                want.gpr[0] = SYS_nanosleep;
                want.gpr[7] = (uint64_t)&nap;
                want.gpr[6] = 0;
        }
        hold(&want, &got, sleeps ? 0 : 1 + random_number(seed) % 200000);
        compare_all(&want, &got, sleeps);
        rc = (int64_t)got.gpr[0];
        if (sleeps && rc == 0 && now() - began < (uint64_t)nap.tv_nsec)
                wrong("nanosleep returned %llu ns after its begin", (unsigned long long)(now() - began));
        else if (sleeps && rc == -EINTR && handled == before)
                was_interrupted("nanosleep");
        else if (sleeps && rc != 0 && rc != -EINTR)
                wrong("nanosleep returned %lld", (long long)rc);
        count[ROUNDS]++;
}

/* --- signals and timers ---------------------------------------------------- */

struct grid {                           /* a periodic timer: expiries lie start + n * every */
        uint64_t start, every;
        uint64_t total, seen_at;        /* expiries so far, and when they were looked at last */
};
static struct grid posix_grid, timerfd_grid, alarm_grid;
static struct { uint64_t start, end; } code[CODES];
static int codes;

/* more expiries were reported, at most until now and at least until the last look */
static void expired(struct grid *g, uint64_t more, int kind)
{
        uint64_t time = now();

        g->total += more;
        if (g->total > (time - g->start) / g->every)
                wrong("%s: %llu, but time for %llu", kind_name[kind], (unsigned long long)g->total,
                        (unsigned long long)((time - g->start) / g->every));
        if (kind != ALARMS && g->seen_at && g->total < (g->seen_at - g->start) / g->every)
                wrong("%s: %llu only, %llu had passed before", kind_name[kind], (unsigned long long)g->total,
                        (unsigned long long)((g->seen_at - g->start) / g->every));
        g->seen_at = time;
        count[kind] += more;
}

static void in_sequence(const siginfo_t *si, int kind, int code_wanted)
{
        uint64_t next = count[kind] + 1;

        if (si->si_code != code_wanted || (uint32_t)si->si_value.sival_int != (uint32_t)next)
                wrong("%s: number %u, code %d, when %u was next", kind_name[kind], (unsigned)si->si_value.sival_int,
                        si->si_code, (unsigned)next);
        count[kind]++;
}

static void look_at_context(const ucontext_t *uc)
{
        uint64_t pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
        int i;

        for (i = 0; i < codes; i++)
                if (pc >= code[i].start && pc < code[i].end)
                        return;
        wrong("a handler was called at %#llx", (unsigned long long)pc);
}

static void handler(int sig, siginfo_t *si, void *uc)
{
        int saved = errno;

        look_at_context(uc);
        if (sig == SIGTERM)
                stop = 1;
        else if (sig == SIGALRM)
                expired(&alarm_grid, 1, ALARMS);
        else if (sig == sig_timer)
                expired(&posix_grid, 1 + (uint64_t)si->si_overrun, EXPIRIES);
        else
                in_sequence(si, sig == sig_child ? CHILD : THREAD, SI_QUEUE);
        handled++;
        errno = saved;
}

static int note_code(struct dl_phdr_info *info, size_t size, void *arg)
{
        int i;

        (void)size, (void)arg;
        for (i = 0; i < info->dlpi_phnum && codes < CODES; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
                        continue;
                code[codes].start = info->dlpi_addr + p->p_vaddr;
                code[codes++].end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        }
        return 0;
}

static void send_burst(int kind, int sig, const pthread_t *to)
{
        for (int i = 0; i < BURST; i++) {
                union sigval v = { .sival_int = (int)(uint32_t)(shared->sent[kind] + 1) };
                int rc = to ? pthread_sigqueue(*to, sig, v) : sigqueue(start_pid, sig, v) < 0 ? errno : 0;

                if (rc != 0)            /* EAGAIN: too many are pending */
                        return;
                shared->sent[kind]++;
        }
}

static void run_child(void)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "soak-sender");
        while (!shared->stop && getppid() == start_pid) {
                send_burst(CHILD, sig_child, NULL);
                send_burst(TAKEN, sig_taken, NULL);
                pause_for(5000000);
        }
        shared->stopped = 1;
        _exit(0);
}

static void *run_sender(void *arg)
{
        while (!stop) {
                send_burst(THREAD, sig_thread, arg);
                pause_for(7000000);
        }
        return NULL;
}

static void *run_taker(void *arg)
{
        struct signalfd_siginfo info;
        siginfo_t si;
        sigset_t set;
        int fd, turn;

        (void)arg;
        sigemptyset(&set);
        sigaddset(&set, sig_taken);
        fd = signalfd(-1, &set, 0);
        for (turn = 0;; turn++) {
                memset(&si, 0, sizeof si);
                if (turn / 20 % 2) {
                        if (read(fd, &info, sizeof info) != sizeof info) {
                                was_interrupted("read of a signalfd");
                                continue;
                        }
                        si.si_code = info.ssi_code;
                        si.si_value.sival_int = info.ssi_int;
                } else if (sigwaitinfo(&set, &si) < 0) {
                        was_interrupted("sigwaitinfo");
                        continue;
                }
                in_sequence(&si, TAKEN, SI_QUEUE);
        }
        return NULL;
}

static void *run_ticker(void *arg)
{
        struct itimerspec its;
        uint64_t n;
        int fd = timerfd_create(CLOCK_MONOTONIC, 0);

        (void)arg;
        timerfd_grid = (struct grid){ .start = now(), .every = TIMERFD_NS };
        its.it_value = as_timespec(timerfd_grid.start + TIMERFD_NS);
        its.it_interval = as_timespec(TIMERFD_NS);
        timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, NULL);
        for (;;)
                if (read(fd, &n, sizeof n) == sizeof n)
                        expired(&timerfd_grid, n, TICKS);
                else
                        was_interrupted("read of a timerfd");
        return NULL;
}

/* --- calls that wait --------------------------------------------------------- */

static int wait_once(int way, uint64_t ns, int ep)
{
        struct timespec t = as_timespec(ns), at = as_timespec(now() + ns);
        struct timeval tv = { 0, (suseconds_t)(ns / 1000) };
        struct epoll_event ev;
        static int word;
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGRTMAX);
        switch (way) {
        case 0: return epoll_wait(ep, &ev, 1, (int)(ns / 1000000));
        case 1: return poll(NULL, 0, (int)(ns / 1000000));
        case 2: return ppoll(NULL, 0, &t, NULL);
        case 3: return select(0, NULL, NULL, NULL, &tv);
        case 4: return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0) < 0 && errno == ETIMEDOUT ? 0 : -1;
        case 5: return sigtimedwait(&set, NULL, &t) < 0 && errno == EAGAIN ? 0 : -1;
        case 6: return clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL) == 0 ? 0 : (errno = EINTR, -1);
        default: return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0 ? 0 : (errno = EINTR, -1);
        }
}

static void *run_waiter(void *arg)
{
        static const char *const name[] = { "epoll_wait", "poll", "ppoll", "select", "futex", "sigtimedwait",
                                            "nanosleep", "absolute nanosleep" };
        int ep = epoll_create1(0), way, rc;
        uint64_t began, ns;

        (void)arg;
        for (way = 0;; way = (way + 1) % 8) {
                ns = (1 + count[WAITS] % 7) * 1000000;
                began = now();
                rc = wait_once(way, ns, ep);
                if (rc < 0 && errno == EINTR)
                        was_interrupted(name[way]);
                else if (rc != 0)
                        wrong("%s returned %d (%s)", name[way], rc, strerror(errno));
                else if (now() - began < ns)
                        wrong("%s ended %llu ns early", name[way], (unsigned long long)(ns - (now() - began)));
                count[WAITS]++;
        }
        return NULL;
}

struct pipes { int ping[2], pong[2]; };

static void *run_pinger(void *arg)
{
        struct pipes *p = arg;
        uint64_t n = 0, back;

        for (;;) {
                n++;
                if (write(p->ping[1], &n, sizeof n) != sizeof n)
                        wrong("write to a pipe: %s", strerror(errno));
                while (read(p->pong[0], &back, sizeof back) < 0 && errno == EINTR)
                        was_interrupted("read of a pipe");
                if (back != n)
                        wrong("ping %llu came back as %llu", (unsigned long long)n, (unsigned long long)back);
                count[PINGS]++;
                if (n % 8 == 0)
                        pause_for(2000000);
        }
        return NULL;
}

static void *run_ponger(void *arg)
{
        struct pipes *p = arg;
        uint64_t n;

        for (;;) {
                while (read(p->ping[0], &n, sizeof n) < 0 && errno == EINTR)
                        was_interrupted("read of a pipe");
                if (write(p->pong[1], &n, sizeof n) != sizeof n)
                        wrong("write to a pipe: %s", strerror(errno));
        }
        return NULL;
}

/* --- memory -------------------------------------------------------------------- */

struct region {
        const char *name;
        uint64_t *at;
        uint64_t turn[PAGES];           /* how often each page was written */
};

static uint64_t *map_pages(int n, int prot, int flags)
{
        void *p = mmap(NULL, (size_t)n * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                exit(2);
        return p;
}

static uint64_t pattern(const struct region *r, int page, int word)
{
        uint64_t x = ((uint64_t)page * WORDS + (uint64_t)word) * 0x9e3779b97f4a7c15u + r->turn[page] * 0xbf58476d1ce4e5b9u;

        return x ^ x >> 31;
}

static void walk_page(struct region *r, int page)
{
        uint64_t *p = r->at + (size_t)page * WORDS;
        int i, differ = 0;

        for (i = 0; r->turn[page] && i < WORDS; i++)
                differ += p[i] != pattern(r, page, i);
        if (differ)
                wrong("%s memory, page %d: %d words differ", r->name, page, differ);
        r->turn[page]++;
        for (i = 0; i < WORDS; i++)
                p[i] = pattern(r, page, i);
}

static void *run_walker(void *arg)
{
        static struct region region[2] = { { .name = "private" }, { .name = "shared" } };
        int page;

        (void)arg;
        region[0].at = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        region[1].at = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
        for (;;)
                for (page = 0; page < PAGES; page++) {
                        walk_page(&region[0], page);
                        walk_page(&region[1], page);
                        count[WALKS]++;
                        if (page % 16 == 0)
                                pause_for(1000000);
                }
        return NULL;
}

static sigjmp_buf after_fault;
static void *volatile fault_at;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
        (void)sig;
        look_at_context(uc);
        fault_at = si->si_addr;
        siglongjmp(after_fault, 1);
}

static void must_fault(volatile uint64_t *p)
{
        fault_at = NULL;
        if (sigsetjmp(after_fault, 1) == 0) {
                (void)*p;
                wrong("a page of PROT_NONE can be read");
        } else if (fault_at != p) {
                wrong("SIGSEGV tells %p, not %p", fault_at, (void *)(uintptr_t)p);
        }
}

static void *run_toggler(void *arg)
{
        static struct region region = { .name = "PROT_NONE" };
        uint64_t *at = map_pages(PAGES, PROT_NONE, MAP_PRIVATE), *fresh;
        uint64_t seed = 42;

        (void)arg;
        region.at = at;
        for (;;) {
                int page = (int)(random_number(&seed) % PAGES);

                if (mprotect(at + (size_t)page * WORDS, PAGE, PROT_READ | PROT_WRITE) < 0)
                        wrong("mprotect: %s", strerror(errno));
                else
                        walk_page(&region, page);
                mprotect(at + (size_t)page * WORDS, PAGE, PROT_NONE);
                must_fault(at + (size_t)page * WORDS + random_number(&seed) % WORDS);
                if (page % 8 == 0) {
                        fresh = map_pages(4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
                        fresh[WORDS * 3] = 1;
                        munmap(fresh, (size_t)4 * PAGE);
                        pause_for(1000000);
                }
                count[TOGGLES]++;
        }
        return NULL;
}

/* --- all together ------------------------------------------------------------- */

static pthread_t start_thread(void *(*run)(void *), void *arg)
{
        pthread_t t;

        if (pthread_create(&t, NULL, run, arg) != 0)
                exit(2);
        return t;
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), sigset_t *unblock)
{
        struct sigaction sa;

        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = fn;
        sa.sa_flags = SA_SIGINFO;
        sigfillset(&sa.sa_mask);
        sigaction(sig, &sa, NULL);
        sigaddset(unblock, sig);
}

static void start_timers(void)
{
        struct itimerval it = { { 0, ALARM_NS / 1000 }, { 0, ALARM_NS / 1000 } };
        struct sigevent ev;
        struct itimerspec its;
        timer_t timer;

        memset(&ev, 0, sizeof ev);
        ev.sigev_notify = SIGEV_SIGNAL;
        ev.sigev_signo = sig_timer;
        posix_grid = (struct grid){ .start = now(), .every = POSIX_NS };
        its.it_value = as_timespec(posix_grid.start + POSIX_NS);
        its.it_interval = as_timespec(POSIX_NS);
        if (timer_create(CLOCK_MONOTONIC, &ev, &timer) < 0 || timer_settime(timer, TIMER_ABSTIME, &its, NULL) < 0)
                wrong("timer: %s", strerror(errno));
        alarm_grid = (struct grid){ .start = now(), .every = ALARM_NS };
        setitimer(ITIMER_REAL, &it, NULL);
}

static void nothing_stands_still(void)
{
        static struct { uint64_t count, at; } last[KINDS];
        uint64_t time = now();
        int i;

        for (i = 0; i < KINDS; i++) {
                if (last[i].count != count[i] || !last[i].at) {
                        last[i].count = count[i];
                        last[i].at = time;
                } else if (time - last[i].at > STILL_NS) {
                        wrong("%s: still %llu", kind_name[i], (unsigned long long)count[i]);
                        last[i].at = time;
                }
        }
}

/* What was sent before the end must have come. */
static void wait_for_the_rest(pthread_t sender)
{
        static const int kinds[] = { CHILD, THREAD, TAKEN };
        uint64_t limit = now() + 20 * NS;
        size_t i;

        shared->stop = 1;
        pthread_join(sender, NULL);
        while (!shared->stopped && now() < limit)
                pause_for(10000000);
        for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                while (count[kinds[i]] < shared->sent[kinds[i]] && now() < limit)
                        pause_for(10000000);
                if (count[kinds[i]] != shared->sent[kinds[i]])
                        wrong("%s: %llu of %llu", kind_name[kinds[i]], (unsigned long long)count[kinds[i]],
                                (unsigned long long)shared->sent[kinds[i]]);
        }
}

static void prepare(sigset_t *handled_here)
{
        sigset_t all;

        setvbuf(stdout, NULL, _IOLBF, 0);
        level = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
        start_pid = getpid();
        sig_child = SIGRTMIN + 1;
        sig_thread = SIGRTMIN + 2;
        sig_taken = SIGRTMIN + 3;
        sig_timer = SIGRTMIN + 4;
        shared = (struct shared *)map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);
        dl_iterate_phdr(note_code, NULL);
        sigemptyset(handled_here);
        handle(SIGSEGV, on_fault, handled_here);
        sigfillset(&all);
        sigdelset(&all, SIGSEGV);
        sigprocmask(SIG_SETMASK, &all, NULL);   /* of all threads; then main unblocks its own */
        handle(SIGALRM, handler, handled_here);
        handle(SIGTERM, handler, handled_here);
        handle(sig_child, handler, handled_here);
        handle(sig_thread, handler, handled_here);
        handle(sig_timer, handler, handled_here);
}

int main(int argc, char **argv)
{
        static struct pipes pipes;
        static pthread_t self, sender;
        uint64_t seed = 88172645463325252u + (uint64_t)getpid();
        sigset_t handled_here;
        int child, i;

        if (argc != 2 || pipe(pipes.ping) < 0 || pipe(pipes.pong) < 0)
                return 2;
        strict = strcmp(argv[1], "strict") == 0;
        prepare(&handled_here);
        child = fork();
        if (child == 0)
                run_child();
        self = pthread_self();
        sender = start_thread(run_sender, &self);
        start_thread(run_taker, NULL);
        start_thread(run_ticker, NULL);
        start_thread(run_waiter, NULL);
        start_thread(run_pinger, &pipes);
        start_thread(run_ponger, &pipes);
        start_thread(run_walker, NULL);
        start_thread(run_toggler, NULL);
        start_timers();
        sigprocmask(SIG_UNBLOCK, &handled_here, NULL);
        printf("ready: level %d\n", level);
        while (!stop) {
                round_of_registers(&seed);
                nothing_stands_still();
        }
        wait_for_the_rest(sender);
        printf("done:");
        for (i = 0; i < KINDS; i++)
                printf(" %llu %s,", (unsigned long long)count[i], kind_name[i]);
        printf(" %llu EINTR, %d wrong\n", (unsigned long long)interrupted, wrongs);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        return wrongs != 0;
}
