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
        .globl  head, entry, leave, caught, lend, data, stack_base
        .hidden head, entry, leave, caught, lend, data, stack_base
head:
        .long   PARASITE_MAGIC
        .long   data - head             /* the data follows the code's last page */
        .long   entry - head
        .long   leave - head
        .long   caught - head
        .long   data - head
        .long   stack_top - head
        .long   frame - head
        .long   lend - head

/*
 * signal_self - no stack is needed
 *   in:   esi = signal
 *   out:  the sign flag: it was refused. If we are traced, we stop here; then, or if not, it is lost
 */
.macro signal_self
        mov     $SYS_gettid, %eax
        syscall
        mov     %eax, %edi
        mov     $SYS_tkill, %eax
        syscall
        test    %eax, %eax
.endm

/*
 * entry - rip is set here by the tracer; never returns
 *   in:   rsi = bytes from `data` to the end of the mapping; all other
 *         registers dead (the tracer keeps them), all signals blocked but for
 *         the one that it is to send itself: see `lend`; data and frame filled
 *         in, everything still r-x
 *   out:  the done word set, stopped by that signal or parked in ppoll; or gone
 *         through rt_sigreturn
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

        mov     PARASITE_STOP + data(%rip), %esi
        test    %esi, %esi
        jz      park
        signal_self
        js      park                    /* a security module lets nobody send signals, not even to itself */
        jmp     leave                   /* nobody traces it any more */

/*
 * park - wait for the tool, in a system call without a restart block, so that
 * the one of the call that the target was interrupted in stays valid
 */
park:
        mov     $SYS_ppoll, %eax
        xor     %edi, %edi              /* no descriptors */
        xor     %esi, %esi
        lea     PARASITE_WAIT + data(%rip), %rdx
        xor     %r10d, %r10d            /* signal mask as it is: all blocked, or all but `stop` */
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
 * lend - rip is set here by the tracer; never returns. Another thread than that
 * of entry makes the system calls of its slot, parks, and goes home.
 *   in:   rsi = its struct parasite_slot, filled in, with its frame behind it;
 *         rsp = its own, below the red zone: should we die before all signals
 *         are blocked, one that comes finds a stack it knows. The first call
 *         blocks them all, but for the one that it is to send itself: a
 *         signal that is ignored, which stops a traced thread and nobody else
 *   out:  the done word set, stopped by that signal or parked in ppoll; or gone
 *         through rt_sigreturn
 */
lend:
        mov     %rsi, %rbx
        mov     PARASITE_SLOT_N(%rbx), %ebp
        lea     PARASITE_SLOT_CALL(%rbx), %r12
1:      mov     0(%r12), %rax
        mov     8(%r12), %rdi
        mov     16(%r12), %rsi
        mov     24(%r12), %rdx
        mov     32(%r12), %r10
        xor     %r8d, %r8d              /* prctl wants it to be zero */
        syscall
        mov     %rax, PARASITE_CALL_RET(%r12)
        add     $PARASITE_CALL, %r12
        dec     %ebp
        jnz     1b
        movl    $PARASITE_DONE, 0(%rbx) /* after all answers: stores are seen in order */
        mov     PARASITE_SLOT_STOP(%rbx), %esi
        test    %esi, %esi
        jz      2f
        signal_self
        jns     3f                      /* nobody traces it any more; else as above */
2:      mov     $SYS_ppoll, %eax
        xor     %edi, %edi
        xor     %esi, %esi
        lea     PARASITE_SLOT_WAIT(%rbx), %rdx
        xor     %r10d, %r10d
        mov     $8, %r8d
        syscall
3:      mov     $SYS_rt_sigprocmask, %eax       /* the tool may have died while it gave back the mask: */
        mov     $2, %edi                        /* SIG_SETMASK; nothing shall come when rsp is in the slot */
        lea     PARASITE_SLOT_EVERY(%rbx), %rsi
        xor     %edx, %edx
        mov     $8, %r10d
        syscall
        lea     PARASITE_SLOT(%rbx), %rsp
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
