/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a verdict into a sentence: which entry decides, and what it overrides. */
#include "ctl/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "core/prefix.h"
#include "ctl/entries.h"

static const struct verdict {
	const char *name;
	enum colour colour;
	enum ctl_exit code;
	const char *phrase; /* before the entry that decides */
} verdicts[] = {
	{ "allow", COLOUR_GREEN, CTL_DONE, "allowed by" },
	{ "averted", COLOUR_GREEN, CTL_DONE, "allowed by" },
	{ "unlisted", COLOUR_NONE, CTL_NEGATIVE, "in no list" },
	{ "would_block", COLOUR_YELLOW, CTL_BLOCKED, "in monitor mode; would be blocked by" },
	{ "block", COLOUR_RED, CTL_BLOCKED, "blocked by" },
};

static const struct verdict *find_verdict(const char *name)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (!strcmp(verdicts[i].name, name))
			return &verdicts[i];
	return NULL;
}

enum ctl_exit verdict_exit(const char *verdict)
{
	const struct verdict *found = find_verdict(verdict);

	return found ? found->code : CTL_UNREACHABLE;
}

static const json_t *find_deciding(const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i,
			   entry) if (json_is_true(json_object_get(entry, "decides"))) return entry;
	return NULL;
}

/* The longest prefix length that @items has in a list, -1: none. */
static int longest_in(const json_t *items, const char *list)
{
	const json_t *item;
	int longest = -1;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *text = entry_string(item, "prefix");
		struct prefix prefix;

		if (!strcmp(entry_string(item, "list"), list) &&
		    !prefix_parse(text, strlen(text), &prefix, NULL) && prefix.len > longest)
			longest = prefix.len;
	}
	return longest;
}

/* Whether the entry decides for its list: it is the most specific one there, and no
 * exclusion is more specific. */
static bool is_effective(const json_t *result, const json_t *entry)
{
	const char *list = entry_string(entry, "list");
	const char *text = entry_string(entry, "prefix");
	const json_t *entries = json_object_get(result, "entries");
	const json_t *exclusions = json_object_get(result, "exclusions");
	struct prefix prefix;

	return !prefix_parse(text, strlen(text), &prefix, NULL) &&
	       prefix.len == longest_in(entries, list) && prefix.len > longest_in(exclusions, list);
}

/* Name the block entries that an allow entry overrides. Entries of one (list, prefix) from
 * several sources stand together, so each pair is named once. */
static void write_overridden(struct writer *writer, const json_t *result)
{
	const char *last_list = "";
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(result, "entries"), i, entry)
	{
		const char *list = entry_string(entry, "list");

		if (strcmp(entry_string(entry, "action"), "block") != 0 ||
		    !is_effective(result, entry) || !strcmp(list, last_list))
			continue;
		writer_text(writer, COLOUR_NONE, "%s block list %s %s",
			    *last_list ? " and" : ", which overrides", list,
			    entry_string(entry, "prefix"));
		last_list = list;
	}
}

/* Which listener takes a new connection. */
static void write_lane(struct writer *writer, const json_t *lane)
{
	const bool is_up = json_is_true(json_object_get(lane, "up"));

	if (!json_is_object(lane))
		return;
	writer_text(writer, COLOUR_NONE, "; %s %s",
		    is_up && !strcmp(entry_string(lane, "mode"), "enforce") ? "lane"
		    : is_up ? "in monitor mode; would be handed to the lane"
			    : "normal way, because it is off: lane",
		    entry_string(lane, "address"));
}

/* What a blocked sender gets to know. */
static void write_answer(struct writer *writer, const json_t *result)
{
	const json_t *reject = json_object_get(result, "reject");

	if (!strcmp(entry_string(result, "on_block"), "reset"))
		writer_text(writer, COLOUR_NONE, "; connections are reset");
	if (json_is_object(reject))
		writer_text(writer, COLOUR_NONE, "; connections are %s at %s%s",
			    json_is_true(json_object_get(reject, "up"))
				? "rejected by ipwl-reject"
				: "dropped, because ipwl-reject",
			    entry_string(reject, "address"),
			    json_is_true(json_object_get(reject, "up")) ? "" : " is off");
}

/* The limit that leaves least to an unlisted address now; NULL: there are no limits. */
static const json_t *least_limit(const json_t *limit)
{
	static const char *const keys[] = { "address", "network" };
	const json_t *least = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const json_t *one = json_object_get(limit, keys[i]);

		if (json_is_object(one) &&
		    (!least || json_integer_value(json_object_get(one, "left")) <
				   json_integer_value(json_object_get(least, "left"))))
			least = one;
	}
	return least;
}

