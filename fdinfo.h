/* SPDX-License-Identifier: MIT */
/* fdinfo.h - what /proc/PID/fdinfo/N said, in words and as JSON */
#ifndef FDINFO_H
#define FDINFO_H

#include "json.h"
#include "model.h"

/*
 * Of a descriptor of that kind (enum img_fd_kind). In words without what other
 * fields have too; JSON has all lines as they are, key "fdinfo", and what is
 * known of them as numbers and names, key "state". s may be NULL.
 */
void fdinfo_text(const struct model_str *s, uint32_t kind);
void fdinfo_json(struct json *j, const struct model_str *s, uint32_t kind);

#endif
