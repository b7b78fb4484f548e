/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes findings of lint: what is unusual, and what to do about it. */
#include "api/finding.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/entry.h"
#include "base/lines.h"
#include "config/feed_config.h"
#include "core/provenance.h"
#include "http/http.h"

#define SENTENCE_BYTES 512

struct sentences {
	char message[SENTENCE_BYTES];
	char suggestion[SENTENCE_BYTES];
};

/* Write "192.0.2.0/24 (file /etc/ipwl/allow.d/a.list:12)", truncated to the size of @text. */
static const char *name_entry(const struct entry *entry, char text[SENTENCE_BYTES])
{
	char prefix[PREFIX_TEXT_BYTES];
	char *origin = holders_origin(entry);

	snprintf(text, SENTENCE_BYTES, "%s%s (%s%s%s)", entry->is_exclusion ? "!" : "",
		 prefix_format_short(&entry->prefix, prefix), source_names[entry->source],
		 origin ? " " : "", origin ? origin : "");
	free(origin);
	return text;
}

/* Say how to remove an entry. */
static const char *name_removal(const struct lint_finding *finding, char text[SENTENCE_BYTES])
{
	const struct entry *entry = finding->entry;
	char prefix[PREFIX_TEXT_BYTES];
	char *origin;

	prefix_format_short(&entry->prefix, prefix);
	if (entry->source == SOURCE_MANUAL) {
		snprintf(text, SENTENCE_BYTES, "ipwlctl del --list %s %s", finding->list->name,
			 prefix);
		return text;
	}
	/* An exclusion would remove the addresses from the entry that covers it, too. */
	if (entry->source != SOURCE_CONFIG && entry->source != SOURCE_FILE) {
		snprintf(
		    text, SENTENCE_BYTES,
		    entry->source == SOURCE_FEED ? "only the maintainer of the feed can remove it"
		    : entry->source == SOURCE_DOMAIN ? "only the owner of the domain can remove it"
						     : "it is removed when it expires");
		return text;
	}
	origin = holders_origin(entry);
	snprintf(text, SENTENCE_BYTES, "remove it from %s", origin ? origin : "its file");
	free(origin);
	return text;
}

static void say_redundant(const struct lint_finding *finding, struct sentences *sentences)
{
	const struct entry *entry = finding->entry, *other = finding->other;
	bool is_same = other && !prefix_compare(&entry->prefix, &other->prefix);
	char name[SENTENCE_BYTES], removal[SENTENCE_BYTES];
	const char *what;

	if (!other)
		what = "excludes nothing: no entry of the list covers it";
	else if (other->is_exclusion && !entry->is_exclusion)
		what = "has no effect, because the list excludes it:";
	else
		what = is_same ? "is duplicated, see" : "lies inside";
	snprintf(sentences->message, SENTENCE_BYTES, "%s%s%.300s", what, other ? " " : "",
		 other ? name_entry(other, name) : "");
	snprintf(sentences->suggestion, SENTENCE_BYTES, "%.480s", name_removal(finding, removal));
}

static void say_conflict(const struct lint_finding *finding, struct sentences *sentences)
{
	char name[SENTENCE_BYTES], prefix[PREFIX_TEXT_BYTES];
	bool is_allow = finding->list->action == ACTION_ALLOW;

	prefix_format_short(&finding->entry->prefix, prefix);
	snprintf(sentences->message, SENTENCE_BYTES,
		 is_allow ? "overrides %.300s of the block list %s"
			  : "never drops: %.300s of the allow list %s covers it",
		 name_entry(finding->other, name), finding->other_list->name);
	if (is_allow)
		snprintf(sentences->suggestion, SENTENCE_BYTES,
			 "if this is intended, nothing; otherwise exclude it from one of the two "
			 "lists: !%s",
			 prefix);
	else
		snprintf(sentences->suggestion, SENTENCE_BYTES,
			 "to block it, exclude it from the allow list %s: !%s; %s",
			 finding->other_list->name, prefix,
			 finding->entry->source == SOURCE_FEED ? "otherwise there is nothing to do"
							       : "otherwise remove it");
}

static void say_unused(const struct lint_options *options, const struct lint_finding *finding,
		       struct sentences *sentences)
{
	const struct entry *entry = finding->entry;
	char time[TIME_TEXT_BYTES], removal[SENTENCE_BYTES];
	int64_t since_sec = options->counted_since_sec > entry->about->added_at_sec
				? options->counted_since_sec
				: entry->about->added_at_sec;

