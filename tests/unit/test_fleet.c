/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a fleet as text, their clock and their MAC, and what a host makes of them. */
#include "fleet_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fleet/sign.h"

/* ---- text --------------------------------------------------------------------------- */

static void test_text(void **state)
{
	const struct fleet_record record = { .origin = "mx1.example",
					     .list = "partners",
					     .prefix = fleet_prefix("192.0.2.0/24"),
					     .kind = FLEET_MANUAL,
					     .version = 115998720000000001,
					     .added_at_sec = 1770000000,
					     .expires_at_sec = 1770003600,
					     .author = "anna",
					     .reason = "100 % of the invoices – \xc3\xbc",
					     .scope = { .only_hosts = "mx1.example,mx2",
							.not_hosts = "-" } };
	char key[FLEET_KEY_BYTES], value[FLEET_VALUE_BYTES];
	struct fleet_texts texts;
	struct fleet_record back;
	size_t bytes;

	(void)state;
	assert_string_equal(fleet_record_key(&record, key), "partners 192.0.2.0/24 manual");
	bytes = fleet_record_format(&record, value);
	assert_int_equal(bytes, strlen(value));
	assert_string_equal(value, "1 add 115998720000000001 allow 1770000000 1770003600 anna "
				   "100%20%25%20of%20the%20invoices%20–%20\xc3\xbc mx1.example,mx2 "
				   "%2D");
	/* A host cannot have this name. */
	assert_int_equal(fleet_record_parse("mx1.example", key, value, &texts, &back), -EINVAL);
	strcpy(strrchr(value, ' '), " -");
	assert_int_equal(fleet_record_parse("mx1.example", key, value, &texts, &back), 0);
	assert_string_equal(back.origin, record.origin);
	assert_string_equal(back.list, record.list);
	assert_int_equal(prefix_compare(&back.prefix, &record.prefix), 0);
	assert_true(back.version == record.version);
	assert_int_equal(back.expires_at_sec, record.expires_at_sec);
	assert_string_equal(back.author, record.author);
	assert_string_equal(back.reason, record.reason);
	assert_string_equal(back.scope.only_hosts, record.scope.only_hosts);
	assert_null(back.scope.not_hosts);
	assert_true(fleet_record_digest(&back) == fleet_record_digest(&record));
}

