/* SPDX-License-Identifier: MIT */
/* corenote.h - the notes of an ELF core */
#ifndef CORENOTE_H
#define CORENOTE_H

#include "coreseg.h"
#include "load.h"
#include "sparse.h"

/*
 * All notes, as the kernel writes and orders them (fs/binfmt_elf.c): of the
 * first thread NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV, NT_FILE,
 * NT_FPREGSET, NT_X86_XSTATE; of each other one NT_PRSTATUS, NT_SIGINFO,
 * NT_FPREGSET, NT_X86_XSTATE. The state of m has been loaded, from an image
 * that l can go back in. 0, or -1 after fail().
 *
 * In NT_FILE a mapping of which the core has bytes behind a page without is cut
 * into as many entries as it has segments: gdb looks up only the beginning of
 * what it reads in the segments, and would take the rest from the file.
 */
int corenote_put(struct sparse *out, struct load *l, const struct model *m, const struct coresegs *s);

#endif
