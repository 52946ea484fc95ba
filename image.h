/* SPDX-License-Identifier: MIT */
/*
 * image.h - what lies on disk
 *
 * An image is one flat file, little-endian, written strictly forward, so that
 * it can go down a pipe. It is a header, then chunks, and nothing else:
 *
 *      0  +-------------------------------+
 *         | struct img_header  (64 bytes) |
 *     64  +-------------------------------+
 *         | struct img_chunk   (32 bytes) |  "PROC"
 *         | payload, chunk.len bytes      |
 *         | zeros up to a multiple of 16  |
 *         +-------------------------------+
 *         | img_chunk, payload, zeros     |  "THRD", "MAPS", ... "PAGE"
 *         +-------------------------------+
 *         :                               :
 *         +-------------------------------+
 *         | img_chunk, payload, zeros     |  "INDX"
 *         +-------------------------------+
 *         | img_chunk, payload            |  "END ", the last 16 bytes of which
 *         +-------------------------------+  say where INDX is: nothing follows
 *
 * Damage. Each chunk's head carries the CRC-32 (zlib's) of its payload, of
 * itself, and of the head before it (the first one: of the header). So a
 * flipped bit, a lost tail, a chunk missing, moved or taken from another image
 * all show. No END chunk means that the dump never finished.
 *
 * Versions. A reader refuses another `major`, and any bit in `must` that it
 * does not know; it ignores unknown bits in `may`. A chunk with an unknown tag
 * is skipped, unless IMG_CRITICAL is set: then the image is refused. Structs
 * that may grow start with their own size (`size`), arrays say the size of an
 * entry: a reader takes what it knows and steps over the rest. The sizes of
 * the kernel's structures (registers, xstate, sigaction) are always in the
 * data, never assumed.
 *
 * Order. PROC is first. THRD, MAPS, SIGA, SIGQ, ITIM, TIMR, RLIM, MISC, DESC,
 * FILE and NOTE chunks follow in any order, but before the first PAGE. PAGE
 * chunks go upwards in address: together their runs cover every page of every
 * mapping in MAPS, exactly once, in ascending order. INDX and END are last.
 *
 * What grew. 1.2 had no IMG_MUST_FILLED. 1.1 had no IMG_MUST_DEFLATED, no
 * IMG_MUST_BASE. 1.0 had no SIGQ, TIMR, RLIM and DESC chunks, img_proc ended
 * with flags, img_thread with comm, img_misc with umask, and img_run.why was 0
 * but for IMG_UNREADABLE.
 *
 * Addresses and sizes are those of the target; times are in the unit that the
 * field's name ends with.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#define IMG_MAGIC       "\x89" "CRD\r\n\x1a\n"  /* 8 bytes; breaks like PNG's when a text-mode copy hurts it */
#define IMG_END_MAGIC   "CRDEND\r\n"            /* 8 bytes, the last of a complete image */
#define IMG_MAJOR       1
#define IMG_MINOR       3
#define IMG_ENDIAN      0x01020304u
#define IMG_ALIGN       16u     /* chunks start at multiples of this */
#define IMG_PAGE_SHIFT  12      /* of x86-64; readers refuse another one */
#define IMG_PAGE        (1u << IMG_PAGE_SHIFT)
#define IMG_MUST_DEFLATED 1ull  /* page data may be deflated: see PAGE */
#define IMG_MUST_BASE   2ull    /* pages may be in another image: see PAGE, IMG_STR_BASE */
#define IMG_MUST_FILLED 4ull    /* pages may be of one byte: see PAGE */
#define IMG_MUST_KNOWN  7ull    /* the bits of `must` that this version understands */

struct img_header {
        uint8_t  magic[8];
        uint32_t endian;        /* IMG_ENDIAN */
        uint16_t major, minor;
        uint16_t arch;          /* the ELF machine number: 62, EM_X86_64 */
        uint16_t page_shift;
        uint32_t len;           /* of this header: 64; a larger one is refused */
        uint64_t must, may;     /* feature words */
        uint8_t  id[16];        /* random, names this dump */
        uint32_t zero;
        uint32_t crc;           /* of the bytes before it */
};
_Static_assert(sizeof(struct img_header) == 64, "img_header");

#define IMG_TAG(a, b, c, d) \
        ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define IMG_PROC        IMG_TAG('P', 'R', 'O', 'C')     /* img_proc, then img_str's */
