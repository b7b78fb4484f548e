/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides when an address has a name of another organisation. */
#include "learn/names.h"

#include <stdio.h>
#include <string.h>

#include "learn/organisation.h"

static bool is_also(const struct learn_names *names, const char *organisation)
{
	const size_t bytes = strlen(organisation);
	const char *at = names->also;

	for (; *at; at += strcspn(at, " ") + 1)
		if (!strncmp(at, organisation, bytes) && at[bytes] == ' ')
			return true;
	return false;
}

static bool is_full(const struct learn_names *names)
{
	size_t count = 0;

	for (const char *at = names->also; *at; at++)
		count += *at == ' ';
	return count >= LEARN_NAMES_ALSO_MAX;
}

/* The old organisation is still there: the other one is of the same host. */
static bool join_other(struct learn_names *names)
{
	char organisation[EVIDENCE_DOMAIN_BYTES];
	const size_t bytes = strlen(names->also);

	if (!*names->other)
		return false;
	organisation_of(names->other, organisation);
	snprintf(names->also + bytes, sizeof(names->also) - bytes, "%s ", organisation);
	*names->other = '\0';
	return true;
}

static bool set_name(struct learn_names *names, const char *name)
{
	if (!strcmp(names->name, name))
		return false;
	snprintf(names->name, sizeof(names->name), "%s", name);
	return true;
}

bool learn_names_see(struct learn_names *names, const char *name)
{
	char organisation[EVIDENCE_DOMAIN_BYTES], old[EVIDENCE_DOMAIN_BYTES];
	bool is_changed;

	organisation_of(names->name, old);
	organisation_of(name, organisation);
	if (!*old)
		return set_name(names, name);
	if (!*organisation)
		return false;
	if (!strcmp(organisation, old)) {
		is_changed = join_other(names);
		return set_name(names, name) || is_changed;
	}
	if (is_also(names, organisation))
		return join_other(names);
	if (is_full(names))
		return false;
	if (*names->other) {
		*names->other = *names->also = '\0';
		return set_name(names, name);
	}
	snprintf(names->other, sizeof(names->other), "%s", name);
	return true;
}
