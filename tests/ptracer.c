/* SPDX-License-Identifier: MIT */
/*
 * ptracer.c - what another tracer sees of a process, or does to it
 *
 *      ptracer PID debugregs   the eight debug registers
 *      ptracer PID xstate      NT_X86_XSTATE, the bytes
 *      ptracer PID mask        the blocked signals
 *      ptracer PID hold        seizes it, prints "held", keeps it until killed
 *      ptracer PID watch       leaves a watchpoint in it, on a word that nobody writes, and prints
 *                              the debug registers that this takes; nothing if there are none
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GETSIGMASK
#define PTRACE_GETSIGMASK 0x420a
#endif

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static void print_debugregs(int pid)
{
        size_t i;

        for (i = 0; i < 8; i++)
                printf("dr%zu %#lx\n", i, i == 4 || i == 5 ? 0 :
                        ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg) + i * 8, 0));
}

/* On the word at the lowest address where something is mapped: the start of a program. */
static void watch(int pid)
{
        size_t at = offsetof(struct user, u_debugreg);
        unsigned long addr = 0;
        char path[32];
        FILE *f;

        snprintf(path, sizeof path, "/proc/%d/maps", pid);
        if (!(f = fopen(path, "r")) || fscanf(f, "%lx", &addr) != 1)
                die(path);
        fclose(f);
        if (ptrace(PTRACE_POKEUSER, pid, at, addr) == 0 &&
            ptrace(PTRACE_POKEUSER, pid, at + 7 * 8, 0xd0001) == 0)     /* L0, on writing, four bytes */
                print_debugregs(pid);
}

static void print_xstate(int pid)
{
        static uint8_t buf[65536];
        struct iovec v = { buf, sizeof buf };

        if (ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &v) < 0)
                die("xstate");
        fwrite(buf, 1, v.iov_len, stdout);
}

int main(int argc, char **argv)
{
        uint64_t mask;
        int pid;

        if (argc != 3)
                return 2;
        pid = atoi(argv[1]);
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
                die("seize");
        if (strcmp(argv[2], "hold") == 0) {
                if (write(1, "held\n", 5) < 0)
                        return 1;
                for (;;)
                        pause();
        }
        if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, NULL, __WALL) < 0)
                die("interrupt");
        if (strcmp(argv[2], "debugregs") == 0) {
                print_debugregs(pid);
        } else if (strcmp(argv[2], "xstate") == 0) {
                print_xstate(pid);
        } else if (strcmp(argv[2], "watch") == 0) {
                watch(pid);
        } else if (strcmp(argv[2], "mask") == 0) {
                if (ptrace((enum __ptrace_request)PTRACE_GETSIGMASK, pid, 8, &mask) < 0)
                        die("mask");
                printf("%#018lx\n", mask);
        }
        if (ptrace(PTRACE_DETACH, pid, 0, 0) < 0)
                die("detach");
        return 0;
}
