/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for page after page, up to one without a `next`. */
#include "ctl/pages.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"

struct pages_walk {
	const struct pages *pages;
	const struct arguments *arguments;
	struct client *client;
	struct writer writer;
	char *after; /* the page to ask for, or NULL: the first */
	size_t count;
	bool has_begun;
};

static void pages_begin(struct pages_walk *walk)
{
	if (walk->has_begun)
		return;
	walk->has_begun = true;
	writer_begin(&walk->writer, stdout, walk->arguments->global[GLOBAL_JSON]);
	writer_table_begin(&walk->writer, walk->pages->key, walk->pages->columns, "");
}

static enum ctl_exit pages_advance(struct pages_walk *walk, const json_t *page)
{
	const char *next = json_string_value(json_object_get(page, "next"));

	if (next && walk->after && !strcmp(next, walk->after)) {
		ctl_error("no usable answer from ipwld: its pages do not end");
		return CTL_UNREACHABLE;
	}
	free(walk->after);
	walk->after = next ? ctl_allocated(strdup(next)) : NULL;
	return CTL_DONE;
}

static enum ctl_exit pages_write_one(struct pages_walk *walk)
{
	const struct pages *pages = walk->pages;
	const struct parameter query[] = {
		{ "after", walk->after },
		{ pages->filter.key, pages->filter.value },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = pages->path,
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC,
					 .is_continuation = walk->has_begun };
	json_t *page = NULL;
	json_t *array;
	const json_t *item;
	size_t i;
	enum ctl_exit code = client_request(walk->client, &request, &page);

	if (!code)
		code = client_array(walk->client, page, pages->key, &array);
	if (!code) {
		pages_begin(walk);
		json_array_foreach(array, i, item) writer_row(&walk->writer, item);
		walk->count += json_array_size(array);
		code = pages_advance(walk, page);
	}
	json_decref(page);
	return code;
}

enum ctl_exit pages_show(const struct arguments *arguments, const struct pages *pages)
{
	struct pages_walk walk = { .pages = pages,
				   .arguments = arguments,
				   .client = client_new(arguments) };
	enum ctl_exit code;

	do
		code = pages_write_one(&walk);
	while (!code && walk.after && !ferror(stdout));
	/* After a failure the JSON text stays incomplete, so that no program takes it for the
	 * whole. */
	if (walk.has_begun && (!code || !walk.writer.is_json)) {
		writer_table_end(&walk.writer);
		writer_end(&walk.writer);
	}
	if (!code && !walk.count) {
		ctl_error("%s", pages->filter.value ? pages->no_match : pages->none);
		code = pages->filter.value ? CTL_NEGATIVE : CTL_DONE;
	}
	free(walk.after);
	client_free(walk.client);
	return code;
}
