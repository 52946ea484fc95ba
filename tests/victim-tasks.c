/* SPDX-License-Identifier: MIT */
/*
 * victim-tasks.c - threads unlike each other, each of which tells what it is
 *
 * usage: victim-tasks [THREAD]...
 *
 * Of these THREADs, or all but the last two: signals, fair, stack, realtime,
 * deadline, idle, identity, fenced, plain, many (signals), dispatched (syscall
 * user dispatch, which lets all calls pass). Each sets what its name says to unusual values, for
 * itself alone, asks the kernel for them, and prints what it was told as
 *
 *      TID NAME VALUE...
 *
 * in the words of readthread. What may not be set here is told as "TID not here:
 * WHY" and left as it is. Then they sleep for ever, "ready" is printed, and
 * SIGUSR1 has each of them say once more what it is, and at last "told".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define SHARED_SIGNALS  3
#define OWN_SIGNALS     50
#define MANY_SIGNALS    5000

struct attr {                           /* struct sched_attr */
        uint32_t size, policy;
        uint64_t flags;
        int32_t  nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
};

static pthread_barrier_t all_set;
static int rounds;                      /* how often all have been told to tell */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static __thread int tid_word, has_rseq = 1;
static __thread uint64_t robust[3];     /* struct robust_list_head: an empty list */

static pid_t tid(void) { return (pid_t)syscall(SYS_gettid); }

static void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *fmt, ...)
{
        char line[4096];
        va_list ap;
        int n = snprintf(line, sizeof line, "%d ", (int)tid());

        va_start(ap, fmt);
        n += vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
        va_end(ap);
        line[n++] = '\n';
        if (write(1, line, (size_t)n) != n)
                _exit(3);
}

static int done(long rc, const char *what)
{
        if (rc == 0)
                return 1;
        tell("not here: %s: %s", what, strerror(errno));
        return 0;
}

/* --- what they tell -------------------------------------------------------------- */

static void tell_credentials(void)
{
        struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2] = { { 0, 0, 0 } };
        uint64_t bounding = 0, ambient = 0;
        uid_t r, e, s;
        gid_t list[64];
        char line[1024] = "groups";
        int n;

        syscall(SYS_getresuid, &r, &e, &s);
        tell("uid %u %u %u %u", r, e, s, (unsigned)syscall(SYS_setfsuid, -1));
        syscall(SYS_getresgid, &r, &e, &s);
        tell("gid %u %u %u %u", r, e, s, (unsigned)syscall(SYS_setfsgid, -1));
        n = (int)syscall(SYS_getgroups, 64, list);
        for (int i = 0, len = 6; i < n; i++)
                len += snprintf(line + len, sizeof line - (size_t)len, " %u", list[i]);
        tell("%s", line);
        syscall(SYS_capget, &head, data);
        for (int cap = 0; cap < 64; cap++) {
                bounding |= (uint64_t)(prctl(PR_CAPBSET_READ, cap) == 1) << cap;
                ambient |= (uint64_t)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) << cap;
        }
        tell("capinh %016llx", (unsigned long long)data[1].inheritable << 32 | data[0].inheritable);
        tell("capprm %016llx", (unsigned long long)data[1].permitted << 32 | data[0].permitted);
        tell("capeff %016llx", (unsigned long long)data[1].effective << 32 | data[0].effective);
        tell("capbnd %016llx", (unsigned long long)bounding);
        tell("capamb %016llx", (unsigned long long)ambient);
        tell("securebits %#x", (unsigned)prctl(PR_GET_SECUREBITS));
        tell("no_new_privs %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void tell_scheduling(void)
{
        struct attr a = { .size = sizeof a };
        cpu_set_t set;
        char line[1024] = "affinity";

        syscall(SYS_sched_getattr, 0, &a, sizeof a, 0);
        tell("policy %u", a.policy);
        tell("nice %d", 20 - (int)syscall(SYS_getpriority, 0, 0));
        tell("rt_priority %u", a.priority);
        tell("sched_flags %#llx", (unsigned long long)a.flags);
        tell("deadline %llu %llu %llu", (unsigned long long)a.runtime, (unsigned long long)a.deadline,
                (unsigned long long)a.period);
        sched_getaffinity(0, sizeof set, &set);
        for (int i = 0, len = 8; i < CPU_SETSIZE && len < 1000; i++)
                if (CPU_ISSET(i, &set))
                        len += snprintf(line + len, sizeof line - (size_t)len, " %d", i);
        tell("%s", line);
        tell("timer_slack_ns %d", prctl(PR_GET_TIMERSLACK));
        tell("io_priority %#lx", (unsigned long)syscall(SYS_ioprio_get, 1, 0));
}

static void tell_addresses(void)
{
        void *list;
        size_t len;
        int *address = NULL, signal = 0;
        stack_t ss;

        sigaltstack(NULL, &ss);
        tell("altstack %#llx %zu %#x", (unsigned long long)(uintptr_t)ss.ss_sp, ss.ss_size, (unsigned)ss.ss_flags);
        prctl(PR_GET_PDEATHSIG, &signal);
        tell("pdeath_signal %d", signal);
        if (prctl(PR_GET_TID_ADDRESS, &address, 0, 0, 0) == 0)
                tell("tid_address %#llx", (unsigned long long)(uintptr_t)address);
        syscall(SYS_get_robust_list, 0, &list, &len);
        tell("robust_list %#llx %zu", (unsigned long long)(uintptr_t)list, len);
        if (has_rseq && __rseq_size)
                tell("rseq %#llx 32 %#x", (unsigned long long)((uintptr_t)__builtin_thread_pointer() + __rseq_offset), RSEQ_SIG);
        else
                tell("rseq 0 0 0");
}

static void tell_umask(void)
{
        mode_t mask = umask(0);

        umask(mask);
        tell("umask %#o", mask);
}

static void tell_all(void)
{
        pthread_mutex_lock(&one_at_a_time);
        tell_umask();
        tell_credentials();
        tell_scheduling();
        tell_addresses();
        pthread_mutex_unlock(&one_at_a_time);
}

/* --- what they set ----------------------------------------------------------------- */

static void queue(int thread, int sig, uint64_t value)
{
        siginfo_t si = { .si_signo = sig, .si_code = SI_QUEUE };
        long rc;

        si.si_pid = 4711;
        si.si_uid = 815;
        si.si_value.sival_ptr = (void *)(uintptr_t)value;
        rc = thread ? syscall(SYS_rt_tgsigqueueinfo, getpid(), tid(), sig, &si) : syscall(SYS_rt_sigqueueinfo, getpid(), sig, &si);
        if (done(rc, "queue a signal") && thread)
                tell("pending %d %d 4711 815 %llu", sig, SI_QUEUE, (unsigned long long)value);
        else if (rc == 0)
                printf("shared %d %d 4711 815 %llu\n", sig, SI_QUEUE, (unsigned long long)value);
}

static void be_signals(void)
{
        for (int i = 0; i < OWN_SIGNALS; i++)
                queue(1, SIGRTMIN + 1 + i * 7 % 3, 0x1234567800000000u + (unsigned)i);
        queue(1, SIGUSR2, ~0ull);
        done(prctl(PR_SET_PDEATHSIG, SIGRTMIN + 5), "pdeath signal");
}

static void be_many(void)
{
        for (int i = 0; i < MANY_SIGNALS; i++)
                queue(1, SIGRTMIN + 1 + i % 3, (unsigned)i);
}

static void be_fair(void)
{
        struct sched_param none = { 0 };
        cpu_set_t set, all;
        int last = 0;

        sched_getaffinity(0, sizeof all, &all);
        for (int i = 0; i < CPU_SETSIZE; i++)
                if (CPU_ISSET(i, &all))
                        last = i;
        CPU_ZERO(&set);
        CPU_SET(last, &set);
        done(sched_setaffinity(0, sizeof set, &set), "affinity");
        done(sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &none), "SCHED_BATCH");
        done(syscall(SYS_setpriority, 0, 0, 7), "nice");
        done(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6), "io priority");
        done(prctl(PR_SET_TIMERSLACK, 123456), "timer slack");
}

