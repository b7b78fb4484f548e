/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a lane is up, look by look. */
#include "core/lane.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lane_look good = { .is_there = true, .waiting = 79, .waiting_max = 100 };
static const struct lane_look full = { .is_there = true, .waiting = 80, .waiting_max = 100 };
static const struct lane_look gone = { .is_there = false };
static const struct lane_look public = { .is_there = true, .is_public = true, .waiting_max = 100 };
static const struct lane_look silent = { .err = -EMFILE };

static bool note(struct lane_health *health, const struct lane_look *look)
{
	lane_health_note(health, look, false);
	return health->is_up;
}

static void assert_reason(const struct lane_health *health, const char *expected)
{
	const struct lane lane = { .mail_port = 25 };
	char text[LANE_REASON_BYTES];

	assert_ptr_equal(lane_health_explain(health, &lane, text), text);
	assert_non_null(strstr(text, expected));
}

static void test_first_look_decides(void **state)
{
	struct lane_health health = { 0 };

	(void)state;
	assert_reason(&health, "not been checked");
	assert_true(note(&health, &good));
	health = (struct lane_health) { 0 };
	assert_false(note(&health, &full));
	assert_reason(&health, "80 of 100");
	health = (struct lane_health) { 0 };
	assert_false(note(&health, &gone));
	assert_reason(&health, "nobody listens");
	health = (struct lane_health) { 0 };
	assert_false(note(&health, &silent));
	assert_reason(&health, strerror(EMFILE));
}

static void test_back_after_ten(void **state)
{
	const struct lane_look *const bad[] = { &full, &gone, &public };
	struct lane_health health = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		health = (struct lane_health) { 0 };
		assert_true(note(&health, &good));
		assert_false(note(&health, bad[i]));
		for (int look = 1; look < LANE_GOOD_LOOKS; look++)
			assert_false(note(&health, &good));
		assert_reason(&health, "it has recovered");
		/* One bad look begins anew. */
		assert_false(note(&health, bad[i]));
		for (int look = 1; look < LANE_GOOD_LOOKS; look++)
			assert_false(note(&health, &good));
		assert_true(note(&health, &good));
	}
}

static void test_no_answer(void **state)
{
	struct lane_health health = { 0 };

	(void)state;
	assert_true(note(&health, &good));
	for (int look = 0; look < LANE_SILENT_LOOKS; look++)
		assert_true(note(&health, &silent));
	assert_true(note(&health, &good));
	for (int look = 0; look < LANE_SILENT_LOOKS; look++)
		assert_true(note(&health, &silent));
	assert_false(note(&health, &silent));
	assert_reason(&health, strerror(EMFILE));
	assert_false(note(&health, &good));
	/* A lane that is off does not come up because nothing is known. */
	assert_false(note(&health, &silent));
}

static void test_public(void **state)
{
	struct lane_health health = { 0 };

	(void)state;
	assert_false(note(&health, &public));
	assert_reason(&health, "allow_public");
	health = (struct lane_health) { 0 };
	lane_health_note(&health, &public, true);
	assert_true(health.is_up);
}

static void test_queue_without_places(void **state)
{
	const struct lane_look empty = { .is_there = true };
	const struct lane_look one = { .is_there = true, .waiting = 1 };
	struct lane_health health = { 0 };

	(void)state;
	assert_true(note(&health, &empty));
	assert_false(note(&health, &one));
}

static struct lane_end end_of(const char *address, uint16_t port)
{
	struct lane_end end = { .port = port };

	assert_int_equal(prefix_parse(address, strlen(address), &end.address, NULL), PREFIX_OK);
	return end;
}

static void test_text(void **state)
{
	const struct lane_end ipv4 = end_of("127.0.0.1", 10025), ipv6 = end_of("::1", 65535);
	char text[LANE_END_BYTES];

	(void)state;
	assert_string_equal(lane_end_format(&ipv4, text), "127.0.0.1:10025");
	assert_string_equal(lane_end_format(&ipv6, text), "[::1]:65535");
}

static bool is_loopback(const char *address)
{
	const struct lane_end end = end_of(address, 1);

	return lane_address_is_loopback(&end.address);
}

static void test_loopback(void **state)
{
	(void)state;
	assert_true(is_loopback("127.0.0.1"));
	assert_true(is_loopback("127.255.0.9"));
	assert_true(is_loopback("::1"));
	assert_false(is_loopback("128.0.0.1"));
	assert_false(is_loopback("0.0.0.0"));
	assert_false(is_loopback("::2"));
}

static void test_same(void **state)
{
	struct lane a = { .mail_port = 25 }, b;

	(void)state;
	a.ends[FAMILY_IPV4] = end_of("127.0.0.1", 10025);
	b = a;
	/* The address of an end without a port means nothing. */
	b.ends[FAMILY_IPV6].address = end_of("::1", 0).address;
	assert_true(lane_is_same(&a, &b));
	b.ends[FAMILY_IPV6].port = 1;
	assert_false(lane_is_same(&a, &b));
	b = a;
	b.ends[FAMILY_IPV4].address = end_of("127.0.0.2", 0).address;
	assert_false(lane_is_same(&a, &b));
	b = a;
	b.is_monitor = true;
	assert_false(lane_is_same(&a, &b));
	b = a;
	b.allows_public = true;
	assert_false(lane_is_same(&a, &b));
	b = a;
	b.mail_port = 587;
	assert_false(lane_is_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_look_decides),
		cmocka_unit_test(test_back_after_ten),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_queue_without_places),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
