/* SPDX-License-Identifier: MIT */
/*
 * victim-fence.c - a program that is fenced in: by limits, keys, seals or its own kind of memory
 *
 * usage: victim-fence FENCE BEATFILE
 *
 * It builds its fence, looks whether that holds ("wrong: ..." and status 2 if
 * not, "not here: ..." and 3 where the kernel or the processor has none), prints
 * "ready" and then goes round, counting in the first 8 bytes of BEATFILE. What
 * each fence is stands beside it in the table at the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE            4096ul
#define TIB             (1ul << 40)
#define RSEQ_OVER       1               /* RSEQ_FLAG_UNREGISTER */
#define NR_MSEAL        462
#define SET_MDWE        65              /* PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN */

static volatile uint64_t *beat;
static struct timespec nap = { 0, 1000000 };

/*
 * raw_loop(beat, nap, stack, pkru, have_pkru): goes round on that stack with
 * those key rights and touches no memory but beat and nap. Can be copied anywhere.
 */
void raw_loop(volatile uint64_t *, struct timespec *, void *, uint32_t, int);
extern const char raw_loop_end[];
__asm__(".pushsection .text\n"
        "raw_loop:\n"
        "       mov     %rdi, %rbx\n"
        "       mov     %rsi, %r12\n"
        "       mov     %rdx, %rsp\n"
        "       mov     %ecx, %eax\n"
        "       xor     %ecx, %ecx\n"
        "       xor     %edx, %edx\n"
        "       test    %r8d, %r8d\n"
        "       jz      1f\n"
        "       wrpkru\n"
        "1:     incq    (%rbx)\n"
        "       mov     $35, %eax\n"            /* nanosleep */
        "       mov     %r12, %rdi\n"
        "       xor     %esi, %esi\n"
        "       syscall\n"
        "       test    %eax, %eax\n"
        "       jz      1b\n"
        "       mov     $4, %edi\n"
        "       mov     $231, %eax\n"           /* exit_group */
        "       syscall\n"
        "raw_loop_end:\n"
        ".popsection\n");

static void die(const char *what)
{
        printf("wrong: %s: %s\n", what, strerror(errno));
        exit(2);
}

static void not_here(const char *what)
{
        printf("not here: %s: %s\n", what, strerror(errno));
        exit(3);
}