#define IMG_THRD        IMG_TAG('T', 'H', 'R', 'D')     /* img_thread, registers, xstate, img_str's; one chunk a thread */
#define IMG_MAPS        IMG_TAG('M', 'A', 'P', 'S')     /* img_array of img_map, then the names, a byte of which is of one map at most */
#define IMG_SIGA        IMG_TAG('S', 'I', 'G', 'A')     /* img_array of the kernel's sigactions, signal 1 first */
#define IMG_SIGQ        IMG_TAG('S', 'I', 'G', 'Q')     /* img_array of the kernel's siginfo: pending for no thread in particular */
#define IMG_ITIM        IMG_TAG('I', 'T', 'I', 'M')     /* img_array of img_itimer: REAL, VIRTUAL, PROF */
#define IMG_TIMR        IMG_TAG('T', 'I', 'M', 'R')     /* img_array of img_timer: POSIX timers, ascending id */
#define IMG_RLIM        IMG_TAG('R', 'L', 'I', 'M')     /* img_array of img_rlimit: RLIMIT_CPU (0) first */
#define IMG_MISC        IMG_TAG('M', 'I', 'S', 'C')     /* img_misc */
#define IMG_DESC        IMG_TAG('D', 'E', 'S', 'C')     /* img_fd, img_str's; one chunk a descriptor, ascending by table, then fd */
#define IMG_FILE        IMG_TAG('F', 'I', 'L', 'E')     /* raw copy of a /proc file: name, NUL, bytes */
#define IMG_NOTE        IMG_TAG('N', 'O', 'T', 'E')     /* what is missing and why: text lines, each ending in \n */
#define IMG_PAGES       IMG_TAG('P', 'A', 'G', 'E')     /* img_pages, img_run's, zeros, page data */
#define IMG_INDX        IMG_TAG('I', 'N', 'D', 'X')     /* img_array of img_index */
#define IMG_END         IMG_TAG('E', 'N', 'D', ' ')     /* img_end */

#define IMG_CRITICAL    0x80000000u     /* refuse the image if the tag is unknown */

struct img_chunk {
        uint32_t tag;
        uint32_t flags;         /* IMG_CRITICAL; other bits: ignored */
        uint64_t len;           /* payload bytes, without the zeros behind it */
        uint32_t seq;           /* 0, 1, 2, ... */
        uint32_t prev;          /* head_crc of the chunk before; for seq 0: crc of the header */
        uint32_t crc;           /* of the payload */
        uint32_t head_crc;      /* of the bytes before it in this head */
};
_Static_assert(sizeof(struct img_chunk) == 32, "img_chunk");

struct img_array {              /* at the start of a payload that is an array */
        uint32_t n;             /* entries */
        uint32_t size;          /* bytes each */
};
_Static_assert(sizeof(struct img_array) == 8, "img_array");

struct img_str {                /* a string or other bytes; the next one starts 8-aligned */
        uint32_t id;            /* PROC: enum img_str_id, THRD: img_thread_str, DESC: img_fd_str; unknown ids are skipped */
        uint32_t len;           /* bytes that follow, no NUL counted or stored */
};
_Static_assert(sizeof(struct img_str) == 8, "img_str");

enum img_str_id {               /* each at most once */
        IMG_STR_COMM = 1,       /* /proc/PID/comm without its newline */
        IMG_STR_EXE,            /* where the links /proc/PID/{exe,cwd,root} lead */
        IMG_STR_CWD,
        IMG_STR_ROOT,
        IMG_STR_CMDLINE,        /* NUL-separated, as in /proc */
        IMG_STR_ENVIRON,
        IMG_STR_AUXV,           /* pairs of 64-bit words */
        IMG_STR_HOST,           /* uname -n, -r and -v of the machine, NUL-separated */
        /* from here on since 1.1 */
        IMG_STR_BUILD_ID,       /* of exe: the bytes of its NT_GNU_BUILD_ID note; not there: it has none, or NOTE says why */
        IMG_STR_NAMESPACES,     /* the links in /proc/PID/ns and their numbers, as "pid_for_children:[4026531836]", each ending in \n */
        IMG_STR_NSPID,          /* pid in its own namespaces, outermost first, in decimal, space-separated */
        IMG_STR_NSSID,          /* session and process group likewise */
        IMG_STR_NSPGID,
        IMG_STR_CGROUP,         /* /proc/PID/cgroup */
        IMG_STR_CHILDREN,       /* before the stop, a line each: pid, blank, comm (\n in it as "\n", \ as "\\"); not there: not known */
        IMG_STR_TTY,            /* path of the controlling terminal; not there: there is none (see tty_major), or it is not known */
        /* from here on since 1.2 */
        IMG_STR_BASE,           /* with IMG_MUST_BASE: the name of the base, as it was given, */
        IMG_STR_BASE_ID,        /* and its img_header.id */
        IMG_STR_N               /* no id: those below it are known, here and in the other two */
};

