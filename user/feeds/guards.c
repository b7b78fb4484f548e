/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guards of feeds: numbers first, then address space that no list should hold. */
#include "feeds/guards.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/prefix_search.h"

/* Space that no mail comes from over the internet. */
static const struct {
	const char *kind;
	const char *prefix;
} reserved[] = {
	{ "private", "10.0.0.0/8" },
	{ "private", "172.16.0.0/12" },
	{ "private", "192.168.0.0/16" },
	{ "private", "fc00::/7" },
	{ "carrier-grade NAT", "100.64.0.0/10" },
	{ "loopback", "127.0.0.0/8" },
	{ "loopback", "::1/128" },
	{ "link-local", "169.254.0.0/16" },
	{ "link-local", "fe80::/10" },
	{ "multicast", "224.0.0.0/4" },
	{ "multicast", "ff00::/8" },
	{ "documentation", "192.0.2.0/24" },
	{ "documentation", "198.51.100.0/24" },
	{ "documentation", "203.0.113.0/24" },
	{ "documentation", "2001:db8::/32" },
	{ "documentation", "3fff::/20" },
	{ "benchmarking", "198.18.0.0/15" },
	{ "unspecified", "0.0.0.0/8" },
	{ "unspecified", "::/128" },
	{ "reserved", "192.0.0.0/24" },
	{ "reserved", "240.0.0.0/4" },
};

/* ---- what a set holds --------------------------------------------------- */

/* Whether an exclusion of exactly the prefix of entry @i takes it back. */
static bool is_excluded(const struct entry_set *set, size_t i)
{
	const struct prefix *prefix = &set->entries[i].prefix;

	for (i = entry_set_lower_bound(set, prefix);
	     i < set->count && !prefix_compare(&set->entries[i].prefix, prefix); i++) {
		if (set->entries[i].is_exclusion)
			return true;
	}
	return false;
}

/* An entry that holds part of @space: one that covers it, or lies inside; or NULL. */
static const struct entry *find_overlap(const struct entry_set *set, const struct prefix *space)
{
	size_t i = prefix_find_covering(PREFIX_ARRAY(set->entries, set->count), space);

	if (i < set->count && !set->entries[i].is_exclusion && !is_excluded(set, i))
		return &set->entries[i];
	for (i = entry_set_lower_bound(set, space);
	     i < set->count && prefix_contains(space, &set->entries[i].prefix); i++) {
		if (!set->entries[i].is_exclusion && !is_excluded(set, i))
			return &set->entries[i];
	}
	return NULL;
}

static size_t entry_count(const struct entry_set *set)
{
	return set ? set->entry_counts[FAMILY_IPV4] + set->entry_counts[FAMILY_IPV6] : 0;
}

/* ---- numbers ------------------------------------------------------------ */

static void check_numbers(const struct feed_guards *guards, const struct feed_candidate *candidate,
			  struct lines *reasons)
{
	const size_t before = entry_count(candidate->before);
	const size_t after = entry_count(candidate->after);

	if (candidate->is_cut && guards->checks_count)
		lines_add(reasons,
			  "it says that it has %" PRIu64 " records and has %zu: it may be cut off",
			  candidate->declared_count, candidate->record_count);
	if (!before)
		return;
	if (!after) {
		if (!guards->may_be_empty)
			lines_add(reasons, "it has no entries, and had %zu (may_be_empty)", before);
	} else if (after < before &&
		   (uint64_t)(before - after) * 100 > (uint64_t)before * guards->max_shrink_percent)
		lines_add(reasons,
			  "it has %zu entries, and had %zu: more than %u %% fewer (max_shrink)",
			  after, before, guards->max_shrink_percent);
	if (after > (uint64_t)before * guards->max_growth_factor)
		lines_add(reasons,
			  "it has %zu entries, and had %zu: more than %u times as many "
			  "(max_growth)",
			  after, before, guards->max_growth_factor);
}

static void check_width(const struct feed_guards *guards, const struct entry_set *set,
			struct lines *reasons)
{
	static const char *const keys[] = { "min_ipv4_length", "min_ipv6_length" };
	const struct entry *first[FAMILY_COUNT] = { NULL };
	size_t counts[FAMILY_COUNT] = { 0 };
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < set->count; i++) {
		const struct entry *entry = &set->entries[i];
		const uint8_t family = entry->prefix.family;

		if (entry->is_exclusion || entry->prefix.len >= guards->min_len[family])
			continue;
		if (!counts[family]++)
			first[family] = entry;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (counts[family])
			lines_add(
			    reasons, "%s is wider than /%u%s (%s)",
			    prefix_format(&first[family]->prefix, text), guards->min_len[family],
			    counts[family] > 1 ? ", and it is not the only one" : "", keys[family]);
	}
}

/* ---- address space ------------------------------------------------------ */

static void check_reserved(const struct entry_set *set, struct lines *reasons)
{
	char found_text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		const struct entry *found;
		struct prefix space;

		if (prefix_parse(reserved[i].prefix, strlen(reserved[i].prefix), &space, NULL) !=
		    PREFIX_OK)
			continue;
		found = find_overlap(set, &space);
		if (found)
			lines_add(reasons, "%s is %s space, %s (may_hold_reserved)",
				  prefix_format_short(&found->prefix, found_text), reserved[i].kind,
				  reserved[i].prefix);
	}
}

static void check_space(const struct entry_set *set, const struct prefixes *space, const char *what,
			const char *key, struct lines *reasons)
{
	char text[PREFIX_TEXT_BYTES], found_text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < space->count; i++) {
		const struct entry *found = find_overlap(set, &space->items[i]);

		if (found)
			lines_add(reasons, "%s would block %s %s (%s)",
				  prefix_format_short(&found->prefix, found_text), what,
				  prefix_format_short(&space->items[i], text), key);
	}
}

void feed_guards_check(const struct feed_guards *guards, const struct feed_candidate *candidate,
		       struct lines *ret_reasons)
{
	check_numbers(guards, candidate, ret_reasons);
	check_width(guards, candidate->after, ret_reasons);
	if (!guards->may_hold_reserved)
		check_reserved(candidate->after, ret_reasons);
	if (candidate->action != ACTION_BLOCK)
		return;
	if (!guards->may_hold_own)
		check_space(candidate->after, &candidate->own, "this host's own address",
			    "may_hold_own", ret_reasons);
	if (!guards->may_hold_protected)
		check_space(candidate->after, &candidate->protected, "the protected",
			    "may_hold_protected", ret_reasons);
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
