/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts of a fleet with their own replicas, and a Redis that loses what it can lose, run through
 * random schedules: entries added and removed, hosts cut off, writes lost half-way, FLUSHALL, a
 * stream that is trimmed, a failover to an older copy, clocks that are wrong, a host restored from
 * a backup, forged records, a host that removes everything.
 *
 * The reference is a log of all records that were ever written, and a judgement of them that knows
 * nothing of the replica. In the end all hosts must agree, and must allow what it allows.
 */
#include "fleet_model.h"

/* ---- accidents ---------------------------------------------------------------------- */

static bool is_version_at(const struct host *host, const struct written *written)
{
	const struct fleet_record record = record_of(written->host, written->prefix, FLEET_ADD);
	const struct fleet_record *found = fleet_replica_find(
	    host->replica, hosts[written->host].name, record.list, &record.prefix, FLEET_MANUAL);

	return found && found->version >= written->version;
}

struct held_search {
	const struct written *written;
	bool is_found;
};

static int match_held(const struct fleet_record *record, bool is_held, void *context)
{
	struct held_search *search = context;

	search->is_found |= is_held && index_of(record->origin) == search->written->host &&
			    number_of(record) == search->written->prefix &&
			    record->version >= search->written->version;
	return 0;
}

static bool is_held_at(const struct host *host, const struct written *written)
{
	struct held_search search = { written, false };

	fleet_replica_walk(host->replica, match_held, &search);
	return search.is_found;
}

static bool is_in_redis(const struct written *written)
{
	const struct text *text = &redis.hash[written->host * PREFIXES + written->prefix];
	const char *version = strchr(text->value + 2, ' ');

	return *text->value && version && strtoul(version, NULL, 10) >= written->version;
}

/* Strike from the log what nobody has any more. */
static void strike_lost(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < log_count; i++) {
		const struct written *written = &log_of_all[i];
		bool is_there = is_in_redis(written);

		for (size_t j = 0; j < HOSTS && !is_there; j++)
			is_there =
			    is_version_at(&hosts[j], written) || is_held_at(&hosts[j], written);
		assert_true(is_there || written->may_be_lost);
		if (is_there)
			log_of_all[kept++] = *written;
	}
	log_count = kept;
}

static int note_backup(const struct fleet_record *record, bool is_held, void *context)
{
	struct host *host = context;

	host->backup_is_held[host->backup_count] = is_held;
	host->backup[host->backup_count++] = fleet_record_copy(record);
	return 0;
}

static void backup_free(struct host *host)
{
	for (size_t i = 0; i < host->backup_count; i++)
		free(host->backup[i]);
	host->backup_count = 0;
}

static void restore(struct host *host)
{
	fleet_replica_free(host->replica);
	host->replica = fleet_replica_new(host->name);
	assert_non_null(host->replica);
	for (size_t i = 0; i < host->backup_count; i++)
		assert_int_equal(fleet_replica_load(host->replica, host->backup[i],
						    host->backup_is_held[i], now_of(host)),
				 0);
	host->is_connected = false;
	for (size_t i = 0; i < log_count; i++)
		log_of_all[i].may_be_lost |= log_of_all[i].host == index_of(host->name);
	strike_lost();
}

static void flush(void)
{
	redis = (struct redis) { .last_id = redis.last_id };
	strike_lost();
}

static void fail_over(void)
{
	const uint64_t last_id = redis.last_id;

	redis = copy_of_redis;
	/* Ids of a stream come from the clock, so they go on. */
	redis.last_id = last_id;
	for (size_t i = 0; i < HOSTS; i++)
		hosts[i].is_connected = false;
	strike_lost();
}

/* Somebody without the key writes what would remove an entry. */
static void forge(void)
{
	struct fleet_record record =
	    record_of(random_below(HOSTS), random_below(PREFIXES), FLEET_DEL);
	const struct fleet_signer stranger = { "a guess", "mail" };
	struct text text = { .value = "" };

	record.version = ((uint64_t)(clock_ms + 1000) << FLEET_COUNTER_BITS) + FORGED;
	strcpy(text.origin, record.origin);
	fleet_record_key(&record, text.key);
	fleet_record_format(&record, text.value);
	if (random_chance(80))
		assert_int_equal(fleet_sign(&stranger, text.origin, text.key, text.value), 0);
	forged_count++;
	if (random_chance(50))
		*field_of(text.origin, number_of(&record)) = text;
	xadd(&text);
}

static void remove_all(struct host *host)
{
	for (size_t i = 0; i < PREFIXES; i++)
		say(host, i, FLEET_DEL);
	end_removed(host);
}

static void change_something(struct host *host)
{
	const size_t prefix = random_below(PREFIXES);
	const struct fleet_record *own = own_record(host, prefix);

	if (random_chance(60))
		say(host, prefix, FLEET_ADD);
	else if (own && own->op == FLEET_ADD)
		say(host, prefix, FLEET_END);
	else
		say(host, prefix, FLEET_DEL);
	end_removed(host);
}

