/* SPDX-License-Identifier: MIT */
/* showthread.h - threads in words and as JSON */
#ifndef SHOWTHREAD_H
#define SHOWTHREAD_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* How many there are, and a line for each of the first ones. */
void showthread_sum_text(const struct model *m);

/* All of them, and all there is of each. */
void showthread_text(const struct model *m);
void showthread_json(struct json *j, const struct model *m);    /* key "threads" */

/* Of struct img_thread, what needs no words of its own. */
extern const struct field showthread_fields[];

#endif
