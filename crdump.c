/* SPDX-License-Identifier: MIT */
/* crdump.c - options, table of commands, exit status */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "core.h"
#include "diff.h"
#include "dump.h"
#include "show.h"
#include "showmem.h"
#include "snapshot.h"
#include "util.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

#ifndef SNAPSHOT_UNASKED
#define SNAPSHOT_UNASKED SNAPSHOT_ANY   /* without any option for it: tests may have it otherwise */
#endif

static const char usage[] =
        "usage: crdump [OPTION]... PID out.img|-\n"
        "       crdump show [--json] [--all] [--PART]... out.img\n"
        "       crdump show --mem ADDR[:LEN] [--raw] out.img\n"
        "       crdump check out.img\n"
        "       crdump core out.img core|-\n"
        "       crdump diff a.img b.img\n"
        "       crdump help | --version\n";

static const char help[] =
        "\n"
        "Capture a running process in one file, and let it go on as if nothing had happened.\n"
        "- is standard output: crdump PID - | ssh host 'cat >x.img'.\n"
        "\n"
        "  -v, --verbose          say each step on stderr\n"
        "  -q, --quiet            say nothing but errors\n"
        "  -z[LEVEL], --compress[=LEVEL]\n"
        "                         deflate the memory; level 1 (default) to 9\n"
        "      --direct           write past the page cache (O_DIRECT): it keeps what it holds\n"
        "      --base FILE        leave out pages that are as in that image, which is needed then\n"
        "                         to read this one\n"
        "      --timeout SECONDS  give up after so long, target as it was found\n"
        "      --max-pause MS     give up when the target would be stopped for longer\n"
        "      --file-pages       copy what is as in the mapped files, too: no file of this\n"
        "                         machine is needed to read the image\n"
        "      --contents SIZE    copy so much of what is in pipes, unlinked files and memfds,\n"
        "                         of each; 1M if not given, 0 for none\n"
        "      --json             the summary as one JSON object on stdout, with - on stderr\n"
        "      --snapshot         stop it for an instant only: copy it by clone(2), and write that;\n"
        "                         or fail; with =try stop it where that cannot be. Without any of\n"
        "                         these that is done, but small processes are copied at once\n"
        "      --stop             stop it for as long as the image takes to be written\n"
        "      --stats            print where the time in the target went\n"
        "      --trampoline=vdso|inject\n"
        "                         make system calls from the target's own code (default),\n"
        "                         or from code that is swapped in and out\n"
        "      --catch=park|breakpoint\n"
        "                         catch the parasite when it is parked (default),\n"
        "                         or by a hardware breakpoint\n"
        "\n"
        "  show      print an image: a summary, or parts of it, as text or as JSON\n"
        "            --process --threads --maps --fds --signals --timers, --all\n"
        "            --mem ADDR[:LEN]: bytes of its memory, in hex; with --raw as they are\n"
        "  check     is an image whole?\n"
        "  core      make an ELF core of it, for gdb\n"
        "  diff      what differs between two images of a process: status 0 nothing,\n"
        "            1 something, 2 trouble\n"
        "\n"
        "Exit status: 0 done; 1 failed, target as it was found; 2 usage; 3 the target\n"
        "could not be put back as it was; 4 image incomplete or damaged; 5 dumped from\n"
        "outside only; 128+n stopped by signal n. See crdump(1).\n";

struct settings {
        struct dump_options dump;
        uint64_t mem_addr, mem_len;     /* mem_len 0: no --mem */
        int raw;
        unsigned parts;         /* SHOW_* */
        int json;
};

enum {
        OPT_TIMEOUT = 256, OPT_DIRECT, OPT_MAX_PAUSE, OPT_FILE_PAGES, OPT_CONTENTS, OPT_BASE, OPT_SNAPSHOT, OPT_STOP, OPT_STATS,
        OPT_TRAMPOLINE, OPT_CATCH, OPT_JSON, OPT_MEM, OPT_RAW, OPT_VERSION, OPT_HELP,
        OPT_PART = 512          /* and SHOW_*, which is less */
};

static const struct option options[] = {
        { "verbose", no_argument, NULL, 'v' },
        { "quiet", no_argument, NULL, 'q' },
        { "timeout", required_argument, NULL, OPT_TIMEOUT },
        { "max-pause", required_argument, NULL, OPT_MAX_PAUSE },
        { "file-pages", no_argument, NULL, OPT_FILE_PAGES },
        { "contents", required_argument, NULL, OPT_CONTENTS },
        { "base", required_argument, NULL, OPT_BASE },
        { "compress", optional_argument, NULL, 'z' },
        { "snapshot", optional_argument, NULL, OPT_SNAPSHOT },
        { "stop", no_argument, NULL, OPT_STOP },
        { "stats", no_argument, NULL, OPT_STATS },
        { "trampoline", required_argument, NULL, OPT_TRAMPOLINE },
        { "catch", required_argument, NULL, OPT_CATCH },
        { "direct", no_argument, NULL, OPT_DIRECT },
        { "json", no_argument, NULL, OPT_JSON },
        { "mem", required_argument, NULL, OPT_MEM },
        { "raw", no_argument, NULL, OPT_RAW },
        { "all", no_argument, NULL, OPT_PART + SHOW_ALL },
        { "process", no_argument, NULL, OPT_PART + SHOW_PROCESS },
        { "threads", no_argument, NULL, OPT_PART + SHOW_THREADS },
        { "maps", no_argument, NULL, OPT_PART + SHOW_MAPS },
        { "fds", no_argument, NULL, OPT_PART + SHOW_FDS },
        { "signals", no_argument, NULL, OPT_PART + SHOW_SIGNALS },
        { "timers", no_argument, NULL, OPT_PART + SHOW_TIMERS },
        { "version", no_argument, NULL, OPT_VERSION },
        { "help", no_argument, NULL, OPT_HELP },
        { NULL, 0, NULL, 0 },
};

