/* SPDX-License-Identifier: MIT */
/* siginfo.h - a pending signal in words and as JSON */
#ifndef SIGINFO_H
#define SIGINFO_H

#include <stdint.h>
#include "json.h"
#include "image.h"

/* The kernel's siginfo, n of them: an item a signal, "none" if there is none. */
void siginfo_text(const char *key, const uint8_t (*info)[IMG_SIGINFO], uint32_t n);
void siginfo_json(struct json *j, const char *key, const uint8_t (*info)[IMG_SIGINFO], uint32_t n);

#endif
