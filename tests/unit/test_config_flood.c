/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shield against floods in a configuration. */
#include "config_loaded.h"

/* In line 4, behind a list. */
#define LIST "  - {name: a, action: allow}\n"
#define FLOOD(text) LIST "flood: " text "\n"

static void assert_flood(enum ipwl_flood_mode mode, uint32_t threshold, uint32_t quiet_sec)
{
	assert_int_equal(config->flood.mode, mode);
	assert_int_equal(config->flood.threshold, threshold);
	assert_int_equal(config->flood.quiet_sec, quiet_sec);
}

static void test_values(void **state)
{
	(void)state;
	load(LIST, "");
	assert_flood(IPWL_FLOOD_OFF, 5000, 60);
	load(FLOOD("{}"), "");
	assert_flood(IPWL_FLOOD_MONITOR, 5000, 60);
	load(FLOOD("{mode: enforce, threshold: 20000, quiet: 5m}"), "");
	assert_flood(IPWL_FLOOD_ENFORCE, 20000, 300);
	load(FLOOD("{mode: off, threshold: 100, quiet: 1h}"), "");
	assert_flood(IPWL_FLOOD_OFF, 100, 3600);
}

static void test_errors(void **state)
{
	static const char *const wrong[][2] = {
		{ FLOOD("x"), "c.yaml:4:8: " },
		{ FLOOD("{mode: on}"),
		  "c.yaml:4:15: mode: must be off, monitor or enforce, not \"on\"\n" },
		{ FLOOD("{threshold: 99}"), "c.yaml:4:20: threshold: must be a decimal number from "
					    "100 to 10000000, not \"99\"\n" },
		{ FLOOD("{quiet: 2h}"),
		  "c.yaml:4:16: quiet: \"2h\" is not between 1s and 1h 0m\n" },
		{ FLOOD("{burst: 1}"), "c.yaml:4:9: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		load_from("c.yaml", wrong[i][0], -EINVAL, wrong[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADED_TEST(test_values),
		LOADED_TEST(test_errors),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
