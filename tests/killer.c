/* SPDX-License-Identifier: MIT */
/*
 * killer.c - kills dumps at random moments and looks how the targets are
 *
 * usage: killer KILLS FOLDER CRDUMP[,OPTION]... PID BEATFILE [PID BEATFILE]...
 *
 * Measures how long a dump takes from fork to exit, then starts KILLS of them,
 * each to be ended by SIGKILL after a time drawn evenly from that span and a
 * bit: crdump itself, or its child that does the tracing, or both. The targets (victim-regs) take turns: one whose beat has not moved since
 * its last turn is still on its way home and is left alone. At the end all must
 * beat within 10 s, run or sleep, and be traced by nobody. FOLDER is for the
 * images and is emptied on the way. Exit status 0: no target harmed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TARGETS 64
#define MEASURED 24
#define KILLS   100000

struct target {
        int pid;
        volatile uint64_t *beats;
        uint64_t seen;                  /* beats at the end of its last turn */
        int maps;                       /* lines in /proc/PID/maps at the start */
};

struct kill {
        double delay;                   /* seconds */
        int traced;                     /* somebody traced the target at that time */
        int killed;                     /* 0: the dump was faster */
};

extern char **environ;
static struct target target[TARGETS];
static struct kill kills[KILLS];
static int targets, harmed;
static const char *folder;
static char *command[16];               /* crdump and its options, then room for PID and image */
static int words;

static double seconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void nap(double s)
{
        struct timespec t = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };

        clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static int die(const char *what)
{
        printf("Bail out! killer: %s\n", what);
        exit(99);
}

/* The number or letter behind key in /proc/PID/status; "" when it is gone. */
static const char *status(int pid, const char *key)
{
        static char buf[4096];
        char path[64], *p;
        ssize_t n;
        int fd;

        snprintf(path, sizeof path, "/proc/%d/status", pid);
        if ((fd = open(path, O_RDONLY)) < 0)
                return "";
        n = read(fd, buf, sizeof buf - 1);
        close(fd);
        buf[n > 0 ? n : 0] = '\0';
        p = strstr(buf, key);
        return p ? p + strlen(key) : "";
}

static int maps(int pid)
{
        char path[64], buf[4096];
        ssize_t n, i;
        int fd, lines = 0;

        snprintf(path, sizeof path, "/proc/%d/maps", pid);
        if ((fd = open(path, O_RDONLY)) < 0)
                return 0;
        while ((n = read(fd, buf, sizeof buf)) > 0)
                for (i = 0; i < n; i++)
                        lines += buf[i] == '\n';
        close(fd);
        return lines;
}

static void empty_folder(void)
{
        DIR *d = opendir(folder);
        struct dirent *e;

        if (!d)
                die(folder);
        while ((e = readdir(d)))
                if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
                        unlinkat(dirfd(d), e->d_name, 0);
        closedir(d);
}

