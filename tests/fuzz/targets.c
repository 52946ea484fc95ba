/* SPDX-License-Identifier: MIT */
/* targets.c - what is fuzzed */
#include "fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "corefile.h"
#include "proctext.h"
#include "../../check.h"
#include "../../diff.h"
#include "../../load.h"
#include "../../show.h"
#include "../../util.h"

#define PIPE_MAX        (1 << 20)       /* bytes that a pipe takes */

const struct fuzz_target *fuzz_target;
int fuzz_status;
static int file = -1;                   /* holds the image */
static char path[64];
static int may_fail;                    /* it has a base */
static int report = STDERR_FILENO;      /* where stderr went before we closed it */
static uint64_t limit_ns = 5000000000;  /* of processor time, under sanitizers: more is too much for any input */

void fuzz_blame(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        dprintf(report, "%s: ", fuzz_target->name);
        vdprintf(report, fmt, ap);
        dprintf(report, "\n");
        va_end(ap);
        abort();
}

/* --- images ------------------------------------------------------------------ */

int fuzz_may_fail(void)
{
        return may_fail;
}

const char *fuzz_file(const uint8_t *data, size_t len)
{
        const size_t at = offsetof(struct img_header, must);

        if (file < 0) {
                file = memfd_create("image", MFD_CLOEXEC);
                snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        }
        if (file < 0 || ftruncate(file, 0) < 0 || pwrite(file, data, len, 0) != (ssize_t)len)
                abort();
        may_fail = len > at && data[at] & IMG_MUST_BASE;
        return path;
}

/* The input as a pipe that is standard input; "-", or NULL if it is too long for one. */
static const char *as_pipe(const uint8_t *data, size_t len)
{
        int fd[2];

        if (len > PIPE_MAX)
                return NULL;
        if (pipe2(fd, O_CLOEXEC) < 0 || fcntl(fd[1], F_SETPIPE_SZ, PIPE_MAX) < 0 || dup2(fd[0], 0) < 0 ||
            write(fd[1], data, len) != (ssize_t)len)
                abort();
        close(fd[0]);
        close(fd[1]);
        return "-";
}

/* How much may be printed of so many bytes. */
static uint64_t printed_at_most(size_t len)
{
        return 65536 + 256 * (uint64_t)len;
}

static void judge_status(int status)
{
        fuzz_status = status;
        if (status != EXIT_DONE && status != EXIT_DAMAGED && !(status == EXIT_FAILED && may_fail))
                fuzz_blame("exit status %d", status);
}

/* check says the same of a file and of a pipe, where it does not know how much will come. */
static void run_check(const uint8_t *data, size_t len)
{
        int status, piped = -1;
        const char *from;

        sink_begin(SINK_TEXT, 4096);
        status = check(fuzz_file(data, len));
        sink_end(status == EXIT_DONE);
        judge_status(status);
        if ((from = as_pipe(data, len)))
                piped = check(from);
        if (from && piped != status && !may_fail)       /* of a pipe the base would be elsewhere */
                fuzz_blame("exit status %d, but %d from a pipe", status, piped);
}

static void run_show(const uint8_t *data, size_t len)
{
        int status;

        sink_begin(SINK_TEXT, printed_at_most(len));
        status = show(fuzz_file(data, len), SHOW_ALL, 0);
        sink_end(1);
        judge_status(status);
}

static void run_json(const uint8_t *data, size_t len)
{
        int status;

        sink_begin(SINK_JSON, printed_at_most(len));
        status = show(fuzz_file(data, len), 0, 1);
        sink_end(1);
        judge_status(status);
}

/* The path of an image with everything in it, and how long that is. */
static const char *a_seed(size_t *len)
{
        static uint8_t seed[1 << 18];
        static size_t seed_len;
        static char seed_path[64];
        struct fuzz_image m = { 0 };
        int fd;

        if (!seed_len) {
                fd = memfd_create("seed", MFD_CLOEXEC);
                fuzz_seed(&m, 0);
                seed_len = fuzz_seal(&m, NULL, seed, sizeof seed);
                fuzz_free(&m);
                if (fd < 0 || !seed_len || pwrite(fd, seed, seed_len, 0) != (ssize_t)seed_len)
                        abort();
                snprintf(seed_path, sizeof seed_path, "/proc/self/fd/%d", fd);
        }
        *len = seed_len;
        return seed_path;
}

/* A whole image is the same as itself; from another one it differs in words. */
static void run_diff(const uint8_t *data, size_t len)
{
        size_t other_len;
        const char *other = a_seed(&other_len), *image = fuzz_file(data, len);
        int status, there, back;

        sink_begin(SINK_TEXT, printed_at_most(0));
        status = diff(image, image);
        sink_end(status == EXIT_DONE);
        if (status == DIFF_TROUBLE && may_fail)
                status = EXIT_FAILED;
        judge_status(status);
        sink_begin(SINK_TEXT, 2 * printed_at_most(len + other_len));
        there = diff(other, image);
        back = diff(image, other);
        sink_end(there != EXIT_DAMAGED);
        if ((there != back || (there == EXIT_DAMAGED) != (status == EXIT_DAMAGED) || (there > 1 && there != EXIT_DAMAGED)) &&
            !may_fail)
                fuzz_blame("exit status %d, and %d the other way, of an image that check says %d of", there, back, status);
}

