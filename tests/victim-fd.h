/* SPDX-License-Identifier: MIT */
/*
 * victim-fd.h - a victim's own report about its descriptors
 *
 * Lines as readfds prints them of an image, so that the two can be compared;
 * then, behind the word "own", what must not change but is not in an image.
 * After the first report and "ready" another one for each SIGUSR1, then "end".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef F_GETOWN_EX
#define F_GETOWN_EX     16
#endif

static volatile sig_atomic_t asked;

static void on_signal(int sig)
{
        asked = sig;
}

static int need(int rc, const char *what)
{
        if (rc < 0) {
                perror(what);
                exit(1);
        }
        return rc;
}

static void report_stat(int fd)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return;
        printf("%d stat %lu %lu %o %lu %u %u %u %u %u %u %ld %ld\n", fd, st.st_ino, st.st_size, st.st_mode, st.st_nlink, st.st_uid,
                st.st_gid, major(st.st_dev), minor(st.st_dev), major(st.st_rdev), minor(st.st_rdev), st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
        printf("%d own atime %ld %ld ctime %ld %ld\n", fd, st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

/* What any descriptor has. */
static void __attribute__((unused)) report_fd(int fd)
{
        int flags = fcntl(fd, F_GETFL), n;
        struct f_owner_ex owner;
        off_t pos = lseek(fd, 0, SEEK_CUR);

        printf("%d flags %o\n%d cloexec %d\n", fd, flags, fd, fcntl(fd, F_GETFD) & FD_CLOEXEC);
        if (!(flags & O_PATH))
                printf("%d pos %ld\n", fd, pos < 0 ? 0 : pos);
        report_stat(fd);
        if (fcntl(fd, F_GETOWN_EX, &owner) == 0)
                printf("%d owner %d %d %d\n", fd, owner.type, owner.pid, fcntl(fd, F_GETSIG));
        if ((n = fcntl(fd, F_GETPIPE_SZ)) >= 0)
                printf("%d room %d\n", fd, n);
        if ((n = fcntl(fd, F_GET_SEALS)) >= 0)
                printf("%d seals %d\n", fd, n);
}

/* report() writes one, for each SIGUSR1 too; finish() what is for SIGUSR2. Does not return. */
static void serve(void (*report)(void), void (*finish)(void))
{
        struct sigaction sa = { .sa_handler = on_signal };
        sigset_t both, but;

        sigemptyset(&both);
        sigaddset(&both, SIGUSR1);
        sigaddset(&both, SIGUSR2);
        sigprocmask(SIG_BLOCK, &both, &but);
        sigdelset(&but, SIGUSR1);
        sigdelset(&but, SIGUSR2);
        sigaction(SIGUSR1, &sa, NULL);
        sigaction(SIGUSR2, &sa, NULL);
        report();
        printf("ready\n");
        fflush(stdout);
        for (;;) {
                sigsuspend(&but);
                if (asked == SIGUSR1)
                        report();
                if (asked == SIGUSR2 && finish)
                        finish();
                if (asked)
                        printf("end\n");
                asked = 0;
                fflush(stdout);
        }
}
