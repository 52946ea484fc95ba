/* SPDX-License-Identifier: MIT */
/* restart.c - which interrupted system calls may be made again */
#include "restart.h"

#include <stddef.h>
#include <sys/syscall.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2        441
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter      426
#endif

int restart_safe(long nr)
{
        static const short safe[] = {
                SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,
                SYS_semop, SYS_semtimedop, SYS_rt_sigtimedwait,
                /* of sockets with a time-out: EINTR means that not a byte was moved */
                SYS_read, SYS_readv, SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
                SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_accept, SYS_accept4,
                SYS_io_getevents,
                SYS_io_uring_enter,     /* returns how many it submitted, and EINTR only for none */
        };

        for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
                if (safe[i] == nr)
                        return 1;
        return 0;
}

int restart_of_sockets(long nr)
{
        return nr == SYS_read || nr == SYS_readv;
}