static int start_dump(const struct target *t)
{
        char pid[16], img[4096];
        int child;

        snprintf(pid, sizeof pid, "%d", t->pid);
        snprintf(img, sizeof img, "%s/img", folder);
        command[words] = pid;
        command[words + 1] = img;
        command[words + 2] = NULL;
        if (posix_spawn(&child, command[0], NULL, NULL, command, environ) != 0)
                die(command[0]);
        return child;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* A dump that takes longer than most, but for those that a disk has stopped for seconds. */
static double measure(void)
{
        double took[MEASURED], start;
        int i, st;

        for (i = 0; i < MEASURED; i++) {
                start = seconds();
                if (waitpid(start_dump(&target[i % targets]), &st, 0) < 0 || st != 0)
                        die("a dump that nobody disturbed failed");
                took[i] = seconds() - start;
        }
        qsort(took, MEASURED, sizeof *took, by_size);
        if (took[MEASURED * 3 / 4] > 3 * took[MEASURED / 2])
                return 3 * took[MEASURED / 2];
        return took[MEASURED * 3 / 4];
}

static struct target *somebody_at_home(void)
{
        double limit = seconds() + 20;
        int i = (int)(random() % targets), n;

        while (seconds() < limit) {
                for (n = 0; n < targets; n++, i = (i + 1) % targets)
                        if (*target[i].beats != target[i].seen)
                                return &target[i];
                nap(0.002);
        }
        return NULL;
}

static int child_of(int pid)                          /* its only one; 0: none */
{
        char path[64], buf[32];
        ssize_t n;
        int fd;

        snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
        if ((fd = open(path, O_RDONLY)) < 0)
                return 0;
        n = read(fd, buf, sizeof buf - 1);
        close(fd);
        buf[n > 0 ? n : 0] = '\0';
        return atoi(buf);
}

static void kill_one(struct target *t, struct kill *k, double span)
{
        double start = seconds();
        int child = start_dump(t), way = (int)(random() % 3), tracer, st;

        k->delay = span * (double)random() / RAND_MAX;
        nap(k->delay - (seconds() - start) > 0 ? k->delay - (seconds() - start) : 0);
        k->traced = atoi(status(t->pid, "TracerPid:")) != 0;
        tracer = child_of(child);
        if (way != 0 && tracer)
                kill(tracer, SIGKILL);
        if (way != 1 || !tracer)
                kill(child, SIGKILL);
        waitpid(child, &st, 0);
        k->killed = WIFSIGNALED(st) || WEXITSTATUS(st) != 0;
        t->seen = *t->beats;
}

static void tell_when(int n)
{
        double first = 1e9, last = 0;
        int i, when[4] = { 0 };

        for (i = 0; i < n; i++) {
                if (!kills[i].killed || !kills[i].traced)
                        continue;
                if (kills[i].delay < first)
                        first = kills[i].delay;
                if (kills[i].delay > last)
                        last = kills[i].delay;
        }
        for (i = 0; i < n; i++)
                when[!kills[i].killed ? 3 : kills[i].traced ? 1 : kills[i].delay < (first + last) / 2 ? 0 : 2]++;
        printf("# of %d kills %d fell before the target was seized, %d while it was held, %d after it was let go, %d after the end\n",
                n, when[0], when[1], when[2], when[3]);
}

static void look_at(struct target *t)
{
        double limit = seconds() + 10;
        uint64_t was = *t->beats;
        int extra;

        while (*t->beats == was && seconds() < limit)
                nap(0.005);
        if (*t->beats == was || strchr("TtZX", *status(t->pid, "State:\t")) || atoi(status(t->pid, "TracerPid:"))) {
                harmed++;
                printf("# target %d: %s, state %.1s, TracerPid %d\n", t->pid, *t->beats == was ? "does not beat" : "beats",
                        status(t->pid, "State:\t"), atoi(status(t->pid, "TracerPid:")));
        }
        extra = maps(t->pid) - t->maps;
        if (extra)
                printf("# target %d: %d more mappings\n", t->pid, extra);
}

static void take_arguments(int argc, char **argv)
{
        char *p;
        int i, fd;

        folder = argv[2];
        for (p = strtok(argv[3], ","); p && words < 12; p = strtok(NULL, ","))
                command[words++] = p;
        for (i = 4; i + 1 < argc && targets < TARGETS; i += 2, targets++) {
                struct target *t = &target[targets];

                t->pid = atoi(argv[i]);
                if ((fd = open(argv[i + 1], O_RDONLY)) < 0)
                        die(argv[i + 1]);
                t->beats = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
                if (t->beats == MAP_FAILED)
                        die(argv[i + 1]);
                close(fd);
                t->maps = maps(t->pid);
                t->seen = ~0ull;
        }
}

int main(int argc, char **argv)
{
        int n = argc > 5 ? atoi(argv[1]) : 0, i, moved = 0;
        struct target *t;
        double span;

        if (n < 1 || n > KILLS)
                die("usage");
        setvbuf(stdout, NULL, _IOLBF, 0);
        take_arguments(argc, argv);
        prctl(PR_SET_TIMERSLACK, 1);
        srandom((unsigned)getpid());
        span = measure() * 1.1;
        printf("# a dump takes %.2f ms; seed %d\n", span / 1.1 * 1e3, getpid());
        for (i = 0; i < n && (t = somebody_at_home()); i++) {
                kill_one(t, &kills[i], span);
                empty_folder();
        }
        tell_when(i);
        if (i < n) {
                printf("# no target beats any more after %d kills\n", i);
                harmed++;
        }
        for (t = target; t < target + targets; t++) {
                look_at(t);
                moved += maps(t->pid) != t->maps;
        }
        printf("# %d of %d targets harmed, %d with mappings left\n", harmed, targets, moved);
        return harmed != 0;
}
