/* SPDX-License-Identifier: MIT */
/* sink.c - takes the place of stdout, and judges what is printed */
#include "fuzz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* MSan does not see libc fill its buffers. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define defined_bytes(p, len)   __msan_unpoison(p, len)
#endif
#endif
#ifndef defined_bytes
#define defined_bytes(p, len)   ((void)(len))
#endif

#define DEPTH   64

/* What may come next in JSON. */
enum state { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, COMMA_OR_END, STRING, ESCAPE, HEX, WORD, NUMBER, DONE };

static struct {
        enum sink_kind kind;
        uint64_t n, limit;      /* bytes that came, and may come */
        enum state state;
        int in_key;             /* the string is one */
        char open[DEPTH];       /* the brackets that are not closed */
        int depth;
        char word[8];           /* true, false, null */
        size_t word_len;
        int left;               /* hex digits of an escape, continuation bytes of UTF-8 */
        unsigned char before;
} s;

static void wrong(unsigned char c)
{
        fuzz_blame("byte %" PRIu64 " of what is printed, %02x, is not what may stand there", s.n, c);
}

static void value_ends(void)
{
        s.state = s.depth ? COMMA_OR_END : DONE;
}

static void close_bracket(unsigned char c)
{
        if (!s.depth || s.open[s.depth - 1] != (c == '}' ? '{' : '['))
                wrong(c);
        s.depth--;
        value_ends();
}

static void begin_value(unsigned char c)
{
        if (c == ']' && s.state == VALUE_OR_END) {
                close_bracket(c);
        } else if (c == '{' || c == '[') {
                if (s.depth == DEPTH)
                        wrong(c);
                s.open[s.depth++] = (char)c;
                s.state = c == '{' ? KEY_OR_END : VALUE_OR_END;
        } else if (c == '"') {
                s.in_key = 0;
                s.state = STRING;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
                s.word_len = c != '-';
                s.state = NUMBER;
        } else if (c >= 'a' && c <= 'z') {
                s.word[0] = (char)c;
                s.word_len = 1;
                s.state = WORD;
        } else {
                wrong(c);
        }
}

/* In a string; UTF-8 is checked for its form, as show's own test is stricter. */
static void in_string(unsigned char c)
{
        if (s.left) {
                if ((c & 0xc0) != 0x80)
                        wrong(c);
                s.left--;
        } else if (c == '"') {
                if (s.in_key)
                        s.state = COLON;
                else
                        value_ends();
        } else if (c == '\\') {
                s.state = ESCAPE;
        } else if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xc2) || c > 0xf4) {
                wrong(c);
        } else if (c >= 0xc2) {
                s.left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        }
}

/* A byte of JSON that follows a value or a comma. */
static void between(unsigned char c)
{
        if (c == ' ' || c == '\n')
                return;
        if (s.state == VALUE || s.state == VALUE_OR_END) {
                begin_value(c);
        } else if ((s.state == KEY || s.state == KEY_OR_END) && c == '"') {
                s.in_key = 1;
                s.state = STRING;
        } else if (s.state == KEY_OR_END && c == '}') {
                close_bracket(c);
        } else if (s.state == COLON && c == ':') {
                s.state = VALUE;
        } else if (s.state == COMMA_OR_END && c == ',') {
                s.state = s.open[s.depth - 1] == '{' ? KEY : VALUE;
        } else if (s.state == COMMA_OR_END && (c == '}' || c == ']')) {
                close_bracket(c);
        } else {
                wrong(c);
        }
}

static void word_ends(unsigned char c)
{
        s.word[s.word_len] = '\0';
        if (strcmp(s.word, "true") != 0 && strcmp(s.word, "false") != 0 && strcmp(s.word, "null") != 0)
                wrong(c);
        value_ends();
        between(c);
}

static void json(unsigned char c)
{
        switch (s.state) {
        case STRING:
                in_string(c);
                break;
        case ESCAPE:
                if (!c || !strchr("\"\\/bfnrtu", c))
                        wrong(c);
                s.left = c == 'u' ? 4 : 0;
                s.state = c == 'u' ? HEX : STRING;
                break;
        case HEX:
                if (!c || !strchr("0123456789abcdef", c))
                        wrong(c);
                if (--s.left == 0)
                        s.state = STRING;
                break;
        case NUMBER:
                if (c >= '0' && c <= '9') {
                        if (s.before == '0' && s.word_len == 1)
                                wrong(c);       /* a leading zero */
                        s.word_len++;
                        break;
                }
                if (!s.word_len)
                        wrong(c);
                value_ends();
                between(c);
                break;
        case WORD:
                if (c >= 'a' && c <= 'z' && s.word_len < sizeof s.word - 1)
                        s.word[s.word_len++] = (char)c;
                else
                        word_ends(c);
                break;
        default:
                between(c);
        }
        s.before = c;
}

static ssize_t take(void *cookie, const char *buf, size_t len)
{
        (void)cookie;
        defined_bytes(buf, len);
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)buf[i];

                s.n++;
                if (s.kind == SINK_JSON)
                        json(c);
                else if (s.kind == SINK_TEXT && c != '\n' && (c < ' ' || c > '~'))
                        wrong(c);
        }
        if (s.n > s.limit)
                fuzz_blame("%" PRIu64 " bytes were printed, more than %" PRIu64, s.n, s.limit);
        return (ssize_t)len;
}

void sink_install(void)
{
        FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = take });

        if (!f)
                abort();
        setvbuf(f, NULL, _IOFBF, 65536);
        stdout = f;
}

void sink_begin(enum sink_kind kind, uint64_t limit)
{
        memset(&s, 0, sizeof s);
        s.kind = kind;
        s.limit = limit;
}

void sink_end(int whole)
{
        fflush(stdout);
        if (whole && s.kind == SINK_JSON && s.state != DONE)
                fuzz_blame("the JSON ends in its middle, after %" PRIu64 " bytes", s.n);
        if (whole && s.kind == SINK_TEXT && s.n == 0)
                fuzz_blame("nothing was printed");
}
