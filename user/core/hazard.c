/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks space by space, because there are few of them and most lists have no address in them. */
#include "core/hazard.h"

#include <stdio.h>

#include "core/addresses.h"
#include "core/reserved.h"

struct search {
	const struct list *list;
	bool has_exclusions;
	/* Addresses of a list with exclusions; computed when they are needed. */
	struct prefix_set addresses;
	bool has_addresses;
	void (*visit)(const struct hazard *hazard, void *context);
	void *context;
};

static bool has_exclusions(const struct list *list)
{
	for (int source = 0; source < SOURCE_COUNT; source++)
		if (list->sets[source] && entry_set_has_exclusions(list->sets[source]))
			return true;
	return false;
}

/* Whether exclusions leave addresses inside both the entry and the space in the list. */
static int check_addresses(struct search *search, const struct entry *entry,
			   const struct prefix *space, bool *ret_has_some)
{
	const bool is_inside = prefix_contains(space, &entry->prefix);
	struct prefix part;
	int err = 0;

	*ret_has_some = true;
	if (!search->has_exclusions)
		return 0;
	if (!search->has_addresses)
		err = list_addresses(search->list, &search->addresses);
	if (err)
		return err;
	search->has_addresses = true;
	*ret_has_some =
	    prefix_set_overlap(&search->addresses, is_inside ? &entry->prefix : space, &part);
	return 0;
}

/* Report @entry if the list holds addresses inside both the entry and the space. */
static int check_entry(struct search *search, const struct entry *entry, struct hazard *hazard)
{
	bool has_some;
	int err;

	if (entry->is_exclusion)
		return 0;
	err = check_addresses(search, entry, &hazard->space, &has_some);
	if (err || !has_some)
		return err;
	hazard->entry = entry;
	search->visit(hazard, search->context);
	return 0;
}

/* Check the entries around the space, from the most specific to the widest. */
static int check_around(struct search *search, const struct entry_set *set, struct hazard *hazard)
{
	struct prefix_array entries = PREFIX_ARRAY(set->entries, set->count);
	struct prefix around = hazard->space;

	while (around.len > 0) {
		size_t i;

		/* Begin one bit shorter: an entry equal to the space is not around it. */
		around = prefix_truncate(&around, (uint8_t)(around.len - 1));
		i = prefix_find_covering(entries, &around);
		if (i == set->count)
			return 0;
		around = set->entries[i].prefix;
		for (i = entry_set_lower_bound(set, &around);
		     i < set->count && !prefix_compare(&set->entries[i].prefix, &around); i++) {
			int err = check_entry(search, &set->entries[i], hazard);

			if (err)
				return err;
		}
	}
	return 0;
}

static int check_space(struct search *search, struct hazard *hazard)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = search->list->sets[source];
		size_t begin, end;
		int err;

		if (!set)
			continue;
		err = check_around(search, set, hazard);
		prefix_inside(PREFIX_ARRAY(set->entries, set->count), &hazard->space, &begin, &end);
		for (; begin < end && !err; begin++)
			err = check_entry(search, &set->entries[begin], hazard);
		if (err)
			return err;
	}
	return 0;
}

static int check_spaces(struct search *search, struct prefix_array spaces, enum hazard_kind kind)
{
	for (size_t i = 0; i < spaces.count; i++) {
		const char *element = (const char *)spaces.elements + i * spaces.element_bytes;
		struct hazard hazard = { .list = search->list,
					 .kind = kind,
					 .space = *(const struct prefix *)element };
		int err;

		if (kind == HAZARD_RESERVED)
			hazard.reserved_kind = reserved_spaces[i].kind;
		err = check_space(search, &hazard);
		if (err)
			return err;
	}
	return 0;
}

int hazards_find(const struct list *list, const struct hazard_spaces *spaces,
		 void (*visit)(const struct hazard *hazard, void *context), void *context)
{
	struct search search = { .list = list,
				 .has_exclusions = has_exclusions(list),
				 .visit = visit,
				 .context = context };
	int err;

	if (list->action != ACTION_BLOCK)
		return 0;
	err = check_spaces(&search, PREFIX_ARRAY(reserved_spaces, RESERVED_COUNT), HAZARD_RESERVED);
	if (!err)
		err = check_spaces(&search, spaces->own, HAZARD_OWN);
	if (!err)
		err = check_spaces(&search, spaces->protected, HAZARD_PROTECTED);
	prefix_set_done(&search.addresses);
	return err;
}

const char *hazard_describe(const struct hazard *hazard, char text[HAZARD_TEXT_BYTES])
{
	char space[PREFIX_TEXT_BYTES];

	prefix_format_short(&hazard->space, space);
	if (hazard->kind == HAZARD_RESERVED)
		snprintf(text, HAZARD_TEXT_BYTES, "is %s space, %s", hazard->reserved_kind, space);
	else
		snprintf(text, HAZARD_TEXT_BYTES, "would block %s %s",
			 hazard->kind == HAZARD_OWN ? "this host's own address" : "the protected",
			 space);
	return text;
}
