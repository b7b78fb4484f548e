/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes the table `learned` of learn.db. */
#include "store/learned_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/evidence_internal.h"

#define COLUMNS                                                                                    \
	"SELECT address, state, rule, cause, is_rejected, is_noticed, is_held, score, since, "     \
	"added, next, domain, organisation, why FROM learned "

static void copy_text(char *to, size_t bytes, const char *from)
{
	snprintf(to, bytes, "%s", from ? from : "");
}

/* Return: whether the row is valid. */
static bool read_row(sqlite3_stmt *row, struct learned *ret_learned)
{
	struct learned learned = {
		.state = (enum learn_state)database_find_name(row, 1, learn_state_names,
							      LEARN_STATE_COUNT),
		.rule =
		    (enum learn_rule)database_find_name(row, 2, learn_rule_names, LEARN_RULE_COUNT),
		.cause = (enum learn_cause)database_find_name(row, 3, learn_cause_names,
							      LEARN_CAUSE_COUNT),
		.is_rejected = sqlite3_column_int(row, 4) != 0,
		.is_noticed = sqlite3_column_int(row, 5) != 0,
		.is_held = sqlite3_column_int(row, 6) != 0,
		.score = sqlite3_column_double(row, 7),
		.since_sec = sqlite3_column_int64(row, 8),
		.added_sec = sqlite3_column_int64(row, 9),
		.next_sec = sqlite3_column_int64(row, 10),
	};

	copy_text(learned.domain, sizeof(learned.domain), database_text(row, 11));
	copy_text(learned.organisation, sizeof(learned.organisation), database_text(row, 12));
	copy_text(learned.why, sizeof(learned.why), database_text(row, 13));
	if (!evidence_read_subject(row, 0, &learned.prefix) || learned.state == LEARN_STATE_COUNT ||
	    learned.rule == LEARN_RULE_COUNT || learned.cause == LEARN_CAUSE_COUNT)
		return false;
	*ret_learned = learned;
	return true;
}

int learned_row_find(struct evidence_store *store, const struct prefix *subject,
		     struct learned *ret_learned)
{
	static const char query[] = COLUMNS "WHERE address = ?";
	bool is_found = false;
	sqlite3_stmt *row;
	int step;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step > 0)
		is_found = read_row(row, ret_learned);
	database_reset(row);
	return step < 0 ? step : is_found ? 0 : -ENOENT;
}

int learned_row_put(struct evidence_store *store, const struct learned *learned, int64_t due_sec)
{
	static const char put[] = "INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
				  "?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (database_begin(store->side.database) ||
	    evidence_statement_of(store, put, &learned->prefix, &statement))
		return -EIO;
	database_bind_text(statement, 2, learn_state_names[learned->state]);
	database_bind_text(statement, 3, learn_rule_names[learned->rule]);
	database_bind_text(statement, 4, learn_cause_names[learned->cause]);
	sqlite3_bind_int(statement, 5, learned->is_rejected);
	sqlite3_bind_int(statement, 6, learned->is_noticed);
	sqlite3_bind_int(statement, 7, learned->is_held);
	sqlite3_bind_double(statement, 8, learned->score);
	sqlite3_bind_int64(statement, 9, learned->since_sec);
	sqlite3_bind_int64(statement, 10, learned->added_sec);
	sqlite3_bind_int64(statement, 11, learned->next_sec);
	sqlite3_bind_int64(statement, 12, due_sec);
	database_bind_text(statement, 13, learned->domain);
	database_bind_text(statement, 14, learned->organisation);
	database_bind_text(statement, 15, learned->why);
	return database_run(store->side.database, statement);
}

int learned_row_delete(struct evidence_store *store, const struct prefix *subject)
{
	return evidence_run_of(store, "DELETE FROM learned WHERE address = ?", subject);
}

int learned_rows_read_due(struct evidence_store *store, int64_t now_sec, size_t max,
			  struct prefix *ret_subjects, size_t *ret_count)
{
	static const char query[] =
	    "SELECT address FROM learned WHERE due > 0 AND due <= ? ORDER BY due LIMIT ?";
	sqlite3_stmt *row;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, now_sec);
	sqlite3_bind_int64(row, 2, (int64_t)max);
	return evidence_read_subjects(store, row, max, ret_subjects, ret_count);
}

int learned_rows_walk(struct evidence_store *store, enum learn_state state,
		      const struct prefix *after,
		      int (*visit)(const struct learned *learned, void *context), void *context)
{
	static const char query[] =
	    COLUMNS "WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR length(address) > "
		    "length(?2) OR (length(address) = length(?2) AND address > ?2)) "
		    "ORDER BY length(address), address";
	struct learned learned;
	sqlite3_stmt *row;
	int step = 0, err = 0;

	/* Those who are visited may use statements of their own. */
	if (database_prepare(store->side.database, query, &row))
		return -EIO;
	database_bind_text(row, 1, state == LEARN_NONE ? NULL : learn_state_names[state]);
	if (after)
		evidence_bind_subject(row, 2, after);
	while (!err && (step = database_step(store->side.database, row)) > 0)
		if (read_row(row, &learned))
			err = visit(&learned, context);
	sqlite3_finalize(row);
	return err ? err : step;
}

int learned_rows_count(struct evidence_store *store, int64_t since_sec,
		       struct learned_row_counts *ret_counts)
{
	static const char query[] =
	    "SELECT state, rule, count(*), sum(is_held), sum(added >= ?1), sum(state = 'removed' "
	    "AND since >= ?1) FROM learned GROUP BY state, rule";
	struct learned_row_counts counts = { 0 };
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, since_sec);
	while ((step = database_step(store->side.database, row)) > 0) {
		const int state = database_find_name(row, 0, learn_state_names, LEARN_STATE_COUNT);
		const int rule = database_find_name(row, 1, learn_rule_names, LEARN_RULE_COUNT);

		if (state == LEARN_STATE_COUNT || rule == LEARN_RULE_COUNT)
			continue;
		counts.of[state][rule] = (uint64_t)sqlite3_column_int64(row, 2);
		counts.held += (uint64_t)sqlite3_column_int64(row, 3);
		counts.entered += (uint64_t)sqlite3_column_int64(row, 4);
		counts.removed += (uint64_t)sqlite3_column_int64(row, 5);
	}
	database_reset(row);
	if (step < 0)
		return step;
	*ret_counts = counts;
	return 0;
}