/* What the limits leave to an unlisted address now. */
static void write_limit(struct writer *writer, const json_t *limit)
{
	const json_t *least = least_limit(limit);

	if (!least)
		return;
	if (json_integer_value(json_object_get(least, "left")))
		writer_text(writer, COLOUR_NONE, "; the limit of %s leaves it %lld %s now",
			    entry_string(least, "prefix"),
			    (long long)json_integer_value(json_object_get(least, "left")),
			    plural((uint64_t)json_integer_value(json_object_get(least, "left")),
				   "attempt", "attempts"));
	else
		writer_text(writer, COLOUR_YELLOW, "; %s is over its limit for %lld s (mode %s)",
			    entry_string(least, "prefix"),
			    (long long)json_integer_value(json_object_get(least, "wait_seconds")),
			    entry_string(limit, "mode"));
}

static void write_reason(struct writer *writer, const json_t *result, const struct verdict *verdict)
{
	const json_t *entry = find_deciding(json_object_get(result, "entries"));
	const json_t *mark = json_object_get(result, "mark");
	const json_t *averted = json_object_get(result, "averted_packets");

	writer_text(writer, COLOUR_NONE, ": %s", verdict->phrase);
	if (entry) {
		char *provenance = entry_provenance(entry);

		writer_text(writer, COLOUR_NONE, " %s %s (%s)", entry_string(entry, "list"),
			    entry_string(entry, "prefix"), provenance);
		free(provenance);
	} else if (verdict->code != CTL_NEGATIVE) {
		writer_text(writer, COLOUR_NONE, " %s", entry_string(result, "list"));
	} else if (json_array_size(json_object_get(result, "exclusions"))) {
		writer_text(writer, COLOUR_NONE, ", but excluded from one");
	}
	if (!strcmp(verdict->name, "averted"))
		write_overridden(writer, result);
	write_limit(writer, json_object_get(result, "limit"));
	if (json_integer_value(averted))
		writer_text(writer, COLOUR_NONE, "; %lld %s averted so far",
			    (long long)json_integer_value(averted),
			    plural((uint64_t)json_integer_value(averted), "packet", "packets"));
	if (json_is_integer(mark))
		writer_text(writer, COLOUR_NONE, "; mark 0x%llx",
			    (unsigned long long)json_integer_value(mark));
	write_answer(writer, result);
	write_lane(writer, json_object_get(result, "lane"));
}

void verdict_write(struct writer *writer, const json_t *result)
{
	const char *name = entry_string(result, "verdict");
	const struct verdict *verdict = find_verdict(name);
	const char *host = json_string_value(json_object_get(result, "name"));

	writer_text(writer, COLOUR_NONE, "%s%s%s%s: ", entry_string(result, "address"),
		    host ? " (" : "", host ? host : "", host ? ")" : "");
	writer_text(writer, verdict ? verdict->colour : COLOUR_NONE, "%s", name);
	if (verdict)
		write_reason(writer, result, verdict);
	writer_line_end(writer);
}

/* The exclusion of this very address from an allow list, or NULL. An entry of the same address
 * would have no effect. */
static const json_t *find_own_exclusion(const json_t *result)
{
	const char *text = entry_string(result, "address");
	struct prefix address, prefix;
	const json_t *exclusion;
	size_t i;

	if (prefix_parse(text, strlen(text), &address, NULL))
		return NULL;
	json_array_foreach(json_object_get(result, "exclusions"), i, exclusion)
	{
		text = entry_string(exclusion, "prefix");
		if (!strcmp(entry_string(exclusion, "action"), "allow") &&
		    !prefix_parse(text, strlen(text), &prefix, NULL) &&
		    !prefix_compare(&prefix, &address))
			return exclusion;
	}
	return NULL;
}

void verdict_write_remedy(struct writer *writer, const json_t *result)
{
	const struct verdict *verdict = find_verdict(entry_string(result, "verdict"));
	const json_t *least = least_limit(json_object_get(result, "limit"));
	const json_t *exclusion;
	const char *aim = "to let it through";

	if (!verdict || verdict->code == CTL_DONE)
		return;
	if (verdict->code == CTL_NEGATIVE) {
		if (!least || json_integer_value(json_object_get(least, "left")))
			return;
		aim = "to exempt it from limits";
	} else if (verdict->colour == COLOUR_YELLOW) {
		aim = "to let it through in enforce mode, too";
	}
	exclusion = find_own_exclusion(result);
	if (exclusion) {
		char *provenance = entry_provenance(exclusion);

		writer_text(writer, COLOUR_NONE,
			    "  %s: remove its exclusion from allow list %s (%s)", aim,
			    entry_string(exclusion, "list"), provenance);
		free(provenance);
	} else {
		writer_text(writer, COLOUR_NONE, "  %s: ipwlctl allow %s", aim,
			    entry_string(result, "address"));
	}
	writer_line_end(writer);
}
