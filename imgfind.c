/* SPDX-License-Identifier: MIT */
/* imgfind.c - where in an image an address is, by its INDX */
#include "imgfind.h"

#include <stddef.h>
#include <string.h>

#include "crc.h"

/*
 * The payload of the INDX chunk that the last bytes of the file lead to: its
 * head and place. As imgfind().
 */
static int find_index(struct imgread *r, struct img_chunk *c, uint64_t *payload)
{
        uint64_t size = imgread_size(r), tail[2];       /* of END: index_off and magic */

        if (size == UINT64_MAX || size < sizeof(struct img_header) + sizeof(*c) + sizeof(tail))
                return 0;
        if (imgread_at(r, size - sizeof(tail), tail, sizeof(tail)) < 0)
                return -1;
        if (memcmp(&tail[1], IMG_END_MAGIC, sizeof(tail[1])) != 0 || tail[0] > size - sizeof(*c))
                return 0;
        if (imgread_at(r, tail[0], c, sizeof(*c)) < 0)
                return -1;
        *payload = tail[0] + sizeof(*c);
        return c->tag == IMG_INDX && c->len <= size - *payload &&
               crc(0, c, offsetof(struct img_chunk, head_crc)) == c->head_crc;
}

int imgfind(struct imgread *r, uint64_t addr, struct img_index *e)
{
        struct img_index some[128];
        uint64_t at, end, found = 0;
        struct img_array a;
        struct img_chunk c;
        uint32_t sum;
        int rc = find_index(r, &c, &at);

        if (rc <= 0)
                return rc;
        end = at + c.len;
        if (c.len < sizeof(a) || c.len % sizeof(*some) != sizeof(a))
                return 0;
        if (imgread_at(r, at, &a, sizeof(a)) < 0)
                return -1;
        sum = crc(0, &a, sizeof(a));
        if (a.size != sizeof(*some))            /* of a later version */
                return 0;
        for (at += sizeof(a); at < end; ) {
                size_t len = end - at < sizeof(some) ? (size_t)(end - at) : sizeof(some);

                if (imgread_at(r, at, some, len) < 0)
                        return -1;
                sum = crc(sum, some, len);
                for (size_t i = 0; i < len / sizeof(*some); i++)
                        if (some[i].tag == IMG_PAGES && some[i].addr <= addr && (!found || some[i].addr > e->addr)) {
                                *e = some[i];
                                found = 1;
                        }
                at += len;
        }
        return found && sum == c.crc;
}
