/* SPDX-License-Identifier: MIT */
/*
 * victim-kinds.c - memory of one uncommon kind
 *
 * usage: victim-kinds KIND [FILE]
 *
 * Prints "NAME ADDRESS PAGES", a line a mapping, then "ready", and waits for a
 * signal; "not here: ..." and status 3 where the kernel has none. Page i of what
 * is filled holds the letter 'A' + i % 26. What each kind is stands beside it in
 * the table at the end; FILE is for those that say so.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE            4096ul
#define HUGE            (2ul << 20)
#define RW              (PROT_READ | PROT_WRITE)

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE   0x08            /* Linux 6.11 */
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT    21
#endif

/* Linux 6.6; its headers may be older */
struct poison {
        uint64_t start, len, mode;
        int64_t  updated;
};
#define POISON          _IOWR(UFFDIO, 0x08, struct poison)
#define HAS_POISON      (1 << 14)
#define WP_UNPOPULATED  (1 << 13)

static const char *path;

static void not_here(const char *what)
{
        printf("not here: %s: %s\n", what, strerror(errno));
        exit(3);
}

static char *told(const char *name, char *p, size_t pages)
{
        if (p == MAP_FAILED)
                not_here(name);
        printf("%s %p %zu\n", name, (void *)p, pages);
        return p;
}

static char *map(const char *name, size_t pages, int flags, int fd)
{
        return told(name, mmap(NULL, pages * PAGE, RW, flags, fd, 0), pages);
}

static char *anon(const char *name, size_t pages)
{
        return map(name, pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void fill(char *p, size_t from, size_t n)
{
        for (size_t i = from; i < from + n; i++)
                memset(p + i * PAGE, 'A' + (int)(i % 26), PAGE);
}

/* How many of the pages have this bit in the pagemap? */
static size_t having(char *p, size_t pages, int bit)
{
        int fd = open("/proc/self/pagemap", O_RDONLY);
        uint64_t entry;
        size_t n = 0;

        for (size_t i = 0; i < pages; i++)
                if (pread(fd, &entry, 8, (off_t)(((uintptr_t)p / PAGE + i) * 8)) == 8)
                        n += entry >> bit & 1;
        close(fd);
        return n;
}

/* In the child: 1. It ends with us. */
static int forked(void)
{
        pid_t parent = getpid(), pid = fork();

        if (pid < 0)
                not_here("fork");
        if (pid > 0)
                return 0;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        return 1;
}

static void common(void)
{
        char *p = anon("common", 4096);

        fill(p, 0, 4096);
        if (forked())
                for (;;)
                        pause();
}

static void merged(void)
{
        char *p = anon("merged", 1024);

        for (size_t i = 0; i < 1024; i++)
                memset(p + i * PAGE, 'A', PAGE);
        if (madvise(p, 1024 * PAGE, MADV_MERGEABLE) < 0)
                not_here("KSM");
}

static void swapped(void)
{
        char *p = anon("swapped", 16), *q;

        fill(p, 0, 12);
        memset(p + 12 * PAGE, 0, 4 * PAGE);
        for (int tries = 0; having(p, 16, 62) < 16; tries++) {
                if (tries == 100)
                        not_here("swap");
                madvise(p, 16 * PAGE, MADV_PAGEOUT);
                usleep(10000);
        }
        q = anon("zeropage", 4);
        for (size_t i = 0; i < 4; i++)
                (void)((volatile char *)q)[i * PAGE];
        anon("untouched", 4);
}

static void huge(void)
{
        char *p = mmap(NULL, 4 * HUGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        char *q = (char *)(((uintptr_t)p + HUGE - 1) & -HUGE);

        if (madvise(p, 4 * HUGE, MADV_HUGEPAGE) < 0)
                not_here("huge pages");
        told("huge", q, HUGE / PAGE);
        fill(q, 0, HUGE / PAGE);
        (void)*(volatile char *)told("hugezero", q + HUGE, HUGE / PAGE);
        told("hugenone", q + 2 * HUGE, 8);
}

static void hugetlb(void)
{
        size_t pages = 2 * HUGE / PAGE;
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        char *p;

        fill(map("private", pages, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1), 0, HUGE / PAGE);
        fill(map("shared", pages, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1), 0, HUGE / PAGE);
        p = map("bychild", pages, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1);
        fflush(stdout);
        if (forked()) {
                fill(p, HUGE / PAGE, HUGE / PAGE);
                printf("filled\n");
                fflush(stdout);
                for (;;)
                        pause();
        }
        if (fd < 0 || ftruncate(fd, (off_t)(2 * HUGE)) < 0)
                not_here(path);
        fill(map("file", pages, MAP_SHARED, fd), 0, HUGE / PAGE);
        p = map("privatefile", pages, MAP_PRIVATE, fd);
        p[0] = 'z';
}

static int watcher(uint64_t features)
{
        struct uffdio_api api = { .api = UFFD_API, .features = features };
        int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

        if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
                not_here("userfaultfd");
        return fd;
}

static void watch(int fd, char *p, size_t pages, uint64_t mode)
{
        struct uffdio_register r = { .range = { (uintptr_t)p, pages * PAGE }, .mode = mode };

        if (ioctl(fd, UFFDIO_REGISTER, &r) < 0)
                not_here("UFFDIO_REGISTER");
}

static void watched(void)
{
        int fd = watcher(0), memfd = (int)syscall(SYS_memfd_create, "minor", 0);
        char *p = anon("missing", 8), *q, *other;

        fill(p, 0, 2);
        watch(fd, p, 8, UFFDIO_REGISTER_MODE_MISSING);
        if (ftruncate(memfd, 8 * PAGE) < 0)
                not_here("memfd");
        other = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, memfd, 0);
        q = map("minor", 8, MAP_SHARED, memfd);
        watch(fd, q, 8, UFFDIO_REGISTER_MODE_MINOR);
        fill(other, 3, 2);
        munmap(other, 8 * PAGE);
}

static void protected(void)
{
        int fd = watcher(WP_UNPOPULATED);
        char *p = anon("protected", 8);
        struct uffdio_writeprotect wp = { { (uintptr_t)p, 8 * PAGE }, UFFDIO_WRITEPROTECT_MODE_WP };

        fill(p, 0, 2);
        watch(fd, p, 8, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING);
        if (ioctl(fd, UFFDIO_WRITEPROTECT, &wp) < 0)
                not_here("UFFDIO_WRITEPROTECT");
        if (having(p, 8, 62) != 6)
                not_here("markers of userfaultfd");
}

static void poisoned(void)
{
        int fd = watcher(HAS_POISON);
        char *p = anon("poisoned", 200);
        struct poison poison = { .len = PAGE };

        fill(p, 0, 200);
        watch(fd, p, 200, UFFDIO_REGISTER_MODE_MISSING);
        for (size_t i = 0; i < 3; i++) {
                poison.start = (uintptr_t)p + (i * 60 + 5) * PAGE;
                madvise((void *)(uintptr_t)poison.start, PAGE, MADV_DONTNEED);
                if (ioctl(fd, POISON, &poison) < 0)
                        not_here("UFFDIO_POISON");
        }
        close(fd);
}

static void droppable(void)
{
        fill(map("droppable", 8, MAP_DROPPABLE | MAP_ANONYMOUS, -1), 0, 5);
}

static void uring(void)
{
        struct io_uring_params params = { 0 };
        int fd = (int)syscall(SYS_io_uring_setup, 8, &params);

        if (fd < 0)
                not_here("io_uring");
        told("ring", mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING), 1);
        told("sqes", mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES), 1);
}

