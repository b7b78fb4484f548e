/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers to SYNs: what is answered, and how. Each answer is read by a parser of its own. Random
 * packets show that nothing else is ever answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "lib_answer.h"
#include "lib_fixture.h"
#include "lib_random.h"
#include "lib_scenario.h"

#define ROUNDS 20000
#define RESET_FLAGS (TCP_RST | TCP_ACK)
#define TCP_BYTES 20

static struct scenario scenario;

/* Lists that answer, that drop, that only monitor, and that allow. */
static void make_scenario(bool enforce)
{
	const uint16_t ports[] = { 25, 587 };
	struct scenario_list *list;

	scenario_done(&scenario);
	scenario = (struct scenario) { .enforce = enforce, .port_count = 2 };
	memcpy(scenario.ports, ports, sizeof(ports));
	scenario_add(&scenario, "good", ACTION_ALLOW, "192.0.2.1 2001:db8::1");
	list = scenario_add(&scenario, "answers", ACTION_BLOCK,
			    "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2 240.0.0.0/4 127.0.0.0/8 "
			    "0.0.0.0/8 ff00::/8 ::/127");
	list->on_block = ON_BLOCK_RESET;
	list = scenario_add(&scenario, "watches", ACTION_BLOCK, "192.0.2.3 2001:db8::3");
	list->on_block = ON_BLOCK_RESET;
	list->is_monitor = true;
	scenario_add(&scenario, "drops", ACTION_BLOCK, "192.0.2.4 2001:db8::4");
}

static int setup(void **state)
{
	fixture_setup(state);
	make_scenario(true);
	fixture_apply(*state, &scenario, APPLY_REBUILD);
	return 0;
}

static int teardown(void **state)
{
	fixture_teardown(state);
	scenario_done(&scenario);
	return 0;
}

/* ---- what an answer must be --------------------------------------------------- */

static void check_tcp(const uint8_t *question, const uint8_t *answer, uint32_t pseudo)
{
	assert_int_equal(answer_word_at(answer), answer_word_at(question + 2));
	assert_int_equal(answer_word_at(answer + 2), answer_word_at(question));
	assert_int_equal(answer_number_at(answer + 4), 0);
	assert_int_equal(answer_number_at(answer + 8), answer_number_at(question + 4) + 1);
	assert_int_equal(answer_word_at(answer + 12), 5 << 12 | RESET_FLAGS);
	assert_int_equal(answer_number_at(answer + 14) >> 16, 0);
	assert_int_equal(answer_word_at(answer + 18), 0);
	assert_int_equal(
	    answer_folded(pseudo + PROTOCOL_TCP + TCP_BYTES + answer_sum_of(answer, TCP_BYTES)),
	    0xffff);
	/* The question: SYN, whatever the bits of ECN. */
	assert_int_equal(question[13] & 0x3f, TCP_SYN);
}

static void check_ipv4(const uint8_t *question, const uint8_t *answer)
{
	assert_int_equal(question[0], 0x45);
	assert_int_equal(answer_folded(answer_sum_of(question, 20)), 0xffff);
	assert_int_equal(answer_word_at(question + 6) & 0xbfff, 0);
	assert_int_equal(answer_word_at(answer), 0x4500);
	assert_int_equal(answer_word_at(answer + 2), 20 + TCP_BYTES);
	assert_int_equal(answer_word_at(answer + 6), 0x4000);
	assert_int_equal(answer[9], PROTOCOL_TCP);
	assert_int_equal(answer_folded(answer_sum_of(answer, 20)), 0xffff);
	assert_memory_equal(answer + 12, question + 16, 4);
	assert_memory_equal(answer + 16, question + 12, 4);
	check_tcp(question + 20, answer + 20, answer_sum_of(answer + 12, 8));
}

static void check_ipv6(const uint8_t *question, const uint8_t *answer)
{
	assert_int_equal(answer_number_at(answer), 6U << 28);
	assert_int_equal(answer_word_at(answer + 4), TCP_BYTES);
	assert_int_equal(question[6], PROTOCOL_TCP);
	assert_int_equal(answer[6], PROTOCOL_TCP);
	assert_memory_equal(answer + 8, question + 24, 16);
	assert_memory_equal(answer + 24, question + 8, 16);
	check_tcp(question + 40, answer + 40, answer_sum_of(answer + 8, 32));
}

