/* SPDX-License-Identifier: MIT */
/* showproc.h - the process in words and as JSON */
#ifndef SHOWPROC_H
#define SHOWPROC_H

#include "json.h"
#include "model.h"

/* Who it is, its paths, the layout of its memory. */
void showproc_text(const struct model *m);
void showproc_json(struct json *j, const struct model *m);      /* key "process" */

/* What only the process itself may ask. */
void showproc_misc_text(const struct model *m);
void showproc_misc_json(struct json *j, const struct model *m); /* key "misc" */

#endif