static void bad_usage(const char *what, const char *arg) __attribute__((noreturn));

static void bad_usage(const char *what, const char *arg)
{
        fail("%s: %s", what, arg);
        fputs(usage, stderr);
        exit(EXIT_USAGE);
}

static int to_stdout(const char *text, const char *more)
{
        if (printf("%s%s", text, more) < 0 || fflush(stdout) == EOF)
                return fail("write standard output:"), EXIT_FAILED;
        return EXIT_DONE;
}

/* A whole number of up to max in decimal; anything else is bad usage. */
static uint64_t parse_number(const char *what, const char *arg, uint64_t max)
{
        char *end;
        unsigned long long n;

        errno = 0;
        n = strtoull(arg, &end, 10);
        if (*arg < '0' || *arg > '9' || *end || errno || n > max || n == 0)
                bad_usage(what, arg);
        return n;
}

/* A number at *p, in hex after 0x, else in decimal; *p moves behind it. -1: there is none, or it is too large. */
static int take_number(const char **p, uint64_t *n)
{
        int hex = (*p)[0] == '0' && ((*p)[1] == 'x' || (*p)[1] == 'X');
        const char *first = hex ? *p + 2 : *p;
        char *end;

        errno = 0;
        *n = strtoull(first, &end, hex ? 16 : 10);
        if (!isxdigit((unsigned char)*first) || end == first || errno)
                return -1;
        *p = end;
        return 0;
}

/* The same, with K, M or G behind it, or without. */
static int take_size(const char **p, uint64_t *n)
{
        static const char units[] = "KMG";
        const char *unit;
        int shift;

        if (take_number(p, n) < 0)
                return -1;
        unit = **p ? strchr(units, **p) : NULL;
        shift = unit ? 10 * (int)(unit - units + 1) : 0;
        if (*n > (uint64_t)INT64_MAX >> shift)
                return -1;
        *p += unit != NULL;
        *n <<= shift;
        return 0;
}

/* ADDR[:LEN] */
static void parse_mem(const char *arg, struct settings *s)
{
        const char *p = arg;
        int good = take_number(&p, &s->mem_addr) == 0;

        s->mem_len = 256;
        if (good && *p == ':') {
                p++;
                good = take_size(&p, &s->mem_len) == 0;
        }
        if (!good || *p || s->mem_len == 0 || s->mem_len - 1 > UINT64_MAX - s->mem_addr)
                bad_usage("--mem wants ADDR or ADDR:LEN, not", arg);
}

static uint64_t parse_size(const char *what, const char *arg, uint64_t max)
{
        const char *p = arg;
        uint64_t n;

        if (take_size(&p, &n) < 0 || *p || n > max)
                bad_usage(what, arg);
        return n;
}

/* Which of two words is it? 0 or 1. */
static int parse_word(const char *what, const char *arg, const char *zero, const char *one)
{
        if (strcmp(arg, zero) && strcmp(arg, one))
                bad_usage(what, arg);
        return strcmp(arg, one) == 0;
}

/* A decimal number with or without a fraction, in units of unit nanoseconds. */
static uint64_t parse_decimal(const char *what, const char *arg, uint64_t unit)
{
        size_t whole = strspn(arg, "0123456789"), rest = 0;
        uint64_t ns = strtoull(arg, NULL, 10) * unit;
        const char *p = arg + whole;

        if (*p == '.')
                for (p++; *p >= '0' && *p <= '9'; p++, rest++)
                        ns += (uint64_t)(*p - '0') * (unit /= 10);
        if (*p || whole + rest == 0 || whole > 7 || !ns)
                bad_usage(what, arg);
        return ns;
}

/* One without an argument. 1, or 0: it is none. */
static int take_flag(int opt, struct settings *s)
{
        switch (opt) {
        case 'v':
                util_verbosity = 1;
                return 1;
        case 'q':
                util_verbosity = -1;
                return 1;
        case OPT_FILE_PAGES:
                s->dump.file_pages = 1;
                return 1;
        case OPT_STOP:
                s->dump.snapshot = SNAPSHOT_NEVER;
                return 1;
        case OPT_STATS:
                s->dump.stats = 1;
                return 1;
        case OPT_DIRECT:
                s->dump.direct = 1;
                return 1;
        case OPT_JSON:
                s->json = s->dump.json = 1;
                return 1;
        case OPT_RAW:
                s->raw = 1;
                return 1;
        }
        return 0;
}