static void check_answer(const struct packet *question, const struct answer *answer)
{
	const size_t ip = answer_ip_at(question->data, question->size);
	const bool is_ipv6 = answer_word_at(question->data + ip - 2) == ETHERTYPE_IPV6;

	assert_true(answer->size <= question->size);
	assert_int_equal(answer->size, ip + (is_ipv6 ? 40 : 20) + TCP_BYTES);
	assert_memory_equal(answer->data, question->data + 6, 6);
	assert_memory_equal(answer->data + 6, question->data, 6);
	assert_int_equal(answer->data[0] & 1, 0);
	/* All tags. */
	assert_memory_equal(answer->data + 12, question->data + 12, ip - 12);
	if (is_ipv6)
		check_ipv6(question->data + ip, answer->data + ip);
	else
		check_ipv4(question->data + ip, answer->data + ip);
}

/* ---- tests -------------------------------------------------------------------- */

static uint32_t ask(const struct fixture *fixture, const struct recipe *recipe)
{
	struct packet packet;
	struct answer answer;

	packet_build(recipe, &packet);
	answer_set_checksum(&packet);
	answer = answer_run(fixture, &packet);
	if (answer.retval == XDP_TX)
		check_answer(&packet, &answer);
	return answer.retval;
}

static uint32_t ask_source(const struct fixture *fixture, const char *source)
{
	const struct recipe recipe = {
		.source = prefix_of(source), .port_from = 1234, .port_to = 25, .flags = TCP_SYN
	};

	return ask(fixture, &recipe);
}

static void test_who_is_answered(void **state)
{
	static const char *const sources[][2] = { { "192.0.2.1", "2001:db8::1" },
						  { "192.0.2.2", "2001:db8::2" },
						  { "192.0.2.3", "2001:db8::3" },
						  { "192.0.2.4", "2001:db8::4" },
						  { "192.0.2.5", "2001:db8::5" } };
	static const uint32_t expected[] = { XDP_PASS, XDP_TX, XDP_PASS, XDP_DROP, XDP_PASS };
	struct ipwl_traffic before, after;
	const uint16_t slot = policy_find_list(((struct fixture *)*state)->policy, "answers")->slot;
	const struct fixture *fixture = *state;

	datapath_read_answers(fixture->datapath, slot, &before);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		for (int family = 0; family < 2; family++)
			assert_int_equal(ask_source(fixture, sources[i][family]), expected[i]);
	datapath_read_answers(fixture->datapath, slot, &after);
	assert_int_equal(after.packets - before.packets, 2);
}

/* No host has these addresses, and a reset to them would go astray. */
static void test_no_host(void **state)
{
	static const char *const sources[] = { "240.0.0.1", "255.255.255.255", "127.0.0.1",
					       "0.0.0.0",   "ff02::1",	       "::1" };

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		assert_int_equal(ask_source(*state, sources[i]), XDP_DROP);
}

