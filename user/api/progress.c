/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/progress: what the worker is loading, for those who wait for it. */
#include "api/progress.h"

#include "api/arguments.h"
#include "api/routes.h"
#include "base/progress.h"
#include "http/http.h"

json_t *progress_json(void)
{
	struct progress progress;
	char text[PROGRESS_TEXT_BYTES];

	if (!progress_get(&progress))
		return json_null();
	return json_pack("{s:o,s:s,s:o,s:o,s:o}", "what", json_text(progress.what), "unit",
			 progress.is_bytes ? "bytes" : "parts", "done", json_count(progress.done),
			 "total", progress.total ? json_count(progress.total) : json_null(), "text",
			 json_text(progress_text(&progress, text)));
}

void control_progress(struct runtime *runtime, struct evhttp_request *request)
{
	(void)runtime;
	if (!arguments_read_query(request, NULL, 0))
		http_reply(request, json_pack("{s:o}", "loading", progress_json()));
}
