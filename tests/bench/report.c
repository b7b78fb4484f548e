/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints figures as they come and keeps them for the JSON file. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "machine.h"

static json_t *report; /* the object to write */
static char section[96];

void die(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

void progress(const char *format, ...)
{
	static time_t start;
	va_list arguments;

	if (!start)
		start = time(NULL);
	va_start(arguments, format);
	fprintf(stderr, "[%3ld s] ", (long)(time(NULL) - start));
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

void report_start(void)
{
	report = json_pack("{s:i, s:o, s:[]}", "schema_version", 2, "machine", machine_describe(),
			   "figures");
	if (!report)
		die("out of memory");
}

void report_section(const char *title, const char *columns)
{
	snprintf(section, sizeof(section), "%s", title);
	printf("\n%-52s%s\n", title, columns);
	fflush(stdout);
	progress("%s", title);
}

static bool is_met(struct goal goal, double judged)
{
	return goal.kind == GOAL_AT_MOST ? judged <= goal.limit : judged >= goal.limit;
}

static void print_goal(struct goal goal, double judged)
{
	if (goal.kind != GOAL_NONE)
		printf("   goal %s %g: %s", goal.kind == GOAL_AT_MOST ? "<=" : ">=", goal.limit,
		       is_met(goal, judged) ? "met" : "MISSED");
	putchar('\n');
	fflush(stdout);
}

/* @judged: what the goal is for. @baseline: NULL, or taken over. */
static void keep(const char *what, double value, const char *unit, json_t *baseline, double judged,
		 struct goal goal)
{
	json_t *figure = json_pack("{s:s, s:s, s:f, s:s, s:f}", "section", section, "what", what,
				   "value", value, "unit", unit, "judged", judged);
	json_t *limit = json_null(), *met = json_null();

	if (goal.kind != GOAL_NONE) {
		limit = json_pack("{s:f}", goal.kind == GOAL_AT_MOST ? "at_most" : "at_least",
				  goal.limit);
		met = json_boolean(is_met(goal, judged));
	}
	if (!figure || json_object_set_new(figure, "baseline", baseline ? baseline : json_null()) ||
	    json_object_set_new(figure, "goal", limit) || json_object_set_new(figure, "met", met) ||
	    json_array_append_new(json_object_get(report, "figures"), figure))
		die("out of memory");
}

void report_net(const char *what, double ns, double baseline_ns, struct goal goal)
{
	double net = ns - baseline_ns;

	printf("  %-50s%10.1f%10.1f%10.1f", what, ns, baseline_ns, net);
	print_goal(goal, net);
	keep(what, ns, "ns", json_real(baseline_ns), net, goal);
}

void report_ratio(const char *what, double value, double divisor, const char *unit,
		  struct goal goal)
{
	double ratio = value / divisor;

	printf("  %-50s%10.1f%10.1f%9.2fx", what, value, divisor, ratio);
	print_goal(goal, ratio);
	keep(what, value, unit, json_real(divisor), ratio, goal);
}

void report_value(const char *what, double value, const char *unit, struct goal goal)
{
	printf("  %-50s%10.*f %s", what, value < 10 ? 3 : 1, value, unit);
	print_goal(goal, value);
	keep(what, value, unit, NULL, value, goal);
}

void report_note(const char *format, ...)
{
	json_t *figures = json_object_get(report, "figures");
	char note[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	printf("    %s\n", note);
	if (json_object_set_new(json_array_get(figures, json_array_size(figures) - 1), "note",
				json_string(note)))
		die("out of memory");
}

void report_goals(void)
{
	size_t i, met = 0, count = 0;
	json_t *figure;

	printf("\ngoals\n");
	json_array_foreach(json_object_get(report, "figures"), i, figure)
	{
		json_t *goal = json_object_get(figure, "goal");
		json_t *limit = json_object_get(goal, "at_most");
		bool is_ok = json_is_true(json_object_get(figure, "met"));

		if (!json_is_object(goal))
			continue;
		count++;
		met += is_ok;
		printf("  %-6s  %10.2f  %s %-6g  %s: %s\n", is_ok ? "met" : "MISSED",
		       json_real_value(json_object_get(figure, "judged")), limit ? "<=" : ">=",
		       json_real_value(limit ? limit : json_object_get(goal, "at_least")),
		       json_string_value(json_object_get(figure, "section")),
		       json_string_value(json_object_get(figure, "what")));
	}
	printf("%zu of %zu goals are met\n", met, count);
	fflush(stdout);
}

void report_write(const char *path)
{
	if (json_dump_file(report, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)))
		die("%s: %m", path);
}