/* --- what load() promises to those who print ---------------------------------- */

static unsigned sum;            /* of all bytes: a look at each */

static void look(const void *p, size_t len)
{
        for (size_t i = 0; i < len; i++)
                sum += ((const unsigned char *)p)[i];
        if (sum == 0xdeadbeef)          /* a branch, where MSan sees a byte that is not defined */
                sum++;
}

static void look_at_strs(const struct model_strs *s, uint32_t n, uint32_t many, size_t len)
{
        for (uint32_t i = 0; i < s->n; i++) {
                const struct model_str *v = &s->v[i];

                if (v->id == 0 || v->id >= n || v->kept > v->len || v->len > len || v->p[v->kept] != '\0')
                        fuzz_blame("string %" PRIu32 " of %" PRIu64 " bytes, %" PRIu32 " kept", v->id, v->len, v->kept);
                look(v->p, v->kept);
                if (v->id != many && model_str(s, v->id) != v)
                        fuzz_blame("string %" PRIu32 " is there twice", v->id);
        }
}

static void look_at_maps(const struct model *m)
{
        for (uint32_t i = 0; i < m->maps_n; i++) {
                const struct model_map *map = &m->maps[i];

                look(map, sizeof *map);
                look(map->name, map->m.name_len);
                if (model_map_at(m, map->m.start) != map || model_map_at(m, map->m.end - 1) != map)
                        fuzz_blame("mapping %" PRIx64 " is not found", map->m.start);
        }
}

static void look_at_model(const struct model *m, size_t len)
{
        for (int i = 0; i < IMG_STR_N; i++)
                look(m->str[i].p, m->str[i].p ? m->str[i].len + 1 : 0);
        look(m->notes.p, m->notes.p ? m->notes.len + 1 : 0);
        for (uint32_t i = 0; i < m->threads_n; i++) {
                const struct model_thread *t = &m->threads[i];

                if (t->regs_n > NAMES_REGS || t->xstate_off > len || t->t.xstate_len > len - t->xstate_off)
                        fuzz_blame("thread %" PRIu32 ": xstate at %" PRIu64, i, t->xstate_off);
                look(&t->t, sizeof t->t);
                look(t->regs, sizeof t->regs);
                look_at_strs(&t->strs, IMG_TSTR_N, IMG_TSTR_FILTER, len);
        }
        for (uint32_t i = 0; i < m->fds_n; i++) {
                if (i && model_fd_order(&m->fds[i - 1].f, &m->fds[i].f) >= 0)
                        fuzz_blame("descriptors are out of order");
                look(&m->fds[i].f, sizeof m->fds[i].f);
                look_at_strs(&m->fds[i].strs, IMG_FSTR_N, 0, len);
        }
        look_at_maps(m);
        for (uint32_t i = 0; i < m->files_n; i++)
                look(m->files[i].name, strlen(m->files[i].name));
        look(m->timers, m->timers_n * sizeof *m->timers);
        look(m->rlimits, m->rlimits_n * sizeof *m->rlimits);
        look(m->siginfos, m->siginfos_n * sizeof *m->siginfos);
        look(m->sigactions, sizeof m->sigactions);
        look(m->itimers, sizeof m->itimers);
        look(&m->proc, sizeof m->proc);
        look(&m->misc, sizeof m->misc);
}

/* All runs from where it is; how many bytes of data there were. */
static uint64_t look_at_runs(struct load *l, const struct model *m, int *rc)
{
        uint64_t next = 0, pages = 0;
        const unsigned char *data;
        struct img_run run;

        while ((*rc = load_run(l, &run, &data)) > 0) {
                const struct model_map *map = model_map_at(m, run.addr);

                if (!map || run.addr < next || run.addr % IMG_PAGE || run.n == 0 ||
                    run.n > (map->m.end - run.addr) >> IMG_PAGE_SHIFT || run.kind < IMG_DATA || run.kind > IMG_UNREADABLE ||
                    (run.kind == IMG_DATA) != (data != NULL))
                        fuzz_blame("run at %" PRIx64 " is not what was promised", run.addr);
                next = run.addr + ((uint64_t)run.n << IMG_PAGE_SHIFT);
                if (data)
                        look(data, (size_t)run.n << IMG_PAGE_SHIFT);
                pages += data ? run.n : 0;
        }
        if (*rc < 0 && !may_fail && load_run(l, &run, &data) >= 0)
                fuzz_blame("a run after an error");
        return pages;
}

static void look_at_xstate(struct load *l, const struct model *m)
{
        for (uint32_t i = 0; i < m->threads_n; i++) {
                uint32_t len = m->threads[i].t.xstate_len;
                uint8_t *p = malloc(len ? len : 1);

                if (!p || load_xstate(l, i, p) < 0)
                        fuzz_blame("xstate of thread %" PRIu32 " is not there", i);
                look(p, len);
                free(p);
        }
}