	if (finding->last_hit_sec)
		snprintf(sentences->message, SENTENCE_BYTES, "no hits since %s",
			 time_format(finding->last_hit_sec, time));
	else
		snprintf(sentences->message, SENTENCE_BYTES, "never hit since %s",
			 time_format(since_sec, time));
	snprintf(sentences->suggestion, SENTENCE_BYTES, "if it is no longer needed: %.460s",
		 name_removal(finding, removal));
}

static void say_expiring(const struct lint_finding *finding, struct sentences *sentences)
{
	char time[TIME_TEXT_BYTES], hit[TIME_TEXT_BYTES], prefix[PREFIX_TEXT_BYTES];
	const enum source source = (enum source)finding->entry->source;

	snprintf(sentences->message, SENTENCE_BYTES, "expires at %s%s%s",
		 time_format(finding->entry->about->expires_at_sec, time),
		 finding->last_hit_sec ? "; last hit " : "",
		 finding->last_hit_sec ? time_format(finding->last_hit_sec, hit) : "");
	if (source == SOURCE_FEED || source == SOURCE_FILE) {
		snprintf(sentences->suggestion, SENTENCE_BYTES,
			 source == SOURCE_FEED ? "the next copy of the feed can renew it"
					       : "to keep it, list it with a later expiry in its "
						 "file");
		return;
	}
	snprintf(sentences->suggestion, SENTENCE_BYTES,
		 "to keep it: ipwlctl add --list %s %s, with --ttl or without", finding->list->name,
		 prefix_format_short(&finding->entry->prefix, prefix));
}

static void say_wide(const struct lint_options *options, const struct lint_finding *finding,
		     struct sentences *sentences)
{
	snprintf(sentences->message, SENTENCE_BYTES, "is wider than /%u",
		 options->min_len[finding->entry->prefix.family]);
	snprintf(sentences->suggestion, SENTENCE_BYTES, "list the intended networks instead");
}

static void say_space(const struct lint_finding *finding, struct sentences *sentences)
{
	const struct hazard *hazard = &finding->hazard;
	char text[HAZARD_TEXT_BYTES], removal[SENTENCE_BYTES], space[PREFIX_TEXT_BYTES];

	snprintf(sentences->message, SENTENCE_BYTES, "%s", hazard_describe(hazard, text));
	prefix_format_short(&hazard->space, space);
	if (finding->entry->source != SOURCE_FEED)
		snprintf(sentences->suggestion, SENTENCE_BYTES, "%.400s, or exclude !%s",
			 name_removal(finding, removal), space);
	else if (hazard->kind == HAZARD_PROTECTED)
		snprintf(sentences->suggestion, SENTENCE_BYTES, "exclude it from the list: !%s",
			 space);
	else
		snprintf(sentences->suggestion, SENTENCE_BYTES, "cut it out of the feed: %s: cut",
			 feed_space_names[hazard->kind == HAZARD_OWN ? FEED_SPACE_OWN
								     : FEED_SPACE_RESERVED]);
}

static void say(const struct lint_options *options, enum lint_check check,
		const struct lint_finding *finding, struct sentences *sentences)
{
	switch (check) {
	case LINT_REDUNDANT:
		say_redundant(finding, sentences);
		break;
	case LINT_CONFLICT:
		say_conflict(finding, sentences);
		break;
	case LINT_UNUSED:
		say_unused(options, finding, sentences);
		break;
	case LINT_EXPIRING:
		say_expiring(finding, sentences);
		break;
	case LINT_SPACE:
		say_space(finding, sentences);
		break;
	default:
		say_wide(options, finding, sentences);
		break;
	}
}

json_t *finding_json(const struct lint_options *options, enum lint_check check,
		     const struct lint_finding *finding)
{
	struct sentences sentences = { "", "" };
	json_t *object = exclusion_json(finding->list, finding->entry);
	json_t *more, *other = NULL;

	say(options, check, finding, &sentences);
	if (finding->other)
		other = exclusion_json(finding->other_list, finding->other);
	more = json_pack(
	    "{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o}", "check", lint_check_names[check], "exclusion",
	    finding->entry->is_exclusion, "reason", json_text(finding->entry->reason), "expires_at",
	    json_time(finding->entry->about->expires_at_sec), "last_hit_at",
	    json_time(finding->last_hit_sec), "other", other ? other : json_null(), "message",
	    json_text(sentences.message), "suggestion", json_text(sentences.suggestion));
	json_object_update(object, more);
	json_decref(more);
	return object;
}
