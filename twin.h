/* SPDX-License-Identifier: MIT */
/*
 * twin.h - a copy of the process, made by clone(2), that is read while the process runs
 *
 *      twin_note(&w, &remote);                 what of ours will be in the copy
 *      ...                                     the blob makes it: parasite.h, PARASITE_TWIN
 *      twin_adopt(&w, t, ns_pid, data);        the target runs again
 *      ...                                     w.t is to be read
 *      twin_end(&w, t)
 *
 * It is a child of the target without an exit signal, which neither its end nor
 * its being there tells to anyone; it runs nothing but the blob, with a table
 * of descriptors of its own that is empty. It is traced by us, so that it dies
 * with us. When it is killed it stays a zombie until one of the target's
 * threads waits for it, by a remote system call: a second stop, of that thread
 * alone.
 */
#ifndef TWIN_H
#define TWIN_H

#include <stdint.h>
#include "remote.h"
#include "trace.h"

#define TWIN_BYTES      3       /* places that are to be put right in it */

struct twin_bytes {
        uint64_t at;
        size_t   len;
        uint8_t *bytes;         /* malloc'ed */
};

struct twin_reaping {
        uint64_t ns;            /* how long the thread was stopped that waited for it */
        int      harmed;        /* and it could not be put back as it was */
};

struct twin {                   /* all zero: none */
        struct trace  t;        /* of the copy: t.live is its pid, 0: none was made */
        pid_t    ns_pid;        /* its pid where the target lives */
        struct twin_bytes was[TWIN_BYTES];
        struct twin_reaping reaping;
};

/* Note what remote_begin() has written, or what will change, that it can be put right in the copy. 0, or -1: no memory, not said. */
int twin_note(struct twin *w, struct remote *r);

/*
 * Take over the child that of->cloned tells of, put right in it what was noted,
 * and have it let go of its descriptors. data: of the blob, where it lies in it.
 * ns_pid: as the target knows it; 0: ask /proc. 0, or -1 after fail(); twin_end() is
 * due in either case.
 */
int twin_adopt(struct twin *w, struct trace *of, pid_t ns_pid, uint64_t data);

/*
 * End it, adopted or not, and have the target reap it. That runs, or what is left of it.
 * A second call does nothing. 0, or -1 after fail(): a zombie stays, or more.
 */
int twin_end(struct twin *w, struct trace *of);

/*
 * The last of it, when it is dead already: have the target reap its child pid
 * (as it knows it; ours: as we do, for messages). 0: it is gone, or the target
 * is; -1 after fail().
 */
int twin_reap(struct trace *of, pid_t pid, pid_t ours, struct twin_reaping *how);

#endif
