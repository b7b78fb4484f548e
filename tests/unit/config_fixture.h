/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the configuration: a temporary directory as the working directory, files in it, and
 * a comparison of diagnostics with the expected ones.
 */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diagnostics.h"

#define FIXTURE_UNUSED __attribute__((unused))
#define FIXTURE_EXPECTED_MAX 32

#ifndef FIXTURE_TEMPLATE
#define FIXTURE_TEMPLATE "/tmp/ipwl-test-XXXXXX"
#endif

static char fixture_directory[] = FIXTURE_TEMPLATE;

/* A group's setup: make the directory and go there; others may enter it. */
static FIXTURE_UNUSED int fixture_open(void **state)
{
	(void)state;
	return mkdtemp(fixture_directory) && chdir(fixture_directory) == 0
		   ? chmod(fixture_directory, 0755)
		   : -1;
}

static FIXTURE_UNUSED int fixture_remove(const char *path, const struct stat *status, int type,
					 struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

/* A group's teardown. */
static FIXTURE_UNUSED int fixture_close(void **state)
{
	(void)state;
	return chdir("/") == 0 ? nftw(fixture_directory, fixture_remove, 16, FTW_DEPTH | FTW_PHYS)
			       : -1;
}

static FIXTURE_UNUSED void fixture_write_bytes(const char *name, const void *data, size_t bytes)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static FIXTURE_UNUSED void fixture_write(const char *name, const char *text)
{
	fixture_write_bytes(name, text, strlen(text));
}

/* Root may read everything, so become a user who may not, until fixture_become_root(). */
static FIXTURE_UNUSED void fixture_become_nobody(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(65534), 0);
}

static FIXTURE_UNUSED void fixture_become_root(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

/*
 * @expected: one line for each diagnostic, with its beginning and, after "...", text that it
 * must contain. There must be no other diagnostics, and the order must match.
 */
static FIXTURE_UNUSED void fixture_assert(const struct diagnostics *diagnostics,
					  const char *expected)
{
	char copy[4096], text[8192];
	char *rest = copy, *line;
	size_t i = 0;

	assert_true(strlen(expected) < sizeof(copy));
	memcpy(copy, expected, strlen(expected) + 1);
	while ((line = strsep(&rest, "\n"))) {
		char *more = strstr(line, "...");

		if (*line == '\0')
			continue;
		if (i == diagnostics->count)
			fail_msg("not there: %s", line);
		diagnostic_format(&diagnostics->items[i++], text, sizeof(text));
		if (more)
			*more = '\0';
		if (strncmp(text, line, strlen(line)) != 0)
			fail_msg("expected: %s\n     got: %s", line, text);
		if (more && !strstr(text + strlen(line), more + 3))
			fail_msg("expected: ...%s\n     got: %s", more + 3, text);
	}
	if (i < diagnostics->count) {
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		fail_msg("unexpected: %s", text);
	}
}

#endif
