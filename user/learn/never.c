/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks for an address in the spaces that are never learned. */
#include "learn/never.h"

#include "core/reserved.h"

#define IPV6_SUBJECT_LEN 64

struct prefix learn_subject(const struct prefix *address)
{
	return address->family == FAMILY_IPV6 && address->len > IPV6_SUBJECT_LEN
		   ? prefix_truncate(address, IPV6_SUBJECT_LEN)
		   : *address;
}

/* Whether an element covers the subject or lies in it. */
static bool touches(struct prefix_array array, const struct prefix *subject)
{
	size_t begin, end;

	if (prefix_find_covering(array, subject) < array.count)
		return true;
	prefix_inside(array, subject, &begin, &end);
	return end > begin;
}

/* ::1 is smaller than what stands for it. */
static const char *find_reserved(const struct prefix *subject)
{
	const struct prefix_array all = PREFIX_ARRAY(reserved_spaces, RESERVED_COUNT);
	const size_t around = prefix_find_covering(all, subject);
	size_t begin, end;

	if (around < RESERVED_COUNT)
		return reserved_spaces[around].kind;
	prefix_inside(all, subject, &begin, &end);
	return end > begin ? reserved_spaces[begin].kind : NULL;
}

const char *learn_refuse_address(const struct learn_settings *settings, struct prefix_array own,
				 const struct prefix *subject)
{
	const char *reserved = find_reserved(subject);

	if (reserved)
		return reserved;
	if (touches(own, subject))
		return "an address of this host";
	if (touches(PREFIX_ARRAY(settings->trusted_relays.items, settings->trusted_relays.count),
		    subject))
		return "a trusted relay";
	if (touches(PREFIX_ARRAY(settings->never.items, settings->never.count), subject))
		return "in never:";
	return NULL;
}
