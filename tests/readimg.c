/* SPDX-License-Identifier: MIT */
/*
 * readimg.c - a second reader of images, written from image.h's prose alone
 *
 * It shares no code with crdump's own reader and trusts the image: it is for
 * comparing what crdump wrote with what others see.
 *
 *      readimg IMG chunks              OFFSET TAG PAYLOAD_LENGTH, a line a chunk
 *      readimg IMG maps                START END PROT NAME
 *      readimg IMG runs                ADDRESS PAGES KIND CLASS WHY
 *      readimg IMG kinds ADDR PAGES    a letter a page: data zero absent infile unreadable
 *      readimg IMG hows ADDR PAGES     two signs a page: that letter, and how it was had or why not
 *      readimg IMG classes ADDR PAGES  the numbers of enum img_class that occur
 *      readimg IMG mem ADDR LEN        the bytes
 *      readimg IMG threads             TID STATE BLOCKED COMM
 *      readimg IMG regs TID            NAME VALUE
 *      readimg IMG xstate TID          the bytes
 *      readimg IMG actions|itimers|timers|rlimits|misc|proc|notes|files
 *      readimg IMG str ID              the bytes of an img_str
 *      readimg IMG file NAME           the bytes of a copied /proc file
 *      readimg IMG compare PID         each page against /proc/PID/mem
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../image.h"

static const uint8_t *image;
static uint64_t length;

struct chunk {
        uint32_t tag;
        uint64_t off, len;
        const uint8_t *data;
};

static void die(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        fprintf(stderr, "readimg: ");
        vfprintf(stderr, fmt, ap);
        fprintf(stderr, "\n");
        va_end(ap);
        exit(1);
}

/* The chunk at *at, which is moved behind it; 0 when there is none. */
static int next(uint64_t *at, struct chunk *c)
{
        struct img_chunk head;

        if (*at >= length)
                return 0;
        if (length - *at < sizeof head)
                die("half a chunk at %" PRIu64, *at);
        memcpy(&head, image + *at, sizeof head);
        c->tag = head.tag;
        c->off = *at;
        c->len = head.len;
        c->data = image + *at + sizeof head;
        if (head.len > length - *at - sizeof head)
                die("the chunk at %" PRIu64 " goes beyond the end", *at);
        *at += sizeof head + ((head.len + IMG_ALIGN - 1) & ~(uint64_t)(IMG_ALIGN - 1));
        return 1;
}

static struct chunk only(uint32_t tag)
{
        uint64_t at = sizeof(struct img_header);
        struct chunk c;

        while (next(&at, &c))
                if (c.tag == tag)
                        return c;
        die("no chunk %.4s", (char *)&tag);
        return c;
}

static struct img_array array(const struct chunk *c)
{
        struct img_array a;

        memcpy(&a, c->data, sizeof a);
        if (a.size == 0 || (c->len - sizeof a) / a.size < a.n)
                die("the array at %" PRIu64 " is too long", c->off);
        return a;
}

static const void *entry(const struct chunk *c, uint32_t i)
{
        return c->data + sizeof(struct img_array) + (uint64_t)i * array(c).size;
}

/* --- runs of pages ------------------------------------------------------- */

struct walk {                   /* through all runs; all zero at the start */
        uint64_t at;
        struct chunk c;
        struct img_pages pages;
        uint32_t i;
        uint64_t data_page;     /* of this chunk, before run i */
};

