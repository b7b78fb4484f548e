/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `top` without a terminal: rows, keys and lines. */
#include "screen_fixture.h"

/* ---- rows ---------------------------------------------------------------------------- */

static void fill(void)
{
	take_status(100, 10, 50);
	take_status(120, 12, 51);
	for (int i = 0; i < 3; i++)
		take_attempt("203.0.113.66", "block", NOW - 300 + i, 0);
	take_attempt("203.0.113.9", "block", NOW - 5, 0);
	take_attempt("203.0.113.10", "would_block", NOW - 4, 0);
	take_attempt("198.51.100.7", "averted", NOW - 3, 1);
	take_attempt("2001:db8:1:2::1", "block", NOW - 2, 0);
	take_attempt("2001:db8:1:2:ffff::1", "block", NOW - 1, 0);
}

/* The names of all rows. */
static const char *names(void)
{
	static char text[1024];
	struct top_row *rows;
	const size_t count = top_rows(&model, &ui, NOW, &rows);

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 rows[i].name);
	free(rows);
	return text;
}

static void test_order(void **unused)
{
	static const char *const orders[TOP_SORT_COUNT] = {
		[TOP_SORT_COUNT_OF] = "203.0.113.66 203.0.113.9 203.0.113.10 2001:db8:1:2::1 "
				      "2001:db8:1:2:ffff::1",
		[TOP_SORT_RATE] = "203.0.113.9 203.0.113.10 2001:db8:1:2::1 2001:db8:1:2:ffff::1 "
				  "203.0.113.66",
		[TOP_SORT_LAST] = "2001:db8:1:2:ffff::1 2001:db8:1:2::1 203.0.113.10 203.0.113.9 "
				  "203.0.113.66",
		[TOP_SORT_NAME] = "203.0.113.9 203.0.113.10 203.0.113.66 2001:db8:1:2::1 "
				  "2001:db8:1:2:ffff::1",
	};

	(void)unused;
	fill();
	for (int sort = 0; sort < TOP_SORT_COUNT; sort++) {
		ui.sort = (enum top_sort)sort;
		assert_string_equal(names(), orders[sort]);
	}
	ui.sort = TOP_SORT_NAME;
	ui.page = TOP_PAGE_AVERTED;
	assert_string_equal(names(), "198.51.100.7");
	ui.page = TOP_PAGE_NETWORKS;
	assert_string_equal(names(), "198.51.100.0/24 203.0.113.0/24 2001:db8:1:2::/64");
	ui.page = TOP_PAGE_LISTS;
	assert_string_equal(names(), "drop partners");
	ui.page = TOP_PAGE_INTERFACES;
	assert_string_equal(names(), "eth0");
}

static void test_networks(void **unused)
{
	struct top_row *rows;

	(void)unused;
	fill();
	ui.page = TOP_PAGE_NETWORKS;
	assert_int_equal(top_rows(&model, &ui, NOW, &rows), 3);
	assert_string_equal(rows[0].name, "203.0.113.0/24");
	assert_int_equal(rows[0].count, 5);
	assert_int_equal(rows[0].part_count, 3);
	assert_true(is_about(rows[0].rate, 2));
	/* Of the last attempt. */
	assert_string_equal(rows[0].kind, "would_block");
	assert_int_equal(rows[0].last_sec, NOW - 4);
	free(rows);
}

static void test_filter(void **unused)
{
	static const char *const cases[][2] = {
		{ "113.6", "203.0.113.66" },
		{ "would", "203.0.113.10" },
		{ "203.0.113.8/29", "203.0.113.9 203.0.113.10" },
		{ "2001:db8::/32", "2001:db8:1:2::1 2001:db8:1:2:ffff::1" },
		{ "0.0.0.0/0", "203.0.113.66 203.0.113.9 203.0.113.10" },
		{ "nothing", "" },
		{ "/", "203.0.113.66 203.0.113.9 203.0.113.10 2001:db8:1:2::1 "
		       "2001:db8:1:2:ffff::1" },
	};

	(void)unused;
	fill();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(ui.filter, sizeof(ui.filter), "%s", cases[i][0]);
		assert_string_equal(names(), cases[i][1]);
	}
}

/* ---- keys ------------------------------------------------------------------------------ */

static enum top_deed press(unsigned int key)
{
	return top_take_key(&ui, &model, NOW, key);
}

static enum top_deed type(const char *text)
{
	enum top_deed deed = TOP_DO_NOTHING;

	for (; *text; text++)
		deed = press((unsigned char)*text);
	return deed;
}

static void test_select(void **unused)
{
	(void)unused;
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_NOTHING);
	assert_int_equal(press('a'), TOP_DO_NOTHING);
	assert_int_equal(ui.mode, TOP_MODE_BROWSE);
	fill();
	assert_int_equal(press(TOP_KEY_UP), TOP_DO_NOTHING);
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_TEST);
	assert_string_equal(ui.address, "203.0.113.66");
	for (int i = 0; i < 10; i++)
		press(TOP_KEY_DOWN);
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_TEST);
	assert_string_equal(ui.address, "2001:db8:1:2:ffff::1");
	press('k');
	press(TOP_KEY_ENTER);
	assert_string_equal(ui.address, "2001:db8:1:2::1");
	press('3');
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_TEST);
	assert_string_equal(ui.address, "203.0.113.0");
	press('4');
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_NOTHING);
	press('\t');
	assert_int_equal(ui.page, TOP_PAGE_INTERFACES);
	press('\t');
	assert_int_equal(ui.page, TOP_PAGE_BLOCKED);
	press('6');
	assert_int_equal(ui.page, TOP_PAGE_BLOCKED);
	assert_int_equal(press('q'), TOP_DO_QUIT);
}

