/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same metrics in both formats. */
#include "web/exposition.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct metric counter = { "ipwl_x_total", "counter", "Xs." };
static const struct metric gauge = { "ipwl_y_total", "gauge", "Ys." };

static void check(enum exposition_format format, const char *expected)
{
	const struct exposition to = { evbuffer_new(), format };

	exposition_head(&to, &counter);
	exposition_add(&to, "%s{", counter.name);
	exposition_label(&to, "name", "a\"b\\c\nd\xff");
	exposition_add(&to, "} %d\n", 1);
	exposition_single(&to, &gauge, UINT64_MAX);
	exposition_end(&to);
	evbuffer_add(to.buffer, "", 1);
	assert_string_equal((char *)evbuffer_pullup(to.buffer, -1), expected);
	evbuffer_free(to.buffer);
}

#define SAMPLE "ipwl_x_total{name=\"a\\\"b\\\\c?d?\"} 1\n"
#define GAUGE                                                                                      \
	"# HELP ipwl_y_total Ys.\n# TYPE ipwl_y_total gauge\nipwl_y_total 18446744073709551615\n"

static void test_text(void **state)
{
	(void)state;
	check(EXPOSITION_TEXT,
	      "# HELP ipwl_x_total Xs.\n# TYPE ipwl_x_total counter\n" SAMPLE GAUGE);
}

/* Only a counter loses its suffix, and only where it begins. */
static void test_openmetrics(void **state)
{
	(void)state;
	check(EXPOSITION_OPENMETRICS,
	      "# HELP ipwl_x Xs.\n# TYPE ipwl_x counter\n" SAMPLE GAUGE "# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_openmetrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
