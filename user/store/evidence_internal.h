/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of evidence.h and learned_rows.h. */
#ifndef STORE_EVIDENCE_INTERNAL_H
#define STORE_EVIDENCE_INTERNAL_H

#include "base/siphash.h"
#include "store/evidence.h"
#include "store/side_database.h"

struct evidence_store {
	struct side_database side;
	uint8_t key[SIPHASH_KEY_BYTES];
	int64_t newest_sec;
	uint64_t row_count;
	/* As they were at the last commit. */
	int64_t committed_newest_sec;
	uint64_t committed_row_count;
	uint64_t worthless_count; /* rows of bad evidence only, added since room was made */
	int64_t room_made_day;
};

extern const struct database_schema evidence_schema;

/* An address as a key: 4 bytes, or the 8 bytes of an IPv6 /64. */
#define SUBJECT_KEY_MAX 8
void evidence_bind_subject(sqlite3_stmt *statement, int index, const struct prefix *subject);
/* Return: whether the column is a key. */
bool evidence_read_subject(sqlite3_stmt *row, int column, struct prefix *ret_subject);
/* Read the keys in column 0 of at most @max rows, and reset the statement. */
int evidence_read_subjects(struct evidence_store *store, sqlite3_stmt *row, size_t max,
			   struct prefix *ret_subjects, size_t *ret_count);

/* Prepare a statement whose first parameter is an address. */
int evidence_statement_of(struct evidence_store *store, const char *sql,
			  const struct prefix *subject, sqlite3_stmt **ret_statement);
/* Run a statement whose only parameter is an address, or a number. */
int evidence_run_of(struct evidence_store *store, const char *sql, const struct prefix *subject);
int evidence_run_number(struct evidence_store *store, const char *sql, int64_t number);
/* The number that a statement with one number as parameter returns; 0: no row. */
int evidence_query_number(struct evidence_store *store, const char *sql, int64_t parameter,
			  int64_t *ret_number);
/* The rows that the last statement changed. */
uint64_t evidence_changed(const struct evidence_store *store);

/* ---- evidence_domains.c ---- */

/* Find a domain, or add it. */
int evidence_domain_id(struct evidence_store *store, const char *name, int64_t *ret_id);

/* Note mail sent to a domain. @ret_is_capped: the user has written to too many new domains; then
 * it is not noted. @ret_is_first: the limit was exceeded just now. */
int evidence_note_sent(struct evidence_store *store, const struct evidence_item *item,
		       uint32_t max_new_domains, bool *ret_is_capped, bool *ret_is_first);

/* Note that an address sent authenticated mail of a domain, or is its server. */
int evidence_note_link(struct evidence_store *store, const struct prefix *subject,
		       const char *domain, int64_t day, bool is_server);

/* ---- evidence_names.c ---- */

/* Note the reverse names in the items of one address. Return: 0; -EIO; -ENOMEM. */
int evidence_note_names(struct evidence_store *store, const struct evidence_item *items,
			size_t count);

/* ---- evidence_prune.c ---- */

/* Make room for new rows. Return: 0 or -EIO. */
int evidence_make_room(struct evidence_store *store, const struct evidence_limits *limits);

#endif