/* *data: its bytes, of IMG_DATA only. */
static int next_run(struct walk *w, struct img_run *run, const uint8_t **data)
{
        static uint8_t filled[IMG_FILLED_PAGES * IMG_PAGE];

        if (w->at == 0)
                w->at = sizeof(struct img_header);
        while (w->i >= w->pages.n) {
                do {
                        if (!next(&w->at, &w->c))
                                return 0;
                } while (w->c.tag != IMG_PAGES);
                memcpy(&w->pages, w->c.data, sizeof w->pages);
                w->i = 0;
                w->data_page = 0;
        }
        memcpy(run, w->c.data + sizeof w->pages + (uint64_t)w->i * w->pages.size, sizeof *run);
        *data = NULL;
        if (run->kind == IMG_DATA && run->why & IMG_HOW_FILLED) {
                if (run->n > IMG_FILLED_PAGES)
                        die("run %u of the chunk at %" PRIu64 " of one byte has %u pages", w->i, w->c.off, run->n);
                memset(filled, run->why >> IMG_HOW_BYTE, (size_t)run->n * IMG_PAGE);
                *data = filled;
        } else if (run->kind == IMG_DATA) {
                *data = w->c.data + w->pages.data_off + w->data_page * IMG_PAGE;
                w->data_page += run->n;
                if (*data + (uint64_t)run->n * IMG_PAGE > w->c.data + w->c.len)
                        die("run %u of the chunk at %" PRIu64 " goes beyond its end", w->i, w->c.off);
        }
        w->i++;
        return 1;
}

static int find_page(uint64_t addr, struct img_run *run, const uint8_t **page)
{
        struct walk w = { 0 };
        const uint8_t *data;

        while (next_run(&w, run, &data)) {
                if (addr < run->addr || addr - run->addr >= (uint64_t)run->n * IMG_PAGE)
                        continue;
                *page = data ? data + (addr - run->addr) / IMG_PAGE * IMG_PAGE : NULL;
                return 1;
        }
        return 0;
}

/* Without that they are full of one byte, and which. */
static unsigned why_of(const struct img_run *run)
{
        return run->kind == IMG_DATA ? run->why & (IMG_HOW_FILLED - 1) : run->why;
}

static void print_runs(void)
{
        static const char *const name[] = { "?", "data", "zero", "absent", "infile", "unreadable" };
        struct walk w = { 0 };
        struct img_run run;
        const uint8_t *data;

        while (next_run(&w, &run, &data))
                printf("%#" PRIx64 " %u %s %u %u\n", run.addr, run.n, run.kind <= IMG_UNREADABLE ? name[run.kind] : "?", run.cls,
                       why_of(&run));
}

static void print_kinds(uint64_t addr, uint64_t pages)
{
        struct img_run run;
        const uint8_t *page;
        uint64_t i;

        for (i = 0; i < pages; i++)
                putchar(find_page(addr + i * IMG_PAGE, &run, &page) ? "?dzaiu"[run.kind] : '-');
        putchar('\n');
}

/* swapped clean object inside; Device Kernel Guard Secret Beyond; - nothing, ? more than one bit or another reason */
static char sign(const struct img_run *run)
{
        unsigned why = why_of(run);

        if (why == 0)
                return '-';
        if (run->kind == IMG_UNREADABLE)
                return run->why >= IMG_WHY_DEVICE && run->why <= IMG_WHY_BEYOND ? "DKGSB"[run->why - IMG_WHY_DEVICE] : '?';
        return why <= IMG_HOW_INSIDE ? "?sc?o???i"[why] : '?';
}

static void print_hows(uint64_t addr, uint64_t pages)
{
        struct img_run run;
        const uint8_t *page;
        uint64_t i;

        for (i = 0; i < pages; i++)
                if (find_page(addr + i * IMG_PAGE, &run, &page))
                        printf("%c%c", "?dzaiu"[run.kind], sign(&run));
                else
                        printf("--");
        printf("\n");
}

static void print_classes(uint64_t addr, uint64_t pages)
{
        struct walk w = { 0 };
        struct img_run run;
        const uint8_t *data;
        unsigned seen = 0, i;

        while (next_run(&w, &run, &data))
                if (run.addr < addr + pages * IMG_PAGE && run.addr + (uint64_t)run.n * IMG_PAGE > addr)
                        seen |= 1u << run.cls;
        for (i = 0; i < 32; i++)
                if (seen >> i & 1)
                        printf("%u", i);
        printf("\n");
}

static void print_mem(uint64_t addr, uint64_t len)
{
        static const uint8_t zeros[IMG_PAGE];
        struct img_run run;
        const uint8_t *page;

        while (len > 0) {
                uint64_t in = addr % IMG_PAGE, n = IMG_PAGE - in < len ? IMG_PAGE - in : len;

                if (!find_page(addr - in, &run, &page))
                        die("%#" PRIx64 " is in no run", addr);
                if (run.kind == IMG_ZERO || (run.kind == IMG_ABSENT && run.cls == IMG_PRIVATE_ANON))
                        page = zeros;
                if (!page)
                        die("%#" PRIx64 " is of kind %u: no content", addr, run.kind);
                fwrite(page + in, 1, n, stdout);
                addr += n;
                len -= n;
        }
}

