/* SPDX-License-Identifier: MIT */
/* showsock.h - a socket in words and as JSON */
#ifndef SHOWSOCK_H
#define SHOWSOCK_H

#include "fields.h"
#include "json.h"
#include "model.h"

/* Items of a descriptor; nothing if it is none. */
void showsock_text(const struct model_fd *f);
void showsock_json(struct json *j, const struct model_fd *f);   /* key "socket": null if it is none */

/* Of struct img_socket. */
extern const struct field showsock_fields[];

#endif
