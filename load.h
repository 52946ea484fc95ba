/* SPDX-License-Identifier: MIT */
/*
 * load.h - an image from its file into a model, its pages to whoever wants them
 *
 * Forward only, so a pipe will do, and in memory that does not grow with the
 * pages. Verified: bounds, order, and that the runs cover every page of every
 * mapping exactly once.
 *
 *      l = load_open(&m, path);
 *      if (l && load_state(l) == 0)            m has all but the numbers of pages
 *              while ((rc = load_run(l, &run, &data)) > 0)
 *                      ...                     a run of pages, in ascending order
 *      status = load_close(l);                 rc == 0: m.complete
 *      model_free(&m);
 *
 * Several images may be read side by side. The pages that an image has in a base
 * (--base) are read from there, and verified: it lies in the folder of the image,
 * or where it was when the dump was made.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdint.h>
#include <sys/types.h>
#include "model.h"

struct load;

/*
 * Read all of the image at path ("-": stdin) into *m, and verify it: load_open()
 * to load_close(). pages: also that deflated pages can be inflated.
 */
int load(struct model *m, const char *path, int pages);

/* Open it, and clear *m. NULL after fail(), which load_close() takes for EXIT_FAILED. */
struct load *load_open(struct model *m, const char *path);

/* Read up to the first page. 0, or -1 after fail(). */
int load_state(struct load *l);

/*
 * The next run, its chunk verified; kind and cls are known ones. *data: run->n
 * pages if its kind is IMG_DATA, else NULL; good until the next call. data may
 * be NULL: then no page is kept in memory, and no base is needed. 1: here it is. 0: that was all, the
 * image is whole, m->complete is set. -1 after fail().
 */
int load_run(struct load *l, struct img_run *run, const unsigned char **data);

/*
 * Instead of load_run(): the page at addr, which must not be below that of the
 * call before; good until the next call. NULL: the image has no bytes of it. 0, or -1 after
 * fail().
 */
int load_page(struct load *l, uint64_t addr, const unsigned char **page);

/* Have load_page() ask this between two runs, and fail, when it is not 0: it has said why. */
void load_watch(struct load *l, int (*stop)(void));

/*
 * Is one of the files that are needed to read it, itself and its bases, the one
 * with these numbers (stat(2)) ? 1 or 0, or -1 after fail(): one of them cannot be
 * read. After load_state().
 */
int load_needs(struct load *l, dev_t dev, ino_t ino);

/*
 * Go to a place at or before addr, as near as the index knows, before the first
 * run is asked for; where there is no index, or no way, nothing happens. The
 * image is not verified as a whole then, nor m->complete ever set. 0, or -1
 * after fail().
 */
int load_seek(struct load *l, uint64_t addr);

/* Can the image be read more than once? */
int load_seekable(const struct load *l);

/*
 * After the last run: to the first one again. That the image is still the same
 * is verified when it ends, not before. 0, or -1 after fail().
 */
int load_rewind(struct load *l);

/* The xstate of m->threads[i], t.xstate_len bytes, verified. load_seekable() ones only. 0, or -1 after fail(). */
int load_xstate(struct load *l, uint32_t i, void *to);

/* Fills in what m tells of the file. EXIT_DONE so far, EXIT_DAMAGED or EXIT_FAILED. l may be NULL. */
int load_close(struct load *l);

#endif
