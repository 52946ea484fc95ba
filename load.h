/* SPDX-License-Identifier: MIT */
/*
 * load.h - an image from its file into a model, its pages to whoever wants them
 *
 * Forward only, so a pipe will do, and in memory that does not grow with the
 * pages. Verified: bounds, order, and that the runs cover every page of every
 * mapping exactly once.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdint.h>
#include "model.h"

/* Called while the image is read. Not 0: read no further; negative after fail(). */
struct load_hooks {
        /* All but the pages is in m, and verified; its numbers of pages are still zero. */
        int (*state)(void *arg, const struct model *m);
        /*
         * A run, in ascending order, its chunk verified. data: run->n pages if its
         * kind is IMG_DATA, else NULL; good until the next call. run->cls and kind
         * are known ones.
         */
        int (*run)(void *arg, const struct model *m, const struct img_run *run, const unsigned char *data);
        void *arg;
};

/*
 * Read the image at path ("-": stdin) into *m, which it clears first. Returns
 * EXIT_DONE and sets m->complete; EXIT_DAMAGED or EXIT_FAILED after fail(),
 * with what was read before in *m. EXIT_DONE without m->complete, or
 * EXIT_FAILED: a hook has ended it. hooks may be NULL, and so may each of them.
 * model_free() is to be called in any case.
 */
int load(struct model *m, const char *path, const struct load_hooks *hooks);

#endif
