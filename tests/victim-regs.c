/* SPDX-License-Identifier: MIT */
/*
 * victim-regs.c - keeps known values in every register it has, and looks
 *
 * usage: victim-regs spin|sleep|mixed|plain BEATFILE [NAPPERS [hears]]
 *
 * spin: holds them in a loop that makes no system call. sleep: holds them in a
 * nanosleep of 20 ms, which must return 0, and not early. mixed: a short spin
 * and a sleep of 2 ms by turns. plain: has used all registers once and from then
 * on only sleeps, as any program does: to the kernel that is yet another state
 * (AMX: room for tiles, but none in use). After each round all is compared; a difference
 * is printed and ends it with status 1. The first 8 bytes of BEATFILE count
 * the rounds.
 *
 * With NAPPERS, it is the second thread that does all this, while the first one
 * is in pause; so many more take naps, by turns in nanosleep, futex, epoll_wait
 * and poll, each of which must end as it should and not early; that epoll_wait
 * ends with EINTR is told as "interrupted". With "hears", it handles SIGURG,
 * SIGWINCH and SIGCHLD, which others ignore, and tells of each. A round counts if all of them have
 * taken a nap since the last one that did.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct regs {                           /* offsets are used below */
        uint8_t  vec[32][64];           /* 0: zmm, or the low parts of it */
        uint64_t gpr[16];               /* 2048: rax rcx rdx rbx rsp rbp rsi rdi r8... */
        uint64_t mask[8];               /* 2176: k0... */
        double   x87[8];                /* 2240 */
        uint64_t rflags;                /* 2304 */
        uint32_t mxcsr, pkru;           /* 2312, 2316 */
        uint32_t fcw, zero;             /* 2320 */
        uint8_t  tile[8][1024];         /* 2328: AMX */
};
_Static_assert(offsetof(struct regs, gpr) == 2048 && offsetof(struct regs, tile) == 2328, "regs");

#define ASM_VISIBLE __attribute__((used, visibility("hidden")))
ASM_VISIBLE struct regs want, got;
ASM_VISIBLE uint64_t count, saved_sp;
ASM_VISIBLE int level;                  /* 0: SSE, 1: AVX, 2: AVX-512 */
ASM_VISIBLE int has_pkru, has_amx, sleeping;
ASM_VISIBLE uint8_t tile_config[64] __attribute__((aligned(64)));

