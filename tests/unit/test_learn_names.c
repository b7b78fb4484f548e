/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When an address has a reverse name of another organisation: reassigned addresses, hosts with
 * several names, and names of nobody. */
#include "learn/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct learn_names names;

/* See names, separated by blanks. */
static void see(const char *text)
{
	char copy[1024], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((name = strsep(&rest, " ")) != NULL)
		learn_names_see(&names, name);
}

static void assert_believed(const char *seen, const char *expected)
{
	names = (struct learn_names) { 0 };
	see(seen);
	if (strcmp(names.name, expected) != 0)
		fail_msg("%s: %s, not %s", seen, names.name, expected);
}

#define OLD "mx1.old.co.uk"
#define NEW "vm7.new.example"

static void test_reassigned(void **state)
{
	(void)state;
	assert_believed(OLD, OLD);
	assert_believed(OLD " mx2.old.co.uk", "mx2.old.co.uk");
	assert_believed(OLD " " NEW, OLD);
	assert_believed(OLD " " NEW " vm8.new.example", "vm8.new.example");
	/* Whoever changes the name each time does not belong to the old one. */
	assert_believed(OLD " " NEW " mx.third.example", "mx.third.example");
	/* It may come back. */
	assert_believed(OLD " " NEW " " NEW " " OLD " " OLD, OLD);
}

static void test_several_names(void **state)
{
	(void)state;
	assert_believed(OLD " " NEW " " OLD " " NEW " " NEW " " NEW, OLD);
	/* They are two hosts behind one address, and it moves to a third organisation. */
	assert_believed(OLD " " NEW " " OLD " mx.third.example " NEW " mx.third.example", OLD);
	assert_believed(OLD " " NEW " " OLD " mx.fourth.example x.fourth.example",
			"x.fourth.example");
	/* What belonged to the old organisation does not belong to the new one. */
	assert_believed(OLD " " NEW " " OLD " mx.third.example mx.third.example " NEW " " NEW, NEW);
}

/* Nobody knows whose address it is. */
static void test_many_names(void **state)
{
	char other[64];

	(void)state;
	names = (struct learn_names) { 0 };
	see(OLD);
	for (int i = 0; i < LEARN_NAMES_ALSO_MAX; i++) {
		snprintf(other, sizeof(other), "mx.n%d.example " OLD, i);
		see(other);
	}
	see(NEW " " NEW " " NEW);
	assert_string_equal(names.name, OLD);
	see("mx.n0.example mx.n3.example");
	assert_string_equal(names.name, OLD);
}

static void test_no_organisation(void **state)
{
	(void)state;
	assert_believed(OLD " co.uk co.uk localhost localhost", OLD);
	assert_believed("localhost " OLD, OLD);
	names = (struct learn_names) { 0 };
	assert_true(learn_names_see(&names, OLD));
	assert_false(learn_names_see(&names, OLD));
	assert_false(learn_names_see(&names, "localhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reassigned),
		cmocka_unit_test(test_several_names),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_no_organisation),
	};

	return cmocka_run_group_tests_name("learn_names", tests, NULL, NULL);
}
