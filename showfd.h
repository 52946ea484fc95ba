/* SPDX-License-Identifier: MIT */
/* showfd.h - open descriptors in words and as JSON */
#ifndef SHOWFD_H
#define SHOWFD_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* How many there are of each kind. */
void showfd_sum_text(const struct model *m);

/* All of them, and all there is of each. */
void showfd_text(const struct model *m);
void showfd_json(struct json *j, const struct model *m);        /* key "fds" */

/* "file", "socket"... by enum img_fd_kind, in buf; "?" if unknown. */
const char *showfd_kind(uint32_t kind, char buf[NAMES_LEN]);

/* Of struct img_fd, what needs no words of its own. */
extern const struct field showfd_fields[];

#endif
