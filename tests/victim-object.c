/* SPDX-License-Identifier: MIT */
/*
 * victim-object.c - shared memory that another process has written, and this one never touched
 *
 * usage: victim-object FOLDER [vast]   (two files are made there, and removed)
 *
 * The parent maps objects, forks, and writes to them. The child prints
 * "NAME ADDRESS PAGES", a line a mapping, "pid PID", its own, and "ready", and
 * waits for a signal. Page i of what is filled holds the letter 'A' + i % 26
 * throughout. vast: two objects of 16 TiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE    4096ul
#define TIB     (1ul << 40)

#ifndef PR_SET_VMA
#define PR_SET_VMA              0x53564d41
#define PR_SET_VMA_ANON_NAME    0
#endif

static struct object {
        const char *name;
        char  *at;
        size_t pages, off;      /* off: of the mapping in the object */
        int    first, n;        /* pages that the parent fills, counted in the object */
        int    touched;         /* that page of the mapping the child writes once more; -1: none */
} objects[24];
static int count;

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static void keep(const char *name, char *at, size_t pages, size_t off, int first, int n, int touched)
{
        if (at == MAP_FAILED || at == (char *)-1)
                die(name);
        objects[count++] = (struct object){ name, at, pages, off, first, n, touched };
}

static char *map(int fd, size_t pages, size_t off, int flags)
{
        return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, (off_t)(off * PAGE));
}

static int memfd(const char *name, off_t len)
{
        int fd = (int)syscall(SYS_memfd_create, name, 0);

        if (fd < 0 || ftruncate(fd, len) < 0)
                die(name);
        return fd;
}

static int unlinked(const char *folder, const char *name, off_t len)
{
        char path[4096];
        int fd;

        snprintf(path, sizeof path, "%s/%s.%d", folder, name, (int)getpid());
        fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || ftruncate(fd, len) < 0 || unlink(path) < 0)
                die(path);
        return fd;
}

static void small_ones(const char *folder)
{
        int fd, id;
        char *p;

        keep("anon", map(-1, 8, 0, MAP_ANONYMOUS), 8, 0, 1, 3, -1);
        keep("both", map(-1, 4, 0, MAP_ANONYMOUS), 4, 0, 0, 4, 2);
        p = map(-1, 4, 0, MAP_ANONYMOUS);
        if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 4 * PAGE, "known") == 0)
                keep("named", p, 4, 0, 0, 2, -1);
        fd = open("/dev/zero", O_RDWR);
        keep("zero", map(fd, 4, 0, 0), 4, 0, 2, 2, -1);
        close(fd);
        id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
        if (id < 0)
                die("shmget");
        keep("sysv", shmat(id, NULL, 0), 4, 0, 0, 3, -1);
        shmctl(id, IPC_RMID, NULL);
        fd = memfd("closed", 4 * PAGE);
        keep("memfd", map(fd, 4, 0, 0), 4, 0, 0, 1, -1);
        close(fd);
        fd = memfd("open", 8 * PAGE);           /* the child has its descriptor */
        keep("memfdopen", map(fd, 4, 2, 0), 4, 2, 3, 2, -1);
        fd = memfd("short", 2 * PAGE + 100);
        keep("short", map(fd, 4, 0, 0), 4, 0, 0, 2, -1);
        close(fd);
        fd = unlinked("/dev/shm", "crdump-object", 4 * PAGE);
        keep("tmpfs", map(fd, 4, 0, 0), 4, 0, 1, 2, -1);
        close(fd);
        fd = unlinked(folder, "object", 4 * PAGE);
        keep("disk", map(fd, 4, 0, 0), 4, 0, 1, 2, -1);
        close(fd);
}

static void vast_ones(void)
{
        int fd = memfd("vast", 16 * TIB);

        keep("vastanon", map(-1, 16 * TIB / PAGE, 0, MAP_ANONYMOUS | MAP_NORESERVE), 16 * TIB / PAGE, 0, 77777777, 2, -1);
        keep("vastmemfd", map(fd, 16 * TIB / PAGE, 0, MAP_NORESERVE), 16 * TIB / PAGE, 0, 1888888888, 3, -1);
        close(fd);
}

static void fill(const struct object *o)
{
        for (int i = 0; i < o->n; i++) {
                size_t page = (size_t)o->first + (size_t)i;

                memset(o->at + (page - o->off) * PAGE, 'A' + (int)(page % 26), PAGE);
        }
}

int main(int argc, char **argv)
{
        pid_t parent = getpid();
        int to_child[2];
        char c;

        if (argc < 2 || pipe(to_child) < 0)
                return 2;
        if (argc > 2)
                vast_ones();
        else
                small_ones(argv[1]);
        if (fork() != 0) {
                for (int i = 0; i < count; i++)
                        fill(&objects[i]);
                close(to_child[1]);
                for (;;)
                        pause();
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        close(to_child[1]);
        if (read(to_child[0], &c, 1) != 0)      /* the parent is through */
                return 2;
        for (int i = 0; i < count; i++) {
                const struct object *o = &objects[i];

                if (o->touched >= 0) {          /* to read would map its neighbours too */
                        volatile char *p = o->at + (size_t)o->touched * PAGE;

                        *p = 'A' + o->touched;
                }
                printf("%s %p %zu\n", o->name, (void *)o->at, o->pages);
        }
        printf("pid %d\nready\n", (int)getpid());
        fflush(stdout);
        for (;;)
                pause();
}
