/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Redis and hosts of a fleet, as test_fleet_model.c runs them: they publish, read and compare.
 */
#ifndef UNIT_FLEET_MODEL_H
#define UNIT_FLEET_MODEL_H

#include "fleet_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fleet/sign.h"
#include "random_prefix.h"

#define HOSTS 4
#define PREFIXES 40
#define LOG_MAX 20000
#define SLOTS (HOSTS * PREFIXES)
#define STREAM_MAX 30
#define STEPS 400
#define SCHEDULES 60
#define ROUNDS_TO_HEAL 8

static const struct fleet_signer signer = { "the key of the fleet", "mail" };
static const struct guard_limits limits = { .max_removed_entries = 5, .max_removed_share = 50 };

/* A record as Redis has it. */
struct text {
	char origin[FLEET_HOST_BYTES_MAX + 1];
	char key[FLEET_KEY_BYTES];
	char value[FLEET_SIGNED_BYTES]; /* "": absent */
};

struct meta {
	bool is_there;
	size_t count;
	uint64_t digest;
};

struct redis {
	struct text hash[SLOTS]; /* by host and prefix */
	struct meta metas[HOSTS];
	struct text stream[STREAM_MAX];
	uint64_t ids[STREAM_MAX];
	size_t stream_count;
	uint64_t last_id;
};

struct host {
	char name[8];
	struct fleet_replica *replica;
	int64_t ahead_ms; /* of its clock */
	bool is_connected;
	uint64_t cursor;
	struct fleet_record *backup[SLOTS * 2];
	bool backup_is_held[SLOTS * 2];
	size_t backup_count;
	size_t refused_count;
};

struct written {
	size_t host;
	size_t prefix;
	enum fleet_op op;
	uint64_t version;
	bool may_be_lost; /* its host was restored from a backup since */
};

static struct redis redis, copy_of_redis;
static struct host hosts[HOSTS];
static struct written log_of_all[LOG_MAX];
static size_t log_count;
static int64_t clock_ms;
static size_t forged_count;
static bool is_healing;

/* The counter of forged versions, which no clock of the model reaches. */
#define FORGED 0xdead

static void assert_genuine(const struct fleet_record *record)
{
	assert_int_not_equal(record->version & ((1 << FLEET_COUNTER_BITS) - 1), FORGED);
}

static struct prefix prefix_of(size_t number)
{
	return (struct prefix) { .family = FAMILY_IPV4,
				 .len = 32,
				 .addr = { 192, 0, 2, (uint8_t)number } };
}

static size_t number_of(const struct fleet_record *record)
{
	return record->prefix.addr[3];
}

static size_t index_of(const char *name)
{
	size_t i = 0;

	while (strcmp(hosts[i].name, name))
		assert_true(++i < HOSTS);
	return i;
}

/* Half of the prefixes are of a block list. */
static struct fleet_record record_of(size_t host, size_t prefix, enum fleet_op op)
{
	return (struct fleet_record) { .origin = hosts[host].name,
				       .list = prefix % 2 ? "drop" : "partners",
				       .prefix = prefix_of(prefix),
				       .kind = FLEET_MANUAL,
				       .op = op,
				       .action = prefix % 2 ? ACTION_BLOCK : ACTION_ALLOW };
}

static int64_t now_of(const struct host *host)
{
	return clock_ms + host->ahead_ms;
}

/* ---- Redis -------------------------------------------------------------------------- */

static struct text *field_of(const char *origin, size_t prefix)
{
	return &redis.hash[index_of(origin) * PREFIXES + prefix];
}

static void write_text(const struct fleet_record *record, struct text *text)
{
	strcpy(text->origin, record->origin);
	fleet_record_key(record, text->key);
	assert_true(fleet_record_format(record, text->value));
	assert_int_equal(fleet_sign(&signer, text->origin, text->key, text->value), 0);
}

static void xadd(const struct text *text)
{
	if (redis.stream_count == STREAM_MAX) {
		const size_t trimmed = 1 + random_below(STREAM_MAX);

		redis.stream_count -= trimmed;
		memmove(redis.stream, redis.stream + trimmed,
			redis.stream_count * sizeof(*redis.stream));
		memmove(redis.ids, redis.ids + trimmed, redis.stream_count * sizeof(*redis.ids));
	}
	redis.stream[redis.stream_count] = *text;
	redis.ids[redis.stream_count++] = ++redis.last_id;
}

/* What the host says of itself. */
static struct meta meta_of(const struct host *host, const char *origin)
{
	struct fleet_origin found;

