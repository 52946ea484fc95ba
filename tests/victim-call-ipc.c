/* SPDX-License-Identifier: MIT */
/*
 * victim-call-ipc.c - sits in a call that another process ends: reads, writes, locks, messages
 *
 * usage, output: victim-call.h
 */
#define _GNU_SOURCE
#include "victim-call.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>

static int *word;                       /* a futex that the child shares */
static int sem_id = -1, msg_id = -1;
static char dir[64], file[80];          /* a folder of its own, and the one file there */

static void tidy(void)
{
        if (sem_id >= 0)
                semctl(sem_id, 0, IPC_RMID);
        if (msg_id >= 0)
                msgctl(msg_id, IPC_RMID, NULL);
        if (dir[0]) {
                unlink(file);
                rmdir(dir);
        }
}

static void use_dir(void)
{
        snprintf(dir, sizeof dir, "call.%d", (int)getpid());
        snprintf(file, sizeof file, "%s/f", dir);
        must(mkdir(dir, 0700), "mkdir");
}

/* --- futexes -------------------------------------------------------------- */

static void use_word(void)
{
        word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (word == MAP_FAILED)
                die("mmap");
}

static void wake_futex(void)
{
        syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void hold_pi(void)
{
        if (syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0)
                _exit(2);
}

static void wake_pi(void)
{
        syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static long call_futex(void)
{
        struct timespec t = timespec(wait_ms);

        use_word();
        go(SYS_futex, wake_futex);
        return syscall(SYS_futex, word, self->timed ? FUTEX_WAIT_PRIVATE : FUTEX_WAIT, 0,
                       self->timed ? &t : NULL, NULL, 0);
}

static long call_futex_bitset(void)
{
        struct timespec t;

        use_word();
        go(SYS_futex, wake_futex);
        t = later(CLOCK_MONOTONIC);
        return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, 0, self->timed ? &t : NULL, NULL, 5);
}

static long call_futex_pi(void)
{
        use_word();
        go_held(SYS_futex, hold_pi, wake_pi);
        return syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
}

static long call_futex_waitv(void)
{
        struct timespec t;
        struct futex_waitv v[2];

        use_word();
        v[0] = (struct futex_waitv){ .uaddr = (uintptr_t)word, .flags = FUTEX_32 };
        v[1] = (struct futex_waitv){ .uaddr = (uintptr_t)(word + 1), .flags = FUTEX_32 };
        go(SYS_futex_waitv, wake_futex);
        t = later(CLOCK_MONOTONIC);
        return syscall(SYS_futex_waitv, v, 2, 0, self->timed ? &t : NULL, CLOCK_MONOTONIC);
}

/* --- System V and POSIX messages and semaphores --------------------------- */

static void wake_sem(void)
{
        struct sembuf up = { 0, 1, 0 };

        semop(sem_id, &up, 1);
}

static long call_semtimedop(long nr)
{
        struct timespec t = timespec(wait_ms);
        struct sembuf down = { 0, -1, 0 };

        sem_id = must(semget(IPC_PRIVATE, 1, 0600), "semget");
        go(nr, wake_sem);
        return syscall(nr, sem_id, &down, 1, self->timed ? &t : NULL);
}

static long call_semop(void)    { return call_semtimedop(SYS_semop); }
static long call_semtimed(void) { return call_semtimedop(SYS_semtimedop); }

static struct { long type; char text[1000]; } message = { .type = 1 };

static void wake_msgsnd(void)
{
        msgsnd(msg_id, &message, RECORD, 0);
}

static void wake_msgrcv(void)
{
        while (msgrcv(msg_id, &message, sizeof message.text, 0, IPC_NOWAIT) > 0)
                ;
}

static long call_msgrcv(void)
{
        msg_id = must(msgget(IPC_PRIVATE, 0600), "msgget");
        go(SYS_msgrcv, wake_msgsnd);
        return syscall(SYS_msgrcv, msg_id, &message, RECORD, 0, 0);
}

static long call_msgsnd(void)
{
        msg_id = must(msgget(IPC_PRIVATE, 0600), "msgget");
        while (msgsnd(msg_id, &message, sizeof message.text, IPC_NOWAIT) == 0)
                ;
        go(SYS_msgsnd, wake_msgrcv);
        return syscall(SYS_msgsnd, msg_id, &message, sizeof message.text, 0);
}

static void use_mq(void)
{
        struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = RECORD };
        char name[64];

        snprintf(name, sizeof name, "/crdump-call-%d", (int)getpid());
        fds[0] = must(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr), "mq_open");
        mq_unlink(name);
}

