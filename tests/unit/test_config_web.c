/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status page in a configuration. */
#include "config_loaded.h"

/* In line 4, behind a list. */
#define LIST "  - {name: a, action: allow}\n"
#define WEB(text) LIST "web: " text "\n"

static void test_off_by_default(void **state)
{
	static const char *const offs[] = { LIST, WEB("{}"), WEB("{listen: none}") };

	(void)state;
	for (size_t i = 0; i < sizeof(offs) / sizeof(*offs); i++) {
		load(offs[i], "");
		assert_null(config->web.listen_host);
		assert_null(config->web.token_file);
		assert_null(config->web.names);
		assert_false(config->web.is_remote);
	}
}

static void test_values(void **state)
{
	(void)state;
	load(WEB("{listen: '[::1]:12527', token_file: /t, names: [MX.Example.com, b.example]}"),
	     "");
	assert_string_equal(config->web.listen_host, "::1");
	assert_int_equal(config->web.listen_port, 12527);
	assert_string_equal(config->web.token_file, "/t");
	assert_string_equal(config->web.names, "mx.example.com b.example");
	load(WEB("{remote: true, token_file: /t, listen: '0.0.0.0:80'}"), "");
	assert_string_equal(config->web.listen_host, "0.0.0.0");
	assert_true(config->web.is_remote);
}

static void test_errors(void **state)
{
	static const char *const wrong[][2] = {
		{ WEB("x"), "c.yaml:4:6: " },
		{ WEB("{port: 1}"), "c.yaml:4:7: " },
		{ WEB("{listen: '192.0.2.1:80'}"),
		  "c.yaml:4:15: listen: other hosts can reach \"192.0.2.1:80\"" },
		{ WEB("{listen: '[::]:80'}"), "c.yaml:4:15: listen: other hosts can reach" },
		{ WEB("{listen: 'localhost:80'}"), "c.yaml:4:15: listen: \"localhost:80\" is not" },
		{ WEB("{listen: '127.0.0.1'}"), "c.yaml:4:15: listen: \"127.0.0.1\" is not" },
		{ WEB("{remote: true, listen: '192.0.2.1:80'}"),
		  "c.yaml:4:15: remote: needs token_file" },
		{ WEB("{remote: maybe}"), "c.yaml:4:15: " },
		{ WEB("{token_file: t}"), "c.yaml:4:19: token_file: \"t\" is not an absolute" },
		{ WEB("{names: ['a b', '']}"), "c.yaml:4:15: \"a b\" is not a host name\n"
					       "c.yaml:4:22: \"\" is not a host name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		load_from("c.yaml", wrong[i][0], -EINVAL, wrong[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_off_by_default),
		LOADED_TEST(test_values),
		LOADED_TEST(test_errors),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
