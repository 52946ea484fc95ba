/* SPDX-License-Identifier: MIT */
/* answers.c - what the parasite has written: is it an answer, and what does its log say */
#include "answers.h"

#include <errno.h>
#include <string.h>

#include "util.h"

static const char *const cmd_name[] = { "?", "init", "sigactions", "itimers", "misc", "timers", "twin", "fini" };

void answers_show_log(const struct parasite_data *d)
{
        size_t len = d->log_len < sizeof d->log ? d->log_len : sizeof d->log;

        for (size_t at = 0; at < len; ) {
                const char *eol = memchr(d->log + at, '\n', len - at);
                size_t n = eol ? (size_t)(eol - d->log) - at : len - at;

                say("parasite: %.*s", (int)n, d->log + at);
                at += n + 1;
        }
}

int answers_check(const struct parasite_data *d)
{
        for (uint32_t cmd = PARASITE_INIT; cmd <= PARASITE_FINI; cmd++) {
                const struct parasite_answer *a = &d->answer[cmd - 1];

                if (a->cmd != cmd)
                        return fail("the parasite's answers were overwritten");
                if (a->status == 0)
                        continue;
                errno = a->err;
                return fail("parasite: %s, parasite.c line %u:", cmd_name[cmd], (unsigned)a->line);
        }
        return 0;
}
