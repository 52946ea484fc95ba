/* SPDX-License-Identifier: MIT */
/* showjson.h - an image as one JSON object */
#ifndef SHOWJSON_H
#define SHOWJSON_H

#include "model.h"

/* Print it on stdout, whatever of it is there; path is for the key "file". The keys: see showjson.c. */
void showjson(const struct model *m, const char *path);

#endif