static void *map(size_t len, int prot, int flags)
{
        return mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void limit(int which, rlim_t n)
{
        struct rlimit r = { n, n };

        if (setrlimit(which, &r) < 0)
                die("setrlimit");
}

/* It was to fail: by that error. */
static void must_fail(int failed, int err, const char *what)
{
        if (!failed || errno != err)
                die(what);
}

static unsigned long vm_size(void)
{
        char line[64] = "";
        int fd = open("/proc/self/statm", O_RDONLY);

        if (fd < 0 || read(fd, line, sizeof line - 1) < 0)
                die("statm");
        close(fd);
        return strtoul(line, NULL, 10) * PAGE;
}

static void limit_as(void)
{
        limit(RLIMIT_AS, vm_size());
        must_fail(map(PAGE, PROT_READ, 0) == MAP_FAILED, ENOMEM, "mmap beyond RLIMIT_AS");
}

static void limit_data(void)
{
        limit(RLIMIT_DATA, 0);
        must_fail(map(PAGE, PROT_READ | PROT_WRITE, 0) == MAP_FAILED, ENOMEM, "mmap beyond RLIMIT_DATA");
}

static void limit_files(void)
{
        limit(RLIMIT_NOFILE, 3);
        must_fail(dup(0) < 0, EMFILE, "a fourth descriptor");
}

static void limit_size(void)
{
        char path[] = "/tmp/crdump-fence.XXXXXX";
        int fd = mkstemp(path);

        if (fd < 0)
                die(path);
        unlink(path);
        signal(SIGXFSZ, SIG_IGN);
        limit(RLIMIT_FSIZE, 0);
        must_fail(write(fd, "x", 1) < 0, EFBIG, "write beyond RLIMIT_FSIZE");
        signal(SIGXFSZ, SIG_DFL);
        close(fd);
        fcntl(1, F_SETFL, O_WRONLY);            /* a file: "ready" is written before the limit */
}

static void limit_processes(void)
{
        pid_t pid;

        limit(RLIMIT_NPROC, 0);
        pid = fork();
        if (pid == 0)
                _exit(0);
        if (pid > 0)
                waitpid(pid, NULL, 0);
        if (geteuid() != 0)                     /* root is above it */
                must_fail(pid < 0, EAGAIN, "fork beyond RLIMIT_NPROC");
}

static void locked(void)
{
        limit(RLIMIT_MEMLOCK, 1 << 20);
        if (mlockall(MCL_FUTURE) < 0)
                die("mlockall");
        for (size_t len = 1 << 20; len >= PAGE; len /= 2)
                while (map(len, PROT_READ | PROT_WRITE, 0) != MAP_FAILED)
                        ;
        must_fail(map(PAGE, PROT_READ, 0) == MAP_FAILED, EAGAIN, "mmap beyond RLIMIT_MEMLOCK");
}

/* As many mappings as vm.max_map_count allows, less some. Those of neighbours differ, or they would be one. */
static void fill_maps(size_t less)
{
        size_t max = 70000 + 2 * less, n = 0;
        char *p = map(max * PAGE, PROT_NONE, MAP_NORESERVE), text[32] = "";
        int fd = open("/proc/sys/vm/max_map_count", O_RDONLY);

        if (p == MAP_FAILED || fd < 0 || read(fd, text, sizeof text - 1) < 0)
                die("max_map_count");
        close(fd);
        if (strtoul(text, NULL, 10) > 140000) {
                errno = 0;
                not_here("a vm.max_map_count that can be reached soon");
        }
        for (n = 0; 2 * n + 1 < max; n++)
                if (mprotect(p + (2 * n + 1) * PAGE, PAGE, PROT_READ) < 0)
                        break;
        if (errno != ENOMEM)
                die("mprotect beyond max_map_count");
        while (map(PAGE, PROT_READ | PROT_EXEC, 0) != MAP_FAILED)       /* the last one or two */
                ;
        must_fail(1, ENOMEM, "mmap beyond max_map_count");
        for (size_t i = 0; i < less; i++)       /* the last halves again: one mapping less each */
                if (munmap(p + (2 * (n - 1 - i) + 1) * PAGE, PAGE) < 0)
                        die("munmap");
}

static void most_maps(void)
{
        fill_maps(0);
}

static void most_maps_but_one(void)
{
        fill_maps(1);
}

static void most_maps_but_two(void)
{
        fill_maps(2);
}

static void mdwe(void)
{
        void *p = map(PAGE, PROT_READ | PROT_WRITE, 0);

        if (prctl(SET_MDWE, 1, 0, 0, 0) < 0)
                not_here("PR_SET_MDWE");
        must_fail(mprotect(p, PAGE, PROT_READ | PROT_EXEC) < 0, EACCES, "mprotect beyond MDWE");
}

/* All of its code, the C library's and the vdso's if the kernel lets it. */
static void sealed(void)
{
        char line[512];
        int n = 0;
        FILE *f = fopen("/proc/self/maps", "r");

        if (!f)
                die("maps");
        while (fgets(line, sizeof line, f)) {
                unsigned long from, to;
                char prot[5];

                if (sscanf(line, "%lx-%lx %4s", &from, &to, prot) == 3 && prot[2] == 'x')
                        n += syscall(NR_MSEAL, from, to - from, 0) == 0;
        }
        fclose(f);
        if (!n)
                not_here("mseal");
        must_fail(mprotect((void *)((uintptr_t)raw_loop & -PAGE), PAGE, PROT_READ | PROT_WRITE) < 0, EPERM, "mseal");
}

/* An address space of 40 TiB with a page of content in each half. */
static void vast(void)
{
        for (int i = 0; i < 2; i++) {
                char *p = map(20 * TIB, PROT_NONE, MAP_NORESERVE), *q = p + 10 * TIB;

                if (p == MAP_FAILED)
                        not_here("20 TiB");
                if (mprotect(q, PAGE, PROT_READ | PROT_WRITE) < 0)
                        die("mprotect");
                memset(q, 'V', PAGE);
                if (i && mprotect(q, PAGE, PROT_NONE) < 0)      /* one mapping again */
                        die("mprotect");
                printf("memory %p 1\n", (void *)q);
        }
}

static void go_raw(void *stack, uint32_t pkru, int have_pkru, void (*loop)(volatile uint64_t *, struct timespec *, void *, uint32_t, int))
{
        printf("ready\n");
        loop(beat, &nap, stack, pkru, have_pkru);
}

/* Code that can be run and not read: the kernel gives it a key that no thread may read by. */
static void exec_only(void)
{
        size_t len = (size_t)(raw_loop_end - (const char *)raw_loop);
        char *code = map(PAGE, PROT_READ | PROT_WRITE, 0), *stack = map(16 * PAGE, PROT_READ | PROT_WRITE, 0);
        void *run;

        memcpy(code, (const char *)raw_loop, len);
        if (mprotect(code, PAGE, PROT_EXEC) < 0)
                die("mprotect");
        printf("memory %p 1\n", (void *)code);
        memcpy(&run, &code, sizeof run);
        go_raw(stack + 16 * PAGE, 0, 0, (void (*)(volatile uint64_t *, struct timespec *, void *, uint32_t, int))run);
}

/* The kernel writes into it at every switch of tasks, by the rights that the thread has. */
static void no_rseq(void)
{
        char *area = (char *)__builtin_thread_pointer() + __rseq_offset;

        if (__rseq_size && syscall(SYS_rseq, area, 32, RSEQ_OVER, RSEQ_SIG) < 0)
                die("rseq");
}

/* Only what has its own key may be read or written: nothing of what others map. */
static void deny_others(void)
{
        char *p = map(16 * PAGE, PROT_READ | PROT_WRITE, 0);
        int key = pkey_alloc(0, 0);

        if (key < 0)
                not_here("protection keys");
        no_rseq();
        memcpy(p, &nap, sizeof nap);
        if (pkey_mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE, key) < 0 ||
            pkey_mprotect((void *)(uintptr_t)beat, PAGE, PROT_READ | PROT_WRITE, key) < 0)
                die("pkey_mprotect");
        printf("ready\n");
        raw_loop(beat, (struct timespec *)(void *)p, p + 16 * PAGE, ~(3u << 2 * key), 1);
}

