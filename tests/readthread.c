/* SPDX-License-Identifier: MIT */
/*
 * readthread.c - what an image says of threads, by a second reader
 *
 * Written from image.h's prose alone, as readimg.c; it trusts the image.
 *
 *      readthread IMG TID      NAME VALUE..., a line for each thing that is known of the thread
 *      readthread IMG shared   siginfo..., a line for each signal pending for the process
 *
 * A line of siginfo: SIGNAL CODE PID UID VALUE.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../image.h"

static const uint8_t *image;
static uint64_t length;

static int die(const char *what)
{
        fprintf(stderr, "readthread: %s\n", what);
        exit(1);
}

static void map_image(const char *path)
{
        struct stat st;
        int fd = open(path, O_RDONLY);

        if (fd < 0 || fstat(fd, &st) < 0)
                die(path);
        length = (uint64_t)st.st_size;
        image = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image == MAP_FAILED)
                die(path);
        close(fd);
}

/* The chunk of that tag at or after *at, which is moved behind it; its payload, or NULL. */
static const uint8_t *next(uint64_t *at, uint32_t tag, uint64_t *len)
{
        struct img_chunk head;

        while (*at + sizeof head <= length) {
                const uint8_t *p = image + *at + sizeof head;

                memcpy(&head, image + *at, sizeof head);
                *at += sizeof head + ((head.len + IMG_ALIGN - 1) & ~(uint64_t)(IMG_ALIGN - 1));
                *len = head.len;
                if (head.tag == tag)
                        return p;
        }
        return NULL;
}

static void print_siginfos(const char *name, const uint8_t *p, size_t n)
{
        siginfo_t si;

        for (; n > 0; n--, p += sizeof si) {
                memcpy(&si, p, sizeof si);
                printf("%s%d %d %d %d %" PRIu64 "\n", name, si.si_signo, si.si_code, (int)si.si_pid, (int)si.si_uid,
                        (uint64_t)(uintptr_t)si.si_value.sival_ptr);
        }
}

static void print_shared(void)
{
        uint64_t at = sizeof(struct img_header), len;
        const uint8_t *p = next(&at, IMG_SIGQ, &len);
        struct img_array a;

        if (!p)
                die("no SIGQ");
        memcpy(&a, p, sizeof a);
        if (a.size != IMG_SIGINFO || sizeof a + (uint64_t)a.n * a.size != len)
                die("SIGQ is not right");
        print_siginfos("", p + sizeof a, a.n);
}

