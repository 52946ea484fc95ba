/* SPDX-License-Identifier: MIT */
/*
 * victim-seccomp.c - a program that the kernel would kill, or ask somebody about, for a call it does not make itself
 *
 * usage: victim-seccomp strict|filter|other|later|notify|dispatch BEATFILE
 *        victim-seccomp confine COMMAND...
 *
 * strict: seccomp's first mode. filter: killed for all but the few calls that it
 * makes. other: so is its second thread, but not the first. later: the filter
 * comes with SIGUSR1 ("fenced" is printed). notify: another process is asked
 * about getppid, and about the calls that a dump might make ("wrong: ..." if it
 * ever is about those). dispatch: syscall user dispatch, so that each call from
 * outside a few instructions is a SIGSYS; looks whether it still is. Each goes
 * round and counts in the first 8 bytes of BEATFILE. confine: runs the command
 * behind a filter that allows everything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE            4096
#define ANSWER          4242
#define DISPATCH        59              /* PR_SET_SYSCALL_USER_DISPATCH */

struct shared {                         /* the beat file */
        uint64_t beat;
        int listener;
        uint32_t others, last;          /* what else the supervisor was asked about */
};
static volatile struct shared *shared;
static const struct timespec nap = { 0, 1000000 };

static void die(const char *what)
{
        printf("wrong: %s: %s\n", what, strerror(errno));
        exit(2);
}

/* Not libc's, whose idea of a nap or a signal return is its own business. */
static long call(long nr, long a, long b, long c)
{
        long ret;

        __asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
        return ret;
}

static void leave(int status)           /* exit_group is not for everybody here */
{
        call(SYS_exit, status, 0, 0);
}

