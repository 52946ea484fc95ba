/* SPDX-License-Identifier: MIT */
/*
 * model.h - an image in memory, without its page data
 *
 * What an image says, verified, as plain data for those who print it; load.h
 * fills it in. A damaged image leaves what came before the damage.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "imgread.h"
#include "names.h"

#define MODEL_KINDS     6       /* enum img_kind, [0] not used */
#define MODEL_ITIMERS   3
#define MODEL_CONTENT   256     /* bytes kept of what an IMG_FSTR_CONTENT holds */

struct model_bytes {            /* p is NULL if there are none, else NUL-terminated for convenience */
        char *p;
        size_t len;             /* without that NUL */
};

struct model_str {              /* an img_str of a thread or a descriptor */
        uint32_t id;
        uint32_t kept;          /* bytes at p: len, but of long contents the first MODEL_CONTENT */
        uint64_t len;
        uint32_t crc;           /* of all len bytes */
        char    *p;             /* NUL-terminated for convenience, 8-aligned */
};

struct model_strs {             /* known ids alone, in the order of the image */
        struct model_str *v;
        uint32_t n;
};

struct model_thread {
        struct img_thread t;    /* of an image of 1.0: nothing is `known` */
        uint32_t regs_n;        /* how many of regs there are */
        uint64_t regs[NAMES_REGS];      /* user_regs_struct */
        uint64_t xstate_off;    /* its xstate, which is not kept: bytes from the header, t.xstate_len of them, */
        uint32_t xstate_crc;    /* and their CRC-32 */
        uint32_t values_crc;    /* that of the registers' values alone */
        struct model_strs strs; /* enum img_thread_str */
};

struct model_fd {
        struct img_fd f;
        struct model_strs strs; /* enum img_fd_str */
};

struct model_map {
        struct img_map m;
        const char *name;       /* m.name_len bytes, no NUL behind them */
        uint64_t pages[MODEL_KINDS];    /* by enum img_kind; a damaged image: those seen */
        uint64_t how[IMG_HOW_BITS];     /* by bit of IMG_HOW_*: how many of them */
        uint32_t why;           /* of its first IMG_UNREADABLE run */
        uint32_t cls;           /* enum img_class; 0: no run was seen */
};

struct model_sigaction {        /* the kernel's, on x86-64 */
        uint64_t handler;       /* 0 SIG_DFL, 1 SIG_IGN, else an address */
        uint64_t flags, restorer, mask;
};

struct model_file {
        char *name;
        uint64_t len;           /* bytes of its content, which is not kept */
};

struct model {
        struct img_header header;
        struct img_proc proc;
        struct img_misc misc;
        struct img_end end;
        struct model_bytes str[IMG_STR_N];         /* enum img_str_id, [0] not used */
        struct model_bytes notes;
        struct model_thread *threads;
        struct model_map *maps;
        struct model_file *files;
        struct model_fd *fds;
        struct img_timer *timers;
        struct img_rlimit *rlimits;     /* [0] is RLIMIT_CPU */
        uint8_t (*siginfos)[IMG_SIGINFO];       /* pending for no thread in particular */
        struct model_sigaction sigactions[NAMES_SIGNALS];       /* [0] is signal 1 */
        struct img_itimer itimers[MODEL_ITIMERS];
        uint32_t threads_n, maps_n, files_n, fds_n, timers_n, rlimits_n, siginfos_n, sigactions_n, itimers_n;

        int have_header, have_proc, have_maps, have_misc, have_end;
        int have_fds, have_timers, have_rlimits, have_siginfos;        /* that there were none is something else */
        int complete;                   /* read to the end, and all of it is right */
        uint64_t pages[MODEL_KINDS];    /* of all mappings */
        uint64_t how[IMG_HOW_BITS];
        uint64_t bytes;                 /* of the file, as far as it was read */
        uint32_t chunks, skipped;       /* whole chunks; unknown ones among them */

        char *names;                    /* of mappings */
        uint32_t at;                    /* while it is loaded: mapping that the next run belongs to, */
        uint64_t next;                  /* and its address */
};

/*
 * Take a chunk that imgread_next() gave, of any kind but PAGE, into m; its
 * checksum is verified. 0, or -1 after fail().
 */
int model_take(struct model *m, struct imgread *r, const struct img_chunk *c);

/* There may be only one of this kind. */
int model_once(uint32_t tag);

/* As the image has them: by table, then number. Less than 0, 0, or more. */
int model_fd_order(const struct img_fd *a, const struct img_fd *b);

/* The string of that id, the first one; NULL: none. */
const struct model_str *model_str(const struct model_strs *s, uint32_t id);

/* The mapping that holds addr, or NULL. */
const struct model_map *model_map_at(const struct model *m, uint64_t addr);

void model_free(struct model *m);

#endif
