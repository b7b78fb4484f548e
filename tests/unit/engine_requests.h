/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists and user requests to the engine, each in one call. */
#ifndef ENGINE_REQUESTS_H
#define ENGINE_REQUESTS_H

#include "engine/entries.h"
#include "engine/protect.h"
#include "engine/reload.h"
#include "engine_fixture.h"
#include "store/history.h"
#include "store/history_read.h"

#define PARTNERS "  - {name: partners, action: allow, files: [partners.list]}\n"
#define LISTS "lists:\n" PARTNERS "  - {name: drop, action: block, entries: [203.0.113.0/24]}\n"

static const struct deed alice = { .author = "alice", .reason = "ticket 12" };

/* ---- asking ----------------------------------------------------------------- */

/* Return: OUTCOME_OK, or how it was refused. */
static FIXTURE_UNUSED enum outcome add(const char *list, const char *prefix, int64_t ttl_sec)
{
	const struct prefix wanted = fixture_prefix(prefix);
	struct entry_change change = {
		.list = strdup(list), .prefixes = &wanted, .prefix_count = 1, .ttl_sec = ttl_sec
	};
	struct refusal refusal = { 0 };
	struct lines warnings = { 0 };
	int err = engine_add(fixture_engine, &alice, &change, &warnings, &refusal);
	enum outcome outcome = refusal.outcome;

	assert_true(!err == !outcome);
	if (!err) {
		const struct policy *policy = engine_snapshot(fixture_engine)->policy;
		const struct list *holder = policy_find_list(policy, list);

		assert_string_equal(engine_find_manual(holder, &wanted)->reason, "ticket 12");
		assert_int_equal(list_find_rule(holder, &wanted)->id, fake_find(list, prefix)->id);
	}
	refusal_done(&refusal);
	lines_done(&warnings);
	free(change.list);
	return outcome;
}

static FIXTURE_UNUSED enum outcome delete (const char *list, const char *prefix) {
	const struct prefix wanted = fixture_prefix(prefix);
	struct entry_change change = { .list = strdup(list),
				       .prefixes = &wanted,
				       .prefix_count = 1 };
	struct refusal refusal = { 0 };
	struct lines holders = { 0 };
	int err = engine_delete(fixture_engine, &alice, &change, &holders, &refusal);
	enum outcome outcome = refusal.outcome;

	assert_true(!err == !outcome);
	refusal_done(&refusal);
	lines_done(&holders);
	free(change.list);
	return outcome;
}

static FIXTURE_UNUSED enum outcome protect(const char *list, const char *prefix)
{
	const struct prefix wanted = fixture_prefix(prefix);
	struct entry_change change = { .list = strdup(list),
				       .prefixes = &wanted,
				       .prefix_count = 1 };
	struct refusal refusal = { 0 };
	enum outcome outcome;

	engine_protect(fixture_engine, &alice, &change, &refusal);
	outcome = refusal.outcome;
	refusal_done(&refusal);
	free(change.list);
	return outcome;
}

static FIXTURE_UNUSED enum outcome reload(bool accepts_removals)
{
	struct source_reports reports = { 0 };
	struct refusal refusal = { 0 };
	struct lines warnings = { 0 };
	struct snapshot *next = NULL;
	char *held = NULL;
	enum outcome outcome;

	if (!engine_prepare(fixture_engine, NULL, false, &warnings, &next, &refusal)) {
		if (!accepts_removals &&
		    engine_hold(fixture_engine, &alice, next, &warnings, &held, &refusal))
			engine_abandon(fixture_engine, next);
		else
			engine_commit(fixture_engine, &alice, next, &warnings, &reports, &refusal);
	}
	outcome = refusal.outcome;
	assert_true((outcome == OUTCOME_HELD) == (held != NULL));
	free(held);
	source_reports_done(&reports);
	refusal_done(&refusal);
	lines_done(&warnings);
	return outcome;
}

static FIXTURE_UNUSED int take_event(const struct history_record *record, void *context)
{
	*(enum history_event *)context = record->event;
	return 0;
}

/* What the newest record of the history tells of. */
static FIXTURE_UNUSED enum history_event last_event(void)
{
	const struct history_filter filter = { .limit = 1 };
	enum history_event event = HISTORY_EVENT_COUNT;

	assert_int_equal(history_read(engine_state(fixture_engine), &filter, take_event, &event),
			 0);
	return event;
}

/* ---- setup ------------------------------------------------------------------- */

static FIXTURE_UNUSED int start(void **unused)
{
	(void)unused;
	fixture_configure(LISTS);
	fixture_write("partners.list", "198.51.100.0/24\n!198.51.100.9\n");
	fixture_start_engine();
	return 0;
}

/* Of one test nothing is left for the next. */
static FIXTURE_UNUSED int stop(void **unused)
{
	(void)unused;
	fake_refuses = false;
	fixture_stop_engine();
	nftw("state", fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	(void)remove("rules");
	fake_exists = false;
	fake_rule_count = 0;
	memset(fake_counters, 0, sizeof(fake_counters));
	return 0;
}

#define ENGINE_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

#endif
