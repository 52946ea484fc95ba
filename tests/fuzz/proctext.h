/* SPDX-License-Identifier: MIT */
/* proctext.h - the parsers of /proc text and of what else the capture reads, as targets */
#ifndef PROCTEXT_H
#define PROCTEXT_H

#include "fuzz.h"

void proctext_stat(const uint8_t *data, size_t len);        /* of a process */
void proctext_status(const uint8_t *data, size_t len);
void proctext_thread(const uint8_t *data, size_t len);      /* status, of a thread */
void proctext_syscall(const uint8_t *data, size_t len);
void proctext_maps(const uint8_t *data, size_t len);        /* smaps too */
void proctext_timers(const uint8_t *data, size_t len);
void proctext_limits(const uint8_t *data, size_t len);
void proctext_tty(const uint8_t *data, size_t len);     /* drivers */
void proctext_buildid(const uint8_t *data, size_t len); /* of an ELF file */

#endif
