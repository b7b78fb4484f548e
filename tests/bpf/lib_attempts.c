/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Senders that attempt to connect, and the tables and events of the programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"
#include "lib_attempts.h"
#include "lib_scenario.h"

const struct event_limits attempts_all_events = { true, 1000000, 1000000 };

struct taken taken;
struct scenario attempts_scenario;

const struct sender senders[SENDERS] = {
	{ "192.0.2.1", false },	     /* allowed */
	{ "192.0.2.77", true },	     /* averted */
	{ "198.51.100.1", true },    /* blocked */
	{ "203.0.113.9", true },     /* would be blocked */
	{ "8.8.8.8", false },	     /* unlisted */
	{ "2001:db8::1", false },    /* allowed */
	{ "2001:db8:f::1", true },   /* averted */
	{ "2400::1:2:3:4:5", true }, /* blocked */
	{ "2a00::1", false },	     /* unlisted */
};

void attempts_fill_scenario(void)
{
	struct scenario_list *trial;

	attempts_scenario = (struct scenario) { .ports = { 25 }, .port_count = 1, .enforce = true };
	scenario_add(&attempts_scenario, "good", ACTION_ALLOW, "192.0.2.0/25 2001:db8::/32");
	scenario_add(&attempts_scenario, "bad", ACTION_BLOCK,
		     "192.0.2.64/26 198.51.100.0/24 2001:db8:f::/48 2400::/12 10.0.0.0/8");
	trial = scenario_add(&attempts_scenario, "trial", ACTION_BLOCK, "203.0.113.0/24");
	trial->is_monitor = true;
}

static void take_event(void *context, const struct ipwl_event *event)
{
	(void)context;
	assert_true(taken.count < TAKEN_MAX);
	taken.events[taken.count++] = *event;
}

void attempts_take_events(const struct fixture *fixture, size_t max)
{
	struct events *events;
	int count;

	taken.count = 0;
	assert_int_equal(events_open(fixture->datapath, take_event, NULL, &events), 0);
	do {
		size_t before = taken.count;

		count = events_consume(events, max);
		assert_true(count >= 0 && (size_t)count <= max);
		assert_int_equal(taken.count - before, count);
	} while (count);
	events_close(events);
}

/* Apply the attempts_scenario and start with empty tables and a ring without events. */
/* All values of an array of @count buckets, which have the same size. */
#define BUCKETS_MAX (1U << 13)
_Static_assert(IPWL_ATTEMPT_BUCKET_BITS <= 13 && IPWL_SOURCE_BUCKET_BITS <= 13, "room");

static union {
	struct ipwl_attempt_bucket attempts[BUCKETS_MAX];
	struct ipwl_source_bucket sources[BUCKETS_MAX];
} buckets;
static uint32_t keys[BUCKETS_MAX];

static void read_buckets(int map, uint32_t count)
{
	uint32_t last, found = count;

	/* -ENOENT: these were all. */
	bpf_map_lookup_batch(map, NULL, &last, keys, &buckets, &found, NULL);
	assert_int_equal(found, count);
}

static void write_buckets(int map, uint32_t count)
{
	uint32_t written = count;

	for (uint32_t i = 0; i < count; i++)
		keys[i] = i;
	assert_int_equal(bpf_map_update_batch(map, keys, &buckets, &written, NULL), 0);
}

static int attempts_map(const struct fixture *fixture)
{
	return bpf_map__fd(fixture->datapath->shared->maps.attempts);
}

static int sources_map(const struct fixture *fixture)
{
	return bpf_map__fd(fixture->datapath->shared->maps.attempt_sources);
}

void attempts_begin(struct fixture *fixture, struct event_limits limits)
{
	fixture->events = limits;
	fixture_apply(fixture, &attempts_scenario, APPLY_REBUILD);
	fixture->datapath->attempt_settings->due_ns = 0;
	memset(&buckets, 0, sizeof(buckets));
	write_buckets(attempts_map(fixture), 1U << IPWL_ATTEMPT_BUCKET_BITS);
	write_buckets(sources_map(fixture), 1U << IPWL_SOURCE_BUCKET_BITS);
	attempts_take_events(fixture, TAKEN_MAX);
}

