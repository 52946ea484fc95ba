/* SPDX-License-Identifier: MIT */
/* imgread.c - the distrustful reader of images */
#include "imgread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc.h"
#include "imgindex.h"
#include "progress.h"
#include "util.h"

#define IO_SIZE         65536   /* read at once */
#define END_MAX         4096    /* an END larger than this is nonsense */

struct imgread {
        int fd;
        const char *path;               /* the caller's, for messages */
        int status;
        uint64_t size;                  /* of the file; ~0: not known, a pipe */
        off_t base;                     /* where the header is in the file; -1: a pipe */
        uint64_t off;                   /* of the next byte, from the header */
        size_t io_pos, io_len;          /* read already: io[io_pos] to io[io_len - 1] */

        struct img_header header;
        int have_header;
        struct img_chunk chunk;         /* the one being read, or the last one */
        int in_chunk;                   /* its payload is not finished */
        int sought;                     /* imgread_seek() was called: what follows is only a part of the chunks */
        int loose;                      /* whatever chunk comes next, it may */
        uint64_t payload;               /* where that starts */
        uint64_t left;                  /* bytes of it not read yet */
        uint32_t crc;                   /* of those that were */
        uint64_t addr;                  /* its first 8 bytes: a PAGE chunk's address */
        uint32_t chunks, skipped;
        uint64_t index_off;             /* of INDX's head; 0: not seen */
        struct img_end end;
        int have_end;

        struct imgindex index;
        void *buf;                      /* for imgread_take */
        uint64_t room;
        unsigned char io[IO_SIZE];
};

struct imgread *imgread_open(const char *path)
{
        struct imgread *r = calloc(1, sizeof(*r));
        struct stat st;

