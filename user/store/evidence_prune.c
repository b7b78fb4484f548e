/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deletes what is old, and makes room in a flood: first what makes nobody a candidate, then the
 * oldest days of addresses that are not learned. */
#include <errno.h>

#include "store/evidence_internal.h"

/* Part of the rows that must have become worthless before it is worth while to look. */
#define WORTHLESS_PART 20
/* After making room, this many percent are in use. */
#define ROOM_PERCENT 90

static int delete_days(struct evidence_store *store, const char *sql, int64_t number)
{
	if (evidence_run_number(store, sql, number))
		return -EIO;
	store->row_count -= evidence_changed(store);
	return 0;
}

static int delete_worthless(struct evidence_store *store)
{
	static const char delete[] =
	    "DELETE FROM days WHERE sent + accepted + ham + reply + reported_ham = ? AND address "
	    "NOT IN (SELECT address FROM learned)";

	store->worthless_count = 0;
	return delete_days(store, delete, 0);
}

static int delete_oldest(struct evidence_store *store, const struct evidence_limits *limits)
{
	static const char oldest[] = "SELECT min(day) FROM days WHERE day > ?";
	static const char delete[] = "DELETE FROM days WHERE day <= ? AND address NOT IN (SELECT "
				     "address FROM learned)";
	const uint64_t enough = (uint64_t)limits->max_rows * ROOM_PERCENT / 100;
	const int64_t today = store->newest_sec / LEARN_DAY_SEC;
	int64_t day = 0, next;

	while (store->row_count > enough) {
		/* The rows of learned addresses stay, so the next day may be a later one. */
		if (evidence_query_number(store, oldest, day, &next))
			return -EIO;
		if (!next || next >= today)
			return 0;
		day = next;
		if (delete_days(store, delete, day))
			return -EIO;
	}
	return 0;
}

int evidence_make_room(struct evidence_store *store, const struct evidence_limits *limits)
{
	const int64_t today = store->newest_sec / LEARN_DAY_SEC;
	const bool is_new_day = store->room_made_day != today;

	if (!is_new_day && store->worthless_count < limits->max_rows / WORTHLESS_PART)
		return 0;
	store->room_made_day = today;
	if (delete_worthless(store))
		return -EIO;
	return delete_oldest(store, limits);
}

/* Delete what no day and no mail refers to any more. */
static int delete_orphans(struct evidence_store *store)
{
	static const char *const deletes[] = {
		"DELETE FROM names WHERE length(address) > ? AND NOT EXISTS (SELECT 1 FROM days "
		"WHERE days.address = names.address)",
		"DELETE FROM links WHERE length(address) > ? AND NOT EXISTS (SELECT 1 FROM days "
		"WHERE days.address = links.address)",
		"DELETE FROM domains WHERE id > ? AND NOT EXISTS (SELECT 1 FROM sent WHERE "
		"sent.domain = domains.id) AND NOT EXISTS (SELECT 1 FROM links WHERE links.domain "
		"= domains.id)",
	};

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++)
		if (evidence_run_number(store, deletes[i], 0))
			return -EIO;
	return 0;
}

static int delete_old(struct evidence_store *store, int64_t oldest_day, int64_t now_sec)
{
	static const char *const deletes[] = {
		"DELETE FROM sent WHERE day < ?",
		"DELETE FROM users WHERE day < ?",
		"DELETE FROM links WHERE max(last_day, server_day) < ?",
	};

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++)
		if (evidence_run_number(store, deletes[i], oldest_day))
			return -EIO;
	if (evidence_run_number(store, "DELETE FROM complaints WHERE at < ?",
				now_sec - 3 * LEARN_DAY_SEC))
		return -EIO;
	return delete_days(store, "DELETE FROM days WHERE day < ?", oldest_day);
}

int evidence_prune(struct evidence_store *store, int64_t oldest_day, int64_t now_sec)
{
	if (delete_old(store, oldest_day, now_sec) || delete_orphans(store)) {
		evidence_rollback(store);
		return -EIO;
	}
	return evidence_commit(store);
}

int evidence_forget(struct evidence_store *store, const struct prefix *subject)
{
	static const char *const deletes[] = {
		"DELETE FROM names WHERE address = ?",
		"DELETE FROM links WHERE address = ?",
		"DELETE FROM complaints WHERE address = ?",
		"DELETE FROM touched WHERE address = ?",
	};

	for (size_t i = 0; i < sizeof(deletes) / sizeof(*deletes); i++)
		if (evidence_run_of(store, deletes[i], subject))
			return -EIO;
	if (evidence_run_of(store, "DELETE FROM days WHERE address = ?", subject))
		return -EIO;
	store->row_count -= evidence_changed(store);
	return 0;
}
