/* SPDX-License-Identifier: MIT */
/* payload.c - a chunk's payload, as it grows */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "ready.h"

void *payload_room(struct payload *b, size_t len)
{
        size_t cap = b->cap ? b->cap : 256;
        char *p = b->p;

        while (cap < b->len + len)
                cap *= 2;
        if (cap != b->cap && !b->failed)
                p = realloc(b->p, cap);
        if (b->failed || !p) {
                b->failed = 1;
                return NULL;
        }
        b->p = p;
        b->cap = cap;
        p += b->len;
        b->len += len;
        return p;
}

void payload_ready(struct payload *b, size_t len)
{
        char *p = payload_room(b, len);

        if (!p)
                return;
        ready_memory(p, len);
        b->len -= len;
}

void payload_add(struct payload *b, const void *p, size_t len)
{
        void *to = payload_room(b, len);

        if (to && len)
                memcpy(to, p, len);
}

void payload_str(struct payload *b, uint32_t id, const void *p, size_t len)
{
        struct img_str str = { id, (uint32_t)len };

        payload_add(b, &str, sizeof str);
        payload_add(b, p, len);
        payload_add(b, "\0\0\0\0\0\0\0", -len & 7);
}

void payload_free(struct payload *b)
{
        free(b->p);
        *b = (struct payload){ 0 };
}
