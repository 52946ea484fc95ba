/* SPDX-License-Identifier: MIT */
/*
 * parasite.S - head, entry, parking place and way home of the blob
 *
 * Linked flat at 0 by parasite.lds; runs wherever the tool maps it.
 * parasite.h draws the mapping.
 */
#include <sys/syscall.h>
#include "parasite.h"

        .section .head, "ax"
        .hidden parasite_main
        .globl  head, entry, leave, caught, data, stack_base
        .hidden head, entry, leave, caught, data, stack_base
head:
        .long   PARASITE_MAGIC
        .long   data - head             /* the data follows the code's last page */
        .long   entry - head
        .long   leave - head
        .long   caught - head
        .long   data - head
        .long   stack_top - head
        .long   frame - head

/*
 * entry - rip is set here by the tracer; never returns
 *   in:   rsi = bytes from `data` to the end of the mapping; all other
 *         registers dead (the tracer keeps them), all signals blocked,
 *         data and frame filled in, everything still r-x
 *   out:  the done word set, parked in ppoll; or gone through rt_sigreturn
 */
entry:
        cld                             /* the C code expects it; the frame has the target's */
        lea     data(%rip), %rdi
        mov     $3, %edx                /* PROT_READ | PROT_WRITE */
        mov     $SYS_mprotect, %eax
        syscall
        test    %eax, %eax
        jnz     park                    /* no answers: the tool sees no done word */
        lea     stack_top(%rip), %rsp
        xor     %ebp, %ebp              /* end of the frame chain */
        lea     data(%rip), %rdi        /* the one argument of parasite_main */
        call    parasite_main
        cmp     $PARASITE_GO, %eax
        je      go
        cmp     $PARASITE_PARK, %eax
        jne     leave                   /* nobody said go */

/*
 * park - wait for the tool, in a system call without a restart block, so that
 * the one of the call that the target was interrupted in stays valid
 */
park:
        mov     $SYS_ppoll, %eax
        xor     %edi, %edi              /* no descriptors */
        xor     %esi, %esi
        lea     PARASITE_WAIT + data(%rip), %rdx
        xor     %r10d, %r10d            /* signal mask as it is: all blocked */
        mov     $8, %r8d                /* sizeof its mask */
        syscall                         /* returns only when nobody came */

/*
 * leave - home through the frame: registers, xstate and mask of the target
 *   in:   nothing
 *   out:  the target goes on where it was stopped
 */
leave:
        lea     frame(%rip), %rsp       /* rt_sigreturn takes the ucontext at rsp */
        mov     $SYS_rt_sigreturn, %eax
        syscall
        ud2                             /* not reached */

/* go - the same way, by the instruction that the tool has a breakpoint on */
go:
        lea     frame(%rip), %rsp
caught:
        mov     $SYS_rt_sigreturn, %eax
        syscall
        ud2                             /* not reached */

/*
 * Room behind the code, not part of the binary. The frame comes last: its
 * length depends on the xstate of the processor.
 */
        .section .room, "aw", @nobits
        .balign 4096
data:
        .skip   4096
stack_base:
        .skip   PARASITE_STACK
stack_top:
frame:                                  /* a ucontext, 64-aligned, its xstate behind it */

        .section .note.GNU-stack, "", @progbits
