/* SPDX-License-Identifier: MIT */
/* bytes.c - every page of a target passes through these: compiled for speed */
#include "bytes.h"

#include <stdint.h>
#include <string.h>

int all_of(const void *p, size_t len)
{
        const uint64_t __attribute__((may_alias)) *v = p, *end = v + len / sizeof(*v);
        uint64_t first = *v;

        if (first != (first & 0xff) * 0x0101010101010101ull)
                return -1;
        for (; v < end; v += 8)
                if ((v[0] ^ first) | (v[1] ^ first) | (v[2] ^ first) | (v[3] ^ first) |
                    (v[4] ^ first) | (v[5] ^ first) | (v[6] ^ first) | (v[7] ^ first))
                        return -1;
        return (int)(first & 0xff);
}

int same_bytes(const void *a, const void *b, size_t len)
{
        const uint8_t *x = a, *y = b;
        uint64_t v[4], w[4];

        for (; len >= sizeof v; len -= sizeof v, x += sizeof v, y += sizeof w) {
                memcpy(v, x, sizeof v);
                memcpy(w, y, sizeof w);
                if ((v[0] ^ w[0]) | (v[1] ^ w[1]) | (v[2] ^ w[2]) | (v[3] ^ w[3]))
                        return 0;
        }
        return !memcmp(x, y, len);
}
