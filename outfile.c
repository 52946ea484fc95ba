/* SPDX-License-Identifier: MIT */
/* outfile.c - a file that appears under its name when it is complete, or standard output */
#include "outfile.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK   4096u           /* bytes: O_DIRECT wants addresses and lengths that are multiples of a disk's */
#define STAGE   524288u
#define PIECE   131072u
#define SIP     16384u          /* where no file is written: a slow line takes it in time to be seen to move */

void outfile_random(void *buf, size_t len)
{
        uint64_t mix = now_ns() ^ (uint64_t)time(NULL) << 32 ^ (uint64_t)getpid() << 16;
        uint8_t *p = buf;
        ssize_t got;
        int fd;

        if (getrandom(buf, len, GRND_NONBLOCK) == (ssize_t)len)
                return;
        fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        got = fd < 0 ? -1 : read_full(fd, buf, len);
        if (fd >= 0)
                close(fd);
        if (got == (ssize_t)len)
                return;
        while (len--) {                 /* Knuth's MMIX generator */
                mix = mix * 6364136223846793005u + 1442695040888963407u;
                *p++ = (uint8_t)(mix >> 56);
        }
}

static const char *kind_of_file(mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFDIR:   return "a folder";
        case S_IFIFO:   return "a pipe";
        case S_IFSOCK:  return "a socket";
        case S_IFREG:   return "a file";
        }
        return "a device";
}

