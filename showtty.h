/* SPDX-License-Identifier: MIT */
/* showtty.h - a terminal in words and as JSON */
#ifndef SHOWTTY_H
#define SHOWTTY_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* Items of a descriptor; nothing if it is none. */
void showtty_text(const struct model_fd *f);
void showtty_json(struct json *j, const struct model_fd *f);    /* key "tty": null if it is none */

/* Of struct img_tty. */
extern const struct field showtty_fields[];

#endif
