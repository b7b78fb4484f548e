/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hits.db: SQLite over one connection. Each function returns 0 or, with a message, -ENOMEM,
 * -EIO, or -EBADMSG: it is corrupt, and only to be closed. */
#ifndef STORE_HITS_FILE_H
#define STORE_HITS_FILE_H

#include "store/hits.h"

struct hits_file;

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

#define HITS_FILE_MESSAGE_BYTES 1024

/**
 * hits_file_open() - open the database, or make one
 * @now_sec: since when a new one remembers
 * @ret_since_sec: since when this one does
 * @ret_is_new: there was none
 */
int hits_file_open(const char *path, int64_t now_sec, struct hits_file **ret_file,
		   int64_t *ret_since_sec, bool *ret_is_new, char message[HITS_FILE_MESSAGE_BYTES]);
/* NULL is fine. */
void hits_file_close(struct hits_file *file);

/* Call @visit for each row; it returns 0 or -errno, which ends the walk. */
int hits_file_read(struct hits_file *file, int (*visit)(const struct hits_row *row, void *context),
		   void *context, char message[HITS_FILE_MESSAGE_BYTES]);

/* A transaction of many rows. After a failure all of it is rolled back. */
int hits_file_begin(struct hits_file *file, char message[HITS_FILE_MESSAGE_BYTES]);
/* Put a row; @grown is added to its hits of @day. */
int hits_file_put(struct hits_file *file, const struct hits_row *row, int64_t day,
		  const struct hit_counts *grown, char message[HITS_FILE_MESSAGE_BYTES]);
int hits_file_delete(struct hits_file *file, const char *list, enum action action,
		     const struct prefix *prefix, char message[HITS_FILE_MESSAGE_BYTES]);
/* Forget the days before @day. */
int hits_file_delete_days(struct hits_file *file, int64_t day,
			  char message[HITS_FILE_MESSAGE_BYTES]);
int hits_file_commit(struct hits_file *file, char message[HITS_FILE_MESSAGE_BYTES]);

/* The hits from @day on. */
int hits_file_sum(struct hits_file *file, const char *list, enum action action,
		  const struct prefix *prefix, int64_t day, struct hit_counts *ret_counts,
		  char message[HITS_FILE_MESSAGE_BYTES]);

#endif