/* --- everything else ------------------------------------------------------- */

static void print_chunks(void)
{
        uint64_t at = sizeof(struct img_header);
        struct chunk c;

        while (next(&at, &c))
                printf("%" PRIu64 " %.4s %" PRIu64 "\n", c.off, (char *)&c.tag, c.len);
}

static void print_maps(void)
{
        struct chunk c = only(IMG_MAPS);
        const char *names = (const char *)entry(&c, array(&c).n);
        struct img_map m;
        uint32_t i;

        for (i = 0; i < array(&c).n; i++) {
                memcpy(&m, entry(&c, i), sizeof m);
                printf("%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %02x:%02x %" PRIu64 " %.*s\n", m.start, m.end,
                        m.prot & IMG_MAP_R ? 'r' : '-', m.prot & IMG_MAP_W ? 'w' : '-', m.prot & IMG_MAP_X ? 'x' : '-',
                        m.prot & IMG_MAP_SHARED ? 's' : 'p', m.off, m.dev_major, m.dev_minor, m.ino, (int)m.name_len, names + m.name);
        }
}

static struct img_thread thread(const struct chunk *c, const uint8_t **regs, const uint8_t **xstate)
{
        struct img_thread t;

        memcpy(&t, c->data, sizeof t);
        *regs = c->data + t.size;
        *xstate = *regs + t.regs_len;
        if ((uint64_t)t.size + t.regs_len + t.xstate_len > c->len)
                die("the thread at %" PRIu64 " is too long", c->off);
        return t;
}

static void print_regs(const uint8_t *regs, uint32_t len)
{
        static const char *const name[] = {     /* of user_regs_struct */
                "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
                "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
        };
        uint64_t v;
        size_t i;

        for (i = 0; i < sizeof name / sizeof *name && (i + 1) * 8 <= len; i++) {
                memcpy(&v, regs + i * 8, 8);
                printf("%s 0x%" PRIx64 "\n", name[i], v);
        }
}

static void print_threads(const char *what, int tid)
{
        uint64_t at = sizeof(struct img_header);
        const uint8_t *regs, *xstate;
        struct img_thread t;
        struct chunk c;

        while (next(&at, &c)) {
                if (c.tag != IMG_THRD)
                        continue;
                t = thread(&c, &regs, &xstate);
                if (strcmp(what, "threads") == 0)
                        printf("%d %c %#018" PRIx64 " %.16s\n", t.tid, (int)t.state, t.blocked, (const char *)t.comm);
                else if (t.tid == tid && strcmp(what, "regs") == 0)
                        print_regs(regs, t.regs_len);
                else if (t.tid == tid)
                        fwrite(xstate, 1, t.xstate_len, stdout);
        }
}

static void print_actions(void)
{
        struct chunk c = only(IMG_SIGA);
        uint64_t a[4];
        uint32_t i;

        for (i = 0; i < array(&c).n; i++) {
                memcpy(a, entry(&c, i), sizeof a);
                printf("action %u %#" PRIx64 " %#" PRIx64 " %#" PRIx64 " %#018" PRIx64 "\n", i + 1, a[0], a[1], a[2], a[3]);
        }
}

static void print_itimers(void)
{
        struct chunk c = only(IMG_ITIM);
        struct img_itimer t;
        uint32_t i;

        for (i = 0; i < array(&c).n; i++) {
                memcpy(&t, entry(&c, i), sizeof t);
                printf("itimer %u %" PRId64 " %" PRId64 " %" PRId64 "\n", i, t.value_sec, t.interval_sec, t.interval_us);
        }
}

