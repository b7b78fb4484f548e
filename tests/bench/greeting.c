/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a lane is for: how long a sender waits for a real Postfix to greet it. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "report.h"
#include "sandbox.h"

#define SCRIPT "tests/bench/greeting.py"
#define RUNS 5
#define GOAL_SEC 1

/* The next figure of a line. */
static double take_figure(char **text)
{
	char *end;
	double figure = strtod(*text, &end);

	if (end == *text)
		die("%s prints no figures: run the benchmark from the directory of the sources",
		    SCRIPT);
	*text = end;
	return figure;
}

void greeting_measure(const struct bench_options *options)
{
	char command[64], text[64], *left = text;
	double allowed_sec, neighbour_sec;

	progress("greeting: a real Postfix, with postscreen and a lane");
	report_section("Seconds until Postfix greets a sender", "");
	snprintf(command, sizeof(command), "/usr/bin/python3 " SCRIPT " %d",
		 options->is_quick ? 1 : RUNS);
	sandbox_read(SANDBOX_HERE, command, text, sizeof(text));
	allowed_sec = take_figure(&left);
	neighbour_sec = take_figure(&left);
	report_value("greeting, allowed, by a lane", allowed_sec, "s", AT_MOST(GOAL_SEC));
	report_value("greeting, unlisted neighbour, through postscreen", neighbour_sec, "s",
		     NO_GOAL);
}