	for (size_t i = 0; i < fleet_replica_origin_count(host->replica); i++) {
		fleet_replica_get_origin(host->replica, i, &found);
		if (!strcmp(found.name, origin))
			return (struct meta) { true, found.count, found.digest };
	}
	return (struct meta) { .is_there = false };
}

static bool is_same_meta(const struct meta *a, const struct meta *b)
{
	return (!a->count && !b->count) || (a->count == b->count && a->digest == b->digest);
}

/* The digest, the record, the bell, in this order. The connection may end after each. */
static void publish(struct host *host, const struct fleet_record *record)
{
	const bool may_be_lost = !is_healing && random_chance(10);
	struct text text;

	write_text(record, &text);
	if (host->is_connected)
		redis.metas[index_of(host->name)] = meta_of(host, host->name);
	host->is_connected &= !(may_be_lost && random_chance(30));
	if (host->is_connected)
		*field_of(host->name, number_of(record)) = text;
	host->is_connected &= !(may_be_lost && random_chance(50));
	if (host->is_connected)
		xadd(&text);
	host->is_connected &= !may_be_lost;
}

/* ---- hosts -------------------------------------------------------------------------- */

static int note_written(const struct fleet_record *record, bool is_held, void *context)
{
	(void)context;
	assert_genuine(record);
	assert_false(is_held);
	assert_true(log_count < LOG_MAX);
	log_of_all[log_count++] = (struct written) { index_of(record->origin), number_of(record),
						     record->op, record->version, false };
	return 0;
}

static const struct fleet_keeper noting = { .put = note_written };

static void say(struct host *host, size_t prefix, enum fleet_op op)
{
	const struct fleet_record record = record_of(index_of(host->name), prefix, op);

	assert_int_equal(fleet_replica_write(host->replica, &noting, &record, now_of(host)), 0);
	publish(host, fleet_replica_find(host->replica, host->name, record.list, &record.prefix,
					 FLEET_MANUAL));
}

static const struct fleet_record *own_record(const struct host *host, size_t prefix)
{
	const struct fleet_record record = record_of(0, prefix, FLEET_ADD);

	return fleet_replica_find(host->replica, host->name, record.list, &record.prefix,
				  FLEET_MANUAL);
}

/* An entry that a tombstone has removed is taken out of the host's own, as the engine does. */
static void end_removed(struct host *host)
{
	for (size_t i = 0; i < PREFIXES; i++) {
		const struct fleet_record *own = own_record(host, i);

		if (own && own->op == FLEET_ADD &&
		    !fleet_replica_is_live(host->replica, own, now_of(host)))
			say(host, i, FLEET_END);
	}
}

static size_t allowed_count(const struct host *host)
{
	size_t count = 0;

	for (size_t i = 0; i < PREFIXES; i += 2) {
		const struct prefix prefix = prefix_of(i);
		size_t live = 0;

		fleet_replica_live(host->replica, "partners", &prefix, now_of(host), count_record,
				   &live);
		count += live > 0;
	}
	return count;
}

/* Read texts as a host does that trusts nothing, and take what is valid. */
static void take_texts(struct host *host, const struct text *const texts[], size_t count,
		       struct fleet_record records[], const struct fleet_record *pointers[],
		       struct fleet_texts rooms[], size_t *ret_count)
{
	const size_t before = allowed_count(host);
	bool has_said[HOSTS] = { false };
	struct fleet_taking taking;
	size_t good = 0, origins = 0;

	for (size_t i = 0; i < count; i++) {
		char value[FLEET_SIGNED_BYTES];

		strcpy(value, texts[i]->value);
		if (!fleet_sign_check(&signer, texts[i]->origin, texts[i]->key, value) ||
		    fleet_record_parse(texts[i]->origin, texts[i]->key, value, &rooms[good],
				       &records[good])) {
			host->refused_count++;
			continue;
		}
		origins += !has_said[index_of(records[good].origin)];
		has_said[index_of(records[good].origin)] = true;
		pointers[good] = &records[good];
		good++;
	}
	assert_int_equal(
	    fleet_replica_take(host->replica, NULL, pointers, good, &limits, now_of(host), &taking),
	    0);
	assert_true(before <= allowed_count(host) + origins * limits.max_removed_entries);
	*ret_count = good;
}

struct lacking {
	struct text texts[SLOTS];
	bool is_absent[SLOTS];
	size_t count;
};