static void print_numbers(const struct img_thread *t)
{
        int i;

        if (t->known & IMG_THREAD_DEBUGREG)
                for (i = 0; i < 8; i++)
                        printf("dr%d %#" PRIx64 "\n", i, t->debugreg[i]);
        if (t->known & IMG_THREAD_CALL) {
                printf("call");
                for (i = 0; i < 6; i++)
                        printf(" %#" PRIx64, t->call_arg[i]);
                printf("\n");
        }
        if (t->known & IMG_THREAD_WAIT)
                printf("wait_left_ms %" PRIu64 "\n", t->wait_left_ns / 1000000);
        if (t->known & IMG_THREAD_ALTSTACK)
                printf("altstack %#" PRIx64 " %" PRIu64 " %#x\n", t->altstack_sp, t->altstack_size, t->altstack_flags);
        if (t->known & IMG_THREAD_TID_ADDRESS)
                printf("tid_address %#" PRIx64 "\n", t->tid_address);
        if (t->known & IMG_THREAD_ROBUST)
                printf("robust_list %#" PRIx64 " %" PRIu64 "\n", t->robust_list, t->robust_len);
        if (t->known & IMG_THREAD_RSEQ)
                printf("rseq %#" PRIx64 " %u %#x\n", t->rseq, t->rseq_len, t->rseq_signature);
        if (t->known & IMG_THREAD_PDEATH)
                printf("pdeath_signal %d\n", t->pdeath_signal);
        if (t->known & IMG_THREAD_SCHED)
                printf("policy %u\nnice %d\nrt_priority %u\nsched_flags %#x\ndeadline %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                        t->policy, t->nice, t->rt_priority, t->sched_flags, t->dl_runtime_ns, t->dl_deadline_ns, t->dl_period_ns);
        if (t->known & IMG_THREAD_UTIL)
                printf("util %u %u\n", t->util_min, t->util_max);
        if (t->known & IMG_THREAD_SLACK)
                printf("timer_slack_ns %" PRIu64 "\n", t->timer_slack_ns);
        if (t->known & IMG_THREAD_IOPRIO)
                printf("io_priority %#x\n", t->io_priority);
        if (t->known & IMG_THREAD_SECUREBITS)
                printf("securebits %#x\n", t->securebits);
        if (t->known & IMG_THREAD_CREDS) {
                printf("uid %u %u %u %u\n", t->uid[0], t->uid[1], t->uid[2], t->uid[3]);
                printf("gid %u %u %u %u\n", t->gid[0], t->gid[1], t->gid[2], t->gid[3]);
                for (i = 0; i < 5; i++)
                        printf("cap%.3s %016" PRIx64 "\n", "inhprmeffbndamb" + i * 3, t->cap[i]);
        }
        if (t->known & IMG_THREAD_NNP)
                printf("no_new_privs %u\n", t->no_new_privs);
        if (t->known & IMG_THREAD_SECCOMP)
                printf("seccomp %u\n", t->seccomp);
        if (t->known & IMG_THREAD_FILTERS)
                printf("seccomp_filters %u\n", t->seccomp_filters);
        if (t->known & IMG_THREAD_TABLE)
                printf("fd_table %d\n", t->fd_table);
        if (t->known & IMG_THREAD_UMASK)
                printf("umask %#o\n", t->umask);
        if (t->known & IMG_THREAD_SIGNALS)
                printf("signals known\n");
}

static void print_filter(const uint8_t *p, uint32_t len)
{
        uint64_t flags;
        uint32_t i;

        memcpy(&flags, p, sizeof flags);
        printf("filter %#" PRIx64, flags);
        for (i = sizeof flags; i + 8 <= len; i += 8) {
                struct { uint16_t code; uint8_t jt, jf; uint32_t k; } insn;

                memcpy(&insn, p + i, sizeof insn);
                printf(" %#x,%u,%u,%#x", insn.code, insn.jt, insn.jf, insn.k);
        }
        printf("\n");
}

static void print_str(const struct img_str *s, const uint8_t *p)
{
        uint32_t i, gid;

        switch (s->id) {
        case IMG_TSTR_SIGINFO:
                print_siginfos("pending ", p, s->len / IMG_SIGINFO);
                break;
        case IMG_TSTR_GROUPS:
                printf("groups");
                for (i = 0; i + 4 <= s->len; i += 4) {
                        memcpy(&gid, p + i, 4);
                        printf(" %u", gid);
                }
                printf("\n");
                break;
        case IMG_TSTR_AFFINITY:
                printf("affinity");
                for (i = 0; i < s->len * 8; i++)
                        if (p[i / 8] >> i % 8 & 1)
                                printf(" %u", i);
                printf("\n");
                break;
        case IMG_TSTR_FILTER:
                print_filter(p, s->len);
                break;
        case IMG_TSTR_NSTID:
                printf("nstid %.*s\n", (int)s->len, (const char *)p);
                break;
        case IMG_TSTR_WCHAN:
                printf("wchan %.*s\n", (int)s->len, (const char *)p);
                break;
        case IMG_TSTR_CGROUP:
                printf("cgroup %.*s\n", (int)s->len - 1, (const char *)p);
                break;
        case IMG_TSTR_LABEL:
                printf("label %.*s\n", (int)s->len, (const char *)p);
                break;
        case IMG_TSTR_CWD:
        case IMG_TSTR_ROOT:
                printf("%s %.*s\n", s->id == IMG_TSTR_CWD ? "cwd" : "root", (int)s->len, (const char *)p);
                break;
        }
}

static void print_thread(int tid)
{
        uint64_t at = sizeof(struct img_header), len, pos, end;
        const uint8_t *p;
        struct img_thread t;
        struct img_str s;

        while ((p = next(&at, IMG_THRD, &len))) {
                memcpy(&t, p, sizeof t);
                if (t.tid == tid)
                        break;
        }
        if (!p || t.size < sizeof t)
                die("no such thread");
        printf("syscall %d\n", t.syscall);
        print_numbers(&t);
        pos = ((uint64_t)t.size + t.regs_len + t.xstate_len + 7) & ~7ull;
        end = pos + t.strs_len;
        if (end > len)
                die("strings go beyond the end");
        for (; pos + sizeof s <= end; pos += sizeof s + ((s.len + 7u) & ~7u)) {
                memcpy(&s, p + pos, sizeof s);
                if (s.len > end - pos - sizeof s)
                        die("a string goes beyond the end");
                print_str(&s, p + pos + sizeof s);
        }
}

int main(int argc, char **argv)
{
        if (argc != 3)
                die("usage: readthread IMAGE TID|shared");
        map_image(argv[1]);
        if (strcmp(argv[2], "shared") == 0)
                print_shared();
        else
                print_thread(atoi(argv[2]));
        return 0;
}
