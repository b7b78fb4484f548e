/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads copies of feeds. Their formats are the same as those of list files. */
#include "feeds/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/own_addresses.h"
#include "core/entry_cut.h"
#include "core/reserved.h"
#include "domains/answer.h"
#include "feeds/guards.h"

static int read_set(const struct feed_config *feed, const struct feed_copy *copy,
		    struct entry_set *set, struct format_result *result, struct lines *details)
{
	struct diagnostics diagnostics;
	const struct format_input input = {
		.bytes = copy->bytes,
		.byte_count = copy->byte_count,
		.is_unpacked = true,
		.name = feed->name,
		.format = feed->format,
		.action = feed->action,
		.host_bits = feed->host_bits,
		.skips_bad_lines = feed->skips_errors,
		.select = &feed->select,
		.min_trust = feed->min_trust,
		.source = feed_kinds[feed->kind].source,
		.origin = feed->name,
		.added_at_sec = copy->fetched_at_sec,
		.now_sec = time_now_sec(),
		.written_at_sec = copy->fetched_at_sec,
		.set = set,
		.diagnostics = &diagnostics,
	};
	int err;

	diagnostics_init(&diagnostics);
	err = format_read(&input, result);
	diagnostics_lines(&diagnostics, FEED_LINES_MAX, details, details);
	diagnostics_done(&diagnostics);
	return err;
}

/* ---- space that is cut out ---------------------------------------------- */

/* Allowing the host's own addresses does no harm. */
static bool is_judged(const struct feed_config *feed, enum feed_space space)
{
	return space != FEED_SPACE_OWN || feed->action == ACTION_BLOCK;
}

unsigned int feed_cut_spaces(const struct feed_config *feed)
{
	unsigned int spaces = 0;

	for (unsigned int space = 0; space < FEED_SPACE_COUNT; space++)
		if (feed->guards.spaces[space] == SPACE_CUT && is_judged(feed, space))
			spaces |= 1U << space;
	return spaces;
}

static bool cuts(const struct feed_config *feed, const struct feed_copy *copy,
		 enum feed_space space)
{
	return feed->guards.spaces[space] != SPACE_TAKE && is_judged(feed, space) &&
	       (feed_cut_spaces(feed) | copy->cut_spaces) & 1U << space;
}

static int cut_space(struct feed_body *body, struct prefix_array prefixes, size_t *ret_count)
{
	struct entry_set *cut = entry_set_cut(body->set, prefixes, ret_count);

	if (!cut)
		return -ENOMEM;
	entry_set_unref(body->set);
	body->set = cut;
	return 0;
}

static int cut_own(struct feed_body *body)
{
	struct prefix *addresses = NULL;
	size_t count;
	int err = own_addresses(&addresses, &count);

	if (err)
		return 0;
	err = cut_space(body, PREFIX_ARRAY(addresses, count), &body->cut_counts[FEED_SPACE_OWN]);
	free(addresses);
	return err;
}

static int cut_spaces(const struct feed_config *feed, const struct feed_copy *copy,
		      struct feed_body *body)
{
	int err = 0;

	if (cuts(feed, copy, FEED_SPACE_RESERVED))
		err = cut_space(body, PREFIX_ARRAY(reserved_spaces, RESERVED_COUNT),
				&body->cut_counts[FEED_SPACE_RESERVED]);
	if (!err && cuts(feed, copy, FEED_SPACE_OWN))
		err = cut_own(body);
	return err;
}

bool feed_is_own_uncut(const struct feed_config *feed, const struct feed_copy *copy,
		       const struct entry_set *set)
{
	struct prefix *addresses = NULL;
	size_t count;
	bool is_uncut;

	if (!cuts(feed, copy, FEED_SPACE_OWN) || own_addresses(&addresses, &count))
		return false;
	is_uncut = entry_set_reaches(set, PREFIX_ARRAY(addresses, count));
	free(addresses);
	return is_uncut;
}

static int read_answer(const struct feed_config *feed, const struct feed_copy *copy,
		       struct feed_body *body, struct lines *details)
{
	const struct domain_reading reading = {
		.source = feed_kinds[feed->kind].source,
		.origin = feed->name,
		.added_at_sec = copy->fetched_at_sec,
		.shared = copy->shared,
		.takes_shared = feed->shared == SHARED_ALL,
		.preface = feed->is_learned ? "learned partner: " : "",
	};
	struct domain_content content = { .set = body->set, .shared = body->shared };
	int err = domain_answer_read(copy->bytes, copy->byte_count, &reading, &content);

	body->notes = content.notes;
	body->foreign = content.foreign;
	if (err != -EBADMSG)
		return err;
	lines_add(details, "it is no answer of ipwl-resolve");
	return -EINVAL;
}

/* ---- a copy --------------------------------------------------------------- */

/* Read the copy into the sets of @body. */
static int read_body(const struct feed_config *feed, const struct feed_copy *copy,
		     struct feed_body *body, struct lines *details)
{
	int err;

	body->set = entry_set_new();
	if (!body->set)
		return -ENOMEM;
	if (feed->kind == FEED_OF_URL) {
		err = read_set(feed, copy, body->set, &body->result, details);
	} else {
		if (feed->shared == SHARED_EVIDENCED) {
			body->shared = entry_set_new();
			if (!body->shared)
				return -ENOMEM;
		}
		err = read_answer(feed, copy, body, details);
	}
	if (err)
		return err;
	entry_set_finish(body->set);
	if (body->shared)
		entry_set_finish(body->shared);
	return cut_spaces(feed, copy, body);
}

int feed_parse(const struct feed_config *feed, const struct feed_copy *copy,
	       struct feed_body *ret_body, struct lines *details)
{
	struct feed_body body = { 0 };
	int err;

	*ret_body = body;
	if (feed->kind == FEED_OF_URL && feed_is_html(copy->bytes, copy->byte_count)) {
		lines_add(details, "it is an HTML page, not a list: an error page or a login?");
		return -EINVAL;
	}
	err = read_body(feed, copy, &body, details);
	if (err)
		feed_body_done(&body);
	*ret_body = body;
	return err;
}

void feed_body_done(struct feed_body *body)
{
	entry_set_unref(body->set);
	entry_set_unref(body->shared);
	body->set = body->shared = NULL;
	lines_done(&body->notes);
	lines_done(&body->foreign);
}
