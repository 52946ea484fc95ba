/* SPDX-License-Identifier: MIT */
/* names.c - words for the numbers in an image */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* The i'th of several strings, each ending in \0, the last one in another; NULL beyond. */
static const char *nth(const char *list, int i)
{
        for (; i > 0 && *list; i--)
                list += strlen(list) + 1;
        return i == 0 && *list ? list : NULL;
}

static const char *nth_or_unknown(const char *list, int i)
{
        const char *s = nth(list, i);

        return s ? s : "?";
}

const char names_personality[] =
        "\0" "-1PER_LINUX\0" "3PER_LINUX32\0" "17UNAME26\0ADDR_NO_RANDOMIZE\0FDPIC_FUNCPTRS\0MMAP_PAGE_ZERO\0"
        "ADDR_COMPAT_LAYOUT\0READ_IMPLIES_EXEC\0ADDR_LIMIT_32BIT\0SHORT_INODE\0WHOLE_SECONDS\0STICKY_TIMEOUTS\0"
        "ADDR_LIMIT_3GB\0";

const char names_securebits[] =
        "SECBIT_\0" "NOROOT\0NOROOT_LOCKED\0NO_SETUID_FIXUP\0NO_SETUID_FIXUP_LOCKED\0KEEP_CAPS\0KEEP_CAPS_LOCKED\0"
        "NO_CAP_AMBIENT_RAISE\0NO_CAP_AMBIENT_RAISE_LOCKED\0EXEC_RESTRICT_FILE\0EXEC_RESTRICT_FILE_LOCKED\0"
        "EXEC_DENY_INTERACTIVE\0EXEC_DENY_INTERACTIVE_LOCKED\0";

const char names_altstack[] = "SS_\0" "ONSTACK\0DISABLE\0" "31AUTODISARM\0";

const char names_clock[] =
        "CLOCK_\0" "REALTIME\0MONOTONIC\0PROCESS_CPUTIME_ID\0THREAD_CPUTIME_ID\0MONOTONIC_RAW\0REALTIME_COARSE\0"
        "MONOTONIC_COARSE\0BOOTTIME\0REALTIME_ALARM\0BOOTTIME_ALARM\0SGI_CYCLE\0TAI\0";

const char names_speculation[] =
        "PR_SPEC_\0" "-1NOT_AFFECTED\0PRCTL\0ENABLE\0DISABLE\0FORCE_DISABLE\0DISABLE_NOEXEC\0";

const char *name_in(const char *list, int64_t n, char buf[NAMES_LEN])
{
        const char *prefix = list;

        list += strlen(list) + 1;
        for (int64_t i = 0; *list; i++, list += strlen(list) + 1) {
                char *name = (char *)list;

                if (*list == '-' || (*list >= '0' && *list <= '9'))
                        i = strtol(list, &name, 10);
                if (i != n)
                        continue;
                snprintf(buf, NAMES_LEN, "%s%s", prefix, name);
                return buf;
        }
        return NULL;
}

const char *name_signal(int sig, char buf[16])
{
        const char *s = nth("SIGHUP\0SIGINT\0SIGQUIT\0SIGILL\0SIGTRAP\0SIGABRT\0SIGBUS\0SIGFPE\0"
                            "SIGKILL\0SIGUSR1\0SIGSEGV\0SIGUSR2\0SIGPIPE\0SIGALRM\0SIGTERM\0SIGSTKFLT\0"
                            "SIGCHLD\0SIGCONT\0SIGSTOP\0SIGTSTP\0SIGTTIN\0SIGTTOU\0SIGURG\0SIGXCPU\0"
                            "SIGXFSZ\0SIGVTALRM\0SIGPROF\0SIGWINCH\0SIGIO\0SIGPWR\0SIGSYS\0", sig - 1);

        if (s)
                return s;
        if (sig == 34)
                return "SIGRTMIN";
        snprintf(buf, 16, sig > 34 ? "SIGRTMIN+%d" : "SIG%d", sig > 34 ? sig - 34 : sig);
        return buf;
}

const char *name_reg(int i)
{
        return nth_or_unknown("r15\0r14\0r13\0r12\0rbp\0rbx\0r11\0r10\0r9\0r8\0rax\0rcx\0rdx\0rsi\0rdi\0"
                              "orig_rax\0rip\0cs\0eflags\0rsp\0ss\0fs_base\0gs_base\0ds\0es\0fs\0gs\0", i);
}

const char *name_kind(int kind)
{
        return nth_or_unknown("?\0data\0zero\0absent\0infile\0unreadable\0", kind);
}

const char *name_class(int cls)
{
        return nth_or_unknown("?\0private_anon\0private_file\0shared_anon\0shared_file\0", cls);
}

const char *name_why(int why)
{
        switch (why) {
        case IMG_WHY_DEVICE: return "device memory";
        case IMG_WHY_KERNEL: return "the kernel's own";
        case IMG_WHY_GUARD:  return "guard pages";
        case IMG_WHY_SECRET: return "secret memory";
        case IMG_WHY_BEYOND: return "beyond the end of the file";
        case 0:              return "reason unknown";
        default:             return strerror(why);
        }
}

const char *name_state(uint32_t state)
{
        switch (state) {
        case 'R': return "running";
        case 'S': return "sleeping";
        case 'D': return "in uninterruptible sleep";
        case 'T': return "stopped";
        case 't': return "traced";
        case 'Z': return "zombie";
        case 'X': return "dead";
        case 'I': return "idle";
        case 'P': return "parked";
        default:  return "?";
        }
}

const char *name_itimer(int which)
{
        return nth_or_unknown("ITIMER_REAL\0ITIMER_VIRTUAL\0ITIMER_PROF\0", which);
}
