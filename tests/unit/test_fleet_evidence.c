/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence in records: what is written is read, and nothing else is believed. */
#include "fleet/evidence.h"
#include "fleet_fixture.h"
#include "random_prefix.h"

#define TODAY (NOW_MS / 86400 / 1000)

static struct fleet_record record_of(const struct fleet_evidence *evidence, const char *prefix,
				     struct fleet_evidence_texts *texts)
{
	struct fleet_record record =
	    fleet_add("mx2", prefix, (uint64_t)NOW_MS << FLEET_COUNTER_BITS);

	record.kind = FLEET_EVIDENCE;
	record.expires_at_sec = (TODAY + 90) * 86400;
	fleet_evidence_write(evidence, texts, &record);
	return record;
}

static struct fleet_evidence one_day(void)
{
	struct fleet_evidence evidence = { .database = 0x1234, .last_sec = NOW_MS / 1000 };

	evidence.days[0] = (struct fleet_evidence_day) { .day = TODAY, .counts = { [1] = 3 } };
	evidence.day_count = 1;
	return evidence;
}

/* ---- packing ---------------------------------------------------------------------------- */

static struct fleet_evidence random_evidence(void)
{
	struct fleet_evidence evidence = { .database = random_number() >> 1,
					   .last_sec = TODAY * 86400 };
	int64_t day = TODAY;

	evidence.day_count = 1 + random_below(20);
	for (size_t i = 0; i < evidence.day_count; i++) {
		evidence.days[i].day = day;
		day -= 1 + random_below(random_chance(10) ? 900 : 3);
		evidence.days[i].counts[random_below(FLEET_EVIDENCE_KINDS)] = 1 + random_below(40);
		for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++)
			if (random_chance(20))
				evidence.days[i].counts[kind] =
				    1 + random_below(FLEET_EVIDENCE_COUNT_MAX);
	}
	evidence.domain_count = random_below(FLEET_EVIDENCE_DOMAINS_MAX + 1);
	for (size_t i = 0; i < evidence.domain_count; i++) {
		struct fleet_evidence_domain *domain = &evidence.domains[i];

		sprintf(domain->name, "d%zu-x.example", i);
		domain->is_server = random_chance(50);
		if (random_chance(70)) {
			domain->last_day = TODAY - random_below(10);
			domain->days =
			    (random_number() & ((UINT64_C(1) << FLEET_EVIDENCE_MASK_DAYS) - 1)) | 1;
		}
	}
	return evidence;
}

static void test_round_trip(void **state)
{
	(void)state;
	random_start("test_fleet_evidence");
	for (int i = 0; i < 2000; i++) {
		const struct fleet_evidence evidence = random_evidence();
		struct fleet_evidence again;
		struct fleet_evidence_texts texts;
		const struct fleet_record record = record_of(&evidence, "192.0.2.1/32", &texts);

		assert_true(fleet_evidence_read(&record, &again));
		assert_int_equal(again.database, evidence.database);
		assert_int_equal(again.last_sec, evidence.last_sec);
		assert_int_equal(again.domain_count, evidence.domain_count);
		for (size_t j = 0; j < again.domain_count; j++) {
			assert_string_equal(again.domains[j].name, evidence.domains[j].name);
			assert_int_equal(again.domains[j].last_day, evidence.domains[j].last_day);
			assert_int_equal(again.domains[j].days, evidence.domains[j].days);
			assert_int_equal(again.domains[j].is_server, evidence.domains[j].is_server);
		}
		/* The oldest days may be left out. */
		assert_true(again.day_count && again.day_count <= evidence.day_count);
		for (size_t j = 0; j < again.day_count; j++) {
			assert_int_equal(again.days[j].day, evidence.days[j].day);
			assert_memory_equal(again.days[j].counts, evidence.days[j].counts,
					    sizeof(again.days[j].counts));
		}
	}
}

/* Three months of a busy correspondent fit, with some seven bytes a day. */
static void test_size(void **state)
{
	struct fleet_evidence evidence = { .database = 1 };
	struct fleet_evidence_texts texts;

	(void)state;
	for (evidence.day_count = 0; evidence.day_count < 90; evidence.day_count++) {
		struct fleet_evidence_day *day = &evidence.days[evidence.day_count];

		day->day = TODAY - (int64_t)evidence.day_count;
		day->counts[1] = day->counts[4] = 3 + (uint32_t)evidence.day_count;
	}
	record_of(&evidence, "192.0.2.1/32", &texts);
	assert_true(strlen(texts.reason) <= 90 * 7);
}

