/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of hits in memory: records in an array, found by a hash of their key. */
#include "store/hits_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void hit_counts_add(struct hit_counts *sum, const struct hit_counts *more)
{
	sum->packets += more->packets;
	sum->connections += more->connections;
	sum->averted_packets += more->averted_packets;
}

int hits_enter_list(struct hits *hits, const char *name, enum action action)
{
	struct hit_list *lists;
	size_t i;

	for (i = 0; i < hits->list_count; i++)
		if (hits->lists[i].action == action && !strcmp(hits->lists[i].name, name))
			return (int)i;
	if (hits->list_count == UINT16_MAX)
		return -ENOMEM;
	lists = reallocarray(hits->lists, hits->list_count + 1, sizeof(*lists));
	if (!lists)
		return -ENOMEM;
	hits->lists = lists;
	lists[i] = (struct hit_list) { .name = strdup(name), .action = action };
	if (!lists[i].name)
		return -ENOMEM;
	hits->list_count++;
	return (int)i;
}

/* FNV-1a is enough: no attacker chooses the keys, because the entries are the administrator's. */
static uint64_t hash_of(size_t list, const struct prefix *prefix)
{
	uint64_t hash = 14695981039346656037ULL ^ list;
	size_t i;

	for (i = 0; i < sizeof(prefix->addr); i++)
		hash = (hash ^ prefix->addr[i]) * 1099511628211ULL;
	hash = (hash ^ prefix->family) * 1099511628211ULL;
	hash = (hash ^ prefix->len) * 1099511628211ULL;
	return hash ^ hash >> 32;
}

/* Find the bucket of a key, or the empty bucket where it belongs. */
static uint32_t *find_bucket(const struct hits *hits, size_t list, const struct prefix *prefix)
{
	size_t mask = hits->bucket_count - 1;
	size_t i = hash_of(list, prefix) & mask;

	for (; hits->buckets[i]; i = (i + 1) & mask) {
		const struct hit_record *record = &hits->records[hits->buckets[i] - 1];

		if (record->list == list && !prefix_compare(&record->prefix, prefix))
			break;
	}
	return &hits->buckets[i];
}

struct hit_record *hits_find_record(const struct hits *hits, size_t list,
				    const struct prefix *prefix)
{
	uint32_t index = hits->bucket_count ? *find_bucket(hits, list, prefix) : 0;

	return index ? &hits->records[index - 1] : NULL;
}

static void fill_buckets(struct hits *hits)
{
	size_t i;

	memset(hits->buckets, 0, hits->bucket_count * sizeof(*hits->buckets));
	for (i = 0; i < hits->record_count; i++)
		*find_bucket(hits, hits->records[i].list, &hits->records[i].prefix) =
		    (uint32_t)i + 1;
}

/* Keep at least twice as many buckets as records. */
static int grow(struct hits *hits)
{
	size_t capacity = hits->record_capacity ? 2 * hits->record_capacity : FIRST_CAPACITY;
	struct hit_record *records;
	uint32_t *buckets;

	if (hits->record_count < hits->record_capacity)
		return 0;
	if (capacity > UINT32_MAX / 2)
		return -ENOMEM;
	buckets = calloc(2 * capacity, sizeof(*buckets));
	records = reallocarray(hits->records, capacity, sizeof(*records));
	if (records)
		hits->records = records;
	if (!records || !buckets) {
		free(buckets);
		return -ENOMEM;
	}
	free(hits->buckets);
	hits->buckets = buckets;
	hits->bucket_count = 2 * capacity;
	hits->record_capacity = capacity;
	fill_buckets(hits);
	return 0;
}

struct hit_record *hits_add_record(struct hits *hits, size_t list, const struct prefix *prefix)
{
	struct hit_record *record;

	if (grow(hits))
		return NULL;
	record = &hits->records[hits->record_count];
	*record = (struct hit_record) { .prefix = *prefix, .list = (uint16_t)list };
	*find_bucket(hits, list, prefix) = (uint32_t)++hits->record_count;
	return record;
}

void hits_filter(struct hits *hits,
		 bool (*keep)(const struct hits *hits, const struct hit_record *record,
			      void *context),
		 void *context)
{
	size_t i, kept = 0;

	for (i = 0; i < hits->record_count; i++)
		if (keep(hits, &hits->records[i], context))
			hits->records[kept++] = hits->records[i];
	if (kept == hits->record_count)
		return;
	hits->record_count = kept;
	fill_buckets(hits);
}