static void wake_mq_send(void)
{
        mq_send(fds[0], "ding...", RECORD, 0);
}

static void wake_mq_receive(void)
{
        char buf[RECORD];

        mq_receive(fds[0], buf, sizeof buf, NULL);
}

static long call_mq_receive(void)
{
        struct timespec t;
        char buf[RECORD];

        use_mq();
        go(SYS_mq_timedreceive, wake_mq_send);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_mq_timedreceive, fds[0], buf, sizeof buf, NULL, self->timed ? &t : NULL);
}

static long call_mq_send(void)
{
        struct timespec t;

        use_mq();
        wake_mq_send();
        go(SYS_mq_timedsend, wake_mq_receive);
        t = later(CLOCK_REALTIME);
        return syscall(SYS_mq_timedsend, fds[0], "ding...", RECORD, 0, self->timed ? &t : NULL);
}

/* --- read, write, open ---------------------------------------------------- */

static long read_until(void (*wake)(void))
{
        char buf[512];

        go(SYS_read, wake);
        return syscall(SYS_read, fds[0], buf, sizeof buf);
}

static long call_read_pipe(void)
{
        use_pipe();
        return read_until(wake_write);
}

static long call_read_eventfd(void)
{
        fds[0] = fds[1] = must(eventfd(0, 0), "eventfd");
        return read_until(wake_write);
}

static void wake_create(void)
{
        if (mknod(file, S_IFREG | 0600, 0) < 0)
                _exit(2);
}

static long call_read_inotify(void)
{
        use_dir();
        fds[0] = must(inotify_init(), "inotify_init");
        must(inotify_add_watch(fds[0], dir, IN_CREATE), "inotify_add_watch");
        return read_until(wake_create);
}