/* The image read as core and diff do: forward, and then all over again. */
static void run_load(const uint8_t *data, size_t len)
{
        struct model m;
        struct load *l = load_open(&m, fuzz_file(data, len));
        int rc = load_state(l), status;

        if (rc == 0 && (!m.have_proc || !m.have_maps || m.threads_n != m.proc.threads))
                fuzz_blame("the state is not what was promised");
        if (rc == 0)
                look_at_xstate(l, &m);
        if (rc == 0) {
                uint64_t pages = look_at_runs(l, &m, &rc);

                if (m.complete != (rc == 0) || (m.complete && pages != m.pages[IMG_DATA]))
                        fuzz_blame("complete, or not: %d, %" PRIu64 " pages", rc, pages);
                if (rc == 0 && load_rewind(l) == 0 && (look_at_runs(l, &m, &rc) != pages || rc < 0))
                        fuzz_blame("the second time it is different");
        }
        status = load_close(l);
        judge_status(status);
        if ((status == EXIT_DONE) != (rc == 0) && !may_fail)
                fuzz_blame("exit status %d after %d", status, rc);
        look_at_model(&m, len);
        model_free(&m);
}

/* A place in it by the index, which may lie. */
static void run_seek(const uint8_t *data, size_t len)
{
        for (int i = 0; i < 3; i++) {
                struct model m;
                struct load *l = load_open(&m, fuzz_file(data, len));
                int rc = load_state(l);
                uint64_t addr = m.maps_n ? m.maps[i * (m.maps_n - 1) / 2].m.start + IMG_PAGE : 0;

                if (rc == 0 && (rc = load_seek(l, addr)) == 0)
                        look_at_runs(l, &m, &rc);
                judge_status(load_close(l));
                look_at_model(&m, len);
                model_free(&m);
        }
}

/* --- all of them ---------------------------------------------------------------- */

const struct fuzz_target fuzz_targets[] = {
        { "check",      "image",        run_check,      1 },
        { "load",       "image",        run_load,       1 },
        { "seek",       "image",        run_seek,       0 },
        { "show",       "image",        run_show,       1 },
        { "json",       "image",        run_json,       1 },
        { "core",       "image",        corefile_run,   1 },
        { "diff",       "image",        run_diff,       1 },
        { "stat",       "proc",         proctext_stat,      0 },
        { "status",     "proc",         proctext_status, 0 },
        { "thread",     "proc",         proctext_thread,    0 },
        { "syscall",    "proc",         proctext_syscall,   0 },
        { "maps",       "proc",         proctext_maps,      0 },
        { "timers",     "proc",         proctext_timers,    0 },
        { "limits",     "proc",         proctext_limits, 0 },
        { "tty",        "proc",         proctext_tty,   0 },
        { "buildid",    "elf",          proctext_buildid, 0 },
        { NULL, NULL, NULL, 0 },
};

const struct fuzz_target *fuzz_find(const char *name)
{
        for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
                if (strcmp(t->name, name) == 0)
                        return t;
        return NULL;
}

/* The base of all that have one, at FUZZ_BASE_FD: in the folder of those files, /proc/self/fd. */
static void put_base(void)
{
        static uint8_t image[1 << 18];
        struct fuzz_image m;
        const char *name;
        size_t len = 0;
        int fd = memfd_create("base", MFD_CLOEXEC);

        for (int i = 0; (name = fuzz_seed(&m, i)); i++) {
                if (strcmp(name, "1.2-base") == 0)
                        len = fuzz_seal(&m, NULL, image, sizeof image);
                fuzz_free(&m);
        }
        if (fd < 0 || !len || pwrite(fd, image, len, 0) != (ssize_t)len || dup2(fd, FUZZ_BASE_FD) < 0)
                abort();
        close(fd);
}

void fuzz_init(void)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        put_base();
        report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        if (report < 0 || null < 0)
                abort();
        dup2(null, STDOUT_FILENO);
        sink_install();
}

static uint64_t processor_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        uint64_t start = processor_ns(), took;

        fuzz_target->run(data, len);
        took = processor_ns() - start;
        if (took > limit_ns)
                fuzz_blame("%zu bytes took %" PRIu64 " ms", len, took / 1000000);
        return 0;
}

void fuzz_wrong(const char *judge)
{
        static const char text[] = "a\x1b[2Jb", json[] = "{\"a\": [1,]}";
        int is_json = strcmp(judge, "json") == 0;

        fuzz_target = &fuzz_targets[0];
        sink_begin(is_json ? SINK_JSON : SINK_TEXT, strcmp(judge, "size") == 0 ? 8 : 4096);
        if (is_json || strcmp(judge, "text") == 0)
                fputs(is_json ? json : text, stdout);
        else
                fputs("nine of it", stdout);
        sink_end(1);
        if (strcmp(judge, "status") == 0)
                judge_status(EXIT_FAILED);
        if (strcmp(judge, "memory") == 0)
                look(calloc(1, 8), 9);
        if (strcmp(judge, "time") == 0)
                limit_ns = 0;
        LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
}
