/* SPDX-License-Identifier: MIT */
/* statediff.h - what differs between two images but for their pages */
#ifndef STATEDIFF_H
#define STATEDIFF_H

#include <stdint.h>
#include "model.h"

/*
 * Print on stdout, a line each, in what the state in b differs from that in a:
 * "SUBJECT: KEY OLD -> NEW", "SUBJECT: KEY changed", "SUBJECT: new" or "gone".
 * When they were dumped is no difference. Sorts the threads of both by tid.
 * Returns how many lines.
 */
uint64_t statediff(struct model *a, struct model *b);

#endif
