/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads evidence: the facts of an address, domains, addresses of a domain. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence_internal.h"

static void copy_text(char *to, const char *from)
{
	snprintf(to, EVIDENCE_DOMAIN_BYTES, "%s", from ? from : "");
}

static uint32_t column_count(sqlite3_stmt *row, int column)
{
	return (uint32_t)sqlite3_column_int64(row, column);
}

/* The place of one more element. The capacity is a multiple of 8. NULL: out of memory. */
static void *grow(void **array, size_t count, size_t element_bytes)
{
	void *grown;

	if (count % 8)
		return (char *)*array + count * element_bytes;
	grown = reallocarray(*array, count + 8, element_bytes);
	if (!grown)
		return NULL;
	*array = grown;
	return (char *)grown + count * element_bytes;
}

/* ---- days ---------------------------------------------------------------------------- */

static int add_day(sqlite3_stmt *row, struct evidence_facts *facts)
{
	struct learn_day *day =
	    grow((void **)&facts->days, facts->facts.day_count, sizeof(*facts->days));

	if (!day)
		return -ENOMEM;
	*day = (struct learn_day) { .day = sqlite3_column_int64(row, 0) };
	for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
		day->counts[kind] = column_count(row, 1 + kind);
	day->last_sec = sqlite3_column_int64(row, 1 + EVIDENCE_KIND_COUNT);
	facts->facts.day_count++;
	return 0;
}

static int read_days(struct evidence_store *store, const struct prefix *subject, int64_t last_day,
		     struct evidence_facts *facts)
{
	static const char query[] =
	    "SELECT day, sent, accepted, rejected, listed, ham, spam, reply, reported_ham, "
	    "reported_spam, outbound, inbound, last FROM days WHERE address = ? AND day <= ? ORDER "
	    "BY day";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	sqlite3_bind_int64(row, 2, last_day);
	while (!err && (step = database_step(store->side.database, row)) > 0)
		err = add_day(row, facts);
	database_reset(row);
	return err ? err : step;
}

/* ---- domains --------------------------------------------------------------------------- */

/* Sum up the mail to a domain. */
static int read_sent(struct evidence_store *store, int64_t domain, int64_t first_day,
		     int64_t last_day, struct learn_domain *ret_domain, int64_t *ret_last_day)
{
	static const char query[] =
	    "SELECT sum(messages), count(DISTINCT day), count(DISTINCT person), max(day) FROM sent "
	    "WHERE domain = ? AND day >= ? AND day <= ?";
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, domain);
	sqlite3_bind_int64(row, 2, first_day);
	sqlite3_bind_int64(row, 3, last_day);
	step = database_step(store->side.database, row);
	if (step > 0) {
		ret_domain->messages = column_count(row, 0);
		ret_domain->days = column_count(row, 1);
		ret_domain->users = column_count(row, 2);
		*ret_last_day = sqlite3_column_int64(row, 3);
	}
	database_reset(row);
	return step < 0 ? step : 0;
}

/* @ids: room for the id of each domain, to be freed. */
static int read_links(struct evidence_store *store, const struct prefix *subject, int64_t last_day,
		      struct evidence_facts *facts, int64_t **ids)
{
	static const char query[] =
	    "SELECT domains.name, links.days, links.server_day, links.domain, "
	    "links.last_day, links.recent FROM links JOIN "
	    "domains ON domains.id = links.domain WHERE address = ?1 AND (first_day BETWEEN 1 AND "
	    "?2 OR server_day BETWEEN 1 AND ?2) ORDER BY links.domain";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	sqlite3_bind_int64(row, 2, last_day);
	while (!err && (step = database_step(store->side.database, row)) > 0) {
		const size_t count = facts->facts.domain_count;
		struct learn_domain *domain =
		    grow((void **)&facts->domains, count, sizeof(*facts->domains));
		int64_t *id = grow((void **)ids, count, sizeof(**ids));

		err = domain && id ? 0 : -ENOMEM;
		if (err)
			break;
		*domain =
		    (struct learn_domain) { .authenticated_days = column_count(row, 1),
					    .is_server = column_count(row, 2) > 0,
					    .last_day = sqlite3_column_int64(row, 4),
					    .recent = (uint64_t)sqlite3_column_int64(row, 5) };
		copy_text(domain->name, database_text(row, 0));
		*id = sqlite3_column_int64(row, 3);
		facts->facts.domain_count++;
	}
	database_reset(row);
	return err ? err : step;
}

static int read_domains(struct evidence_store *store, const struct prefix *subject,
			int64_t window_sec, int64_t until_sec, struct evidence_facts *facts)
{
	const int64_t last_day = until_sec / LEARN_DAY_SEC;
	const int64_t first_day = (until_sec - window_sec) / LEARN_DAY_SEC;
	int64_t *ids = NULL, last;
	int err = read_links(store, subject, last_day, facts, &ids);

	for (size_t i = 0; ids && i < facts->facts.domain_count && !err; i++)
		err = read_sent(store, ids[i], first_day, last_day, &facts->domains[i], &last);
	free(ids);
	return err;
}

/* ---- facts ------------------------------------------------------------------------------ */

static int read_name(struct evidence_store *store, const struct prefix *subject,
		     struct learn_facts *facts)
{
	static const char query[] = "SELECT name FROM names WHERE address = ?";
	sqlite3_stmt *row;
	int step;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	if (step > 0)
		copy_text(facts->name, database_text(row, 0));
	database_reset(row);
	return step < 0 ? step : 0;
}

