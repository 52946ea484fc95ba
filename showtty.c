/* SPDX-License-Identifier: MIT */
/* showtty.c - a terminal in words and as JSON */
#include "showtty.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "names.h"
#include "text.h"

#define T(member, kind, key, names)             FIELD(struct img_tty, member, kind, key, names)
#define T_IF(known, member, kind, key)          FIELD_IF(known, struct img_tty, member, kind, key, NULL)

#define CFLAG_CS(cflag)         ((cflag) >> 4 & 3)      /* CS5 to CS8 */
#define CFLAG_BITS(cflag)       ((cflag) & 0xe0000fc0)  /* without it and the speeds, which have fields of their own */
#define CC_TIME 5               /* among the control characters these are numbers */
#define CC_MIN  6

enum { HAS_PGRP = 1, HAS_SESSION = 2, HAS_PTY = 4, HAS_LOCKED = 8 };

const struct field showtty_fields[] = {
        T(rows, FIELD_UINT, "rows", NULL),
        T(columns, FIELD_UINT, ",columns", NULL),
        T(xpixels, FIELD_UINT, ",xpixels", NULL),
        T(ypixels, FIELD_UINT, ",ypixels", NULL),
        T_IF(HAS_PGRP, pgrp, FIELD_INT, "pgrp"),
        T_IF(HAS_SESSION, session, FIELD_INT, "session"),
        T_IF(HAS_PTY, pty, FIELD_INT, "?pty"),
        T_IF(HAS_LOCKED, locked, FIELD_YES, "?locked"),
        T(ispeed, FIELD_UINT, "ispeed", NULL),
        T(ospeed, FIELD_UINT, ",ospeed", NULL),
        T(line, FIELD_NAME, ",line", "N_\0" "TTY\0SLIP\0MOUSE\0PPP\0"),
        T(iflag, FIELD_BITS, "iflag",
          "\0" "IGNBRK\0BRKINT\0IGNPAR\0PARMRK\0INPCK\0ISTRIP\0INLCR\0IGNCR\0ICRNL\0IUCLC\0IXON\0IXANY\0IXOFF\0IMAXBEL\0IUTF8\0"),
        T(oflag, FIELD_BITS, "oflag",
          "\0" "OPOST\0OLCUC\0ONLCR\0OCRNL\0ONOCR\0ONLRET\0OFILL\0OFDEL\0NL1\0CR1\0CR2\0TAB1\0TAB2\0BS1\0VT1\0FF1\0"),
        T(lflag, FIELD_BITS, "lflag",
          "\0" "ISIG\0ICANON\0XCASE\0ECHO\0ECHOE\0ECHOK\0ECHONL\0NOFLSH\0TOSTOP\0ECHOCTL\0ECHOPRT\0ECHOKE\0FLUSHO\0"
          "14PENDIN\0IEXTEN\0EXTPROC\0"),
        T(cflag, FIELD_HEX, "-cflag", NULL),
        { 0 },
};

static const char cflag_names[] =
        "\0" "6CSTOPB\0CREAD\0PARENB\0PARODD\0HUPCL\0CLOCAL\0" "29ADDRB\0CMSPAR\0CRTSCTS\0" "32CS5\0CS6\0CS7\0CS8\0";

static const char cc_names[] =
        "\0" "intr\0quit\0erase\0kill\0eof\0time\0min\0swtc\0start\0stop\0susp\0eol\0reprint\0discard\0werase\0lnext\0eol2\0";

/* 0: it is none. *known: HAS_*. */
static int get_tty(const struct model_fd *f, struct img_tty *to, uint32_t *known)
{
        const struct model_str *s = model_str(&f->strs, IMG_FSTR_TTY);

        if (!s || s->kept < sizeof(*to))
                return 0;
        memcpy(to, s->p, sizeof(*to));
        *known = (to->pgrp != -1 ? HAS_PGRP : 0) | (to->session != -1 ? HAS_SESSION : 0) | (to->pty != -1 ? HAS_PTY : 0) |
                 (to->locked != -1 ? HAS_LOCKED : 0);
        return 1;
}

static uint64_t cflag_bits(const struct img_tty *t)
{
        return CFLAG_BITS(t->cflag) | (uint64_t)1 << (32 + CFLAG_CS(t->cflag));
}

/* As stty says it. */
static void cc_text(const struct img_tty *t)
{
        int column = text_item("characters");
        char name[NAMES_LEN], word[2 * NAMES_LEN];

        for (int i = 0; i < (int)sizeof(t->cc) && name_in(cc_names, i, name); i++) {
                unsigned c = t->cc[i];

                if (i == CC_TIME || i == CC_MIN)
                        snprintf(word, sizeof(word), "%s=%u", name, c);
                else if (c == 0)
                        continue;
                else if (c < ' ' || c == 0x7f)
                        snprintf(word, sizeof(word), "%s=^%c", name, c ^ 0x40);
                else
                        snprintf(word, sizeof(word), c < 0x7f ? "%s=%c" : "%s=\\x%02x", name, c);
                text_word(word, &column);
        }
        putchar('\n');
}

void showtty_text(const struct model_fd *f)
{
        struct img_tty t;
        uint32_t known;
        int column;

        if (!get_tty(f, &t, &known))
                return;
        fields_text(showtty_fields, &t, sizeof(t), known);
        column = text_item("cflag");
        text_bits(cflag_bits(&t), cflag_names, &column);
        putchar('\n');
        cc_text(&t);
}

void showtty_json(struct json *j, const struct model_fd *f)
{
        struct img_tty t;
        uint32_t known;
        char name[NAMES_LEN];

        if (!get_tty(f, &t, &known)) {
                json_null(j, "tty");
                return;
        }
        json_open(j, "tty", '{');
        fields_json(j, showtty_fields, &t, sizeof(t), known);
        json_bits(j, "cflag_names", cflag_bits(&t), cflag_names);
        json_open(j, "cc", '{');
        for (int i = 0; i < (int)sizeof(t.cc) && name_in(cc_names, i, name); i++)
                json_int(j, name, t.cc[i]);
        json_close(j, '}');
        json_close(j, '}');
}
