/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts of a fleet that share one feed, with random accidents: what they take is always what the
 * source had, each of them always has a copy that is not too old, and without accidents the source
 * is asked once for all.
 */
#include "share_hosts.h"

#define SCHEDULES 40

/* ---- without accidents ---------------------------------------------------------------- */

static const struct fleet_signer signer = { "the fleet's key", "mail" };

/* What is said of the copy of a feed. */
static struct stored *said_of(const char *feed)
{
	char name[FLEET_MAC_DIGITS + 1], key[KEY_BYTES];

	assert_int_equal(fleet_copy_name(&signer, feed, name), 0);
	snprintf(key, sizeof(key), "ipwl:{mail}:f:%s", name);
	return find_stored(key);
}

/* The parts of former copies do not stay. */
static void assert_one_copy(void)
{
	char digest[FLEET_DIGEST_DIGITS + 1] = "";

	assert_non_null(said_of(FEED));
	memcpy(digest, said_of(FEED)->value + strlen("1 "), FLEET_DIGEST_DIGITS);
	for (size_t i = 0; i < KEYS_MAX; i++)
		if (*store[i].key && store[i].until_ms > clock_ms + 60000 &&
		    strlen(store[i].key) > strlen("ipwl:{mail}:f:") + FLEET_MAC_DIGITS)
			assert_non_null(strstr(store[i].key, digest));
}

static void test_calm(void **unused)
{
	const int hours = 12;

	(void)unused;
	for (int i = 0; i < SCHEDULES / 4; i++) {
		body_bytes = i % 3 ? random_below(1000) : random_below(1200000);
		start_all();
		for (int hour = 0; hour < hours; hour++) {
			run_until(clock_ms + REFRESH_SEC * 1000);
			version += random_chance(70);
			if (hour)
				assert_all_fresh();
		}
		assert_true(fetch_count <= (size_t)hours + 1);
		assert_true(taken_count >= (HOSTS - 1) * (size_t)(hours - 2));
		assert_int_equal(damaged_count, 0);
		assert_one_copy();
		end_all();
	}
}

/* ---- with accidents ------------------------------------------------------------------- */

static struct stored *any_stored(void)
{
	const size_t first = random_below(KEYS_MAX);

	for (size_t i = 0; i < KEYS_MAX; i++)
		if (*store[(first + i) % KEYS_MAX].key)
			return &store[(first + i) % KEYS_MAX];
	return NULL;
}

/* Somebody who does not have the key writes to the server. */
static void forge(void)
{
	struct stored *stored = random_chance(50) ? said_of(FEED) : any_stored();
	const struct stored *other = said_of("another feed");
	size_t at;

	if (!stored || !stored->bytes)
		return;
	switch (random_below(5)) {
	case 0:
		at = random_below((unsigned int)stored->bytes);
		stored->value[at] = (char)(stored->value[at] ^ (char)(1 + random_below(127)));
		return;
	case 1:
		stored->bytes = random_below((unsigned int)stored->bytes);
		stored->value[stored->bytes] = '\0';
		return;
	case 2:
		forget(stored);
		return;
	case 3:
		if (other)
			put(stored->key, other->value, other->bytes, stored->until_ms);
		return;
	default:
		if (!replayed && said_of(FEED))
			replayed = strdup(said_of(FEED)->value);
		else if (replayed && said_of(FEED))
			put(said_of(FEED)->key, replayed, strlen(replayed),
			    clock_ms + REFRESH_SEC * 1000);
	}
}

static void have_accident(void)
{
	struct host *host = &hosts[random_below(HOSTS)];

	switch (random_below(9)) {
	case 0:
		set_up(!is_up);
		return;
	case 1:
		forget_all();
		return;
	case 2:
		if (host->share)
			die(host);
		else
			start(host);
		return;
	case 3:
		slowness_ms = random_chance(50) ? 4000 : 20;
		return;
	case 4:
		failing = random_chance(50) ? 1 + random_below(99) : 0;
		slowest_fetch_ms = random_chance(50) ? FETCH_SEC * 1000 : 15000;
		return;
	case 5:
		is_full = !is_full;
		return;
	case 6:
		if (host->share)
			give(host, "another feed", "another", 7);
		return;
	case 7:
		if (is_up)
			set_up(false);
		set_up(true);
		return;
	default:
		forge();
	}
}