/* n calls get `match`, all others `rest`. */
static int install(const int *nr, int n, uint32_t match, uint32_t rest, unsigned flags)
{
        struct sock_filter f[40];
        struct sock_fprog prog = { 0, f };
        int len = 0;

        f[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        for (int i = 0; i < n; i++) {
                f[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr[i], 0, 1);
                f[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, match);
        }
        f[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, rest);
        prog.len = (unsigned short)len;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                die("no_new_privs");
        return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void kill_unusual(void)
{
        static const int mine[] = { SYS_read, SYS_write, SYS_exit, SYS_nanosleep, SYS_restart_syscall, SYS_rt_sigreturn };

        if (install(mine, 6, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, 0) < 0)
                die("seccomp");
}

static void go_round(void)
{
        for (;;) {
                shared->beat++;
                if (call(SYS_nanosleep, (long)&nap, 0, 0) != 0)
                        leave(4);
        }
}

static void strict(void)
{
        int fd[2];
        char c = 0;

        if (pipe(fd) < 0)
                die("pipe");
        printf("ready\n");
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0)
                die("seccomp");
        for (;;) {
                for (int i = 0; i < 20000; i++)
                        __asm__ volatile("pause");
                if (call(SYS_write, fd[1], (long)&c, 1) != 1 || call(SYS_read, fd[0], (long)&c, 1) != 1)
                        leave(4);
                shared->beat++;
        }
}

static void *fenced_thread(void *arg)
{
        (void)arg;
        kill_unusual();
        go_round();
        return NULL;
}

static void later(void)
{
        sigset_t s;

        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        sigprocmask(SIG_BLOCK, &s, NULL);
        printf("ready\n");
        while (sigwaitinfo(&s, NULL) != SIGUSR1)
                ;
        kill_unusual();
        call(SYS_write, 1, (long)"fenced\n", 7);
        go_round();
}

/* Shares our descriptors. A question that a stop has withdrawn is asked again. */
static void supervise(void)
{
        struct seccomp_notif q;
        struct seccomp_notif_resp a;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (shared->listener < 0)
                nanosleep(&nap, NULL);
        for (;;) {
                memset(&q, 0, sizeof q);
                if (ioctl(shared->listener, SECCOMP_IOCTL_NOTIF_RECV, &q) < 0) {
                        if (errno == EINTR || errno == ENOENT)
                                continue;
                        _exit(0);
                }
                nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
                memset(&a, 0, sizeof a);
                a.id = q.id;
                if (q.data.nr == SYS_getppid) {
                        a.val = ANSWER;
                } else {
                        a.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
                        shared->last = (uint32_t)q.data.nr;
                        shared->others++;
                }
                ioctl(shared->listener, SECCOMP_IOCTL_NOTIF_SEND, &a);
        }
}

static void notify(void)
{
        static const int asked[] = {
                SYS_getppid, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_rt_sigaction, SYS_getitimer,
                SYS_gettid, SYS_getpid, SYS_getsid, SYS_prctl, SYS_ppoll, SYS_sigaltstack,
        };
        long pid;

        shared->listener = -1;
        pid = call(SYS_clone, 0x400 /* CLONE_FILES */ | SIGCHLD, 0, 0);
        if (pid == 0)
                supervise();
        printf("supervisor %ld\n", pid);
        shared->listener = install(asked, 12, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        if (shared->listener < 0)
                die("seccomp");
        call(SYS_write, 1, (long)"ready\n", 6);
        for (;;) {
                long got = call(SYS_getppid, 0, 0, 0);

                if (got != ANSWER || shared->others) {
                        dprintf(1, "wrong: getppid gave %ld; asked about %u other calls, the last one %u\n", got,
                                shared->others, shared->last);
                        leave(4);
                }
                shared->beat++;
        }
}

static volatile char selector;          /* 1: block */
static volatile int caught;

static void on_sys(int sig, siginfo_t *si, void *context)
{
        ucontext_t *c = context;

        (void)sig;
        selector = 0;                   /* or there is no way back from here */
        if (si->si_code != 2 || si->si_syscall != SYS_getppid) {        /* SYS_USER_DISPATCH */
                dprintf(1, "wrong: SIGSYS for call %d\n", si->si_syscall);
                _exit(4);
        }
        caught++;
        c->uc_mcontext.gregs[REG_RAX] = ANSWER;
}

static void dispatch(void)
{
        struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };

        if (sigaction(SIGSYS, &sa, NULL) < 0)
                die("sigaction");
        if (prctl(DISPATCH, 1, 0, 0, &selector) < 0) {
                printf("not here: syscall user dispatch: %s\n", strerror(errno));
                exit(3);
        }
        printf("ready\n");
        for (;;) {
                int before = caught;

                selector = 1;
                for (int i = 0; i < 50000; i++)
                        __asm__ volatile("pause");
                if (call(SYS_getppid, 0, 0, 0) != ANSWER || caught != before + 1 || selector) {
                        selector = 0;
                        printf("wrong: a call was made that should have been a SIGSYS\n");
                        exit(4);
                }
                shared->beat++;
        }
}

static void confine(char **command)
{
        if (install(NULL, 0, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, 0) < 0)
                die("seccomp");
        execv(command[0], command);
        die(command[0]);
}

int main(int argc, char **argv)
{
        const char *what = argc > 2 ? argv[1] : "";
        pthread_t t;
        int fd;

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (strcmp(what, "confine") == 0)
                confine(argv + 2);
        if (argc != 3)
                return 2;
        fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || ftruncate(fd, PAGE) < 0)
                die(argv[2]);
        shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (shared == MAP_FAILED)
                die(argv[2]);
        printf("pid %d\n", (int)getpid());
        if (strcmp(what, "strict") == 0)
                strict();
        if (strcmp(what, "later") == 0)
                later();
        if (strcmp(what, "notify") == 0)
                notify();
        if (strcmp(what, "dispatch") == 0)
                dispatch();
        if (strcmp(what, "other") == 0 && pthread_create(&t, NULL, fenced_thread, NULL) == 0) {
                printf("ready\n");
                for (;;)
                        pause();
        }
        if (strcmp(what, "filter") == 0) {
                printf("ready\n");
                kill_unusual();
                go_round();
        }
        return 2;
}