static void test_type(void **unused)
{
	(void)unused;
	fill();
	type("t192.0.2.77");
	press(TOP_KEY_BACKSPACE);
	assert_string_equal(ui.input, "192.0.2.7");
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_TEST);
	assert_string_equal(ui.address, "192.0.2.7");
	assert_int_equal(ui.mode, TOP_MODE_BROWSE);
	/* Nothing is left of what was typed before. */
	type("/q");
	assert_string_equal(ui.input, "q");
	press(TOP_KEY_ENTER);
	assert_string_equal(ui.filter, "q");
	/* The old filter can be changed, or kept. */
	type("/x");
	assert_string_equal(ui.input, "qx");
	press(TOP_KEY_ESCAPE);
	assert_string_equal(ui.filter, "q");
	press(TOP_KEY_ESCAPE);
	assert_string_equal(ui.filter, "");
	type("t");
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_NOTHING);
	assert_int_equal(ui.mode, TOP_MODE_BROWSE);
	/* No more than there is room for. */
	type("t");
	for (int i = 0; i < 200; i++)
		press('x');
	assert_int_equal(strlen(ui.input), TOP_INPUT_BYTES - 1);
	press(0xe9);
	press(7);
	press(TOP_KEY_UP);
	assert_int_equal(strlen(ui.input), TOP_INPUT_BYTES - 1);
}

static void test_add(void **unused)
{
	(void)unused;
	fill();
	press('a');
	assert_string_equal(ui.address, "203.0.113.66");
	/* The first list that allows. */
	assert_string_equal(ui.input, "partners");
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_NOTHING);
	assert_int_equal(ui.mode, TOP_MODE_CONFIRM);
	assert_int_equal(press(TOP_KEY_ENTER), TOP_DO_NOTHING);
	assert_int_equal(ui.mode, TOP_MODE_BROWSE);
	type("3a");
	assert_string_equal(ui.address, "203.0.113.0/24");
	press(TOP_KEY_ENTER);
	assert_int_equal(press('y'), TOP_DO_ADD);
	assert_string_equal(ui.input, "partners");
	top_show_message(&ui, strdup("done"));
	assert_int_equal(press('q'), TOP_DO_NOTHING);
	assert_int_equal(press('p'), TOP_DO_NOTHING);
	assert_true(ui.is_paused);
}

/* ---- lines -------------------------------------------------------------------------------- */

/* Any size has as many lines as it should, and none is too wide. */
static void test_sizes(void **unused)
{
	static const enum top_mode modes[] = { TOP_MODE_BROWSE, TOP_MODE_FILTER, TOP_MODE_ADD,
					       TOP_MODE_MESSAGE };

	(void)unused;
	fill();
	ui.message =
	    strdup("a message that is long enough for more than one line of any screen, "
		   "with averylongwordthatisnotbrokenbyanyspaceandgoesonandon… ünd ünd\nand "
		   "another line\n");
	for (size_t width = 1; width < 200; width += 7) {
		for (size_t height = 1; height < 50; height += 3) {
			for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
				const size_t wide = width < 20 ? 20 : width;
				struct top_screen screen;

				ui.mode = modes[i];
				ui.page = (enum top_page)(width % TOP_PAGE_COUNT);
				top_draw(&model, &ui, width, height, NOW, &screen);
				assert_int_equal(screen.count, height < 5 ? 5 : height);
				for (size_t k = 0; k < screen.count; k++)
					assert_in_range(mbstowcs(NULL, screen.lines[k].text, 0), 0,
							wide);
				top_screen_done(&screen);
			}
		}
	}
}

static void test_message(void **unused)
{
	struct top_screen screen;

	(void)unused;
	fill();
	top_show_message(&ui, strdup("203.0.113.66: block: blocked by drop\nsecond"));
	top_draw(&model, &ui, 30, 24, NOW, &screen);
	assert_string_equal(screen.lines[20].text, "203.0.113.66: block: blocked");
	assert_string_equal(screen.lines[21].text, "by drop");
	assert_string_equal(screen.lines[22].text, "second");
	assert_string_equal(screen.lines[23].text, "any key continues");
	top_screen_done(&screen);
}

/* A selected row can be seen, however long the table is. */
static void test_scroll(void **unused)
{
	char text[32];

	(void)unused;
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "203.0.113.%d", i);
		take_attempt(text, "block", NOW, 0);
	}
	ui.sort = TOP_SORT_NAME;
	for (size_t i = 0; i < 100; i++, press(TOP_KEY_DOWN)) {
		struct top_screen screen;
		size_t selected = 0;

		top_draw(&model, &ui, 80, 24, NOW, &screen);
		snprintf(text, sizeof(text), "203.0.113.%zu ", i);
		for (size_t k = 0; k < screen.count; k++)
			selected += screen.lines[k].style == TOP_SELECTED &&
				    !strncmp(screen.lines[k].text, text, strlen(text));
		assert_int_equal(selected, 1);
		top_screen_done(&screen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),  TEST(test_networks), TEST(test_filter),
		TEST(test_select), TEST(test_type),	TEST(test_add),
		TEST(test_sizes),  TEST(test_message),	TEST(test_scroll),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