static void heal(void)
{
	set_up(true);
	slowness_ms = 20;
	failing = 0;
	slowest_fetch_ms = 15000;
	is_full = false;
	for (size_t i = 0; i < HOSTS; i++)
		if (!hosts[i].share)
			start(&hosts[i]);
}

static void test_accidents(void **unused)
{
	size_t taken = 0;

	(void)unused;
	for (int i = 0; i < SCHEDULES; i++) {
		body_bytes = i % 5 ? random_below(1000) : random_below(1200000);
		start_all();
		for (int j = 0; j < 100; j++) {
			run_until(clock_ms + random_below(random_chance(50) ? 20000 : 1200000));
			version += random_chance(30);
			have_accident();
		}
		heal();
		run_until(clock_ms + 3 * REFRESH_SEC * 1000);
		assert_all_fresh();
		taken += taken_count;
		end_all();
	}
	assert_true(taken > 0);
}

/* ---- the lease ------------------------------------------------------------------------ */

/* Start with all hosts waiting for one that fetches. Return: that one. */
static struct host *start_waiting(void)
{
	struct host *holder = NULL;

	body_bytes = 10;
	start_all();
	while (!fetch_count)
		assert_true(step(INT64_MAX));
	for (size_t i = 0; i < HOSTS; i++)
		if (hosts[i].fetched->is_pending)
			holder = &hosts[i];
	assert_non_null(holder);
	slowest_fetch_ms = 1000;
	arm(holder->fetched, 18000);
	run_until(clock_ms + 3000);
	assert_int_equal(fetch_count, 1);
	return holder;
}

/* It is renewed while the fetch runs. */
static void test_renewed(void **unused)
{
	(void)unused;
	start_waiting();
	run_until(clock_ms + 17000);
	assert_int_equal(fetch_count, 1);
	assert_int_equal(taken_count, HOSTS - 1);
	end_all();
}

/* The next one fetches within the lease, and then all others have its copy. */
static void test_holder_dies(void **unused)
{
	(void)unused;
	die(start_waiting());
	run_until(clock_ms + 16000);
	assert_int_equal(fetch_count, 2);
	run_until(clock_ms + 60000);
	assert_int_equal(fetch_count, 2);
	assert_int_equal(taken_count, HOSTS - 2);
	end_all();
}

/* The next one need not wait. */
static void test_holder_gives_up(void **unused)
{
	struct host *holder;

	(void)unused;
	holder = start_waiting();
	fleet_share_give_up(holder->share, FEED);
	event_del(holder->fetched);
	run_until(clock_ms + 1500);
	assert_int_equal(fetch_count, 2);
	end_all();
}

/* A copy that is too large: all fetch at once. */
static void test_large(void **unused)
{
	struct fleet_copy copy = { .host = "mx0", .checked_at_sec = 0 };
	struct fleet_share_state state;
	struct host *holder;

	(void)unused;
	holder = start_waiting();
	copy.checked_at_sec = clock_ms / 1000;
	fleet_copy_make_large(&copy);
	fleet_share_give(holder->share, FEED, &copy, NULL, REFRESH_SEC);
	event_del(holder->fetched);
	run_until(clock_ms + 1500);
	assert_int_equal(fetch_count, HOSTS);
	fleet_share_get_state(holder->share, &state);
	assert_int_equal(state.large_count, 1);
	assert_int_equal(state.given_count, 0);
	end_all();
}

/* Hosts that wait, and the one that fetches, lose the server. */
static void test_server_is_lost(void **unused)
{
	(void)unused;
	start_waiting();
	set_up(false);
	run_until(clock_ms + 1000);
	assert_int_equal(fetch_count, HOSTS);
	run_until(clock_ms + 60000);
	assert_all_fresh();
	end_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),
		cmocka_unit_test(test_accidents),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_holder_dies),
		cmocka_unit_test(test_holder_gives_up),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_server_is_lost),
	};

	random_start("sharing feeds");
	return cmocka_run_group_tests_name("sharing feeds", tests, NULL, NULL);
}
