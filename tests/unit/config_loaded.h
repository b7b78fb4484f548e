/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that a test loaded last, and the result. */
#ifndef CONFIG_LOADED_H
#define CONFIG_LOADED_H

#include <errno.h>

#include "config_fixture.h"

#include "config/config.h"

/* Of the last load. */
static struct diagnostics diagnostics;
static struct config *config;

static FIXTURE_UNUSED int begin(void **state)
{
	(void)state;
	diagnostics_init(&diagnostics);
	config = NULL;
	return 0;
}

static FIXTURE_UNUSED int end(void **state)
{
	(void)state;
	diagnostics_done(&diagnostics);
	config_free(config);
	return 0;
}

/* Load a configuration of these lists, which begin in line 3; there is nothing to say
 * but @expected. */
static FIXTURE_UNUSED void load_from(const char *path, const char *text, int result,
				     const char *expected)
{
	char whole[8192];

	end(NULL);
	begin(NULL);
	snprintf(whole, sizeof(whole), "interfaces: [a]\nlists:\n%s", text);
	fixture_write(path, whole);
	assert_int_equal(config_load(path, NULL, &diagnostics, &config), result);
	assert_true((config != NULL) == (result == 0));
	fixture_assert(&diagnostics, expected);
}

static FIXTURE_UNUSED void load(const char *text, const char *expected)
{
	load_from("c.yaml", text, 0, expected);
}

static FIXTURE_UNUSED void assert_errors(const char *text, const char *expected)
{
	load_from("c.yaml", text, -EINVAL, expected);
}

/* The entries of a list, all sources: "ORIGIN:LINE [!]PREFIX" each on its line. */
static FIXTURE_UNUSED void assert_entries(const char *name, const char *expected)
{
	const struct list *list = policy_find_list(config->policy, name);
	const struct entry *entry;
	struct entry_cursor cursor;
	char *text = NULL, prefix[PREFIX_TEXT_BYTES];
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	assert_non_null(list);
	entry_cursor_init(&cursor, list, NULL);
	while ((entry = entry_cursor_next(&cursor))) {
		assert_int_equal(entry->about->added_at_sec, 0);
		fprintf(stream, "%s %s:%u %s%s\n", source_names[entry->source],
			entry->about->origin, entry->line, entry->is_exclusion ? "!" : "",
			prefix_format_short(&entry->prefix, prefix));
	}
	fclose(stream);
	assert_string_equal(text, expected);
	free(text);
}

#define LOADED_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
