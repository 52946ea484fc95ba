/* SPDX-License-Identifier: MIT */
/*
 * proc.h - what the text in /proc says of a process
 *
 * All of it is input: names may hold anything, lines may be missing on older
 * kernels, numbers may be absurd. A process is reached through a descriptor of
 * its folder, which never leads to another process that got its pid later.
 * Rules: proc(5), fs/proc/{array,task_mmu}.c.
 */
#ifndef PROC_H
#define PROC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "slurp.h"

#define PROC_COMM       64      /* bytes for a comm with its NUL; kernel threads have longer ones than 16 */

struct proc_stat {
        char     comm[PROC_COMM];
        char     state;         /* R S D T t Z X I ... */
        pid_t    ppid, pgid, sid;
        uint32_t tty;           /* controlling terminal, as the kernel packs its numbers; 0: none */
        pid_t    tty_pgrp;      /* its foreground group; -1: none */
        uint32_t flags;         /* PF_* of the kernel */
        uint32_t threads;       /* that are listed: the first one also when it has ended */
        uint64_t start_ticks;   /* after boot, in 1/100 s */
        uint64_t start_code, end_code, start_stack;     /* 0 when we may not know, as below */
        uint32_t processor;     /* that it ran on last */
        uint32_t policy;        /* SCHED_* */
        uint64_t start_data, end_data, start_brk;
        uint64_t arg_start, arg_end, env_start, env_end;
        int      exit_status;   /* of a zombie, as waitpid(2) tells it; 0 when we may not know */
};
#define PROC_TEXT_MAX   (1u << 30)      /* bytes of a file: more is nonsense */
#define PROC_KTHREAD    0x00200000u     /* PF_KTHREAD, include/linux/sched.h */
#define PROC_EXITING    0x00000004u     /* PF_EXITING */

struct proc_status {
        pid_t    tgid, tracer;
        pid_t    ns_pid;        /* in its own pid namespace; 0: not known */
        uint32_t uid, gid;      /* effective */
        uint32_t umask;         /* ~0: not known (kernels before 4.7) */
        uint32_t threads;
        uint64_t anon;          /* bytes of memory that is its own alone, swapped out or not; 0: not known */
        uint64_t own, files;    /* bytes of memory that is no file's, swapped out or not; and that is; 0: not known */
        int      seccomp;       /* 0 none, 1 strict, 2 filter */
        int      shstk;         /* it has a shadow stack */
        uint64_t pending, shared_pending, blocked, ignored, caught;     /* bit n-1 is signal n */
};

struct proc_map {
        uint64_t start, end, off, ino;
        uint32_t dev_major, dev_minor;
        uint8_t  r, w, x, shared;
        uint8_t  vmflags_known, zero[3];        /* compared by memcmp: no holes */
        uint64_t vmflags;       /* by the bits of IMG_VMFLAGS */
        uint32_t name, name_len;        /* into maps.names; not NUL-terminated */
};

_Static_assert(sizeof(struct proc_map) == 64, "proc_map has holes");

struct proc_maps {
        struct proc_map *map;
        size_t n, cap;
        char  *names;           /* of all of them */
        size_t names_len, names_cap;
        struct slurp text;      /* `maps` as it was read; none of smaps */
        char   vmflag[3];       /* the first one of VmFlags that IMG_VMFLAGS does not have; "": none */
};

/* The folder of process pid, as a descriptor; -1 with errno. */
int proc_open(pid_t pid);

/*
 * /proc/PID/stat and status, or those of a thread (task/TID below dir; tid 0:
 * the process). 0, or -1 with errno (ESRCH: gone; EPROTO: not to be understood).
 * Neither says anything.
 */
int proc_stat(int dir, pid_t tid, struct proc_stat *st);
int proc_status(int dir, pid_t tid, struct proc_status *st);

/*
 * All mappings, from `maps`, or from `smaps` with VmFlags (slower: it walks
 * the page tables). m is all zero, or was read before: then its memory is used
 * again. 0, or -1 after fail(), m all zero. Empty for a process without memory.
 */
int  proc_maps(int dir, int smaps, struct proc_maps *m);
void proc_maps_free(struct proc_maps *m);
/* The same mappings, but for VmFlags? The stack may have grown: then they are not. */
int  proc_maps_equal(const struct proc_maps *a, const struct proc_maps *b);
/* The mapping that holds addr, or NULL. */
const struct proc_map *proc_maps_find(const struct proc_maps *m, uint64_t addr);
/* Of a file? Its inode may be 0: that of a segment of System V shared memory is its number, and the first one has 0. */
static inline int proc_map_of_file(const struct proc_map *map)
{
        return map->ino || map->dev_major || map->dev_minor;
}
/* Is it named so? */
int  proc_map_named(const struct proc_maps *m, const struct proc_map *map, const char *name);

/* The descriptor of task/TID in the folder of a process; -1 with errno. */
int proc_open_task(int dir, pid_t tid);

/* The thread ids, ascending as the kernel lists them, malloc'ed. 0, or -1 with errno. */
int proc_tasks(int dir, pid_t **tid, size_t *n);

/* Bytes that a process has mapped, in all mappings but that of vsyscalls, by its statm, which is open as fd; 0: not to be known. */
uint64_t proc_mapped(int fd);

/* The system call that a thread sleeps in; -1 running or none; -2 not to be known. */
int proc_syscall(int dir, pid_t tid);

/*
 * A process, after the one numbered `after`, that has the memory of thread tid
 * (clone(2): CLONE_VM without CLONE_THREAD), but is not process pid, to which
 * that belongs; st is its stat. Those alone that have the same program at the
 * same addresses are compared (kcmp(2)). 0: none, or not to be known.
 */
pid_t proc_sharing(pid_t pid, pid_t tid, const struct proc_stat *st, pid_t after);

/* Name of process pid ("?" when gone), and where thread tid sleeps in the kernel ("" when unknown). */
void proc_comm(pid_t pid, char comm[PROC_COMM]);
void proc_wchan(int dir, pid_t tid, char *buf, size_t len);

/*
 * The parsers behind the above, of text with a NUL behind it: that of stat,
 * status and syscall; of maps or smaps, len bytes, which are as they were afterwards.
 * 0, or -1: not to be understood; proc_parse_maps() says so.
 */
int proc_parse_stat(const char *text, struct proc_stat *st);
int proc_parse_status(const char *text, struct proc_status *st);
int proc_parse_syscall(const char *text);
/* What follows "KEY:" in a text like that of status, up to the end of its line; NULL: no such line. */
const char *proc_field(const char *text, const char *key);
int proc_parse_maps(char *text, size_t len, struct proc_maps *m);

/* Why ptrace said EPERM: yama, another user, a capability..., as a few words. */
void proc_why_not(int dir, char *buf, size_t len);

#endif
