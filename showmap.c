/* SPDX-License-Identifier: MIT */
/* showmap.c - memory in words and as JSON */
#include "showmap.h"

#include <inttypes.h>
#include <stdio.h>

#include "text.h"

static const char how_names[] = "\0" "swapped\0clean\0object\0inside\0base\0filled\0";      /* by bit of IMG_HOW_* */

static const char vmflag_words[] =      /* by bit of img_map.vmflags; rd wr ex sh mr mw me ms ac sd are not worth a word */
        "\0" "8grows down\0pure pfn\0locked\0device\0sequential\0random\0not copied on fork\0not expanding\0"
        "17no swap reserved\0huge pages of hugetlbfs\0synchronous faults\0arch-specific\0not dumped\0wiped on fork\0"
        "24mixed map\0huge pages\0no huge pages\0mergeable\0userfaultfd missing\0userfaultfd write-protect\0"
        "shadow stack\0userfaultfd minor\0guarded\0locked on fault\0branch targets\0memory tags\0non-linear\0sealed\0"
        "droppable\0" "denies writing\0MPX bounds\0";

/* So many of a kind in one mapping, or in all. */
static void how_text(const uint64_t *how, const char *before, const char *after)
{
        char buf[NAMES_LEN];

        for (int bit = 0; bit < IMG_HOW_BITS; bit++) {
                if (!how[bit])
                        continue;
                printf("%s%" PRIu64 " %s%s", before, how[bit], name_in(how_names, bit, buf), after);
        }
}

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
                printf("%8" PRIu64 " %-11s", m->pages[kind], name_kind(kind));
                text_size(m->pages[kind] << IMG_PAGE_SHIFT);
                if (*means[kind])
                        printf(", %s", means[kind]);
                if (kind == IMG_DATA)
                        how_text(m->how, ", ", "");
                putchar('\n');
        }
}

/* As in /proc/PID/maps. */
static const char *prot(const struct img_map *m, char buf[5])
{
        snprintf(buf, 5, "%c%c%c%c", m->prot & IMG_MAP_R ? 'r' : '-', m->prot & IMG_MAP_W ? 'w' : '-',
                 m->prot & IMG_MAP_X ? 'x' : '-', m->prot & IMG_MAP_SHARED ? 's' : 'p');
        return buf;
}

static void map_text(const struct model_map *map)
{
        const struct img_map *m = &map->m;
        int at = printf("%" PRIx64 "-%" PRIx64, m->start, m->end);
        char buf[NAMES_LEN];

        printf("%*s %s", at < 25 ? 25 - at : 0, "", prot(m, buf));
        for (int kind = IMG_DATA; kind < MODEL_KINDS; kind++) {
                if (map->pages[kind])
                        printf(" %6" PRIu64, map->pages[kind]);
                else
                        printf("      -");
        }
        printf("  ");
        text_bytes(map->name, m->name_len);
        if (m->off)
                printf(" +%" PRIx64, m->off);
        if (m->ino || m->dev_major || m->dev_minor)
                printf(" (%02" PRIx32 ":%02" PRIx32 " inode %" PRIu64 ")", m->dev_major, m->dev_minor, m->ino);
        for (int bit = 0; m->vmflags_known == 1 && bit < 64; bit++)
                if (m->vmflags >> bit & 1 && name_in(vmflag_words, bit, buf))
                        printf(" [%s]", buf);
        how_text(map->how, " [", "]");
        if (map->pages[IMG_UNREADABLE])
                printf(" [unreadable: %s]", name_why((int)map->why));
        putchar('\n');
}

void showmap_text(const struct model *m)
{
        if (!m->have_maps)
                return;
        printf("\n%-30s   data   zero absent infile unread  name +offset in the file, what is special\n", "mappings (pages)");
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

/* Images of 1.0 do not tell. */
static void how_json(struct json *j, const struct model *m, const uint64_t *how)
{
        char buf[NAMES_LEN];

        if (m->header.minor == 0) {
                json_null(j, "how");
                return;
        }
        json_open(j, "how", '{');
        for (int bit = 0; bit < IMG_HOW_BITS; bit++)
                json_int(j, name_in(how_names, bit, buf), (int64_t)how[bit]);
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

static void map_json(struct json *j, const struct model *m, const struct model_map *map)
{
        const struct img_map *p = &map->m;
        char buf[5];

        json_open(j, NULL, '{');
        json_hex(j, "start", p->start);
        json_hex(j, "end", p->end);
        json_text(j, "prot", prot(p, buf));
        json_hex(j, "offset", p->off);
        json_dev(j, "dev", p->dev_major, p->dev_minor);
        json_hex(j, "inode", p->ino);
        json_string(j, "name", map->name, p->name_len);
        vmflags_json(j, p);
        json_text(j, "class", name_class((int)map->cls));
        pages_json(j, map->pages);
        how_json(j, m, map->how);
        json_text(j, "unreadable", map->pages[IMG_UNREADABLE] ? name_why((int)map->why) : NULL);
        json_close(j, '}');
}

void showmap_json(struct json *j, const struct model *m)
{
        json_open(j, "mappings", '[');
        for (uint32_t i = 0; i < m->maps_n; i++)
                map_json(j, m, &m->maps[i]);
        json_close(j, ']');
}

void showmap_sum_json(struct json *j, const struct model *m)
{
        pages_json(j, m->pages);
        how_json(j, m, m->how);
}
