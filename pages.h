/* SPDX-License-Identifier: MIT */
/*
 * pages.h - the memory of the stopped, clean target, or of its copy, into PAGE chunks
 *
 *      pages_note(&p, notes);
 *      pages_write(&p, w);                     of the target itself, while it is stopped
 * or
 *      pages_keep(&p);                         while it is stopped: what a copy by clone(2) lacks, or all
 *      p.t = &copy;                            runs again
 *      pages_write(&p, w);                     of the copy, and what was kept
 *
 * Every page of every mapping is accounted for in a run: its data, all zeros,
 * never touched, in the file, or why it was not read (image.h, enum img_kind).
 * What is in the target's page tables is read from its memory; what is not, and
 * exists, from the file or object that is mapped (mapfile.h).
 */
#ifndef PAGES_H
#define PAGES_H

#include "imgwrite.h"
#include "keep.h"
#include "mapfile.h"
#include "notes.h"
#include "proc.h"
#include "secret.h"
#include "trace.h"

struct pages {
        struct trace *t;
        const struct proc_maps *maps;
        struct mapfiles *files;         /* looked at */
        const struct secret *secret;    /* copied from inside */
        struct keep *keep;              /* what pages_keep() is to fill, and has filled; NULL: nothing is kept */
        int      all;                   /* --file-pages: those of files too that paths lead to */
        int      whole;                 /* keep all of it */
};

/* Note what will be missing. */
void pages_note(const struct pages *p, struct notes *notes);

/* Does userfaultfd watch any of it, or may it? Who does may be told of a clone(2), and waited for. 1 or 0. */
int pages_watched(const struct proc_maps *m);

/* At most how many bytes pages_keep() will take: by page tables and sizes of objects, before the stop. 0, or -1 after fail(). */
int pages_estimate(const struct pages *p, uint64_t *bytes);

/*
 * Copy what a clone(2) lacks: shared memory, what is not for children (MADV_DONTFORK, MADV_WIPEONFORK), private
 * memory of hugetlbfs (which is taken from a child when there is no more), of unlinked files what may be written
 * there yet; or all. 0; 1: there is no room for it; -1 after fail().
 */
int pages_keep(const struct pages *p);

/*
 * They were kept while the parasite was in the target: once more what was written there since (t->wrote). 0; 1: that
 * cannot be told, or be read; -1 after fail(). A page that was not kept as data was not written to when it was read.
 */
int pages_renew(const struct pages *p);

/* Write them all, upwards. 0, or -1 after fail(): output error, target gone, stop_wanted(). */
int pages_write(const struct pages *p, struct imgwrite *w);

#endif
