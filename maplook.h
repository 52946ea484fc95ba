/* SPDX-License-Identifier: MIT */
/*
 * maplook.h - looking at, and opening, what mappings lead to
 *
 * A way to it is, in this order: /proc/PID/map_files (takes CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE, and finds what has no name); the mapping's path,
 * below the target's root or ours, if device and inode there are the mapping's;
 * /proc/PID/exe or a descriptor of the target's that has them. Only regular
 * files are opened, and none that is leased for writing, for that would signal
 * its holder.
 *
 * That is done before the target is stopped, and by aside.h: file systems may
 * not answer.
 */
#ifndef MAPLOOK_H
#define MAPLOOK_H

#include <stddef.h>
#include <stdint.h>

enum mapfile_state {
        MAPFILE_UNKNOWN,        /* could not be looked at: taken for what its name says */
        MAPFILE_NAMED,          /* its path leads to it */
        MAPFILE_GONE,           /* no path does: deleted, or another file is there now, or it never had one */
        MAPFILE_OTHER,          /* no regular file: a device, a socket, the kernel's own */
        MAPFILE_ZERO,           /* /dev/zero: as anonymous memory, if private */
};

struct mapfile {
        char    *name;          /* these five as in /proc/PID/maps; the first three tell it from others */
        uint64_t ino;
        uint32_t dev_major, dev_minor;
        uint64_t start, end;    /* of one mapping of it */
        uint64_t off, upto;     /* what of it is mapped, by all of them together: bytes */
        uint8_t  state;         /* enum mapfile_state */
        uint8_t  internal;      /* of an unnamed tmpfs of the kernel's: reading it waits for nobody */
        uint8_t  sized;         /* len is known */
        uint8_t  want;          /* MAPFILE_* bits: what it is to be looked at for */
        uint8_t  stuck;         /* it was open, and did not answer */
        int      fd;            /* open for reading; -1: not wanted, or no way */
        int      err;           /* fd -1, and wanted: the errno of the last way tried */
        uint64_t len;           /* bytes */
        uint64_t head_at;       /* address of its first page, where the page tables have that; 0: nowhere */
        uint8_t *head;          /* its first page, if that begins as an ELF file does, and was wanted; or NULL */
        uint8_t  no_elf;        /* it does not */
        uint64_t from, to;      /* of it, the extent last asked for: bytes */
        uint8_t  hole;          /* that is one */
};
#define MAPFILE_HEAD    1u      /* the first page of an ELF file */
#define MAPFILE_HEADS   4096u   /* first pages kept at most, by either way: 16 MiB */
#define MAPFILE_CONTENT 2u      /* all of it, also where a path leads to it */

/*
 * Look at n files, of which name, numbers, place and want are filled in, and
 * open those that are wanted or that no path leads to. dir: /proc/PID. One
 * whose file system does not answer stays MAPFILE_UNKNOWN, with a warning.
 * 0, or -1 after fail(): no memory, or stop_wanted().
 */
int maplook(int dir, struct mapfile *file, size_t n);

#endif
