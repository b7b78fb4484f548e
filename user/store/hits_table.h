/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of hits.h: the table in memory. */
#ifndef STORE_HITS_TABLE_H
#define STORE_HITS_TABLE_H

#include <pthread.h>

#include "store/hits.h"
#include "store/hits_file.h"

/* A list that hits are known of; never removed, so that its index stays. */
struct hit_list {
	char *name;
	enum action action;
};

struct hit_record {
	struct prefix prefix;
	uint16_t list; /* index in hits->lists */
	bool is_dirty; /* not in the database as it is here */
	uint32_t rule; /* that counted has been read of; 0: none */
	struct hit_counts counted;
	struct hit_counts total;
	struct hit_counts pending; /* of total, what the days in the database lack */
	int64_t last_hit_sec;
};

struct hits {
	/* Held by the worker where it changes what others read, and by these where they
	 * read; never during I/O. */
	pthread_mutex_t lock;
	struct hit_list *lists;
	size_t list_count;
	struct hit_record *records;
	size_t record_count;
	size_t record_capacity;
	uint32_t *buckets; /* index of a record, plus 1; open addressing */
	size_t bucket_count;
	int64_t since_sec;

	/* The worker's alone. */
	char *path;
	char *error;
	uint64_t cookie;
	bool adopted;
	bool is_priming;	   /* the first pass finds counts of unknown times */
	struct database *database; /* NULL: not open */
	size_t dirty_count;
};

/* Find a list, or enter it. Return: its index or -ENOMEM; hits->lock is held. */
int hits_enter_list(struct hits *hits, const char *name, enum action action);

/* The record, or NULL; hits->lock is held, or the caller is the worker. */
struct hit_record *hits_find_record(const struct hits *hits, size_t list,
				    const struct prefix *prefix);

/* A new record of zeros; NULL: out of memory. Pointers to others become invalid.
 * hits->lock is held. */
struct hit_record *hits_add_record(struct hits *hits, size_t list, const struct prefix *prefix);

/* Keep the records that @keep says yes to. hits->lock is held. */
void hits_filter(struct hits *hits,
		 bool (*keep)(const struct hits *hits, const struct hit_record *record,
			      void *context),
		 void *context);

#endif
