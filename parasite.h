/* SPDX-License-Identifier: MIT */
/*
 * parasite.h - what the blob and the tool agree on
 *
 * The blob in the target, one mapping, found by offsets in its own first bytes:
 *
 *      base +-------------------------------+
 *           | struct parasite_head, code    |  r-x  head.code_len bytes, whole pages;
 *           |                               |       all that parasite.bin holds
 *           +-------------------------------+
 *           | struct parasite_data          |  rw-  at head.data: commands and answers
 *           | stack                         |       grows down from head.stack_top
 *           | struct rt_sigframe: context   |       at head.frame: the target's own, written
 *           | xstate, as long as it is      |       by the tool; the way home of the blob
 *           +-------------------------------+
 *
 * The tool maps it r-x; the first thing the entry does is to make all but the
 * code writable (and no longer executable), so that no page is ever both. If
 * it may not, it parks with the done word unset.
 *
 * Included by parasite.c (freestanding), parasite.S (only the numbers) and the tool.
 */
#ifndef PARASITE_H
#define PARASITE_H

#define PARASITE_MAGIC          0x31504443      /* "CDP1" */
#define PARASITE_STACK          16384           /* bytes: a second crdump may tie its lifeline there */
#define PARASITE_WAIT_SECONDS   2               /* parked so long; then the blob goes home by itself */

/* struct parasite_data, for parasite.S: offsets */
#define PARASITE_WAIT           24              /* of wait_sec */
#define PARASITE_STOP           40              /* of stop */

/* struct parasite_slot, for parasite.S: offsets, and of its calls */
#define PARASITE_SLOT_N         4
#define PARASITE_SLOT_WAIT      8
#define PARASITE_SLOT_CALL      32
#define PARASITE_SLOT_EVERY     496
#define PARASITE_SLOT_STOP      504
#define PARASITE_CALL_RET       40
#define PARASITE_CALL           48              /* bytes of one */
#define PARASITE_SLOT           512             /* bytes; the frame follows */

/* parasite_data.done: a word that only the blob writes after the tool has set it to 0 */
#define PARASITE_WORKING        0
#define PARASITE_DONE           1               /* all answers are there; on the way to the stop, the park, or `caught` */

/* parasite_data.mode: what to do when done */
#define PARASITE_PARK           1               /* stop by the signal `stop`; where there is none, wait in ppoll to be stopped */
#define PARASITE_GO             2               /* wait for the word `go`, then go by `caught`, where a breakpoint is */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct parasite_head {          /* offsets in bytes from base */
        uint32_t magic;
        uint32_t code_len;
        uint32_t entry;         /* set rip here; every register is free */
        uint32_t leave;         /* set rip here to go home through the frame */
        uint32_t caught;        /* the instruction before an rt_sigreturn: for a hardware breakpoint */
        uint32_t data;
        uint32_t stack_top;
        uint32_t frame;
        uint32_t lend;          /* set rip here, rsi to a slot's address; every other register but rsp is free */
};
_Static_assert(sizeof(struct parasite_head) == 36, "parasite_head");

enum parasite_cmd {
        PARASITE_INIT = 1,      /* is this the mapping and the thread that the tool meant? */
        PARASITE_SIGACTIONS,
        PARASITE_ITIMERS,
        PARASITE_MISC,
        PARASITE_TIMERS,
        PARASITE_TWIN,          /* a clone of the process, if that is wanted: a child that nobody sees, and that waits */
        PARASITE_FINI,          /* last: nothing left open or changed */
};
#define PARASITE_CMDS   8       /* room for so many in a batch */

struct parasite_answer {
        uint32_t cmd;           /* in: enum parasite_cmd, 0 ends the batch */
        int32_t  status;        /* out: 0 done, -1 failed, PARASITE_NOT_RUN */
        int32_t  err;           /* out: errno of the system call that failed */
        uint32_t line;          /* out: in parasite.c, where it failed */
};
#define PARASITE_NOT_RUN        1

#define PARASITE_SIGNALS        64
struct parasite_sigaction {     /* the kernel's, not libc's */
        uint64_t handler, flags, restorer, mask;
};

struct parasite_itimer {
        int64_t interval_sec, interval_us, value_sec, value_us;
};

