/* SPDX-License-Identifier: MIT */
/*
 * threadahead.h - the status of many threads, read by one of ours while another parses
 *
 *      threadahead_begin(&a, n);               before the stop: memory
 *      threadahead_read(&a, i, fd);            by the second thread (meanwhile.h), i from 0 upwards,
 *      text = threadahead_text(&a, i);         and by the first one
 *      threadahead_end(&a);                    before the first one waits for the second
 *      threadahead_free(&a);
 *
 * Most of what the status of a thread takes is the kernel's making of the text.
 * Each is read by whoever comes to it first: nobody waits for long for the other.
 */
#ifndef THREADAHEAD_H
#define THREADAHEAD_H

#include <stdatomic.h>
#include <stddef.h>

struct threadahead {            /* all zero: none is read ahead */
        size_t   n;             /* threads at most */
        atomic_uchar *state;    /* of each */
        atomic_size_t at;       /* the first thread of ours is at this one, */
        atomic_int over;        /* or wants no more */
        char    *slots;         /* a ring of texts */
};

/* For at most n threads. Few are not worth it, nor is one processor; no memory: it is done without. */
void threadahead_begin(struct threadahead *a, size_t n);

/*
 * Read that of the ith thread, which is open as fd, or skip it: the other one is past that. Waits
 * when far ahead. 1; 0: no more are wanted.
 */
int threadahead_read(struct threadahead *a, size_t i, int fd);

/* The status of the ith, a NUL behind it, until the next call; NULL: the caller has to read it, as after threadahead_end(). */
const char *threadahead_text(struct threadahead *a, size_t i);

void threadahead_end(struct threadahead *a);
void threadahead_free(struct threadahead *a);

#endif