struct img_proc {
        uint32_t size;          /* of this struct; img_str's follow at this offset */
        uint32_t threads;       /* THRD chunks in the image */
        int32_t  pid, ppid, tgid, pgid, sid;    /* in the dumper's pid namespace */
        uint32_t umask;         /* ~0: not known */
        uint64_t start_ticks;   /* /proc/PID/stat 22: after boot, in 1/100 s */
        uint64_t dump_time_ns;  /* CLOCK_REALTIME when the target stopped */
        uint64_t start_code, end_code, start_data, end_data;
        uint64_t start_brk, brk, start_stack;
        uint64_t arg_start, arg_end, env_start, env_end;
        uint32_t uid, gid;      /* effective */
        uint32_t state;         /* the letter of /proc/PID/stat before the stop */
        uint32_t flags;         /* IMG_PROC_* */
        /* 1.0 ended here. All is zero, and its bit in `flags` not set, where it is not known. */
        uint64_t exe_len;       /* stat(2) of /proc/PID/exe, as the next five */
        uint64_t exe_ino;
        int64_t  exe_mtime_sec;
        uint32_t exe_mtime_ns;
        uint32_t exe_dev_major, exe_dev_minor;
        int32_t  oom_score_adj;
        uint32_t coredump_filter;
        uint32_t personality;   /* as outside tools see it; img_misc has what the process was told */
        uint32_t tty_major, tty_minor;  /* of the controlling terminal; 0, 0: none */
        int32_t  tty_pgrp;      /* its foreground process group; -1: none */
        uint32_t loginuid;      /* ~0: not set */
};
#define IMG_PROC_OUTSIDE        1u      /* no SIGA, ITIM and MISC, no times in TIMR: dumped from outside only; NOTE says why */
#define IMG_PROC_EXE            2u      /* exe_* are known */
#define IMG_PROC_OOM            4u
#define IMG_PROC_COREDUMP       8u
#define IMG_PROC_PERSONALITY    16u
#define IMG_PROC_TTY            32u     /* tty_* are known */
#define IMG_PROC_LOGINUID       64u
#define IMG_PROC_1_0            152u    /* bytes of it in 1.0 */
_Static_assert(sizeof(struct img_proc) == 216, "img_proc");

