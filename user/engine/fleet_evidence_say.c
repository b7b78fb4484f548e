/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the fleet what this host has seen of a sender, so that the hosts add it up.
 *
 * The server need not know of every sender that wrote once. If the evidence of all hosts meets a
 * rule, one of N hosts has at least an Nth of what the rule needs. So a host speaks first if it has
 * a quarter, or in a larger fleet an Nth, and the others follow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/fleet_evidence.h"
#include "engine/fleet_internal.h"
#include "engine/learning.h"

/* In smaller fleets as in one of this many hosts. */
#define HOSTS_MIN 4
/* Counters of today are told again when they have grown by one in so many. */
#define GROWTH 8

/* ---- how much this host has ---------------------------------------------------------------- */

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double part_of(double have, uint32_t need)
{
	return need ? have / need : 1;
}

static uint32_t sum_of(const struct learn_facts *facts, enum evidence_kind kind)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < facts->day_count; i++)
		sum += facts->days[i].counts[kind];
	return sum;
}

static uint32_t days_with(const struct learn_facts *facts, enum evidence_kind kind)
{
	uint32_t count = 0;

	for (size_t i = 0; i < facts->day_count; i++)
		count += facts->days[i].counts[kind] != 0;
	return count;
}

/* For a domain that our users write to, on any host. */
static double link_part(const struct engine *engine, const struct learn_domain *domain)
{
	const struct learn_settings *settings = learning_settings(engine);
	const struct prefix place = fleet_evidence_place(domain->name);

	if (learned_domain_refuse(engine, domain->name) ||
	    (!domain->messages && !fleet_evidence_has_witness(engine, &place)))
		return 0;
	return domain->is_server
		   ? 1
		   : part_of(domain->authenticated_days, settings->partner.authenticated_days);
}

/* The largest part of what any rule needs. Time and spam do not matter: only the sum tells. */
static double part_of_rules(const struct engine *engine, const struct learn_facts *facts)
{
	const struct learn_settings *settings = learning_settings(engine);
	double part = 0;

	if (settings->uses[LEARN_REPLY])
		part = larger(part, part_of(sum_of(facts, EVIDENCE_REPLY), settings->replies));
	if (settings->uses[LEARN_REPORT])
		part =
		    larger(part, part_of(sum_of(facts, EVIDENCE_REPORTED_HAM), settings->reports));
	if (settings->uses[LEARN_REPUTATION])
		part = larger(
		    part,
		    part_of(
			learn_traffic_of(facts, settings, INT64_MIN, learning_now(engine)).good +
			    days_with(facts, EVIDENCE_OUTBOUND),
			settings->reputation.messages));
	if (settings->uses[LEARN_PARTNER] || settings->uses[LEARN_SPF])
		for (size_t i = 0; i < facts->domain_count; i++)
			part = larger(part, link_part(engine, &facts->domains[i]));
	return part;
}

static bool is_enough(const struct engine *engine, double part)
{
	const size_t hosts = fleet_replica_origin_count(engine->fleet->replica);

	return part * (double)(hosts > HOSTS_MIN ? hosts : HOSTS_MIN) >= 1;
}

/* ---- whether it is new ----------------------------------------------------------------------- */

static uint64_t count_day(const struct fleet_evidence_day *day)
{
	uint64_t count = 0;

	for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++)
		count += day->counts[kind];
	return count;
}

static bool is_same_domain(const struct fleet_evidence_domain *a,
			   const struct fleet_evidence_domain *b)
{
	return !strcmp(a->name, b->name) && a->last_day == b->last_day && a->days == b->days &&
	       a->is_server == b->is_server;
}

/* Whether they differ only in the counters of the newest day. */
static bool differs_in_newest_day(const struct fleet_evidence *a, const struct fleet_evidence *b)
{
	bool is_same = a->database == b->database && a->day_count == b->day_count &&
		       a->domain_count == b->domain_count && a->days[0].day == b->days[0].day;

	for (size_t i = 1; i < a->day_count && is_same; i++)
		is_same = a->days[i].day == b->days[i].day &&
			  !memcmp(a->days[i].counts, b->days[i].counts, sizeof(a->days[i].counts));
	for (size_t i = 0; i < a->domain_count && is_same; i++)
		is_same = is_same_domain(&a->domains[i], &b->domains[i]);
	return is_same;
}

/* The day of the newest evidence: earlier ones are over. */
static int64_t evidence_day(const struct engine *engine)
{
	return evidence_newest_sec(engine->learning->store) / LEARN_DAY_SEC;
}

