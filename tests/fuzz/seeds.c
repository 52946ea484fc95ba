/* SPDX-License-Identifier: MIT */
/* seeds.c - images with everything in them, to start from: of no process that ever was */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MAPPING(i)      (0x400000ull + (uint64_t)(i) * 0x100000)

/* Put len bytes at p behind c's payload. */
static void put(struct fuzz_chunk *c, const void *p, size_t len)
{
        size_t was = c->len;

        fuzz_resize(c, was + len);
        if (len)
                memcpy(c->p + was, p, len);
}

static void put_str(struct fuzz_chunk *c, uint32_t id, const void *p, size_t len)
{
        struct img_str str = { id, (uint32_t)len };

        put(c, &str, sizeof str);
        put(c, p, len);
        put(c, "\0\0\0\0\0\0\0", -len & 7);
}

#define PUT_TEXT(c, id, text)   put_str(c, id, text, sizeof(text) - 1)

/* Numbers in all of it that are not 0, and small enough to be sizes and signals. */
static void fill(void *p, size_t len)
{
        for (size_t i = 0; i < len; i++)
                ((uint8_t *)p)[i] = i % 4 ? 0 : (uint8_t)(1 + i / 4 % 31);
}

static void add_proc(struct fuzz_image *m, uint32_t more, int strings)
{
        struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_PROC, 0);
        struct img_proc p;
        const uint64_t auxv[] = { 33, 0x7fff0000, 6, 4096, 0, 0 };

        fill(&p, sizeof p);
        p.size = (uint32_t)sizeof p + more;
        p.state = 'S';
        p.flags = 0x7e;
        put(c, &p, sizeof p);
        fuzz_resize(c, p.size);
        if (!strings)
                return;
        PUT_TEXT(c, IMG_STR_COMM, "victim");
        PUT_TEXT(c, IMG_STR_EXE, "/bin/victim");
        PUT_TEXT(c, IMG_STR_CWD, "/tmp/a \x1b[31m\xc3\xa4\xff (deleted)");
        PUT_TEXT(c, IMG_STR_ROOT, "/");
        PUT_TEXT(c, IMG_STR_CMDLINE, "victim\0an argument\0\0");
        PUT_TEXT(c, IMG_STR_ENVIRON, "A=1\0B=2\0");
        put_str(c, IMG_STR_AUXV, auxv, sizeof auxv);
        PUT_TEXT(c, IMG_STR_HOST, "host\0" "6.1.0\0#1 SMP");
        PUT_TEXT(c, IMG_STR_BUILD_ID, "\x01\x02\xfe\xff");
        PUT_TEXT(c, IMG_STR_NAMESPACES, "mnt:[4026531841]\npid:[4026531836]\n");
        PUT_TEXT(c, IMG_STR_NSPID, "4711 7");
        PUT_TEXT(c, IMG_STR_NSSID, "4711 7");
        PUT_TEXT(c, IMG_STR_NSPGID, "4711 7");
        PUT_TEXT(c, IMG_STR_CGROUP, "0::/a\n");
        PUT_TEXT(c, IMG_STR_CHILDREN, "4712 child\n4713 another one\n");
        PUT_TEXT(c, IMG_STR_TTY, "/dev/pts/3");
        if (more)
                PUT_TEXT(c, 1000, "what nobody knows yet");
}

/* As the kernel would: the header of the xsave area, x87 and SSE in use. */
static void put_xstate(struct fuzz_chunk *c, uint32_t len)
{
        size_t was = c->len;
        const uint64_t bits = 7;

        fuzz_resize(c, was + len);
        fill(c->p + was, len);
        if (len >= 520) {
                memcpy(c->p + was + 464, &bits, 8);
                memcpy(c->p + was + 512, &bits, 8);
        }
}

