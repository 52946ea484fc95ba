/* SPDX-License-Identifier: MIT */
/* peek.c - what ptrace tells of a stopped thread beyond its registers */
#include "peek.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "image.h"
#include "util.h"

#define REQ_PEEKSIGINFO         0x4209
#define REQ_GET_FILTER          0x420c
#define REQ_GET_METADATA        0x420d
#define REQ_GET_RSEQ            0x420f
#define SIGNALS_BATCH           32
#define SIGNALS_NS              1000000000ull   /* the kernel looks for each from the start of the queue */
#define FILTER_MAX              4096            /* instructions of 8 bytes: BPF_MAXINSNS */
#define PEEK_SHARED             1u      /* PTRACE_PEEKSIGINFO_SHARED */

int peek_debugregs(struct trace *t, pid_t tid, uint64_t reg[8])
{
        static const uint8_t order[] = { 7, 6, 0, 1, 2, 3 };    /* 4 and 5 are no registers of their own: EIO */

        memset(reg, 0, 8 * sizeof *reg);
        for (unsigned n = 0; n < sizeof order; n++) {
                unsigned i = order[n];

                if (i == 1 && !reg[0] && !reg[7])
                        return 0;
                errno = 0;
                reg[i] = (uint64_t)trace_request(t, PTRACE_PEEKUSER, tid,
                                                 offsetof(struct user, u_debugreg) + i * sizeof(long), NULL);
                if (errno)
                        return -1;
        }
        return 0;
}

/* Up to n of a queue, from number `from` on. How many. */
static int peek_batch(struct trace *t, pid_t tid, int shared, uint64_t from, siginfo_t *info, int n)
{
        struct { uint64_t off; uint32_t flags; int32_t n; } arg = { from, shared ? PEEK_SHARED : 0, n };

        return (int)trace_request(t, REQ_PEEKSIGINFO, tid, (uintptr_t)&arg, info);
}

/* What the kernel makes of a bit without a siginfo (collect_signal()): kill(2) of nobody. */
static void add_bare_signals(struct payload *out, uint64_t bits)
{
        for (int sig = 1; sig <= 64; sig++) {
                siginfo_t si;

                if (!(bits & SIG_BIT(sig)))
                        continue;
                memset(&si, 0, sizeof si);
                si.si_signo = sig;
                payload_add(out, &si, IMG_SIGINFO);
        }
}

int peek_signals(struct trace *t, pid_t tid, int shared, uint64_t bits, struct payload *out)
{
        siginfo_t batch[SIGNALS_BATCH];
        uint64_t from = 0, limit = now_ns() + SIGNALS_NS;
        int n;

        _Static_assert(sizeof batch[0] == IMG_SIGINFO, "siginfo_t");
        while ((n = peek_batch(t, tid, shared, from, batch, SIGNALS_BATCH)) > 0 && n <= SIGNALS_BATCH) {
                for (int i = 0; i < n; i++)
                        if (batch[i].si_signo >= 1 && batch[i].si_signo <= 64)
                                bits &= ~SIG_BIT(batch[i].si_signo);
                payload_add(out, batch, (size_t)n * IMG_SIGINFO);
                from += (uint64_t)n;
                if (from + SIGNALS_BATCH > PEEK_SIGNALS_MAX || now_ns() >= limit)
                        return 0;
        }
        if (n < 0)
                return -1;
        add_bare_signals(out, bits);
        return 1;
}

int peek_rseq(struct trace *t, pid_t tid, struct peek_rseq *r)
{
        struct { uint64_t addr; uint32_t len, signature, flags, pad; } conf = { 0 };

        if (trace_request(t, REQ_GET_RSEQ, tid, sizeof conf, &conf) <= 0)
                return -1;
        *r = (struct peek_rseq){ 0, 0, 0 };
        if (conf.addr)                          /* without one, some kernels tell a length all the same */
                *r = (struct peek_rseq){ conf.addr, conf.len, conf.signature };
        return 0;
}

/* By its number in the order in which they were installed. How many instructions; ENOENT: no such one. */
static int peek_filter(struct trace *t, pid_t tid, unsigned nr, void *insns)
{
        return (int)trace_request(t, REQ_GET_FILTER, tid, nr, insns);
}

static void add_filter(struct trace *t, pid_t tid, unsigned nr, const void *insns, size_t len, struct peek_filters *f,
                       struct payload *out)
{
        struct { uint64_t nr, flags; } meta = { nr, 0 };
        struct img_str str = { IMG_TSTR_FILTER, (uint32_t)(sizeof(struct img_filter) + len) };
        struct img_filter head = { ~0ull };

        if (trace_request(t, REQ_GET_METADATA, tid, sizeof meta, &meta) < 0)
                f->no_flags = 1;
        else
                head.flags = meta.flags;
        payload_add(out, &str, sizeof str);
        payload_add(out, &head, sizeof head);
        payload_add(out, insns, len);
}

/* By trying; the kernel finds each by counting them from the last one on. */
static void count_filters(struct trace *t, pid_t tid, struct peek_filters *f)
{
        for (f->n = 0; f->n < PEEK_FILTERS_MAX && peek_filter(t, tid, f->n, NULL) >= 0; )
                f->n++;
        f->counted = f->n && errno == ENOENT;
        if (!f->counted)
                f->err = f->n ? E2BIG : errno;
}

void peek_filters(struct trace *t, pid_t tid, struct peek_filters *f, struct payload *out)
{
        uint8_t insns[FILTER_MAX * 8];  /* 32 KiB */

        errno = 0;
        if (!f->counted)
                count_filters(t, tid, f);
        f->left = f->n > PEEK_FILTERS_MAX ? f->n - PEEK_FILTERS_MAX : 0;
        for (unsigned nr = f->n; nr-- > f->left; ) {
                int n = peek_filter(t, tid, nr, insns);

                if (n < 0 || n > FILTER_MAX) {
                        f->err = n < 0 ? errno : EMSGSIZE;
                        return;
                }
                add_filter(t, tid, nr, insns, (size_t)n * 8, f, out);
        }
}
