/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Engines of several hosts of a fleet that learn, one after the other, and what is at their server.
 */
#ifndef FLEET_HOSTS_FIXTURE_H
#define FLEET_HOSTS_FIXTURE_H

#include "engine/fleet.h"
#include "fleet/evidence.h"
#include "learned_fixture.h"

#define HOSTS 4
#define RECORDS_MAX 4096
#define RULES "  mode: auto\n  rules: [reply, partner, reputation, report]\n"

/* What is at the server. */
static struct fleet_record *records[RECORDS_MAX];
static size_t record_count;

static FIXTURE_UNUSED void forget_records(void)
{
	while (record_count)
		free(records[--record_count]);
}

static FIXTURE_UNUSED void go_to(const char *host, const char *more)
{
	char keys[1024];

	snprintf(keys, sizeof(keys),
		 RULES
		 "fleet: {name: mail, host: %s, url: 'redis://127.0.0.1', key_file: /key%s}\n",
		 host, more);
	learn_configure(keys);
	fixture_start_engine();
}

static FIXTURE_UNUSED void leave(const char *host)
{
	char path[64];

	fixture_stop_engine();
	fake_exists = false;
	snprintf(path, sizeof(path), "state.%s", host);
	assert_int_equal(rename("state", path), 0);
}

static FIXTURE_UNUSED void come_back(const char *host)
{
	char path[64];

	snprintf(path, sizeof(path), "state.%s", host);
	(void)rename(path, "state");
	go_to(host, "");
}

/* Put what the host says to the server. Return: how many records. */
static FIXTURE_UNUSED size_t publish(void)
{
	struct refusal refusal = { 0 };
	struct fleet_records said;
	bool is_all;
	size_t count;

	assert_int_equal(engine_fleet_publish(fixture_engine, &said, &is_all, &refusal), 0);
	count = said.count;
	for (size_t i = 0; i < count; i++) {
		assert_true(record_count < RECORDS_MAX);
		records[record_count++] = fleet_record_copy(said.items[i]);
	}
	fleet_records_done(&said);
	return count;
}

static FIXTURE_UNUSED void take_all(void)
{
	struct refusal refusal = { 0 };
	struct fleet_taking taking;

	assert_int_equal(engine_fleet_take(fixture_engine,
					   (const struct fleet_record *const *)records,
					   record_count, true, &taking, &refusal),
			 0);
}

static FIXTURE_UNUSED int begin(void **state)
{
	(void)state;
	for (int host = 0; host <= HOSTS; host++) {
		char path[64];

		snprintf(path, sizeof(path), "state.mx%d", host);
		nftw(path, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	}
	nftw("state", fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	fake_exists = fake_refuses = false;
	first_sec = (time_now_sec() / DAY - 80) * DAY + DAY / 2;
	return 0;
}

static FIXTURE_UNUSED int end(void **state)
{
	(void)state;
	if (fixture_engine)
		fixture_stop_engine();
	forget_records();
	return 0;
}

/* Say what is evidence of others to this host: that mx2 has accepted messages on a day. */
static FIXTURE_UNUSED struct fleet_record said_by(const char *origin, const char *address,
						  uint32_t messages, int64_t day,
						  struct fleet_evidence_texts *texts)
{
	struct fleet_evidence evidence = { .database = 77, .last_sec = at(day), .day_count = 1 };
	struct fleet_record record = { .origin = origin,
				       .list = "partners",
				       .prefix = fixture_prefix(address),
				       .kind = FLEET_EVIDENCE,
				       .version = (uint64_t)time_now_ms() << FLEET_COUNTER_BITS,
				       .action = ACTION_ALLOW,
				       .expires_at_sec = at(day) + 90 * DAY };

	evidence.days[0].day = at(day) / DAY;
	evidence.days[0].counts[EVIDENCE_ACCEPTED] = messages;
	fleet_evidence_write(&evidence, texts, &record);
	return record;
}

static FIXTURE_UNUSED void take_one(const struct fleet_record *record)
{
	const struct fleet_record *const pointers[] = { record };
	struct refusal refusal = { 0 };
	struct fleet_taking taking;

	assert_int_equal(engine_fleet_take(fixture_engine, pointers, 1, true, &taking, &refusal),
			 0);
	review();
}

static FIXTURE_UNUSED struct learn_explanation explain(const char *address)
{
	const struct prefix prefix = fixture_prefix(address);
	struct learn_explanation explanation;
	struct refusal refusal = { 0 };

	assert_int_equal(engine_explain_address(fixture_engine, &prefix, &explanation, &refusal),
			 0);
	return explanation;
}

static FIXTURE_UNUSED uint32_t accepted_of(const char *address)
{
	struct learn_explanation explanation = explain(address);
	uint32_t sum = 0;

	for (size_t i = 0; i < explanation.day_count; i++)
		sum += explanation.days[i].counts[EVIDENCE_ACCEPTED];
	learn_explanation_done(&explanation);
	return sum;
}

#endif