/* Those of the day before the last one: they need not be recent when they are looked at. */
static int read_complaints(struct evidence_store *store, const struct prefix *subject,
			   int64_t until_sec, struct learn_facts *facts)
{
	static const char query[] =
	    "SELECT count(*) FROM complaints WHERE address = ?1 AND at <= ?3 AND at > (SELECT "
	    "max(at) FROM complaints WHERE address = ?1 AND at <= ?3) - ?2";
	sqlite3_stmt *row;
	int step;

	if (evidence_statement_of(store, query, subject, &row))
		return -EIO;
	sqlite3_bind_int64(row, 2, LEARN_DAY_SEC);
	sqlite3_bind_int64(row, 3, until_sec);
	step = database_step(store->side.database, row);
	if (step > 0)
		facts->complaints = column_count(row, 0);
	database_reset(row);
	return step < 0 ? step : 0;
}

int evidence_read_facts(struct evidence_store *store, const struct prefix *subject,
			int64_t window_sec, int64_t until_sec, struct evidence_facts *ret_facts)
{
	struct evidence_facts facts = { 0 };
	int err = read_days(store, subject, until_sec / LEARN_DAY_SEC, &facts);

	if (!err)
		err = read_domains(store, subject, window_sec, until_sec, &facts);
	if (!err)
		err = read_name(store, subject, &facts.facts);
	if (!err)
		err = read_complaints(store, subject, until_sec, &facts.facts);
	if (err) {
		evidence_facts_done(&facts);
		return err;
	}
	facts.facts.days = facts.days;
	facts.facts.domains = facts.domains;
	*ret_facts = facts;
	return 0;
}

void evidence_facts_done(struct evidence_facts *facts)
{
	free(facts->days);
	free(facts->domains);
	free(facts->covers);
	free(facts->hosts);
	*facts = (struct evidence_facts) { 0 };
}

/* ---- queries ------------------------------------------------------------------------------- */

#define DOMAIN_COLUMNS                                                                             \
	"SELECT name, sum(messages), count(DISTINCT day), count(DISTINCT person), max(day), "      \
	"(SELECT count(*) FROM links WHERE links.domain = domains.id) FROM domains JOIN sent ON "  \
	"sent.domain = domains.id WHERE day >= ?1 AND "

static struct learn_domain read_domain_row(sqlite3_stmt *row)
{
	struct learn_domain domain = { .messages = column_count(row, 1),
				       .days = column_count(row, 2),
				       .users = column_count(row, 3) };

	copy_text(domain.name, database_text(row, 0));
	return domain;
}

int evidence_walk_domains(struct evidence_store *store, int64_t first_day, const char *after,
			  int (*visit)(const struct learn_domain *domain, int64_t last_day,
				       size_t address_count, void *context),
			  void *context)
{
	static const char query[] = DOMAIN_COLUMNS "name > ?2 GROUP BY domains.id ORDER BY name";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, first_day);
	database_bind_text(row, 2, after ? after : "");
	while (!err && (step = database_step(store->side.database, row)) > 0) {
		const struct learn_domain domain = read_domain_row(row);

		err = visit(&domain, sqlite3_column_int64(row, 4), column_count(row, 5), context);
	}
	database_reset(row);
	return err ? err : step;
}

int evidence_find_domain(struct evidence_store *store, const char *name, int64_t first_day,
			 struct learn_domain *ret_domain, int64_t *ret_last_day,
			 size_t *ret_address_count)
{
	static const char query[] =
	    "SELECT id, (SELECT count(*) FROM links WHERE domain = id) FROM domains WHERE name = ?";
	int64_t id = 0;
	sqlite3_stmt *row;
	int step;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	database_bind_text(row, 1, name);
	step = database_step(store->side.database, row);
	if (step > 0) {
		id = sqlite3_column_int64(row, 0);
		*ret_address_count = column_count(row, 1);
	}
	database_reset(row);
	if (step <= 0)
		return step < 0 ? step : -ENOENT;
	*ret_domain = (struct learn_domain) { 0 };
	copy_text(ret_domain->name, name);
	return read_sent(store, id, first_day, INT64_MAX, ret_domain, ret_last_day);
}

int evidence_walk_links(struct evidence_store *store, const char *domain,
			int (*visit)(const struct prefix *subject, uint32_t authenticated_days,
				     bool is_server, void *context),
			void *context)
{
	static const char query[] =
	    "SELECT address, days, server_day FROM links WHERE domain = (SELECT id FROM domains "
	    "WHERE name = ?) ORDER BY length(address), address";
	struct prefix subject;
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	database_bind_text(row, 1, domain);
	while (!err && (step = database_step(store->side.database, row)) > 0)
		if (evidence_read_subject(row, 0, &subject))
			err = visit(&subject, column_count(row, 1), column_count(row, 2) > 0,
				    context);
	database_reset(row);
	return err ? err : step;
}

int evidence_walk_good(struct evidence_store *store, int64_t first_day,
		       int (*visit)(const struct prefix *subject, void *context), void *context)
{
	static const char query[] =
	    "SELECT address FROM days GROUP BY address HAVING max(day) >= ? AND "
	    "sum(accepted + ham + reply + reported_ham) > 0 ORDER BY length(address), address";
	struct prefix subject;
	sqlite3_stmt *row;
	int step = 0, err = 0;

	/* Those who are visited use statements of their own. */
	if (database_prepare(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, first_day);
	while (!err && (step = database_step(store->side.database, row)) > 0)
		if (evidence_read_subject(row, 0, &subject))
			err = visit(&subject, context);
	sqlite3_finalize(row);
	return err ? err : step;
}
