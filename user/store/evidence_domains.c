/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: mail that users sent to them, and the addresses that send for them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/evidence_internal.h"

/* A host that sends for very many domains makes none of them a partner. */
#define LINKS_MAX 8

int evidence_domain_id(struct evidence_store *store, const char *name, int64_t *ret_id)
{
	static const char query[] = "SELECT id FROM domains WHERE name = ?";
	static const char insert[] = "INSERT INTO domains (name) VALUES (?)";
	sqlite3_stmt *statement;
	int step;

	if (database_statement(store->side.database, query, &statement))
		return -EIO;
	database_bind_text(statement, 1, name);
	step = database_step(store->side.database, statement);
	if (step > 0)
		*ret_id = sqlite3_column_int64(statement, 0);
	database_reset(statement);
	if (step)
		return step < 0 ? step : 0;
	if (database_statement(store->side.database, insert, &statement))
		return -EIO;
	database_bind_text(statement, 1, name);
	if (database_run(store->side.database, statement))
		return -EIO;
	*ret_id = database_last_id(store->side.database);
	return 0;
}

/* Prepare a statement with up to three numbers. */
static int statement_of_three(struct evidence_store *store, const char *sql, int64_t a, int64_t b,
			      int64_t c, sqlite3_stmt **ret_statement)
{
	const int64_t numbers[] = { a, b, c };

	if (database_statement(store->side.database, sql, ret_statement))
		return -EIO;
	for (int i = 0; i < 3 && i < sqlite3_bind_parameter_count(*ret_statement); i++)
		sqlite3_bind_int64(*ret_statement, i + 1, numbers[i]);
	return 0;
}

static int run_with_three(struct evidence_store *store, const char *sql, int64_t a, int64_t b,
			  int64_t c)
{
	sqlite3_stmt *statement;

	if (statement_of_three(store, sql, a, b, c, &statement))
		return -EIO;
	return database_run(store->side.database, statement);
}

