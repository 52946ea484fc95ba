/* SPDX-License-Identifier: MIT */
/*
 * model.h - an image in memory, without its page data
 *
 * What an image says, verified: bounds, order, and that its runs cover every
 * page of every mapping exactly once. All of it is plain data for those who
 * print it. A damaged image leaves what came before the damage.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "names.h"

#define MODEL_KINDS     6       /* enum img_kind, [0] not used */
#define MODEL_STRINGS   9       /* enum img_str_id, [0] not used */
#define MODEL_ITIMERS   3

struct model_bytes {            /* p is NULL if there are none, else NUL-terminated for convenience */
        char *p;
        size_t len;             /* without that NUL */
};

struct model_thread {
        struct img_thread t;
        uint32_t regs_n;        /* how many of regs there are */
        uint64_t regs[NAMES_REGS];      /* user_regs_struct */
};

struct model_map {
        struct img_map m;
        const char *name;       /* m.name_len bytes, no NUL behind them */
        uint64_t pages[MODEL_KINDS];    /* by enum img_kind; a damaged image: those seen */
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
        struct model_bytes str[MODEL_STRINGS];
        struct model_bytes notes;
        struct model_thread *threads;
        struct model_map *maps;
        struct model_file *files;
        struct model_sigaction sigactions[NAMES_SIGNALS];       /* [0] is signal 1 */
        struct img_itimer itimers[MODEL_ITIMERS];
        uint32_t threads_n, maps_n, files_n, sigactions_n, itimers_n;

        int have_header, have_proc, have_maps, have_misc, have_end;
        int complete;                   /* read to the end, and all of it is right */
        uint64_t pages[MODEL_KINDS];    /* of all mappings */
        uint64_t bytes;                 /* of the file, as far as it was read */
        uint32_t chunks, skipped;       /* whole chunks; unknown ones among them */

        char *names;                    /* of mappings */
        uint32_t at;                    /* mapping that the next run belongs to */
        uint64_t next;                  /* and its address */
        int in_pages;                   /* a PAGE chunk was seen */
};

/*
 * Read the image at path ("-": stdin) into *m, which it clears first. Returns
 * EXIT_DONE and sets complete; EXIT_DAMAGED or EXIT_FAILED after fail(), with
 * what was read before in *m. model_free() is to be called in any case.
 */
int  model_load(struct model *m, const char *path);
void model_free(struct model *m);

#endif
