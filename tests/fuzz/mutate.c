/* SPDX-License-Identifier: MIT */
/* mutate.c - libFuzzer's mutations, of images as such */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, uint8_t *out, size_t max, unsigned seed);

/* FUZZ_TARGET in the environment says which. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        const char *name = getenv("FUZZ_TARGET");

        (void)argc, (void)argv;
        fuzz_target = name ? fuzz_find(name) : NULL;
        if (!fuzz_target) {
                fprintf(stderr, "FUZZ_TARGET: no such target: %s\n", name ? name : "");
                exit(2);
        }
        fuzz_init();
        return 0;
}

static int of_images(void)
{
        return strcmp(fuzz_target->corpus, "image") == 0;
}

static struct fuzz_rand from(unsigned seed)
{
        return (struct fuzz_rand){ (seed + 1) * 0x9e3779b97f4a7c15 };
}

/* Sealed in most cases, now and then with one thing wrong; not at all in a few, and cut off in some. */
static size_t seal(const struct fuzz_image *m, struct fuzz_rand *r, uint8_t *out, size_t max)
{
        size_t len = fuzz_seal(m, fuzz_pick(r, 4) ? NULL : r, out, max);

        if (len && fuzz_pick(r, 32) == 0)
                len = 1 + fuzz_pick(r, (uint32_t)len);
        if (len && fuzz_pick(r, 32) == 0)
                len = LLVMFuzzerMutate(out, len, max);
        return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
        struct fuzz_rand r = from(seed);
        struct fuzz_image m;
        size_t n;

        if (!of_images() || fuzz_pick(&r, 64) == 0)
                return LLVMFuzzerMutate(data, len, max);
        fuzz_take(&m, data, len);
        do
                fuzz_change(&m, &r, LLVMFuzzerMutate);
        while (fuzz_pick(&r, 3) == 0);
        n = seal(&m, &r, data, max);
        fuzz_free(&m);
        return n ? n : LLVMFuzzerMutate(data, len, max);        /* that was too long */
}

/* Some of one's chunks among the other's, or instead of its own. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, uint8_t *out, size_t max, unsigned seed)
{
        struct fuzz_rand r = from(seed);
        struct fuzz_image m, other;
        size_t n;

        if (!of_images())
                return 0;
        fuzz_take(&m, a, a_len);
        fuzz_take(&other, b, b_len);
        for (size_t i = 0; i < other.n; i++) {
                struct fuzz_chunk *to, *c = &other.c[i];

                if (fuzz_pick(&r, 3))
                        continue;
                to = fuzz_pick(&r, 4) ? fuzz_chunk(&m, c->tag) : NULL;
                if (!to)
                        to = fuzz_add(&m, fuzz_pick(&r, (uint32_t)m.n + 1), c->tag, 0);
                to->flags = c->flags;
                fuzz_resize(to, c->len);
                memcpy(to->p, c->p, c->len);
        }
        if (fuzz_pick(&r, 2))
                fuzz_cover(&m, &r);
        n = seal(&m, &r, out, max);
        fuzz_free(&m);
        fuzz_free(&other);
        return n;
}
