/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts findings of lint, and keeps them up to a limit. */
#include "core/lint_findings.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 16

const char *const lint_check_names[LINT_CHECK_COUNT] = {
	[LINT_REDUNDANT] = "redundant", [LINT_CONFLICT] = "conflict", [LINT_UNUSED] = "unused",
	[LINT_EXPIRING] = "expiring",	[LINT_WIDE] = "wide",	      [LINT_SPACE] = "space",
};

int lint_add(struct lint_findings *findings, size_t limit, const struct lint_finding *finding)
{
	size_t capacity = findings->capacity ? 2 * findings->capacity : FIRST_CAPACITY;
	struct lint_finding *items;

	findings->total++;
	if (findings->count >= limit)
		return 0;
	if (findings->count == findings->capacity) {
		items = reallocarray(findings->items, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		findings->items = items;
		findings->capacity = capacity;
	}
	findings->items[findings->count++] = *finding;
	return 0;
}

void lint_done(struct lint_report *report)
{
	for (int check = 0; check < LINT_CHECK_COUNT; check++)
		free(report->of[check].items);
	*report = (struct lint_report) { 0 };
}
