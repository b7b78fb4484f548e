/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether mail is protected right now, and what does not work. */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* In the manner of Nagios plugins; the numbers are exit codes of `status --check`. */
enum health_level {
	HEALTH_OK,
	HEALTH_WARNING,
	HEALTH_CRITICAL,
	HEALTH_UNKNOWN,
	HEALTH_LEVEL_COUNT,
};

/* "OK", "WARNING", … indexed by enum health_level. */
extern const char *const health_level_names[HEALTH_LEVEL_COUNT];

struct health_problem {
	enum health_level level;
	char *text;
};

struct health {
	enum health_level level; /* the highest of the verdict on protection and of the problems */
	enum health_level protection;
	char *summary; /* "mail is protected: …", one line */
	struct health_problem *problems;
	size_t problem_count;
	bool is_incomplete; /* memory has run out */
};

/* Judge the answer of GET /v1/status, or what ipwlctl has read of the pins
 * (`"running": false`). Return: 0; -ENOMEM: there is nothing to be freed. */
int health_judge(struct health *health, const json_t *status);
/* There is nothing to judge, and @why says so. Return: as above. */
int health_fail(struct health *health, enum health_level level, const char *why);
void health_done(struct health *health);

#endif