static long call_read_tty(void)
{
        fds[1] = must(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");
        must(grantpt(fds[1]), "grantpt");
        must(unlockpt(fds[1]), "unlockpt");
        fds[0] = must(open(ptsname(fds[1]), O_RDWR | O_NOCTTY), "open of the pty");
        return read_until(wake_write);
}

static long call_read_fifo(void)
{
        use_dir();
        must(mkfifo(file, 0600), "mkfifo");
        fds[0] = fds[1] = must(open(file, O_RDWR), "open of the fifo");
        return read_until(wake_write);
}

static void wake_open(void)
{
        if (open(file, O_WRONLY) < 0)
                _exit(2);
}

static long call_open_fifo(void)
{
        use_dir();
        must(mkfifo(file, 0600), "mkfifo");
        go(SYS_openat, wake_open);
        return syscall(SYS_openat, AT_FDCWD, file, O_RDONLY, 0);
}

static void fill_pipe(void)                         /* fds[0] is what the victim waits at */
{
        static const char zeros[4096];
        int ends[2];

        must(pipe(ends), "pipe");
        fds[0] = ends[1];
        fds[1] = ends[0];
        fcntl(fds[0], F_SETFL, O_NONBLOCK);
        while (write(fds[0], zeros, sizeof zeros) > 0)
                ;
        fcntl(fds[0], F_SETFL, 0);
}

static void wake_drain_pipe(void)
{
        char buf[65536];

        if (read(fds[1], buf, sizeof buf) < 0)
                _exit(2);
}

static long call_write_pipe(void)
{
        fill_pipe();
        go(SYS_write, wake_drain_pipe);
        return syscall(SYS_write, fds[0], "ding...", RECORD);
}

static long call_write_half(void)
{
        static const char zeros[8192];

        fill_pipe();
        if (read(fds[1], (char[4096]){ 0 }, 4096) != 4096)
                die("read");
        go(SYS_write, wake_drain_pipe);
        return syscall(SYS_write, fds[0], zeros, sizeof zeros);
}

static long call_splice(void)
{
        int out[2];

        use_pipe();
        must(pipe(out), "pipe");
        go(SYS_splice, wake_write);
        return syscall(SYS_splice, fds[0], NULL, out[1], NULL, RECORD, 0);
}

/* --- locks of files ------------------------------------------------------- */

static void use_two_files(void)
{
        use_dir();
        fds[0] = must(open(file, O_RDWR | O_CREAT, 0600), "open");
        fds[1] = must(open(file, O_RDWR), "open");
}

static void wake_flock(void)
{
        flock(fds[1], LOCK_UN);
}

static long call_flock(void)
{
        use_two_files();
        must(flock(fds[1], LOCK_EX), "flock");
        go(SYS_flock, wake_flock);
        return syscall(SYS_flock, fds[0], LOCK_EX);
}

static int lock(int fd, int cmd, short type)
{
        struct flock l = { .l_type = type, .l_whence = SEEK_SET };

        return (int)syscall(SYS_fcntl, fd, cmd, &l);
}

static void hold_setlk(void)                        /* until the child ends */
{
        if (lock(fds[1], F_SETLK, F_WRLCK) < 0)
                _exit(2);
}

static void wake_ofd(void)
{
        lock(fds[1], F_OFD_SETLK, F_UNLCK);
}

static long call_setlkw(void)
{
        use_two_files();
        go_held(SYS_fcntl, hold_setlk, nothing);
        return lock(fds[0], F_SETLKW, F_WRLCK);
}

static long call_ofd_setlkw(void)
{
        use_two_files();
        must(lock(fds[1], F_OFD_SETLK, F_WRLCK), "F_OFD_SETLK");
        go(SYS_fcntl, wake_ofd);
        return lock(fds[0], F_OFD_SETLKW, F_WRLCK);
}

/* --- */

static const struct call calls[] = {
        { "futex",                 call_futex,        0 },
        { "futex-timed",           call_futex,        1 },
        { "futex-bitset",          call_futex_bitset, 0 },
        { "futex-bitset-timed",    call_futex_bitset, 1 },
        { "futex-pi",              call_futex_pi,     0 },
        { "futex_waitv",           call_futex_waitv,  0 },
        { "futex_waitv-timed",     call_futex_waitv,  1 },
        { "semop",                 call_semop,        0 },
        { "semtimedop",            call_semtimed,     0 },
        { "semtimedop-timed",      call_semtimed,     1 },
        { "msgrcv",                call_msgrcv,       0 },
        { "msgsnd",                call_msgsnd,       0 },
        { "mq_timedreceive",       call_mq_receive,   0 },
        { "mq_timedreceive-timed", call_mq_receive,   1 },
        { "mq_timedsend",          call_mq_send,      0 },
        { "mq_timedsend-timed",    call_mq_send,      1 },
        { "read-pipe",             call_read_pipe,    0 },
        { "read-eventfd",          call_read_eventfd, 0 },
        { "read-inotify",          call_read_inotify, 0 },
        { "read-tty",              call_read_tty,     0 },
        { "read-fifo",             call_read_fifo,    0 },
        { "open-fifo",             call_open_fifo,    0 },
        { "write-pipe",            call_write_pipe,   0 },
        { "splice",                call_splice,       0 },
        { "flock",                 call_flock,        0 },
        { "setlkw",                call_setlkw,       0 },
        { "ofd_setlkw",            call_ofd_setlkw,   0 },
        { "write-half",            call_write_half,   0 },
};

int main(int argc, char **argv)
{
        at_end = tidy;
        return call_main(argc, argv, calls, sizeof calls / sizeof calls[0]);
}
