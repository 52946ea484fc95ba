/* SPDX-License-Identifier: MIT */
/* showmap.h - memory in words and as JSON */
#ifndef SHOWMAP_H
#define SHOWMAP_H

#include "json.h"
#include "model.h"

/* How many pages of each kind there are in all. */
void showmap_sum_text(const struct model *m);
void showmap_sum_json(struct json *j, const struct model *m);   /* keys "pages", "how" */

/* The mappings. */
void showmap_text(const struct model *m);
void showmap_json(struct json *j, const struct model *m);       /* key "mappings" */

#endif