/* ---- what is not believed ---------------------------------------------------------------- */

static bool is_believed(struct fleet_record record, const char *reason)
{
	struct fleet_texts texts;
	struct fleet_record again;
	char key[FLEET_KEY_BYTES], value[FLEET_VALUE_BYTES];

	if (reason)
		record.reason = reason;
	assert_true(fleet_record_format(&record, value) > 0);
	/* The same as what a host takes. */
	return fleet_record_parse("mx2", fleet_record_key(&record, key), value, &texts, &again) ==
	       0;
}

static void test_refused(void **state)
{
	struct fleet_evidence evidence = one_day();
	struct fleet_evidence_texts texts, larger;
	struct fleet_record record = record_of(&evidence, "192.0.2.1/32", &texts), other;
	static const char *const bad[] = { "x", ";", "0", "!!", "zzzzzzzzzzzzzzzzzzzz" };
	char text[FLEET_REASON_BYTES_MAX + 64];

	(void)state;
	assert_true(is_believed(record, NULL));
	/* Wrong packing. */
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(is_believed(record, bad[i]));
	snprintf(text, sizeof(text), "%s1", texts.reason);
	assert_false(is_believed(record, text));
	snprintf(text, sizeof(text), "%.*s", (int)strlen(texts.reason) - 1, texts.reason);
	assert_false(is_believed(record, text));
	snprintf(text, sizeof(text), "%s;BAD:000", texts.reason);
	assert_false(is_believed(record, text));
	snprintf(text, sizeof(text), "%s;good.example:001", texts.reason);
	assert_true(is_believed(record, text));
	snprintf(text, sizeof(text), "%s;good.example:010", texts.reason);
	assert_false(is_believed(record, text));
	/* A longer form of the same number. */
	snprintf(text, sizeof(text), "%.*sZ0", (int)strlen(texts.reason) - 1, texts.reason);
	assert_false(is_believed(record, text));
	/* A day in the future, or a message. */
	evidence.days[0].day = TODAY + 2;
	record_of(&evidence, "192.0.2.1/32", &larger);
	assert_false(is_believed(record, larger.reason));
	other = record;
	other.added_at_sec = (TODAY + 3) * 86400;
	assert_false(is_believed(other, NULL));
	/* Absurd counters are not even written. */
	evidence = one_day();
	evidence.days[0].counts[1] = UINT32_MAX;
	other = record_of(&evidence, "192.0.2.1/32", &larger);
	assert_true(fleet_evidence_read(&other, &evidence));
	assert_int_equal(evidence.days[0].counts[1], FLEET_EVIDENCE_COUNT_MAX);
	/* 1000000 and 1000001 */
	snprintf(text, sizeof(text), "%.*sWomU", (int)strlen(texts.reason) - 1, texts.reason);
	assert_true(is_believed(record, text));
	snprintf(text, sizeof(text), "%.*sXomU", (int)strlen(texts.reason) - 1, texts.reason);
	assert_false(is_believed(record, text));
	other = record;
	other.author = "mallory";
	assert_false(is_believed(other, NULL));
	other.author = "fffffffffffffffff";
	assert_false(is_believed(other, NULL));
	other = record;
	other.expires_at_sec = 0;
	assert_false(is_believed(other, NULL));
	other = record;
	other.op = FLEET_DEL;
	assert_false(is_believed(other, NULL));
	other = record;
	other.action = ACTION_BLOCK;
	assert_false(is_believed(other, NULL));
	other = record;
	other.prefix = fleet_prefix("192.0.2.0/24");
	assert_false(is_believed(other, NULL));
}

static void test_domain(void **state)
{
	struct fleet_evidence evidence = { .database = 1, .day_count = 1, .domain_count = 1 };
	struct fleet_evidence_texts texts;
	struct fleet_record record;

	(void)state;
	evidence.days[0] = (struct fleet_evidence_day) { .day = TODAY, .counts = { 2 } };
	strcpy(evidence.domains[0].name, "good.example");
	record = record_of(&evidence, "192.0.2.1/32", &texts);
	record.prefix = fleet_evidence_place("good.example");
	assert_true(fleet_evidence_is_domain(&record.prefix));
	assert_true(is_believed(record, NULL));
	/* That of another domain would be in its place. */
	record.prefix = fleet_evidence_place("other.example");
	assert_false(is_believed(record, NULL));
	evidence.days[0].counts[1] = 1;
	record = record_of(&evidence, "192.0.2.1/32", &texts);
	record.prefix = fleet_evidence_place("good.example");
	assert_false(is_believed(record, NULL));
}

