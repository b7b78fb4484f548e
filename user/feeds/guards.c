/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guards of feeds: numbers first, then address space that no list should hold. */
#include "feeds/guards.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/plural.h"
#include "core/prefix_search.h"
#include "core/prefix_set.h"
#include "core/reserved.h"

/* ---- what the list would hold -------------------------------------------- */

/* Copy the exclusions of @from. NULL: out of memory. */
static struct entry_set *copy_exclusions(const struct entry_set *from)
{
	struct entry_set *set = entry_set_new();

	for (size_t i = 0; set && from && i < from->count; i++)
		if (from->entries[i].is_exclusion && entry_set_add(set, &from->entries[i])) {
			entry_set_unref(set);
			return NULL;
		}
	if (set)
		entry_set_finish(set);
	return set;
}

/* Find the addresses that the copy would add to its list: its entries without the copy's own
 * exclusions and those that people wrote. */
static int find_pieces(const struct feed_candidate *candidate, struct prefix_set *ret_pieces)
{
	static const enum source written[] = { SOURCE_CONFIG, SOURCE_FILE };
	struct list list = { .name = NULL };
	const struct list *const lists[] = { &list };
	struct prefix_set set;
	int err = 0;

	list.sets[SOURCE_FEED] = candidate->after;
	for (size_t i = 0; candidate->list && i < sizeof(written) / sizeof(*written); i++) {
		list.sets[written[i]] = copy_exclusions(candidate->list->sets[written[i]]);
		if (!list.sets[written[i]])
			err = -ENOMEM;
	}
	if (!err)
		err = prefix_set_build(lists, 1, &set);
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
		entry_set_unref(list.sets[written[i]]);
	if (err)
		return err;
	err = prefix_set_split(&set, false, ret_pieces);
	prefix_set_done(&set);
	return err;
}

/* Find a piece that covers @space or lies inside it; NULL: there is none. */
static const struct prefix *find_overlap(const struct prefix_set *pieces,
					 const struct prefix *space)
{
	const struct prefix_array array = PREFIX_ARRAY(pieces->nodes, pieces->count);
	size_t i = prefix_find_covering(array, space);

	if (i < pieces->count)
		return &pieces->nodes[i].prefix;
	i = prefix_lower_bound(array, space);
	if (i < pieces->count && prefix_contains(space, &pieces->nodes[i].prefix))
		return &pieces->nodes[i].prefix;
	return NULL;
}

static size_t entry_count(const struct entry_set *set)
{
	return set ? set->entry_counts[FAMILY_IPV4] + set->entry_counts[FAMILY_IPV6] : 0;
}

/* ---- numbers ------------------------------------------------------------ */

/* Count IPv4 addresses, or IPv6 networks /48: one customer. No entry lies in another. */
static uint64_t count_addresses(const struct entry_set *set, enum family family)
{
	static const uint8_t units[FAMILY_COUNT] = { 32, 48 };
	uint64_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct prefix *prefix = &set->entries[i].prefix;

		if (prefix->family == family)
			count +=
			    prefix->len < units[family] ? 1ULL << (units[family] - prefix->len) : 1;
	}
	return count;
}

static bool shrinks(const struct feed_guards *guards, uint64_t before, uint64_t after)
{
	return after < before && (before - after) * 100 > before * guards->max_shrink_percent;
}

/* One network in the place of many hosts inside it is no loss. */
static bool loses_addresses(const struct feed_guards *guards,
			    const struct feed_candidate *candidate)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (shrinks(guards, count_addresses(candidate->before, (enum family)family),
			    count_addresses(candidate->after, (enum family)family)))
			return true;
	return false;
}

/* One entry can be a host or a /16, so the number of entries does not tell how much a domain grows.
 * A small set that grows is a small organisation that grows. */
static void check_addresses(const struct feed_guards *guards,
			    const struct feed_candidate *candidate, struct lines *reasons)
{
	static const char *const words[FAMILY_COUNT] = { "IPv4 addresses", "IPv6 networks /48" };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const uint64_t before = count_addresses(candidate->before, (enum family)family);
		const uint64_t after = count_addresses(candidate->after, (enum family)family);

		if (before && after > GUARD_ADDRESSES_FEW &&
		    after > before * guards->max_growth_factor)
			lines_add(reasons,
				  "it has %" PRIu64 " %s, and had %" PRIu64
				  ": more than %u times as many (max_growth)",
				  after, words[family], before, guards->max_growth_factor);
	}
}

static void check_numbers(const struct feed_guards *guards, const struct feed_candidate *candidate,
			  struct lines *reasons)
{
	const size_t before = entry_count(candidate->before);
	const size_t after = entry_count(candidate->after);

