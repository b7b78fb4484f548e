/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top` without a terminal: rates and sources. */
#include "screen_fixture.h"

static const struct top_source *find(const char *text)
{
	struct prefix address;

	assert_int_equal(prefix_parse(text, strlen(text), &address, NULL), 0);
	for (size_t i = 0; i < model.source_count; i++)
		if (!prefix_compare(&model.sources[i].source, &address))
			return &model.sources[i];
	return NULL;
}

/* ---- counters ---------------------------------------------------------------------- */

static void test_rates(void **unused)
{
	const struct top_counter *block = &model.verdicts[TOP_BLOCK];

	(void)unused;
	take_status(100, 10, 50);
	assert_int_equal(block->total, 100);
	assert_int_equal(block->rate_count, 0);
	take_status(120, 10, 52);
	assert_true(is_about(block->rate, 10));
	assert_true(is_about(model.lists.items[0].counter.rate, 0));
	assert_true(is_about(model.interfaces.items[0].counter.rate, 30));
	take_status(120, 15, 57);
	assert_true(is_about(block->rate, 0));
	assert_true(is_about(model.lists.items[0].counter.rate, 1));
	/* Maps that begin anew. */
	take_status(8, 0, 61);
	assert_true(is_about(block->rate, 2));
	assert_int_equal(block->rate_count, 3);
	assert_int_equal(model.lists.items[0].entries, 1000005);
	/* The oldest rates give way. */
	for (int i = 0; i < TOP_RATES_MAX + 5; i++)
		take_status(8 + i, 0, 62 + i);
	assert_int_equal(block->rate_count, TOP_RATES_MAX);
	/* Without that list. */
	top_take_status(&model, NULL, 9999);
	assert_int_equal(model.lists.count, 0);
}

static void test_news(void **unused)
{
	json_t *status = json_pack("{s:s}", "started_at", "2026-11-24T09:31:00Z");

	(void)unused;
	take_status(0, 0, 1);
	assert_string_equal(model.news, "");
	model.next = 17;
	top_lose(&model, "cannot reach ipwld");
	assert_string_equal(model.problem, "cannot reach ipwld");
	top_take_status(&model, status, 2);
	assert_string_equal(model.news, "ipwld was restarted at 2026-11-24T09:31:00Z");
	assert_string_equal(model.problem, "");
	/* It numbers attempts anew. */
	assert_int_equal(model.next, 0);
	json_decref(status);
}

static void test_sparkline(void **unused)
{
	struct top_counter counter = { 0 };
	char text[TOP_SPARKLINE_BYTES(10)];
	static const double rates[] = { 0, 1, 50, 100, 99, 12.5, 12.6 };

	(void)unused;
	top_sparkline(&counter, 10, text);
	assert_string_equal(text, "");
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		counter.rates[counter.next++] = rates[i];
	counter.rate_count = counter.next;
	top_sparkline(&counter, 10, text);
	assert_string_equal(text, " ▁▄██▁▂");
	/* The newest ones, to their own scale. */
	top_sparkline(&counter, 2, text);
	assert_string_equal(text, "██");
	counter = (struct top_counter) { .rate_count = 3, .next = 3 };
	top_sparkline(&counter, 10, text);
	assert_string_equal(text, "   ");
	/* Around the end of the ring. */
	counter = (struct top_counter) { .rate_count = TOP_RATES_MAX, .next = 1, .rates[0] = 8 };
	counter.rates[TOP_RATES_MAX - 1] = 4;
	top_sparkline(&counter, 3, text);
	assert_string_equal(text, " ▄█");
}

static void test_number(void **unused)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = { { 0, "0" },	    { 0.04, "0.0" },	   { 1, "1" },
		      { 1.25, "1.2" },	    { 9.96, "10" },	   { 9999, "9999" },
		      { 9999.5, "10.0k" },  { 123456, "123k" },	   { 999499, "999k" },
		      { 1200005, "1.20M" }, { 12345678, "12.3M" }, { 1e18, "1.00E" } };
	char text[16];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(top_number(cases[i].number, text), cases[i].text);
}

/* ---- sources ------------------------------------------------------------------------ */

static void test_attempts(void **unused)
{
	const struct top_source *source;

	(void)unused;
	take_attempt("203.0.113.66", "block", NOW - 70, 0);
	take_attempt("203.0.113.66", "block", NOW - 30, 4);
	take_attempt("203.0.113.66", "averted", NOW - 1, 0);
	take_attempt("nonsense", "block", NOW, 0);
	take_attempt("203.0.113.67", "nonsense", NOW, 0);
	assert_int_equal(model.source_count, 1);
	source = find("203.0.113.66");
	assert_int_equal(source->attempts, 7);
	assert_int_equal(source->verdict, TOP_AVERTED);
	assert_int_equal(source->last_sec, NOW - 1);
	assert_int_equal(top_source_recent(source, NOW), 6);
	assert_int_equal(top_source_recent(source, NOW + 40), 1);
	assert_int_equal(top_source_recent(source, NOW + 60), 0);
	assert_int_equal(top_source_recent(source, NOW + 6000000), 0);
	/* One that comes late. */
	take_attempt("203.0.113.66", "block", NOW - 40, 0);
	assert_int_equal(top_source_recent(source, NOW), 7);
	take_attempt("203.0.113.66", "block", NOW - 400, 0);
	assert_int_equal(top_source_recent(source, NOW), 7);
	assert_int_equal(source->attempts, 9);
	assert_int_equal(source->last_sec, NOW - 1);
}

/* Against a count of all of them. */
static void test_recent_at_random(void **unused)
{
	unsigned int seed = (unsigned int)time(NULL);
	int64_t at_sec = NOW, times[500];

	(void)unused;
	print_message("IPWL_SEED=%u\n", seed);
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		uint64_t expected = 0;

		at_sec += rand_r(&seed) % 20;
		times[i] = at_sec;
		take_attempt("2001:db8::1", "block", at_sec, 0);
		for (size_t k = 0; k <= i; k++)
			expected += times[k] / TOP_STEP_SEC > at_sec / TOP_STEP_SEC - TOP_STEPS;
		assert_int_equal(top_source_recent(find("2001:db8::1"), at_sec), expected);
	}
}

static void test_table_is_full(void **unused)
{
	char text[32];

	(void)unused;
	take_attempt("192.0.2.1", "block", NOW, 5);
	for (uint32_t i = 0; i < TOP_SOURCES_MAX + 100; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.1", i >> 8 & 255, i & 255);
		take_attempt(text, "block", NOW - 100000 + i, 0);
	}
	assert_int_equal(model.source_count, TOP_SOURCES_MAX);
	assert_int_equal(find("192.0.2.1")->attempts, 6);
	assert_null(find("10.0.0.1"));
	assert_non_null(find(text));
}

static void test_blocked(void **unused)
{
	json_t *answer = json_pack(
	    "{s:[{s:s,s:s,s:i,s:s,s:{s:s,s:s},s:n},{s:s,s:s,s:i,s:s,s:{s:s,s:s},s:{s:s,s:n}}]}",
	    "sources", "source", "203.0.113.66", "verdict", "block", "attempts", 12, "last_at",
	    "2026-11-24T09:30:00Z", "block", "list", "drop", "entry", "203.0.113.0/24", "allow",
	    "source", "198.51.100.7", "verdict", "averted", "attempts", 3, "last_at", "?", "block",
	    "list", "drop", "entry", "198.51.100.0/24", "allow", "list", "partners", "entry");

	(void)unused;
	assert_non_null(answer);
	top_take_blocked(&model, answer);
	json_decref(answer);
	assert_int_equal(find("203.0.113.66")->last_sec, NOW);
	assert_string_equal(find("203.0.113.66")->entry, "203.0.113.0/24");
	assert_string_equal(find("198.51.100.7")->list, "partners");
	assert_string_equal(find("198.51.100.7")->entry, "-");
	assert_int_equal(find("198.51.100.7")->last_sec, 0);
	take_attempt("203.0.113.66", "block", NOW, 0);
	assert_int_equal(find("203.0.113.66")->attempts, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rates),	  TEST(test_news),     TEST(test_sparkline),
		TEST(test_number),	  TEST(test_attempts), TEST(test_recent_at_random),
		TEST(test_table_is_full), TEST(test_blocked),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
