/* SPDX-License-Identifier: MIT */
/* showtty.h - a terminal in words and as JSON */
#ifndef SHOWTTY_H
#define SHOWTTY_H

#include "json.h"
#include "model.h"

/* Items of a descriptor; nothing if it is none. */
void showtty_text(const struct model_fd *f);
void showtty_json(struct json *j, const struct model_fd *f);    /* key "tty": null if it is none */

#endif