struct img_thread {
        uint32_t size;          /* of this struct; registers, then xstate, follow at this offset */
        int32_t  tid;
        uint64_t blocked;       /* signal mask: bit n-1 is signal n */
        uint32_t regs_len;      /* the kernel's user_regs_struct (NT_PRSTATUS's registers) */
        uint32_t xstate_len;    /* NT_X86_XSTATE as the kernel gave it */
        uint32_t state;         /* the letter of /proc/PID/task/TID/stat before the stop */
        int32_t  syscall;       /* that it slept in before the stop; -1: none, -2: not known */
        uint8_t  comm[16];      /* NUL-padded */
        /* 1.0 ended here. All is zero, and its bit in `known` not set, where it is not known. */
        uint32_t known;         /* IMG_THREAD_* */
        uint32_t strs_len;      /* bytes of the img_str's (enum img_thread_str), which follow the xstate, from a
                                   multiple of 8 on, counted from the start of the payload */
        uint64_t debugreg[8];   /* DR0 to DR7; 4 and 5 are zero, and so are 1 to 3 if 0 and 7 are */
        uint64_t call_arg[6];   /* of the system call that it was in */
        uint64_t wait_left_ns;  /* how long it would still have waited in it */
        uint64_t altstack_sp, altstack_size;
        uint64_t tid_address;   /* set_tid_address(2) */
        uint64_t robust_list, robust_len;
        uint64_t rseq;          /* address of its struct rseq; 0: none registered */
        uint32_t rseq_len, rseq_signature;
        uint32_t altstack_flags;
        int32_t  pdeath_signal; /* 0: none */
        uint32_t policy;        /* SCHED_* */
        int32_t  nice;
        uint32_t rt_priority;
        uint32_t sched_flags;   /* SCHED_FLAG_* */
        uint64_t dl_runtime_ns, dl_deadline_ns, dl_period_ns;   /* of SCHED_DEADLINE; runtime: of others the slice, if told */
        uint32_t util_min, util_max;    /* uclamp, 0 to 1024 */
        uint64_t timer_slack_ns;
        uint32_t io_priority;   /* ioprio_get(2): class in bits 13 to 15 */
        uint32_t securebits;
        uint32_t uid[4], gid[4];        /* real, effective, saved, of the file system */
        uint64_t cap[5];        /* inheritable, permitted, effective, bounding, ambient: bit n is capability n */
        uint32_t no_new_privs;
        uint32_t seccomp;       /* 0 none, 1 strict, 2 filter */
        uint32_t seccomp_filters;       /* how many it has, also those that could not be had */
        int32_t  fd_table;      /* its table of descriptors: see img_fd.table */
        uint32_t umask;
        uint32_t zero;
};
#define IMG_THREAD_DEBUGREG     (1u << 0)
#define IMG_THREAD_CALL         (1u << 1)       /* call_arg */
#define IMG_THREAD_WAIT         (1u << 2)       /* wait_left_ns */
#define IMG_THREAD_ALTSTACK     (1u << 3)
#define IMG_THREAD_TID_ADDRESS  (1u << 4)
#define IMG_THREAD_ROBUST       (1u << 5)
#define IMG_THREAD_RSEQ         (1u << 6)
#define IMG_THREAD_PDEATH       (1u << 7)
#define IMG_THREAD_SCHED        (1u << 8)       /* policy to dl_period_ns */
#define IMG_THREAD_UTIL         (1u << 9)
#define IMG_THREAD_SLACK        (1u << 10)
#define IMG_THREAD_IOPRIO       (1u << 11)
#define IMG_THREAD_SECUREBITS   (1u << 12)
#define IMG_THREAD_CREDS        (1u << 13)      /* uid, gid, cap */
#define IMG_THREAD_NNP          (1u << 14)
#define IMG_THREAD_SECCOMP      (1u << 15)      /* seccomp */
#define IMG_THREAD_FILTERS      (1u << 16)      /* seccomp_filters */
#define IMG_THREAD_SIGNALS      (1u << 17)      /* its pending signals: IMG_TSTR_SIGINFO, none if that is not there */
#define IMG_THREAD_TABLE        (1u << 18)      /* fd_table */
#define IMG_THREAD_UMASK        (1u << 19)
#define IMG_THREAD_1_0          48u     /* bytes of it in 1.0 */
_Static_assert(sizeof(struct img_thread) == 400, "img_thread");

enum img_thread_str {           /* each at most once, but for FILTER */
        IMG_TSTR_SIGINFO = 1,   /* the kernel's siginfo, 128 bytes each: pending for this thread, the first one first */
        IMG_TSTR_GROUPS,        /* uint32_t each: supplementary groups */
        IMG_TSTR_AFFINITY,      /* bit n of byte n/8: may run on processor n */
        IMG_TSTR_FILTER,        /* struct img_filter, then its instructions; the one installed last comes first */
        IMG_TSTR_NSTID,         /* tid in its own namespaces, outermost first, in decimal, space-separated */
        IMG_TSTR_WCHAN,         /* where it slept in the kernel, before the stop */
        IMG_TSTR_CGROUP,        /* /proc/PID/task/TID/cgroup, where that differs from the process's */
        IMG_TSTR_LABEL,         /* of the security module: /proc/PID/task/TID/attr/current */
        IMG_TSTR_CWD,           /* /proc/PID/task/TID/cwd, where that differs from the process's */
        IMG_TSTR_ROOT,          /* likewise */
        IMG_TSTR_N
};

struct img_filter {             /* a seccomp filter; 8 bytes an instruction follow (struct sock_filter) */
        uint64_t flags;         /* SECCOMP_FILTER_FLAG_*, from PTRACE_SECCOMP_GET_METADATA; ~0: not told */
};
_Static_assert(sizeof(struct img_filter) == 8, "img_filter");

