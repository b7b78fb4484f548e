/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `feeds`: how feeds are, and what to do with copies that guards hold back. */
#include <string.h>

#include "ctl/copies.h"
#include "ctl/feeds_table.h"

static void write_feeds(struct writer *writer, const json_t *answer)
{
	const json_t *feeds = json_object_get(answer, "feeds");

	feeds_table(writer, feeds);
	if (!json_array_size(feeds))
		ctl_error("no feeds are configured");
}

static enum ctl_exit run_feeds(const struct arguments *arguments)
{
	static const struct {
		const char *name;
		enum ctl_exit (*run)(const struct arguments *arguments, enum feed_kind kind,
				     const char *name);
	} verbs[] = { { "accept", copies_accept }, { "diff", copies_diff } };

	if (!arguments->positional_count)
		return copies_show(arguments, FEED_OF_URL, write_feeds);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, arguments->positional[0]) != 0)
			continue;
		if (arguments->positional_count == 2)
			return verbs[i].run(arguments, FEED_OF_URL, arguments->positional[1]);
		return ctl_usage_error("feeds", "%s needs the name of a feed", verbs[i].name);
	}
	return ctl_usage_error("feeds", "unexpected argument \"%s\": write accept or diff",
			       arguments->positional[0]);
}

const struct command command_feeds = {
	.name = "feeds",
	.positional = "[accept|diff NAME]",
	.positional_max = 2,
	.summary = "show feeds; inspect or accept a copy that is held back",
	.description = "diff shows what the held copy would add and remove; accept puts\n"
		       "it in force.",
	.run = run_feeds,
};
