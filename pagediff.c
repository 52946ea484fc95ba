/* SPDX-License-Identifier: MIT */
/* pagediff.c - which pages differ between two images */
#include "pagediff.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum verdict { SAME, CHANGED, APPEARED, VANISHED, VERDICTS };

static const char *const words[VERDICTS] = { "", "changed", "appeared", "vanished" };

struct side {
        struct load *l;
        const struct model *m;
        struct img_run run;     /* what is left of the one read last */
        const unsigned char *data;      /* of it; NULL if it is not IMG_DATA */
        int end;                /* there are no more */
};

struct pagediff {
        struct side side[2];
        uint64_t start, addr;   /* the range that is alike up to here, */
        enum verdict verdict;   /* and in what */
        const struct model_map *map;    /* that it is in */
        uint64_t pages[VERDICTS];
};

/* Has the image bytes of these pages? */
static int held(const struct img_run *run)
{
        return run->kind == IMG_DATA || run->kind == IMG_ZERO;
}

/* The next run, if the last one is used up. */
static int fill(struct side *s)
{
        int rc;

        if (s->end || s->run.n)
                return 0;
        rc = load_run(s->l, &s->run, &s->data);
        s->end = rc == 0;
        return rc < 0 ? -1 : 0;
}

static void use(struct side *s, uint32_t n)
{
        s->run.addr += (uint64_t)n << IMG_PAGE_SHIFT;
        s->run.n -= n;
        if (s->data)
                s->data += (size_t)n << IMG_PAGE_SHIFT;
}

/* The range ends here: tell of it. */
static void end_range(struct pagediff *d)
{
        uint64_t n = (d->addr - d->start) >> IMG_PAGE_SHIFT;

        d->pages[d->verdict] += n;
        if (d->verdict == SAME)
                return;
        printf("pages %012" PRIx64 "-%012" PRIx64 ": %" PRIu64 " %s", d->start, d->addr, n, words[d->verdict]);
        if (d->map && d->map->m.name_len) {
                printf("  ");
                text_bytes(d->map->name, d->map->m.name_len);
        }
        putchar('\n');
}

/* n pages from addr on. */
static void tell(struct pagediff *d, uint64_t addr, uint64_t n, enum verdict verdict)
{
        const struct model_map *map = NULL;

        if (verdict != SAME)
                map = model_map_at(d->side[verdict != VANISHED].m, addr);
        if (verdict != d->verdict || addr != d->addr || map != d->map) {
                end_range(d);
                d->start = addr;
                d->verdict = verdict;
                d->map = map;
        }
        d->addr = addr + (n << IMG_PAGE_SHIFT);
}

/* Pages that one image has bytes of, and the other none. Do they read the same there? */
static int reads_same(const struct img_run *has, const struct img_run *none)
{
        int private = none->cls == IMG_PRIVATE_ANON || none->cls == IMG_PRIVATE_FILE;

        if (none->kind == IMG_ABSENT)
                return private ? has->kind == IMG_ZERO : has->why & IMG_HOW_OBJECT;
        return none->kind == IMG_INFILE && has->why & IMG_HOW_CLEAN;
}

/* Page i of both runs. */
static enum verdict compare(const struct side *a, const struct side *b, uint32_t i)
{
        static unsigned char zeros[IMG_PAGE];   /* not const: so they take no room in the program */
        size_t at = (size_t)i << IMG_PAGE_SHIFT;

        if (held(&a->run) && held(&b->run))
                return memcmp(a->data ? a->data + at : zeros, b->data ? b->data + at : zeros, IMG_PAGE) ? CHANGED : SAME;
        if (held(&b->run))
                return reads_same(&b->run, &a->run) ? SAME : APPEARED;
        if (held(&a->run))
                return reads_same(&a->run, &b->run) ? SAME : VANISHED;
        return SAME;
}

/* Both go on at the same address, for n pages. */
static void both(struct pagediff *d, uint32_t n)
{
        struct side *a = &d->side[0], *b = &d->side[1];
        uint32_t step = held(&a->run) && held(&b->run) && (a->data || b->data) ? 1 : n;

        for (uint32_t i = 0; i < n; i += step)
                tell(d, a->run.addr + ((uint64_t)i << IMG_PAGE_SHIFT), step, compare(a, b, i));
        use(a, n);
        use(b, n);
}

/* Only one has the next pages mapped, up to the address where the other one goes on. */
static void one(struct pagediff *d, int which, uint64_t up_to)
{
        struct side *s = &d->side[which];
        uint64_t n = (up_to - s->run.addr) >> IMG_PAGE_SHIFT;

        if (n > s->run.n)
                n = s->run.n;
        tell(d, s->run.addr, n, !held(&s->run) ? SAME : which ? APPEARED : VANISHED);
        use(s, (uint32_t)n);
}

int pagediff(struct load *a, const struct model *ma, struct load *b, const struct model *mb, uint64_t *n)
{
        struct pagediff d = { .side = { { .l = a, .m = ma }, { .l = b, .m = mb } } };
        struct side *s = d.side;

        for (;;) {
                if (fill(&s[0]) < 0 || fill(&s[1]) < 0 || ferror(stdout))
                        return -1;
                if (s[0].end && s[1].end)
                        break;
                if (s[1].end || (!s[0].end && s[0].run.addr < s[1].run.addr))
                        one(&d, 0, s[1].end ? UINT64_MAX : s[1].run.addr);
                else if (s[0].end || s[1].run.addr < s[0].run.addr)
                        one(&d, 1, s[0].end ? UINT64_MAX : s[0].run.addr);
                else
                        both(&d, s[0].run.n < s[1].run.n ? s[0].run.n : s[1].run.n);
        }
        end_range(&d);
        *n = d.pages[CHANGED] + d.pages[APPEARED] + d.pages[VANISHED];
        if (*n)
                printf("pages: %" PRIu64 " changed, %" PRIu64 " appeared, %" PRIu64 " vanished\n",
                       d.pages[CHANGED], d.pages[APPEARED], d.pages[VANISHED]);
        return 0;
}