static void print_timers(void)
{
        struct chunk c = only(IMG_TIMR);
        struct img_timer t;
        uint32_t i;

        for (i = 0; i < array(&c).n; i++) {
                memcpy(&t, entry(&c, i), sizeof t);
                printf("timer %d %d %d %d %d %#" PRIx64 " %d %" PRId64 " %" PRId64 "\nleft %d %" PRId64 " %" PRId64 " %d\n", t.id, t.clock,
                        t.notify, t.signal, t.tid, t.value, t.overrun, t.interval_sec, t.interval_ns, t.id, t.value_sec, t.value_ns, t.err);
        }
}

static void print_misc(void)
{
        struct chunk c = only(IMG_MISC);
        struct img_proc p;
        struct img_misc m;

        memcpy(&m, c.data, sizeof m);
        printf("misc altstack_sp %#" PRIx64 "\nmisc altstack_size %" PRIu64 "\n", m.altstack_sp, m.altstack_size);
        c = only(IMG_PROC);
        memcpy(&p, c.data, sizeof p);
        printf("misc umask %#o\n", p.umask != ~0u ? p.umask : m.umask);
        printf("misc subreaper %d\nmisc pdeath_signal %d\n", m.subreaper, m.pdeath_signal);
        printf("misc timer_slack_ns %" PRIu64 "\nmisc no_new_privs %d\nmisc brk %#" PRIx64 "\n", m.timer_slack_ns, m.no_new_privs, m.brk);
        printf("misc pid %d\nmisc ppid %d\nmisc pgid %d\nmisc sid %d\n", m.pid, m.ppid, m.pgid, m.sid);
        printf("misc dumpable %d\nmisc thp_disable %d\nmisc mdwe %d\nmisc tsc %d\n", m.dumpable, m.thp_disable, m.mdwe, m.tsc);
        printf("misc cpuid %d\nmisc speculation %d %d %d\n", m.cpuid, m.speculation[0], m.speculation[1], m.speculation[2]);
        printf("misc personality %#" PRIx64 "\n", m.personality);
        printf("misc io_flusher %d\nmisc securebits %d\nmisc mce_kill %d\n", m.io_flusher, m.securebits, m.mce_kill);
}

static void print_proc(void)
{
        struct chunk c = only(IMG_PROC);
        struct img_proc p;

        memcpy(&p, c.data, sizeof p);
        printf("pid %d\nppid %d\ntgid %d\npgid %d\nsid %d\nthreads %u\n", p.pid, p.ppid, p.tgid, p.pgid, p.sid, p.threads);
        printf("uid %u\ngid %u\nstate %c\nstart_ticks %" PRIu64 "\n", p.uid, p.gid, (int)p.state, p.start_ticks);
        printf("brk %#" PRIx64 "\nstart_brk %#" PRIx64 "\nstart_stack %#" PRIx64 "\n", p.brk, p.start_brk, p.start_stack);
        printf("code %#" PRIx64 " %#" PRIx64 "\ndata %#" PRIx64 " %#" PRIx64 "\n", p.start_code, p.end_code, p.start_data, p.end_data);
        printf("arg %#" PRIx64 " %#" PRIx64 "\nenv %#" PRIx64 " %#" PRIx64 "\n", p.arg_start, p.arg_end, p.env_start, p.env_end);
        if (p.flags & IMG_PROC_EXE)
                printf("exe %" PRIu64 " %" PRIu64 " %" PRId64 ".%09u %u:%u\n", p.exe_len, p.exe_ino, p.exe_mtime_sec, p.exe_mtime_ns,
                        p.exe_dev_major, p.exe_dev_minor);
        if (p.flags & IMG_PROC_OOM)
                printf("oom_score_adj %d\n", p.oom_score_adj);
        if (p.flags & IMG_PROC_COREDUMP)
                printf("coredump_filter %08x\n", p.coredump_filter);
        if (p.flags & IMG_PROC_PERSONALITY)
                printf("personality %08x\n", p.personality);
        if (p.flags & IMG_PROC_TTY)
                printf("tty %u:%u %d\n", p.tty_major, p.tty_minor, p.tty_pgrp);
        if (p.flags & IMG_PROC_LOGINUID)
                printf("loginuid %u\n", p.loginuid);
}

