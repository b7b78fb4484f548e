/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads copies of feeds by the formats that list files have, too. */
#include "feeds/parse.h"

#include <errno.h>
#include <string.h>

#include "feeds/guards.h"

static int read_set(const struct feed_config *feed, const struct feed_copy *copy,
		    struct entry_set *set, struct format_result *result, struct lines *details)
{
	struct diagnostics diagnostics;
	const struct format_input input = {
		.bytes = copy->bytes,
		.byte_count = copy->byte_count,
		.name = feed->name,
		.format = feed->format,
		.action = feed->action,
		.host_bits = feed->host_bits,
		.skips_bad_lines = feed->skips_errors,
		.source = SOURCE_FEED,
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

int feed_parse(const struct feed_config *feed, const struct feed_copy *copy,
	       struct entry_set **ret_set, struct format_result *ret_result, struct lines *details)
{
	struct entry_set *set;
	int err;

	*ret_result = (struct format_result) { 0 };
	if (feed_is_html(copy->bytes, copy->byte_count)) {
		lines_add(details, "it is a page for people (HTML), not a list: an error page, a "
				   "login?");
		return -EINVAL;
	}
	set = entry_set_new();
	if (!set)
		return -ENOMEM;
	err = read_set(feed, copy, set, ret_result, details);
	if (err) {
		entry_set_unref(set);
		return err;
	}
	entry_set_finish(set);
	*ret_set = set;
	return 0;
}
