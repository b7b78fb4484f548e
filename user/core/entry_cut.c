/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Splits entries around address space. The space becomes holes in each entry (prefix_set.h). */
#include "core/entry_cut.h"

#include <errno.h>

#include "core/prefix_set.h"

static const struct prefix *space_at(struct prefix_array spaces, size_t index)
{
	return (const struct prefix *)((const char *)spaces.elements +
				       index * spaces.element_bytes);
}

/* Whether @prefix has addresses in @spaces. Either one space covers it (*@ret_is_inside), or
 * the spaces from *@ret_begin up to, but without, *@ret_end lie inside it. */
static bool reaches(const struct prefix *prefix, struct prefix_array spaces, bool *ret_is_inside,
		    size_t *ret_begin, size_t *ret_end)
{
	*ret_is_inside = prefix_find_covering(spaces, prefix) < spaces.count;
	if (*ret_is_inside)
		return true;
	prefix_inside(spaces, prefix, ret_begin, ret_end);
	return *ret_begin < *ret_end;
}

bool entry_set_reaches(const struct entry_set *set, struct prefix_array spaces)
{
	for (size_t i = 0; i < set->count; i++) {
		bool is_inside;
		size_t begin, end;

		if (!set->entries[i].is_exclusion &&
		    reaches(&set->entries[i].prefix, spaces, &is_inside, &begin, &end))
			return true;
	}
	return false;
}

/* Add the parts of an entry that lie around the spaces inside it. */
static int add_rest(const struct entry *entry, struct prefix_array spaces, size_t begin, size_t end,
		    struct entry_set *to)
{
	struct prefix_node node = { .prefix = entry->prefix };
	struct prefix_set set = { 0 }, rest = { 0 };
	struct entry part = *entry;
	size_t capacity = 0;
	int err = prefix_set_append(&set, &capacity, &node);

	node.is_hole = true;
	for (; begin < end && !err; begin++) {
		node.prefix = *space_at(spaces, begin);
		err = prefix_set_append(&set, &capacity, &node);
	}
	if (!err)
		err = prefix_set_split(&set, false, &rest);
	for (size_t i = 0; i < rest.count && !err; i++) {
		part.prefix = rest.nodes[i].prefix;
		err = entry_set_add(to, &part);
	}
	prefix_set_done(&set);
	prefix_set_done(&rest);
	return err;
}

static int cut_entry(const struct entry *entry, struct prefix_array spaces, struct entry_set *to,
		     size_t *count)
{
	bool is_inside;
	size_t begin, end;

	if (entry->is_exclusion || !reaches(&entry->prefix, spaces, &is_inside, &begin, &end))
		return entry_set_add(to, entry);
	++*count;
	return is_inside ? 0 : add_rest(entry, spaces, begin, end, to);
}

struct entry_set *entry_set_cut(struct entry_set *set, struct prefix_array spaces,
				size_t *ret_count)
{
	struct entry_set *to;

	*ret_count = 0;
	if (!entry_set_reaches(set, spaces))
		return entry_set_ref(set);
	to = entry_set_new();
	for (size_t i = 0; to && i < set->count; i++) {
		if (!cut_entry(&set->entries[i], spaces, to, ret_count))
			continue;
		entry_set_unref(to);
		return NULL;
	}
	if (to)
		entry_set_finish(to);
	return to;
}
