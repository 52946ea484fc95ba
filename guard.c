/* SPDX-License-Identifier: MIT */
/* guard.c - a child that does the tracing, and a parent that may die */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static struct shared {          /* by parent and child */
        atomic_int infected;
        atomic_int has_file;
        atomic_int left_behind;
        atomic_int has_twin;
        struct guard_twin twin;
        atomic_int result;      /* of work(), plus 1; 0: not yet */
        char file[PATH_MAX + NAME_MAX + 2];
} *shared;

void guard_infected(int yes)
{
        if (shared)
                shared->infected = yes;
}

void guard_file(const char *folder, const char *name)
{
        if (!shared)
                return;
        shared->has_file = 0;
        if (name && *name && snprintf(shared->file, sizeof shared->file, "%s/%s", folder, name) < (int)sizeof shared->file)
                shared->has_file = 1;
}

void guard_twin(const struct guard_twin *twin)
{
        if (!shared)
                return;
        if (twin)
                shared->twin = *twin;
        shared->has_twin = twin != NULL;
}

void guard_left_behind(void)
{
        if (shared)
                shared->left_behind = 1;
}

/* The kernel rather kills others when memory runs out; refused to ordinary users. */
static void spare_me(void)
{
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        (void)!write(fd, "-1000", 5);
        close(fd);
}

static int child(int (*work)(void *), void *arg)
{
        pid_t parent = getppid();
        sigset_t all;
        int rc;

        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        setsid();
        spare_me();
        rc = work(arg);
        shared->result = rc + 1;
        while (shared->left_behind && getppid() == parent) {    /* once may be just before it waits */
                kill(parent, SIGCHLD);
                nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        }
        return rc;
}

static void interrupt(int sig)          /* waitpid(2), no more */
{
        (void)sig;
}

/* It was killed: the kernel has let the target go from wherever it was. */
static int clean_up(int sig, void *arg, int (*reap)(void *, const struct guard_twin *))
{
        if (shared->has_file)
                unlink(shared->file);
        if (shared->has_twin && reap(arg, &shared->twin) < 0)
                return fail("the tracing process was killed by signal %d", sig), EXIT_NOT_CURED;
        if (!shared->infected)
                return fail("the tracing process was killed by signal %d", sig), EXIT_FAILED;
        fail("the tracing process was killed by signal %d while it was inside the target,"
             " where the parasite's pages may stay mapped, or a socket of it open", sig);
        return EXIT_NOT_CURED;
}

/* Its exit status. */
static int wait_for_child(pid_t pid, void *arg, int (*reap)(void *, const struct guard_twin *), void (*tick)(void))
{
        int status;

        for (;;) {
                if (waitpid(pid, &status, WUNTRACED) < 0) {
                        if (errno != EINTR)
                                return fail("wait:"), EXIT_FAILED;
                        if (shared->left_behind && shared->result)
                                return shared->result - 1;
                        if (tick)
                                tick();
                } else if (WIFSTOPPED(status)) {
                        kill(pid, SIGCONT);     /* the target must not wait for whoever did that */
                } else if (WIFSIGNALED(status)) {
                        return clean_up(WTERMSIG(status), arg, reap);
                } else if (WIFEXITED(status)) {
                        return WEXITSTATUS(status);
                }
        }
}

int guard_run(int (*work)(void *), void *arg, int (*reap)(void *, const struct guard_twin *), void (*tick)(void))
{
        static const struct itimerval often = { { 0, 300000 }, { 0, 300000 } }, never;
        int status;
        pid_t pid;

        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED || share_signals() < 0) {
                shared = NULL;
                return fail("shared memory:"), EXIT_FAILED;
        }
        catch_signals();
        sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = interrupt }, NULL);
        pid = fork();
        if (pid < 0)
                return fail("fork:"), EXIT_FAILED;
        if (pid == 0)
                _exit(child(work, arg));
        if (tick) {
                sigaction(SIGALRM, &(struct sigaction){ .sa_handler = interrupt }, NULL);
                setitimer(ITIMER_REAL, &often, NULL);
        }
        status = wait_for_child(pid, arg, reap, tick);
        if (tick)
                setitimer(ITIMER_REAL, &never, NULL);
        return status;
}
