/* SPDX-License-Identifier: MIT */
/* syscalls.c - the names of x86-64's system calls, and of their arguments */
#include "syscalls.h"

#include <stddef.h>
#include <string.h>

/*
 * The numbers are the kernel's ABI and never change: names in the order of
 * arch/x86/entry/syscalls/syscall_64.tbl, as in asm/unistd_64.h up to 450 and
 * in Linux 6.17 above. 335 to 423 were left out by the kernel (those of x32
 * begin at 512). To add one, append it.
 */
static const char low[] =       /* from 0 */
        "read\0write\0open\0close\0stat\0fstat\0lstat\0poll\0lseek\0mmap\0mprotect\0munmap\0"
        "brk\0rt_sigaction\0rt_sigprocmask\0rt_sigreturn\0ioctl\0pread64\0pwrite64\0readv\0"
        "writev\0access\0pipe\0select\0sched_yield\0mremap\0msync\0mincore\0madvise\0shmget\0"
        "shmat\0shmctl\0dup\0dup2\0pause\0nanosleep\0getitimer\0alarm\0setitimer\0getpid\0"
        "sendfile\0socket\0connect\0accept\0sendto\0recvfrom\0sendmsg\0recvmsg\0shutdown\0"
        "bind\0listen\0getsockname\0getpeername\0socketpair\0setsockopt\0getsockopt\0clone\0"
        "fork\0vfork\0execve\0exit\0wait4\0kill\0uname\0semget\0semop\0semctl\0shmdt\0msgget\0"
        "msgsnd\0msgrcv\0msgctl\0fcntl\0flock\0fsync\0fdatasync\0truncate\0ftruncate\0"
        "getdents\0getcwd\0chdir\0fchdir\0rename\0mkdir\0rmdir\0creat\0link\0unlink\0symlink\0"
        "readlink\0chmod\0fchmod\0chown\0fchown\0lchown\0umask\0gettimeofday\0getrlimit\0"
        "getrusage\0sysinfo\0times\0ptrace\0getuid\0syslog\0getgid\0setuid\0setgid\0geteuid\0"
        "getegid\0setpgid\0getppid\0getpgrp\0setsid\0setreuid\0setregid\0getgroups\0setgroups\0"
        "setresuid\0getresuid\0setresgid\0getresgid\0getpgid\0setfsuid\0setfsgid\0getsid\0"
        "capget\0capset\0rt_sigpending\0rt_sigtimedwait\0rt_sigqueueinfo\0rt_sigsuspend\0"
        "sigaltstack\0utime\0mknod\0uselib\0personality\0ustat\0statfs\0fstatfs\0sysfs\0"
        "getpriority\0setpriority\0sched_setparam\0sched_getparam\0sched_setscheduler\0"
        "sched_getscheduler\0sched_get_priority_max\0sched_get_priority_min\0"
        "sched_rr_get_interval\0mlock\0munlock\0mlockall\0munlockall\0vhangup\0modify_ldt\0"
        "pivot_root\0_sysctl\0prctl\0arch_prctl\0adjtimex\0setrlimit\0chroot\0sync\0acct\0"
        "settimeofday\0mount\0umount2\0swapon\0swapoff\0reboot\0sethostname\0setdomainname\0"
        "iopl\0ioperm\0create_module\0init_module\0delete_module\0get_kernel_syms\0"
        "query_module\0quotactl\0nfsservctl\0getpmsg\0putpmsg\0afs_syscall\0tuxcall\0security\0"
        "gettid\0readahead\0setxattr\0lsetxattr\0fsetxattr\0getxattr\0lgetxattr\0fgetxattr\0"
        "listxattr\0llistxattr\0flistxattr\0removexattr\0lremovexattr\0fremovexattr\0tkill\0"
        "time\0futex\0sched_setaffinity\0sched_getaffinity\0set_thread_area\0io_setup\0"
        "io_destroy\0io_getevents\0io_submit\0io_cancel\0get_thread_area\0lookup_dcookie\0"
        "epoll_create\0epoll_ctl_old\0epoll_wait_old\0remap_file_pages\0getdents64\0"
        "set_tid_address\0restart_syscall\0semtimedop\0fadvise64\0timer_create\0timer_settime\0"
        "timer_gettime\0timer_getoverrun\0timer_delete\0clock_settime\0clock_gettime\0"
        "clock_getres\0clock_nanosleep\0exit_group\0epoll_wait\0epoll_ctl\0tgkill\0utimes\0"
        "vserver\0mbind\0set_mempolicy\0get_mempolicy\0mq_open\0mq_unlink\0mq_timedsend\0"
        "mq_timedreceive\0mq_notify\0mq_getsetattr\0kexec_load\0waitid\0add_key\0request_key\0"
        "keyctl\0ioprio_set\0ioprio_get\0inotify_init\0inotify_add_watch\0inotify_rm_watch\0"
        "migrate_pages\0openat\0mkdirat\0mknodat\0fchownat\0futimesat\0newfstatat\0unlinkat\0"
        "renameat\0linkat\0symlinkat\0readlinkat\0fchmodat\0faccessat\0pselect6\0ppoll\0"
        "unshare\0set_robust_list\0get_robust_list\0splice\0tee\0sync_file_range\0vmsplice\0"
        "move_pages\0utimensat\0epoll_pwait\0signalfd\0timerfd_create\0eventfd\0fallocate\0"
        "timerfd_settime\0timerfd_gettime\0accept4\0signalfd4\0eventfd2\0epoll_create1\0dup3\0"
        "pipe2\0inotify_init1\0preadv\0pwritev\0rt_tgsigqueueinfo\0perf_event_open\0recvmmsg\0"
        "fanotify_init\0fanotify_mark\0prlimit64\0name_to_handle_at\0open_by_handle_at\0"
        "clock_adjtime\0syncfs\0sendmmsg\0setns\0getcpu\0process_vm_readv\0process_vm_writev\0"
        "kcmp\0finit_module\0sched_setattr\0sched_getattr\0renameat2\0seccomp\0getrandom\0"
        "memfd_create\0kexec_file_load\0bpf\0execveat\0userfaultfd\0membarrier\0mlock2\0"
        "copy_file_range\0preadv2\0pwritev2\0pkey_mprotect\0pkey_alloc\0pkey_free\0statx\0"
        "io_pgetevents\0rseq\0";

