/* SPDX-License-Identifier: MIT */
/* showproc.h - the process in words and as JSON */
#ifndef SHOWPROC_H
#define SHOWPROC_H

#include "json.h"
#include "model.h"

/* Who it is in a few lines, with what command. */
void showproc_sum_text(const struct model *m);

/* All of it, its limits, what only it may ask itself. */
void showproc_text(const struct model *m);
void showproc_json(struct json *j, const struct model *m);      /* keys "process", "rlimits", "misc" */

#endif