#define IMG_SIGINFO     128u    /* bytes of the kernel's siginfo on x86-64 */

struct img_map {
        uint64_t start, end;    /* addresses, page aligned */
        uint64_t off;           /* bytes in the file */
        uint64_t ino;
        uint32_t dev_major, dev_minor;
        uint32_t prot;          /* IMG_MAP_* */
        uint32_t vmflags_known; /* 1: vmflags holds the VmFlags line of smaps */
        uint64_t vmflags;       /* bit n: img_vmflag[n] was in it */
        uint32_t name;          /* where the path or [name] starts among the names */
        uint32_t name_len;      /* bytes; no NUL counted or stored */
};
_Static_assert(sizeof(struct img_map) == 64, "img_map");

#define IMG_MAP_R       1u
#define IMG_MAP_W       2u
#define IMG_MAP_X       4u
#define IMG_MAP_SHARED  8u

/* Two-letter names of smaps' VmFlags by bit number: only ever added to. */
#define IMG_VMFLAGS \
        "rd wr ex sh mr mw me ms gd pf lo io sr rr dc de ac nr ht sf ar dd wf sd mm hg nh mg um uw ss ui gu lf bt mt nl sl dp dw mp"
#define IMG_VMFLAG_PF   (1ull << 9)     /* pure page frames: no memory of the kernel's, usually a device */
#define IMG_VMFLAG_IO   (1ull << 11)    /* a device's registers or memory */
#define IMG_VMFLAG_DC   (1ull << 14)    /* a child of fork(2) does not get it, */
#define IMG_VMFLAG_WF   (1ull << 22)    /* or gets it wiped */
#define IMG_VMFLAG_HT   (1ull << 18)    /* hugetlbfs */
#define IMG_VMFLAG_UM   (1ull << 28)    /* userfaultfd watches it: what is missing, */
#define IMG_VMFLAG_UW   (1ull << 29)    /* what is written, */
#define IMG_VMFLAG_UI   (1ull << 31)    /* what is not in the page tables */

struct img_itimer {             /* as struct itimerval */
        int64_t interval_sec, interval_us, value_sec, value_us;
};
_Static_assert(sizeof(struct img_itimer) == 32, "img_itimer");

struct img_timer {              /* of timer_create(2); times as timer_gettime(2) tells them */
        int32_t  id;            /* the kernel's */
        int32_t  clock;         /* CLOCK_*; negative: a process's or thread's */
        int32_t  notify;        /* SIGEV_*: 0 signal, 1 none, 2 thread, 4 signal to a thread; -1: not known, nor are clock, signal, value */
        int32_t  signal;
        int32_t  tid;           /* that the signal goes to, with notify 4 */
        int32_t  overrun;       /* timer_getoverrun(2); negative: -errno; as err where that is negative */
        uint64_t value;         /* sigev_value */
        int64_t  interval_sec, interval_ns;
        int64_t  value_sec, value_ns;   /* time left; both zero: not armed */
        int32_t  err;           /* -errno of timer_gettime: then the last four are zero; -61 (ENODATA): it was not asked */
        uint32_t zero;
};
_Static_assert(sizeof(struct img_timer) == 72, "img_timer");

struct img_rlimit {
        uint64_t soft, hard;    /* ~0: unlimited; in the units of setrlimit(2) */
};
_Static_assert(sizeof(struct img_rlimit) == 16, "img_rlimit");

struct img_misc {               /* what only the process itself may ask */
        uint32_t size;
        int32_t  tid;           /* of the thread that asked: the per-thread fields are its own */
        int32_t  pid, ppid, pgid, sid;          /* as the process sees them */
        int32_t  dumpable;      /* PR_GET_DUMPABLE; negative numbers are -errno, here and below */
        int32_t  subreaper;     /* PR_GET_CHILD_SUBREAPER */
        int32_t  thp_disable;   /* PR_GET_THP_DISABLE */
        int32_t  no_new_privs;
        int32_t  pdeath_signal;
        int32_t  timer_slack_err;       /* 0, or -errno: then timer_slack_ns is 0 */
        uint64_t timer_slack_ns;
        uint64_t brk;           /* brk(0) */
        uint64_t personality;
        uint64_t tid_address;   /* PR_GET_TID_ADDRESS; ~0: the kernel does not tell */
        uint64_t altstack_sp, altstack_size;
        uint32_t altstack_flags;
        uint32_t umask;         /* ~0: not asked, /proc/PID/status had it */
        /* 1.0 ended here */
        int32_t  mdwe;          /* PR_GET_MDWE */
        int32_t  tsc;           /* PR_GET_TSC: 1 enabled, 2 SIGSEGV */
        int32_t  cpuid;         /* ARCH_GET_CPUID: 1 enabled, 0 faults */
        int32_t  speculation[3];        /* PR_GET_SPECULATION_CTRL of store bypass, indirect branch, L1D flush */
        int32_t  io_flusher;    /* what PR_GET_IO_FLUSHER would say */
        int32_t  securebits;    /* PR_GET_SECUREBITS */
        int32_t  mce_kill;      /* PR_MCE_KILL_GET */
        uint32_t zero;
};
#define IMG_MISC_1_0            104u    /* bytes of it in 1.0 */
_Static_assert(sizeof(struct img_misc) == 144, "img_misc");