static void add_thread(struct fuzz_image *m, int32_t tid, uint32_t known, uint32_t more, uint32_t xstate)
{
        static const uint64_t filter[] = { 2, 0x0000000400000020, 0x7fff000000000006 };
        struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_THRD, 0);
        uint8_t siginfo[IMG_SIGINFO], regs[27 * 8];
        struct img_thread t;
        size_t at;

        fill(&t, sizeof t);
        t.size = (uint32_t)sizeof t + more;
        t.tid = tid;
        t.state = 'S';
        t.regs_len = sizeof regs;
        t.xstate_len = xstate;
        t.syscall = tid % 300;
        memcpy(t.comm, "a thread\x1b[0m\xff", 14);
        t.known = known;
        t.strs_len = 0;
        put(c, &t, sizeof t);
        fuzz_resize(c, t.size);
        fill(regs, sizeof regs);
        put(c, regs, sizeof regs);
        put_xstate(c, xstate);
        if (!known)
                return;
        fuzz_resize(c, c->len + (-c->len & 7));
        at = c->len;
        fill(siginfo, sizeof siginfo);
        put_str(c, IMG_TSTR_SIGINFO, siginfo, sizeof siginfo);
        put_str(c, IMG_TSTR_GROUPS, "\x01\0\0\0\x02\0\0\0", 8);
        put_str(c, IMG_TSTR_AFFINITY, "\x0f\xf0\0\0\0\0\0\x80", 8);
        put_str(c, IMG_TSTR_FILTER, filter, sizeof filter);
        put_str(c, IMG_TSTR_FILTER, filter, 16);
        PUT_TEXT(c, IMG_TSTR_NSTID, "4711 7");
        PUT_TEXT(c, IMG_TSTR_WCHAN, "do_poll.constprop.0");
        PUT_TEXT(c, IMG_TSTR_CGROUP, "0::/b\n");
        PUT_TEXT(c, IMG_TSTR_LABEL, "unconfined");
        PUT_TEXT(c, IMG_TSTR_CWD, "/its own");
        PUT_TEXT(c, IMG_TSTR_ROOT, "/jail\xff");
        t.strs_len = (uint32_t)(c->len - at);
        memcpy(c->p + offsetof(struct img_thread, strs_len), &t.strs_len, 4);
}

/* n of them, every second one of a file; the last one ends at `end`, if that is not 0. */
static void add_maps(struct fuzz_image *m, uint32_t n, uint32_t more, uint64_t end)
{
        static const char names[] = "/bin/victim[heap][stack]/lib/a b\xff.so (deleted)";
        static const struct { uint32_t name, len; } name[] = { { 0, 11 }, { 11, 6 }, { 0, 0 }, { 17, 7 }, { 24, sizeof names - 25 } };
        struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_MAPS, 0);
        struct img_array a = { n, (uint32_t)sizeof(struct img_map) + more };

        put(c, &a, sizeof a);
        for (uint32_t i = 0; i < n; i++) {
                struct img_map map = {
                        .start = MAPPING(i), .end = end && i + 1 == n ? end : MAPPING(i) + (1 + i % 5) * IMG_PAGE,
                        .off = i % 2 * 4096, .ino = i % 2 * 17, .dev_major = i % 2 * 8, .dev_minor = i % 2, .prot = i % 16,
                        .vmflags_known = i % 3 > 0, .vmflags = ~0ull >> i,
                };

                if (i < sizeof name / sizeof *name) {
                        map.name = name[i].name;
                        map.name_len = name[i].len;
                }
                put(c, &map, sizeof map);
                fuzz_resize(c, c->len + more);
        }
        put(c, names, n < 5 ? (size_t[]){ 0, 11, 17, 17, 24 }[n] : sizeof names - 1);
}

static void add_array(struct fuzz_image *m, uint32_t tag, uint32_t n, uint32_t size)
{
        struct fuzz_chunk *c = fuzz_add(m, m->n, tag, sizeof(struct img_array) + (size_t)n * size);
        struct img_array a = { n, size };

        memcpy(c->p, &a, sizeof a);
        fill(c->p + sizeof a, c->len - sizeof a);
}

static void add_misc(struct fuzz_image *m, uint32_t more)
{
        struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_MISC, sizeof(struct img_misc) + more);
        uint32_t size = (uint32_t)c->len;
        int32_t none = -22;

        fill(c->p, c->len);
        memcpy(c->p, &size, sizeof size);
        memcpy(c->p + offsetof(struct img_misc, mdwe), &none, sizeof none);
}

