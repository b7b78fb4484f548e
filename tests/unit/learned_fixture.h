/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine that learns. Time is that of the evidence: the engine's own clock is far ahead of
 * it, so the newest evidence decides what time it is (learn_clock()).
 */
#ifndef LEARNED_FIXTURE_H
#define LEARNED_FIXTURE_H

#include "engine/learned.h"
#include "engine/undo.h"
#include "engine_requests.h"
#include "sql_number.h"

#define DAY LEARN_DAY_SEC
#define LEARN_DB "state/learn.db"

/* Day 0 of a test, some weeks ago; at noon. */
static int64_t first_sec;

static FIXTURE_UNUSED int64_t at(int64_t day)
{
	return first_sec + day * DAY;
}

#define LEARN_LISTS                                                                                \
	"lists:\n"                                                                                 \
	"  - {name: partners, action: allow, entries: [9.9.9.0/24]}\n"                             \
	"  - {name: drop, action: block, entries: [45.0.0.0/8]}\n"

static FIXTURE_UNUSED void learn_configure(const char *keys)
{
	char text[4096];

	snprintf(text, sizeof(text), LEARN_LISTS "learn:\n  list: partners\n%s", keys);
	fixture_configure(text);
}

static FIXTURE_UNUSED void learn_remove_files(void)
{
	fixture_stop_engine();
	(void)remove("state/state.db");
	(void)remove(LEARN_DB);
	(void)remove("state/hits.db");
	(void)remove("rules");
	fake_exists = fake_refuses = false;
	first_sec = (time_now_sec() / DAY - 80) * DAY + DAY / 2;
}

static FIXTURE_UNUSED void learn_begin(const char *keys)
{
	learn_remove_files();
	learn_configure(keys);
	fixture_start_engine();
}

static FIXTURE_UNUSED void learn_restart(void)
{
	fixture_stop_engine();
	fixture_start_engine();
}

/* ---- evidence -------------------------------------------------------------------------------- */

static FIXTURE_UNUSED struct evidence make(enum evidence_kind kind, const char *address,
					   const char *domain, int64_t at_sec)
{
	struct evidence evidence = { .source = kind == EVIDENCE_HAM || kind == EVIDENCE_SPAM ||
						       kind == EVIDENCE_REPLY
						   ? EVIDENCE_FROM_RSPAMD
					       : kind >= EVIDENCE_OUTBOUND ? EVIDENCE_FROM_KERNEL
					       : kind >= EVIDENCE_REPORTED_HAM
						   ? EVIDENCE_FROM_REPORT
						   : EVIDENCE_FROM_POSTFIX,
				     .kind = kind,
				     .at_sec = at_sec };

	if (address) {
		evidence.has_address = true;
		evidence.address = fixture_prefix(address);
	}
	snprintf(evidence.domain, sizeof(evidence.domain), "%s", domain ? domain : "");
	return evidence;
}

static FIXTURE_UNUSED struct evidence_noted note(const struct evidence *items, size_t count)
{
	const struct evidence_batch batch = { .items = items, .count = count };
	struct evidence_noted noted = { 0 };
	struct refusal refusal = { 0 };

	assert_int_equal(engine_note_evidence(fixture_engine, &batch, &noted, &refusal), 0);
	refusal_done(&refusal);
	return noted;
}

static FIXTURE_UNUSED void see(enum evidence_kind kind, const char *address, const char *domain,
			       int64_t at_sec)
{
	const struct evidence evidence = make(kind, address, domain, at_sec);

	note(&evidence, 1);
}

/* The same of a local person: the recipient, or who sends. */
static FIXTURE_UNUSED void see_with(enum evidence_kind kind, const char *address,
				    const char *domain, const char *person, int64_t at_sec)
{
	struct evidence evidence = make(kind, address, domain, at_sec);

	snprintf(evidence.person, sizeof(evidence.person), "%s", person);
	evidence.recipient_count = 1;
	note(&evidence, 1);
}

static FIXTURE_UNUSED void review(void)
{
	while (!engine_review_learned(fixture_engine))
		;
}

/* Good mail on a day from elsewhere, so that time goes on; then a review. */
static FIXTURE_UNUSED void pass_to(int64_t day)
{
	see(EVIDENCE_LISTED, "8.8.8.8", NULL, at(day) - DAY);
	see(EVIDENCE_LISTED, "8.8.8.8", NULL, at(day));
	review();
}

/* ---- questions ----------------------------------------------------------------------------------
 */

static FIXTURE_UNUSED struct learned find_learned(const char *address)
{
	const struct prefix prefix = fixture_prefix(address);
	struct learn_explanation explanation;
	struct refusal refusal = { 0 };
	struct learned learned;

	assert_int_equal(engine_explain_address(fixture_engine, &prefix, &explanation, &refusal),
			 0);
	learned = explanation.learned;
	learn_explanation_done(&explanation);
	return learned;
}

static FIXTURE_UNUSED enum learn_state state_of(const char *address)
{
	return find_learned(address).state;
}

static FIXTURE_UNUSED size_t do_learn(enum learn_deed deed, const char *address)
{
	const struct prefix prefix = fixture_prefix(address);
	struct learn_changed changed = { 0 };
	struct refusal refusal = { 0 };

	assert_int_equal(engine_learn(fixture_engine, &alice, deed, &prefix, 1, &changed, &refusal),
			 0);
	assert_true(changed.changed_count + changed.unchanged.count == 1);
	lines_done(&changed.unchanged);
	return changed.changed_count;
}

static FIXTURE_UNUSED struct learning_counters counters_now(void)
{
	struct learning_counters counters;

	learning_read_counters(engine_view(fixture_engine).learning, &counters);
	return counters;
}

/* Run SQL in learn.db and return its first number. */
static FIXTURE_UNUSED int64_t learn_sql(const char *sql)
{
	return sql_number(LEARN_DB, sql);
}

/* ---- entries in force ------------------------------------------------------------------ */

#define A "46.0.0.1"
#define B "46.0.0.2"

/* An answer to our users' mail, and probation over. */
static FIXTURE_UNUSED void learn_active(const char *address, int64_t day)
{
	see(EVIDENCE_REPLY, address, "partner.example", at(day));
	review();
	pass_to(day + 8);
	assert_int_equal(state_of(address), LEARN_ACTIVE);
	assert_true(fake_has("partners", address));
}

static FIXTURE_UNUSED const struct entry *entry_of(const char *address)
{
	const struct prefix prefix = fixture_prefix(address);
	const struct list *list =
	    policy_find_list(engine_snapshot(fixture_engine)->policy, "partners");
	const struct entry_set *set = list->sets[SOURCE_LEARNED];
	const size_t i = set ? entry_set_lower_bound(set, &prefix) : 0;

	return set && i < set->count && !prefix_compare(&set->entries[i].prefix, &prefix)
		   ? &set->entries[i]
		   : NULL;
}

static FIXTURE_UNUSED size_t count_in_force(void)
{
	const struct list *list =
	    policy_find_list(engine_snapshot(fixture_engine)->policy, "partners");

	return list->sets[SOURCE_LEARNED] ? list->sets[SOURCE_LEARNED]->count : 0;
}

#endif