static void be_stack(void)
{
        stack_t ss = { .ss_sp = malloc(40000), .ss_size = 40000, .ss_flags = 1 << 31 };      /* SS_AUTODISARM */

        if (sigaltstack(&ss, NULL) < 0) {
                ss.ss_flags = 0;
                done(sigaltstack(&ss, NULL), "alternate stack");
        }
        robust[0] = (uint64_t)(uintptr_t)robust;
        done(syscall(SYS_set_robust_list, robust, sizeof robust), "robust list");
        syscall(SYS_set_tid_address, &tid_word);
        if (__rseq_size)
                has_rseq = !done(syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1, RSEQ_SIG),
                                 "unregister rseq");
}

static void be_realtime(void)
{
        struct sched_param p = { .sched_priority = 3 };

        done(syscall(SYS_setpriority, 0, 0, -5), "nice");
        done(sched_setscheduler(0, SCHED_FIFO, &p), "SCHED_FIFO");
        done(syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 2), "io priority");
}

static void be_deadline(void)
{
        struct attr a = { .size = sizeof a, .policy = 6, .runtime = 2000000, .deadline = 30000000, .period = 50000000 };

        done(syscall(SYS_sched_setattr, 0, &a, 0), "SCHED_DEADLINE");
}

static void be_idle(void)
{
        struct sched_param none = { 0 };

        done(sched_setscheduler(0, SCHED_IDLE, &none), "SCHED_IDLE");
        done(syscall(SYS_ioprio_set, 1, 0, 3 << 13), "io priority");
}