void hold(void);                        /* want into the registers, hold them, registers into got */
asm(
"       .macro  vectors op, reg, n, at, dir\n"
"       .irp    i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
"       .ifc    \\dir, load\n"
"       \\op    \\at + 64*(\\i + \\n)(%rip), %\\reg\\i\n"
"       .else\n"
"       \\op    %\\reg\\i, \\at + 64*(\\i + \\n)(%rip)\n"
"       .endif\n"
"       .endr\n"
"       .endm\n"
"       .macro  high_vectors at, dir\n"
"       .irp    i, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
"       .ifc    \\dir, load\n"
"       vmovdqu64       \\at + 64*\\i(%rip), %zmm\\i\n"
"       .else\n"
"       vmovdqu64       %zmm\\i, \\at + 64*\\i(%rip)\n"
"       .endif\n"
"       .endr\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       .ifc    \\dir, load\n"
"       kmovw   \\at + 2176 + 8*\\i(%rip), %k\\i\n"
"       .else\n"
"       kmovw   %k\\i, \\at + 2176 + 8*\\i(%rip)\n"
"       .endif\n"
"       .endr\n"
"       .endm\n"
"       .text\n"
"       .globl  hold\n"
"hold:  push    %rbx\n"
"       push    %rbp\n"
"       push    %r12\n"
"       push    %r13\n"
"       push    %r14\n"
"       push    %r15\n"
"       mov     %rsp, saved_sp(%rip)\n"
"       cmpl    $0, has_pkru(%rip)\n"
"       je      1f\n"
"       mov     want+2316(%rip), %eax\n"
"       xor     %ecx, %ecx\n"
"       xor     %edx, %edx\n"
"       wrpkru\n"
"1:     cmpl    $0, has_amx(%rip)\n"
"       je      1f\n"
"       ldtilecfg       tile_config(%rip)\n"
"       mov     $64, %eax\n"
"       lea     want+2328(%rip), %rdx\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       tileloadd       1024*\\i(%rdx,%rax), %tmm\\i\n"
"       .endr\n"
"1:     cmpl    $1, level(%rip)\n"
"       ja      3f\n"
"       je      2f\n"
"       vectors movdqu, xmm, 0, want, load\n"
"       jmp     4f\n"
"2:     vectors vmovdqu, ymm, 0, want, load\n"
"       jmp     4f\n"
"3:     vectors vmovdqu64, zmm, 0, want, load\n"
"       high_vectors    want, load\n"
"4:     finit\n"
"       fldcw   want+2320(%rip)\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       fldl    want+2240+8*\\i(%rip)\n"
"       .endr\n"
"       ldmxcsr want+2312(%rip)\n"
"       mov     want+2048+8*0(%rip), %rax\n"
"       mov     want+2048+8*1(%rip), %rcx\n"
"       mov     want+2048+8*2(%rip), %rdx\n"
"       mov     want+2048+8*3(%rip), %rbx\n"
"       mov     want+2048+8*4(%rip), %rsp\n"
"       mov     want+2048+8*5(%rip), %rbp\n"
"       mov     want+2048+8*6(%rip), %rsi\n"
"       mov     want+2048+8*7(%rip), %rdi\n"
"       mov     want+2048+8*8(%rip), %r8\n"
"       mov     want+2048+8*9(%rip), %r9\n"
"       mov     want+2048+8*10(%rip), %r10\n"
"       mov     want+2048+8*11(%rip), %r11\n"
"       mov     want+2048+8*12(%rip), %r12\n"
"       mov     want+2048+8*13(%rip), %r13\n"
"       mov     want+2048+8*14(%rip), %r14\n"
"       mov     want+2048+8*15(%rip), %r15\n"
"       std\n"
"       cmpl    $0, sleeping(%rip)\n"
"       jne     6f\n"
"5:     decq    count(%rip)\n"
"       jnz     5b\n"
"       jmp     7f\n"
"6:     syscall\n"
"7:     mov     %rsp, got+2048+8*4(%rip)\n"
"       mov     saved_sp(%rip), %rsp\n"
"       pushf\n"
"       popq    got+2304(%rip)\n"
"       cld\n"
"       mov     %rax, got+2048+8*0(%rip)\n"
"       mov     %rcx, got+2048+8*1(%rip)\n"
"       mov     %rdx, got+2048+8*2(%rip)\n"
"       mov     %rbx, got+2048+8*3(%rip)\n"
"       mov     %rbp, got+2048+8*5(%rip)\n"
"       mov     %rsi, got+2048+8*6(%rip)\n"
"       mov     %rdi, got+2048+8*7(%rip)\n"
"       mov     %r8, got+2048+8*8(%rip)\n"
"       mov     %r9, got+2048+8*9(%rip)\n"
"       mov     %r10, got+2048+8*10(%rip)\n"
"       mov     %r11, got+2048+8*11(%rip)\n"
"       mov     %r12, got+2048+8*12(%rip)\n"
"       mov     %r13, got+2048+8*13(%rip)\n"
"       mov     %r14, got+2048+8*14(%rip)\n"
"       mov     %r15, got+2048+8*15(%rip)\n"
"       stmxcsr got+2312(%rip)\n"
"       fnstcw  got+2320(%rip)\n"
"       .irp    i, 7,6,5,4,3,2,1,0\n"
"       fstpl   got+2240+8*\\i(%rip)\n"
"       .endr\n"
"       cmpl    $1, level(%rip)\n"
"       ja      3f\n"
"       je      2f\n"
"       vectors movdqu, xmm, 0, got, store\n"
"       jmp     4f\n"
"2:     vectors vmovdqu, ymm, 0, got, store\n"
"       vzeroupper\n"
"       jmp     4f\n"
"3:     vectors vmovdqu64, zmm, 0, got, store\n"
"       high_vectors    got, store\n"
"       vzeroupper\n"
"4:     cmpl    $0, has_amx(%rip)\n"
"       je      1f\n"
"       mov     $64, %eax\n"
"       lea     got+2328(%rip), %rdx\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       tilestored      %tmm\\i, 1024*\\i(%rdx,%rax)\n"
"       .endr\n"
"       tilerelease\n"
"1:     cmpl    $0, has_pkru(%rip)\n"
"       je      1f\n"
"       xor     %ecx, %ecx\n"
"       rdpkru\n"
"       mov     %eax, got+2316(%rip)\n"
"1:     movl    $0x1f80, -8(%rsp)\n"
"       ldmxcsr -8(%rsp)\n"
"       finit\n"
"       pop     %r15\n"
"       pop     %r14\n"
"       pop     %r13\n"
"       pop     %r12\n"
"       pop     %rbp\n"
"       pop     %rbx\n"
"       ret\n");

