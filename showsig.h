/* SPDX-License-Identifier: MIT */
/* showsig.h - signals and timers in words and as JSON */
#ifndef SHOWSIG_H
#define SHOWSIG_H

#include "json.h"
#include "model.h"

/* Signal actions. */
void showsig_text(const struct model *m);
void showsig_json(struct json *j, const struct model *m);       /* key "sigactions" */

/* Interval timers. */
void showsig_timers_text(const struct model *m);
void showsig_timers_json(struct json *j, const struct model *m);        /* key "itimers" */

#endif