/* Its stack is what it may not touch. */
static void deny_stack(void)
{
        char *p = map(16 * PAGE, PROT_READ | PROT_WRITE, 0);
        int key = pkey_alloc(0, 0);

        if (key < 0)
                not_here("protection keys");
        if (pkey_mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE, key) < 0)
                die("pkey_mprotect");
        go_raw(p + 16 * PAGE, 3u << 2 * key, 1, raw_loop);
}

static const struct fence {
        const char *name;
        void (*build)(void);
} fences[] = {
        { "as", limit_as },                     /* RLIMIT_AS is what it has */
        { "data", limit_data },                 /* RLIMIT_DATA 0: no more private writable memory */
        { "files", limit_files },               /* RLIMIT_NOFILE 3 */
        { "size", limit_size },                 /* RLIMIT_FSIZE 0 */
        { "processes", limit_processes },       /* RLIMIT_NPROC 0 */
        { "locked", locked },                   /* MCL_FUTURE, RLIMIT_MEMLOCK used up; not for root */
        { "maps", most_maps },                  /* vm.max_map_count mappings */
        { "maps-1", most_maps_but_one },        /* room for one */
        { "maps-2", most_maps_but_two },        /* for two */
        { "mdwe", mdwe },                       /* what is not executable cannot become so */
        { "sealed", sealed },                   /* its code by mseal */
        { "vast", vast },                       /* 40 TiB without rights; prints where its two pages are */
        { "exec-only", exec_only },             /* runs in code without PROT_READ; prints where */
        { "deny-others", deny_others },         /* PKRU denies all keys but its own */
        { "deny-stack", deny_stack },           /* PKRU denies the key of its stack */
};

int main(int argc, char **argv)
{
        const struct fence *f = fences, *end = fences + sizeof fences / sizeof *fences;
        int fd;

        setvbuf(stdout, NULL, _IOLBF, 0);
        while (argc == 3 && f < end && strcmp(f->name, argv[1]))
                f++;
        if (argc != 3 || f == end)
                return 2;
        fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || ftruncate(fd, PAGE) < 0)
                die(argv[2]);
        beat = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (beat == MAP_FAILED)
                die(argv[2]);
        printf("pid %d\n", (int)getpid());      /* stdio has its buffer from here on */
        if (f->build == limit_size)
                printf("ready\n");
        f->build();
        if (f->build != limit_size)
                printf("ready\n");
        for (;;) {
                ++*beat;
                if (nanosleep(&nap, NULL) < 0)
                        return 4;
        }
}