static int note_lacking(const struct fleet_record *record, bool is_absent, void *context)
{
	struct lacking *lacking = context;

	if (random_chance(20))
		return -ENOBUFS;
	write_text(record, &lacking->texts[lacking->count]);
	lacking->is_absent[lacking->count++] = is_absent;
	return 0;
}

/* What this host says again, because it lost a later record of its own, is in no log yet. */
static void log_again(const struct host *host)
{
	for (size_t i = 0; i < PREFIXES; i++) {
		const struct fleet_record *own = own_record(host, i);
		bool is_known = !own;

		for (size_t j = 0; j < log_count && !is_known; j++)
			is_known = log_of_all[j].host == index_of(host->name) &&
				   log_of_all[j].prefix == i &&
				   log_of_all[j].version == own->version;
		if (!is_known)
			note_written(own, false, NULL);
	}
}

/* Redis may refuse to take more for a while. */
static void compare(struct host *host, const struct fleet_record *const records[], size_t count,
		    const struct fleet_scan *scan)
{
	bool is_done = false;

	fleet_replica_compare_begin(host->replica);
	for (size_t i = 0; i < count; i++)
		fleet_replica_compare_note(host->replica, records[i]);
	while (!is_done)
		(void)fleet_replica_compare_step(host->replica, scan, 1 + random_below(50),
						 now_of(host), &is_done);
}

/* Read the hashes of some origins, and write what they lack. */
static void rescan(struct host *host, const bool is_asked[HOSTS])
{
	static struct fleet_record records[SLOTS];
	static struct fleet_texts rooms[SLOTS];
	static struct lacking lacking;
	const struct fleet_record *pointers[SLOTS];
	const struct text *texts[SLOTS];
	const char *origins[HOSTS];
	size_t origin_count = 0, count = 0, good;

	for (size_t i = 0; i < HOSTS; i++) {
		if (!is_asked[i])
			continue;
		origins[origin_count++] = hosts[i].name;
		for (size_t j = 0; j < PREFIXES; j++)
			if (*redis.hash[i * PREFIXES + j].value)
				texts[count++] = &redis.hash[i * PREFIXES + j];
	}
	take_texts(host, texts, count, records, pointers, rooms, &good);
	log_again(host);
	lacking.count = 0;
	compare(host, pointers, good,
		&(struct fleet_scan) { origins, origin_count, note_lacking, &lacking });
	for (size_t i = 0; i < lacking.count; i++) {
		const struct text *text = &lacking.texts[i];
		const size_t prefix = strtoul(strrchr(text->key, '.') + 1, NULL, 10);

		/* HSET of its own, HSETNX of others'; and the bell. */
		if (!strcmp(text->origin, host->name) || !*field_of(text->origin, prefix)->value)
			*field_of(text->origin, prefix) = *text;
		xadd(text);
	}
	redis.metas[index_of(host->name)] = meta_of(host, host->name);
	end_removed(host);
}

static void read_stream(struct host *host)
{
	static struct fleet_record records[STREAM_MAX];
	static struct fleet_texts rooms[STREAM_MAX];
	const struct fleet_record *pointers[STREAM_MAX];
	const struct text *texts[STREAM_MAX];
	size_t count = 0, good;

	for (size_t i = 0; i < redis.stream_count; i++)
		if (redis.ids[i] > host->cursor)
			texts[count++] = &redis.stream[i];
	host->cursor = redis.last_id;
	take_texts(host, texts, count, records, pointers, rooms, &good);
	log_again(host);
	end_removed(host);
}

/* Compare digests; read what differs. Now and then a host looks whether Redis still has its own
 * records as it wrote them. */
static void tick(struct host *host, bool looks_at_own)
{
	bool is_asked[HOSTS], is_any = false;

	for (size_t i = 0; i < HOSTS; i++) {
		const struct meta known = meta_of(host, hosts[i].name);

		is_asked[i] =
		    (looks_at_own && &hosts[i] == host) || !is_same_meta(&known, &redis.metas[i]);
		is_any |= is_asked[i];
	}
	if (is_any)
		rescan(host, is_asked);
}

static void connect_host(struct host *host)
{
	bool is_asked[HOSTS];

	host->is_connected = true;
	/* First the end of the stream, then everything else. */
	host->cursor = redis.last_id;
	for (size_t i = 0; i < HOSTS; i++) {
		const struct meta known = meta_of(host, hosts[i].name);

		is_asked[i] = &hosts[i] == host || !is_same_meta(&known, &redis.metas[i]);
	}
	rescan(host, is_asked);
}

#endif
