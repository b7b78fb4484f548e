/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guess without a list of public suffixes. A wrong one only compares less of a name. */
#include "learn/organisation.h"

#include <stdio.h>
#include <string.h>

/* A country's top level and a label as in co.uk, com.au, or.jp. */
#define COUNTRY_LENGTH 2
#define SECOND_LEVEL_MAX 3

/* The start of the label before the one at @label; NULL: there is none. */
static const char *label_before(const char *name, const char *label)
{
	if (label == name)
		return NULL;
	for (label--; label > name && label[-1] != '.';)
		label--;
	return label;
}

void organisation_of(const char *name, char ret_organisation[EVIDENCE_DOMAIN_BYTES])
{
	const char *top = strrchr(name, '.'), *second, *third;

	ret_organisation[0] = '\0';
	if (!top || top == name)
		return;
	top++;
	second = label_before(name, top);
	third = label_before(name, second);
	if (third && strlen(top) == COUNTRY_LENGTH && top - second - 1 <= SECOND_LEVEL_MAX)
		second = third;
	snprintf(ret_organisation, EVIDENCE_DOMAIN_BYTES, "%s", second);
}
