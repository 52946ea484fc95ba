/* SPDX-License-Identifier: MIT */
/* util.c - messages, exit statuses, time, whole reads and writes */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PREFIX  "crdump: "
#define MESSAGE 2048    /* bytes of the longest line; below PIPE_BUF, so that lines of two processes never mix */
#define HELD_MAX 65536u
#define STACK   65536u  /* of a thread */
#define SHARE   4u      /* of all descriptors that we may have, such a part */
#define ASK_NS  500000u /* stop_wanted() asks the kernel no more often */
#define POLITE_NS 10000u /* who gives way does so no more often */
#define REASON  160     /* of them for ": ", strerror() and the newline */

int util_verbosity;

static const int   ends[] = { SIGINT, SIGTERM, SIGHUP };
static atomic_int  own_caught;
static atomic_int *caught = &own_caught;        /* the first signal that wants an end; shared with a child */
static pid_t       sharer;                      /* whose signals they are; 0: ours */
static uint64_t    deadline, pause_limit;
static atomic_int  stop_said;
static _Thread_local int quiet;
static int       (*watch)(void *);
static void       *watched;
static pthread_mutex_t speaking = PTHREAD_MUTEX_INITIALIZER;
static char       *held;                        /* messages; NULL: they go out at once */
static size_t      held_len;
static void      (*clear_line)(void);           /* or NULL */

/* What could move the cursor or end the line: names in messages belong to strangers. */
static void defuse(char *s)
{
        unsigned char *p, before = ' ';

        for (p = (unsigned char *)s; *p; before = *p++) {
                if (*p < ' ' || *p == 0x7f)
                        *p = '?';
                /* C1 controls: bare, or as UTF-8; elsewhere these bytes continue a character */
                else if (*p >= 0x80 && *p < 0xa0 && (before < 0x80 || before == 0xc2))
                        *p = '?';
        }
}

/* s was cut at len: end it in "..." and not within a character. */
static void cut(char *s, size_t len)
{
        len -= 3;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
                len--;
        memcpy(s + len, "...", 4);
}

/* Held, or by one write(2). */
static void put_line(const char *line, size_t len)
{
        if (held && held_len + len <= HELD_MAX) {
                memcpy(held + held_len, line, len);
                held_len += len;
        }
        if (held)
                return;
        if (clear_line)
                clear_line();
        /* again only once: who keeps pressing ^C at a full pipe means it */
        if (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
                (void)!write(STDERR_FILENO, line, len);
}

/* One line, errno as it was. */
static void __attribute__((format(printf, 1, 0)))
message(const char *fmt, va_list ap)
{
        char line[MESSAGE] = PREFIX;
        char *text = line + sizeof(PREFIX) - 1;
        size_t room = sizeof(line) - (sizeof(PREFIX) - 1) - REASON, len = strlen(fmt);
        int saved = errno, n;

        if (quiet)
                return;
        n = vsnprintf(text, room, fmt, ap);
        if (n < 0)
                text[0] = 0;
        else if ((size_t)n >= room)
                cut(text, room - 1);
        if (len > 0 && fmt[len - 1] == ':') {
                n = (int)strlen(text);
                snprintf(text + n, REASON - 1, "%s %s", n > 0 && text[n - 1] == ':' ? "" : ":", strerror(saved));
        }
        defuse(text);
        len = strlen(line);
        line[len++] = '\n';
        pthread_mutex_lock(&speaking);
        put_line(line, len);
        pthread_mutex_unlock(&speaking);
        errno = saved;
}

void hold_messages(int yes)
{
        if (yes && !held) {
                held = malloc(HELD_MAX);
                held_len = 0;
        } else if (!yes && held) {
                if (held_len && clear_line)
                        clear_line();
                (void)!write(STDERR_FILENO, held, held_len);
                free(held);
                held = NULL;
        }
}

void before_message(void (*clear)(void))
{
        clear_line = clear;
}

int fail(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        message(fmt, ap);
        va_end(ap);
        return -1;
}

void warn(const char *fmt, ...)
{
        va_list ap;

        if (util_verbosity < 0)
                return;
        va_start(ap, fmt);
        message(fmt, ap);
        va_end(ap);
}

void say(const char *fmt, ...)
{
        va_list ap;

        if (util_verbosity < 1)
                return;
        va_start(ap, fmt);
        message(fmt, ap);
        va_end(ap);
}

void inform(const char *fmt, ...)
{
        va_list ap;

        if (util_verbosity < 0)
                return;
        va_start(ap, fmt);
        message(fmt, ap);
        va_end(ap);
}

void die(int status, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        message(fmt, ap);
        va_end(ap);
        exit(status);
}

uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int start_thread(pthread_t *t, void *(*fn)(void *), void *arg)
{
        pthread_attr_t attr;
        pthread_t own;
        sigset_t all, was;
        int err = pthread_attr_init(&attr);

        if (err)
                return err;
        pthread_attr_setstacksize(&attr, STACK);
        if (!t)
                pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &was);
        err = pthread_create(t ? t : &own, &attr, fn, arg);
        pthread_sigmask(SIG_SETMASK, &was, NULL);
        pthread_attr_destroy(&attr);
        return err;
}

size_t find_number(const void *v, size_t n, size_t size, int number, size_t *at)
{
        for (size_t i = 0; i < n; i++) {
                size_t k = (*at + i) % n;
                int its;

                memcpy(&its, (const char *)v + k * size, sizeof its);
                if (its == number) {
                        *at = k + 1;
                        return k;
                }
        }
        return n;
}

