/* SPDX-License-Identifier: MIT */
/* showfd.h - open descriptors in words and as JSON */
#ifndef SHOWFD_H
#define SHOWFD_H

#include "json.h"
#include "model.h"

/* How many there are of each kind. */
void showfd_sum_text(const struct model *m);

/* All of them, and all there is of each. */
void showfd_text(const struct model *m);
void showfd_json(struct json *j, const struct model *m);        /* key "fds" */

#endif