#define STACK   65536
#define REDZONE 128
#define GS_BASE 0x123456789000ul
#define DF      0x400u                  /* the direction flag */

static const char *const gpr_name[16] = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};
static uint8_t stack[STACK] __attribute__((aligned(64)));
static uint8_t *const redzone = stack + STACK - 4096 - REDZONE;
static uint8_t redzone_want[REDZONE];
static struct timespec nap;
static volatile int bad;

static void differs(const char *what, int i, const void *is, const void *was, size_t len)
{
        const uint8_t *a = is, *b = was;
        size_t j;

        if (memcmp(a, b, len) == 0)
                return;
        bad = 1;
        printf("corrupt: %s %d is ", what, i);
        for (j = 0; j < len && j < 64; j++)
                printf("%02x", a[j]);
        printf(", was ");
        for (j = 0; j < len && j < 64; j++)
                printf("%02x", b[j]);
        printf("\n");
}

static void look_what_cpu(void)
{
        unsigned a, b, c, d;

        level = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
        if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
                return;
        has_pkru = c >> 4 & 1;          /* OSPKE */
        if (d >> 24 & 1)                /* AMX-TILE; the kernel wants to be asked */
                has_amx = syscall(SYS_arch_prctl, 0x1023, 18) == 0;
}

static void choose_values(void)
{
        uint32_t pkru = 0;
        size_t i;

        for (i = 0; i < sizeof want.vec; i++)
                ((uint8_t *)want.vec)[i] = (uint8_t)(i * 7 + i / 64 + 1);
        for (i = 0; i < sizeof want.tile; i++)
                ((uint8_t *)want.tile)[i] = (uint8_t)(i * 5 + i / 1024 + 3);
        for (i = 0; i < 16; i++)
                want.gpr[i] = 0x0101010101010101u * (i + 1) ^ 0x8000000000000000u;
        want.gpr[4] = (uint64_t)(redzone + REDZONE);
        for (i = 0; i < 8; i++) {
                want.mask[i] = 0x1111 * (i + 1);
                want.x87[i] = 1.5 + (double)i;
        }
        for (i = 0; i < REDZONE; i++)
                redzone_want[i] = redzone[i] = (uint8_t)(0xc0 + i);
        want.mxcsr = 0x7f80;            /* round towards zero */
        want.fcw = 0x0f7f;              /* the same, 64-bit mantissa */
        if (has_pkru) {
                asm volatile("rdpkru" : "=a"(pkru) : "c"(0) : "edx");
                want.pkru = pkru | 0xc0000000u; /* key 15, which nobody has */
        }
        tile_config[0] = 1;             /* palette */
        for (i = 0; i < 8; i++) {
                tile_config[16 + 2 * i] = 64;   /* bytes a row */
                tile_config[48 + i] = 16;       /* rows */
        }
}

static void compare(void)
{
        static const size_t width[] = { 16, 32, 64 };
        uint64_t gs = 0, df = got.rflags & DF, df_want = DF;
        int i;

        for (i = 0; i < 16; i++)        /* system calls spend rax, rcx and r11 */
                if (!sleeping || (i != 0 && i != 1 && i != 11))
                        differs(gpr_name[i], 0, &got.gpr[i], &want.gpr[i], 8);
        if (sleeping && got.gpr[0] != 0) {
                bad = 1;
                printf("corrupt: nanosleep returned %ld\n", (long)got.gpr[0]);
        }
        for (i = 0; i < (level == 2 ? 32 : 16); i++)
                differs("vector", i, got.vec[i], want.vec[i], width[level]);
        for (i = 0; i < 8 && level == 2; i++)
                differs("k", i, &got.mask[i], &want.mask[i], 2);
        for (i = 0; i < 8; i++)
                differs("x87", i, &got.x87[i], &want.x87[i], 8);
        for (i = 0; i < 8 && has_amx; i++)
                differs("tile", i, got.tile[i], want.tile[i], 1024);
        differs("mxcsr", 0, &got.mxcsr, &want.mxcsr, 4);
        differs("x87 control", 0, &got.fcw, &want.fcw, 2);
        if (has_pkru)
                differs("pkru", 0, &got.pkru, &want.pkru, 4);
        differs("direction flag", 0, &df, &df_want, 8);
        differs("red zone", 0, redzone, redzone_want, REDZONE);
        syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
        differs("gs base", 0, &gs, &(uint64_t){ GS_BASE }, 8);
}

