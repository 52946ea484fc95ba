/* SPDX-License-Identifier: MIT */
/* siginfo.c - a pending signal in words and as JSON */
#include "siginfo.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "names.h"
#include "text.h"

/* The kernel's struct on x86-64; which of the unions is meant: see layout(). */
struct info {
        int32_t signo, error, code, pad;
        union {
                struct {
                        int32_t pid;
                        uint32_t uid;
                        uint64_t value;
                } sent;
                struct {
                        int32_t id, overrun;
                        uint64_t value;
                } timer;
                struct {
                        int32_t pid;
                        uint32_t uid;
                        int32_t status, pad;
                        int64_t utime, stime;
                } child;
                struct {
                        uint64_t addr;
                        uint64_t lsb;
                        uint64_t lower, upper;
                } fault;
                struct {
                        int64_t band;
                        int32_t fd;
                } poll;
                struct {
                        uint64_t call_addr;
                        int32_t call;
                        uint32_t arch;
                } sys;
                uint8_t bytes[IMG_SIGINFO - 16];
        } u;
};
_Static_assert(sizeof(struct info) == IMG_SIGINFO, "info");

#define I(member, kind, key)    FIELD(struct info, u.member, kind, key, NULL)

/* In words they go behind the name of the signal. */
static const struct field killed[] = {
        I(sent.pid, FIELD_INT, ",pid"), I(sent.uid, FIELD_UINT, ",uid"), { 0 },
};
static const struct field queued[] = {
        I(sent.pid, FIELD_INT, ",pid"), I(sent.uid, FIELD_UINT, ",uid"), I(sent.value, FIELD_HEX, ",value"), { 0 },
};
static const struct field timer[] = {
        I(timer.id, FIELD_INT, ",timer"), I(timer.overrun, FIELD_INT, ",overrun"), I(timer.value, FIELD_HEX, ",value"), { 0 },
};
static const struct field child[] = {
        I(child.pid, FIELD_INT, ",pid"), I(child.uid, FIELD_UINT, ",uid"), I(child.status, FIELD_INT, ",status"),
        I(child.utime, FIELD_INT, ",utime"), I(child.stime, FIELD_INT, ",stime"), { 0 },
};
static const struct field fault[] = {
        I(fault.addr, FIELD_HEX, ",address"), { 0 },
};
static const struct field bounds[] = {
        I(fault.addr, FIELD_HEX, ",address"), I(fault.lower, FIELD_HEX, ",lower"), I(fault.upper, FIELD_HEX, ",upper"), { 0 },
};
static const struct field pkey[] = {
        I(fault.addr, FIELD_HEX, ",address"), { ",pkey", NULL, offsetof(struct info, u.fault.lower), 4, FIELD_UINT, 0 }, { 0 },
};
static const struct field polled[] = {
        I(poll.band, FIELD_HEX, ",band"), I(poll.fd, FIELD_INT, ",fd"), { 0 },
};
static const struct field sys[] = {
        I(sys.call_addr, FIELD_HEX, ",address"), I(sys.call, FIELD_INT, ",syscall"), I(sys.arch, FIELD_HEX, ",arch"), { 0 },
};

static const char codes[] =     /* of any signal */
        "SI_\0" "-60ASYNCNL\0" "-7DETHREAD\0TKILL\0SIGIO\0ASYNCIO\0MESGQ\0TIMER\0QUEUE\0USER\0" "128KERNEL\0";
static const char poll_codes[] = "POLL_\0" "1IN\0OUT\0MSG\0ERR\0PRI\0HUP\0";

/* Signals whose codes from 1 on have a meaning of their own. */
static const struct own {
        int32_t sig;
        const char *codes;
        const struct field *fields;
} owns[] = {
        { 4, "ILL_\0" "1ILLOPC\0ILLOPN\0ILLADR\0ILLTRP\0PRVOPC\0PRVREG\0COPROC\0BADSTK\0BADIADDR\0", fault },
        { 5, "TRAP_\0" "1BRKPT\0TRACE\0BRANCH\0HWBKPT\0UNK\0PERF\0", fault },
        { 7, "BUS_\0" "1ADRALN\0ADRERR\0OBJERR\0MCEERR_AR\0MCEERR_AO\0", fault },
        { 8, "FPE_\0" "1INTDIV\0INTOVF\0FLTDIV\0FLTOVF\0FLTUND\0FLTRES\0FLTINV\0FLTSUB\0" "14FLTUNK\0CONDTRAP\0", fault },
        { 11, "SEGV_\0" "1MAPERR\0ACCERR\0BNDERR\0PKUERR\0ACCADI\0ADIDERR\0ADIPERR\0MTEAERR\0MTESERR\0CPERR\0", fault },
        { 17, "CLD_\0" "1EXITED\0KILLED\0DUMPED\0TRAPPED\0STOPPED\0CONTINUED\0", child },
        { 29, poll_codes, polled },
        { 31, "SYS_\0" "1SECCOMP\0USER_DISPATCH\0", sys },
};

/* As the kernel's siginfo_layout(): what the union holds, and the name of the code, in buf. */
static const struct field *layout(const struct info *i, char buf[NAMES_LEN], const char **code)
{
        *code = name_in(codes, i->code, buf);
        if (i->code == -2)
                return timer;
        if (i->code == -5)
                return polled;
        if (i->code == 0 || i->code == -6 || i->code == 128)
                return killed;
        if (i->code < 0)
                return queued;
        for (size_t k = 0; k < sizeof(owns) / sizeof(*owns); k++) {
                if (owns[k].sig != i->signo)
                        continue;
                *code = name_in(owns[k].codes, i->code, buf);
                if (i->signo == 11 && (i->code == 3 || i->code == 4))
                        return i->code == 3 ? bounds : pkey;
                return owns[k].fields;
        }
        *code = name_in(poll_codes, i->code, buf);      /* F_SETSIG has them with any signal */
        return *code ? polled : NULL;
}

void siginfo_text(const char *label, const uint8_t (*info)[IMG_SIGINFO], uint32_t n)
{
        if (!n)
                text_line(label, "none", 4);
        for (uint32_t k = 0; k < n; k++) {
                struct info i;
                char name[16], buf[NAMES_LEN];
                const char *code;
                const struct field *f;

                memcpy(&i, info[k], sizeof(i));
                f = layout(&i, buf, &code);
                text_item(label);
                printf("%s, ", name_signal(i.signo, name));
                if (code)
                        printf("%s", code);
                else
                        printf("code %" PRId32, i.code);
                if (i.error)
                        printf(", errno %" PRId32, i.error);
                if (f)
                        fields_text(f, &i, sizeof(i), 0);
                else
                        putchar('\n');
                label = "";
        }
}

void siginfo_json(struct json *j, const char *list, const uint8_t (*info)[IMG_SIGINFO], uint32_t n)
{
        json_open(j, list, '[');
        for (uint32_t k = 0; k < n; k++) {
                struct info i;
                char name[16], buf[NAMES_LEN];
                const char *code;
                const struct field *f;

                memcpy(&i, info[k], sizeof(i));
                f = layout(&i, buf, &code);
                json_open(j, NULL, '{');
                json_int(j, "signal", i.signo);
                json_text(j, "name", name_signal(i.signo, name));
                json_int(j, "code", i.code);
                json_text(j, "code_name", code);
                json_int(j, "errno", i.error);
                if (f)
                        fields_json(j, f, &i, sizeof(i), 0);
                json_close(j, '}');
        }
        json_close(j, ']');
}