        if (!r) {
                fail("%s:", path);
                return NULL;
        }
        r->path = strcmp(path, "-") == 0 ? "standard input" : path;
        r->fd = r->path != path ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (r->fd < 0) {
                fail("%s:", path);
                free(r);
                return NULL;
        }
        r->size = UINT64_MAX;
        r->base = lseek(r->fd, 0, SEEK_CUR);
        if (r->base >= 0 && fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
                r->size = r->base < st.st_size ? (uint64_t)(st.st_size - r->base) : 0;
        progress_total(r->size);
        return r;
}

void imgread_close(struct imgread *r)
{
        if (!r)
                return;
        if (r->fd != STDIN_FILENO)
                close(r->fd);
        imgindex_free(&r->index);
        free(r->buf);
        free(r);
}

static int damaged(struct imgread *r, uint64_t off, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The image is wrong at off; said once. */
static int damaged(struct imgread *r, uint64_t off, const char *fmt, ...)
{
        char text[200];
        va_list ap;

        if (r->status != EXIT_DONE)
                return -1;
        r->status = EXIT_DAMAGED;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return fail("%s: offset %" PRIu64 ": %s", r->path, off, text);
}

/* The file ends at off, too early. */
static int cut(struct imgread *r, uint64_t off)
{
        return damaged(r, off, "incomplete: the dump never finished, or the file was cut here");
}

/* Not the image's fault: errno says whose. */
static int broken(struct imgread *r)
{
        if (r->status == EXIT_DONE) {
                r->status = EXIT_FAILED;
                if (r->off)
                        fail("%s: offset %" PRIu64 ":", r->path, r->off);
                else
                        fail("%s:", r->path);
        }
        return -1;
}

/* A tag, fit for a terminal. */
static const char *tag_name(uint32_t tag, char name[5])
{
        for (int i = 0; i < 4; i++) {
                unsigned char c = (unsigned char)(tag >> 8 * i);

                name[i] = (char)(c >= ' ' && c <= '~' ? c : '?');
        }
        name[4] = '\0';
        return name;
}

/*
 * Up to want of the next bytes, *n of them, in the buffer; they count as read.
 * NULL at the end of the file (nothing said) or when reading fails (said).
 */
static const unsigned char *some(struct imgread *r, uint64_t want, size_t *n)
{
        const unsigned char *p;

        if (r->status != EXIT_DONE)
                return NULL;
        if (r->io_pos == r->io_len) {
                ssize_t got = read_some(r->fd, r->io, sizeof(r->io));

                if (got < 0) {
                        broken(r);
                        return NULL;
                }
                r->io_pos = 0;
                r->io_len = (size_t)got;
                progress_add((uint64_t)got);
                if (got == 0)
                        return NULL;
        }
        *n = r->io_len - r->io_pos;
        if (*n > want)
                *n = (size_t)want;
        p = r->io + r->io_pos;
        r->io_pos += *n;
        r->off += *n;
        return p;
}

/* Up to len bytes that are not payload: how many there were, -1 if reading failed. */
static ssize_t raw(struct imgread *r, void *to, size_t len)
{
        const unsigned char *p;
        size_t done = 0, n;

        while (done < len && (p = some(r, len - done, &n))) {
                memcpy((char *)to + done, p, n);
                done += n;
        }
        return r->status == EXIT_DONE ? (ssize_t)done : -1;
}

/* Up to want bytes of payload, *n of them, with its checksum kept; NULL after fail(). */
static const unsigned char *piece(struct imgread *r, uint64_t want, size_t *n)
{
        const unsigned char *p = some(r, want, n);
        uint64_t done = r->chunk.len - r->left;

        if (!p) {
                cut(r, r->off);
                return NULL;
        }
        for (size_t i = 0; i < *n && done + i < sizeof(r->addr); i++)
                r->addr |= (uint64_t)p[i] << 8 * (done + i);
        r->crc = crc(r->crc, p, *n);
        r->left -= *n;
        return p;
}

/* Has the payload len bytes more? */
static int bound(struct imgread *r, uint64_t len)
{
        char name[5];

        if (r->status != EXIT_DONE)
                return -1;
        if (len <= r->left)
                return 0;
        return imgread_bad(r, r->payload, "%s chunk of %" PRIu64 " bytes is too short: it needs %" PRIu64,
                           tag_name(r->chunk.tag, name), r->chunk.len, r->chunk.len - r->left + len);
}

int imgread_get(struct imgread *r, void *to, size_t len)
{
        if (bound(r, len) < 0)
                return -1;
        for (size_t done = 0, n; done < len; done += n) {
                const unsigned char *p = piece(r, len - done, &n);

                if (!p)
                        return -1;
                memcpy((char *)to + done, p, n);
        }
        return 0;
}

void *imgread_take(struct imgread *r, uint64_t len)
{
        uint64_t done = 0;

        if (bound(r, len) < 0)
                return NULL;
        do {
                uint64_t want = len - done;

                if (done + want > r->room && r->room < IO_SIZE)
                        want = want < IO_SIZE ? want : IO_SIZE;
                else if (done + want > r->room)
                        want = done < r->room ? r->room - done : want < done ? want : done;
                if (done + want > r->room || !r->buf) {
                        void *buf = realloc(r->buf, done + want ? done + want : 1);

                        if (!buf) {
                                broken(r);
                                return NULL;
                        }
                        r->buf = buf;
                        r->room = done + want;
                }
                if (imgread_get(r, (char *)r->buf + done, want) < 0)
                        return NULL;
                done += want;
        } while (done < len);
        return r->buf;
}

int imgread_skip(struct imgread *r, uint64_t len)
{
        if (bound(r, len) < 0)
                return -1;
        for (size_t n; len > 0; len -= n)
                if (!piece(r, len, &n))
                        return -1;
        return 0;
}

int imgread_zeros(struct imgread *r, uint64_t len)
{
        if (bound(r, len) < 0)
                return -1;
        while (len > 0) {
                uint64_t off = r->off;
                const unsigned char *p;
                size_t n;

                if (!(p = piece(r, len, &n)))
                        return -1;
                for (size_t i = 0; i < n; i++)
                        if (p[i])
                                return imgread_bad(r, off + i, "a byte of padding is not zero");
                len -= n;
        }
        return 0;
}

int imgread_finish(struct imgread *r)
{
        unsigned char pad[IMG_ALIGN];
        char name[5];
        size_t n;

        if (r->status != EXIT_DONE)
                return -1;
        if (!r->in_chunk)
                return 0;
        while (r->left > 0)
                if (!piece(r, r->left, &n))
                        return -1;
        r->in_chunk = 0;
        if (r->crc != r->chunk.crc)
                return damaged(r, r->payload, "checksum of the %s chunk's payload is wrong",
                               tag_name(r->chunk.tag, name));
        if (r->chunk.tag != IMG_END) {
                size_t len = (size_t)(-r->chunk.len % IMG_ALIGN);
                uint64_t off = r->off;
                ssize_t got = raw(r, pad, len);

                for (ssize_t i = 0; i < got; i++)
                        if (pad[i])
                                return damaged(r, off + (uint64_t)i, "a byte of padding is not zero");
                if (got != (ssize_t)len)
                        return cut(r, r->off);
        }
        r->chunks++;
        return 0;
}

int imgread_bad(struct imgread *r, uint64_t off, const char *fmt, ...)
{
        char text[200];
        va_list ap;

        if (imgread_finish(r) < 0)
                return -1;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return damaged(r, off, "%s", text);
}

/* What made the first n bytes, at most 64, differ from the magic? */
static int wrong_magic(struct imgread *r, const void *p, size_t n)
{
        static const struct { const char *bytes, *why; } hurt[] = {
                { "\x89" "CRD\n\x1a\n",           "line ends were changed" },
                { "\x89" "CRD\n\n\x1a\n",         "line ends were changed" },
                { "\x89" "CRD\r\r\n\x1a",         "line ends were changed" },
                { "\x89" "CRD\r\r\x1a\r",         "line ends were changed" },
                { "\tCRD\r\n\x1a\n",             "the eighth bit was cut off" },
                { "\xc2\x89" "CRD",               "the character set was converted" },
                { "\xef\xbf\xbd" "CRD",           "the character set was converted" },
        };
        size_t magic = sizeof(r->header.magic);

        if (n == 0)
                return damaged(r, 0, "the file is empty: not a crdump image");
        if (memcmp(p, IMG_MAGIC, n < magic ? n : magic) == 0)
                return cut(r, n);
        for (size_t i = 0; i < sizeof(hurt) / sizeof(*hurt); i++)
                if (n >= strlen(hurt[i].bytes) && memcmp(p, hurt[i].bytes, strlen(hurt[i].bytes)) == 0)
                        return damaged(r, 0, "%s by a copy in text mode: copy it again, in binary mode", hurt[i].why);
        return damaged(r, 0, "not a crdump image");
}

static int check_header(struct imgread *r)
{
        struct img_header *h = &r->header;
        ssize_t n = raw(r, h, sizeof(*h));
        int known = h->major == IMG_MAJOR;

        if (n < 0)
                return -1;
        if (n < (ssize_t)sizeof(h->magic) || memcmp(h->magic, IMG_MAGIC, sizeof(h->magic)) != 0)
                return wrong_magic(r, h->magic, (size_t)n);
        if (n < (ssize_t)sizeof(*h))
                return cut(r, (uint64_t)n);
        if (h->endian != IMG_ENDIAN)
                return damaged(r, 8, "byte order is %08" PRIx32 ", should be %08" PRIx32, h->endian, IMG_ENDIAN);
        if (crc(0, h, offsetof(struct img_header, crc)) != h->crc)
                return damaged(r, 0, known ? "checksum of the header is wrong" :
                               "header is damaged, or of a version that this crdump does not know");
        if (!known)
                return damaged(r, 12, "format %u.%u: this crdump reads %u.x", h->major, h->minor, IMG_MAJOR);
        if (h->len != sizeof(*h))
                return damaged(r, 20, "header of %" PRIu32 " bytes: this crdump reads %zu", h->len, sizeof(*h));
        if (h->arch != 62)
                return damaged(r, 16, "of another architecture (ELF machine %u): this crdump reads x86-64", h->arch);
        if (h->page_shift != IMG_PAGE_SHIFT)
                return damaged(r, 18, "pages of 2^%u bytes: this crdump reads 2^%u", h->page_shift, IMG_PAGE_SHIFT);
        if (h->must & ~IMG_MUST_KNOWN)
                return damaged(r, 24, "needs features that this crdump does not know: %#" PRIx64,
                               (uint64_t)(h->must & ~IMG_MUST_KNOWN));
        r->have_header = 1;
        r->chunk.head_crc = h->crc;     /* what the first chunk's prev has to be */
        return 0;
}

/* The next chunk's head, up to the point where its payload may be read. */
static int read_head(struct imgread *r)
{
        uint32_t prev = r->chunk.head_crc;
        uint64_t off = r->off;
        struct img_chunk c;
        ssize_t n = raw(r, &c, sizeof(c));
        char name[5];

        if (n < 0)
                return -1;
        if (n < (ssize_t)sizeof(c))
                return cut(r, off + (uint64_t)n);
        if (crc(0, &c, offsetof(struct img_chunk, head_crc)) != c.head_crc)
                return damaged(r, off, "checksum of a chunk's head is wrong");
        if (r->loose) {
                r->chunks = c.seq;
                prev = c.prev;
        }
        r->loose = 0;
        if (c.seq != r->chunks)
                return damaged(r, off, "%s chunk is number %" PRIu32 ", not %" PRIu32 ": chunks missing or moved",
                               tag_name(c.tag, name), c.seq, r->chunks);
        if (c.prev != prev)
                return damaged(r, off, "%s chunk belongs to another image", tag_name(c.tag, name));
        if (c.len > INT64_MAX)
                return damaged(r, off, "%s chunk has an impossible length", tag_name(c.tag, name));
        if (r->size != UINT64_MAX && (r->off > r->size || c.len > r->size - r->off))
                return cut(r, r->size);
        r->chunk = c;
        r->payload = r->off;
        r->left = c.len;
        r->crc = 0;
        r->addr = 0;
        r->in_chunk = 1;
        return 0;
}

/* Note where the chunk just finished was. */
static int note_place(struct imgread *r)
{
        struct img_index e = { r->chunk.tag, r->chunk.seq, r->payload - sizeof(r->chunk),
                               r->chunk.tag == IMG_PAGES ? r->addr : 0 };

        return imgindex_add(&r->index, &e) < 0 ? broken(r) : 0;
}

/* INDX: entries in order, each true, none but PAGE ones left out. */
static int check_index(struct imgread *r)
{
        struct img_array a;
        struct img_index e, last = { 0 };
        uint32_t first = imgindex_first(&r->index), pages = 0;

        r->index_off = r->payload - sizeof(struct img_chunk);
        if (r->sought)
                return imgread_finish(r);
        if (imgread_get(r, &a, sizeof(a)) < 0)
                return -1;
        if (a.size < sizeof(e))
                return imgread_bad(r, r->payload, "INDX entries of %" PRIu32 " bytes are too small", a.size);
        if (r->left != (uint64_t)a.n * a.size)
                return imgread_bad(r, r->payload, "INDX has no room for its %" PRIu32 " entries, or too much", a.n);
        for (uint32_t i = 0; i < a.n; i++, last = e) {
                uint64_t off = r->off;

                if (imgread_get(r, &e, sizeof(e)) < 0 || imgread_skip(r, a.size - sizeof(e)) < 0)
                        return -1;
                if (i > 0 && (e.seq <= last.seq || e.off <= last.off))
                        return imgread_bad(r, off, "INDX entries are out of order");
                if (e.tag == IMG_PAGES && pages++ == 0 && first != UINT32_MAX && e.seq != first)
                        return imgread_bad(r, off, "INDX leaves out the first PAGE chunk");
                if (e.seq >= r->chunk.seq || !imgindex_true(&r->index, &e))
                        return imgread_bad(r, off, "INDX says chunk %" PRIu32 " is at %" PRIu64 ", where it is not",
                                           e.seq, e.off);
        }
        if (imgread_finish(r) < 0)
                return -1;
        if (!imgindex_whole(&r->index) || (pages == 0 && first != UINT32_MAX))
                return damaged(r, r->payload, "INDX leaves out chunks");
        return 0;
}

/* END: the last chunk, and its totals are what was read. 0 when all is well. */
static int check_end(struct imgread *r)
{
        struct img_end *end = &r->end;
        uint64_t tail[2], at = r->payload - sizeof(struct img_chunk);   /* index_off and magic */
        const unsigned char *p;
        size_t n;

        if (r->chunk.len < sizeof(*end) || r->chunk.len > END_MAX)
                return imgread_bad(r, at, "END chunk of %" PRIu64 " bytes", r->chunk.len);
        n = (size_t)r->chunk.len;
        if (!(p = imgread_take(r, n)))
                return -1;
        memcpy(end, p, sizeof(*end));
        memcpy(tail, p + n - sizeof(tail), sizeof(tail));
        if (imgread_finish(r) < 0)
                return -1;
        end->index_off = tail[0];
        memcpy(end->magic, &tail[1], sizeof(end->magic));
        if (end->size != n)
                return damaged(r, r->payload, "END says %" PRIu32 " bytes of itself, there are %zu", end->size, n);
        if (memcmp(end->magic, IMG_END_MAGIC, sizeof(end->magic)) != 0)
                return damaged(r, r->off - 8, "END does not end in its magic bytes");
        if (!r->index_off)
                return damaged(r, at, "no INDX chunk before END");
        if (end->index_off != r->index_off)
                return damaged(r, r->off - 16, "END says INDX is at %" PRIu64 ", it is at %" PRIu64,
                               end->index_off, r->index_off);
        if (end->chunks != r->chunks)
                return damaged(r, r->payload, "END says %" PRIu32 " chunks, there are %" PRIu32, end->chunks, r->chunks);
        if (end->bytes != r->off)
                return damaged(r, r->payload, "END says %" PRIu64 " bytes, there are %" PRIu64, end->bytes, r->off);
        at = r->off;
        if (some(r, 1, &n))
                return damaged(r, at, "bytes follow the END chunk");
        if (r->status != EXIT_DONE)
                return -1;
        r->have_end = 1;
        return 0;
}

static int known(uint32_t tag)
{
        static const uint32_t tags[] = {
                IMG_PROC, IMG_THRD, IMG_MAPS, IMG_SIGA, IMG_SIGQ, IMG_ITIM, IMG_TIMR, IMG_RLIM, IMG_MISC, IMG_DESC,
                IMG_FILE, IMG_NOTE, IMG_PAGES,
        };

        for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
                if (tags[i] == tag)
                        return 1;
        return 0;
}

int imgread_next(struct imgread *r, struct img_chunk *c)
{
        char name[5];

        if (r->status != EXIT_DONE || (!r->have_header && check_header(r) < 0))
                return -1;
        for (;;) {
                uint32_t tag = r->chunk.tag;
                uint64_t at;

                if (r->have_end)
                        return 0;
                if (imgread_finish(r) < 0)
                        return -1;
                if (r->chunks && tag != IMG_INDX && !r->sought && note_place(r) < 0)
                        return -1;
                at = r->off;
                if (read_head(r) < 0)
                        return -1;
                tag = r->chunk.tag;
                if (r->index_off && tag != IMG_END)
                        return imgread_bad(r, at, "%s chunk between INDX and END", tag_name(tag, name));
                if (tag == IMG_INDX) {
                        if (check_index(r) < 0)
                                return -1;
                } else if (tag == IMG_END) {
                        if (check_end(r) < 0)
                                return -1;
                } else if (known(tag)) {
                        *c = r->chunk;
                        return 1;
                } else if (r->chunk.flags & IMG_CRITICAL) {
                        return imgread_bad(r, at, "%s chunk: needs a newer crdump", tag_name(tag, name));
                } else {
                        r->skipped++;
                }
        }
}

int imgread_seekable(const struct imgread *r)
{
        return r->base >= 0;
}

void imgread_here(const struct imgread *r, struct imgread_place *p)
{
        *p = (struct imgread_place){ r->payload - sizeof(struct img_chunk), r->chunk.seq, r->chunk.prev, 0 };
}

int imgread_seek(struct imgread *r, const struct imgread_place *p)
{
        if (r->status != EXIT_DONE)
                return -1;
        if (p->off > imgread_size(r) || p->off > (uint64_t)(INT64_MAX - r->base))
                return damaged(r, p->off, "there is no chunk");
        if (lseek(r->fd, r->base + (off_t)p->off, SEEK_SET) < 0)
                return broken(r);
        r->off = p->off;
        r->io_pos = r->io_len = 0;
        r->chunks = p->seq;
        r->chunk.head_crc = p->prev;
        r->loose = p->loose;
        r->in_chunk = r->have_end = 0;
        r->index_off = 0;
        r->sought = 1;
        return 0;
}

uint64_t imgread_size(const struct imgread *r)
{
        return r->base < 0 ? UINT64_MAX : r->size;
}

int imgread_at(struct imgread *r, uint64_t off, void *to, size_t len)
{
        for (size_t done = 0; done < len; ) {
                ssize_t n = pread(r->fd, (char *)to + done, len - done, r->base + (off_t)(off + done));

                if (n == 0)
                        return cut(r, off + done);
                if (n > 0)
                        done += (size_t)n;
                else if (errno != EINTR || stop_signal())
                        return broken(r);
        }
        return 0;
}

uint64_t imgread_offset(const struct imgread *r)
{
        return r->payload;
}

int imgread_status(const struct imgread *r)
{
        return r->status;
}

const struct img_header *imgread_header(const struct imgread *r)
{
        return r->have_header ? &r->header : NULL;
}

const struct img_end *imgread_end(const struct imgread *r)
{
        return r->have_end ? &r->end : NULL;
}

uint32_t imgread_sum(const struct imgread *r)
{
        return r->chunk.head_crc;
}

uint32_t imgread_chunks(const struct imgread *r)
{
        return r->chunks;
}

uint32_t imgread_skipped(const struct imgread *r)
{
        return r->skipped;
}

uint64_t imgread_bytes(const struct imgread *r)
{
        return r->off;
}