static void step(void)
{
	struct host *host = &hosts[random_below(HOSTS)];
	const unsigned int dice = random_below(1000);

	clock_ms += random_below(random_chance(10) ? 600000 : 2000);
	if (dice < 400)
		change_something(host);
	else if (dice < 700 && host->is_connected)
		read_stream(host);
	else if (dice < 800 && host->is_connected)
		tick(host, random_chance(20));
	else if (dice < 900)
		connect_host(host);
	else if (dice < 940)
		host->is_connected = false;
	else if (dice < 950)
		host->ahead_ms = random_chance(50) ? 0 : (int64_t)random_below(7200000) - 3600000;
	else if (dice < 955)
		flush();
	else if (dice < 960)
		fail_over();
	else if (dice < 970)
		copy_of_redis = redis;
	else if (dice < 980)
		forge();
	else if (dice < 988 && host->replica) {
		backup_free(host);
		fleet_replica_walk(host->replica, note_backup, host);
	} else if (dice < 992) {
		restore(host);
	} else if (dice < 994) {
		remove_all(host);
	}
}

/* ---- the reference ------------------------------------------------------------------ */

/* The last word of each host about a prefix, by version. */
static const struct written *last_word(size_t host, size_t prefix)
{
	const struct written *last = NULL;

	for (size_t i = 0; i < log_count; i++)
		if (log_of_all[i].host == host && log_of_all[i].prefix == prefix &&
		    (!last || log_of_all[i].version > last->version))
			last = &log_of_all[i];
	return last;
}

static bool is_listed(size_t prefix)
{
	uint64_t added = 0, removed = 0;

	for (size_t host = 0; host < HOSTS; host++) {
		const struct written *last = last_word(host, prefix);

		if (last && last->op == FLEET_ADD && last->version > added)
			added = last->version;
		if (last && last->op == FLEET_DEL && last->version > removed)
			removed = last->version;
	}
	return added && (prefix % 2 ? added > removed : added >= removed);
}

static bool is_listed_at(const struct host *host, size_t number)
{
	const struct prefix prefix = prefix_of(number);
	size_t count = 0;

	fleet_replica_live(host->replica, number % 2 ? "drop" : "partners", &prefix, now_of(host),
			   count_record, &count);
	return count > 0;
}

static bool is_equal(void)
{
	for (size_t i = 0; i < HOSTS; i++) {
		const struct meta own = meta_of(&hosts[i], hosts[i].name);

		for (size_t j = 0; j < HOSTS; j++) {
			const struct meta known = meta_of(&hosts[j], hosts[i].name);

			if (!is_same_meta(&own, &known))
				return false;
		}
	}
	return true;
}

static void heal(bool accepts)
{
	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i].ahead_ms = 0;
		if (!hosts[i].is_connected)
			connect_host(&hosts[i]);
	}
	for (size_t round = 0; round < ROUNDS_TO_HEAL; round++) {
		for (size_t i = 0; i < HOSTS; i++) {
			for (size_t j = 0; accepts && j < HOSTS; j++)
				assert_int_equal(fleet_replica_accept(hosts[i].replica, NULL,
								      hosts[j].name, clock_ms),
						 0);
			read_stream(&hosts[i]);
			tick(&hosts[i], true);
		}
	}
}

static int check_genuine(const struct fleet_record *record, bool is_held, void *context)
{
	(void)is_held;
	(void)context;
	assert_genuine(record);
	return 0;
}

static void check_schedule(void)
{
	heal(false);
	for (size_t i = 0; i < HOSTS; i++)
		fleet_replica_walk(hosts[i].replica, check_genuine, NULL);
	if (!is_equal())
		fail_msg("the hosts do not agree");
	/* Held removals keep entries; nothing else may be missing. */
	for (size_t i = 0; i < PREFIXES; i++)
		for (size_t j = 0; j < HOSTS; j++)
			if (i % 2 == 0 && is_listed(i) && !is_listed_at(&hosts[j], i))
				fail_msg("%s has lost 192.0.2.%zu", hosts[j].name, i);
	heal(true);
	if (!is_equal())
		fail_msg("the hosts do not agree when nothing is held");
	for (size_t i = 0; i < PREFIXES; i++)
		for (size_t j = 0; j < HOSTS; j++)
			if (is_listed(i) != is_listed_at(&hosts[j], i))
				fail_msg("%s: 192.0.2.%zu is %slisted", hosts[j].name, i,
					 is_listed(i) ? "not " : "");
}

/* ---- tests -------------------------------------------------------------------------- */

static void run_schedule(void)
{
	redis = copy_of_redis = (struct redis) { .last_id = 1 };
	log_count = 0;
	clock_ms = NOW_MS;
	for (size_t i = 0; i < HOSTS; i++) {
		hosts[i] = (struct host) { .replica = NULL };
		snprintf(hosts[i].name, sizeof(hosts[i].name), "mx%zu", i);
		hosts[i].replica = fleet_replica_new(hosts[i].name);
		assert_non_null(hosts[i].replica);
	}
	is_healing = false;
	for (size_t i = 0; i < STEPS; i++)
		step();
	is_healing = true;
	check_schedule();
	for (size_t i = 0; i < HOSTS; i++) {
		fleet_replica_free(hosts[i].replica);
		backup_free(&hosts[i]);
	}
}

static void test_schedules(void **state)
{
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < SCHEDULES; i++) {
		run_schedule();
		for (size_t j = 0; j < HOSTS; j++)
			refused += hosts[j].refused_count;
	}
	assert_true(forged_count && refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_schedules) };

	random_start("fleet_model");
	return cmocka_run_group_tests_name("fleet_model", tests, NULL, NULL);
}
