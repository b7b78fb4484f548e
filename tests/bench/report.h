/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures as they come, beside their goals: a table for people, and JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Print to stderr and exit: a measurement that cannot be trusted is none. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A line of progress on stderr; figures alone go to stdout. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum goal_kind { GOAL_NONE, GOAL_AT_MOST, GOAL_AT_LEAST };

struct goal {
	enum goal_kind kind;
	double limit;
};

#define NO_GOAL ((struct goal) { .kind = GOAL_NONE })
#define AT_MOST(value) ((struct goal) { .kind = GOAL_AT_MOST, .limit = (value) })
#define AT_LEAST(value) ((struct goal) { .kind = GOAL_AT_LEAST, .limit = (value) })

/* Print what machine this is and begin the report. */
void report_start(void);
/* What follows belongs to it. @columns: over the figures, or "". */
void report_section(const char *title, const char *columns);
/* Nanoseconds beside those of the same harness without the thing measured. The goal
 * is for the difference. */
void report_net(const char *what, double ns, double baseline_ns, struct goal goal);
/* How many times @divisor is @value, both in @unit. The goal is for the ratio. */
void report_ratio(const char *what, double value, double divisor, const char *unit,
		  struct goal goal);
void report_value(const char *what, double value, const char *unit, struct goal goal);
/* Print a remark on the figure before. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Print the goals again, all in one place. */
void report_goals(void);
/* Write all that was reported as JSON. */
void report_write(const char *path);

#endif
