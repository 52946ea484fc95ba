/* SPDX-License-Identifier: MIT */
/* sigframe.c - a context for rt_sigreturn, as the kernel would have made it */
#include "sigframe.h"

#include <cpuid.h>
#include <string.h>
#include <sys/syscall.h>

#include "bytes.h"
#include "util.h"

#define XSTATE_AT       320             /* ucontext, rounded up to the alignment that XRSTOR wants */
#define XSAVE_BV        512             /* offset of xstate_bv in an XSAVE area */
#define FXSAVE          512             /* legacy area: all there is on a processor without XSAVE */
#define XSAVE_MIN       576             /* legacy area and header */
#define PKRU            9u              /* number of its component */
#define LEGACY          3u              /* x87 and SSE, with MXCSR */
#define SW_RESERVED     464             /* of the legacy area: the kernel's struct _fpx_sw_bytes */
#define MAGIC1          0x46505853u     /* FP_XSTATE_MAGIC1, MAGIC2: uapi/asm/sigcontext.h */
#define MAGIC2          0x46505845u

struct context {                        /* the kernel's struct ucontext */
        uint64_t flags, link;
        uint64_t ss_sp;
        uint32_t ss_flags, pad;
        uint64_t ss_size;
        uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
        uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
        uint16_t cs, gs, fs, ss;
        uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
        uint64_t mask;
};
_Static_assert(sizeof(struct context) == 304, "ucontext");

#define UC_FP_XSTATE            1u
#define UC_SIGCONTEXT_SS        2u
#define UC_STRICT_RESTORE_SS    4u
#define SS_INVALID              64u     /* sigaltstack refuses it, rt_sigreturn takes no offence: nothing changes */

struct sw_bytes {                       /* struct _fpx_sw_bytes */
        uint32_t magic1, extended_size;
        uint64_t xfeatures;
        uint32_t xstate_size, padding[7];
};
_Static_assert(sizeof(struct sw_bytes) == 48, "_fpx_sw_bytes");

/*
 * Where component i is in an XSAVE area of the standard format. 1; 0: this
 * processor has none. Each is asked once: CPUID is slow in a virtual machine.
 */
static int find_component(unsigned i, size_t *off, size_t *size)
{
        static struct { uint32_t off, size; uint8_t asked, there; } known[64];
        unsigned c, d;

        if (!known[i].asked) {
                known[i].there = __get_cpuid_count(0xd, i, &known[i].size, &known[i].off, &c, &d) != 0;
                known[i].asked = 1;
        }
        *off = known[i].off;
        *size = known[i].size;
        return known[i].there;
}

size_t sigframe_ready(void)
{
        unsigned low, high, len, c;
        size_t off, size;

        if (!__get_cpuid_count(0xd, 0, &low, &len, &c, &high))
                return 0;
        for (unsigned i = 2; i < 63; i++)
                if (i == PKRU || ((uint64_t)high << 32 | low) >> i & 1)
                        find_component(i, &off, &size);
        return len;
}

/*
 * No more than that goes into a frame: the kernel refuses an area longer than
 * the features that the *task* may use, which is shorter than what ptrace hands
 * out on processors with AMX.
 */
size_t sigframe_used(const void *xstate, size_t len)
{
        size_t used = XSAVE_MIN;
        uint64_t bv;

        if (len < XSAVE_MIN)
                return len < FXSAVE ? 0 : FXSAVE;
        memcpy(&bv, (const uint8_t *)xstate + XSAVE_BV, sizeof bv);
        for (unsigned i = 2; i < 63; i++) {
                size_t size, off;

                if (bv >> i & 1 && find_component(i, &off, &size) && off + size > used)
                        used = off + size;
        }
        return used > len ? len : used;
}

size_t sigframe_room(size_t len)
{
        return (XSTATE_AT + len + (len ? sizeof(uint32_t) : 0) + 63) & ~(size_t)63;
}

size_t sigframe_len(const void *xstate, size_t len)
{
        return sigframe_room(sigframe_used(xstate, len));
}

