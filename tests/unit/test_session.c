/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is new of the sessions that the kernel counts. */
#include "core/session.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SEC 1000000000ULL
#define BOOT_SEC 1000000

static struct ipwl_session_peer peer_at(const char *text)
{
	struct ipwl_session_peer peer;

	assert_int_equal(inet_pton(AF_INET6, text, peer.addr), 1);
	return peer;
}

static struct session_peer counted(const char *text, uint64_t born, uint64_t outbound,
				   uint64_t inbound)
{
	return (struct session_peer) {
		.peer = peer_at(text),
		.sessions = { .born_ns = born,
			      .outbound = outbound,
			      .last_outbound_ns = outbound ? born + outbound * SEC : 0,
			      .inbound = inbound,
			      .last_inbound_ns = inbound ? born + inbound * SEC : 0 },
	};
}

static struct session_noted noted(const char *text, uint64_t born, uint64_t outbound,
				  uint64_t inbound)
{
	return (struct session_noted) { peer_at(text), { born, outbound, inbound } };
}

static void assert_news(const struct session_news *news, const char *address, uint32_t outbound,
			uint32_t inbound)
{
	char text[PREFIX_TEXT_BYTES];

	assert_string_equal(prefix_format_short(&news->address, text), address);
	assert_int_equal(news->outbound, outbound);
	assert_int_equal(news->inbound, inbound);
}

static void test_addresses(void **state)
{
	static const char *const texts[][2] = { { "::ffff:192.0.2.7", "192.0.2.7" },
						{ "2001:db8::7", "2001:db8::7" },
						{ "::1", "::1" } };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct ipwl_session_peer peer = peer_at(texts[i][0]);
		const struct prefix address = session_address(&peer);
		struct ipwl_session_peer again;
		char text[PREFIX_TEXT_BYTES];

		prefix_map(&address, again.addr);
		assert_string_equal(prefix_format_short(&address, text), texts[i][1]);
		assert_int_equal(address.len, prefix_max_len(address.family));
		assert_memory_equal(&again, &peer, sizeof(peer));
	}
}

static void test_difference(void **state)
{
	/* Sorted: the mapped address is before those of 2001:db8::/32. */
	const struct session_peer peers[] = {
		counted("::ffff:192.0.2.1", 5 * SEC, 7, 2), /* grown */
		counted("2001:db8::1", 6 * SEC, 3, 0),	    /* as before */
		counted("2001:db8::2", 7 * SEC, 0, 4),	    /* never seen */
		counted("2001:db8::3", 8 * SEC, 1, 0),	    /* forgotten, and seen again */
		counted("2001:db8::4", 9 * SEC, 0, 0),	    /* just being counted */
	};
	const struct session_noted before[] = {
		noted("::", SEC, 1, 1),
		noted("::ffff:192.0.2.1", 5 * SEC, 5, 2),
		noted("2001:db8::1", 6 * SEC, 3, 0),
		noted("2001:db8::3", SEC, 9, 9),
		noted("ffff::", SEC, 1, 1),
	};
	const struct ipwl_session_peer first = peer_at("::"), last = peer_at("ffff::");
	struct session_difference difference;

	(void)state;
	assert_int_equal(session_compare(peers, 5, before, 5, BOOT_SEC, &difference), 0);
	assert_int_equal(difference.count, 3);
	assert_news(&difference.news[0], "192.0.2.1", 2, 0);
	assert_int_equal(difference.news[0].last_outbound_sec, BOOT_SEC + 12);
	assert_int_equal(difference.news[0].last_inbound_sec, BOOT_SEC + 7);
	assert_news(&difference.news[1], "2001:db8::2", 0, 4);
	assert_int_equal(difference.news[1].last_outbound_sec, 0);
	assert_news(&difference.news[2], "2001:db8::3", 1, 0);
	assert_int_equal(difference.noted[2].noted.born_ns, 8 * SEC);
	assert_int_equal(difference.noted[2].noted.outbound, 1);
	assert_int_equal(difference.noted[2].noted.inbound, 0);
	assert_int_equal(difference.gone_count, 2);
	assert_memory_equal(&difference.gone[0], &first, sizeof(first));
	assert_memory_equal(&difference.gone[1], &last, sizeof(last));
	session_difference_done(&difference);
}

static void test_nothing(void **state)
{
	const struct session_peer peer = counted("::1", SEC, UINT64_MAX, 0);
	struct session_difference difference;

	(void)state;
	assert_int_equal(session_compare(NULL, 0, NULL, 0, 0, &difference), 0);
	assert_int_equal(difference.count + difference.gone_count, 0);
	session_difference_done(&difference);
	assert_int_equal(session_compare(&peer, 1, NULL, 0, 0, &difference), 0);
	assert_int_equal(difference.news[0].outbound, UINT32_MAX);
	session_difference_done(&difference);
}