static void test_what_is_answered(void **state)
{
	static const struct {
		struct recipe recipe;
		uint32_t expected;
	} rows[] = {
		{ { .flags = TCP_SYN }, XDP_TX },
		{ { .flags = TCP_SYN | 0x40 | 0x80 }, XDP_TX },
		{ { .flags = TCP_SYN, .tcp_option_words = 10 }, XDP_TX },
		{ { .flags = TCP_SYN, .payload_bytes = 1400 }, XDP_TX },
		{ { .flags = TCP_SYN, .padding_bytes = 20 }, XDP_TX },
		{ { .flags = TCP_SYN, .vlans = { ETHERTYPE_8021Q } }, XDP_TX },
		{ { .flags = TCP_SYN, .vlans = { ETHERTYPE_8021AD, ETHERTYPE_8021Q } }, XDP_TX },
		{ { .flags = 0 }, XDP_DROP },
		{ { .flags = TCP_ACK }, XDP_DROP },
		{ { .flags = TCP_RST }, XDP_DROP },
		{ { .flags = TCP_RST | TCP_ACK }, XDP_DROP },
		{ { .flags = TCP_SYN | TCP_ACK }, XDP_DROP },
		{ { .flags = TCP_SYN | TCP_FIN }, XDP_DROP },
		{ { .flags = TCP_SYN | TCP_RST }, XDP_DROP },
		{ { .flags = TCP_SYN | TCP_PSH }, XDP_DROP },
		{ { .flags = TCP_SYN | TCP_URG }, XDP_DROP },
		{ { .flags = TCP_SYN, .has_more_fragments = true }, XDP_DROP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int family = 0; family < 2; family++) {
			struct recipe recipe = rows[i].recipe;

			recipe.source = prefix_of(family ? "2001:db8::2" : "192.0.2.2");
			recipe.port_to = 587;
			if (recipe.has_more_fragments && family) {
				recipe.extensions[0] = PROTOCOL_FRAGMENT;
				recipe.extension_count = 1;
			}
			if (ask(*state, &recipe) != rows[i].expected)
				fail_msg("row %zu, family %d", i, family);
		}
}

static void test_checksum_of_ipv4(void **state)
{
	const struct recipe recipe = { .source = prefix_of("192.0.2.2"),
				       .port_to = 25,
				       .flags = TCP_SYN };
	struct packet packet;

	packet_build(&recipe, &packet);
	answer_set_checksum(&packet);
	packet.data[14 + 11] ^= 1;
	assert_int_equal(answer_run(*state, &packet).retval, XDP_DROP);
}

/* To all hosts, or to a group of them. */
static void test_group_address(void **state)
{
	const struct recipe recipe = { .source = prefix_of("192.0.2.2"),
				       .port_to = 25,
				       .flags = TCP_SYN };
	struct packet packet;

	packet_build(&recipe, &packet);
	answer_set_checksum(&packet);
	packet.data[0] |= 1;
	assert_int_equal(answer_run(*state, &packet).retval, XDP_DROP);
}

/* Also one that is sent again, because its answer may be lost. */
static void test_again(void **state)
{
	const struct recipe recipe = { .source = prefix_of("192.0.2.2"),
				       .port_to = 25,
				       .flags = TCP_SYN };
	struct packet packet;

	packet_build(&recipe, &packet);
	answer_set_checksum(&packet);
	for (int i = 0; i < 3; i++)
		assert_int_equal(answer_run(*state, &packet).retval, XDP_TX);
}

static void test_modes(void **state)
{
	make_scenario(false);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	assert_int_equal(ask_source(*state, "192.0.2.2"), XDP_PASS);
	make_scenario(true);
	scenario.lists[1].on_block = ON_BLOCK_DROP;
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	assert_int_equal(ask_source(*state, "192.0.2.2"), XDP_DROP);
	make_scenario(true);
	fixture_apply(*state, &scenario, APPLY_CHANGE);
	assert_int_equal(ask_source(*state, "192.0.2.2"), XDP_TX);
	fixture_restart(*state);
	assert_int_equal(ask_source(*state, "192.0.2.2"), XDP_TX);
}

/* Whatever comes, an answer is right, and only for a source that is blocked with one. */
static void test_random(void **state)
{
	static const char *const sources[] = { "192.0.2.1",  "192.0.2.2",   "192.0.2.3",
					       "192.0.2.4",  "2001:db8::1", "2001:db8::2",
					       "2001:db8::3" };
	struct random random = random_start();
	const size_t rounds = random_rounds(ROUNDS);
	size_t answered = 0;

	for (size_t i = 0; i < rounds; i++) {
		struct prefix source = prefix_of(sources[random_below(&random, 7)]);
		struct recipe recipe =
		    random_recipe(&random, &source, scenario.ports, scenario.port_count);
		struct packet packet;
		struct answer answer;
		struct ruling ruling;

		if (random_chance(&random, 50))
			recipe.flags = TCP_SYN;
		packet_build(&recipe, &packet);
		if (random_chance(&random, 90))
			answer_set_checksum(&packet);
		if (random_chance(&random, 30))
			random_mutate(&random, &packet);
		answer = answer_run(*state, &packet);
		if (answer.retval != XDP_TX)
			continue;
		answered++;
		ruling = oracle_judge(&scenario, packet.data, packet.size);
		assert_int_equal(ruling.verdict, IPWL_BLOCK);
		assert_int_equal(scenario.lists[ruling.list].on_block, ON_BLOCK_RESET);
		assert_true(ruling.is_connection);
		check_answer(&packet, &answer);
	}
	fprintf(stderr, "%zu of %zu packets were answered\n", answered, rounds);
	assert_true(answered > rounds / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_answered),
		cmocka_unit_test(test_no_host),
		cmocka_unit_test(test_what_is_answered),
		cmocka_unit_test(test_checksum_of_ipv4),
		cmocka_unit_test(test_group_address),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