static void test_bad_text(void **state)
{
	static const char good_key[] = "partners 192.0.2.0/24 manual";
	static const char good[] = "1 add 5 allow 0 0 - - - -";
	static const struct {
		const char *origin, *key, *value;
	} bad[] = {
		{ "", good_key, good },
		{ "mx 1", good_key, good },
		{ "../x", good_key, good },
		{ "mx1", "", good },
		{ "mx1", "partners 192.0.2.1/24 manual", good },
		{ "mx1", "partners 192.0.2.0/24  manual", good },
		{ "mx1", "partners 192.0.2.0/24 manual ", good },
		{ "mx1", "partners 192.0.2.1 manual", good },
		{ "mx1", "partners 2001:DB8::/32 manual", good },
		{ "mx1", "-x 192.0.2.0/24 manual", good },
		{ "mx1", good_key, "" },
		{ "mx1", good_key, "1 add 5 allow 0 0 - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 - - - - -" },
		{ "mx1", good_key, "1  5 allow 0 0 - - - -" },
		{ "mx1", good_key, "1 add 0 allow 0 0 - - - -" },
		{ "mx1", good_key, "1 add 05 allow 0 0 - - - -" },
		{ "mx1", good_key, "1 add -5 allow 0 0 - - - -" },
		{ "mx1", good_key, "1 add 9223372036854775807 allow 0 0 - - - -" },
		{ "mx1", good_key, "1 add 5 pass 0 0 - - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 -1 - - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 a%2 - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 a%00 - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 %61 - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 a%0Ab - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 \xff - - -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 - - mx1, -" },
		{ "mx1", good_key, "1 add 5 allow 0 0 - - - ,mx1" },
		{ "mx1", "drop 0.0.0.0/0 manual", "1 add 5 block 0 0 - - - -" },
	};
	struct fleet_texts texts;
	struct fleet_record record;

	(void)state;
	assert_int_equal(fleet_record_parse("mx1", good_key, good, &texts, &record), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (fleet_record_parse(bad[i].origin, bad[i].key, bad[i].value, &texts, &record) !=
		    -EINVAL)
			fail_msg("\"%s\" \"%s\" \"%s\" was read", bad[i].origin, bad[i].key,
				 bad[i].value);
}

/* They are passed over, and are no sign of an attack. */
static void test_newer_text(void **state)
{
	static const char key[] = "partners 192.0.2.0/24 manual";
	static const char value[] = "1 add 5 allow 0 0 - - - -";
	static const struct {
		const char *key, *value;
	} newer[] = {
		{ "partners 192.0.2.0/24 weather", value },
		{ key, "2 add 5 allow 0 0 - - - - more" },
		{ key, "1 put 5 allow 0 0 - - - -" },
	};
	struct fleet_texts texts;
	struct fleet_record record;

	(void)state;
	for (size_t i = 0; i < sizeof(newer) / sizeof(*newer); i++)
		assert_int_equal(
		    fleet_record_parse("mx1", newer[i].key, newer[i].value, &texts, &record),
		    -ENOTSUP);
	assert_int_equal(
	    fleet_record_parse("mx1", "partners 192.0.2.0/24 protections", value, &texts, &record),
	    0);
	assert_int_equal(record.kind, FLEET_PROTECTIONS);
}

static void test_too_long(void **state)
{
	struct fleet_record record = fleet_add("mx1", "192.0.2.1/32", 5);
	char value[FLEET_VALUE_BYTES], reason[FLEET_REASON_BYTES_MAX + 2];

	(void)state;
	memset(reason, ' ', sizeof(reason));
	reason[FLEET_REASON_BYTES_MAX + 1] = '\0';
	record.reason = reason;
	assert_int_equal(fleet_record_format(&record, value), 0);
	record.reason = reason + 1;
	assert_int_equal(fleet_record_format(&record, value),
			 strlen("1 add 5 allow 1770000000 0 -  - -") + 3 * FLEET_REASON_BYTES_MAX);
}

/* ---- MAC ---------------------------------------------------------------------------- */

static void test_mac(void **state)
{
	const struct fleet_signer signer = { "a key of the fleet", "mail" };
	const struct fleet_signer others[] = { { "another key", "mail" },
					       { "a key of the fleet", "web" },
					       { "", "mail" } };
	char value[FLEET_SIGNED_BYTES] = "1 add 5 allow 0 0 - - - -";
	char copy[FLEET_SIGNED_BYTES];

	(void)state;
	assert_int_equal(fleet_sign(&signer, "mx1", "partners 192.0.2.0/24 manual", value), 0);
	/* printf 'mail\nmx1\npartners 192.0.2.0/24 manual\n1 add 5 allow 0 0 - - - -' |
	 * openssl dgst -sha256 -hmac 'a key of the fleet' */
	assert_string_equal(value, "1 add 5 allow 0 0 - - - - ead43e8e17e4ca8cb5c5c6dd5e012912");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		strcpy(copy, value);
		assert_false(
		    fleet_sign_check(&others[i], "mx1", "partners 192.0.2.0/24 manual", copy));
	}
	strcpy(copy, value);
	assert_false(fleet_sign_check(&signer, "mx2", "partners 192.0.2.0/24 manual", copy));
	strcpy(copy, value);
	assert_false(fleet_sign_check(&signer, "mx1", "partners 192.0.2.0/25 manual", copy));
	for (size_t i = 0; i < strlen(value); i++) {
		strcpy(copy, value);
		copy[i] ^= 1;
		assert_false(
		    fleet_sign_check(&signer, "mx1", "partners 192.0.2.0/24 manual", copy));
	}
	strcpy(copy, value);
	assert_true(fleet_sign_check(&signer, "mx1", "partners 192.0.2.0/24 manual", copy));
	assert_string_equal(copy, "1 add 5 allow 0 0 - - - -");
}

/* ---- clock -------------------------------------------------------------------------- */

static void test_clock(void **state)
{
	struct fleet_clock clock = { 0 };
	uint64_t before = 0;

	(void)state;
	/* It never goes back, though the wall clock does, nor stands still. */
	for (int64_t now_ms = NOW_MS; now_ms > NOW_MS - 1000; now_ms -= 7) {
		const uint64_t version = fleet_clock_next(&clock, now_ms);

		assert_true(version > before);
		before = version;
	}
	assert_int_equal(fleet_version_ms(before), NOW_MS);
	/* An hour ahead is followed, a century is not. */
	fleet_clock_see(&clock, NOW_MS, (uint64_t)(NOW_MS + 3600000) << FLEET_COUNTER_BITS);
	before = fleet_clock_next(&clock, NOW_MS);
	assert_int_equal(fleet_version_ms(before), NOW_MS + 3600000);
	fleet_clock_see(&clock, NOW_MS, (uint64_t)(2 * NOW_MS) << FLEET_COUNTER_BITS);
	assert_int_equal(fleet_version_ms(fleet_clock_next(&clock, NOW_MS)), NOW_MS + 3600000);
	/* But what replaces a record of that clock is later. */
	before = (uint64_t)(2 * NOW_MS) << FLEET_COUNTER_BITS;
	assert_true(fleet_clock_after(&clock, NOW_MS, before) == before + 1);
	assert_int_equal(fleet_version_ms(fleet_clock_next(&clock, NOW_MS)), NOW_MS + 3600000);
}