/* May a file called o->name come to be where it is, in o->folder? */
static int check_place(struct outfile *o)
{
        char to[6];
        struct stat st;

        if (fstatat(o->dir, o->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : fail("write %s:", o->path);
        if (S_ISREG(st.st_mode))
                return 0;
        if (!S_ISLNK(st.st_mode))
                return fail("write %s: it is %s, not a file", o->path, kind_of_file(st.st_mode));
        /* A link is replaced, not followed. But nobody means that of /dev/stdout or of a link to a folder. */
        if (readlinkat(o->dir, o->name, to, sizeof(to)) == sizeof(to) && memcmp(to, "/proc/", sizeof(to)) == 0)
                return fail("write %s: it is a link into /proc, not a file", o->path);
        if (fstatat(o->dir, o->name, &st, 0) == 0 && !S_ISREG(st.st_mode))
                return fail("write %s: it is a link to %s, not a file", o->path, kind_of_file(st.st_mode));
        return 0;
}

/* Open the folder of path, and see that it is one where the file can be. */
static int open_folder(struct outfile *o, const char *path)
{
        const char *slash = strrchr(path, '/');

        o->path = strdup(path);
        o->folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
        if (!o->path || !o->folder)
                return fail("write %s:", path);
        o->name = slash ? o->path + (slash - path) + 1 : o->path;
        if (*path == 0)
                return fail("the name of the image is empty");
        if (*o->name == 0 || strcmp(o->name, ".") == 0 || strcmp(o->name, "..") == 0)
                return fail("write %s: that names a folder, not a file", path);
        o->dir = open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (o->dir < 0 && errno == EACCES)      /* a folder to drop files into: no fsync() then */
                o->dir = open(o->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (o->dir < 0)
                return fail("write %s: folder %s:", path, o->folder);
        return check_place(o);
}

/* Create the file under its temporary name: .NAME.RANDOM.part. */
static int create_part(struct outfile *o, void (*named)(const char *folder, const char *part))
{
        uint64_t r;
        int keep = (int)sizeof(o->part) - 24, tries;

        if (strlen(o->name) <= (size_t)keep)
                keep = (int)strlen(o->name);
        while (keep > 0 && ((unsigned char)o->name[keep] & 0xc0) == 0x80)
                keep--;                 /* not within a character: some file systems mind */
        for (tries = 0; tries < 100; tries++) {
                outfile_random(&r, sizeof(r));
                snprintf(o->part, sizeof(o->part), ".%.*s.%012llx.part", keep, o->name,
                        (unsigned long long)r >> 16);
                if (named)
                        named(o->folder, o->part);
                o->fd = openat(o->dir, o->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (o->fd >= 0 || errno != EEXIST)
                        break;
        }
        if (o->fd < 0) {
                int err = errno;

                o->part[0] = 0;
                if (named)
                        named(o->folder, o->part);
                errno = err;
                return fail("write %s: create a file in %s:", o->path, o->folder);
        }
        if (fchmod(o->fd, 0600) < 0)    /* vfat and the like: what can be read there is the mount's choice */
                warn("%s may be readable by others: chmod:", o->path);
        return 0;
}

int outfile_create(struct outfile *o, const char *path, void (*named)(const char *folder, const char *part))
{
        memset(o, 0, sizeof(*o));
        o->dir = o->fd = -1;
        o->piece = PIECE;
        return open_folder(o, path) < 0 ? -1 : create_part(o, named);
}

int outfile_stdout(struct outfile *o)
{
        struct stat st;

        memset(o, 0, sizeof(*o));
        o->dir = -1;
        o->piece = fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) ? PIECE : SIP;
        o->path = strdup("standard output");
        o->fd = o->path ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
        return o->fd < 0 ? fail("write standard output:") : 0;
}

static int set_direct(struct outfile *o, int on)
{
        int flags = fcntl(o->fd, F_GETFL);

        return flags < 0 ? -1 : fcntl(o->fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

static int is_direct(const struct outfile *o)
{
        int flags = o->stage ? fcntl(o->fd, F_GETFL) : 0;

        return flags > 0 && flags & O_DIRECT;
}

int outfile_direct(struct outfile *o)
{
        void *p;
        int err = posix_memalign(&p, BLOCK, STAGE);

        if (err) {
                errno = err;
                return -1;
        }
        if (set_direct(o, 1) < 0) {
                err = errno;
                free(p);
                errno = err;
                return -1;
        }
        o->stage = p;
        o->piece = STAGE;
        return 0;
}

static int write_plain(struct outfile *o, const void *p, size_t len, const atomic_int *quit)
{
        struct pollfd ready = { o->fd, POLLOUT, 0 };
        const char *at = p;
        ssize_t n;

        for (; len > 0 && !*quit; at += n, len -= (size_t)n) {
                n = write(o->fd, at, len < o->piece ? len : o->piece);
                if (n == 0)             /* no regular file does this: never loop on it */
                        return EIO;
                if (n < 0 && errno == EINVAL && is_direct(o)) {
                        if (set_direct(o, 0) < 0)       /* larger blocks than ours: by the cache, then */
                                return EINVAL;
                        errno = EINTR;
                }
                if (n < 0 && errno == EAGAIN)   /* somebody has made it non-blocking, for all who have it open */
                        poll(&ready, 1, 20);
                else if (n < 0 && errno != EINTR)
                        return errno;
                if (n < 0)
                        n = 0;
                o->written += (size_t)n;
        }
        return 0;
}

int outfile_write(struct outfile *o, const void *p, size_t len, const atomic_int *quit)
{
        int err = 0;

        if (!o->stage)
                return write_plain(o, p, len, quit);
        for (size_t n; len > 0 && !err && !*quit; p = (const uint8_t *)p + n, len -= n) {
                n = len < STAGE - o->staged ? len : STAGE - o->staged;
                memcpy(o->stage + o->staged, p, n);
                o->staged += n;
                if (o->staged < STAGE)
                        continue;
                err = write_plain(o, o->stage, STAGE, quit);
                o->staged = 0;
        }
        return err;
}

/* What is left in the stage: whole blocks, then the rest, which is none. */
static int write_stage(struct outfile *o)
{
        const atomic_int quit = 0;
        size_t whole = o->staged / BLOCK * BLOCK;
        int err = write_plain(o, o->stage, whole, &quit);

        if (!err && o->staged > whole && set_direct(o, 0) < 0)
                err = errno;
        if (!err)
                err = write_plain(o, o->stage + whole, o->staged - whole, &quit);
        o->staged = 0;
        return err;
}

/* Some file systems keep their ENOSPC and EDQUOT until here. */
int outfile_sync(struct outfile *o)
{
        int fd = o->fd, err = o->stage ? write_stage(o) : 0;

        if (err)
                return err;
        while (fsync(fd) < 0)
                if (errno != EINTR) {
                        if (errno == EINVAL || errno == EROFS)  /* a pipe, a socket: there is nothing to sync */
                                break;
                        return errno;
                }
        o->fd = -1;
        return close(fd) < 0 && errno != EINTR ? errno : 0;
}

int outfile_publish(struct outfile *o)
{
        if (!o->folder)
                return 0;
        if (renameat(o->dir, o->part, o->dir, o->name) < 0)
                return fail("write %s: rename %s:", o->path, o->part);
        o->part[0] = 0;
        /* What is lost now if the power fails is the name only: no reason to take the image away. */
        if (fsync(o->dir) < 0 && errno != EINVAL && errno != EBADF && errno != EINTR)
                warn("%s is complete, but the folder may forget it: sync:", o->path);
        return 0;
}

int outfile_unlink(struct outfile *o)
{
        return o->part[0] && unlinkat(o->dir, o->part, 0) < 0 && errno != ENOENT ? errno : 0;
}

void outfile_close(struct outfile *o)
{
        if (o->fd >= 0)
                close(o->fd);
        errno = outfile_unlink(o);
        if (errno)
                warn("remove %s/%s:", o->folder, o->part);
        if (o->dir >= 0)
                close(o->dir);
        free(o->stage);
        free(o->folder);
        free(o->path);
}
