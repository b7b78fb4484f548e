/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host says of all its records: read back as written, and nothing else is read. */
#include "fleet/summary.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct fleet_signer signer = { "the key of the fleet", "mail" };

static void test_read_back(void **state)
{
	static const struct fleet_summary summaries[] = {
		{ .count = 0 },
		{ .is_gone = true, .stamp_ms = 1770000000000 },
		{ .count = 1000000,
		  .digest = UINT64_MAX,
		  .stamp_ms = 1770000000000,
		  .heard_ms = INT64_MAX },
	};
	char text[FLEET_SUMMARY_BYTES];
	struct fleet_summary back;

	(void)state;
	for (size_t i = 0; i < sizeof(summaries) / sizeof(*summaries); i++) {
		assert_int_equal(fleet_summary_format(&summaries[i], &signer, "mx1", text), 0);
		assert_int_equal(fleet_summary_parse(text, &signer, "mx1", &back), 0);
		assert_int_equal(back.is_gone, summaries[i].is_gone);
		assert_int_equal(back.count, summaries[i].count);
		assert_true(back.digest == summaries[i].digest);
		assert_int_equal(back.stamp_ms, summaries[i].stamp_ms);
		assert_int_equal(back.heard_ms, summaries[i].heard_ms);
	}
}

/* A summary is of one host of one fleet. */
static void test_signed(void **state)
{
	static const struct fleet_signer strangers[] = { { "a guess", "mail" },
							 { "the key of the fleet", "web" },
							 { "", "mail" } };
	const struct fleet_summary summary = { .count = 7, .digest = 42, .heard_ms = 1 };
	char text[FLEET_SUMMARY_BYTES], copy[FLEET_SUMMARY_BYTES];
	struct fleet_summary back = { .count = 1 };

	(void)state;
	assert_int_equal(fleet_summary_format(&summary, &signer, "mx1", text), 0);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		strcpy(copy, text);
		assert_int_equal(fleet_summary_parse(copy, &strangers[i], "mx1", &back), -EINVAL);
	}
	strcpy(copy, text);
	assert_int_equal(fleet_summary_parse(copy, &signer, "mx2", &back), -EINVAL);
	for (size_t i = 0; text[i]; i++) {
		strcpy(copy, text);
		copy[i] ^= 1;
		assert_int_equal(fleet_summary_parse(copy, &signer, "mx1", &back), -EINVAL);
		strcpy(copy, text);
		copy[i] = '\0';
		assert_int_equal(fleet_summary_parse(copy, &signer, "mx1", &back), -EINVAL);
	}
	assert_int_equal(back.count, 1);
}

/* Even with the right MAC. */
static void test_other_texts(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"1 here",
		"1 here ",
		"1 here 1 0000000000000002 3",
		"1 here 1 0000000000000002 3 4 5",
		"1 here 1 2 3 4",
		"1 here 01 0000000000000002 3 4",
		"1 here -1 0000000000000002 3 4",
		"1 here 1 000000000000000G 3 4",
		"1 here  1 0000000000000002 3 4",
		"2 here 1 0000000000000002 3 4",
		"1 away 1 0000000000000002 3 4",
	};
	struct fleet_summary back;
	char text[FLEET_SUMMARY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		strcpy(text, texts[i]);
		assert_int_equal(fleet_sign(&signer, "mx1", "summary", text), 0);
		if (fleet_summary_parse(text, &signer, "mx1", &back) != -EINVAL)
			fail_msg("%s is read", texts[i]);
	}
	strcpy(text, "1 here 1 0000000000000002 3 4");
	assert_int_equal(fleet_sign(&signer, "mx1", "summary", text), 0);
	assert_int_equal(fleet_summary_parse(text, &signer, "mx1", &back), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_other_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
