/* SPDX-License-Identifier: MIT */
/* proctext.h - the parsers of /proc text, as targets */
#ifndef PROCTEXT_H
#define PROCTEXT_H

#include "fuzz.h"

void fuzz_stat(const uint8_t *data, size_t len);        /* of a process */
void fuzz_status(const uint8_t *data, size_t len);
void fuzz_thread(const uint8_t *data, size_t len);      /* status, of a thread */
void fuzz_syscall(const uint8_t *data, size_t len);
void fuzz_maps(const uint8_t *data, size_t len);        /* smaps too */
void fuzz_timers(const uint8_t *data, size_t len);

#endif