/*
 * DESC: one open descriptor. A thread may have a table of its own, or share one
 * with some of the others: each table is there once. What of this could be had
 * is in `known`, what not, and why, in an IMG_FSTR_WHY. Looking changed nothing
 * of it.
 */
struct img_fd {
        uint32_t size;          /* of this struct; img_str's (enum img_fd_str) follow at this offset */
        int32_t  fd;
        uint32_t kind;          /* enum img_fd_kind */
        uint32_t known;         /* IMG_FD_* */
        uint32_t flags;         /* O_* of the open file, without O_CLOEXEC */
        uint32_t cloexec;       /* 1: FD_CLOEXEC */
        uint64_t pos;           /* offset of the open file */
        uint64_t ino, len;      /* fstat(2), as the next ten */
        uint32_t mode, nlink;
        uint32_t uid, gid;
        uint32_t dev_major, dev_minor, rdev_major, rdev_minor;
        int64_t  mtime_sec;
        uint32_t mtime_ns;
        int32_t  mnt_id;        /* of /proc/PID/mountinfo */
        int32_t  owner;         /* who gets SIGIO: F_GETOWN_EX */
        uint32_t owner_type;    /* F_OWNER_TID 0, _PID 1, _PGRP 2 */
        int32_t  signal;        /* F_GETSIG; 0: SIGIO */
        int32_t  lease;         /* F_GETLEASE: F_RDLCK 0, F_WRLCK 1, F_UNLCK 2 */
        uint32_t seals;         /* F_GET_SEALS: F_SEAL_* */
        uint32_t pipe_len;      /* F_GETPIPE_SZ: bytes that it has room for */
        uint64_t queued;        /* bytes that a reader would find: pipes, sockets, ttys (FIONREAD) */
        int32_t  same_as;       /* a descriptor before this one with the same open file (kcmp(2)); -1: none */
        int32_t  table;         /* 0: that of the first thread which lives; else the tid of a thread with another one */
        int32_t  same_table;    /* that same_as is in */
        uint32_t zero;
};
#define IMG_FD_FLAGS    1u      /* flags, cloexec, pos */
#define IMG_FD_STAT     2u      /* ino to mtime_ns */
#define IMG_FD_OWNER    4u      /* owner, owner_type, signal */
#define IMG_FD_LEASE    8u
#define IMG_FD_SEALS    16u
#define IMG_FD_PIPE     32u     /* pipe_len */
#define IMG_FD_QUEUED   64u
#define IMG_FD_SAME     128u    /* same_as, same_table */
#define IMG_FD_CONTENT  256u    /* all of its content is in IMG_FSTR_CONTENT (no such string: it is empty) */
_Static_assert(sizeof(struct img_fd) == 144, "img_fd");

enum img_fd_kind {
        IMG_FD_OTHER = 0,       /* an anonymous inode that none of these names fits: its path tells */
        IMG_FD_FILE, IMG_FD_DIR, IMG_FD_CHAR, IMG_FD_BLOCK, IMG_FD_PIPE_END, IMG_FD_FIFO, IMG_FD_SOCKET, IMG_FD_TTY,
        IMG_FD_EPOLL, IMG_FD_EVENTFD, IMG_FD_SIGNALFD, IMG_FD_TIMERFD, IMG_FD_INOTIFY, IMG_FD_FANOTIFY, IMG_FD_PIDFD,
        IMG_FD_MEMFD, IMG_FD_URING, IMG_FD_USERFAULTFD, IMG_FD_BPF, IMG_FD_PERF, IMG_FD_MQUEUE, IMG_FD_SECRETMEM,
        IMG_FD_NAMESPACE, IMG_FD_SYMLINK, IMG_FD_KVM,
};

