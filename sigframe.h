/* SPDX-License-Identifier: MIT */
/*
 * sigframe.h - a context for rt_sigreturn, as the kernel would have made it
 *
 * What lies there when a thread executes rt_sigreturn with rsp = at:
 *
 *      at   +---------------------------+  64-aligned
 *           | ucontext: registers, mask |  304 bytes
 *           +---------------------------+  at + 320
 *           | xstate, standard format   |  up to the last component that is in use
 *           | FP_XSTATE_MAGIC2          |
 *           +---------------------------+
 *
 * Rules: arch/x86/kernel/signal_64.c and fpu/signal.c (restore_sigcontext,
 * fpu__restore_sig); SDM volume 1, 13.4 (XSAVE area).
 */
#ifndef SIGFRAME_H
#define SIGFRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#define SIGFRAME_ALIGN  64

/*
 * Before the stop: find out what only the processor knows, and takes its time to tell.
 * Bytes of an xstate, as far as that is known to it; else 0.
 */
size_t sigframe_ready(void);

/*
 * Bytes of an xstate (as NT_X86_XSTATE gives it, len bytes) up to the last component
 * in use. Those that are not in use are zeros, but for PKRU.
 */
size_t sigframe_used(const void *xstate, size_t len);

/* Bytes that a frame for this xstate (as NT_X86_XSTATE gives it, len bytes) takes, a multiple of 64. */
size_t sigframe_len(const void *xstate, size_t len);

/* The most that it can take for any xstate of len bytes. */
size_t sigframe_room(size_t len);

/*
 * Build in buf (sigframe_len() bytes) the frame that will lie at address `at`.
 * Going home through it ends an interrupted system call as a signal without a
 * handler would have: one that can be run again is, from the start, others
 * return what they had, a restart block becomes EINTR. The alternate stack
 * stays as it is.
 */
void sigframe_build(void *buf, uint64_t at, const struct user_regs_struct *regs,
                    uint64_t mask, const void *xstate, size_t len);

/*
 * Does PKRU in the xstate deny access to memory of the default key? Then it is
 * opened, in buf: all keys allowed. 1 or 0.
 */
int sigframe_open_pkru(void *xstate, size_t len);

/*
 * Do two xstates of len bytes, before and after, hold the same values? Which
 * components are in their initial state (XSTATE_BV) may differ: the kernel
 * fills those in, and a thread that has run since may have them written out.
 * PKRU counts only if it was not in its initial state before: that of a thread
 * fresh from exec is told as 0 until it has run.
 */
int sigframe_same_xstate(const void *before, const void *after, size_t len);

#endif
