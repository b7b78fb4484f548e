/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a batch, sorted and summed up: so the rows of an address are touched once, and in the
 * order in which they lie on the disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/evidence_internal.h"

/* A learned address that floods us is not worth more rows than this. */
#define COMPLAINTS_MAX 64

static int64_t day_of(const struct evidence *evidence)
{
	return evidence->at_sec / LEARN_DAY_SEC;
}

static bool makes_link(const struct evidence *evidence)
{
	return *evidence->domain &&
	       (evidence->kind == EVIDENCE_HAM || evidence->kind == EVIDENCE_SENT);
}

static bool is_bad(const struct evidence *evidence)
{
	return evidence->kind == EVIDENCE_REJECTED || evidence->kind == EVIDENCE_SPAM ||
	       evidence->kind == EVIDENCE_REPORTED_SPAM;
}

static bool is_session(const struct evidence *evidence)
{
	return evidence->kind == EVIDENCE_OUTBOUND || evidence->kind == EVIDENCE_INBOUND;
}

/* Whether it shows that someone still uses the address. */
static bool is_sign_of_life(const struct evidence *evidence)
{
	return evidence->kind == EVIDENCE_ACCEPTED || evidence->kind == EVIDENCE_HAM ||
	       evidence->kind == EVIDENCE_REPLY || evidence->kind == EVIDENCE_INBOUND;
}

/* ---- sort ------------------------------------------------------------------------------ */

/* By address, day, and domain. */
static int compare_items(const void *a, const void *b)
{
	const struct evidence_item *x = a, *y = b;
	int order = prefix_compare(&x->subject, &y->subject);

	if (order)
		return order;
	if (day_of(x->evidence) != day_of(y->evidence))
		return day_of(x->evidence) < day_of(y->evidence) ? -1 : 1;
	if (makes_link(x->evidence) != makes_link(y->evidence))
		return makes_link(x->evidence) ? 1 : -1;
	return makes_link(x->evidence) ? strcmp(x->evidence->domain, y->evidence->domain) : 0;
}

/* Move the items that count for their address to the front. Return: their number. */
static size_t select_items(struct evidence_item *items, size_t count)
{
	size_t selected = 0;

	for (size_t i = 0; i < count; i++) {
		struct evidence_item item = items[i];

		if (!item.has_subject || item.drop != EVIDENCE_DROP_COUNT)
			continue;
		items[i] = items[selected];
		items[selected++] = item;
	}
	return selected;
}

/* ---- an address on a day ------------------------------------------------------------------ */

/* Items of one address and day. */
struct group {
	struct evidence_store *store;
	const struct evidence_limits *limits;
	struct evidence_item *items;
	size_t count;
	int64_t day;
	uint32_t counts[EVIDENCE_KIND_COUNT];
	int64_t last_sec;
	bool has_bad;
	bool has_good;
	bool has_sessions;
	bool is_covered;
};

static void group_sum_up(struct group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct evidence *evidence = group->items[i].evidence;

		group->counts[evidence->kind] += evidence->count ? evidence->count : 1;
		group->is_covered |= group->items[i].is_covered;
		if (is_sign_of_life(evidence) && evidence->at_sec > group->last_sec)
			group->last_sec = evidence->at_sec;
		if (is_bad(evidence))
			group->has_bad = true;
		else if (is_session(evidence))
			group->has_sessions = true;
		else if (evidence->kind != EVIDENCE_LISTED)
			group->has_good = true;
	}
}

static void group_bind_counts(const struct group *group, sqlite3_stmt *statement, int index)
{
	for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
		sqlite3_bind_int64(statement, index + kind, group->counts[kind]);
	sqlite3_bind_int64(statement, index + EVIDENCE_KIND_COUNT, group->last_sec);
}

/* Return: 1 if the row exists and was updated, else 0; -EIO. */
static int group_update(const struct group *group)
{
	static const char update[] =
	    "UPDATE days SET sent = sent + ?, accepted = accepted + ?, rejected = rejected + ?, "
	    "listed = listed + ?, ham = ham + ?, spam = spam + ?, reply = reply + ?, "
	    "reported_ham = reported_ham + ?, reported_spam = reported_spam + ?, "
	    "outbound = outbound + ?, inbound = inbound + ?, last = max(last, ?) WHERE address = ? "
	    "AND day = ?";
	sqlite3_stmt *statement;

	if (database_statement(group->store->side.database, update, &statement))
		return -EIO;
	group_bind_counts(group, statement, 1);
	evidence_bind_subject(statement, EVIDENCE_KIND_COUNT + 2, &group->items[0].subject);
	sqlite3_bind_int64(statement, EVIDENCE_KIND_COUNT + 3, group->day);
	if (database_run(group->store->side.database, statement))
		return -EIO;
	return evidence_changed(group->store) ? 1 : 0;
}

