/* SPDX-License-Identifier: MIT */
/* progress.c - one line on a terminal about what takes more than a second */
#include "progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define QUIET_NS        1000000000ull   /* what takes no longer needs no line */
#define REDRAW_NS       250000000ull
#define WIDTH           120             /* of the line, at most */
#define PATIENCE        50              /* ms that who erases waits for who draws; he may be stopped just then */

static struct shared {          /* by who counts and who draws */
        atomic_ullong done, total;
        atomic_int lock;        /* the line is being drawn or erased */
        atomic_int shown;       /* columns of it */
        atomic_int ended;
} *shared;

static unsigned readings;
static int      terminal;       /* stderr opened once more, so as not to wait for it */
static uint64_t begun, drawn;   /* now_ns() */
static uint64_t drawn_done, rate;       /* bytes then; bytes a second of late */

static void erase(void)
{
        static const struct timespec ms = { 0, 1000000 };
        char blanks[WIDTH + 3];
        int n, tries = 0;

        while (atomic_exchange(&shared->lock, 1) && tries++ < PATIENCE)
                nanosleep(&ms, NULL);
        n = atomic_exchange(&shared->shown, 0);
        if (n)          /* a message comes next: it may wait as that may */
                (void)!write(STDERR_FILENO, blanks, (size_t)snprintf(blanks, sizeof blanks, "\r%*s\r", n, ""));
        shared->lock = 0;
}

int progress_begin(unsigned times)
{
        if (util_verbosity < 0 || !isatty(STDERR_FILENO))
                return 0;
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) {
                shared = NULL;
                return 0;
        }
        terminal = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (terminal < 0)               /* another user's */
                terminal = STDERR_FILENO;
        shared->total = UINT64_MAX;
        readings = times;
        begun = now_ns();
        before_message(erase);
        return 1;
}

void progress_total(uint64_t bytes)
{
        if (shared)
                shared->total = bytes > UINT64_MAX / readings ? UINT64_MAX : bytes * readings;
}

void progress_at(uint64_t bytes)
{
        if (shared)
                shared->done = bytes;
}

static int put_size(char *to, size_t room, uint64_t bytes)
{
        static const char unit[] = "KMGTPE";
        int u = 0;

        while (bytes >> (10 * (u + 1)) >= 1024 && u < 5)
                u++;
        return snprintf(to, room, "%" PRIu64 ".%u %ciB", bytes >> (10 * (u + 1)),
                        (unsigned)((bytes >> (10 * u) & 1023) * 10 / 1024), unit[u]);
}

/* The line, without anything that moves the cursor: its length. */
static int compose(char line[WIDTH + 1], uint64_t done, uint64_t total)
{
        char now[32], all[32], speed[32], left[32] = "";
        uint64_t s;

        put_size(now, sizeof now, done);
        put_size(speed, sizeof speed, rate);
        if (total == UINT64_MAX || total < done)
                return snprintf(line, WIDTH + 1, "crdump: %s, %s/s", now, speed);
        put_size(all, sizeof all, total);
        if (rate) {
                s = (total - done) / rate;
                snprintf(left, sizeof left, s < 120 ? ", %" PRIu64 " s left" : ", %" PRIu64 " min left", s < 120 ? s : s / 60);
        }
        return snprintf(line, WIDTH + 1, "crdump: %s of %s, %s/s%s", now, all, speed, left);
}

/* Will the terminal take a line, now, and from us? */
static int ready(int *columns)
{
        struct pollfd p = { terminal, POLLOUT, 0 };
        struct winsize size = { 0 };
        pid_t job = tcgetpgrp(STDERR_FILENO);

        if ((job > 0 && job != getpgrp()) || poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
                return 0;
        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                size.ws_col = 80;
        *columns = size.ws_col - 1 < WIDTH ? size.ws_col - 1 : WIDTH;   /* in the last one it would wrap */
        return 1;
}

void progress_draw(void)
{
        char line[WIDTH + 1], text[2 * WIDTH + 3];
        uint64_t now = now_ns(), done, speed;
        int n, columns, before;

        if (!shared || shared->ended || now - begun < QUIET_NS || now - drawn < REDRAW_NS || !ready(&columns))
                return;
        done = shared->done;
        speed = (uint64_t)((double)(done - (done < drawn_done ? done : drawn_done)) * 1e9 / (double)(now - (drawn ? drawn : begun)));
        rate = drawn ? (3 * rate + speed) / 4 : speed;
        drawn = now;
        drawn_done = done;
        n = compose(line, done, shared->total);
        if (n > columns)
                n = columns;
        if (atomic_exchange(&shared->lock, 1))
                return;
        before = shared->shown;
        if (!shared->ended && write(terminal, text, (size_t)snprintf(text, sizeof text, "\r%.*s%*s", n, line,
                                                                     before > n ? before - n : 0, "")) > 0)
                shared->shown = before > n ? before : n;
        shared->lock = 0;
}

void progress_add(uint64_t bytes)
{
        if (!shared)
                return;
        shared->done += bytes;
        progress_draw();
}

void progress_end(void)
{
        if (!shared)
                return;
        shared->ended = 1;
        erase();
}
