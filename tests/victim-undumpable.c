/* SPDX-License-Identifier: MIT */
/* victim-undumpable.c - a process that wants neither core dumps nor tracers; sleeps for ever */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return 2;
        puts("ready");
        fflush(stdout);
        for (;;)
                pause();
}
