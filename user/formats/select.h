/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses records of a list by the values of their fields. */
#ifndef FORMATS_SELECT_H
#define FORMATS_SELECT_H

#include <stdbool.h>
#include <stddef.h>

/* Maximum number of conditions. */
#define SELECT_MAX 16

struct select_condition {
	char *field; /* in any case of letters */
	char *value;
};

/* All conditions must hold. Zeroed: there are none. */
struct select {
	struct select_condition *conditions;
	size_t count;
};

/* Add a condition. Return: 0 or -ENOMEM. */
int select_add(struct select *select, const char *field, const char *value);
void select_done(struct select *select);
bool select_is_equal(const struct select *a, const struct select *b);

/* "region: eu, service: S3", to be freed; "" if there is no condition; NULL: out of memory. */
char *select_text(const struct select *select);

/* Whether a field with this text fulfils a condition: it is the value, or a list with the value,
 * separated by commas. */
bool select_matches(const struct select_condition *condition, const char *text, size_t bytes);

#endif
