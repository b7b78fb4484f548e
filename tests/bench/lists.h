/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes to be listed, and an answer of its own to whether an address is. */
#ifndef BENCH_LISTS_H
#define BENCH_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/prefix.h"

/* Networks and addresses mixed as in real lists, or addresses alone. */
enum distribution { DISTRIBUTION_MIXED, DISTRIBUTION_ADDRESSES, DISTRIBUTION_COUNT };
extern const char *const distribution_names[DISTRIBUTION_COUNT];

struct prefix_list {
	struct prefix *prefixes; /* each once, in no order */
	size_t count;
	/* What is listed, without overlaps and sorted; filled by lists_index(). */
	struct range *ranges;
	size_t range_count;
};

/* An address of either family as a number, so that they can be compared. */
typedef unsigned __int128 address_number;

struct range {
	uint8_t family;
	address_number first, last;
};

/* Append @count prefixes, less a few where shares do not divide. @skip: leave out as
 * many first, so that a second list has none of a first one's. */
void lists_append(struct prefix_list *list, enum family family, enum distribution distribution,
		  size_t count, size_t skip);
/* To be called when the list is complete. */
void lists_index(struct prefix_list *list);
bool lists_covers(const struct prefix_list *list, const struct prefix *address);
void lists_done(struct prefix_list *list);

address_number prefix_number(const struct prefix *prefix);
void prefix_set_number(struct prefix *prefix, address_number number);

/* ---- files --------------------------------------------------------------- */

struct list_files {
	char allow[96], block[96]; /* paths */
	char changed_block[96];	   /* the same, 1 % of the list's prefixes replaced */
};

/* Write @list, one prefix in @allow_every to the allow list (0: none). @others: as
 * many prefixes to replace some by. */
void lists_write(const struct prefix_list *list, const struct prefix_list *others,
		 size_t allow_every, struct list_files *ret_files);
/* Both in one, with lists as a mail server has them: a fifth IPv6, a tenth to allow. */
void lists_make(size_t count, struct prefix_list *ret_list, struct list_files *ret_files);
void lists_remove(const struct list_files *files);

#endif
