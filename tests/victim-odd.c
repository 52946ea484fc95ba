/* SPDX-License-Identifier: MIT */
/*
 * victim-odd.c - spends its time in odd places, and looks whether it was disturbed
 *
 * usage: victim-odd PLACE BEATFILE
 *
 * PLACE: one of places[] below. The first 8 bytes of BEATFILE count the rounds.
 * Prints "range LOW HIGH", where its first thread's rip is most of the time, perhaps
 * "memory ADDRESS" of a page full of 0x5a, then "ready"; or "skip REASON". What is
 * not as it should be is printed as "corrupt: ..." and ends it with status 1.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE            4096u
#define SPINS           3000000u        /* about a millisecond */
#define PATTERN         0x5a

static void corrupt(const char *what, uint64_t is, uint64_t was)
{
        printf("corrupt: %s is %#lx, was %#lx\n", what, (unsigned long)is, (unsigned long)was);
        exit(1);
}

static void skip(const char *why)
{
        printf("skip %s\n", why);
        exit(0);
}

static void range(const void *low, const void *high)
{
        printf("range %#lx %#lx\n", (unsigned long)low, (unsigned long)high);
}

static uint8_t *map(size_t len, int prot, int flags)
{
        uint8_t *p = mmap(NULL, len, prot, flags | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                exit(2);
        return p;
}

static void check_pattern(const char *what, const uint8_t *p, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (p[i] != PATTERN)
                        corrupt(what, p[i], PATTERN);
}

/* --- rsp: a general register, or at the low end of something ------------------- */

/* Spins with rsp = sp; returns rsp after that. */
uint64_t spin_at(uint64_t sp, uint64_t spins);
extern const char spin_at_end[];
asm(
"       .text\n"
"       .globl  spin_at, spin_at_end\n"
"spin_at:\n"
"       mov     %rsp, %rdx\n"
"       mov     %rdi, %rsp\n"
"1:     dec     %rsi\n"
"       jnz     1b\n"
"       mov     %rsp, %rax\n"
"       mov     %rdx, %rsp\n"
"       ret\n"
"spin_at_end:\n");

static uint64_t sp_value;
static uint8_t *filled;                 /* with PATTERN, just below, or NULL */
static size_t filled_len;

static void sp_of(uint64_t sp)
{
        sp_value = sp;
        range((void *)spin_at, spin_at_end);
}

static void sp_low(void)       { sp_of(0x1000); }
static void sp_zero(void)      { sp_of(0); }
static void sp_noncanonical(void) { sp_of(0x8000000000000000); }
static void sp_highest(void)   { sp_of(~0ul); }
static void sp_code(void)      { sp_of((uint64_t)spin_at + 8); }
static void sp_none(void)      { sp_of((uint64_t)map(16 * PAGE, PROT_NONE, MAP_PRIVATE) + 12 * PAGE); }
static void sp_readonly(void)  { sp_of((uint64_t)map(16 * PAGE, PROT_READ, MAP_PRIVATE) + 12 * PAGE); }

static void sp_shared(void)
{
        filled_len = 16 * PAGE;
        filled = map(filled_len, PROT_READ | PROT_WRITE, MAP_SHARED);
        memset(filled, PATTERN, filled_len);
        sp_of((uint64_t)filled + 12 * PAGE);
}

/* A stack of 64 bytes that follows 15 pages of data; what there is of `data` is made so afterwards. */
static void tiny(int prot, int flags)
{
        uint8_t *p = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

        if (mmap(p, 15 * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
                exit(2);
        memset(p, PATTERN, 16 * PAGE);
        mprotect(p, 15 * PAGE, prot);
        sp_of((uint64_t)p + 15 * PAGE + 64);
        if (prot == PROT_NONE)
                return;
        filled = p;
        filled_len = 16 * PAGE;
}

static void tiny_above_data(void)     { tiny(PROT_READ | PROT_WRITE, MAP_PRIVATE); }
static void tiny_above_shared(void)   { tiny(PROT_READ | PROT_WRITE, MAP_SHARED); }
static void tiny_above_readonly(void) { tiny(PROT_READ, MAP_PRIVATE); }
static void tiny_above_none(void)     { tiny(PROT_NONE, MAP_PRIVATE); }

static void round_sp(void)
{
        uint64_t sp = spin_at(sp_value, SPINS);

        if (sp != sp_value)
                corrupt("rsp", sp, sp_value);
        if (filled)
                check_pattern("memory at the stack", filled, filled_len);
}

/* --- a handler near the low end of its alternate stack, which lies in the midst of data -- */

static uint8_t *alternate;
static volatile sig_atomic_t handled;

static void on_usr1(int sig)
{
        stack_t ss;
        uint64_t sp;

        (void)sig;
        sp = spin_at((uint64_t)alternate + 256, SPINS);
        if (sp != (uint64_t)alternate + 256)
                corrupt("rsp in the handler", sp, (uint64_t)alternate + 256);
        sigaltstack(NULL, &ss);
        if (!(ss.ss_flags & SS_ONSTACK))
                corrupt("flags of the alternate stack", (uint64_t)ss.ss_flags, SS_ONSTACK);
        handled++;
}

static void start_altstack(void)
{
        struct sigaction sa = { .sa_handler = on_usr1, .sa_flags = SA_ONSTACK };
        size_t len = getauxval(AT_MINSIGSTKSZ) + 8 * PAGE;
        stack_t ss = { .ss_size = len };

        filled_len = 15 * PAGE;
        filled = map(16 * PAGE + len, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        memset(filled, PATTERN, 16 * PAGE);
        ss.ss_sp = alternate = filled + filled_len;
        sigaltstack(&ss, NULL);
        sigaction(SIGUSR1, &sa, NULL);
        range((void *)spin_at, spin_at_end);
}

static void round_altstack(void)
{
        int before = handled;
        sigset_t set;

        raise(SIGUSR1);
        if (handled != before + 1)
                corrupt("number of signals handled", (uint64_t)handled, (uint64_t)before + 1);
        sigprocmask(SIG_BLOCK, NULL, &set);
        if (sigismember(&set, SIGUSR1))
                corrupt("mask after the handler", 1, 0);
        check_pattern("data below the alternate stack", filled, filled_len);
}

/* --- it single-steps itself --------------------------------------------------------- */

void step_itself(uint64_t loops);
extern const char step_itself_end[];
asm(
"       .text\n"
"       .globl  step_itself, step_itself_end\n"
"step_itself:\n"
"       pushf\n"
"       orl     $0x100, (%rsp)\n"       /* TF */
"       popf\n"
"1:     dec     %rdi\n"
"       jnz     1b\n"
"       mov     $39, %eax\n"            /* getpid */
"       syscall\n"
"       pushf\n"
"       andl    $~0x100, (%rsp)\n"
"       popf\n"
"       ret\n"
"step_itself_end:\n");

static volatile uint64_t steps;
static uint64_t steps_want;

static void on_trap(int sig, siginfo_t *si, void *uc)
{
        uint64_t addr = (uint64_t)si->si_addr;

        (void)sig;
        (void)uc;
        steps++;
        if (si->si_code != TRAP_TRACE || addr < (uint64_t)step_itself || addr >= (uint64_t)step_itself_end)
                corrupt("address or code of a step", addr, (uint64_t)si->si_code);
}

static void round_step(void)
{
        steps = 0;
        step_itself(500);
        if (steps != steps_want)
                corrupt("number of steps", steps, steps_want);
}

static void start_step(void)
{
        struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

        sigaction(SIGTRAP, &sa, NULL);
        step_itself(500);
        steps_want = steps;
        range((void *)step_itself, step_itself_end);
}

/* --- in code of the kernel's ----------------------------------------------------------- */

#define VSYSCALL        0xffffffffff600000

static void start_vdso(void)
{
        uint64_t vdso = getauxval(AT_SYSINFO_EHDR);

        if (!vdso)
                skip("no vdso");
        range((void *)vdso, (void *)(vdso + 4 * PAGE));
}

static void round_vdso(void)
{
        struct timespec was, is;

        clock_gettime(CLOCK_MONOTONIC, &was);
        for (int i = 0; i < 100000; i++) {
                if (clock_gettime(CLOCK_MONOTONIC, &is) != 0)
                        corrupt("result of clock_gettime", 1, 0);
                if (is.tv_sec < was.tv_sec || (is.tv_sec == was.tv_sec && is.tv_nsec < was.tv_nsec))
                        corrupt("time", (uint64_t)is.tv_nsec, (uint64_t)was.tv_nsec);
                was = is;
        }
}

static time_t vsyscall_time(void)
{
        return ((time_t (*)(time_t *))(VSYSCALL + 0x400))(NULL);
}

static void start_vsyscall(void)
{
        char line[256];
        int found = 0;
        FILE *f = fopen("/proc/self/maps", "r");

        while (f && fgets(line, sizeof line, f))
                found |= strstr(line, "[vsyscall]") && strstr(line, "xp ");
        if (f)
                fclose(f);
        if (!found)
                skip("no vsyscall page that runs");
        range((void *)VSYSCALL, (void *)(VSYSCALL + PAGE));
}

static void round_vsyscall(void)
{
        for (int i = 0; i < 5000; i++) {
                time_t was = time(NULL), is = vsyscall_time();

                if (is < was || is > time(NULL))
                        corrupt("time", (uint64_t)is, (uint64_t)was);
        }
}

/* --- memory that its protection keys deny ------------------------------------------------ */

static uint32_t rdpkru(void)
{
        uint32_t value;

        asm volatile("rdpkru" : "=a"(value) : "c"(0) : "edx");
        return value;
}

static void wrpkru(uint32_t value)
{
        asm volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory");
}

#define DENY_ALL        0xfffffffcu     /* but key 0 */

static void start_pkru(void)
{
        int key = (int)syscall(SYS_pkey_alloc, 0, 0);

        if (key < 0)
                skip("no protection keys");
        filled_len = PAGE;
        filled = map(filled_len, PROT_READ | PROT_WRITE, MAP_PRIVATE);
        memset(filled, PATTERN, filled_len);
        syscall(SYS_pkey_mprotect, filled, filled_len, PROT_READ | PROT_WRITE, key);
        printf("memory %#lx\n", (unsigned long)filled);
        wrpkru(DENY_ALL);
        range((void *)spin_at, spin_at_end);
}

static void round_pkru(void)
{
        static uint8_t room[16 * PAGE];

        spin_at((uint64_t)room + sizeof room - 256, SPINS);
        if (rdpkru() != DENY_ALL)
                corrupt("pkru", rdpkru(), DENY_ALL);
        wrpkru(0);
        check_pattern("protected memory", filled, filled_len);
        wrpkru(DENY_ALL);
}

/* --- in a restartable sequence --------------------------------------------------------------- */

extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned __rseq_size __attribute__((weak));

static volatile uint64_t counter;       /* of the one processor that all run on */
static volatile uint64_t theirs;
static _Atomic int pausing, paused;
static uint64_t mine, aborts;

extern const char sequence_start[], sequence_end[];
int sequence(void *rseq, volatile uint64_t *n, uint64_t spins);         /* 1: *n is one more; 0: aborted */
asm(
"       .section .data.rel.ro, \"aw\"\n"
"       .balign 32\n"
"descriptor:\n"                         /* struct rseq_cs */
"       .long   0, 0\n"
"       .quad   sequence_start, sequence_end - sequence_start, sequence_aborted\n"
"       .text\n"
"       .globl  sequence, sequence_start, sequence_end\n"
"sequence:\n"
"       lea     descriptor(%rip), %rax\n"
"       mov     %rax, 8(%rdi)\n"
"sequence_start:\n"
"       mov     (%rsi), %rax\n"
"1:     dec     %rdx\n"
"       jnz     1b\n"
"       inc     %rax\n"
"       mov     %rax, (%rsi)\n"
"sequence_end:\n"
"       mov     $1, %eax\n"
"       ret\n"
"       .byte   0x0f, 0xb9, 0x3d\n"     /* ud1 with the signature that glibc registers */
"       .long   0x53053053\n"
"sequence_aborted:\n"
"       xor     %eax, %eax\n"
"       ret\n");

static void *own_rseq(void)
{
        return (uint8_t *)__builtin_thread_pointer() + __rseq_offset;
}

static void *short_sequences(void *arg)
{
        void *rseq = own_rseq();

        (void)arg;
        for (;;) {
                theirs += (uint64_t)sequence(rseq, &counter, 1);
                paused = pausing;
                if (paused)
                        sched_yield();
        }
        return NULL;
}

static void start_rseq(void)
{
        cpu_set_t set;
        pthread_t t;
        int cpu = 0;

        if (!&__rseq_offset || !&__rseq_size || !__rseq_size)
                skip("libc registers no restartable sequences");
        sched_getaffinity(0, sizeof set, &set);
        while (!CPU_ISSET(cpu, &set))
                cpu++;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sched_setaffinity(0, sizeof set, &set) < 0 || pthread_create(&t, NULL, short_sequences, NULL) != 0)
                exit(2);
        range(sequence_start, sequence_end);
}

static void round_rseq(void)
{
        void *rseq = own_rseq();

        for (int i = 0; i < 200; i++)
                if (sequence(rseq, &counter, 200000))
                        mine++;
                else
                        aborts++;
        pausing = 1;
        while (!paused)
                sched_yield();
        if (counter != mine + theirs)
                corrupt("counter of the sequences", counter, mine + theirs);
        pausing = 0;
        while (paused)
                sched_yield();
}

/* --------------------------------------------------------------------------------------------- */

static const struct place {
        const char *name;
        void (*start)(void), (*round)(void);
} places[] = {
        { "rsp-low", sp_low, round_sp },
        { "rsp-zero", sp_zero, round_sp },
        { "rsp-noncanonical", sp_noncanonical, round_sp },
        { "rsp-highest", sp_highest, round_sp },
        { "rsp-in-code", sp_code, round_sp },
        { "rsp-in-nothing", sp_none, round_sp },
        { "rsp-in-readonly", sp_readonly, round_sp },
        { "rsp-in-shared", sp_shared, round_sp },
        { "tiny-stack-above-data", tiny_above_data, round_sp },
        { "tiny-stack-above-shared", tiny_above_shared, round_sp },
        { "tiny-stack-above-readonly", tiny_above_readonly, round_sp },
        { "tiny-stack-above-nothing", tiny_above_none, round_sp },
        { "altstack", start_altstack, round_altstack },
        { "step", start_step, round_step },
        { "vdso", start_vdso, round_vdso },
        { "vsyscall", start_vsyscall, round_vsyscall },
        { "pkru", start_pkru, round_pkru },
        { "rseq", start_rseq, round_rseq },
};

int main(int argc, char **argv)
{
        volatile uint64_t *beats;
        const struct place *p = NULL;
        int fd;

        if (argc != 3 || (fd = open(argv[2], O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, PAGE) < 0)
                return 2;
        beats = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
                if (strcmp(argv[1], places[i].name) == 0)
                        p = &places[i];
        if (beats == MAP_FAILED || !p)
                return 2;
        close(fd);
        setvbuf(stdout, NULL, _IOLBF, 0);
        p->start();
        printf("ready\n");
        for (;;) {
                p->round();
                ++*beats;
        }
}
