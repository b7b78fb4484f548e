/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which format of metrics a client gets. */
#include "web/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN "text/plain"
#define OPEN "application/openmetrics-text"

static void check_all(const char *const *headers, size_t count, enum exposition_format format)
{
	for (size_t i = 0; i < count; i++)
		if (accept_choose(headers[i]) != format)
			fail_msg("\"%s\": %s", headers[i],
				 format == EXPOSITION_TEXT ? "OpenMetrics" : "text");
}

static void test_openmetrics(void **state)
{
	static const char *const headers[] = {
		OPEN,
		"Application/OpenMetrics-Text",
		OPEN "; version=1.0.0",
		OPEN " ;\tversion=\"1.0.0\" ; charset=utf-8",
		OPEN ";q=0.001",
		OPEN "," PLAIN,
		PLAIN "," OPEN,
		PLAIN ";q=0.5," OPEN ";q=0.6",
		/* Prometheus 2.42 and 3. */
		OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75," PLAIN
		     ";version=0.0.4;q=0.5,*/*;q=0.1",
		OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.5," OPEN ";version=0.0.1;q=0.4," PLAIN
		     ";version=1.0.0;escaping=allow-utf-8;q=0.3," PLAIN
		     ";version=0.0.4;q=0.2,*/*;q=0.1",
		"application/*",
		"application/*," PLAIN ";q=0.9",
		/* The more specific range counts, whatever stands first. */
		"*/*;q=1," PLAIN ";q=0.1",
		OPEN ";q=0.1," OPEN ";version=1.0.0;q=0.9," PLAIN ";q=0.5",
		/* A list in quotes is one value. */
		OPEN ";x=\",text/plain;q=1\"",
	};

	(void)state;
	check_all(headers, sizeof(headers) / sizeof(*headers), EXPOSITION_OPENMETRICS);
}

static void test_text(void **state)
{
	static const char *const headers[] = {
		NULL,
		"",
		"*/*",
		PLAIN,
		PLAIN ";version=0.0.4",
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
		PLAIN "," OPEN ";q=0.9",
		OPEN ";q=0",
		OPEN ";q=0.000, */*;q=0.1",
		OPEN ";version=1.0.0;q=0.2," PLAIN ";version=0.0.4;q=0.201",
		/* Another version, or something that only looks like it. */
		OPEN ";version=0.0.1",
		OPEN ";version=2.0.0",
		"x" OPEN,
		OPEN "x",
		"application/openmetrics",
		"openmetrics-text",
		/* No quality is larger than 1, and none has four places. */
		OPEN ";q=1.001",
		OPEN ";q=0.1234",
		OPEN ";q=2",
		OPEN ";q=-1",
		OPEN ";q=.5",
		OPEN ";q=0x1",
		OPEN ";q=",
		OPEN ";q",
		/* Nothing that is served: RFC 9110 permits to disregard the header. */
		"image/png",
		"*/*;q=0",
		",",
		";",
		"/",
		"\"",
		"=;=,=",
	};

	(void)state;
	check_all(headers, sizeof(headers) / sizeof(*headers), EXPOSITION_TEXT);
}

/* Any text gets an answer. */
static void test_strange(void **state)
{
	static const char *const pieces[] = { OPEN, PLAIN, "*/*", ",",	     ";",   "q",
					      "=",  "0.5", "\"",  "/",	     " ",   "1",
					      "",   "\t",  "*",	  "version", "1.0", "\xff" };
	const unsigned int count = sizeof(pieces) / sizeof(*pieces);

	(void)state;
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		char header[512] = "";

		for (long length = random() % 12; length > 0; length--)
			strcat(header, pieces[(unsigned int)random() % count]);
		assert_in_range(accept_choose(header), EXPOSITION_TEXT, EXPOSITION_OPENMETRICS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_strange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
