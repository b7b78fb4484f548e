/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of `top`, and what ipwld answers. */
#ifndef SCREEN_FIXTURE_H
#define SCREEN_FIXTURE_H

#include "screen/view.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NOW 1795512600 /* 2026-11-24T09:30:00Z */

static struct top_model model;
static struct top_ui ui;

static int set_up(void **unused)
{
	(void)unused;
	assert_int_equal(top_model_init(&model), 0);
	snprintf(model.host, sizeof(model.host), "mx1");
	ui = (struct top_ui) { 0 };
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	top_model_done(&model);
	top_ui_done(&ui);
	return 0;
}

/* ---- what ipwld answers ----------------------------------------------------------- */

static void take_status(json_int_t block, json_int_t list_connections, double now_sec)
{
	json_t *status =
	    json_pack("{s:s,s:s,s:s,s:b,s:b,s:[{s:s,s:b,s:s,s:n,s:{s:I},s:{s:I,s:i}}],"
		      "s:[{s:s,s:s,s:s,s:i,s:i,s:I},{s:s,s:s,s:n,s:i,s:i,s:i}]}",
		      "started_at", "2026-11-24T09:00:00Z", "mode", "enforce", "mode_in_force",
		      "enforce", "running", 1, "detached", 0, "interfaces", "name", "eth0",
		      "attached", 1, "xdp_mode", "native", "error", "packets", "block", block * 3,
		      "connections", "block", block, "averted", 7, "lists", "name", "drop",
		      "action", "block", "mode", "enforce", "ipv4_entries", 1000000, "ipv6_entries",
		      5, "connections", list_connections, "name", "partners", "action", "allow",
		      "mode", "ipv4_entries", 3, "ipv6_entries", 1, "connections", 2);

	assert_non_null(status);
	top_take_status(&model, status, now_sec);
	json_decref(status);
}

static void take_attempt(const char *source, const char *verdict, int64_t at_sec,
			 json_int_t left_out)
{
	json_t *answer =
	    json_pack("{s:I,s:i,s:[{s:s,s:s,s:I,s:s,s:s,s:I}]}", "next",
		      (json_int_t)(model.next + 1), "missed", 0, "attempts", "source", source,
		      "verdict", verdict, "at_ns", (json_int_t)(at_sec * 1000000000), "list",
		      "drop", "entry", "203.0.113.0/24", "left_out", left_out);

	assert_non_null(answer);
	assert_true(top_take_attempts(&model, answer));
	json_decref(answer);
}

static bool is_about(double a, double b)
{
	return a > b - 1e-9 && a < b + 1e-9;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
