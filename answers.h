/* SPDX-License-Identifier: MIT */
/* answers.h - what the parasite has written: is it an answer, and what does its log say */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "parasite.h"

/* Each line of its log, for -v. */
void answers_show_log(const struct parasite_data *d);

/* Did all commands of the batch succeed? 0, or -1 after fail(), which names the first that did not. */
int answers_check(const struct parasite_data *d);

#endif
