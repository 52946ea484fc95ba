/* SPDX-License-Identifier: MIT */
/* showmap.c - memory in words and as JSON */
#include "showmap.h"

#include <inttypes.h>
#include <stdio.h>

#include "text.h"

void showmap_sum_text(const struct model *m)
{
        static const char *const means[MODEL_KINDS] = {
                "", "in the image", "present, all zeros", "never touched, or given back", "as in the mapped file", "",
        };

        if (!m->have_maps)
                return;
        text_label("memory");
        printf("%" PRIu32 " mappings, pages:\n", m->maps_n);
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++) {
                text_label("");
                printf("%10" PRIu64 " %-11s", m->pages[kind], name_kind(kind));
                text_size(m->pages[kind] << IMG_PAGE_SHIFT);
                if (*means[kind])
                        printf(", %s", means[kind]);
                putchar('\n');
        }
}

static void map_text(const struct model_map *map)
{
        const struct img_map *m = &map->m;
        int at = printf("%" PRIx64 "-%" PRIx64, m->start, m->end);

        printf("%*s %c%c%c%c", at < 25 ? 25 - at : 0, "",
               m->prot & IMG_MAP_R ? 'r' : '-', m->prot & IMG_MAP_W ? 'w' : '-',
               m->prot & IMG_MAP_X ? 'x' : '-', m->prot & IMG_MAP_SHARED ? 's' : 'p');
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++) {
                if (map->pages[kind])
                        printf(" %6" PRIu64, map->pages[kind]);
                else
                        printf("      -");
        }
        if (m->name_len)
                printf("  ");
        text_bytes(map->name, m->name_len);
        if (m->off)
                printf(" +%" PRIx64, m->off);
        if (map->pages[IMG_UNREADABLE])
                printf(" (%s)", name_why((int)map->why));
        putchar('\n');
}

void showmap_text(const struct model *m)
{
        if (!m->have_maps)
                return;
        printf("\n%-30s   data   zero absent infile unread  name +offset in the file\n", "mappings (pages)");
        for (uint32_t i = 0; i < m->maps_n; i++)
                map_text(&m->maps[i]);
}

static void pages_json(struct json *j, const uint64_t *pages)
{
        json_open(j, "pages", '{');
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++)
                json_int(j, name_kind(kind), (int64_t)pages[kind]);
        json_close(j, '}');
}

static void vmflags_json(struct json *j, const struct img_map *map)
{
        static const char names[] = IMG_VMFLAGS;

        if (map->vmflags_known != 1) {
                json_null(j, "vmflags");
                return;
        }
        json_open(j, "vmflags", '[');
        for (unsigned bit = 0; 3 * bit < sizeof(names) && bit < 64; bit++)
                if (map->vmflags >> bit & 1)
                        json_string(j, NULL, names + 3 * bit, 2);
        json_close(j, ']');
}

static void map_json(struct json *j, const struct model_map *map)
{
        const struct img_map *m = &map->m;
        char prot[] = "---p", dev[24];

        if (m->prot & IMG_MAP_R)
                prot[0] = 'r';
        if (m->prot & IMG_MAP_W)
                prot[1] = 'w';
        if (m->prot & IMG_MAP_X)
                prot[2] = 'x';
        if (m->prot & IMG_MAP_SHARED)
                prot[3] = 's';
        snprintf(dev, sizeof(dev), "%02" PRIx32 ":%02" PRIx32, m->dev_major, m->dev_minor);
        json_open(j, NULL, '{');
        json_hex(j, "start", m->start);
        json_hex(j, "end", m->end);
        json_text(j, "prot", prot);
        json_hex(j, "offset", m->off);
        json_text(j, "dev", dev);
        json_hex(j, "inode", m->ino);
        json_string(j, "name", map->name, m->name_len);
        vmflags_json(j, m);
        json_text(j, "class", name_class((int)map->cls));
        pages_json(j, map->pages);
        if (map->pages[IMG_UNREADABLE])
                json_text(j, "unreadable", name_why((int)map->why));
        else
                json_null(j, "unreadable");
        json_close(j, '}');
}

void showmap_json(struct json *j, const struct model *m)
{
        json_open(j, "mappings", '[');
        for (uint32_t i = 0; i < m->maps_n; i++)
                map_json(j, &m->maps[i]);
        json_close(j, ']');
}

void showmap_sum_json(struct json *j, const struct model *m)
{
        pages_json(j, m->pages);
}