enum img_fd_str {               /* each at most once */
        IMG_FSTR_PATH = 1,      /* where the link /proc/PID/fd/N leads */
        IMG_FSTR_FDINFO,        /* /proc/PID/fdinfo/N: the state of epoll, timerfd, inotify..., locks, leases */
        IMG_FSTR_CONTENT,       /* pipe, fifo: what is queued; memfd, unlinked file: all or, see IMG_FD_CONTENT, the first part */
        IMG_FSTR_WHY,           /* what is missing, and why: lines, each ending in \n */
        IMG_FSTR_SOCKET,        /* struct img_socket */
        IMG_FSTR_NAME,          /* its address: a struct sockaddr as getsockname(2) gives it */
        IMG_FSTR_PEER,          /* its peer's */
        IMG_FSTR_TCP_INFO,      /* struct tcp_info, as long as the kernel's is */
        IMG_FSTR_OPTIONS,       /* struct img_sockopt each */
        IMG_FSTR_TTY,           /* struct img_tty */
        IMG_FSTR_MQUEUE,        /* struct mq_attr: four 64-bit words, flags, maxmsg, msgsize, curmsgs */
        IMG_FSTR_PACKETS,       /* uint32_t each: how long the packets of an O_DIRECT pipe's content are, if there are several */
        IMG_FSTR_N
};

struct img_socket {
        uint32_t size;          /* of this struct */
        int32_t  family, type, protocol;        /* SO_DOMAIN, SO_TYPE, SO_PROTOCOL */
        int32_t  listening;     /* SO_ACCEPTCONN */
        int32_t  error;         /* not asked for: asking clears it; 0 */
        uint64_t in_queued, out_queued;         /* bytes: SIOCINQ, SIOCOUTQ; of a listening one, connections that
                                                   wait, and how many may; ~0: not known */
        int32_t  tcp_state;     /* TCP_ESTABLISHED 1...; -1: none */
        int32_t  peer_pid;      /* SO_PEERCRED; 0: not known */
        uint32_t peer_uid, peer_gid;
        uint64_t ino, peer_ino; /* its own; of unix sockets the other end's, 0: none, or not known */
        uint64_t netns_ino;     /* of its network namespace; 0: not known */
};
_Static_assert(sizeof(struct img_socket) == 80, "img_socket");

struct img_sockopt {            /* 8 value bytes: an int, a struct linger, a struct timeval's seconds in 1/1000000 */
        int32_t  level, option;
        int64_t  value;
};
_Static_assert(sizeof(struct img_sockopt) == 16, "img_sockopt");

struct img_tty {
        uint32_t size;          /* of this struct */
        uint16_t rows, columns, xpixels, ypixels;
        int32_t  pgrp, session; /* -1: not known (not our terminal) */
        int32_t  pty;           /* number of the pty; -1: none */
        int32_t  locked;        /* TIOCGPTLCK; -1: not known */
        uint32_t iflag, oflag, cflag, lflag;
        uint8_t  line;
        uint8_t  cc[19];
        uint32_t ispeed, ospeed;
};
_Static_assert(sizeof(struct img_tty) == 72, "img_tty");

#define IMG_PAGES_MAX   (8u << 20)      /* bytes of the payload of a PAGE chunk, so that a reader can hold one */

/*
 * PAGE: struct img_pages, then n runs, then zeros up to a file offset that is
 * a multiple of the page size, then the data of the IMG_DATA runs, in order.
 * (Where there is none, data_off is the end of what is before it.)
 *
 * With IMG_MUST_BASE there may be runs of IMG_DATA with IMG_HOW_BASE: their pages
 * are not here, but at the same addresses in the base, which may have a base of
 * its own. Of each, its CRC-32 (4 bytes) is here, in order, behind all runs and
 * before the zeros.
 *
 * With IMG_MUST_FILLED there may be runs of IMG_DATA with IMG_HOW_FILLED, of at
 * most IMG_FILLED_PAGES: their pages are not here either, but all their bytes
 * are the upper eight bits of `why`.
 *
 * With IMG_MUST_DEFLATED, what is shorter than these pages is a zlib stream
 * (RFC 1950) of them, and nothing lies before it but runs and sums. Each chunk is one of its
 * own: to read one takes no other.
 */
