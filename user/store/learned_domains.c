/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes the table `learned_domains` of state.db. */
#include "store/learned_domains.h"

#include <errno.h>
#include <stdio.h>

#include "store/database.h"

/* Return: whether the row is valid. */
static bool read_row(sqlite3_stmt *row, struct learned *ret_domain)
{
	const int state = database_find_name(row, 1, learn_state_names, LEARN_STATE_COUNT);
	const int cause = database_find_name(row, 2, learn_cause_names, LEARN_CAUSE_COUNT);
	const char *name = database_text(row, 0), *why = database_text(row, 10);

	if (!name || state == LEARN_STATE_COUNT || cause == LEARN_CAUSE_COUNT)
		return false;
	*ret_domain = (struct learned) {
		.state = (enum learn_state)state,
		.rule = LEARN_PARTNER,
		.cause = (enum learn_cause)cause,
		.is_rejected = sqlite3_column_int(row, 3) != 0,
		.is_noticed = sqlite3_column_int(row, 4) != 0,
		.is_held = sqlite3_column_int(row, 5) != 0,
		.score = sqlite3_column_double(row, 6),
		.since_sec = sqlite3_column_int64(row, 7),
		.added_sec = sqlite3_column_int64(row, 8),
		.next_sec = sqlite3_column_int64(row, 9),
	};
	snprintf(ret_domain->domain, sizeof(ret_domain->domain), "%s", name);
	snprintf(ret_domain->why, sizeof(ret_domain->why), "%s", why ? why : "");
	return true;
}

int learned_domains_read(struct state *state,
			 int (*visit)(const struct learned *domain, void *context), void *context)
{
	static const char query[] =
	    "SELECT domain, state, cause, is_rejected, is_noticed, is_held, score, since, added, "
	    "next, why FROM learned_domains ORDER BY domain";
	struct learned domain;
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(state_database(state), query, &row))
		return -EIO;
	while (!err && (step = database_step(state_database(state), row)) > 0)
		if (read_row(row, &domain))
			err = visit(&domain, context);
	database_reset(row);
	return err ? err : step;
}

int learned_domain_put(struct state *state, const struct learned *domain)
{
	static const char put[] =
	    "INSERT OR REPLACE INTO learned_domains VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state_database(state), put, &statement))
		return -EIO;
	database_bind_text(statement, 1, domain->domain);
	database_bind_text(statement, 2, learn_state_names[domain->state]);
	database_bind_text(statement, 3, learn_cause_names[domain->cause]);
	sqlite3_bind_int(statement, 4, domain->is_rejected);
	sqlite3_bind_int(statement, 5, domain->is_noticed);
	sqlite3_bind_int(statement, 6, domain->is_held);
	sqlite3_bind_double(statement, 7, domain->score);
	sqlite3_bind_int64(statement, 8, domain->since_sec);
	sqlite3_bind_int64(statement, 9, domain->added_sec);
	sqlite3_bind_int64(statement, 10, domain->next_sec);
	database_bind_text(statement, 11, domain->why);
	return database_run(state_database(state), statement);
}

int learned_domain_delete(struct state *state, const char *name)
{
	static const char delete[] = "DELETE FROM learned_domains WHERE domain = ?";
	sqlite3_stmt *statement;

	if (state_begin(state) || database_statement(state_database(state), delete, &statement))
		return -EIO;
	database_bind_text(statement, 1, name);
	return database_run(state_database(state), statement);
}
