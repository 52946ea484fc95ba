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
 * Order. PROC is first. THRD chunks, MAPS, SIGA, ITIM, MISC, FILE and NOTE
 * follow in any order, but before the first PAGE. PAGE chunks go upwards in
 * address: together their runs cover every page of every mapping in MAPS,
 * exactly once, in ascending order. INDX and END are last.
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
#define IMG_MINOR       0
#define IMG_ENDIAN      0x01020304u
#define IMG_ALIGN       16u     /* chunks start at multiples of this */
#define IMG_PAGE_SHIFT  12      /* of x86-64; readers refuse another one */
#define IMG_PAGE        (1u << IMG_PAGE_SHIFT)
#define IMG_MUST_KNOWN  0ull    /* the bits of `must` that this version understands */

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
#define IMG_THRD        IMG_TAG('T', 'H', 'R', 'D')     /* img_thread, registers, xstate; one chunk a thread */
#define IMG_MAPS        IMG_TAG('M', 'A', 'P', 'S')     /* img_array of img_map, then the names */
#define IMG_SIGA        IMG_TAG('S', 'I', 'G', 'A')     /* img_array of the kernel's sigactions, signal 1 first */
#define IMG_ITIM        IMG_TAG('I', 'T', 'I', 'M')     /* img_array of img_itimer: REAL, VIRTUAL, PROF */
#define IMG_MISC        IMG_TAG('M', 'I', 'S', 'C')     /* img_misc */
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
        uint32_t id;            /* enum img_str_id; unknown ids are skipped */
        uint32_t len;           /* bytes that follow, no NUL counted or stored */
};
_Static_assert(sizeof(struct img_str) == 8, "img_str");

enum img_str_id {
        IMG_STR_COMM = 1,       /* /proc/PID/comm without its newline */
        IMG_STR_EXE,            /* where the links /proc/PID/{exe,cwd,root} lead */
        IMG_STR_CWD,
        IMG_STR_ROOT,
        IMG_STR_CMDLINE,        /* NUL-separated, as in /proc */
        IMG_STR_ENVIRON,
        IMG_STR_AUXV,           /* pairs of 64-bit words */
        IMG_STR_HOST,           /* uname -n, -r and -v of the machine, NUL-separated */
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
};
#define IMG_PROC_OUTSIDE        1u      /* no SIGA, ITIM and MISC: dumped from outside only; NOTE says why */
_Static_assert(sizeof(struct img_proc) == 152, "img_proc");

struct img_thread {
        uint32_t size;          /* of this struct; registers, then xstate, follow at this offset */
        int32_t  tid;
        uint64_t blocked;       /* signal mask: bit n-1 is signal n */
        uint32_t regs_len;      /* the kernel's user_regs_struct (NT_PRSTATUS's registers) */
        uint32_t xstate_len;    /* NT_X86_XSTATE as the kernel gave it */
        uint32_t state;         /* the letter of /proc/PID/task/TID/stat before the stop */
        int32_t  syscall;       /* that it slept in before the stop; -1: none, -2: not known */
        uint8_t  comm[16];      /* NUL-padded */
};
_Static_assert(sizeof(struct img_thread) == 48, "img_thread");

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
        "rd wr ex sh mr mw me ms gd pf lo io sr rr dc de ac nr ht sf ar dd wf sd mm hg nh mg um uw ss ui gu lf bt mt nl sl dp"
#define IMG_VMFLAG_PF   (1ull << 9)     /* pure page frames: no memory of the kernel's, usually a device */
#define IMG_VMFLAG_IO   (1ull << 11)    /* a device's registers or memory */

struct img_itimer {             /* as struct itimerval */
        int64_t interval_sec, interval_us, value_sec, value_us;
};
_Static_assert(sizeof(struct img_itimer) == 32, "img_itimer");

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
};
_Static_assert(sizeof(struct img_misc) == 104, "img_misc");

/*
 * PAGE: struct img_pages, then n runs, then zeros up to a file offset that is
 * a multiple of the page size, then the data of the IMG_DATA runs, in order.
 * (Where there is none, data_off is the end of the runs.)
 */
struct img_pages {
        uint64_t addr;          /* of the first run */
        uint32_t n;             /* runs */
        uint32_t size;          /* bytes a run */
        uint32_t data_off;      /* bytes from the start of the payload to the page data */
        uint32_t data_pages;    /* the IMG_DATA pages of all runs here */
};
_Static_assert(sizeof(struct img_pages) == 24, "img_pages");

struct img_run {                /* n pages of one mapping that are alike */
        uint64_t addr;
        uint32_t n;             /* pages, at least 1 */
        uint8_t  kind;          /* enum img_kind */
        uint8_t  cls;           /* enum img_class: of the mapping */
        uint16_t why;           /* IMG_UNREADABLE: an errno, or IMG_WHY_* */
};
_Static_assert(sizeof(struct img_run) == 16, "img_run");

enum img_kind {
        IMG_DATA = 1,           /* its bytes are in this chunk */
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

#define IMG_WHY_DEVICE  4096    /* device memory: reading it may have effects */
#define IMG_WHY_KERNEL  4097    /* [vvar], [vsyscall]: the kernel's own data, not the process's */
#define IMG_WHY_GUARD   4098    /* MADV_GUARD_INSTALL: any access faults */

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