static void packet(void)
{
        struct tpacket_req req = { .tp_block_size = 4 * PAGE, .tp_block_nr = 2, .tp_frame_size = 2048, .tp_frame_nr = 16 };
        int fd = socket(AF_PACKET, SOCK_RAW, 0);

        if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req) < 0)
                not_here("AF_PACKET");
        map("packets", 8, MAP_SHARED, fd);
}

static void perf(void)
{
        struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1 };
        int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

        if (fd < 0)
                not_here("perf");
        map("perf", 9, MAP_SHARED, fd);
}

/* The kernel emulates some instructions, and runs a copy of others elsewhere: this is one of these. */
void __attribute__((noinline)) probed(void);
void probed(void)
{
        __asm__ volatile(".globl probe\n"
                "probe: xor     %%eax, %%eax\n" : : : "eax");
}

static void probes(void)
{
        for (int i = 0; i < 100; i++)
                probed();
}

static int secret_fd(size_t pages)
{
        int fd = (int)syscall(447, 0);          /* memfd_secret */

        if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)) < 0)
                not_here("memfd_secret");
        return fd;
}

static void secret(void)
{
        char *p = map("secret", 8, MAP_SHARED, secret_fd(8)), *q = map("hidden", 2, MAP_SHARED, secret_fd(2));

        fill(p, 0, 3);
        fill(p, 5, 1);
        p[6 * PAGE] = 0;
        fill(q, 0, 2);
        mprotect(q, 2 * PAGE, PROT_NONE);
        p = map("longsecret", 700, MAP_SHARED, secret_fd(700));
        fill(p, 0, 700);
}

static void secrets(void)
{
        struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
        char *p;

        setrlimit(RLIMIT_MEMLOCK, &all);        /* Linux 6.12.117 sends even root SIGBUS beyond it */
        p = map("secrets", 16400, MAP_SHARED, secret_fd(16400));

        fill(p, 0, 16400);
}

static void zero(void)
{
        int fd = open("/dev/zero", O_RDWR);
        char *p = map("zero", 4, MAP_PRIVATE, fd);

        memset(p + PAGE, 'B', PAGE);
}

static const struct kind {
        const char *name;
        void (*make)(void);
} kinds[] = {
        { "common", common },           /* 16 MiB in common with a child */
        { "merged", merged },           /* alike, for KSM to find */
        { "swapped", swapped },         /* swapped out: letters, then zeros; the zero page; never touched */
        { "huge", huge },               /* a huge page, the huge zero page, none */
        { "hugetlb", hugetlb },         /* private, shared, filled by a child; FILE in a hugetlbfs */
        { "watched", watched },         /* userfaultfd: missing pages; a memfd's that others filled */
        { "protected", protected },     /* userfaultfd: pages that do not exist are write-protected */
        { "poisoned", poisoned },       /* pages 5, 65 and 125 fail to be read */
        { "droppable", droppable },
        { "uring", uring },
        { "packet", packet },
        { "perf", perf },
        { "probes", probes },           /* calls probed(), which has a probe set */
        { "secret", secret },           /* memfd_secret: some pages, without rights, many */
        { "secrets", secrets },         /* 64 MiB and 16 pages of it */
        { "zero", zero },               /* a private mapping of /dev/zero */
};

int main(int argc, char **argv)
{
        path = argc > 2 ? argv[2] : NULL;
        for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++) {
                if (strcmp(argv[1], kinds[i].name))
                        continue;
                kinds[i].make();
                printf("ready\n");
                fflush(stdout);
                for (;;)
                        pause();
        }
        return 2;
}
