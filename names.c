/* SPDX-License-Identifier: MIT */
/* names.c - words for the numbers in an image */
#include "names.h"

#include <stdio.h>
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

const char *name_sa_flag(int bit)
{
        switch (bit) {
        case 0:  return "SA_NOCLDSTOP";
        case 1:  return "SA_NOCLDWAIT";
        case 2:  return "SA_SIGINFO";
        case 10: return "SA_UNSUPPORTED";
        case 11: return "SA_EXPOSE_TAGBITS";
        case 26: return "SA_RESTORER";
        case 27: return "SA_ONSTACK";
        case 28: return "SA_RESTART";
        case 30: return "SA_NODEFER";
        case 31: return "SA_RESETHAND";
        default: return NULL;
        }
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