size_t descriptors(size_t most)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return 0;
        return files.rlim_cur / SHARE < most ? files.rlim_cur / SHARE : most;
}

void quiet_thread(int yes)
{
        quiet = yes;
}

void give_way(void)
{
        static _Thread_local uint64_t gave_ns;
        uint64_t now = quiet ? now_ns() : 0;

        if (now - gave_ns < POLITE_NS || !quiet)
                return;
        sched_yield();
        gave_ns = now;
}

void clocked_cond(pthread_cond_t *c)
{
        pthread_condattr_t attr;

        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(c, &attr);
        pthread_condattr_destroy(&attr);
}

ssize_t read_some(int fd, void *buf, size_t len)
{
        ssize_t n;

        do
                n = read(fd, buf, len);
        while (n < 0 && errno == EINTR && !stop_signal());
        return n;
}

ssize_t read_full(int fd, void *buf, size_t len)
{
        size_t done = 0;

        while (done < len) {
                ssize_t n = read(fd, (char *)buf + done, len - done);

                if (n == 0)
                        break;
                if (n > 0)
                        done += (size_t)n;
                else if (errno != EINTR || stop_signal())
                        return -1;
        }
        return (ssize_t)done;
}

int write_full(int fd, const void *buf, size_t len)
{
        size_t done = 0;

        while (done < len) {
                ssize_t n = write(fd, (const char *)buf + done, len - done);

                if (n == 0) {           /* no regular file does this: never loop on it */
                        errno = EIO;
                        return -1;
                }
                if (n > 0)
                        done += (size_t)n;
                else if (errno != EINTR || stop_signal())
                        return -1;
        }
        return 0;
}

/* The rest of fd, as read_file() promises. What is short is read aside first: it gets no more memory than it takes. */
static int slurp(int fd, size_t max, char **out, size_t *len)
{
        char first[4096], *buf = NULL, *more;
        size_t cap = sizeof first, used = 0;
        ssize_t n = read_full(fd, first, cap);

        while (n >= 0) {
                used += (size_t)n;
                if (used > max) {
                        errno = EFBIG;
                        break;
                }
                more = realloc(buf, used < cap ? used + 1 : 2 * cap);
                if (!more)
                        break;
                if (!buf)
                        memcpy(more, first, used);
                buf = more;
                if (used < cap) {
                        buf[used] = 0;
                        *out = buf;
                        *len = used;
                        return 0;
                }
                cap *= 2;
                n = read_full(fd, buf + used, cap - used);
        }
        free(buf);              /* musl's and glibc's (2.33 on) keep errno */
        return -1;
}

int read_file(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
        int fd, rc, saved;

        fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -1;
        rc = slurp(fd, max, out, len);
        saved = errno;
        close(fd);
        errno = saved;
        return rc;
}

static void on_signal(int sig)
{
        int none = 0;

        atomic_compare_exchange_strong(caught, &none, sig);
}

int share_signals(void)
{
        void *p = mmap(NULL, sizeof *caught, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                return -1;
        caught = p;
        sharer = getpid();
        return 0;
}

void catch_signals(void)
{
        struct sigaction sa = { .sa_handler = on_signal };      /* no SA_RESTART: waits must end */
        struct sigaction was;
        size_t i;

        sigemptyset(&sa.sa_mask);
        for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
                if (sigaction(ends[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)   /* nohup */
                        sigaction(ends[i], &sa, NULL);
        signal(SIGPIPE, SIG_IGN);       /* then write(2) says EPIPE, */
        signal(SIGXFSZ, SIG_IGN);       /* and EFBIG */
        signal(SIGCHLD, SIG_DFL);       /* inherited as ignored it would eat wait statuses */
}

/* A signal sent to the child itself, where it is blocked. */
static int pending_signal(void)
{
        sigset_t set;

        if (!sharer || sharer == getpid() || sigpending(&set) < 0)
                return 0;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
                if (sigismember(&set, ends[i]))
                        return ends[i];
        return 0;
}

int stop_signal(void)
{
        return *caught ? *caught : pending_signal();
}

void set_deadline(uint64_t at_ns)
{
        deadline = at_ns;
}

void set_pause_limit(uint64_t at_ns)
{
        pause_limit = at_ns;
}

uint64_t deadline_ns(void)
{
        if (!deadline || (pause_limit && pause_limit < deadline))
                return pause_limit;
        return deadline;
}

/* Is the process that takes the signals for us gone? */
static int orphaned(void)
{
        return sharer && sharer != getpid() && sharer != getppid();
}

void set_watch(int (*lost)(void *), void *arg)
{
        watch = lost;
        watched = arg;
}

int stop_wanted(void)
{
        static _Atomic uint64_t asked;
        uint64_t now = now_ns();
        const char *why = NULL;
        int sig;

        if (stop_said)
                return -1;
        if (now - asked < ASK_NS)
                return 0;
        asked = now;
        sig = stop_signal();
        if (sig)
                why = sig == SIGINT ? " by SIGINT" : sig == SIGTERM ? " by SIGTERM" : " by SIGHUP";
        else if (orphaned())
                why = ": the parent process was killed";
        else if (deadline && now >= deadline)
                why = ": the time given is over";
        else if (pause_limit && now >= pause_limit)
                why = ": the target would have paused longer than allowed";
        else if (!watch || watch(watched) == 0)
                return 0;
        if (!quiet && !atomic_exchange(&stop_said, 1) && why)   /* another thread may say it just now */
                fail("stopped%s", why);
        return -1;
}
