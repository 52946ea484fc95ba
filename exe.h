/* SPDX-License-Identifier: MIT */
/* exe.h - the file of a program, and its build-id */
#ifndef EXE_H
#define EXE_H

#include <stdint.h>
#include <sys/stat.h>
#include "buildid.h"
#include "proc.h"

struct exe {
        int      stat_err;      /* 0, or errno: st is not known */
        int      id_err;        /* 0, or errno: id is not known */
        int      id_len;        /* bytes of id; 0: it has none */
        uint8_t  id[BUILDID_MAX];
        struct stat st;
};

/*
 * Look at the program of the process whose folder dir is, through the link that
 * the kernel keeps, never by its path. Its build-id is read where the target has
 * it in memory already, else from the file, so that nothing is brought in. maps:
 * its mappings, with the code at start_code. A file system that does not answer
 * is left alone (ETIMEDOUT). 0; -1: stop_wanted() has said why.
 */
int exe_look(int dir, const struct proc_maps *maps, uint64_t start_code, struct exe *x);

#endif