/* @record: as it would be said now. */
static bool is_worth_saying(const struct engine *engine, const struct fleet_record *record,
			    const struct fleet_record *said)
{
	struct fleet_evidence now, then;

	if (!strcmp(record->author, said->author) && !strcmp(record->reason, said->reason))
		return false;
	if (!fleet_evidence_read(said, &then))
		return true;
	/* As the others will read it: with what there was room for. */
	if (!fleet_evidence_read(record, &now))
		return false;
	return !differs_in_newest_day(&now, &then) || now.days[0].day < evidence_day(engine) ||
	       count_day(&now.days[0]) * GROWTH >= count_day(&then.days[0]) * (GROWTH + 1) ||
	       count_day(&now.days[0]) < count_day(&then.days[0]);
}

/* ---- say it ---------------------------------------------------------------------------------- */

static bool is_on(const struct engine *engine)
{
	return engine->fleet->replica && fleet_publishes(engine, FLEET_EVIDENCE) &&
	       learning_settings(engine)->is_on;
}

static bool is_full(const struct engine *engine)
{
	const struct fleet_replica *replica = engine->fleet->replica;
	struct fleet_origin origin;

	for (size_t i = 0; i < fleet_replica_origin_count(replica); i++) {
		fleet_replica_get_origin(replica, i, &origin);
		if (!strcmp(origin.name, fleet_replica_self(replica)))
			return origin.evidence_count >= FLEET_EVIDENCE_MAX;
	}
	return false;
}

static int write_record(struct engine *engine, const struct fleet_record *record)
{
	const struct fleet_keeper keeper = fleet_keeper_of(engine);
	int err = fleet_replica_write(engine->fleet->replica, &keeper, record, time_now_ms());

	return err ? err
		   : fleet_records_add(
			 &engine->fleet->written,
			 fleet_said_of(engine, record->list, &record->prefix, FLEET_EVIDENCE));
}

/* @evidence: what this host has at a place; without days: nothing. */
static int say_evidence(struct engine *engine, const struct prefix *place,
			const struct fleet_evidence *evidence, bool is_first_to_speak)
{
	const struct learn_settings *settings = learning_settings(engine);
	const struct fleet_record *said =
	    fleet_said_of(engine, settings->list, place, FLEET_EVIDENCE);
	const bool has_said = said && said->op == FLEET_ADD;
	struct fleet_evidence_texts texts;
	struct fleet_record record = { .list = settings->list,
				       .prefix = *place,
				       .kind = FLEET_EVIDENCE,
				       .op = FLEET_ADD,
				       .action = ACTION_ALLOW };

	if (!evidence->day_count) {
		record.op = FLEET_END;
		return has_said ? write_record(engine, &record) : 0;
	}
	if (!has_said &&
	    ((!is_first_to_speak && !fleet_evidence_has_witness(engine, place)) || is_full(engine)))
		return 0;
	fleet_evidence_write(evidence, &texts, &record);
	record.version = (uint64_t)time_now_ms() << FLEET_COUNTER_BITS;
	record.expires_at_sec =
	    (evidence->days[0].day + settings->keep_sec / LEARN_DAY_SEC + 1) * LEARN_DAY_SEC;
	return has_said && !is_worth_saying(engine, &record, said) ? 0
								   : write_record(engine, &record);
}

/* ---- an address ------------------------------------------------------------------------------ */

static void take_facts(const struct evidence_facts *facts, struct fleet_evidence *evidence)
{
	const struct learn_facts *known = &facts->facts;

	evidence->last_sec = learn_last_message_sec(known);
	for (size_t i = known->day_count; i > 0 && evidence->day_count < FLEET_EVIDENCE_DAYS_MAX;
	     i--) {
		struct fleet_evidence_day *day = &evidence->days[evidence->day_count];

		day->day = known->days[i - 1].day;
		memcpy(day->counts, known->days[i - 1].counts, sizeof(day->counts));
		evidence->day_count += count_day(day) > 0;
	}
	for (size_t i = 0;
	     i < known->domain_count && evidence->domain_count < FLEET_EVIDENCE_DOMAINS_MAX; i++) {
		const struct learn_domain *from = &known->domains[i];
		struct fleet_evidence_domain *domain = &evidence->domains[evidence->domain_count++];

		memcpy(domain->name, from->name, sizeof(domain->name));
		domain->days = from->recent;
		domain->last_day = from->recent ? from->last_day : 0;
		domain->is_server = from->is_server;
	}
}

