/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shows the history, and forgets what is old of it. */
#include <errno.h>
#include <string.h>

#include "api/record.h"
#include "engine/records.h"

struct page {
	struct state *state;
	const struct history_filter *filter;
	json_t *records;
	int64_t last_id;
};

static int take_record(const struct history_record *record, void *context)
{
	struct page *page = context;
	json_t *json;
	int err = history_record_json(page->state, record, page->filter, &json);

	if (err)
		return err;
	page->last_id = record->id;
	return json_array_append_new(page->records, json) ? -ENOMEM : 0;
}

void engine_history(struct engine *engine, struct job *job)
{
	struct page page = { .state = engine->state,
			     .filter = job->filter,
			     .records = json_array() };
	bool is_full;
	int err =
	    page.records ? history_read(engine->state, job->filter, take_record, &page) : -ENOMEM;

	if (err) {
		json_decref(page.records);
		job_fail(job, OUTCOME_INTERNAL, "the history cannot be read: %s",
			 err == -ENOMEM ? strerror(ENOMEM) : state_error(engine->state));
		return;
	}
	is_full = json_array_size(page.records) == job->filter->limit;
	job->answer = json_pack("{s:o,s:o}", "records", page.records, "next",
				is_full ? json_integer(page.last_id) : json_null());
}
