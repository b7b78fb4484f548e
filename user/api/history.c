/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/history: the records of changes (store/history_read.c), page by page. */
#include "store/history_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/record.h"
#include "api/request.h"
#include "api/routes.h"
#include "http/http.h"
#include "store/state.h"

#define PAGE_RECORDS_MAX 1000

struct history_task {
	struct api_task task;
	struct history_filter filter;
};

/* Choose a list. One that no longer exists still has a history. Takes over @name. */
static int history_choose_list(struct evhttp_request *request, char *name,
			       struct history_filter *filter)
{
	const size_t bytes = name ? strlen(name) : 0;

	if (bytes && bytes < sizeof(filter->list))
		memcpy(filter->list, name, bytes + 1);
	free(name);
	if (bytes < sizeof(filter->list))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "the name of the list is too long");
	return -EINVAL;
}

static int history_read_request(struct api_task *base, struct runtime *runtime,
				struct evhttp_request *request)
{
	struct history_filter *filter = &((struct history_task *)base)->filter;
	int64_t limit = PAGE_RECORDS_MAX;
	char *list = NULL;
	const struct argument arguments[] = {
		{ .name = "prefix",
		  .ret_prefix = &filter->prefix,
		  .ret_is_given = &filter->has_prefix },
		{ .name = "list", .ret_text = &list },
		{ .name = "since", .ret_number = &filter->since_sec, .max = INT64_MAX },
		{ .name = "before", .ret_number = &filter->before_id, .min = 1, .max = INT64_MAX },
		ARGUMENT_LIMIT(&limit, 1, PAGE_RECORDS_MAX),
	};
	int err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	filter->limit = (size_t)limit;
	if (!err)
		return history_choose_list(request, list, filter);
	free(list);
	return err;
}

struct page {
	struct state *state;
	const struct history_filter *filter;
	json_t *records;
	int64_t last_id;
};

static int page_take_record(const struct history_record *record, void *context)
{
	struct page *page = context;
	json_t *json;
	int err = history_record_json(page->state, record, page->filter, &json);

	if (err)
		return err;
	page->last_id = record->id;
	return json_array_append_new(page->records, json) ? -ENOMEM : 0;
}

static void history_run(struct api_task *base, struct engine *engine)
{
	const struct history_filter *filter = &((struct history_task *)base)->filter;
	struct page page = { .state = engine_state(engine),
			     .filter = filter,
			     .records = json_array() };
	int err =
	    page.records ? history_read(page.state, filter, page_take_record, &page) : -ENOMEM;
	bool is_full;

	if (err) {
		json_decref(page.records);
		refusal_set(&base->refusal, OUTCOME_INTERNAL, "cannot read the history: %s",
			    err == -ENOMEM ? strerror(ENOMEM) : state_error(page.state));
		return;
	}
	is_full = json_array_size(page.records) == filter->limit;
	base->answer = json_pack("{s:o,s:o}", "records", page.records, "next",
				 is_full ? json_integer(page.last_id) : json_null());
}

const struct api_command history_command = {
	.task_bytes = sizeof(struct history_task),
	.read = history_read_request,
	.run = history_run,
};
