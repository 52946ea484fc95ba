/* SPDX-License-Identifier: MIT */
/*
 * victim-soak.h - the registers of victim-soak: random values in, held, out, compared
 *
 * Unlike victim-regs it holds others in each round, and any number of threads may.
 */
#ifndef VICTIM_SOAK_H
#define VICTIM_SOAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Prints a finding. */
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static uint64_t random_number(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

struct regs {                           /* offsets are used below */
        uint8_t  vec[32][64];           /* 0: zmm, or the low parts of it */
        uint64_t gpr[16];               /* 2048: rax rcx rdx rbx rsp rbp rsi rdi r8... */
        uint64_t mask[8];               /* 2176: k0... */
        double   x87[8];                /* 2240 */
        uint64_t rflags;                /* 2304 */
        uint32_t mxcsr, fcw;            /* 2312, 2316 */
};
_Static_assert(offsetof(struct regs, mask) == 2176 && offsetof(struct regs, fcw) == 2316, "regs");

__attribute__((used, visibility("hidden"))) int level;         /* 0: SSE, 1: AVX, 2: AVX-512 */

/* want into the registers, held for spins rounds of a loop (0: a system call), then stored to got; DF is set */
void hold(struct regs *want, struct regs *got, uint64_t spins);
asm(
"       .macro  load_or_store op, reg, size, from, at, dir\n"
"       .irp    i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
"       .if     \\i < \\size\n"
"       .ifc    \\dir, load\n"
"       \\op    \\at + 64*\\i(%rdi), %\\reg\\i\n"
"       .else\n"
"       \\op    %\\reg\\i, \\at + 64*\\i(%rdi)\n"
"       .endif\n"
"       .endif\n"
"       .endr\n"
"       .endm\n"
"       .macro  high dir\n"
"       .irp    i, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
"       .ifc    \\dir, load\n"
"       vmovdqu64       64*\\i(%rdi), %zmm\\i\n"
"       .else\n"
"       vmovdqu64       %zmm\\i, 64*\\i(%rdi)\n"
"       .endif\n"
"       .endr\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       .ifc    \\dir, load\n"
"       kmovw   2176+8*\\i(%rdi), %k\\i\n"
"       .else\n"
"       kmovw   %k\\i, 2176+8*\\i(%rdi)\n"
"       .endif\n"
"       .endr\n"
"       .endm\n"
"       .macro  vectors dir\n"
"       cmpl    $1, level(%rip)\n"
"       ja      3f\n"
"       je      2f\n"
"       load_or_store   movdqu, xmm, 16, 0, 0, \\dir\n"
"       jmp     4f\n"
"2:     load_or_store   vmovdqu, ymm, 16, 0, 0, \\dir\n"
"       jmp     4f\n"
"3:     load_or_store   vmovdqu64, zmm, 16, 0, 0, \\dir\n"
"       high    \\dir\n"
"4:\n"
"       .endm\n"
"       .text\n"
"       .globl  hold\n"
"hold:  push    %rbx\n"
"       push    %rbp\n"
"       push    %r12\n"
"       push    %r13\n"
"       push    %r14\n"
"       push    %r15\n"
"       push    %rsi\n"
"       push    %rdx\n"
"       mov     %rsp, 2048+8*4(%rdi)\n"
"       vectors load\n"
"       finit\n"
"       fldcw   2316(%rdi)\n"
"       .irp    i, 0,1,2,3,4,5,6,7\n"
"       fldl    2240+8*\\i(%rdi)\n"
"       .endr\n"
"       ldmxcsr 2312(%rdi)\n"
"       std\n"
"       cmpq    $0, (%rsp)\n"
"       mov     2048+8*0(%rdi), %rax\n"
"       mov     2048+8*1(%rdi), %rcx\n"
"       mov     2048+8*2(%rdi), %rdx\n"
"       mov     2048+8*3(%rdi), %rbx\n"
"       mov     2048+8*5(%rdi), %rbp\n"
"       mov     2048+8*6(%rdi), %rsi\n"
"       .irp    i, 8,9,10,11,12,13,14,15\n"
"       mov     2048+8*\\i(%rdi), %r\\i\n"
"       .endr\n"
"       mov     2048+8*7(%rdi), %rdi\n"
"       je      6f\n"
"5:     decq    (%rsp)\n"
"       jnz     5b\n"
"       jmp     7f\n"
"6:     syscall\n"
"7:     push    %rdi\n"
"       mov     16(%rsp), %rdi\n"
"       pushf\n"
"       popq    2304(%rdi)\n"
"       cld\n"
"       mov     %rax, 2048+8*0(%rdi)\n"
"       mov     %rcx, 2048+8*1(%rdi)\n"
"       mov     %rdx, 2048+8*2(%rdi)\n"
"       mov     %rbx, 2048+8*3(%rdi)\n"
"       mov     %rbp, 2048+8*5(%rdi)\n"
"       mov     %rsi, 2048+8*6(%rdi)\n"
"       .irp    i, 8,9,10,11,12,13,14,15\n"
"       mov     %r\\i, 2048+8*\\i(%rdi)\n"
"       .endr\n"
"       popq    2048+8*7(%rdi)\n"
"       mov     %rsp, 2048+8*4(%rdi)\n"
"       stmxcsr 2312(%rdi)\n"
"       fnstcw  2316(%rdi)\n"
"       .irp    i, 7,6,5,4,3,2,1,0\n"
"       fstpl   2240+8*\\i(%rdi)\n"
"       .endr\n"
"       vectors store\n"
"       cmpl    $0, level(%rip)\n"
"       je      1f\n"
"       vzeroupper\n"
"1:     movl    $0x1f80, (%rsp)\n"
"       ldmxcsr (%rsp)\n"
"       finit\n"
"       add     $16, %rsp\n"
"       pop     %r15\n"
"       pop     %r14\n"
"       pop     %r13\n"
"       pop     %r12\n"
"       pop     %rbp\n"
"       pop     %rbx\n"
"       ret\n");

static void choose_values(struct regs *want, uint64_t *seed)
{
        uint64_t r;
        size_t i;

        for (i = 0; i < sizeof want->vec; i += 8) {
                r = random_number(seed);
                memcpy((uint8_t *)want->vec + i, &r, 8);
        }
        for (i = 0; i < 16; i++)
                want->gpr[i] = random_number(seed);
        for (i = 0; i < 8; i++) {
                want->mask[i] = random_number(seed) & 0xffff;
                want->x87[i] = (double)(int32_t)random_number(seed) / 8;
        }
        want->mxcsr = 0x1f80 | (uint32_t)(random_number(seed) & 3) << 13;       /* some rounding */
        want->fcw = 0x037f | (uint32_t)(random_number(seed) & 3) << 10;
}

static void compare(const char *what, int i, const void *is, const void *was, size_t len)
{
        uint64_t a[2] = { 0, 0 };

        if (memcmp(is, was, len) == 0)
                return;
        memcpy(&a[0], is, len < 8 ? len : 8);
        memcpy(&a[1], was, len < 8 ? len : 8);
        wrong("%s %d begins with %#llx, was %#llx", what, i, (unsigned long long)a[0], (unsigned long long)a[1]);
}

static void compare_all(const struct regs *want, const struct regs *got, int slept)
{
        static const size_t width[] = { 16, 32, 64 };
        int i;

        for (i = 0; i < 16; i++)        /* a system call spends rax, rcx and r11 */
                if (!slept || (i != 0 && i != 1 && i != 11))
                        compare("general register", i, &got->gpr[i], &want->gpr[i], 8);
        for (i = 0; i < (level == 2 ? 32 : 16); i++)
                compare("vector", i, got->vec[i], want->vec[i], width[level]);
        for (i = 0; i < 8; i++) {
                if (level == 2)
                        compare("mask", i, &got->mask[i], &want->mask[i], 2);
                compare("x87", i, &got->x87[i], &want->x87[i], 8);
        }
        compare("mxcsr", 0, &got->mxcsr, &want->mxcsr, 4);
        compare("x87 control word", 0, &got->fcw, &want->fcw, 2);
        if (!(got->rflags & 0x400))
                wrong("the direction flag is gone");
}

#endif
