/* SPDX-License-Identifier: MIT */
/*
 * victim-fd-files.c - has files open in many ways, in the current folder, and tells about them
 *
 *      victim-fd-files FILE    which is there and is readable; from descriptor 10 on
 */
#include "victim-fd.h"
#include <sys/file.h>
#include <sys/mman.h>

static int end;

static void report(void)
{
        int n;

        for (int fd = 10; fd < end; fd++) {
                struct stat st;

                report_fd(fd);
                if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (n = fcntl(fd, F_GETLEASE)) >= 0)
                        printf("%d lease %d\n", fd, n);
        }
}

/* The next number from 10 on. */
static int as_next(int fd, const char *what)
{
        need(fd, what);
        need(dup3(fd, end, fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0), "dup3");
        close(fd);
        return end++;
}

static int opened(const char *name, int flags)
{
        return as_next(open(name, flags, 0640), name);
}

static void locks(int fd)
{
        struct flock posix = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };
        struct flock ofd = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 0 };

        need(flock(fd, LOCK_EX), "flock");
        need(fcntl(fd, F_SETLK, &posix), "F_SETLK");
        need(fcntl(fd, F_OFD_SETLK, &ofd), "F_OFD_SETLK");
}

int main(int argc, char **argv)
{
        struct f_owner_ex owner = { F_OWNER_PGRP, getpgrp() };
        int fd;

        if (argc < 2)
                return 2;
        end = 10;
        fd = opened("written", O_RDWR | O_CREAT | O_TRUNC);                     /* 10 */
        need((int)write(fd, "twenty bytes of text", 20), "write");
        need((int)lseek(fd, 7, SEEK_SET), "lseek");
        as_next(dup(fd), "dup");                                                /* 11: the same open file */
        opened("written", O_RDWR);                                              /* 12: another one */
        as_next(fcntl(fd, F_DUPFD_CLOEXEC, 0), "F_DUPFD_CLOEXEC");              /* 13: the same as 10 again */
        fd = opened("log", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC);     /* 14 */
        need((int)write(fd, "one line\n", 9), "write");
        mkdir("folder", 0750);
        opened("folder", O_RDONLY | O_DIRECTORY);                                    /* 15 */
        opened(argv[1], O_PATH);                                                /* 16 */
        unlink("link");
        need(symlink("nowhere", "link"), "symlink");
        opened("link", O_PATH | O_NOFOLLOW);                                    /* 17 */
        opened("/dev/null", O_RDWR);                                            /* 18 */
        fd = opened("locked", O_RDWR | O_CREAT);                                /* 19 */
        locks(fd);
        fd = opened("owned", O_RDWR | O_CREAT | O_SYNC);                        /* 20 */
        need(fcntl(fd, F_SETOWN_EX, &owner), "F_SETOWN_EX");
        need(fcntl(fd, F_SETSIG, 40), "F_SETSIG");
        opened("leased", O_RDWR | O_CREAT);                                     /* 21 */
        close(--end);
        fd = opened("leased", O_RDONLY);                                        /* 21 */
        need(fcntl(fd, F_SETLEASE, F_RDLCK), "F_SETLEASE");
        fd = opened("leased too", O_RDWR | O_CREAT);                            /* 22 */
        need(fcntl(fd, F_SETLEASE, F_WRLCK), "F_SETLEASE");
        opened("/proc/self/status", O_RDONLY);                                  /* 23 */
        fd = opened("large", O_RDWR | O_CREAT | O_NOATIME);                     /* 24 */
        need(ftruncate(fd, 1l << 40), "ftruncate");
        need(lseek(fd, (1l << 40) - 3, SEEK_SET) < 0 ? -1 : 0, "lseek");
        opened("/proc/self/ns/uts", O_RDONLY);                                  /* 25 */
        opened("a name\nof two lines", O_RDWR | O_CREAT);                       /* 26 */
        serve(report, NULL);
}