/* ---- merge -------------------------------------------------------------------------- */

static void test_several_origins(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("here");

	(void)state;
	take_record(replica, fleet_add("mx1", "192.0.2.1/32", 10));
	take_record(replica, fleet_add("mx2", "192.0.2.1/32", 11));
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 2);
	/* That one no longer lists it is no reason for the other. */
	take_record(replica, fleet_remove(FLEET_END, "mx1", "192.0.2.1/32", 20));
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	/* What is older than what is known changes nothing. */
	assert_int_equal(take_record(replica, fleet_add("mx1", "192.0.2.1/32", 15)).taken_count, 0);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	/* A tombstone removes what all have said before it, in whatever order it comes. */
	take_record(replica, fleet_remove(FLEET_DEL, "mx3", "192.0.2.1/32", 30));
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	take_record(replica, fleet_add("mx4", "192.0.2.1/32", 29));
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	take_record(replica, fleet_add("mx4", "192.0.2.1/32", 31));
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	fleet_replica_free(replica);
}

static void test_equal_times(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("here");
	struct fleet_record add = fleet_add("mx1", "192.0.2.1/32", 10);
	struct fleet_record del = fleet_remove(FLEET_DEL, "mx2", "192.0.2.1/32", 10);

	(void)state;
	take_record(replica, add);
	take_record(replica, del);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	fleet_replica_free(replica);
	add.action = del.action = ACTION_BLOCK;
	replica = fleet_replica_new("here");
	take_record(replica, add);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	take_record(replica, del);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	fleet_replica_free(replica);
}

static void test_write(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("here");
	struct fleet_record record = fleet_add("ignored", "192.0.2.1/32", 0);
	const uint64_t absurd = (uint64_t)(2 * NOW_MS) << FLEET_COUNTER_BITS;
	const struct fleet_record *own;

	(void)state;
	take_record(replica, fleet_add("mx1", "192.0.2.1/32", absurd));
	record.op = FLEET_DEL;
	assert_int_equal(fleet_replica_write(replica, NULL, &record, NOW_MS), 0);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	own = fleet_replica_find(replica, "here", "partners", &record.prefix, FLEET_MANUAL);
	assert_non_null(own);
	assert_true(own->version > absurd);
	assert_string_equal(own->origin, "here");
	/* The clock of the host that is a lifetime ahead is not followed elsewhere. */
	record.prefix = fleet_prefix("192.0.2.2/32");
	assert_int_equal(fleet_replica_write(replica, NULL, &record, NOW_MS), 0);
	own = fleet_replica_find(replica, "here", "partners", &record.prefix, FLEET_MANUAL);
	assert_int_equal(fleet_version_ms(own->version), NOW_MS);
	fleet_replica_free(replica);
}

/* ---- held --------------------------------------------------------------------------- */

static void name_address(char text[PREFIX_TEXT_BYTES], size_t number)
{
	snprintf(text, PREFIX_TEXT_BYTES, "192.0.%zu.%zu/32", number / 256, number % 256);
}

static struct fleet_replica *replica_of(const char *origin, size_t count)
{
	struct fleet_replica *replica = fleet_replica_new("here");
	char address[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++) {
		name_address(address, i);
		take_record(replica, fleet_add(origin, address, 10 + i));
	}
	return replica;
}

static size_t live_of(const struct fleet_replica *replica)
{
	size_t count = 0;

	assert_int_equal(fleet_replica_walk_live(replica, NOW_MS, count_record, &count), 0);
	return count;
}

static struct fleet_taking remove_addresses(struct fleet_replica *replica, const char *origin,
					    size_t from, size_t count, int64_t now_ms)
{
	const struct guard_limits limits = { .max_removed_entries = 20, .max_removed_share = 50 };
	struct fleet_record records[256];
	char address[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < count; i++) {
		name_address(address, from + i);
		records[i] = fleet_remove(FLEET_DEL, origin, address, 100000 + i);
	}
	return take_records(replica, &limits, now_ms, records, count);
}

