/* SPDX-License-Identifier: MIT */
/* corefile.h - crdump core as a target, and a judge of the ELF files that it writes */
#ifndef COREFILE_H
#define COREFILE_H

#include "fuzz.h"

void corefile_run(const uint8_t *data, size_t len);

#endif