/* By the calls themselves: libc would have all threads do the same. */
static void be_identity(void)
{
        struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2] = {
                { 1 << CAP_SYS_NICE, 1 << CAP_SYS_NICE | 1 << CAP_NET_RAW | 1 << CAP_SETPCAP, 1 << CAP_SYS_NICE | 1 << CAP_NET_RAW },
                { 0, 0, 0 },
        };
        gid_t groups[] = { 4294967294u, 31, 7, 65537 };

        if (!done(prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT), "bounding set") ||
            !done(prctl(PR_SET_SECUREBITS, 0x15), "securebits") ||      /* NOROOT, NO_SETUID_FIXUP, KEEP_CAPS */
            !done(syscall(SYS_setgroups, 4, groups), "groups") ||
            !done(syscall(SYS_setresgid, 2001, 2002, 2003), "gids") ||
            !done(syscall(SYS_setresuid, 1001, 1002, 1003), "uids"))
                return;
        syscall(SYS_setfsgid, 2004);
        syscall(SYS_setfsuid, 1004);
        done(syscall(SYS_capset, &head, data), "capabilities");
        done(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_NICE, 0, 0), "ambient set");
        done(prctl(PR_SET_PDEATHSIG, SIGWINCH), "pdeath signal");       /* setresuid clears it */
}

static void put_up(struct sock_filter *insn, unsigned short n, unsigned flags)
{
        struct sock_fprog prog = { n, insn };
        char line[1024];
        int len = snprintf(line, sizeof line, "filter %#x", flags);

        for (int i = 0; i < n; i++)
                len += snprintf(line + len, sizeof line - (size_t)len, " %#x,%u,%u,%#x", insn[i].code, insn[i].jt, insn[i].jf, insn[i].k);
        if (done(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog), "seccomp filter"))
                tell("%s", line);
}

static void be_fenced(void)
{
        struct sock_filter first[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysfs, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 42),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        }, second[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ustat, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        }, third[] = {                          /* for all that a parasite might ask */
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ppoll, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
        };

        done(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
        put_up(first, 4, 0);
        put_up(second, 4, SECCOMP_FILTER_FLAG_LOG);
        put_up(third, 4, 0);
        tell("seccomp 2");
        tell("seccomp_filters 3");
}

static void on_sys(int sig) { (void)sig; }

static void be_dispatched(void)
{
        static char selector;           /* SYSCALL_DISPATCH_FILTER_ALLOW */

        signal(SIGSYS, on_sys);
        done(prctl(59, 1, 0, 0, &selector), "syscall user dispatch");
}

static void be_folders(void)
{
        if (!done(unshare(CLONE_FS), "folders") || !done(chdir("/proc"), "another folder"))
                return;
        umask(0135);
        tell("cwd /proc");
        if (chroot("/proc") == 0)
                tell("root /proc");
}

static void be_plain(void)
{
}

static const struct task {
        const char *name;
        void (*be)(void);
} tasks[] = {
        { "signals", be_signals }, { "fair", be_fair }, { "stack", be_stack }, { "realtime", be_realtime },
        { "deadline", be_deadline }, { "idle", be_idle }, { "identity", be_identity }, { "fenced", be_fenced },
        { "folders", be_folders }, { "plain", be_plain }, { "many", be_many }, { "dispatched", be_dispatched },
};
#define TASKS   (sizeof tasks / sizeof *tasks)
#define USUAL   (TASKS - 2)

static void *run(void *arg)
{
        const struct task *t = arg;
        int seen = 0;

        prctl(PR_SET_NAME, t->name);
        tell("is %s", t->name);
        t->be();
        tell_all();
        pthread_barrier_wait(&all_set);
        for (;;) {
                while (__atomic_load_n(&rounds, __ATOMIC_SEQ_CST) == seen)
                        syscall(SYS_futex, &rounds, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
                seen++;
                tell_all();
                pthread_barrier_wait(&all_set);
        }
        return NULL;
}

static int wanted(size_t i, char **argv)
{
        if (!argv[1])
                return i < USUAL;
        for (argv++; *argv; argv++)
                if (strcmp(*argv, tasks[i].name) == 0)
                        return 1;
        return 0;
}

int main(int argc, char **argv)
{
        const struct task *want[TASKS];
        pthread_t t;
        sigset_t s;
        size_t n = 0;

        (void)argc;
        setvbuf(stdout, NULL, _IOLBF, 0);
        sigfillset(&s);
        sigdelset(&s, SIGTERM);
        sigprocmask(SIG_SETMASK, &s, NULL);
        for (size_t i = 0; i < TASKS; i++)
                if (wanted(i, argv))
                        want[n++] = &tasks[i];
        for (int i = 0; i < SHARED_SIGNALS; i++)
                queue(0, SIGRTMIN + 9 - i, 77 + (unsigned)i);
        pthread_barrier_init(&all_set, NULL, (unsigned)n + 1);
        for (size_t i = 0; i < n; i++)
                if (pthread_create(&t, NULL, run, (void *)want[i]) != 0)
                        return 2;
        tell_all();
        sigemptyset(&s);
        sigaddset(&s, SIGUSR1);
        for (;;) {
                pthread_barrier_wait(&all_set);
                printf(rounds ? "told\n" : "ready\n");
                while (sigwaitinfo(&s, NULL) != SIGUSR1)
                        ;
                __atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST);
                syscall(SYS_futex, &rounds, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
                tell_all();
        }
}
