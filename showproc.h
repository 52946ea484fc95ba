/* SPDX-License-Identifier: MIT */
/* showproc.h - the process in words and as JSON */
#ifndef SHOWPROC_H
#define SHOWPROC_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* Who it is in a few lines, with what command. */
void showproc_sum_text(const struct model *m);

/* All of it, its limits, what only it may ask itself. */
void showproc_text(const struct model *m);
void showproc_json(struct json *j, const struct model *m);      /* keys "process", "rlimits", "misc" */

/* The name of a limit by its number, in buf; "?" if unknown. */
const char *showproc_limit(int i, char buf[NAMES_LEN]);

/* Of struct img_proc and struct img_misc. */
extern const struct field showproc_fields[], showproc_misc_fields[];

#endif