static int group_insert(const struct group *group)
{
	static const char insert[] =
	    "INSERT INTO days (address, day, sent, accepted, rejected, listed, ham, spam, reply, "
	    "reported_ham, reported_spam, outbound, inbound, last) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	struct evidence_store *store = group->store;
	sqlite3_stmt *statement;

	if (evidence_statement_of(store, insert, &group->items[0].subject, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 2, group->day);
	group_bind_counts(group, statement, 3);
	if (database_run(store->side.database, statement))
		return -EIO;
	store->row_count++;
	store->worthless_count += !group->has_good;
	return 0;
}

/* Return: 1: it is written; 0: there is no room; -EIO. */
static int group_put(const struct group *group)
{
	struct evidence_store *store = group->store;
	int done = group_update(group);

	if (done)
		return done;
	if (store->row_count >= group->limits->max_rows && evidence_make_room(store, group->limits))
		return -EIO;
	if (store->row_count >= group->limits->max_rows)
		return 0;
	return group_insert(group) ? -EIO : 1;
}

/* ---- what goes with it ---------------------------------------------------------------------- */

/* Return: 1 if there is a row, else 0; -EIO. */
static int has_row(struct evidence_store *store, const char *sql, const struct prefix *subject)
{
	sqlite3_stmt *row;
	int step;

	if (evidence_statement_of(store, sql, subject, &row))
		return -EIO;
	step = database_step(store->side.database, row);
	database_reset(row);
	return step;
}

/* People whom nobody names are one, but each report is by a person. */
static int64_t person_of(const struct evidence_store *store, const struct evidence *evidence)
{
	if (*evidence->person)
		return (int64_t)siphash(store->key, evidence->person, strlen(evidence->person));
	return evidence->kind == EVIDENCE_REPORTED_SPAM
		   ? (int64_t)siphash(store->key, &evidence->at_sec, sizeof(evidence->at_sec))
		   : 0;
}

static int put_complaint(const struct group *group, const struct evidence *evidence)
{
	static const char full[] = "SELECT 1 FROM complaints WHERE address = ? LIMIT 1 OFFSET 63";
	static const char put[] = "INSERT INTO complaints VALUES (?, ?, ?) ON CONFLICT (address, "
				  "person) DO UPDATE SET at = max(at, excluded.at)";
	const struct prefix *subject = &group->items[0].subject;
	sqlite3_stmt *statement;
	int is_full;

	_Static_assert(COMPLAINTS_MAX == 64, "the offset in the query");
	is_full = has_row(group->store, full, subject);
	if (is_full)
		return is_full < 0 ? is_full : 0;
	if (evidence_statement_of(group->store, put, subject, &statement))
		return -EIO;
	sqlite3_bind_int64(statement, 2, person_of(group->store, evidence));
	sqlite3_bind_int64(statement, 3, evidence->at_sec);
	return database_run(group->store->side.database, statement);
}

static int put_complaints(const struct group *group)
{
	int err = 0;

	for (size_t i = 0; i < group->count && !err; i++)
		if (is_bad(group->items[i].evidence))
			err = put_complaint(group, group->items[i].evidence);
	return err;
}

static int put_links(const struct group *group)
{
	const struct evidence_item *previous = NULL;
	int err = 0;

	for (size_t i = 0; i < group->count && !err; i++) {
		const struct evidence_item *item = &group->items[i];
		const struct evidence *evidence = item->evidence;
		const bool is_server = evidence->kind == EVIDENCE_SENT;

		if (!makes_link(evidence))
			continue;
		if (previous && !strcmp(previous->evidence->domain, evidence->domain) &&
		    previous->evidence->kind == evidence->kind)
			continue;
		err = evidence_note_link(group->store, &item->subject, evidence->domain, group->day,
					 is_server);
		previous = item;
	}
	return err;
}

/* Bad evidence or sessions alone make nobody a candidate, so only what is learned is reviewed for
 * them, and what a partner sends from. */
static int group_follow_up(const struct group *group)
{
	static const char is_known[] = "SELECT 1 FROM learned WHERE address = ?";
	const struct prefix *subject = &group->items[0].subject;
	int err = 0, known = 0;

	if (group->has_bad || group->has_sessions) {
		known = has_row(group->store, is_known, subject);
		err = known < 0 ? known : known ? put_complaints(group) : 0;
	}
	if (err || (!group->has_good && !known && !group->is_covered))
		return err;
	if (evidence_note_names(group->store, group->items, group->count))
		return -EIO;
	return put_links(group) || evidence_touch(group->store, subject) ? -EIO : 0;
}

static int group_note(struct group *group)
{
	int done;

	group_sum_up(group);
	done = group_put(group);
	if (done < 0)
		return done;
	if (done)
		return group_follow_up(group);
	for (size_t i = 0; i < group->count; i++)
		group->items[i].drop = EVIDENCE_DROP_FULL;
	return 0;
}

static int note_groups(struct evidence_store *store, struct evidence_item *items, size_t count,
		       const struct evidence_limits *limits)
{
	size_t end;

	for (size_t begin = 0; begin < count; begin = end) {
		const struct evidence_item *first = &items[begin];
		struct group group = { .store = store,
				       .limits = limits,
				       .items = &items[begin],
				       .day = day_of(first->evidence) };

		for (end = begin + 1; end < count && day_of(items[end].evidence) == group.day &&
				      !prefix_compare(&items[end].subject, &first->subject);)
			end++;
		group.count = end - begin;
		if (group_note(&group))
			return -EIO;
	}
	return 0;
}

/* ---- a batch ------------------------------------------------------------------------------- */

static int note_sent(struct evidence_store *store, struct evidence_item *items, size_t count,
		     const struct evidence_limits *limits, struct evidence_noting *noting)
{
	for (size_t i = 0; i < count; i++) {
		bool is_capped = false, is_first = false;

		if (items[i].evidence->kind != EVIDENCE_SENT)
			continue;
		if (evidence_note_sent(store, &items[i], limits->max_new_domains, &is_capped,
				       &is_first))
			return -EIO;
		if (is_capped)
			items[i].drop = EVIDENCE_DROP_USER;
		noting->capped_user_count += is_first;
	}
	return 0;
}

int evidence_note(struct evidence_store *store, struct evidence_item *items, size_t count,
		  const struct evidence_limits *limits, struct evidence_noting *ret_noting)
{
	struct evidence_noting noting = { 0 };
	size_t selected;
	int err = database_begin(store->side.database);

	for (size_t i = 0; i < count; i++) {
		items[i].drop = EVIDENCE_DROP_COUNT;
		/* Sessions do not show that a log is still read, and as long as it is not, nobody
		 * is idle. */
		if (!is_session(items[i].evidence) && items[i].evidence->at_sec > store->newest_sec)
			store->newest_sec = items[i].evidence->at_sec;
	}
	if (!err)
		err = note_sent(store, items, count, limits, &noting);
	selected = err ? 0 : select_items(items, count);
	if (selected)
		qsort(items, selected, sizeof(*items), compare_items);
	if (!err)
		err = note_groups(store, items, selected, limits);
	if (err)
		evidence_rollback(store);
	else
		*ret_noting = noting;
	return err;
}

/* ---- the review's list ------------------------------------------------------------------------
 */

int evidence_touch(struct evidence_store *store, const struct prefix *subject)
{
	return evidence_run_of(store, "INSERT OR IGNORE INTO touched VALUES (?)", subject);
}

int evidence_clear_touched(struct evidence_store *store, const struct prefix *subject)
{
	return evidence_run_of(store, "DELETE FROM touched WHERE address = ?", subject);
}

int evidence_touch_learned(struct evidence_store *store)
{
	return evidence_run_number(
	    store,
	    "INSERT OR IGNORE INTO touched SELECT address FROM learned WHERE length(address) > ?",
	    0);
}

int evidence_walk_touched_domains(struct evidence_store *store,
				  int (*visit)(const char *name, void *context), void *context)
{
	static const char query[] = "SELECT name FROM touched_domains JOIN domains ON domains.id = "
				    "touched_domains.domain ORDER BY name";
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	while (!err && (step = database_step(store->side.database, row)) > 0)
		err = visit(database_text(row, 0), context);
	database_reset(row);
	return err ? err : step;
}

int evidence_touch_domains(struct evidence_store *store)
{
	static const char insert[] =
	    "INSERT OR IGNORE INTO touched SELECT address FROM links JOIN touched_domains ON "
	    "links.domain = touched_domains.domain WHERE touched_domains.domain > ?";
	static const char any[] = "SELECT count(*) FROM touched_domains WHERE domain > ?";
	int64_t count;

	if (evidence_query_number(store, any, 0, &count))
		return -EIO;
	if (!count)
		return 0;
	return evidence_run_number(store, insert, 0) ||
		       evidence_run_number(store, "DELETE FROM touched_domains WHERE domain > ?", 0)
		   ? -EIO
		   : 0;
}

int evidence_read_touched(struct evidence_store *store, size_t max, struct prefix *ret_subjects,
			  size_t *ret_count)
{
	static const char query[] = "SELECT address FROM touched LIMIT ?";
	sqlite3_stmt *row;

	if (database_statement(store->side.database, query, &row))
		return -EIO;
	sqlite3_bind_int64(row, 1, (int64_t)max);
	return evidence_read_subjects(store, row, max, ret_subjects, ret_count);
}
