/* SPDX-License-Identifier: MIT */
/*
 * victim-vfork.c - in state D, as a parent in vfork is
 *
 * Prints "child PID", then "ready"; when the child is killed, "alive".
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
        char line[64];

        if (vfork() == 0) {
                int n = snprintf(line, sizeof line, "child %d\nready\n", (int)getpid());

                if (write(1, line, (size_t)n) != n)
                        _exit(2);
                for (;;)
                        pause();
        }
        if (write(1, "alive\n", 6) != 6)
                return 2;
        for (;;)
                pause();
}