/* ---- random ------------------------------------------------------------------------ */

#define PEERS 40
#define ROUNDS 3000

/* A kernel that counts, and forgets. */
struct model {
	struct session_peer peers[PEERS]; /* by number; born_ns 0: not there */
	struct session_noted noted[PEERS];
	size_t noted_count;
	uint64_t happened[PEERS], told[PEERS]; /* sessions of both kinds */
	uint64_t lost;			       /* forgotten before they were told */
	uint64_t now;
};

static void happen(struct model *model)
{
	const long number = random() % PEERS;
	struct session_peer *peer = &model->peers[number];

	model->now += SEC;
	if (!peer->sessions.born_ns)
		peer->sessions = (struct ipwl_sessions) { .born_ns = model->now };
	if (random() % 2)
		peer->sessions.outbound++;
	else
		peer->sessions.inbound++;
	model->happened[number]++;
}

static uint64_t sum_of(const struct ipwl_sessions *sessions)
{
	return sessions->outbound + sessions->inbound;
}

/* What is not noted yet is lost: that happens only if there are more peers than places. */
static void forget(struct model *model)
{
	struct session_peer *peer = &model->peers[random() % PEERS];

	for (size_t i = 0; i < model->noted_count; i++)
		if (!memcmp(&model->noted[i].peer, &peer->peer, sizeof(peer->peer)) &&
		    model->noted[i].noted.born_ns == peer->sessions.born_ns)
			model->lost -=
			    model->noted[i].noted.outbound + model->noted[i].noted.inbound;
	model->lost += sum_of(&peer->sessions);
	peer->sessions = (struct ipwl_sessions) { 0 };
}

static int compare_noted(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipwl_session_peer));
}

static void note_one(struct model *model, const struct session_noted *noted)
{
	for (size_t i = 0; i < model->noted_count; i++)
		if (!memcmp(&model->noted[i].peer, &noted->peer, sizeof(noted->peer))) {
			model->noted[i] = *noted;
			return;
		}
	model->noted[model->noted_count++] = *noted;
}

static void drop_one(struct model *model, const struct ipwl_session_peer *peer)
{
	for (size_t i = 0; i < model->noted_count; i++)
		if (!memcmp(&model->noted[i].peer, peer, sizeof(*peer))) {
			model->noted[i] = model->noted[--model->noted_count];
			return;
		}
	fail_msg("gone, but never noted");
}

static void tell(struct model *model)
{
	struct session_difference difference;
	struct session_peer there[PEERS];
	size_t count = 0;

	for (size_t i = 0; i < PEERS; i++)
		if (model->peers[i].sessions.born_ns)
			there[count++] = model->peers[i];
	qsort(model->noted, model->noted_count, sizeof(*model->noted), compare_noted);
	assert_int_equal(
	    session_compare(there, count, model->noted, model->noted_count, 0, &difference), 0);
	for (size_t i = 0; i < difference.gone_count; i++)
		drop_one(model, &difference.gone[i]);
	for (size_t i = 0; i < difference.count; i++) {
		note_one(model, &difference.noted[i]);
		model->told[difference.news[i].address.addr[15]] +=
		    difference.news[i].outbound + difference.news[i].inbound;
	}
	session_difference_done(&difference);
}

static void test_random(void **state)
{
	static struct model model = { .now = SEC };
	const char *text = getenv("IPWL_SEED");
	const unsigned int seed =
	    text ? (unsigned int)strtoul(text, NULL, 10) : (unsigned int)time(NULL);
	uint64_t happened = 0, told = 0;

	(void)state;
	print_message("IPWL_SEED=%u\n", seed);
	srandom(seed);
	for (uint8_t i = 0; i < PEERS; i++)
		model.peers[i].peer =
		    (struct ipwl_session_peer) { .addr = { [0] = 0x20, [15] = i } };
	for (int round = 0; round < ROUNDS; round++) {
		const long what = random() % 20;

		if (what < 14)
			happen(&model);
		else if (what < 15)
			forget(&model);
		else
			tell(&model);
	}
	tell(&model);
	for (size_t i = 0; i < PEERS; i++) {
		happened += model.happened[i];
		told += model.told[i];
		assert_true(model.told[i] <= model.happened[i]);
	}
	assert_int_equal(told + model.lost, happened);
	assert_true(told > happened / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
