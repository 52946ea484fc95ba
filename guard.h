/* SPDX-License-Identifier: MIT */
/*
 * guard.h - a child that does the tracing, and a parent that may die
 *
 * The tracing side is a child in a session of its own with all signals
 * blocked: neither a terminal's ^C and ^Z nor a kill of the process group
 * reach it. The parent takes the signals and passes the wish on; when it is
 * gone, the child rolls back. Should the child be stopped, the parent lets it
 * go on; should it be killed, the parent removes its file and says what may be
 * left in the target.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct guard_twin {             /* a child of ours that the target has */
        pid_t    pid;           /* as the target knows it */
        uint64_t start_ticks;   /* of the target */
        pid_t    tid;           /* a thread of it, and what its registers were when it was made */
        struct user_regs_struct regs;
};

/*
 * Run work(arg) in such a child, whose result is its exit status. Returns that;
 * EXIT_FAILED or EXIT_NOT_CURED after fail() when it was killed, after
 * reap(arg, twin) if guard_twin() was told of one: 0 if that is
 * gone. Meanwhile the parent, which the target does not wait for, calls tick
 * every 0.3 s; NULL: no.
 */
int guard_run(int (*work)(void *), void *arg, int (*reap)(void *, const struct guard_twin *), void (*tick)(void));

/* In the child: there is such a twin; NULL: no longer. */
void guard_twin(const struct guard_twin *twin);

/*
 * In the child: a thread was left behind in the kernel, where no SIGKILL may
 * end it. When work() has returned, the parent does not wait for the child's end.
 */
void guard_left_behind(void);

/* In the child: is the target, right now, in another state than it shall be left in? */
void guard_infected(int yes);

/* In the child: the incomplete file to remove should it be killed; NULL or "": none. folder/name is a path. */
void guard_file(const char *folder, const char *name);

#endif
