/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table with open addressing. It is seeded, because an attacker may craft a capture
 * whose addresses collide. */
#include "ctl/tally.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ctl/memory.h"

#define FIRST_CAPACITY 1024

void tally_init(struct tally *tally)
{
	*tally = (struct tally) { .capacity = FIRST_CAPACITY };
	tally->rows = ctl_allocated(calloc(tally->capacity, sizeof(*tally->rows)));
	/* Without a random seed the table is slower on such a capture, but not wrong. */
	if (getrandom(&tally->seed, sizeof(tally->seed), GRND_NONBLOCK) < 0)
		tally->seed = 0;
}

void tally_done(struct tally *tally)
{
	free(tally->rows);
	*tally = (struct tally) { 0 };
}

static uint64_t mix_hash(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static size_t hash_of(const struct tally *tally, const struct tally_row *key)
{
	uint64_t hash = tally->seed, part;

	for (size_t i = 0; i < sizeof(key->source.addr); i += sizeof(part)) {
		memcpy(&part, key->source.addr + i, sizeof(part));
		hash = mix_hash(hash, part + tally->seed);
	}
	return (size_t)mix_hash(hash, (uint64_t)key->list << 16 | (uint64_t)key->verdict << 8 |
					  key->source.family);
}

static bool is_same_row(const struct tally_row *a, const struct tally_row *b)
{
	return a->verdict == b->verdict && a->list == b->list &&
	       !prefix_compare(&a->source, &b->source);
}

/* The place of a key, which may be free. */
static struct tally_row *find_row(const struct tally *tally, const struct tally_row *key)
{
	size_t index = hash_of(tally, key);

	for (;; index++) {
		struct tally_row *row = &tally->rows[index & (tally->capacity - 1)];

		if (!row->packets || is_same_row(row, key))
			return row;
	}
}

static void grow_tally(struct tally *tally)
{
	struct tally_row *old = tally->rows;
	size_t old_capacity = tally->capacity;

	tally->capacity *= 2;
	tally->rows = ctl_allocated(calloc(tally->capacity, sizeof(*tally->rows)));
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].packets)
			*find_row(tally, &old[i]) = old[i];
	free(old);
}

void tally_add(struct tally *tally, const struct tally_row *key, bool is_connection)
{
	struct tally_row *row;

	if (tally->count * 4 >= tally->capacity * 3)
		grow_tally(tally);
	row = find_row(tally, key);
	if (!row->packets && tally->count == TALLY_ROWS_MAX) {
		tally->left_out_packets++;
		return;
	}
	if (!row->packets) {
		*row = *key;
		row->packets = row->connections = 0;
		tally->count++;
	}
	row->packets++;
	row->connections += is_connection;
}

static int compare_rows(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;
	int order;

	if (one->packets != other->packets)
		return one->packets > other->packets ? -1 : 1;
	order = prefix_compare(&one->source, &other->source);
	return order ? order : (int)one->verdict - (int)other->verdict;
}

void tally_sort(struct tally *tally)
{
	size_t next = 0;

	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->rows[i].packets)
			tally->rows[next++] = tally->rows[i];
	qsort(tally->rows, tally->count, sizeof(*tally->rows), compare_rows);
}