struct img_pages {
        uint64_t addr;          /* of the first run */
        uint32_t n;             /* runs */
        uint32_t size;          /* bytes a run */
        uint32_t data_off;      /* bytes from the start of the payload to the page data */
        uint32_t data_pages;    /* the IMG_DATA pages of all runs here, without IMG_HOW_BASE and IMG_HOW_FILLED */
};
_Static_assert(sizeof(struct img_pages) == 24, "img_pages");

struct img_run {                /* n pages of one mapping that are alike */
        uint64_t addr;
        uint32_t n;             /* pages, at least 1 */
        uint8_t  kind;          /* enum img_kind */
        uint8_t  cls;           /* enum img_class: of the mapping */
        uint16_t why;           /* IMG_UNREADABLE: an errno, or IMG_WHY_*; IMG_DATA, IMG_ZERO: IMG_HOW_* bits, and a byte */
};
_Static_assert(sizeof(struct img_run) == 16, "img_run");

enum img_kind {
        IMG_DATA = 1,           /* its bytes are in this chunk, or in the base, or all the same */
        IMG_ZERO,               /* present, all zeros */
        IMG_ABSENT,             /* never touched by this process (or given back): reads as zeros if private */
        IMG_INFILE,             /* not different from the mapped file */
        IMG_UNREADABLE,         /* see why */
};

enum img_class {
        IMG_PRIVATE_ANON = 1,
        IMG_PRIVATE_FILE,
        IMG_SHARED_ANON,        /* MAP_ANONYMOUS, SysV, memfd: content that no path leads to */
        IMG_SHARED_FILE,
};

#define IMG_HOW_SWAPPED 1u      /* it was swapped out */
#define IMG_HOW_CLEAN   2u      /* of a file, and not different from it */
#define IMG_HOW_OBJECT  4u      /* the process has not touched it: what the mapped file or shared memory holds there */
#define IMG_HOW_INSIDE  8u      /* copied from inside, for none but the process can read it */
#define IMG_HOW_BASE    16u     /* it is as in the base */
#define IMG_HOW_FILLED  32u     /* it is full of one byte, that of IMG_HOW_BYTE */
#define IMG_HOW_BITS    6
#define IMG_HOW_BYTE    8       /* lowest bit of it */
#define IMG_FILLED_PAGES 256u

/* Do its pages lie in the chunk? */
static inline int img_here(const struct img_run *run)
{
        return run->kind == IMG_DATA && !(run->why & (IMG_HOW_BASE | IMG_HOW_FILLED));
}

#define IMG_WHY_DEVICE  4096    /* device memory: reading it may have effects */
#define IMG_WHY_KERNEL  4097    /* [vvar], [vsyscall]: the kernel's own data, not the process's */
#define IMG_WHY_GUARD   4098    /* MADV_GUARD_INSTALL: any access faults */
#define IMG_WHY_SECRET  4099    /* memfd_secret, and it could not be copied from inside */
#define IMG_WHY_BEYOND  4100    /* beyond the end of the mapped file */

/*
 * INDX: where chunks are. All chunks before it but PAGE ones are listed; of
 * the PAGE ones the first, and so many that the index stays small: those not
 * listed follow the last listed one with a lower address.
 */
struct img_index {
        uint32_t tag;
        uint32_t seq;
        uint64_t off;           /* of the chunk's head, bytes from the header */
        uint64_t addr;          /* PAGE: img_pages.addr; others 0 */
};
_Static_assert(sizeof(struct img_index) == 24, "img_index");

struct img_end {
        uint32_t size;          /* of this struct: the last 16 bytes stay the last */
        uint32_t chunks;        /* in the file, with this one */
        uint64_t bytes;         /* of the whole file */
        uint64_t pages[6];      /* by enum img_kind; [0] is zero */
        uint64_t pause_ns;      /* from the first interrupt to the last release */
        uint64_t total_ns;      /* of the dump up to writing this */
        uint64_t index_off;     /* of INDX's head, bytes from the header */
        uint8_t  magic[8];      /* IMG_END_MAGIC */
};
_Static_assert(sizeof(struct img_end) == 96, "img_end");

#endif
