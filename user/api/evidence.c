/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/report: what a person says about an address. POST /v1/learn/evidence: evidence as
 * lines (learn/evidence_line.h), for a look back at old logs. */
#include "base/plural.h"
#include "learn/evidence_line.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/utf8.h"
#include "engine/learned.h"
#include "http/http.h"
#include "runtime/learner.h"

/* New evidence may change what is learned. */
static void evidence_finish(struct api_task *task, struct runtime *runtime)
{
	if (!task->refusal.outcome)
		learner_wake(runtime->learner);
}

/* ---- a report ----------------------------------------------------------------- */

struct report_task {
	struct api_task task;
	enum evidence_kind kind;
	struct prefix address;
	char *user; /* NULL: the client */
};

static const char report_kinds[2][5] = { "ham", "spam" };

/* Takes over @kind. */
static int report_choose_kind(struct evhttp_request *request, char *kind, struct report_task *task)
{
	const bool is_ham = !strcmp(kind, report_kinds[0]);
	const bool is_known = is_ham || !strcmp(kind, report_kinds[1]);

	if (!is_known)
		http_reply_errorf(request, OUTCOME_INVALID, "kind must be ham or spam, not \"%s\"",
				  kind);
	task->kind = is_ham ? EVIDENCE_REPORTED_HAM : EVIDENCE_REPORTED_SPAM;
	free(kind);
	return is_known ? 0 : -EINVAL;
}

static int report_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct report_task *task = (struct report_task *)base;
	char *kind = NULL;
	const struct argument arguments[] = {
		{ .name = "kind", .is_needed = true, .ret_text = &kind },
		{ .name = "address", .is_needed = true, .ret_prefix = &task->address },
		{ .name = "user", .ret_text = &task->user, .bytes_max = EVIDENCE_PERSON_BYTES - 1 },
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};
	int err = arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	if (err || !kind) {
		free(kind);
		return err;
	}
	if (report_choose_kind(request, kind, task))
		return -EINVAL;
	if (task->address.len == prefix_max_len(task->address.family))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "address must be one address, not a network");
	return -EINVAL;
}

static void report_run(struct api_task *base, struct engine *engine)
{
	const struct report_task *task = (const struct report_task *)base;
	const char *person = task->user ? task->user : base->by.author;
	struct evidence evidence = { .source = EVIDENCE_FROM_REPORT,
				     .kind = task->kind,
				     .at_sec = time_now_sec(),
				     .has_address = true,
				     .address = task->address };
	const struct evidence_batch batch = { .items = &evidence, .count = 1 };
	char address[PREFIX_TEXT_BYTES];
	struct evidence_noted noted;

	strncpy(evidence.person, person, sizeof(evidence.person) - 1);
	utf8_sanitize(evidence.person, strlen(evidence.person));
	if (engine_note_evidence(engine, &batch, &noted, &base->refusal))
		return;
	prefix_format_short(&task->address, address);
	log_info("learn", "%s reported %s as %s", evidence.person, address,
		 report_kinds[task->kind == EVIDENCE_REPORTED_SPAM]);
	base->answer = json_pack("{s:s,s:s,s:b}", "address", address, "kind",
				 report_kinds[task->kind == EVIDENCE_REPORTED_SPAM], "noted",
				 noted.noted_count > 0);
}

static void report_free(struct api_task *base)
{
	free(((struct report_task *)base)->user);
}

const struct api_command report_command = {
	.task_bytes = sizeof(struct report_task),
	.read = report_read,
	.run = report_run,
	.finish = evidence_finish,
	.free = report_free,
};

/* ---- lines ---------------------------------------------------------------------- */

/* Items that are noted at a time: an item takes about 900 bytes. */
#define BATCH_ITEMS 8192

struct lines_task {
	struct api_task task;
	struct evbuffer *body; /* the worker empties it */
};

static int lines_read(struct api_task *base, struct runtime *runtime,
		      struct evhttp_request *request)
{
	struct lines_task *task = (struct lines_task *)base;

	(void)runtime;
	if (arguments_read_query(request, NULL, 0))
		return -EINVAL;
	task->body = evbuffer_new();
	if (task->body &&
	    !evbuffer_add_buffer(task->body, evhttp_request_get_input_buffer(request)))
		return 0;
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/* What has become of the lines. */
struct lines_result {
	size_t line;
	size_t noted;
	size_t dropped;
};

/* Read up to BATCH_ITEMS lines. Return: 0; -ECANCELED: @refusal tells the line. */
static int lines_read_batch(struct evbuffer *body, struct evidence *items, size_t *ret_count,
			    struct lines_result *result, struct refusal *refusal)
{
	const char *wrong = NULL;
	size_t bytes, count = 0;
	char *line;

	while (count < BATCH_ITEMS && !wrong &&
	       (line = evbuffer_readln(body, &bytes, EVBUFFER_EOL_LF))) {
		result->line++;
		if (bytes)
			wrong = evidence_line_read(line, bytes, &items[count++]);
		free(line);
	}
	*ret_count = count;
	return wrong ? refusal_set(refusal, OUTCOME_INVALID, "line %zu: %s; %zu %s been noted",
				   result->line, wrong, result->noted,
				   plural(result->noted, "earlier item has", "earlier items have"))
		     : 0;
}

static int lines_note(struct evbuffer *body, struct engine *engine, struct evidence *items,
		      struct lines_result *result, struct refusal *refusal)
{
	struct evidence_batch batch = { .items = items };
	struct evidence_noted noted;

	do {
		if (lines_read_batch(body, items, &batch.count, result, refusal))
			return -ECANCELED;
		if (batch.count && engine_note_evidence(engine, &batch, &noted, refusal))
			return -ECANCELED;
		if (batch.count) {
			result->noted += noted.noted_count;
			result->dropped += noted.dropped_count;
		}
	} while (batch.count == BATCH_ITEMS);
	return 0;
}

static void lines_run(struct api_task *base, struct engine *engine)
{
	struct lines_task *task = (struct lines_task *)base;
	struct evidence *items = calloc(BATCH_ITEMS, sizeof(*items));
	struct lines_result result = { 0 };

	if (!items)
		return;
	/* The last line may lack its end. An empty line is nothing. */
	evbuffer_add(task->body, "\n", 1);
	if (!lines_note(task->body, engine, items, &result, &base->refusal))
		base->answer = json_pack("{s:o,s:o}", "noted", json_count(result.noted), "dropped",
					 json_count(result.dropped));
	free(items);
}

static void lines_free(struct api_task *base)
{
	struct lines_task *task = (struct lines_task *)base;

	if (task->body)
		evbuffer_free(task->body);
}

const struct api_command evidence_command = {
	.task_bytes = sizeof(struct lines_task),
	.read = lines_read,
	.run = lines_run,
	.finish = evidence_finish,
	.free = lines_free,
};
