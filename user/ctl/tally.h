/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets by source address, verdict and list, in bounded memory. */
#ifndef CTL_TALLY_H
#define CTL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* Sources beyond this number are counted together. The table then takes about 64 MiB. */
#define TALLY_ROWS_MAX (1U << 19)
#define TALLY_NO_LIST UINT32_MAX

struct tally_row {
	struct prefix source;
	uint8_t verdict;  /* of ipwl.h */
	uint32_t list;	  /* slot, or TALLY_NO_LIST */
	uint64_t packets; /* 0: a free place */
	uint64_t connections;
};

struct tally {
	struct tally_row *rows; /* a hash table, until tally_sort() */
	size_t capacity;
	size_t count;
	uint64_t seed;
	uint64_t left_out_packets; /* of sources beyond the limit */
};

void tally_init(struct tally *tally);
void tally_done(struct tally *tally);

/* Count a packet. The counts in @key are ignored. */
void tally_add(struct tally *tally, const struct tally_row *key, bool is_connection);

/* Order the rows: most packets first, then by address. Nothing can be added after. */
void tally_sort(struct tally *tally);

#endif
