/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads any text as the stored copy of a domain: a line with the records of shared providers, then
 * the answer of ipwl-resolve. Whatever `shared` says, no address is lost or counted twice, and
 * none is reserved.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry_cut.h"
#include "core/prefix_search.h"
#include "core/reserved.h"
#include "feeds/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME "spf:partner.example"

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static struct feed_config config_of(enum shared_choice shared, enum space_choice reserved)
{
	static char name[] = NAME, list[] = "partners";

	return (struct feed_config) {
		.kind = FEED_OF_DOMAIN,
		.name = name,
		.url = name,
		.list_name = list,
		.action = ACTION_ALLOW,
		.shared = shared,
		.guards = { .spaces = { [FEED_SPACE_RESERVED] = reserved } },
	};
}

static int read_copy(const struct feed_copy *copy, enum shared_choice shared,
		     enum space_choice reserved, struct feed_body *body)
{
	const struct feed_config config = config_of(shared, reserved);
	struct lines details = { 0 };
	int err = feed_parse(&config, copy, body, &details);

	require(!err || (err == -EINVAL && details.count && !body->set && !body->shared));
	lines_done(&details);
	return err;
}

static void check_set(const struct entry_set *set)
{
	for (size_t i = 0; set && i < set->count; i++) {
		const struct entry *entry = &set->entries[i];

		require(!entry->is_exclusion && entry->source == SOURCE_DOMAIN &&
			!strcmp(entry->about->origin, NAME) && !entry->about->expires_at_sec);
		require(!i || prefix_compare(&set->entries[i - 1].prefix, &entry->prefix) < 0);
	}
}

static size_t count_of(const struct entry_set *set)
{
	return set ? set->count : 0;
}

static void check_shared(const struct feed_body bodies[SHARED_CHOICE_COUNT])
{
	for (int shared = 0; shared < SHARED_CHOICE_COUNT; shared++) {
		check_set(bodies[shared].set);
		check_set(bodies[shared].shared);
	}
	require(count_of(bodies[SHARED_ALL].set) ==
		count_of(bodies[SHARED_EVIDENCED].set) + count_of(bodies[SHARED_EVIDENCED].shared));
	require(count_of(bodies[SHARED_NEVER].set) == count_of(bodies[SHARED_EVIDENCED].set));
	require(!bodies[SHARED_ALL].shared && !bodies[SHARED_NEVER].shared);
}

/* Nothing reserved is left. */
static void check_cut(const struct feed_copy *copy)
{
	struct feed_body body;

	require(!read_copy(copy, SHARED_ALL, SPACE_CUT, &body));
	require(!entry_set_reaches(body.set, PREFIX_ARRAY(reserved_spaces, RESERVED_COUNT)));
	feed_body_done(&body);
}

static void check_copy(const struct feed_copy *copy)
{
	struct feed_body bodies[SHARED_CHOICE_COUNT];
	const int err = read_copy(copy, SHARED_EVIDENCED, SPACE_TAKE, &bodies[SHARED_EVIDENCED]);

	for (int shared = SHARED_EVIDENCED + 1; shared < SHARED_CHOICE_COUNT; shared++)
		require(err ==
			read_copy(copy, (enum shared_choice)shared, SPACE_TAKE, &bodies[shared]));
	if (err)
		return;
	check_shared(bodies);
	check_cut(copy);
	for (int shared = 0; shared < SHARED_CHOICE_COUNT; shared++)
		feed_body_done(&bodies[shared]);
}

/* A string; the data ends without a 0, so strndup() may not read it. */
static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	struct feed_copy copy = { .fetched_at_sec = 1 };

	if (!end)
		return 0;
	copy.shared = text_of(data, (size_t)(end - data));
	copy.byte_count = size - (size_t)(end + 1 - data);
	copy.bytes = text_of(end + 1, copy.byte_count);
	check_copy(&copy);
	feed_copy_done(&copy);
	return 0;
}
