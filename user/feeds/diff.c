/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks two sorted sets side by side. */
#include "feeds/diff.h"

#include "core/overrule.h"

struct walk {
	const struct entry_set *set;
	size_t next;
};

static const struct entry *peek(const struct walk *walk)
{
	return walk->set && walk->next < walk->set->count ? &walk->set->entries[walk->next] : NULL;
}

static int compare(const struct entry *a, const struct entry *b)
{
	int order;

	if (!a || !b)
		return a ? -1 : b ? 1 : 0;
	order = prefix_compare(&a->prefix, &b->prefix);
	return order ? order : (int)a->is_exclusion - (int)b->is_exclusion;
}

/* Whether the set lists (or excludes) the prefix like @entry. Entries with the same prefix are
 * ordered by source, so comparing the walks would not be enough. */
static bool has(const struct walk *walk, const struct entry *entry)
{
	const struct entry_set *set = walk->set;
	size_t i = set ? entry_set_lower_bound(set, &entry->prefix) : 0;

	for (; set && i < set->count && !prefix_compare(&set->entries[i].prefix, &entry->prefix);
	     i++) {
		if (set->entries[i].is_exclusion == entry->is_exclusion)
			return true;
	}
	return false;
}

static size_t count_overruled(const struct entry_set *set, struct prefix_array protected)
{
	size_t count = 0;

	for (size_t i = 0; set && protected.count && i < set->count; i++)
		count += entry_is_overruled(&set->entries[i], protected);
	return count;
}

static void note(const struct entry *entry, size_t lines_max, struct lines *lines, size_t *count)
{
	char text[PREFIX_TEXT_BYTES];

	if (++*count <= lines_max)
		lines_add(lines, "%s%s", entry->is_exclusion ? "!" : "",
			  prefix_format(&entry->prefix, text));
}

/* Whether no earlier entry of the set has the same prefix and kind. */
static bool is_first(const struct entry_set *set, size_t i)
{
	const struct entry *entry = &set->entries[i];

	while (i-- > 0 && !prefix_compare(&set->entries[i].prefix, &entry->prefix)) {
		if (set->entries[i].is_exclusion == entry->is_exclusion)
			return false;
	}
	return true;
}

/* Move one walk on. Record entries that the other set does not have, each once. */
static void take(struct walk *walk, const struct walk *other, struct prefix_array protected,
		 size_t lines_max, struct lines *lines, size_t *count)
{
	const struct entry *entry = peek(walk);

	if (!has(other, entry) && is_first(walk->set, walk->next) &&
	    !entry_is_overruled(entry, protected))
		note(entry, lines_max, lines, count);
	walk->next++;
}

void feed_diff_make(const struct entry_set *from, const struct entry_set *to,
		    struct prefix_array protected, size_t lines_max, struct feed_diff *ret_diff)
{
	struct walk old_walk = { from, 0 }, new_walk = { to, 0 };
	struct feed_diff diff = { .overruled_count = count_overruled(to, protected) };

	while (peek(&old_walk) || peek(&new_walk)) {
		int order = compare(peek(&old_walk), peek(&new_walk));

		if (!order) {
			old_walk.next++;
			new_walk.next++;
		} else if (order < 0) {
			take(&old_walk, &new_walk, protected, lines_max, &diff.removed,
			     &diff.removed_count);
		} else {
			take(&new_walk, &old_walk, protected, lines_max, &diff.added,
			     &diff.added_count);
		}
	}
	*ret_diff = diff;
}

void feed_diff_done(struct feed_diff *diff)
{
	lines_done(&diff->added);
	lines_done(&diff->removed);
}