static void put_socket(struct fuzz_chunk *c, int32_t family)
{
        static const uint8_t addr[][28] = {
                { 1, 0, '/', 'r', 'u', 'n', '/', 's' }, { 1, 0, 0, 'a', 'b', 's' }, { 2, 0, 0x1f, 0x90, 127, 0, 0, 1 },
                { 10, 0, 0x1f, 0x90, 0, 0, 0, 0, 0xfe, 0x80, [23] = 1, [24] = 2 }, { 16, 0, 0, 0, 7 }, { 17, 0, 8, 0, 2, 0, 0, 0 },
        };
        struct img_socket s = { .size = sizeof s, .family = family, .type = 1, .tcp_state = 1, .peer_pid = 7, .ino = 42,
                                .out_queued = ~0ull };
        const struct img_sockopt o[] = { { 1, 2, 1 }, { 6, 1, 1 }, { 1, 13, 0x500000001 }, { 1, 20, 2500000 }, { 77, 88, -1 } };
        uint8_t info[104];

        fill(info, sizeof info);
        put_str(c, IMG_FSTR_SOCKET, &s, sizeof s);
        for (size_t i = 0; i < sizeof addr / sizeof *addr; i++)
                if (addr[i][0] == family && !(family == 1 && addr[i][2] == 0))
                        put_str(c, IMG_FSTR_NAME, addr[i], family == 2 ? 16 : 28);
        if (family == 1)
                put_str(c, IMG_FSTR_PEER, addr[1], 6);
        else
                put_str(c, IMG_FSTR_PEER, addr[2], 16);
        put_str(c, IMG_FSTR_TCP_INFO, info, sizeof info);
        put_str(c, IMG_FSTR_OPTIONS, o, sizeof o);
}

static void put_tty(struct fuzz_chunk *c)
{
        struct img_tty t = { .size = sizeof t, .rows = 24, .columns = 80, .pgrp = 4711, .session = -1, .pty = 3,
                             .iflag = 0x4500, .oflag = 5, .cflag = 0xbf, .lflag = 0x8a3b, .ispeed = 38400, .ospeed = 38400 };

        memcpy(t.cc, "\3\34\177\25\4\0\1\0\21\23\32", 12);
        put_str(c, IMG_FSTR_TTY, &t, sizeof t);
}

/* A descriptor of each kind, with the strings that go with it. */
static void add_fds(struct fuzz_image *m, uint32_t more)
{
        static const char fdinfo[] = "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t7\n"
                "tfd:        5 events:       19 data:                5  pos:0 ino:61 sdev:d\n";
        const uint64_t mq[] = { 0, 10, 8192, 1 };
        static const char content[300] = "what is in it";

        for (uint32_t kind = 0; kind <= IMG_FD_KVM; kind++) {
                struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_DESC, 0);
                struct img_fd f;

                fill(&f, sizeof f);
                f.size = (uint32_t)sizeof f + more;
                f.fd = (int32_t)kind;
                f.kind = kind;
                f.known = kind % 4 == 3 ? 0x155 : 0x1ff;
                f.same_as = kind % 5 == 4 ? 0 : -1;
                f.table = kind < 16 ? 0 : 4712;
                f.same_table = kind % 10 == 4 ? 0 : f.table;
                put(c, &f, sizeof f);
                fuzz_resize(c, f.size);
                PUT_TEXT(c, IMG_FSTR_PATH, "/a/path\x1b]0;x\x07 (deleted)");
                PUT_TEXT(c, IMG_FSTR_FDINFO, fdinfo);
                if (kind % 3 == 0)
                        PUT_TEXT(c, IMG_FSTR_WHY, "lease: not asked for\nowner: Permission denied\n");
                if (kind == IMG_FD_PIPE_END)
                        PUT_TEXT(c, IMG_FSTR_CONTENT, "still in the pipe\n\0\xff");
                if (kind == IMG_FD_MEMFD)
                        put_str(c, IMG_FSTR_CONTENT, content, sizeof content);
                if (kind == IMG_FD_SOCKET || kind == IMG_FD_OTHER || kind == IMG_FD_FIFO)
                        put_socket(c, kind == IMG_FD_SOCKET ? 1 : kind == IMG_FD_FIFO ? 10 : 2);
                if (kind == IMG_FD_TTY)
                        put_tty(c);
                if (kind == IMG_FD_MQUEUE)
                        put_str(c, IMG_FSTR_MQUEUE, mq, sizeof mq);
        }
}

static void add_rest(struct fuzz_image *m, uint32_t more)
{
        struct fuzz_chunk *c;

        add_array(m, IMG_SIGA, 64, 32 + more);
        add_array(m, IMG_SIGQ, 2, IMG_SIGINFO + more);
        add_array(m, IMG_ITIM, 3, (uint32_t)sizeof(struct img_itimer) + more);
        add_array(m, IMG_TIMR, 3, (uint32_t)sizeof(struct img_timer) + more);
        add_array(m, IMG_RLIM, 16, (uint32_t)sizeof(struct img_rlimit) + more);
        add_misc(m, more);
        add_fds(m, more);
        c = fuzz_add(m, m->n, IMG_FILE, 0);
        put(c, "limits\0Limit\n", 13);
        c = fuzz_add(m, m->n, IMG_NOTE, 0);
        put(c, "one thing: not there\nanother: Permission denied\n", 48);
}