static void test_held(void **state)
{
	struct fleet_replica *replica = replica_of("mx1", 100);
	struct fleet_taking taking = remove_addresses(replica, "mx2", 0, 21, NOW_MS);
	struct fleet_origin origin;

	(void)state;
	assert_int_equal(taking.held_count, 21);
	assert_int_equal(live_of(replica), 100);
	fleet_replica_get_origin(replica, 2, &origin);
	assert_string_equal(origin.name, "mx2");
	assert_int_equal(origin.held_count, 21);
	/* The origin has what it says, whether or not it is in effect here. */
	assert_int_equal(origin.count, 21);
	/* The same again is nothing new. */
	assert_int_equal(remove_addresses(replica, "mx2", 0, 21, NOW_MS).taken_count, 0);
	/* While they are held, so is what the origin removes besides, however late. */
	assert_int_equal(remove_addresses(replica, "mx2", 21, 5, NOW_MS + 600000).held_count, 5);
	/* Another origin may remove some. */
	assert_int_equal(remove_addresses(replica, "mx3", 50, 20, NOW_MS).held_count, 0);
	assert_int_equal(live_of(replica), 80);
	/* It has had its share of these ten minutes. */
	assert_int_equal(remove_addresses(replica, "mx3", 70, 1, NOW_MS + 599999).held_count, 1);
	assert_int_equal(remove_addresses(replica, "mx3", 71, 1, NOW_MS + 600000).held_count, 0);
	assert_int_equal(live_of(replica), 79);
	/* An entry that is added again is no longer about to go. */
	take_record(replica, fleet_add("mx2", "192.0.0.0/32", 200000));
	fleet_replica_get_origin(replica, 2, &origin);
	assert_int_equal(origin.held_count, 25);
	assert_int_equal(fleet_replica_accept(replica, NULL, "mx2", NOW_MS), 0);
	assert_int_equal(live_of(replica), 79 - 25 + 1);
	fleet_replica_get_origin(replica, 2, &origin);
	assert_int_equal(origin.held_count, 0);
	fleet_replica_free(replica);
}

static void test_held_share(void **state)
{
	struct fleet_replica *replica = replica_of("mx1", 9);

	(void)state;
	/* Four are few. */
	assert_int_equal(remove_addresses(replica, "mx2", 0, 4, NOW_MS).held_count, 0);
	assert_int_equal(live_of(replica), 5);
	assert_int_equal(remove_addresses(replica, "mx2", 4, 1, NOW_MS).held_count, 1);
	assert_int_equal(live_of(replica), 5);
	/* A removal that takes nothing is not held. */
	assert_int_equal(remove_addresses(replica, "mx2", 100, 200, NOW_MS).held_count, 0);
	fleet_replica_free(replica);
}

/* ---- forgotten ---------------------------------------------------------------------- */

static void test_forget(void **state)
{
	struct fleet_replica *replica = fleet_replica_new("here");
	const uint64_t long_ago = (uint64_t)(NOW_MS - FLEET_KEEP_MS - 1) << FLEET_COUNTER_BITS;
	struct fleet_record record = fleet_add("mx1", "192.0.2.1/32", long_ago);
	struct fleet_origin origin;
	size_t count = 0;

	(void)state;
	take_record(replica, record);
	record.prefix = fleet_prefix("192.0.2.2/32");
	record.expires_at_sec = (NOW_MS - FLEET_KEEP_MS) / 1000 - 1;
	take_record(replica, record);
	record = fleet_remove(FLEET_DEL, "mx1", "192.0.2.3/32", long_ago);
	take_record(replica, record);
	record = fleet_remove(FLEET_DEL, "mx1", "192.0.2.4/32", long_ago + (1 << 20));
	take_record(replica, record);
	assert_int_equal(fleet_replica_forget(replica, NULL, NULL, NOW_MS, count_record, &count),
			 0);
	assert_int_equal(count, 2);
	fleet_replica_get_origin(replica, 1, &origin);
	assert_int_equal(origin.count, 2);
	/* An entry without an expiry is never old. */
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 1);
	assert_int_equal(fleet_replica_forget(replica, NULL, "mx1", NOW_MS, NULL, NULL), 0);
	assert_int_equal(live_count(replica, "192.0.2.1/32"), 0);
	fleet_replica_get_origin(replica, 1, &origin);
	assert_int_equal(origin.count, 0);
	assert_true(origin.digest == 0);
	fleet_replica_free(replica);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	    cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_too_long),    cmocka_unit_test(test_mac),
		cmocka_unit_test(test_clock),	    cmocka_unit_test(test_several_origins),
		cmocka_unit_test(test_equal_times), cmocka_unit_test(test_write),
		cmocka_unit_test(test_held),	    cmocka_unit_test(test_held_share),
		cmocka_unit_test(test_forget),	    cmocka_unit_test(test_newer_text),
	};

	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
