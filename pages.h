/* SPDX-License-Identifier: MIT */
/*
 * pages.h - the memory of the stopped, clean target, into PAGE chunks
 *
 * Every page of every mapping is accounted for in a run: its data, all zeros,
 * never touched, in the file, or why it was not read (image.h, enum img_kind).
 * What is in the target's page tables is read from its memory; what is not, and
 * exists, from the file or object that is mapped (mapfile.h).
 */
#ifndef PAGES_H
#define PAGES_H

#include "imgwrite.h"
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
        int      all;                   /* --file-pages: those of files too that paths lead to */
};

/* Note what will be missing. 0, or -1 after fail(). */
int pages_note(const struct pages *p, struct notes *notes);

/* Write them all, upwards. 0, or -1 after fail(): output error, target gone, stop_wanted(). */
int pages_write(const struct pages *p, struct imgwrite *w);

#endif
