/* SPDX-License-Identifier: MIT */
/*
 * victim-switches.c - what prctl(2) can switch, switched, as far as this kernel and our rights allow
 *
 * usage: victim-switches [plain | fenced]
 *
 * Prints "misc KEY VALUE" as it hears it from the kernel, -errno where that does not
 * tell, then "ready", then sleeps. With `plain` it leaves everything as it finds it;
 * with `fenced` it has no room for a mapping.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SET_SPECULATION 53
#define GET_SPECULATION 52
#define SET_IO_FLUSHER  57
#define GET_IO_FLUSHER  58
#define SET_MDWE        65
#define GET_MDWE        66
#define GET_CPUID       0x1011
#define SET_CPUID       0x1012

static int ask(int what, unsigned long arg)
{
        int ret = prctl(what, arg, 0, 0, 0);

        return ret < 0 ? -errno : ret;
}

static int fetch(int what)
{
        int value = 0, ret = prctl(what, &value, 0, 0, 0);

        return ret < 0 ? -errno : value;
}

static int cpuid(void)
{
        long ret = syscall(SYS_arch_prctl, GET_CPUID, 0);

        return ret < 0 ? -errno : (int)ret;
}

static void flip(void)
{
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        personality(ADDR_NO_RANDOMIZE | STICKY_TIMEOUTS);
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
        prctl(SET_MDWE, 1, 0, 0, 0);
        prctl(SET_SPECULATION, 0, 4, 0, 0);     /* PR_SPEC_DISABLE */
        prctl(SET_SPECULATION, 1, 4, 0, 0);
        prctl(SET_IO_FLUSHER, 1, 0, 0, 0);
        prctl(PR_SET_SECUREBITS, 0x11, 0, 0, 0);        /* of root only: NOROOT, KEEP_CAPS */
        prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0);
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);     /* from here on no clock is read */
        syscall(SYS_arch_prctl, SET_CPUID, 0);
}

int main(int argc, char **argv)
{
        const char *how = argc > 1 ? argv[1] : "";
        struct rlimit none = { 1, RLIM_INFINITY };

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (strcmp(how, "plain") != 0)
                flip();
        if (strcmp(how, "fenced") == 0)
                setrlimit(RLIMIT_AS, &none);
        printf("misc dumpable %d\nmisc thp_disable %d\n", ask(PR_GET_DUMPABLE, 0), ask(PR_GET_THP_DISABLE, 0));
        printf("misc mdwe %d\nmisc tsc %d\nmisc cpuid %d\n", ask(GET_MDWE, 0), fetch(PR_GET_TSC), cpuid());
        printf("misc speculation %d %d %d\n", ask(GET_SPECULATION, 0), ask(GET_SPECULATION, 1), ask(GET_SPECULATION, 2));
        printf("misc securebits %d\nmisc mce_kill %d\n", ask(PR_GET_SECUREBITS, 0), ask(PR_MCE_KILL_GET, 0));
        printf("misc personality %#x\n", (unsigned)personality(0xffffffff));
        if (strcmp(how, "plain") != 0)          /* asking leaves a mark: see crdump's parasite.c */
                printf("misc io_flusher %d\n", ask(GET_IO_FLUSHER, 0) > 0);
        printf("ready\n");
        for (;;)
                pause();
}
