/* SPDX-License-Identifier: MIT */
/*
 * procstate.h - what is true of a process as a whole: PROC and RLIM
 *
 * The file of its program and its children are looked at before the stop, since
 * that takes time; the rest is of the stopped target. What cannot be had is noted.
 */
#ifndef PROCSTATE_H
#define PROCSTATE_H

#include <stddef.h>
#include <stdint.h>
#include "image.h"
#include "imgwrite.h"
#include "notes.h"
#include "parasite.h"
#include "payload.h"
#include "proc.h"
#include "rawfiles.h"
#include "slurp.h"
#include "trace.h"

#define PROCSTATE_LIMITS        16      /* RLIMIT_CPU to RLIMIT_RTTIME */

struct procstate {
        struct trace *t;
        struct rawfiles *raw;
        struct notes *notes;
        struct img_proc p;              /* what is known of it so far */
        struct payload strs;            /* its img_str's, likewise */
        struct slurp text;              /* of a file */
        int      ns;                    /* its ns folder, and the names there, a NUL behind each; 0: not opened yet */
        struct payload ns_names;
        struct payload lines;           /* room for a list */
        int      taken;                 /* by procstate_take(), before which it was */
        struct img_proc before;
        size_t   strs_before;
};

/*
 * Before the stop: the program's file and build-id, the children. maps: as they
 * were then, with the code at start_code. 0; -1: stop_wanted() has said why.
 */
int procstate_look(struct procstate *ps, const struct proc_maps *maps, uint64_t start_code);

/*
 * Before the stop: read what procstate_take() will read, and forget it. What is looked up
 * below /proc for the first time takes twice as long, and so does memory.
 */
void procstate_rehearse(struct procstate *ps, const struct proc_stat *st);

/* Of the stopped target, borrowed or not: the rest, unless that was taken already. */
void procstate_take(struct procstate *ps, const struct proc_stat *st);

/* It has run on: what was taken is void. */
void procstate_again(struct procstate *ps);

/*
 * PROC into the image. misc: what the parasite was told, NULL: it could not be used;
 * stopped_ns: CLOCK_REALTIME. 0, or -1 after fail().
 */
int procstate_write(struct procstate *ps, const struct proc_status *status, const struct parasite_misc *misc,
                    uint64_t stopped_ns, struct imgwrite *w);

/* RLIM into the image. 0, or -1 after fail(). */
int procstate_write_limits(struct procstate *ps, struct imgwrite *w);

void procstate_free(struct procstate *ps);

/* The text of /proc/PID/limits, NUL behind it. 0, or -1: not all of them are there. */
int procstate_parse_limits(const char *text, struct img_rlimit limit[PROCSTATE_LIMITS]);

/*
 * The path of a terminal's device: by the numbers that Linux has assigned for
 * good, or by the text of /proc/tty/drivers (NULL: none). 0, or -1: not known.
 */
int procstate_tty_path(const char *drivers, uint32_t major, uint32_t minor, char *buf, size_t len);

#endif