static const uint8_t base_id[] = "the id of a base";

static void begin(struct fuzz_image *m, uint16_t minor, uint64_t must)
{
        memset(m, 0, sizeof *m);
        m->header = (struct img_header){ .magic = IMG_MAGIC, .endian = IMG_ENDIAN, .major = IMG_MAJOR, .minor = minor, .must = must,
                                         .arch = 62, .page_shift = IMG_PAGE_SHIFT, .len = sizeof m->header };
        m->end.pause_ns = 1234567;
        m->end.total_ns = 12345678;
}

/* All pages of four mappings, a run each; or every third one, and the others are in the base, or full of one byte. */
static void add_pages(struct fuzz_image *m, uint32_t first, uint64_t must)
{
        struct img_run run[20];
        uint32_t n = 0;

        for (uint32_t i = first; i < first + 4; i++)
                for (uint32_t k = 0; k <= i % 5; k++) {
                        uint32_t filled = must & IMG_MUST_FILLED ? IMG_HOW_FILLED | i << IMG_HOW_BYTE : 0;
                        uint32_t why = must & IMG_MUST_BASE ? IMG_HOW_BASE : filled;

                        run[n++] = (struct img_run){ .addr = MAPPING(i) + k * IMG_PAGE, .n = 1, .kind = IMG_DATA, .cls = IMG_PRIVATE_ANON,
                                                     .why = (i + k) % 3 ? (uint16_t)why : 0 };
                }
        fuzz_add_pages(m, run, n, NULL);
}

/* A base that has all pages, and images that have it, in deflated chunks or not; or pages full of one byte. */
static void add_new(struct fuzz_image *m)
{
        int based = (m->header.must & IMG_MUST_BASE) != 0;

        add_proc(m, 0, 0);
        if (based) {
                PUT_TEXT(&m->c[0], IMG_STR_BASE, FUZZ_BASE);
                put_str(&m->c[0], IMG_STR_BASE_ID, base_id, sizeof m->header.id);
        } else {
                memcpy(m->header.id, base_id, sizeof m->header.id);
        }
        add_thread(m, 4711, 0, 0, 0);
        add_maps(m, 8, 0, 0);
        add_pages(m, 0, m->header.must);
        add_pages(m, 4, m->header.must);
}

const char *fuzz_seed(struct fuzz_image *m, int i)
{
        static const char *const names[] = { "1.1-all", "1.1-least", "1.1-outside", "1.1-sparse", "1.1-threads", "1.9-later",
                                             "1.2-base", "1.2-based", "1.2-based-deflated", "1.3-filled" };
        struct fuzz_rand r = { 88172645463325252 };

        if (i >= (int)(sizeof names / sizeof *names))
                return NULL;
        begin(m, i == 5 ? 9 : i > 8 ? 3 : i > 5 ? 2 : 1, i > 5 ? (uint64_t)(i - 5) : 0);
        if (i > 5) {
                add_new(m);
                return names[i];
        }
        add_proc(m, i == 5 ? 16 : 0, i != 1);
        add_thread(m, 4711, i == 1 || i == 2 ? 0 : 0x3ffff, i == 5 ? 8 : 0, i == 0 ? 832 : 0);
        for (int j = 1; i == 4 && j < 9; j++)
                add_thread(m, 4711 + j, 1u << 2 * j, 0, 576);
        add_maps(m, i == 1 ? 0 : i == 4 ? 40 : 5, i == 5 ? 8 : 0, i == 3 ? 1ull << 44 : 0);
        if (i == 0 || i == 5)
                add_rest(m, i == 5 ? 8 : 0);
        if (i == 2) {
                struct fuzz_chunk *c = fuzz_add(m, m->n, IMG_NOTE, 0);

                put(c, "no thread may be borrowed\n", 26);
                m->c[0].p[offsetof(struct img_proc, flags)] = IMG_PROC_OUTSIDE;
        }
        if (i == 5)
                fuzz_add(m, m->n, IMG_TAG('L', 'A', 'T', 'E'), 40);
        fuzz_cover(m, &r);
        return names[i];
}
