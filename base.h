/* SPDX-License-Identifier: MIT */
/* base.h - the image that the pages of a dump are compared with: --base */
#ifndef BASE_H
#define BASE_H

#include "load.h"
#include "payload.h"

struct base {                   /* all zero: none */
        struct load *load;
        struct model model;
};

/*
 * The image at path, up to its pages; what names it goes to strs. It must not be what is made at out, nor
 * have that as a base itself. 0, or -1 after fail().
 */
int base_open(struct base *b, const char *path, const char *out, struct payload *strs);

/* For imgwrite_options.base; arg: the struct base. */
int base_page(void *arg, uint64_t addr, const unsigned char **page);

void base_close(struct base *b);

#endif