static int query_with_two(struct evidence_store *store, const char *sql, int64_t a, int64_t b,
			  int64_t *ret_number)
{
	sqlite3_stmt *row;
	int step;

	if (statement_of_three(store, sql, a, b, 0, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step >= 0)
		*ret_number = step ? sqlite3_column_int64(row, 0) : 0;
	database_reset(row);
	return step < 0 ? step : 0;
}

/* ---- mail sent ------------------------------------------------------------------------ */

/* The domains that the user wrote to for the first time on that day do not count, either. */
static int void_new_domains(struct evidence_store *store, int64_t person, int64_t day)
{
	static const char delete[] =
	    "DELETE FROM sent WHERE person = ?1 AND day = ?2 AND NOT EXISTS (SELECT 1 FROM sent "
	    "AS old WHERE old.domain = sent.domain AND old.person = ?1 AND old.day < ?2)";

	return run_with_three(store, delete, person, day, 0);
}

/* Count a new domain of a user. */
static int count_new_domain(struct evidence_store *store, int64_t person, int64_t day,
			    uint32_t max_new_domains, bool *ret_is_capped, bool *ret_is_first)
{
	static const char query[] = "SELECT new_domains FROM users WHERE person = ? AND day = ?";
	static const char put[] = "INSERT OR REPLACE INTO users VALUES (?, ?, ?)";
	int64_t count;

	if (query_with_two(store, query, person, day, &count))
		return -EIO;
	*ret_is_capped = count >= max_new_domains;
	*ret_is_first = count == max_new_domains;
	if (count > max_new_domains)
		return 0;
	if (*ret_is_first && void_new_domains(store, person, day))
		return -EIO;
	return run_with_three(store, put, person, day, count + 1);
}

int evidence_note_sent(struct evidence_store *store, const struct evidence_item *item,
		       uint32_t max_new_domains, bool *ret_is_capped, bool *ret_is_first)
{
	static const char known[] = "SELECT 1 FROM sent WHERE domain = ? AND person = ? LIMIT 1";
	static const char put[] =
	    "INSERT INTO sent VALUES (?, ?, ?, 1) ON CONFLICT (domain, person, day) DO UPDATE "
	    "SET messages = messages + 1";
	static const char touch[] = "INSERT OR IGNORE INTO touched_domains VALUES (?)";
	const struct evidence *evidence = item->evidence;
	const int64_t day = evidence->at_sec / LEARN_DAY_SEC;
	const int64_t person =
	    (int64_t)siphash(store->key, evidence->person, strlen(evidence->person));
	int64_t domain, is_known;

	if (evidence_domain_id(store, evidence->domain, &domain) ||
	    query_with_two(store, known, domain, person, &is_known))
		return -EIO;
	if (!is_known && item->makes_partner &&
	    count_new_domain(store, person, day, max_new_domains, ret_is_capped, ret_is_first))
		return -EIO;
	if (*ret_is_capped)
		return 0;
	if (run_with_three(store, put, domain, person, day))
		return -EIO;
	return item->makes_partner ? evidence_run_number(store, touch, domain) : 0;
}

int evidence_touch_domain(struct evidence_store *store, const char *name)
{
	static const char touch[] = "INSERT OR IGNORE INTO touched_domains VALUES (?)";
	int64_t domain;

	return database_begin(store->side.database) || evidence_domain_id(store, name, &domain) ||
		       evidence_run_number(store, touch, domain)
		   ? -EIO
		   : 0;
}

int evidence_walk_sent(struct evidence_store *store, const char *name, int64_t first_day,
		       int64_t last_day,
		       int (*visit)(int64_t day, uint32_t messages, void *context), void *context)
{
	static const char query[] =
	    "SELECT day, sum(messages) FROM sent WHERE domain = (SELECT id FROM domains WHERE "
	    "name = ?) AND day >= ? AND day <= ? GROUP BY day ORDER BY day DESC";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	database_bind_text(row, 1, name);
	sqlite3_bind_int64(row, 2, first_day);
	sqlite3_bind_int64(row, 3, last_day);
	while (!err && (step = database_step(store->side.database, row)) > 0)
		err = visit(sqlite3_column_int64(row, 0), (uint32_t)sqlite3_column_int64(row, 1),
			    context);
	database_reset(row);
	return err ? err : step;
}

/* ---- links ------------------------------------------------------------------------------ */

/* Return: 1 if the link exists and was updated, else 0; -EIO. */
static int update_link(struct evidence_store *store, const struct prefix *subject, int64_t domain,
		       int64_t day, bool is_server)
{
	static const char authenticated[] =
	    "UPDATE links SET days = days + (?3 > last_day OR ?3 < first_day), "
	    "recent = CASE WHEN last_day = 0 OR ?3 - last_day >= 60 THEN 1 "
	    "WHEN ?3 > last_day THEN ((recent << (?3 - last_day)) | 1) & ((1 << 60) - 1) "
	    "WHEN last_day - ?3 < 60 THEN recent | (1 << (last_day - ?3)) ELSE recent END, "
	    "first_day = CASE WHEN days THEN min(first_day, ?3) ELSE ?3 END, "
	    "last_day = max(last_day, ?3) WHERE address = ?1 AND domain = ?2";
	static const char server[] = "UPDATE links SET server_day = max(server_day, ?3) "
				     "WHERE address = ?1 AND domain = ?2";
	sqlite3_stmt *statement;

	if (evidence_statement_of(store, is_server ? server : authenticated, subject, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 2, domain);
	sqlite3_bind_int64(statement, 3, day);
	if (database_run(store->side.database, statement))
		return -EIO;
	return evidence_changed(store) ? 1 : 0;
}

static int count_links(struct evidence_store *store, const struct prefix *subject,
		       int64_t *ret_count)
{
	static const char query[] = "SELECT count(*) FROM links WHERE address = ?";
	sqlite3_stmt *row;
	int step;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step > 0)
		*ret_count = sqlite3_column_int64(row, 0);
	database_reset(row);
	return step < 0 ? step : 0;
}

static int insert_link(struct evidence_store *store, const struct prefix *subject, int64_t domain,
		       int64_t day, bool is_server)
{
	static const char insert[] = "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *statement;

	if (evidence_statement_of(store, insert, subject, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 2, domain);
	sqlite3_bind_int64(statement, 3, is_server ? 0 : day);
	sqlite3_bind_int64(statement, 4, is_server ? 0 : day);
	sqlite3_bind_int64(statement, 5, is_server ? 0 : 1);
	sqlite3_bind_int64(statement, 6, is_server ? day : 0);
	sqlite3_bind_int64(statement, 7, is_server ? 0 : 1);
	return database_run(store->side.database, statement);
}

/* Room for a domain that our users write to is made by one that they do not. */
static int drop_stranger(struct evidence_store *store, const struct prefix *subject, int64_t domain,
			 bool *ret_has_room)
{
	static const char is_ours[] = "SELECT 1 FROM sent WHERE domain = ?1 AND ?2 = 0 LIMIT 1";
	static const char delete[] =
	    "DELETE FROM links WHERE address = ?1 AND domain = (SELECT domain FROM links WHERE "
	    "address = ?1 AND NOT EXISTS (SELECT 1 FROM sent WHERE sent.domain = links.domain) "
	    "ORDER BY max(last_day, server_day) LIMIT 1)";
	int64_t found;

	if (query_with_two(store, is_ours, domain, 0, &found))
		return -EIO;
	*ret_has_room = false;
	if (!found)
		return 0;
	if (evidence_run_of(store, delete, subject))
		return -EIO;
	*ret_has_room = evidence_changed(store) > 0;
	return 0;
}

int evidence_note_link(struct evidence_store *store, const struct prefix *subject,
		       const char *domain, int64_t day, bool is_server)
{
	bool has_room = true;
	int64_t id, count = 0;
	int done;

	if (evidence_domain_id(store, domain, &id))
		return -EIO;
	done = update_link(store, subject, id, day, is_server);
	if (done)
		return done < 0 ? done : 0;
	if (count_links(store, subject, &count))
		return -EIO;
	if (count >= LINKS_MAX && drop_stranger(store, subject, id, &has_room))
		return -EIO;
	return has_room ? insert_link(store, subject, id, day, is_server) : 0;
}
