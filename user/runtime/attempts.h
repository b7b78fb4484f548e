/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands the attempts that the kernel reports to the engine, in batches, and keeps the newest ones
 * in memory for those who watch. */
#ifndef RUNTIME_ATTEMPTS_H
#define RUNTIME_ATTEMPTS_H

#include <stdint.h>

#include "core/attempt.h"

/* Attempts that are kept for those who watch. */
#define ATTEMPTS_KEPT 4096

struct attempt_reader;
struct runtime;

struct attempt_kept {
	struct attempt attempt;
	uint16_t header_bytes; /* of `packet`: Ethernet, IP and TCP */
	uint16_t packet_bytes; /* of `packet` */
	uint8_t packet[IPWL_EVENT_PACKET_BYTES];
};

/* Return: 0 or -errno. */
int attempt_reader_open(struct runtime *runtime, struct attempt_reader **ret_reader);

/* Note what was read and not noted yet. The worker must have ended. What was not read stays for the
 * next ipwld. NULL is fine. */
void attempt_reader_close(struct attempt_reader *reader);

/* Attempts have numbers from 0 on. The number of the next one: */
uint64_t attempt_reader_next(const struct attempt_reader *reader);
/* An attempt by its number; NULL: it is not kept. */
const struct attempt_kept *attempt_reader_get(const struct attempt_reader *reader, uint64_t number);

#endif
