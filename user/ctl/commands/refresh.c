/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `refresh`: has feeds fetched now. */
#include <string.h>

#include "ctl/client.h"
#include "ctl/feeds_table.h"
#include "ctl/memory.h"

/* Whether every feed is as its source has it. */
static bool are_fresh(const json_t *feeds)
{
	const json_t *feed;
	size_t i;

	json_array_foreach(feeds, i, feed)
	{
		const json_t *last = json_object_get(feed, "last_fetch");
		const char *result = json_string_value(json_object_get(last, "result"));

		if (!result || (strcmp(result, "new") != 0 && strcmp(result, "unchanged") != 0))
			return false;
	}
	return true;
}

static enum ctl_exit run_refresh(const struct arguments *arguments)
{
	const char *name = arguments->positional_count ? arguments->positional[0] : NULL;
	json_t *body = ctl_allocated(json_pack("{s:o}", "name", writer_string(name)));
	const struct request request = { .method = "POST",
					 .path = "/v1/feeds/refresh",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client = client_new(arguments);
	json_t *answer = NULL, *feeds = NULL;
	enum ctl_exit code = client_request(client, &request, &answer);

	if (!code)
		code = client_array(client, answer, "feeds", &feeds);
	if (!code) {
		struct writer writer;

		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		feeds_table(&writer, feeds);
		writer_end(&writer);
		code = are_fresh(feeds) ? CTL_DONE : CTL_NEGATIVE;
	}
	json_decref(answer);
	json_decref(body);
	client_free(client);
	return code;
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