struct event_counts attempts_read_counts(const struct fixture *fixture)
{
	struct event_counts counts;

	assert_int_equal(datapath_read_event_counts(fixture->datapath, &counts), 0);
	return counts;
}

struct packet attempts_build_syn(const char *source, uint16_t port_from)
{
	struct recipe recipe = {
		.source = prefix_of(source), .port_from = port_from, .port_to = 25, .flags = TCP_SYN
	};
	struct packet packet;

	packet_build(&recipe, &packet);
	return packet;
}

uint32_t attempts_boot_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

uint64_t attempts_set_lives(const struct fixture *fixture, int life_sec)
{
	const uint16_t until = (uint16_t)((int)attempts_boot_sec() + life_sec);
	const uint32_t count = 1U << IPWL_ATTEMPT_BUCKET_BITS;
	uint64_t found = 0;

	read_buckets(attempts_map(fixture), count);
	for (uint32_t i = 0; i < count; i++) {
		for (size_t j = 0; j < IPWL_ATTEMPT_NOTES; j++) {
			__u64 *note = &buckets.attempts[i].notes[j];

			if (!*note)
				continue;
			found = *note;
			*note = (found & ~0xffffULL) | until;
		}
	}
	write_buckets(attempts_map(fixture), count);
	return found;
}

void attempts_fill(const struct fixture *fixture)
{
	const uint16_t until = (uint16_t)(attempts_boot_sec() + LONG_SEC);
	const uint32_t count = 1U << IPWL_ATTEMPT_BUCKET_BITS;
	uint64_t id = 0;

	read_buckets(attempts_map(fixture), count);
	for (uint32_t i = 0; i < count; i++) {
		for (size_t j = 0; j < IPWL_ATTEMPT_NOTES; j++) {
			__u64 *note = &buckets.attempts[i].notes[j];

			if (!*note)
				*note = ++id << IPWL_ATTEMPT_ID_SHIFT | until;
		}
	}
	write_buckets(attempts_map(fixture), count);
}

void attempts_make_sources_due(const struct fixture *fixture)
{
	const uint32_t count = 1U << IPWL_SOURCE_BUCKET_BITS;

	read_buckets(sources_map(fixture), count);
	for (uint32_t i = 0; i < count; i++)
		for (size_t j = 0; j < IPWL_SOURCE_NOTES; j++)
			if (buckets.sources[i].notes[j].due_ns)
				buckets.sources[i].notes[j].due_ns = 1;
	write_buckets(sources_map(fixture), count);
}

void attempts_run(struct fixture *fixture, const struct packet *packet, bool begins)
{
	struct ruling ruling = oracle_judge(fixture->scenario, packet->data, packet->size);
	struct outcome outcome = fixture_run_xdp_again(fixture, packet);

	assert_int_equal(outcome.error, 0);
	ruling.is_connection &= begins;
	fixture_expect(fixture, packet, &ruling, 1);
}

void attempts_run_sources(struct fixture *fixture, uint32_t count, uint32_t step)
{
	struct packet packet = attempts_build_syn("10.0.0.0", 40000);
	struct ruling ruling = oracle_judge(&attempts_scenario, packet.data, packet.size);

	for (uint32_t i = 0; i < count; i++) {
		struct prefix source = prefix_of("10.0.0.0");
		uint32_t number = i * step;

		source.addr[1] = (uint8_t)(number >> 16);
		source.addr[2] = (uint8_t)(number >> 8);
		source.addr[3] = (uint8_t)number;
		packet_set_source(&packet, &source);
		assert_int_equal(fixture_run_xdp(fixture, &packet).error, 0);
	}
	fixture_expect(fixture, &packet, &ruling, count);
}