static const char high[] =      /* from 424 */
        "pidfd_send_signal\0io_uring_setup\0io_uring_enter\0io_uring_register\0open_tree\0"
        "move_mount\0fsopen\0fsconfig\0fsmount\0fspick\0pidfd_open\0clone3\0close_range\0"
        "openat2\0pidfd_getfd\0faccessat2\0process_madvise\0epoll_pwait2\0mount_setattr\0"
        "quotactl_fd\0landlock_create_ruleset\0landlock_add_rule\0landlock_restrict_self\0"
        "memfd_secret\0process_mrelease\0futex_waitv\0set_mempolicy_home_node\0cachestat\0"
        "fchmodat2\0map_shadow_stack\0futex_wake\0futex_wait\0futex_requeue\0statmount\0"
        "listmount\0lsm_get_self_attr\0lsm_set_self_attr\0lsm_list_modules\0mseal\0setxattrat\0"
        "getxattrat\0listxattrat\0removexattrat\0open_tree_attr\0file_getattr\0file_setattr\0";

#define HIGH    424

const char *syscall_name(int nr)
{
        const char *name = low, *end = low + sizeof(low) - 1;

        if (nr >= HIGH) {
                nr -= HIGH;
                name = high;
                end = high + sizeof(high) - 1;
        }
        while (nr > 0 && name < end) {
                name += strlen(name) + 1;
                nr--;
        }
        return nr == 0 && name < end ? name : NULL;
}

static const char args[] =
        "\0" "fd buf count\0fd buf count\0path flags mode\0fd\0" "7fds nfds timeout\0" "9addr len prot flags fd offset\0"
        "16fd request arg\0fd buf count offset\0fd buf count offset\0fd iov iovcnt\0fd iov iovcnt\0"
        "23nfds readfds writefds exceptfds timeout\0" "34-\0req rem\0" "40out_fd in_fd offset count\0"
        "42fd addr addrlen\0fd addr addrlen\0fd buf len flags addr addrlen\0fd buf len flags addr addrlen\0"
        "fd msg flags\0fd msg flags\0" "56flags stack parent_tid child_tid tls\0-\0-\0path argv envp\0status\0"
        "pid status options rusage\0pid sig\0" "65semid sops nsops\0" "69msqid msg size flags\0msqid msg size type flags\0"
        "72fd cmd arg\0fd operation\0fd\0fd\0" "101request pid addr data\0" "128set info timeout sigsetsize\0"
        "130mask sigsetsize\0" "202uaddr op val timeout uaddr2 val3\0" "208ctx min_nr nr events timeout\0" "219-\0"
        "semid sops nsops timeout\0" "230clock flags req rem\0status\0epfd events maxevents timeout\0"
        "242mqd msg len prio timeout\0mqd msg len prio timeout\0" "247idtype id info options rusage\0"
        "257dirfd path flags mode\0" "270nfds readfds writefds exceptfds timeout sigmask\0"
        "fds nfds timeout sigmask sigsetsize\0" "275fd_in off_in fd_out off_out len flags\0fd_in fd_out len flags\0"
        "278fd iov nr flags\0" "281epfd events maxevents timeout sigmask sigsetsize\0" "285fd mode offset len\0"
        "288fd addr addrlen flags\0" "295fd iov iovcnt offset\0fd iov iovcnt offset\0" "299fd msgs n flags timeout\0"
        "307fd msgs n flags\0" "318buf len flags\0" "333ctx min_nr nr events timeout sig\0"
        "426fd to_submit min_complete flags sig sigsz\0" "441epfd events maxevents timeout sigmask sigsetsize\0"
        "449waiters nr flags timeout clock\0" "455uaddr val mask flags timeout clock\0";

const char *syscall_args(int nr, char buf[NAMES_LEN])
{
        return name_in(args, nr, buf);
}
