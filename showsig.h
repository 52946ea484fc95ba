/* SPDX-License-Identifier: MIT */
/* showsig.h - signals and timers in words and as JSON */
#ifndef SHOWSIG_H
#define SHOWSIG_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* How many handlers, pending signals and timers there are. */
void showsig_sum_text(const struct model *m);

/* Signal actions, and what is pending for the process. */
void showsig_text(const struct model *m);
void showsig_json(struct json *j, const struct model *m);       /* keys "sigactions", "pending" */

/* Interval timers and POSIX timers. */
void showsig_timers_text(const struct model *m);
void showsig_timers_json(struct json *j, const struct model *m);        /* keys "itimers", "timers" */

/* Of struct img_timer, the second: its times. */
extern const struct field showsig_timer_fields[], showsig_left_fields[];

#endif
