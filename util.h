/* SPDX-License-Identifier: MIT */
/* util.h - messages, exit statuses, time, whole reads and writes, threads */
#ifndef UTIL_H
#define UTIL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses: interface, see crdump.1. A signal s that stopped a dump: 128 + s. */
enum {
        EXIT_DONE       = 0,
        EXIT_FAILED     = 1,    /* target as it was found */
        EXIT_USAGE      = 2,
        EXIT_NOT_CURED  = 3,    /* the target could not be put back as it was */
        EXIT_DAMAGED    = 4,    /* image incomplete or damaged */
        EXIT_OUTSIDE    = 5,    /* dumped, but without what only the process itself may ask */
};

extern int util_verbosity;      /* -1 quiet, 0, 1 verbose; set once by crdump.c */

/*
 * Messages go to stderr, a line each, after "crdump: ". A final ':' in fmt is
 * completed by strerror(errno). fail() returns -1, so that an error is worded
 * where it is known and its callers pass -1 on.
 */
int  fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));  /* a worry, not an end; not with -q */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* a step; with -v only */
void inform(const char *fmt, ...) __attribute__((format(printf, 1, 2)));        /* a result for people; not with -q */
void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));     /* crdump.c only */

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);

/*
 * read(2) or write(2) until len bytes are done. read_full returns the bytes
 * got, less than len only at the end of the file; -1 with errno otherwise.
 * write_full returns 0, or -1 with errno. Both take EINTR as an error only
 * when a signal wants crdump to stop (stop_signal() != 0), as does read_some,
 * which is read(2): what has come so far.
 */
ssize_t read_some(int fd, void *buf, size_t len);
ssize_t read_full(int fd, void *buf, size_t len);
int     write_full(int fd, const void *buf, size_t len);

/*
 * A thread of ours, with a small stack, that no signal is delivered to. Where t is
 * NULL nobody joins it. 0 or an errno.
 */
int start_thread(pthread_t *t, void *(*fn)(void *), void *arg);

/*
 * Where among n elements of size bytes, each of which begins with a number (an int), this
 * number is; n: nowhere. *at is where to begin, and then what is behind it: who asks in the
 * order of the elements, as those of threads or descriptors come from /proc, finds each at once.
 */
size_t  find_number(const void *v, size_t n, size_t size, int number, size_t *at);

/* To be held for one purpose: a share of the descriptors that we may have, but at most so many; 0 if that is not to be known. */
size_t  descriptors(size_t most);

/* What this thread has to say from now on is not said, not even that stop_wanted(): another one will. */
void quiet_thread(int yes);

/* In such a thread, now and then: a thread of the target that was woken would wait for as long as we have something to do. */
void give_way(void);

/* A condition whose timed waits go by the clock of now_ns(). */
void clocked_cond(pthread_cond_t *c);

/* n, or what is above it, that is a multiple of to. */
static inline uint64_t round_up(uint64_t n, uint64_t to)
{
        return (n + to - 1) / to * to;
}

/*
 * A whole small file (/proc gives no size) below the folder dirfd, NUL added
 * behind it: *out is malloc'ed, *len without the NUL. Returns -1 with errno;
 * says nothing. More than max bytes: -1, EFBIG.
 */
int read_file(int dirfd, const char *path, size_t max, char **out, size_t *len);

/*
 * What wants a dump to end early: a signal (handlers for INT, TERM and HUP are
 * set by catch_signals), the end of the parent that shares its signals with
 * us, the deadline of --timeout or that of --max-pause. stop_wanted() says
 * which once, in words, and is -1 from then on (in a quiet thread: at that time); 0: go on.
 */
void catch_signals(void);
int  share_signals(void);               /* before fork: the parent's signals are the child's; 0, or -1 with errno */
int  stop_signal(void);                 /* the signal, or 0 */
void set_deadline(uint64_t at_ns);      /* on the clock of now_ns(); 0: none */
void set_pause_limit(uint64_t at_ns);   /* the same, while the target is stopped */
uint64_t deadline_ns(void);             /* the nearer of the two; 0: none */
int  stop_wanted(void);
/* Have stop_wanted() ask this as well: not 0, something is lost, and it has said so; NULL: no longer. */
void set_watch(int (*lost)(void *), void *arg);

/*
 * Hold messages back while the target is stopped: it may be what reads them.
 * Up to 64 KiB are kept, and come out at hold_messages(0).
 */
void hold_messages(int yes);

/* clear is called each time right before something is written to stderr. */
void before_message(void (*clear)(void));

#endif
