/* SPDX-License-Identifier: MIT */
/*
 * victim-step.c - counters in memory of many kinds, that go up one after the other
 *
 * usage: victim-step large|small THREADS FILE    (FILE is made and unlinked; at most 3 threads)
 *
 * Each thread has a set of counters, each in a page of its own, in an order that
 * goes round the kinds of memory. At step s it makes one after the other s, as
 * fast as it can: at any instant those of a set are s, ..., s, s - 1, ..., s - 1.
 * Beside each stands what the same one of the next thread was a moment before:
 * at any instant it is no more than that one is now.
 *
 * Prints "none KIND: WHY" of a kind that cannot be had, "counter SET KIND ADDRESS",
 * a line a counter, in their order, and "ready". small: less than a MiB in all. At
 * SIGUSR1 it prints "step N gap N ms": the last step that all threads have done, and
 * the longest time that none of them has looked at the clock since the last SIGUSR1.
 * It ends with who started it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#define PAGE            4096ul
#define MIB             (1ul << 20)
#define SETS            3
#define ROUNDS          36              /* counters of a kind in a set, at most */
#define RW              (PROT_READ | PROT_WRITE)
#define OF_STACK        ((char *)-1)    /* each thread has it itself */

struct cell {                           /* at the start of a page */
        uint64_t step;
        uint64_t seen;                  /* of the next thread's cell at the same place, before */
};

static const char *path;
static char *view_gone;                 /* see shared_gone() */
static char of_data[SETS * ROUNDS * PAGE] __attribute__((aligned(PAGE))) = { 1 };
static char of_bss[SETS * ROUNDS * PAGE] __attribute__((aligned(PAGE)));

/* ---- the kinds of memory; NULL: cannot be had ---- */

static char *map(size_t bytes, int flags, int fd)
{
        void *p = mmap(NULL, bytes, RW, flags, fd, 0);

        return p == MAP_FAILED ? NULL : p;
}

static char *advised(size_t bytes, int advice)
{
        char *p = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);

        return p && madvise(p, bytes, advice) == 0 ? p : NULL;
}

static char *in_file(int fd, size_t bytes, int flags)
{
        char *p = fd >= 0 && ftruncate(fd, (off_t)bytes) == 0 ? map(bytes, flags, fd) : NULL;

        if (fd >= 0)
                close(fd);
        return p;
}

static int unlinked(void)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

        unlink(path);
        return fd;
}

static char *anon(size_t bytes)         { return map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1); }
static char *shared(size_t bytes)       { return map(bytes, MAP_SHARED | MAP_ANONYMOUS, -1); }
static char *memfd(size_t bytes)        { return in_file(memfd_create("step", 0), bytes, MAP_SHARED); }
static char *dont_fork(size_t bytes)    { return advised(bytes, MADV_DONTFORK); }
static char *wipe_on_fork(size_t bytes) { return advised(bytes, MADV_WIPEONFORK); }
static char *private_gone(size_t bytes) { return in_file(unlinked(), bytes, MAP_PRIVATE); }
static char *hugetlb(size_t bytes)      { return map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1); }
static char *stack(size_t bytes)        { return bytes ? OF_STACK : NULL; }
static char *data(size_t bytes)         { return bytes <= sizeof of_data ? of_data : NULL; }
static char *bss(size_t bytes)          { return bytes <= sizeof of_bss ? of_bss : NULL; }

/* And a private mapping of the same file, that is only looked at: what it has is what the file has by now. */
static char *shared_gone(size_t bytes)
{
        int fd = unlinked();
        char *view = fd < 0 ? NULL : map(bytes, MAP_PRIVATE, fd), *p = in_file(fd, bytes, MAP_SHARED);

        for (size_t at = 0; view && p && at < bytes; at += PAGE)        /* none but root could read what is not in the page tables */
                (void)*(volatile char *)(view + at);
        view_gone = view;
        return p;
}

static char *sysv(size_t bytes)
{
        int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
        void *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

        if (id >= 0)
                shmctl(id, IPC_RMID, NULL);
        return p == (void *)-1 ? NULL : p;
}

static char *heap(size_t bytes)
{
        uintptr_t p = (uintptr_t)sbrk((intptr_t)(bytes + PAGE));

        return p == (uintptr_t)-1 ? NULL : (char *)((p + PAGE - 1) & ~(PAGE - 1));
}

static char *filled(size_t bytes)
{
        char *p = anon(bytes);

        return p ? memset(p, 'x', bytes) : NULL;
}

static char *huge(size_t bytes)
{
        uintptr_t p = (uintptr_t)anon(bytes + 2 * MIB);

        p = p ? (p + 2 * MIB - 1) & ~(2 * MIB - 1) : 0;
        return p && madvise((void *)p, bytes, MADV_HUGEPAGE) == 0 ? (char *)p : NULL;
}

static const struct kind {
        const char *name;
        char *(*make)(size_t bytes);
        size_t bytes;                   /* 0: a page a counter; else all counters in so many bytes, in large only */
} kind[] = {
        { "anon",        anon,         0 },
        { "shared",      shared,       0 },
        { "big",         filled,       8 * MIB },
        { "memfd",       memfd,        0 },
        { "stack",       stack,        0 },
        { "sysv",        sysv,         0 },
        { "data",        data,         0 },
        { "sharedgone",  shared_gone,  0 },
        { "heap",        heap,         0 },
        { "dontfork",    dont_fork,    0 },
        { "bss",         bss,          0 },
        { "wipeonfork",  wipe_on_fork, 0 },
        { "huge",        huge,         4 * MIB },
        { "privategone", private_gone, 0 },
        { "hugetlb",     hugetlb,      4 * MIB },
};
#define KINDS           (sizeof kind / sizeof *kind)

