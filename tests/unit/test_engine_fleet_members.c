/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host changes its fleet or its name, and what is remembered of the last contact. */
#include "engine_fleet_fixture.h"

#define OTHER_FLEET "fleet: {name: web, host: mx1, url: 'redis://127.0.0.1', key_file: /key}\n"
#define OTHER_HOST(host)                                                                           \
	"fleet: {name: mail, host: " host ", url: 'redis://127.0.0.1', key_file: /key}\n"

static void join(const char *fleet)
{
	char text[1024];

	sprintf(text, "%s" FLEET_LISTS, fleet);
	fixture_configure(text);
	assert_int_equal(reload(true), OUTCOME_OK);
}

/* What this host knows: "HOST op list prefix source", a line each, in the order of @texts. */
static int note_record(const struct fleet_record *record, bool is_held, void *context)
{
	char line[512], key[FLEET_KEY_BYTES], *text = context;

	assert_false(is_held);
	sprintf(line, "%s %s %s\n", record->origin, fleet_op_names[record->op],
		fleet_record_key(record, key));
	strcat(text, line);
	return 0;
}

static void assert_knows(size_t count, const char *const lines[])
{
	char text[4096] = "";
	size_t bytes = 0;

	assert_int_equal(
	    fleet_replica_walk(engine_fleet_replica(fixture_engine), note_record, text), 0);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(strstr(text, lines[i]));
		bytes += strlen(lines[i]);
	}
	assert_int_equal(strlen(text), bytes);
}

#define KNOWS(...)                                                                                 \
	assert_knows(sizeof((const char *const[]) { __VA_ARGS__ }) / sizeof(char *),               \
		     (const char *const[]) { __VA_ARGS__ })

/* Another fleet gets only what this host says itself, and the former one is not forgotten. */
static void test_another_fleet(void **state)
{
	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\n");
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.2/32", 1));
	assert_true(engine_fleet_is(fixture_engine, "mail", "mx1"));
	join(OTHER_FLEET);
	assert_true(engine_fleet_is(fixture_engine, "web", "mx1"));
	assert_false(fake_has("partners", "192.0.2.2"));
	assert_published("add partners 192.0.2.1/32 manual\n");
	KNOWS("mx1 add partners 192.0.2.1/32 manual\n");
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.3/32", 1));
	/* What is removed meanwhile is removed there, too. */
	assert_int_equal(delete ("partners", "192.0.2.1"), OUTCOME_OK);
	assert_published("end partners 192.0.2.1/32 manual\n");
	restart();
	KNOWS("mx1 end partners 192.0.2.1/32 manual\n", "mx2 add partners 192.0.2.3/32 manual\n");
	join(FLEET(""));
	assert_true(fake_has("partners", "192.0.2.2"));
	assert_false(fake_has("partners", "192.0.2.3"));
	assert_published("end partners 192.0.2.1/32 manual\n");
	KNOWS("mx1 end partners 192.0.2.1/32 manual\n", "mx2 add partners 192.0.2.2/32 manual\n");
}

/* Entries of others stay in force. What the former name said is as if another host had said it;
 * what the new name said was said by somebody else, and is not ended. */
static void test_another_name(void **state)
{
	struct fleet_records records;
	struct refusal refusal = { 0 };
	bool is_all;

	(void)state;
	assert_int_equal(add("partners", "192.0.2.1", 0), OUTCOME_OK);
	assert_published("add partners 192.0.2.1/32 manual\n");
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.2/32", 1));
	take(said(FLEET_ADD, "mx3", "partners", "192.0.2.3/32", 1));
	join(OTHER_HOST("mx2"));
	assert_true(fake_has("partners", "192.0.2.3"));
	assert_int_equal(engine_fleet_publish(fixture_engine, &records, &is_all, &refusal), 0);
	assert_int_equal(records.count, 1);
	assert_string_equal(records.items[0]->origin, "mx2");
	fleet_records_done(&records);
	for (int i = 0; i < 2; i++) {
		KNOWS("mx1 add partners 192.0.2.1/32 manual\n",
		      "mx2 add partners 192.0.2.1/32 manual\n",
		      "mx3 add partners 192.0.2.3/32 manual\n");
		restart();
	}
	/* From the server, as after a restored backup. */
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.2/32", 1));
	assert_true(has_manual("partners", "192.0.2.2"));
}

static void keep_contact(int64_t last_ms, int64_t return_ms)
{
	const struct fleet_contact contact = { last_ms, return_ms };
	struct refusal refusal = { 0 };

	assert_int_equal(engine_fleet_keep_contact(fixture_engine, &contact, &refusal), 0);
}

static void assert_contact(int64_t last_ms, int64_t return_ms)
{
	struct fleet_contact contact;

	engine_fleet_get_contact(fixture_engine, &contact);
	assert_int_equal(contact.last_ms, last_ms);
	assert_int_equal(contact.return_ms, return_ms);
}

static void test_contact(void **state)
{
	(void)state;
	assert_contact(0, 0);
	keep_contact(base_ms, 17);
	restart();
	assert_contact(base_ms, 17);
	join(OTHER_FLEET);
	assert_contact(0, 0);
	keep_contact(5, 0);
	join(OTHER_HOST("mx9"));
	assert_contact(base_ms, 17);
	restart();
	assert_contact(base_ms, 17);
}

/* A fleet that was left long ago is forgotten. */
static void test_prune(void **state)
{
	struct refusal refusal = { 0 };

	(void)state;
	take(said(FLEET_ADD, "mx2", "partners", "192.0.2.2/32", 1));
	for (int i = 0; i < 2; i++) {
		keep_contact(base_ms - (i ? FLEET_KEEP_MS + 1 : 0), 0);
		join(OTHER_FLEET);
		take(said(FLEET_ADD, "mx2", "partners", "192.0.2.3/32", 1));
		assert_int_equal(engine_fleet_prune(fixture_engine, &refusal), 0);
		assert_true(fake_has("partners", "192.0.2.3"));
		keep_contact(base_ms, 0);
		join(FLEET(""));
		assert_int_equal(fake_has("partners", "192.0.2.2"), !i);
	}
	assert_contact(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_another_fleet, begin, end),
		cmocka_unit_test_setup_teardown(test_another_name, begin, end),
		cmocka_unit_test_setup_teardown(test_contact, begin, end),
		cmocka_unit_test_setup_teardown(test_prune, begin, end),
	};

	return cmocka_run_group_tests_name("engine fleet members", tests, fixture_open,
					   fixture_close);
}