static void print_rlimits(void)
{
        struct chunk c = only(IMG_RLIM);
        struct img_rlimit r;
        uint32_t i;

        for (i = 0; i < array(&c).n; i++) {
                memcpy(&r, entry(&c, i), sizeof r);
                printf("rlimit %u %" PRIu64 " %" PRIu64 "\n", i, r.soft, r.hard);
        }
}

static void print_str(uint32_t id)
{
        struct chunk c = only(IMG_PROC);
        struct img_str s;
        uint64_t at;
        uint32_t size;

        memcpy(&size, c.data, 4);
        for (at = size; at + sizeof s <= c.len; at += sizeof s + ((s.len + 7u) & ~7u)) {
                memcpy(&s, c.data + at, sizeof s);
                if (s.id == id && s.len <= c.len - at - sizeof s)
                        fwrite(c.data + at + sizeof s, 1, s.len, stdout);
        }
}

static void print_files(const char *name)
{
        uint64_t at = sizeof(struct img_header);
        struct chunk c;

        while (next(&at, &c)) {
                size_t n;

                if (c.tag != IMG_FILE)
                        continue;
                n = strnlen((const char *)c.data, c.len) + 1;
                if (!name)
                        printf("%s %" PRIu64 "\n", (const char *)c.data, c.len - n);
                else if (strcmp((const char *)c.data, name) == 0)
                        fwrite(c.data + n, 1, c.len - n, stdout);
        }
}

static void print_notes(void)
{
        uint64_t at = sizeof(struct img_header);
        struct chunk c;

        while (next(&at, &c))
                if (c.tag == IMG_NOTE)
                        fwrite(c.data, 1, c.len, stdout);
}

/* --- the comparison --------------------------------------------------------- */

static int mem = -1, pagemap = -1, wrong;
static uint64_t compared[6];

static void differs(uint64_t addr, const char *how)
{
        if (++wrong <= 20)
                printf("%#" PRIx64 ": %s\n", addr, how);
}

/* The file's page under addr, by the link that the kernel keeps for the mapping. */
static int same_as_file(int pid, const struct img_map *m, uint64_t addr, const uint8_t *page)
{
        uint8_t buf[IMG_PAGE] = { 0 };
        char path[96];
        int fd, same;

        snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, m->start, m->end);
        if ((fd = open(path, O_RDONLY)) < 0)
                return -1;
        same = pread(fd, buf, sizeof buf, (off_t)(m->off + (addr - m->start))) >= 0 && memcmp(buf, page, sizeof buf) == 0;
        close(fd);
        return same;
}

static void compare_page(int pid, const struct img_map *m, const struct img_run *run, uint64_t addr, const uint8_t *data)
{
        static const uint8_t zeros[IMG_PAGE];
        uint8_t page[IMG_PAGE];
        uint64_t pm = 0;
        int there, own, readable;

        if (pread(pagemap, &pm, 8, (off_t)(addr / IMG_PAGE * 8)) != 8)
                pm = 0;
        there = (pm >> 62 & 3) != 0;                    /* present or in swap */
        own = there && !(pm >> 61 & 1);                 /* anonymous */
        if (run->kind == IMG_ABSENT) {                  /* reading would make it present */
                if (own)
                        differs(addr, "absent in the image, anonymous page in the process");
                return;
        }
        readable = pread(mem, page, sizeof page, (off_t)addr) == (ssize_t)sizeof page;
        if (run->kind == IMG_UNREADABLE) {
                if (readable && run->why < IMG_WHY_DEVICE)
                        differs(addr, "unreadable in the image, but it can be read");
                return;
        }
        if (!readable && run->kind == IMG_INFILE)       /* beyond the end of the file */
                return;
        if (!readable)
                differs(addr, "in the image, but it cannot be read");
        else if (run->kind == IMG_DATA && memcmp(page, data, sizeof page) != 0)
                differs(addr, "other content in the image");
        else if (run->kind == IMG_ZERO && memcmp(page, zeros, sizeof page) != 0)
                differs(addr, "zero in the image, but it is not");
        else if (run->kind == IMG_INFILE && same_as_file(pid, m, addr, page) == 0)
                differs(addr, "as in the file, says the image, but it is not");
}