/* ---- the sets ---- */

static struct set {
        volatile struct cell *cell[ROUNDS * KINDS];
} set[SETS];
static size_t sets, rounds, kinds, cells;       /* kinds: that can be had; cells: of a set */
static const char *name[KINDS];
static size_t stack_kind;                       /* which of them it is */
static uint64_t looked_ns, gap_ns;              /* when one looked at the clock; see above */
static volatile sig_atomic_t asked;
static pthread_barrier_t placed, told;

static void make_kinds(int large)
{
        for (const struct kind *k = kind; k < kind + KINDS; k++) {
                size_t n = rounds * sets, stride = k->bytes ? k->bytes / n & ~(PAGE - 1) : PAGE;
                char *at;

                if (k->bytes && !large)
                        continue;
                at = k->make(k->bytes ? k->bytes : n * PAGE);
                if (!at) {
                        printf("none %s: %s\n", k->name, strerror(errno));
                        continue;
                }
                if (at == OF_STACK)
                        stack_kind = kinds;
                for (size_t i = 0; i < n && at != OF_STACK; i++)
                        set[i % sets].cell[i / sets * KINDS + kinds] = (void *)(at + i * stride);
                name[kinds++] = k->name;
        }
        cells = rounds * kinds;
}

/* Those on its stack as well, all of them without gaps, and each page there. */
static void place(struct set *s, char *own)
{
        for (size_t i = 0; i < rounds; i++)
                s->cell[i * KINDS + stack_kind] = (void *)(own + i * PAGE);
        for (size_t i = 0; i < rounds; i++)
                for (size_t k = 0; k < kinds; k++)
                        s->cell[i * kinds + k] = s->cell[i * KINDS + k];
        for (size_t i = 0; i < cells; i++)
                s->cell[i]->step = 1;
}

static void tell(void)
{
        for (size_t s = 0; s < sets; s++)
                for (size_t i = 0; i < cells; i++) {
                        printf("counter %zu %s %p\n", s, name[i % kinds], (void *)set[s].cell[i]);
                        if (view_gone && strcmp(name[i % kinds], "sharedgone") == 0)
                                printf("counter %zu viewgone %p\n", s, (void *)(view_gone + (i / kinds * sets + s) * PAGE));
                }
        printf("ready\n");
}

/* ---- at work ---- */

static void ask(int sig)
{
        (void)sig;
        asked = 1;
}

static uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void answer(void)
{
        uint64_t step = UINT64_MAX, gap = __atomic_exchange_n(&gap_ns, 0, __ATOMIC_SEQ_CST);

        asked = 0;
        for (size_t s = 0; s < sets; s++)
                if (set[s].cell[cells - 1]->step < step)
                        step = set[s].cell[cells - 1]->step;
        printf("step %llu gap %llu ms\n", (unsigned long long)step, (unsigned long long)(gap / 1000000));
}

/* One that looked long ago, and was kept from saying so, does not count. */
static void look_at_clock(void)
{
        uint64_t now = now_ns(), last = __atomic_load_n(&looked_ns, __ATOMIC_SEQ_CST);

        if (now > last && __atomic_compare_exchange_n(&looked_ns, &last, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
            now - last > gap_ns)
                gap_ns = now - last;
}

/* Volatile: each store is made, in this order, which x86 keeps. */
static void step_on(struct set *own)
{
        const struct set *next = &set[(size_t)(own - set + 1) % sets];

        for (uint64_t step = 2; ; step++) {
                for (size_t i = 0; i < cells; i++) {
                        own->cell[i]->seen = next->cell[i]->step;
                        own->cell[i]->step = step;
                }
                look_at_clock();
                if (own == set && asked)
                        answer();
        }
}

static void *run(void *arg)
{
        char own[ROUNDS * PAGE] __attribute__((aligned(PAGE)));

        place(arg, own);
        pthread_barrier_wait(&placed);
        if (arg == set)
                tell();
        pthread_barrier_wait(&told);
        step_on(arg);
        return NULL;
}

int main(int argc, char **argv)
{
        int large = argc == 4 && strcmp(argv[1], "large") == 0;
        pthread_t t;

        if (argc != 4)
                return 2;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setvbuf(stdout, NULL, _IOLBF, 0);
        sets = (size_t)atoi(argv[2]);
        if (sets < 1 || sets > SETS)
                return 2;
        path = argv[3];
        rounds = large ? ROUNDS : 3;
        make_kinds(large);
        signal(SIGUSR1, ask);
        looked_ns = now_ns();
        pthread_barrier_init(&placed, NULL, (unsigned)sets);
        pthread_barrier_init(&told, NULL, (unsigned)sets);
        for (size_t s = 1; s < sets; s++)
                if (pthread_create(&t, NULL, run, &set[s]) != 0)
                        return 2;
        run(&set[0]);
        return 0;
}
