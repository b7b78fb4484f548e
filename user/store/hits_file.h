/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of hits.db. Unless stated otherwise, each function returns 0 or -EIO, and
 * database_error() says why. */
#ifndef STORE_HITS_FILE_H
#define STORE_HITS_FILE_H

#include "store/database.h"
#include "store/hits.h"

/* A row: a record of hits_table.h. */
struct hits_row {
	const char *list;
	enum action action;
	struct prefix prefix;
	uint64_t cookie; /* of the maps in which `rule` has counted */
	uint32_t rule;
	struct hit_counts counted;
	struct hit_counts total;
	int64_t last_hit_sec;
};

/* Room for a path and a reason. */
#define HITS_FILE_MESSAGE_BYTES (2 * DATABASE_MESSAGE_BYTES)

/**
 * hits_file_open() - open the database, or create one
 * @now_sec: the time since when a new database remembers hits
 * @ret_since_sec: the time since when this database remembers hits
 * @ret_is_new: whether the database was created
 *
 * Return: 0; -EBADMSG: the file is corrupt; -EIO. On failure, @message names the path.
 */
int hits_file_open(const char *path, int64_t now_sec, struct database **ret_database,
		   int64_t *ret_since_sec, bool *ret_is_new, char message[HITS_FILE_MESSAGE_BYTES]);

/* Call @visit for each row. @visit returns 0 to continue or -errno to stop. Return: 0, that
 * -errno, or -EIO. */
int hits_file_read(struct database *database,
		   int (*visit)(const struct hits_row *row, void *context), void *context);

/* Write a row, and add @grown to its hits of @day (days since 1970, UTC). The caller opens a
 * transaction for many rows. */
int hits_file_put(struct database *database, const struct hits_row *row, int64_t day,
		  const struct hit_counts *grown);
int hits_file_delete(struct database *database, const char *list, enum action action,
		     const struct prefix *prefix);
/* Delete the days before @day. */
int hits_file_delete_days(struct database *database, int64_t day);

/* Sum the hits from @day on. */
int hits_file_sum(struct database *database, const char *list, enum action action,
		  const struct prefix *prefix, int64_t day, struct hit_counts *ret_counts);

/* Call @visit with the sum of each entry's days from @day on, as the total of a row in which
 * only the key and the total are set. Return: 0, a value of @visit that is not 0, or -EIO. */
int hits_file_sum_all(struct database *database, int64_t day,
		      int (*visit)(const struct hits_row *row, void *context), void *context);

#endif
