/* SPDX-License-Identifier: MIT */
/* procthread.c - what /proc/PID/task/TID/status says of a thread */
#include "procthread.h"

#include <stdio.h>
#include <string.h>

#define MOST            (16u << 20)     /* 65,536 groups take less than one MiB */

enum kind { FOUR, TEXT, HEX, NUMBER, OCTAL };

#define KEY(word)       word, sizeof word - 1
#define AT(field)       offsetof(struct procthread, field)

static const struct {
        char     key[20];
        uint8_t  len, kind;
        uint16_t at;
} lines[PROCTHREAD_LINES] = {
        [PROCTHREAD_NAME] = { KEY("Name"), TEXT, AT(name) },
        [PROCTHREAD_UMASK] = { KEY("Umask"), OCTAL, AT(umask) },
        [PROCTHREAD_UID] = { KEY("Uid"), FOUR, AT(uid) },
        [PROCTHREAD_GID] = { KEY("Gid"), FOUR, AT(gid) },
        [PROCTHREAD_GROUPS] = { KEY("Groups"), TEXT, AT(groups) },
        [PROCTHREAD_NSPID] = { KEY("NSpid"), TEXT, AT(ns_tids) },
        [PROCTHREAD_SIGPND] = { KEY("SigPnd"), HEX, AT(pending) },
        [PROCTHREAD_SHDPND] = { KEY("ShdPnd"), HEX, AT(shared_pending) },
        [PROCTHREAD_SIGCGT] = { KEY("SigCgt"), HEX, AT(caught) },
        [PROCTHREAD_CAPINH] = { KEY("CapInh"), HEX, AT(cap[0]) },
        [PROCTHREAD_CAPPRM] = { KEY("CapPrm"), HEX, AT(cap[1]) },
        [PROCTHREAD_CAPEFF] = { KEY("CapEff"), HEX, AT(cap[2]) },
        [PROCTHREAD_CAPBND] = { KEY("CapBnd"), HEX, AT(cap[3]) },
        [PROCTHREAD_CAPAMB] = { KEY("CapAmb"), HEX, AT(cap[4]) },
        [PROCTHREAD_NNP] = { KEY("NoNewPrivs"), NUMBER, AT(no_new_privs) },
        [PROCTHREAD_SECCOMP] = { KEY("Seccomp"), NUMBER, AT(seccomp) },
        [PROCTHREAD_FEATURES] = { KEY("x86_Thread_features"), TEXT, AT(features) },
        [PROCTHREAD_FILTERS] = { KEY("Seccomp_filters"), NUMBER, AT(seccomp_filters) },
};

/* As strtoull(3), which takes ten times as long: there are two dozens of numbers in each text. 1; 0: there is none. */
static int take_number(const char **p, unsigned base, uint64_t *n)
{
        const char *s = *p, *first;
        unsigned digit;

        while (*s == ' ' || *s == '\t')
                s++;
        *n = 0;
        for (first = s; ; s++) {
                digit = (unsigned)*s - '0';
                if (digit > 9)
                        digit = ((unsigned)*s | 0x20) - 'a' < 6 ? ((unsigned)*s | 0x20) - 'a' + 10 : base;
                if (digit >= base)
                        break;
                *n = *n * base + digit;
        }
        *p = s;
        return s != first;
}

int procthread_number(const char **p, uint32_t *n)
{
        uint64_t got;
        int rc = take_number(p, 10, &got);

        *n = (uint32_t)got;
        return rc;
}

/* The kernel writes a newline and a backslash as \n and \\. */
void procthread_name(const char *p, char *to, size_t size)
{
        size_t n = 0;

        while (*p == '\t')
                p++;
        for (; *p && *p != '\n' && n < size - 1; p++) {
                char c = *p;

                if (c == '\\' && (p[1] == 'n' || p[1] == '\\'))
                        c = *++p == 'n' ? '\n' : '\\';
                to[n++] = c;
        }
        to[n] = '\0';
}

/* Does it say what it should? Then it is in p. */
static int take_value(const char *s, unsigned line, struct procthread *p)
{
        char *at = (char *)p + lines[line].at;
        uint32_t n[4] = { 0 };
        uint64_t bits;
        int rc;

        switch (lines[line].kind) {
        case TEXT:
                memcpy(at, &s, sizeof s);
                return 1;
        case HEX:
                rc = take_number(&s, 16, &bits);
                memcpy(at, &bits, sizeof bits);
                return rc;
        case NUMBER:
                return procthread_number(&s, (uint32_t *)(void *)at);
        case OCTAL:
                rc = take_number(&s, 8, &bits);
                *n = (uint32_t)bits;
                memcpy(at, n, sizeof *n);
                return rc;
        }
        for (int i = 0; i < 4; i++)
                if (!procthread_number(&s, &n[i]))
                        return 0;
        memcpy(at, n, sizeof n);
        return 1;
}

static int is_line(const char *s, unsigned i)
{
        return s[0] == lines[i].key[0] && s[1] == lines[i].key[1] && !strncmp(s, lines[i].key, lines[i].len) && s[lines[i].len] == ':';
}

/* Lines come in the order of the table, mostly: it is looked through from behind the last one that came. */
void procthread_parse(const char *text, struct procthread *p)
{
        unsigned next = 0;
        uint64_t begins = 0;            /* with a letter of which bit n is set: most lines do not */

        memset(p, 0, sizeof *p);
        for (unsigned i = 0; i < PROCTHREAD_LINES; i++)
                begins |= 1ull << (*lines[i].key & 63);
        for (const char *s = text; s && *s; ) {
                unsigned looks = begins >> (*s & 63) & 1 ? PROCTHREAD_LINES : 0;

                for (unsigned i = next; looks > 0; looks--, i = i + 1 < PROCTHREAD_LINES ? i + 1 : 0) {
                        if (!is_line(s, i))
                                continue;
                        if (!(p->seen >> i & 1) && take_value(s + lines[i].len + 1, i, p))
                                p->seen |= 1u << i;
                        next = i + 1 < PROCTHREAD_LINES ? i + 1 : 0;
                        break;
                }
                s = strchr(s, '\n');
                if (s)
                        s++;
        }
}

ssize_t procthread_read(struct slurp *text, int dir, pid_t tid, const char *file)
{
        char path[64];

        snprintf(path, sizeof path, "task/%d/%s", (int)tid, file);
        return slurp(text, dir, path, MOST);
}
