/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An engine of the host mx1 of a fleet, and what others say to it. */
#ifndef ENGINE_FLEET_FIXTURE_H
#define ENGINE_FLEET_FIXTURE_H

#include "engine/fleet.h"
#include "engine_requests.h"
#include "fleet_fixture.h"

#define FLEET(extra)                                                                               \
	"fleet: {name: mail, host: mx1, url: 'redis://127.0.0.1', key_file: /key" extra "}\n"
#define FLEET_LISTS "lists:\n" PARTNERS "  - {name: drop, action: block}\n"

static int64_t base_ms;

static FIXTURE_UNUSED int begin(void **state)
{
	(void)state;
	nftw("state", fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	fake_exists = false;
	fixture_write("partners.list", "198.51.100.1\n");
	fixture_configure(FLEET("") FLEET_LISTS);
	fixture_start_engine();
	base_ms = time_now_ms();
	return 0;
}

static FIXTURE_UNUSED int end(void **state)
{
	(void)state;
	fixture_stop_engine();
	return 0;
}

static FIXTURE_UNUSED void restart(void)
{
	fixture_stop_engine();
	fixture_start_engine();
}

/* ---- records ---------------------------------------------------------------------------- */

/* @later_ms: than the beginning of the test. */
static FIXTURE_UNUSED struct fleet_record
said(enum fleet_op op, const char *origin, const char *list, const char *prefix, int64_t later_ms)
{
	struct fleet_record record = fleet_add(origin, prefix, 0);

	record.op = op;
	record.list = list;
	record.action = strcmp(list, "drop") != 0 ? ACTION_ALLOW : ACTION_BLOCK;
	record.author = "bob";
	record.reason = "ticket 99";
	record.version = (uint64_t)(base_ms + later_ms) << FLEET_COUNTER_BITS;
	return record;
}

static FIXTURE_UNUSED struct fleet_taking take_all(const struct fleet_record *records, size_t count,
						   bool is_last)
{
	const struct fleet_record *pointers[1024];
	struct fleet_taking taking = { 0 };
	struct refusal refusal = { 0 };

	for (size_t i = 0; i < count; i++)
		pointers[i] = &records[i];
	assert_int_equal(
	    engine_fleet_take(fixture_engine, pointers, count, is_last, &taking, &refusal), 0);
	return taking;
}

static FIXTURE_UNUSED void take(struct fleet_record record)
{
	take_all(&record, 1, true);
}

/* Compare what is to be published: "op list prefix source", a line each. */
static FIXTURE_UNUSED void assert_published(const char *expected)
{
	struct fleet_records records;
	struct refusal refusal = { 0 };
	char text[4096] = "";
	bool is_all;

	assert_int_equal(engine_fleet_publish(fixture_engine, &records, &is_all, &refusal), 0);
	assert_true(is_all);
	for (size_t i = 0; i < records.count; i++) {
		char key[FLEET_KEY_BYTES];

		assert_string_equal(records.items[i]->origin, "mx1");
		sprintf(text + strlen(text), "%s %s\n", fleet_op_names[records.items[i]->op],
			fleet_record_key(records.items[i], key));
	}
	assert_string_equal(text, expected);
	fleet_records_done(&records);
}

static FIXTURE_UNUSED const struct entry *find_fleet(const char *list, const char *prefix)
{
	const struct list *holder = policy_find_list(engine_snapshot(fixture_engine)->policy, list);
	const struct entry_set *set = holder->sets[SOURCE_FLEET];
	const struct prefix wanted = fixture_prefix(prefix);
	const size_t i = set ? entry_set_lower_bound(set, &wanted) : 0;

	return set && i < set->count && !prefix_compare(&set->entries[i].prefix, &wanted)
		   ? &set->entries[i]
		   : NULL;
}

static FIXTURE_UNUSED bool has_manual(const char *list, const char *prefix)
{
	const struct prefix wanted = fixture_prefix(prefix);

	return engine_find_manual(policy_find_list(engine_snapshot(fixture_engine)->policy, list),
				  &wanted) != NULL;
}

static FIXTURE_UNUSED enum outcome delete_fleet(const char *list, const char *prefix)
{
	const struct prefix wanted = fixture_prefix(prefix);
	struct entry_change change = { .list = strdup(list),
				       .prefixes = &wanted,
				       .prefix_count = 1 };
	struct refusal refusal = { 0 };
	enum outcome outcome;

	engine_fleet_delete(fixture_engine, &alice, &change, &refusal);
	outcome = refusal.outcome;
	refusal_done(&refusal);
	free(change.list);
	return outcome;
}

static FIXTURE_UNUSED int take_record_of_history(const struct history_record *record, void *context)
{
	char *text = context;

	sprintf(text, "%s %s %s", history_event_names[record->event],
		record->author ? record->author : "-", record->reason ? record->reason : "-");
	return 0;
}

static FIXTURE_UNUSED void assert_last_record(const char *expected)
{
	const struct history_filter filter = { .limit = 1 };
	char text[512] = "";

	assert_int_equal(
	    history_read(engine_state(fixture_engine), &filter, take_record_of_history, text), 0);
	assert_string_equal(text, expected);
}

#endif
