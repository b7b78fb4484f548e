/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store of evidence in the test's directory. */
#ifndef EVIDENCE_FIXTURE_H
#define EVIDENCE_FIXTURE_H

#include "config_fixture.h"
#include "sql_number.h"
#include "store/evidence.h"
#include "store/learned_rows.h"

#define DAY LEARN_DAY_SEC
#define FIRST_DAY 20000
#define PATH "learn.db"

static struct evidence_store *store;

static FIXTURE_UNUSED int reset(void **state)
{
	(void)state;
	(void)remove(PATH);
	(void)remove(PATH "-journal");
	return 0;
}

static FIXTURE_UNUSED void open_store(void)
{
	char *lost = NULL;

	assert_int_equal(evidence_open(".", &store, &lost), 0);
	assert_null(lost);
	assert_null(evidence_error(store));
}

static FIXTURE_UNUSED int close_store(void **state)
{
	(void)state;
	evidence_close(store);
	store = NULL;
	return 0;
}

static FIXTURE_UNUSED struct prefix address_of(unsigned int which)
{
	struct prefix prefix = { .family = which % 4 ? FAMILY_IPV4 : FAMILY_IPV6 };

	prefix.addr[0] = 0x2e;
	prefix.addr[2] = (uint8_t)(which >> 8);
	prefix.addr[3] = (uint8_t)which;
	prefix.len = which % 4 ? 32 : 64;
	return prefix;
}

static FIXTURE_UNUSED struct evidence make(enum evidence_kind kind, unsigned int address,
					   int64_t day)
{
	struct evidence evidence = { .kind = kind, .at_sec = day * DAY + 100 };

	evidence.has_address = true;
	evidence.address = address_of(address);
	return evidence;
}

static const struct evidence_limits wide = { .max_rows = 1000000, .max_new_domains = 20 };

/* Note and commit. Return: how many were noted. */
static FIXTURE_UNUSED size_t note_within(const struct evidence *evidence, size_t count,
					 const struct evidence_limits *limits)
{
	struct evidence_item *items = calloc(count + 1, sizeof(*items));
	struct evidence_noting noting;
	size_t noted = 0;

	assert_non_null(items);
	for (size_t i = 0; i < count; i++)
		items[i] = (struct evidence_item) { .evidence = &evidence[i],
						    .subject = evidence[i].address,
						    .has_subject = evidence[i].has_address,
						    .makes_partner = true };
	assert_int_equal(evidence_note(store, items, count, limits, &noting), 0);
	assert_int_equal(evidence_commit(store), 0);
	for (size_t i = 0; i < count; i++)
		noted += items[i].drop == EVIDENCE_DROP_COUNT;
	free(items);
	return noted;
}

static FIXTURE_UNUSED void note(const struct evidence *evidence, size_t count)
{
	assert_int_equal(note_within(evidence, count, &wide), count);
}

static FIXTURE_UNUSED int64_t query(const char *sql)
{
	return sql_number(PATH, sql);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, reset, close_store)

#endif
