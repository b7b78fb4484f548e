/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `refresh`: has feeds fetched now. */
#include "ctl/copies.h"
#include "ctl/feeds_table.h"

static enum ctl_exit run_refresh(const struct arguments *arguments)
{
	return copies_refresh(arguments, FEED_OF_URL,
			      arguments->positional_count ? arguments->positional[0] : NULL,
			      feeds_table);
}

const struct command command_refresh = {
	.name = "refresh",
	.positional = "[NAME]",
	.positional_max = 1,
	.summary = "fetch feeds now, and show the results",
	.description =
	    "Fetches the feed NAME, or all feeds. The exit code is 1 if a fetch failed, or if\n"
	    "a copy was invalid or was held back.",
	.run = run_refresh,
};
