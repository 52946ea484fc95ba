/* SPDX-License-Identifier: MIT */
/*
 * victim-fuse.c - maps a file of a file system that it serves itself
 *
 * usage: victim-fuse FOLDER
 *
 * A thread serves a FUSE file system at FOLDER (as root, without a helper): one
 * file, "file", of 8 pages of 'f', which is never cached. The other thread maps
 * it, reads its first page, prints "mapping ADDRESS 8" and "ready", and waits
 * for a signal. Whoever reads the file while this process stands still waits;
 * after SIGUSR1 it takes requests and answers none, and who waits then cannot
 * be killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE    4096ul
#define LENGTH  (8 * PAGE)
#define FILE_ID 2

static int device;
static volatile sig_atomic_t mute;

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static void on_usr1(int sig)
{
        mute = sig;
}

static void reply(uint64_t unique, int err, const void *p, size_t len)
{
        struct fuse_out_header head = { .len = (uint32_t)(sizeof head + len), .error = -err, .unique = unique };
        struct iovec v[2] = { { &head, sizeof head }, { (void *)p, len } };

        if (!mute)
                (void)!writev(device, v, 2);
}

static struct fuse_attr attr(uint64_t id)
{
        return (struct fuse_attr){ .ino = id, .mode = id == FILE_ID ? S_IFREG | 0644 : S_IFDIR | 0755, .nlink = 1,
                                   .size = id == FILE_ID ? LENGTH : 0, .blksize = 4096 };
}

static void answer(const struct fuse_in_header *in, const void *arg)
{
        static char content[LENGTH];

        switch (in->opcode) {
        case FUSE_INIT: {
                struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };

                reply(in->unique, 0, &out, sizeof out);
                break;
        }
        case FUSE_LOOKUP: {
                struct fuse_entry_out out = { .nodeid = FILE_ID, .generation = 1, .attr = attr(FILE_ID) };

                reply(in->unique, strcmp(arg, "file") ? ENOENT : 0, &out, strcmp(arg, "file") ? 0 : sizeof out);
                break;
        }
        case FUSE_GETATTR: {
                struct fuse_attr_out out = { .attr = attr(in->nodeid) };

                reply(in->unique, 0, &out, sizeof out);
                break;
        }
        case FUSE_OPEN: {
                struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

                reply(in->unique, 0, &out, sizeof out);
                break;
        }
        case FUSE_READ: {
                const struct fuse_read_in *r = arg;
                size_t len = r->offset >= LENGTH ? 0 : LENGTH - r->offset < r->size ? LENGTH - r->offset : r->size;

                memset(content, 'f', sizeof content);
                reply(in->unique, 0, content, len);
                break;
        }
        case FUSE_RELEASE: case FUSE_FLUSH:
                reply(in->unique, 0, NULL, 0);
                break;
        case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT:
                break;
        default:
                reply(in->unique, ENOSYS, NULL, 0);
        }
}

static void *serve(void *unused)
{
        static char buf[1 << 17] __attribute__((aligned(16)));

        (void)unused;
        for (;;) {
                ssize_t n = read(device, buf, sizeof buf);

                if (n >= (ssize_t)sizeof(struct fuse_in_header))
                        answer((struct fuse_in_header *)(void *)buf, buf + sizeof(struct fuse_in_header));
                else if (n < 0 && errno != EINTR && errno != ENOENT)
                        return NULL;
        }
}

int main(int argc, char **argv)
{
        char options[128], path[4096], *p;
        pthread_t t;
        int fd;

        device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (argc != 2 || device < 0) {
                printf("not here: /dev/fuse: %s\n", strerror(errno));
                return 3;
        }
        snprintf(options, sizeof options, "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", device);
        if (mount("victim-fuse", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
                printf("not here: mount: %s\n", strerror(errno));
                return 3;
        }
        signal(SIGUSR1, on_usr1);
        if (pthread_create(&t, NULL, serve, NULL))
                die("pthread_create");
        snprintf(path, sizeof path, "%s/file", argv[1]);
        fd = open(path, O_RDONLY);
        p = fd < 0 ? MAP_FAILED : mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
                die(path);
        close(fd);                      /* at exit nobody would answer to that */
        p[PAGE] = 'w';
        printf("mapping %p 8\nready\n", (void *)p);
        fflush(stdout);
        for (;;)
                pause();
}