/* Bytes that change at random are refused, or say something that could be true. */
static void test_damage(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct fleet_evidence evidence = random_evidence();
		struct fleet_evidence again;
		struct fleet_evidence_texts texts;
		const struct fleet_record record = record_of(&evidence, "192.0.2.1/32", &texts);

		texts.reason[random_below((unsigned int)strlen(texts.reason))] =
		    (char)('!' + random_below(90));
		if (!fleet_evidence_read(&record, &again))
			continue;
		for (size_t j = 0; j < again.day_count; j++) {
			assert_true(again.days[j].day > 0 && again.days[j].day <= TODAY + 1);
			for (int kind = 0; kind < FLEET_EVIDENCE_KINDS; kind++)
				assert_true(again.days[j].counts[kind] <= FLEET_EVIDENCE_COUNT_MAX);
		}
	}
}

/* ---- in a replica ------------------------------------------------------------------------- */

static size_t evidence_count(const struct fleet_replica *replica, const char *name)
{
	struct fleet_origin origin;

	for (size_t i = 0; i < fleet_replica_origin_count(replica); i++) {
		fleet_replica_get_origin(replica, i, &origin);
		if (!strcmp(origin.name, name))
			return origin.evidence_count;
	}
	return 0;
}

/* One host cannot fill the others. */
static void test_limit(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("mx1");
	const struct fleet_evidence evidence = one_day();
	struct fleet_evidence_texts texts;
	struct fleet_record record = record_of(&evidence, "10.0.0.0/32", &texts);
	struct fleet_taking taking;

	(void)state;
	for (uint32_t i = 0; i <= FLEET_EVIDENCE_MAX; i++) {
		for (size_t byte = 0; byte < 3; byte++)
			record.prefix.addr[1 + byte] = (uint8_t)(i >> (16 - 8 * byte));
		taking = take_record(replica, record);
		assert_int_equal(taking.evidence_count, i < FLEET_EVIDENCE_MAX);
		assert_int_equal(taking.full_count, i == FLEET_EVIDENCE_MAX);
	}
	assert_int_equal(evidence_count(replica, "mx2"), FLEET_EVIDENCE_MAX);
	/* What is there can still change, entries are taken, and so is the evidence of others. */
	record.prefix = fleet_prefix("10.0.0.0/32");
	record.version++;
	assert_int_equal(take_record(replica, record).evidence_count, 1);
	assert_int_equal(take_record(replica, fleet_add("mx2", "192.0.2.1/32", 9)).taken_count, 1);
	record.prefix = fleet_prefix("11.0.0.0/32");
	record.origin = "mx3";
	assert_int_equal(take_record(replica, record).evidence_count, 1);
	assert_int_equal(fleet_replica_forget(replica, NULL, "mx2", NOW_MS, NULL, NULL), 0);
	assert_int_equal(evidence_count(replica, "mx2"), 0);
	fleet_replica_free(replica);
}

/* It lists nothing, is no reason to hold anything, and no tombstone ends it. */
static void test_lists_nothing(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("mx1");
	const struct prefix place = fleet_prefix("192.0.2.1/32");
	const struct fleet_evidence evidence = one_day();
	struct fleet_evidence_texts texts;
	struct fleet_record record = record_of(&evidence, "192.0.2.1/32", &texts);
	size_t count = 0;

	(void)state;
	take_record(replica, record);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	assert_false(fleet_replica_is_live(replica, &record, NOW_MS));
	take_record(replica, fleet_remove(FLEET_DEL, "mx3", "192.0.2.1/32", record.version + 1));
	assert_int_equal(
	    fleet_replica_evidence(replica, "partners", &place, NOW_MS, count_record, &count), 0);
	assert_int_equal(count, 1);
	/* It expires. */
	count = 0;
	fleet_replica_evidence(replica, "partners", &place, (TODAY + 91) * 86400000, count_record,
			       &count);
	assert_int_equal(count, 0);
	record.op = FLEET_END;
	record.version++;
	assert_int_equal(take_record(replica, record).held_count, 0);
	fleet_replica_evidence(replica, "partners", &place, NOW_MS, count_record, &count);
	assert_int_equal(count, 0);
	fleet_replica_free(replica);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_size),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_domain),
		cmocka_unit_test(test_damage),	      cmocka_unit_test(test_limit),
		cmocka_unit_test(test_lists_nothing),
	};

	return cmocka_run_group_tests_name("evidence in records", tests, NULL, NULL);
}