/* rax and rip of an interrupted system call, as arch_do_signal_or_restart() would turn them; see sigframe_build. */
static void settle_syscall(struct context *c, uint64_t orig)
{
        int64_t nr = (int64_t)orig, rax = (int64_t)c->rax;
        int again;

        if (nr < 0)
                return;
        again = rax == -512 || rax == -513 || rax == -514 ||    /* ERESTARTSYS, NOINTR, NOHAND */
                (rax == -516 && (nr == SYS_nanosleep || nr == SYS_clock_nanosleep ||
                                 nr == SYS_poll || nr == SYS_futex));
        if (again) {
                c->rax = orig;
                c->rip -= 2;            /* back to its `syscall` */
        } else if (rax == -516) {
                c->rax = (uint64_t)-4;  /* EINTR: rt_sigreturn ends restart blocks */
        }
}

static void fill_context(struct context *c, const struct user_regs_struct *r, uint64_t mask)
{
        *c = (struct context){
                .flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
                .ss_flags = SS_INVALID,
                .r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
                .r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
                .rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
                .rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
                .rip = r->rip, .eflags = r->eflags,
                .cs = (uint16_t)r->cs, .gs = (uint16_t)r->gs, .fs = (uint16_t)r->fs, .ss = (uint16_t)r->ss,
                .mask = mask,
        };
        settle_syscall(c, r->orig_rax);
}

void sigframe_build(void *buf, uint64_t at, const struct user_regs_struct *regs,
                    uint64_t mask, const void *xstate, size_t len)
{
        size_t used = sigframe_used(xstate, len);
        uint8_t *area = (uint8_t *)buf + XSTATE_AT;
        struct context c;
        struct sw_bytes sw = { 0 };
        uint32_t magic2 = MAGIC2;

        fill_context(&c, regs, mask);
        c.fpstate = used ? at + XSTATE_AT : 0;
        memset(buf, 0, sigframe_len(xstate, len));
        memcpy(buf, &c, sizeof c);
        if (!used)
                return;
        memcpy(area, xstate, used);
        if (used < XSAVE_MIN)
                return;                 /* no magic1: the kernel takes the legacy area alone */
        /*
         * Only what is in use: the kernel sets the rest to its initial state. XRSTOR
         * may fault on the bytes of any component that it is asked for, in use or not.
         */
        memcpy(&sw.xfeatures, area + XSAVE_BV, sizeof sw.xfeatures);
        sw.xfeatures |= LEGACY;
        sw.magic1 = MAGIC1;
        sw.xstate_size = (uint32_t)used;
        sw.extended_size = (uint32_t)(used + sizeof magic2);
        memcpy(area + SW_RESERVED, &sw, sizeof sw);
        memcpy(area + used, &magic2, sizeof magic2);
}

/* Where PKRU is in an xstate of len bytes that has it in use; 0: nowhere. */
static size_t find_pkru(const uint8_t *xstate, size_t len)
{
        size_t size, off;
        uint64_t bv;

        if (len <= XSAVE_MIN)
                return 0;
        memcpy(&bv, xstate + XSAVE_BV, sizeof bv);
        if (!(bv >> PKRU & 1) || !find_component(PKRU, &off, &size) ||
            off < XSAVE_MIN || off + sizeof(uint32_t) > len)
                return 0;
        return off;
}

int sigframe_open_pkru(void *xstate, size_t len)
{
        size_t at = find_pkru(xstate, len);
        uint32_t pkru = 0;

        if (at)
                memcpy(&pkru, (uint8_t *)xstate + at, sizeof pkru);
        if (!(pkru & 3))                /* access and write of key 0 */
                return 0;
        memset((uint8_t *)xstate + at, 0, sizeof pkru);
        return 1;
}

int sigframe_same_xstate(const void *before, const void *after, size_t len)
{
        const uint8_t *x = before, *y = after;
        size_t a = sigframe_used(before, len), b = sigframe_used(after, len), size, off, pkru, rest;    /* where it starts and ends */
        uint64_t bv;

        if (len <= XSAVE_MIN)
                return same_bytes(x, y, len);
        pkru = rest = len = a > b ? a : b;
        memcpy(&bv, x + XSAVE_BV, sizeof bv);
        if (!(bv >> PKRU & 1) && find_component(PKRU, &off, &size) && off >= XSAVE_MIN && off + size <= len) {
                pkru = off;
                rest = off + size;
        }
        return same_bytes(x, y, XSAVE_BV) && same_bytes(x + XSAVE_MIN, y + XSAVE_MIN, pkru - XSAVE_MIN) &&
                same_bytes(x + rest, y + rest, len - rest);
}