struct parasite_misc {          /* as img_misc: negative numbers are -errno */
        int32_t  tid, pid, ppid, pgid, sid;
        int32_t  dumpable, subreaper, thp_disable, no_new_privs, pdeath_signal;
        int32_t  timer_slack_err, umask;
        uint64_t timer_slack_ns, brk, personality, tid_address;
        uint64_t altstack_sp, altstack_size;
        uint32_t altstack_flags;
        int32_t  mdwe, tsc, cpuid, speculation[3], securebits, mce_kill;
        uint32_t zero;
};

struct parasite_timer {         /* of timer_create(2) */
        int32_t  id;            /* in */
        int32_t  err;           /* of timer_gettime: 0 or -errno; in: PARASITE_NOT_ASKED */
        int32_t  overrun;       /* or -errno */
        uint32_t zero;
        int64_t  interval_sec, interval_ns, value_sec, value_ns;        /* struct itimerspec */
};
_Static_assert(sizeof(struct parasite_timer) == 48, "parasite_timer");
#define PARASITE_NOT_ASKED      (-61)           /* -ENODATA, which no call about a timer returns */

struct parasite_data {
        uint32_t done;          /* PARASITE_WORKING ... */
        uint32_t mode;          /* in: PARASITE_PARK or PARASITE_GO */
        uint64_t self;          /* in: address of this struct, for PARASITE_INIT to compare */
        int32_t  tid;           /* in: the borrowed thread, in its own pid namespace; 0: do not compare */
        uint32_t ask_umask;     /* in: 1: take the umask by setting it (kernels before 4.7) */
        int64_t  wait_sec, wait_ns;     /* in: struct timespec of the parking ppoll; the kernel counts it down */
        uint32_t stop;          /* in: as in parasite_slot */
        uint32_t zero;
        struct parasite_answer answer[PARASITE_CMDS];
        struct parasite_sigaction sigaction[PARASITE_SIGNALS];
        struct parasite_itimer itimer[3];
        struct parasite_misc misc;
        uint64_t timers;        /* in: address of timers_n struct parasite_timer */
        uint32_t timers_n;
        int32_t  twin;          /* in: PARASITE_TWIN shall do it; out: its pid in the target's namespace, or -errno */
        int32_t  fds;           /* in: descriptors of the target are below that */
        uint32_t adopted;       /* in, in the twin: it has a tracer, and may wait */
        uint32_t alone;         /* out, in the twin: it has closed its descriptors */
        uint32_t go;            /* in, later: PARASITE_GO may go */
        uint32_t log_len;       /* bytes used of log */
        char     log[1004];     /* text lines, each ending in \n; what does not fit is cut */
};
_Static_assert(sizeof(struct parasite_data) <= 4096, "parasite_data fits its page");
_Static_assert(offsetof(struct parasite_data, wait_sec) == PARASITE_WAIT &&
               offsetof(struct parasite_data, stop) == PARASITE_STOP, "offsets of the data");

/*
 * A thread other than that one is lent for a few system calls in a slot of its
 * own: what to ask, and its own context as a frame behind it. It needs no stack.
 */
struct parasite_call {
        int64_t  nr;            /* in */
        uint64_t arg[4];        /* in; the fifth argument is 0 */
        int64_t  ret;           /* out: result or -errno */
};

struct parasite_slot {
        uint32_t done;          /* as parasite_data.done: parked from then on */
        uint32_t n;             /* in: calls, at least 1 */
        int64_t  wait_sec, wait_ns;     /* in: as in parasite_data */
        uint64_t all;           /* in: a mask of all signals but `stop` */
        struct parasite_call call[8];
        uint64_t answer[10];    /* for calls that store something */
        uint64_t every;         /* in: a mask of all signals, for the way home */
        uint32_t stop;          /* in: when done, it sends itself that signal, and goes home if it comes back; 0: it parks */
        uint32_t zero;
};
_Static_assert(sizeof(struct parasite_slot) == PARASITE_SLOT, "PARASITE_SLOT");
_Static_assert(offsetof(struct parasite_slot, n) == PARASITE_SLOT_N &&
               offsetof(struct parasite_slot, wait_sec) == PARASITE_SLOT_WAIT &&
               offsetof(struct parasite_slot, call) == PARASITE_SLOT_CALL &&
               offsetof(struct parasite_slot, stop) == PARASITE_SLOT_STOP &&
               offsetof(struct parasite_slot, every) == PARASITE_SLOT_EVERY &&
               offsetof(struct parasite_call, ret) == PARASITE_CALL_RET &&
               sizeof(struct parasite_call) == PARASITE_CALL, "offsets of a slot");
#endif

#endif