	if (candidate->is_cut && guards->checks_count)
		lines_add(reasons,
			  "it says that it has %" PRIu64 " %s and has %zu: it may be cut off",
			  candidate->declared_count,
			  plural(candidate->declared_count, "record", "records"),
			  candidate->record_count);
	if (!before)
		return;
	if (!after) {
		if (!guards->may_be_empty)
			lines_add(reasons, "it has no entries, and had %zu (may_be_empty)", before);
	} else if (shrinks(guards, before, after) &&
		   (!guards->counts_addresses || loses_addresses(guards, candidate)))
		lines_add(reasons, "it has %zu %s, and had %zu: more than %u %% fewer (max_shrink)",
			  after, plural(after, "entry", "entries"), before,
			  guards->max_shrink_percent);
	if (guards->counts_addresses)
		check_addresses(guards, candidate, reasons);
	else if (after > (uint64_t)before * guards->max_growth_factor)
		lines_add(reasons,
			  "it has %zu %s, and had %zu: more than %u times as many "
			  "(max_growth)",
			  after, plural(after, "entry", "entries"), before,
			  guards->max_growth_factor);
}

static void check_width(const struct feed_guards *guards, const struct prefix_set *pieces,
			struct lines *reasons)
{
	static const char *const keys[] = { "min_ipv4_length", "min_ipv6_length" };
	const struct prefix *first[FAMILY_COUNT] = { NULL };
	size_t counts[FAMILY_COUNT] = { 0 };
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < pieces->count; i++) {
		const struct prefix *prefix = &pieces->nodes[i].prefix;

		if (prefix->len >= guards->min_len[prefix->family])
			continue;
		if (!counts[prefix->family]++)
			first[prefix->family] = prefix;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (counts[family])
			lines_add(reasons, "%s is wider than /%u%s (%s)",
				  prefix_format(first[family], text), guards->min_len[family],
				  counts[family] > 1 ? ", and it is not the only one" : "",
				  keys[family]);
	}
}

/* ---- address space ------------------------------------------------------ */

static void check_reserved(const struct prefix_set *pieces, struct lines *reasons)
{
	char text[PREFIX_TEXT_BYTES], found_text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < RESERVED_COUNT; i++) {
		const struct reserved_space *space = &reserved_spaces[i];
		const struct prefix *found = find_overlap(pieces, &space->prefix);

		if (found)
			lines_add(reasons, "%s is %s space, %s (reserved)",
				  prefix_format_short(found, found_text), space->kind,
				  prefix_format_short(&space->prefix, text));
	}
}

static void check_space(const struct prefix_set *pieces, const struct prefixes *space,
			const char *what, const char *key, struct lines *reasons)
{
	char text[PREFIX_TEXT_BYTES], found_text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < space->count; i++) {
		const struct prefix *found = find_overlap(pieces, &space->items[i]);

		if (found)
			lines_add(reasons, "%s would block %s %s (%s)",
				  prefix_format_short(found, found_text), what,
				  prefix_format_short(&space->items[i], text), key);
	}
}

static void check_pieces(const struct feed_guards *guards, const struct feed_candidate *candidate,
			 const struct prefix_set *pieces, struct lines *reasons)
{
	check_width(guards, pieces, reasons);
	if (guards->spaces[FEED_SPACE_RESERVED] != SPACE_TAKE)
		check_reserved(pieces, reasons);
	if (candidate->action != ACTION_BLOCK)
		return;
	if (guards->spaces[FEED_SPACE_OWN] != SPACE_TAKE)
		check_space(pieces, &candidate->own, "this host's own address", "own", reasons);
	if (!guards->may_hold_protected)
		check_space(pieces, &candidate->protected, "the protected", "may_hold_protected",
			    reasons);
}

void feed_guards_check(const struct feed_guards *guards, const struct feed_candidate *candidate,
		       struct lines *ret_reasons)
{
	struct prefix_set pieces;

	check_numbers(guards, candidate, ret_reasons);
	if (find_pieces(candidate, &pieces)) {
		lines_add(ret_reasons, "its content cannot be checked: %s", strerror(ENOMEM));
		return;
	}
	check_pieces(guards, candidate, &pieces, ret_reasons);
	prefix_set_done(&pieces);
}

bool feed_is_html(const char *bytes, size_t byte_count)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body",
					      "<?xml" };
	size_t i = 0;

	if (byte_count >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		i = 3;
	while (i < byte_count && strchr(" \t\r\n", bytes[i]) && bytes[i])
		i++;
	for (size_t j = 0; j < sizeof(starts) / sizeof(*starts); j++) {
		const size_t start_bytes = strlen(starts[j]);

		if (byte_count - i >= start_bytes &&
		    !strncasecmp(bytes + i, starts[j], start_bytes))
			return true;
	}
	return false;
}
