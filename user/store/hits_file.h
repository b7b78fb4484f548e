/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of hits.db. Each function returns 0 or -EIO, and database_error() tells. */
#ifndef STORE_HITS_FILE_H
#define STORE_HITS_FILE_H

#include "store/database.h"
#include "store/hits.h"

/* A row: a record of hits_table.h. */
struct hits_row {
	const char *list;
	enum action action;
	struct prefix prefix;
	uint64_t cookie; /* of the maps that rule and counted belong to */
	uint32_t rule;
	struct hit_counts counted;
	struct hit_counts total;
	int64_t last_hit_sec;
};

/* A path and a reason. */
#define HITS_FILE_MESSAGE_BYTES (2 * DATABASE_MESSAGE_BYTES)

/**
 * hits_file_open() - open the database, or make one
 * @now_sec: since when a new one remembers
 * @ret_since_sec: since when this one does
 * @ret_is_new: there was none
 *
 * Return: 0; -EIO or, where it is corrupt, -EBADMSG, with a message that names the path.
 */
int hits_file_open(const char *path, int64_t now_sec, struct database **ret_database,
		   int64_t *ret_since_sec, bool *ret_is_new, char message[HITS_FILE_MESSAGE_BYTES]);

/* Call @visit for each row; it returns 0 or -errno, which ends the walk. */
int hits_file_read(struct database *database,
		   int (*visit)(const struct hits_row *row, void *context), void *context);

/* Put a row; @grown is added to its hits of @day. In a transaction of many. */
int hits_file_put(struct database *database, const struct hits_row *row, int64_t day,
		  const struct hit_counts *grown);
int hits_file_delete(struct database *database, const char *list, enum action action,
		     const struct prefix *prefix);
/* Forget the days before @day. */
int hits_file_delete_days(struct database *database, int64_t day);

/* The hits from @day on. */
int hits_file_sum(struct database *database, const char *list, enum action action,
		  const struct prefix *prefix, int64_t day, struct hit_counts *ret_counts);

#endif