static void take_option(int opt, struct settings *s)
{
        switch (opt) {
        case 'z':
                s->dump.level = optarg ? (int)parse_number("-z is followed by a level from 1 to 9, not", optarg, 9) : 1;
                break;
        case OPT_TIMEOUT:
                s->dump.timeout_ns = parse_decimal("--timeout wants seconds, not", optarg, 1000000000);
                break;
        case OPT_MAX_PAUSE:
                s->dump.max_pause_ns = parse_decimal("--max-pause wants milliseconds, not", optarg, 1000000);
                break;
        case OPT_CONTENTS:
                s->dump.contents = parse_size("--contents wants bytes below 4G, as 512K, not", optarg, UINT32_MAX);
                break;
        case OPT_BASE:
                s->dump.base = optarg;
                break;
        case OPT_SNAPSHOT:
                s->dump.snapshot = optarg ? SNAPSHOT_TRY : SNAPSHOT_ALWAYS;
                if (optarg && strcmp(optarg, "try"))
                        bad_usage("--snapshot is followed by =try or nothing, not", optarg);
                break;
        case OPT_TRAMPOLINE:
                s->dump.inject = parse_word("--trampoline is vdso or inject, not", optarg, "vdso", "inject");
                break;
        case OPT_CATCH:
                s->dump.breakpoint = parse_word("--catch is park or breakpoint, not", optarg, "park", "breakpoint");
                break;
        case OPT_MEM:
                parse_mem(optarg, s);
                break;
        case OPT_VERSION:
                exit(to_stdout("crdump " VERSION "\n", ""));
        case OPT_HELP:
                exit(to_stdout(usage, help));
        default:
                s->parts |= (unsigned)opt - OPT_PART;
        }
}

static int run_show(char **arg, const struct settings *s)
{
        if (s->raw && !s->mem_len)
                bad_usage("without --mem", "--raw");
        if (s->mem_len && (s->json || s->parts))
                bad_usage("not with --mem", s->json ? "--json" : "a part of an image");
        if (s->mem_len)
                return showmem(arg[0], s->mem_addr, s->mem_len, s->raw);
        return show(arg[0], s->parts, s->json);
}

static int run_check(char **arg, const struct settings *s)
{
        (void)s;
        return check(arg[0]);
}

static int run_core(char **arg, const struct settings *s)
{
        (void)s;
        return core(arg[0], arg[1]);
}

static int run_diff(char **arg, const struct settings *s)
{
        (void)s;
        if (strcmp(arg[0], "-") == 0 && strcmp(arg[1], "-") == 0)
                bad_usage("only one image can come from standard input", arg[1]);
        return diff(arg[0], arg[1]);
}

static const struct command {
        const char *name;
        int args;
        int (*run)(char **arg, const struct settings *s);
        const char *missing;            /* said when there are fewer */
} commands[] = {
        { "show", 1, run_show, "an image" },
        { "check", 1, run_check, "an image" },
        { "core", 2, run_core, "an image and a name for the core" },
        { "diff", 2, run_diff, "two images" },
};

static const struct command *find_command(const char *name)
{
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
                if (strcmp(name, commands[i].name) == 0)
                        return &commands[i];
        return NULL;
}

/* A number of these that is free must not become a file of ours: what is meant for it fails. */
static void keep_standard(void)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH) != fd)
                        return;
}

int main(int argc, char **argv)
{
        const struct command *command;
        struct settings s = { .dump.contents = 1 << 20, .dump.snapshot = SNAPSHOT_UNASKED };
        int opt, args;

        keep_standard();
        opterr = 0;
        while ((opt = getopt_long(argc, argv, ":vqz::", options, NULL)) != -1) {
                if (opt == '?')
                        bad_usage("unknown option", argv[optind - 1]);
                if (opt == ':')
                        bad_usage("option wants an argument", argv[optind - 1]);
                if (!take_flag(opt, &s))
                        take_option(opt, &s);
        }
        argc -= optind;
        argv += optind;
        if (argc == 1 && strcmp(argv[0], "help") == 0)
                return to_stdout(usage, help);
        if (argc == 0)
                bad_usage("missing", "a pid or a command");
        command = find_command(argv[0]);
        args = command ? command->args : 1;
        if (argc < 1 + args)
                bad_usage("missing", command ? command->missing : "an image");
        if (argc > 1 + args)
                bad_usage("too many arguments", argv[1 + args]);
        if (command)
                return command->run(argv + 1, &s);
        if (strcmp(argv[1], "-") == 0 && isatty(STDOUT_FILENO))
                bad_usage("standard output is a terminal, and an image is not for one: redirect it, or name a file", argv[1]);
        if (strcmp(argv[1], "-") == 0 && s.dump.direct)
                bad_usage("standard output is not ours to write past the page cache", "--direct");
        return dump((pid_t)parse_number("not a pid or a command", argv[0], INT_MAX), argv[1], &s.dump);
}