static double seconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void plain_round(void)
{
        int rc = nanosleep(&nap, NULL);

        if (rc != 0) {
                bad = 1;
                printf("corrupt: nanosleep returned %d\n", rc);
        }
}

static void round_of(int sleeps, uint64_t n)
{
        uint64_t rax = want.gpr[0], rdi = want.gpr[7], rsi = want.gpr[6];
        double start = seconds();

        sleeping = sleeps;
        count = n;
        if (sleeps) {
                want.gpr[0] = SYS_nanosleep;
                want.gpr[7] = (uint64_t)&nap;
                want.gpr[6] = 0;
        }
        hold();
        if (sleeps && seconds() - start < (double)nap.tv_nsec / 1e9) {
                bad = 1;
                printf("corrupt: slept %.6f s only\n", seconds() - start);
        }
        compare();
        want.gpr[0] = rax;
        want.gpr[7] = rdi;
        want.gpr[6] = rsi;
}

/* --- nappers ------------------------------------------------------------------ */

#define NAPPERS 256

static volatile struct {
        uint64_t n;
        char     pad[56];
} naps[NAPPERS];
static int nappers;

static void *napper(void *arg)
{
        size_t me = (size_t)arg;
        int word = 0, ep = epoll_create1(0);
        struct epoll_event event;
        int ms = (int)(nap.tv_nsec / 1000000);

        while (!bad) {
                double start = seconds(), took;
                int right = 0;

                errno = 0;
                switch (me % 4) {
                case 0:
                        right = nanosleep(&nap, NULL) == 0;
                        break;
                case 1:
                        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &nap, NULL, 0);
                        right = errno == ETIMEDOUT;
                        break;
                case 2:
                        right = epoll_wait(ep, &event, 1, ms) == 0;
                        break;
                case 3:
                        right = poll(NULL, 0, ms) == 0;
                        break;
                }
                took = seconds() - start;
                if (me % 4 == 2 && errno == EINTR)      /* so it ends if crdump is killed before it can repair that */
                        printf("interrupted: napper %zu\n", me);
                else if (!right || took < (double)ms / 1e3) {
                        bad = 1;
                        printf("corrupt: napper %zu: %s after %.6f s\n", me, strerror(errno), took);
                }
                naps[me].n++;
        }
        return NULL;
}

static int all_napped(uint64_t *seen)
{
        int i;

        for (i = 0; i < nappers; i++)
                if (naps[i].n == seen[i])
                        return 0;
        for (i = 0; i < nappers; i++)
                seen[i] = naps[i].n;
        return 1;
}

/* --- */

static volatile uint64_t *beats;
static int spin, mixed, plain;

static void *go_round(void *arg)
{
        static uint64_t seen[NAPPERS];

        syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE);
        if (plain)
                round_of(0, 1);
        printf("ready: level %d, pkru %d, amx %d\n", level, has_pkru, has_amx);
        while (!bad) {
                if (spin || mixed)
                        round_of(0, mixed ? 20000 : 400000);
                if (plain)
                        plain_round();
                else if (!spin)
                        round_of(1, 0);
                if (all_napped(seen))
                        ++*beats;
        }
        exit(1);
        return arg;
}

static void hear(int sig)
{
        static const char text[] = "heard a signal\n";

        (void)sig;
        (void)!write(1, text, sizeof text - 1);
}

static void go_beside(int n)
{
        pthread_attr_t small;
        pthread_t t;
        size_t i;

        nappers = n < NAPPERS ? n : NAPPERS;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        if (pthread_create(&t, NULL, go_round, NULL) != 0)
                exit(2);
        for (i = 0; i < (size_t)nappers; i++)
                if (pthread_create(&t, &small, napper, (void *)i) != 0)
                        exit(2);
        for (;;)
                pause();
}

int main(int argc, char **argv)
{
        int fd;

        if (argc < 3 || (fd = open(argv[2], O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(fd, 4096) < 0)
                return 2;
        beats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (beats == MAP_FAILED)
                return 2;
        close(fd);
        spin = strcmp(argv[1], "spin") == 0;
        mixed = strcmp(argv[1], "mixed") == 0;
        plain = strcmp(argv[1], "plain") == 0;
        nap.tv_nsec = mixed ? 2000000 : 20000000;
        look_what_cpu();
        choose_values();
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (argc > 4) {
                signal(SIGURG, hear);
                signal(SIGWINCH, hear);
                signal(SIGCHLD, hear);
        }
        if (argc > 3)
                go_beside(atoi(argv[3]));
        go_round(NULL);
        return 1;
}
