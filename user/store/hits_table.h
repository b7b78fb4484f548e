/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of hits.h: the table in memory. */
#ifndef STORE_HITS_TABLE_H
#define STORE_HITS_TABLE_H

#include <pthread.h>

#include "store/hits.h"
#include "store/hits_file.h"

/* A list with known hits. It is never removed, so its index does not change. */
struct hit_list {
	char *name;
	enum action action;
};

struct hit_record {
	struct prefix prefix;
	uint16_t list; /* index in hits->lists */
	bool is_dirty; /* differs from the database */
	uint32_t rule; /* whose counters `counted` holds; 0: none */
	struct hit_counts counted;
	struct hit_counts total;
	struct hit_counts pending; /* part of `total` not in the days of the database */
	int64_t last_hit_sec;
};

struct hits {
	/* The worker holds it while it changes what other threads read. Other threads hold it
	 * while they read. Nobody holds it during I/O. */
	pthread_mutex_t lock;
	struct hit_list *lists;
	size_t list_count;
	struct hit_record *records;
	size_t record_count;
	size_t record_capacity;
	uint32_t *buckets; /* index of a record, plus 1; open addressing */
	size_t bucket_count;
	int64_t since_sec;

	/* Only the worker uses the members below. */
	char *path;
	char *error;
	uint64_t cookie;
	bool adopted;
	bool is_priming;	   /* the first pass finds hits of unknown time */
	struct database *database; /* NULL: not open */
	size_t dirty_count;
};

/* Find or add a list. The caller holds hits->lock. Return: its index, or -ENOMEM. */
int hits_enter_list(struct hits *hits, const char *name, enum action action);

/* Find a record, or return NULL. The caller holds hits->lock or is the worker. */
struct hit_record *hits_find_record(const struct hits *hits, size_t list,
				    const struct prefix *prefix);

/* Add a record of zeros. Pointers to other records become invalid. The caller holds hits->lock.
 * NULL: out of memory. */
struct hit_record *hits_add_record(struct hits *hits, size_t list, const struct prefix *prefix);

/* Remove the records for which @keep returns false. The caller holds hits->lock. */
void hits_filter(struct hits *hits,
		 bool (*keep)(const struct hits *hits, const struct hit_record *record,
			      void *context),
		 void *context);

/* Keep the error of the database. A corrupt one is closed, so that hits_load() sets it aside.
 * Return: -EIO. For the worker. */
int hits_fail(struct hits *hits);

#endif
