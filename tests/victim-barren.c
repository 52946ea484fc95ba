/* SPDX-License-Identifier: MIT */
/*
 * victim-barren.c - a process of 4 MiB that can have no child, or shall have none, of which there is a reason
 *
 * usage: victim-barren REASON [MIB]
 *
 * What each reason is stands beside it in the table at the end. MIB: so much shared
 * memory as well. Prints "pid PID" and "ready", or "not here: ..." (status 3)
 * where the kernel has no such thing or does not permit it, and sleeps.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB             (1ul << 20)
#define PAGE            4096ul
#define NEW_TIME        0x80            /* CLONE_NEWTIME */
#define POLICY_DEADLINE 6               /* SCHED_DEADLINE */

static void not_here(const char *what)
{
        printf("not here: %s: %s\n", what, strerror(errno));
        exit(3);
}

/* No page like another. */
static void *memory(size_t len, int flags)
{
        uint64_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

        if (p == MAP_FAILED)
                not_here("mmap");
        for (size_t i = 0; i < len / sizeof *p; i++)
                p[i] = i * 0x9e3779b97f4a7c15ull;
        return p;
}

static void none(void)
{
}

static void watch(uint64_t mode, uint64_t features)
{
        struct uffdio_api api = { .api = UFFD_API, .features = features };
        struct uffdio_register reg = { .mode = mode };
        long fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
        char *p = memory(4 * PAGE, MAP_PRIVATE);

        if (fd < 0)
                not_here("userfaultfd");
        reg.range.start = (uintptr_t)p + PAGE;
        reg.range.len = 2 * PAGE;
        if (ioctl((int)fd, UFFDIO_API, &api) < 0 || ioctl((int)fd, UFFDIO_REGISTER, &reg) < 0)
                not_here("userfaultfd of that kind");
}

static void missing(void)
{
        watch(UFFDIO_REGISTER_MODE_MISSING, 0);
}

static void protected(void)
{
        watch(UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
}

/* Who watches is told of a fork, which waits until that has been read. */
static void told_of_forks(void)
{
        watch(UFFDIO_REGISTER_MODE_MISSING, UFFD_FEATURE_EVENT_FORK);
}

static void new_pid(void)
{
        if (unshare(CLONE_NEWPID) < 0)
                not_here("unshare");
}

static void new_time(void)
{
        if (unshare(NEW_TIME) < 0)
                not_here("unshare");
}

static void limit(void)
{
        struct rlimit one = { 1, 1 };

        if (setrlimit(RLIMIT_NPROC, &one) < 0)
                not_here("setrlimit");
}

static void deadline(void)
{
        struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; } attr = {
                .size = 48, .policy = POLICY_DEADLINE, .runtime = 10000000, .deadline = 100000000, .period = 100000000,
        };

        if (syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
                not_here("SCHED_DEADLINE");
}

/* Killed for all but the few calls that it makes. */
static void fence(void)
{
        static const int mine[] = { SYS_write, SYS_pause, SYS_restart_syscall, SYS_rt_sigreturn };
        struct sock_filter f[10] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
        struct sock_fprog prog = { 10, f };

        for (int i = 0; i < 4; i++) {
                f[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)mine[i], 0, 1);
                f[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        }
        f[9] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
                not_here("seccomp");
}

static const struct reason {
        const char *name;
        void (*be)(void);
} reasons[] = {
        { "none", none },                       /* but for what is done to it from outside */
        { "missing", missing },                 /* userfaultfd watches some of its memory for pages that are not there */
        { "protected", protected },             /* for writes */
        { "told-of-forks", told_of_forks },     /* and hears of children */
        { "new-pid", new_pid },                 /* its first child would be init of a pid namespace */
        { "new-time", new_time },               /* would freeze the clocks of a time namespace */
        { "limit", limit },                     /* RLIMIT_NPROC 1 */
        { "deadline", deadline },               /* SCHED_DEADLINE, which no child may have */
        { "fence", fence },                     /* killed by seccomp for other calls than its own */
};

int main(int argc, char **argv)
{
        const struct reason *r = reasons, *end = reasons + sizeof reasons / sizeof *reasons;

        setvbuf(stdout, NULL, _IOLBF, 0);
        while (argc > 1 && r < end && strcmp(r->name, argv[1]))
                r++;
        if (argc < 2 || r == end)
                return 2;
        memory(4 * MIB, MAP_PRIVATE);
        if (argc > 2)
                memory((size_t)atoi(argv[2]) * MIB, MAP_SHARED);
        printf("pid %d\n", getpid());
        r->be();
        printf("ready\n");
        for (;;)
                syscall(SYS_pause);
}
