/* SPDX-License-Identifier: MIT */
/*
 * gadget.h - instructions that the target already has
 *
 * A remote system call needs a `syscall` instruction over there: each kernel
 * maps some in the [vdso]. If the tool is killed right after it, the target
 * runs on behind that instruction, so the best one is followed by nothing but
 * the end of its function, and the stack below the target's own is laid out
 * such that this end returns into the restorer of its libc (`mov $15, %eax;
 * syscall`, rt_sigreturn) with the target's own context at rsp:
 *
 *      rsp at `syscall` ->  +------------------------+
 *                           | what the pops pop      |  gadget.pops bytes
 *                           | address of restorer    |
 *                           +------------------------+
 *                           | sigframe               |
 *                           +------------------------+
 */
#ifndef GADGET_H
#define GADGET_H

#include <stdint.h>
#include "proc.h"
#include "trace.h"

#define GADGET_RBP      128     /* set rbp to rsp plus this: epilogues take rsp back from it */
#define GADGET_POPS_MAX 512

struct gadget {
        uint64_t syscall;       /* address of a `syscall`; 0: none found */
        int      pops;          /* bytes from rsp there to the word that its function returns to; -1: it does not return simply */
        uint64_t restorer;      /* address of `mov $15, %eax; syscall`; 0: none found */
};

/* Is the target never on its own while a remote call runs, even without us? */
#define gadget_safe(g)  ((g)->syscall && (g)->pops >= 0 && (g)->restorer)

/*
 * Look in the mappings of the process: [vdso] in its memory, others in their
 * files, so that no page of the target is touched. Needs no stop. What is not
 * found stays 0; says nothing.
 */
void gadget_find(struct trace *t, const struct proc_maps *m, struct gadget *g);

/* Are the instructions there, in the memory of the stopped target, as they were found? */
int gadget_verify(struct trace *t, pid_t tid, const struct gadget *g);

#endif