static int say_address(struct engine *engine, const struct prefix *subject)
{
	const struct learn_settings *settings = learning_settings(engine);
	struct fleet_evidence evidence = { .database = evidence_number(engine->learning->store) };
	struct evidence_facts facts;
	int err;

	err = evidence_read_facts(engine->learning->store, subject, settings->partner.window_sec,
				  learning_now(engine), &facts);
	if (err)
		return err;
	take_facts(&facts, &evidence);
	err = say_evidence(engine, subject, &evidence,
			   is_enough(engine, part_of_rules(engine, &facts.facts)));
	evidence_facts_done(&facts);
	return err;
}

/* ---- a domain -------------------------------------------------------------------------------- */

static int take_sent(int64_t day, uint32_t messages, void *context)
{
	struct fleet_evidence *evidence = context;

	if (messages && evidence->day_count < FLEET_EVIDENCE_DAYS_MAX)
		evidence->days[evidence->day_count++] =
		    (struct fleet_evidence_day) { .day = day, .counts = { messages } };
	return 0;
}

static int say_domain(struct engine *engine, const char *name)
{
	const struct learn_settings *settings = learning_settings(engine);
	const struct learn_partner_settings *need = &settings->partner;
	const int64_t now_sec = learning_now(engine);
	const struct prefix place = fleet_evidence_place(name);
	struct fleet_evidence evidence = { .database = evidence_number(engine->learning->store),
					   .domain_count = 1 };
	uint64_t messages = 0;
	int err;

	if (learned_domain_refuse(engine, name) || strlen(name) >= sizeof(evidence.domains->name))
		return 0;
	memcpy(evidence.domains->name, name, strlen(name) + 1);
	err = evidence_walk_sent(engine->learning->store, name,
				 (now_sec - need->window_sec) / LEARN_DAY_SEC,
				 now_sec / LEARN_DAY_SEC, take_sent, &evidence);
	for (size_t i = 0; i < evidence.day_count; i++)
		messages += evidence.days[i].counts[EVIDENCE_SENT];
	return err ? err
		   : say_evidence(
			 engine, &place, &evidence,
			 is_enough(engine,
				   larger(part_of((double)messages, need->messages),
					  part_of((double)evidence.day_count, need->days))));
}

/* ---- many of them ---------------------------------------------------------------------------- */

/* What was not said is said on another day. @count: of what was said before. */
static void finish_saying(struct engine *engine, size_t count, int err)
{
	struct refusal refusal = { 0 };

	if (!err && engine->fleet->written.count > count)
		err = state_commit(engine->state);
	if (!err)
		return;
	fleet_fail(engine, err, NULL, &refusal);
	log_warning("fleet", "cannot tell other hosts what was seen here: %s",
		    refusal.message ? refusal.message : strerror(-err));
	refusal_done(&refusal);
}

void fleet_evidence_say(struct engine *engine, const struct prefix *subjects, size_t count)
{
	const size_t said_count = engine->fleet->written.count;
	int err = 0;

	if (!is_on(engine))
		return;
	for (size_t i = 0; i < count && !err; i++)
		err = say_address(engine, &subjects[i]);
	finish_saying(engine, said_count, err);
}

void fleet_evidence_say_domains(struct engine *engine, const struct lines *names)
{
	const size_t said_count = engine->fleet->written.count;
	int err = 0;

	if (!is_on(engine))
		return;
	for (size_t i = 0; i < names->count && !err; i++)
		err = say_domain(engine, names->items[i]);
	finish_saying(engine, said_count, err);
}

/* ---- what is to be looked at ------------------------------------------------------------------
 */

static int touch_subject(struct engine *engine, const struct fleet_record *record)
{
	struct evidence_store *store = engine->learning->store;
	struct fleet_evidence evidence;

	if (record->kind != FLEET_EVIDENCE || !fleet_has_learned(engine, record->list))
		return 0;
	if (!fleet_evidence_is_domain(&record->prefix))
		return evidence_touch(store, &record->prefix);
	return fleet_evidence_read(record, &evidence)
		   ? evidence_touch_domain(store, evidence.domains->name)
		   : 0;
}

void fleet_evidence_touch(struct engine *engine, const struct fleet_record *record)
{
	/* If it fails, the review of the next day finds it. */
	if (engine->learning->store)
		(void)touch_subject(engine, record);
}

static int touch_record(const struct fleet_record *record, bool is_held, void *context)
{
	(void)is_held;
	return touch_subject(context, record);
}

int fleet_evidence_touch_daily(struct engine *engine)
{
	struct engine_fleet *fleet = engine->fleet;
	const int64_t day = evidence_day(engine);
	int err;

	if (!fleet->replica || fleet->evidence_day == day)
		return 0;
	err = fleet_replica_walk(fleet->replica, touch_record, engine);
	if (!err)
		fleet->evidence_day = day;
	return err;
}