static void compare(int pid)
{
        struct chunk c = only(IMG_MAPS);
        struct walk w = { 0 };
        uint64_t at, left = 0;
        struct img_run run;
        const uint8_t *data;
        struct img_map m = { 0 };
        uint32_t i = 0, j;
        char path[64];

        snprintf(path, sizeof path, "/proc/%d/mem", pid);
        mem = open(path, O_RDONLY);
        snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
        pagemap = open(path, O_RDONLY);
        if (mem < 0 || pagemap < 0)
                die("cannot open %s", path);
        while (next_run(&w, &run, &data)) {
                if (left == 0) {
                        if (i == array(&c).n)
                                die("runs behind the last mapping: %#" PRIx64, run.addr);
                        memcpy(&m, entry(&c, i++), sizeof m);
                        left = m.end - m.start;
                }
                at = m.end - left;
                if (run.addr != at || run.n == 0 || (uint64_t)run.n * IMG_PAGE > left)
                        die("a run of %u at %#" PRIx64 " where one at %#" PRIx64 " should be", run.n, run.addr, at);
                left -= (uint64_t)run.n * IMG_PAGE;
                compared[run.kind <= IMG_UNREADABLE ? run.kind : 0] += run.n;
                for (j = 0; j < run.n && (run.kind != IMG_ABSENT || j < 100000); j++)
                        compare_page(pid, &m, &run, run.addr + (uint64_t)j * IMG_PAGE, data ? data + (uint64_t)j * IMG_PAGE : NULL);
        }
        if (left != 0 || i != array(&c).n)
                die("no runs from mapping %u on", i);
        printf("compared %" PRIu64 " data, %" PRIu64 " zero, %" PRIu64 " absent, %" PRIu64 " infile, "
                "%" PRIu64 " unreadable pages: %d differ\n", compared[1], compared[2], compared[3], compared[4], compared[5], wrong);
}

static void map_image(const char *path)
{
        struct stat st;
        int fd = open(path, O_RDONLY);

        if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct img_header))
                die("%s: no image", path);
        length = (uint64_t)st.st_size;
        image = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image == MAP_FAILED || memcmp(image, IMG_MAGIC, 8) != 0)
                die("%s: no image", path);
        close(fd);
}

int main(int argc, char **argv)
{
        const char *what = argc > 2 ? argv[2] : "";
        uint64_t a = argc > 3 ? strtoull(argv[3], NULL, 0) : 0, b = argc > 4 ? strtoull(argv[4], NULL, 0) : 0;

        if (argc < 3)
                die("usage: readimg IMAGE WHAT [ARGUMENT]...");
        map_image(argv[1]);
        if (strcmp(what, "chunks") == 0)
                print_chunks();
        else if (strcmp(what, "maps") == 0)
                print_maps();
        else if (strcmp(what, "runs") == 0)
                print_runs();
        else if (strcmp(what, "kinds") == 0)
                print_kinds(a, b);
        else if (strcmp(what, "hows") == 0)
                print_hows(a, b);
        else if (strcmp(what, "classes") == 0)
                print_classes(a, b);
        else if (strcmp(what, "mem") == 0)
                print_mem(a, b);
        else if (strcmp(what, "threads") == 0 || strcmp(what, "regs") == 0 || strcmp(what, "xstate") == 0)
                print_threads(what, (int)a);
        else if (strcmp(what, "actions") == 0)
                print_actions();
        else if (strcmp(what, "itimers") == 0)
                print_itimers();
        else if (strcmp(what, "timers") == 0)
                print_timers();
        else if (strcmp(what, "rlimits") == 0)
                print_rlimits();
        else if (strcmp(what, "misc") == 0)
                print_misc();
        else if (strcmp(what, "proc") == 0)
                print_proc();
        else if (strcmp(what, "str") == 0)
                print_str((uint32_t)a);
        else if (strcmp(what, "files") == 0 || strcmp(what, "file") == 0)
                print_files(argc > 3 ? argv[3] : NULL);
        else if (strcmp(what, "notes") == 0)
                print_notes();
        else if (strcmp(what, "compare") == 0)
                compare((int)a);
        else
                die("what is %s?", what);
        return wrong != 0;
}
