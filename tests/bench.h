/* SPDX-License-Identifier: MIT */
/* bench.h - what bench-victim tells bench-run, in a file that both have mapped */
#ifndef BENCH_H
#define BENCH_H

#include <stdatomic.h>
#include <stdint.h>

struct gaps {
        _Atomic uint64_t largest_ns;    /* between two of its clock readings, since the last reset */
        _Atomic uint64_t rounds;        /* readings so far */
        _Atomic uint32_t reset;         /* set by bench-run, cleared by the victim */
};

#endif
