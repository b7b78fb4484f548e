/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of the kernel: read, named by a policy, and never trusted in their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/attempt.h"
#include "rule_list.h"

#define EPOCH_NS 1700000000000000000

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

static void assert_prefix(const struct prefix *prefix, const char *text)
{
	struct prefix expected = prefix_of(text);

	assert_int_equal(prefix_compare(prefix, &expected), 0);
}

/* A SYN with 4 bytes of options and 6 of data behind an Ethernet header and @tag_bytes. */
static struct ipwl_event event4(uint16_t tag_bytes)
{
	static const uint8_t segment[] = {
		0x45, 0,   0,  50,   0,	   0, 0,  0, 64, 6,    0,   0,	 192, 0,   2,  7,    203,
		0,    113, 25, 0x9c, 0x40, 0, 25, 1, 2,	 3,    4,   0,	 0,   0,   0,  0x60, 2,
		0,    0,   0,  0,    0,	   0, 2,  4, 5,	 0xb4, 'E', 'H', 'L', 'O', 13, 10,
	};
	struct ipwl_event event = {
		.time_ns = 5000,
		.source = { 192, 0, 2, 7 },
		.port_from = 40000,
		.port_to = 25,
		.ifindex = 3,
		.rule = 17,
		.list = 2,
		.family = IPWL_FAMILY_IPV4,
		.verdict = IPWL_BLOCK,
		.bytes = 14U + tag_bytes + sizeof(segment),
		.left_out = 6,
		.ip_offset = (uint16_t)(14 + tag_bytes),
		.packet_bytes = (uint16_t)(14 + tag_bytes + sizeof(segment)),
	};

	memcpy(event.packet + event.ip_offset, segment, sizeof(segment));
	return event;
}

static void test_ipv4(void **state)
{
	struct ipwl_event event = event4(8);
	struct attempt attempt;

	(void)state;
	assert_true(attempt_read(&event, EPOCH_NS, &attempt));
	assert_true(attempt.at_ns == EPOCH_NS + 5000);
	assert_prefix(&attempt.source, "192.0.2.7/32");
	assert_prefix(&attempt.destination, "203.0.113.25/32");
	assert_int_equal(attempt.port_from, 40000);
	assert_int_equal(attempt.port_to, 25);
	assert_int_equal(attempt.verdict, IPWL_BLOCK);
	assert_int_equal(attempt.ifindex, 3);
	assert_int_equal(attempt.bytes, event.bytes);
	assert_int_equal(attempt.left_out, 6);
	assert_int_equal(attempt.slot, 2);
	assert_int_equal(attempt.rule, 17);
	assert_string_equal(attempt.list, "");
	assert_false(attempt.has_entry);
	assert_int_equal(attempt_header_bytes(&event), 14 + 8 + 20 + 24);
}

static void test_ipv6(void **state)
{
	struct ipwl_event event = { .source = { 0x20, 1, 0xd, 0xb8, [15] = 7 },
				    .family = IPWL_FAMILY_IPV6,
				    .verdict = IPWL_WOULD_BLOCK,
				    .ip_offset = 14,
				    .packet_bytes = 14 + 40 + 20 + 9 };
	struct attempt attempt;

	(void)state;
	event.packet[14] = 0x60;
	event.packet[14 + 6] = 6;
	memcpy(event.packet + 14 + 24, (uint8_t[16]) { 0x20, 1, 0xd, 0xb8, [15] = 25 }, 16);
	event.packet[14 + 40 + 12] = 0x50;
	assert_true(attempt_read(&event, 0, &attempt));
	assert_prefix(&attempt.source, "2001:db8::7/128");
	assert_prefix(&attempt.destination, "2001:db8::19/128");
	assert_int_equal(attempt_header_bytes(&event), 14 + 40 + 20);
}

/* Whatever was captured, and whatever is in it. */
static void test_bytes_of_anybody(void **state)
{
	struct attempt attempt;

	(void)state;
	srandom(4711);
	for (int i = 0; i < 200000; i++) {
		/* On the heap, so that a reader past the end is found. */
		struct ipwl_event *event = malloc(sizeof(*event));
		uint8_t *bytes = (uint8_t *)event;

		assert_non_null(event);
		for (size_t j = 0; j < sizeof(*event); j++)
			bytes[j] = (uint8_t)random();
		event->family = (uint8_t)(random() % 4);
		event->verdict = (uint8_t)(random() % (IPWL_VERDICT_COUNT + 2));
		event->packet_bytes = (uint16_t)(random() % (IPWL_EVENT_PACKET_BYTES + 20));
		if (random() % 2)
			event->ip_offset %= IPWL_EVENT_PACKET_BYTES;
		if (attempt_read(event, 0, &attempt)) {
			assert_true(event->family == IPWL_FAMILY_IPV4 ||
				    event->family == IPWL_FAMILY_IPV6);
			assert_true(event->verdict >= IPWL_AVERTED &&
				    event->verdict < IPWL_VERDICT_COUNT);
			assert_true(attempt_header_bytes(event) <= IPWL_EVENT_PACKET_BYTES);
			assert_true(!attempt.destination.len ||
				    event->ip_offset + 20 <= event->packet_bytes);
		}
		free(event);
	}
}

static void test_destination_not_captured(void **state)
{
	struct ipwl_event event = event4(0);
	struct attempt attempt;

	(void)state;
	event.packet_bytes = 14 + 19;
	assert_true(attempt_read(&event, 0, &attempt));
	assert_int_equal(attempt.destination.len, 0);
	assert_int_equal(attempt_header_bytes(&event), 14 + 19);
}

/* ---- names ------------------------------------------------------------------ */

static struct policy *make_policy(uint16_t slot, enum action action)
{
	const struct rule rules[] = { { prefix_of("192.0.0.0/16"), 16 },
				      { prefix_of("192.0.2.0/24"), 17 } };
	struct policy *policy = policy_new();
	struct list *list = policy_add_list(policy, "drop", action);

	list_set_rules(list, rules, 2);
	list->slot = slot;
	return policy;
}

static struct attempt resolve(struct ipwl_event event, uint16_t slot, enum action action)
{
	struct policy *policy = make_policy(slot, action);
	struct attempt attempt;

	assert_true(attempt_read(&event, 0, &attempt));
	attempt_resolve(&attempt, policy);
	policy_free(policy);
	return attempt;
}

static void test_names(void **state)
{
	struct ipwl_event event = event4(0);
	struct attempt attempt = resolve(event, 2, ACTION_BLOCK);

	(void)state;
	assert_string_equal(attempt.list, "drop");
	assert_true(attempt.has_entry);
	assert_prefix(&attempt.entry, "192.0.2.0/24");
	/* Another entry of the list has the id, and does not contain the source. */
	event.source[1] = 1;
	attempt = resolve(event, 2, ACTION_BLOCK);
	assert_string_equal(attempt.list, "drop");
	assert_false(attempt.has_entry);
	/* The slot has become another list's. */
	event = event4(0);
	attempt = resolve(event, 3, ACTION_BLOCK);
	assert_string_equal(attempt.list, "");
	assert_false(attempt.has_entry);
	attempt = resolve(event, 2, ACTION_ALLOW);
	assert_string_equal(attempt.list, "");
	/* The allow list averts. */
	event.verdict = IPWL_AVERTED;
	attempt = resolve(event, 2, ACTION_ALLOW);
	assert_string_equal(attempt.list, "drop");
	assert_true(attempt.has_entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_bytes_of_anybody),
		cmocka_unit_test(test_destination_not_captured),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
