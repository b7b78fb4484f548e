/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/learn, GET /v1/learn/partners, and POST /v1/learn/accept, reject and forget. */
#include "engine/learned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/learn_json.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "base/plural.h"
#include "core/prefix_error.h"
#include "http/http.h"
#include "learn/evidence_line.h"
#include "runtime/learner.h"

/* ---- the learned addresses -------------------------------------------------- */

struct learned_task {
	struct api_task task;
	struct learned_query query;
};

/* Choose a state. NULL: all. Takes over @name. */
static int learned_choose_state(struct evhttp_request *request, char *name,
				enum learn_state *ret_state)
{
	int err = name ? -EINVAL : 0;

	for (int state = LEARN_NONE + 1; name && state < LEARN_STATE_COUNT; state++) {
		if (strcmp(name, learn_state_names[state]) != 0)
			continue;
		*ret_state = (enum learn_state)state;
		err = 0;
	}
	if (err)
		http_reply_errorf(request, OUTCOME_INVALID,
				  "unknown state \"%s\": write candidate, probation, active, "
				  "at_risk or removed",
				  name);
	free(name);
	return err;
}

static int learned_read(struct api_task *base, struct runtime *runtime,
			struct evhttp_request *request)
{
	struct learned_query *query = &((struct learned_task *)base)->query;
	int64_t limit = LEARN_PAGE_MAX;
	char *state = NULL;
	const struct argument arguments[] = {
		{ .name = "state", .ret_text = &state },
		{ .name = "after", .ret_prefix = &query->after, .ret_is_given = &query->has_after },
		ARGUMENT_LIMIT(&limit, 1, LEARN_PAGE_MAX),
	};
	int err = arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	query->limit = (size_t)limit;
	if (!err)
		return learned_choose_state(request, state, &query->state);
	free(state);
	return err;
}

static void learned_run(struct api_task *base, struct engine *engine)
{
	const struct learned_query *query = &((struct learned_task *)base)->query;
	struct learned_page page;
	char next[PREFIX_TEXT_BYTES];
	json_t *array;

	if (engine_learned_page(engine, query, &page, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < page.count; i++)
		json_array_append_new(array, learned_json(&page.items[i], page.list));
	if (page.has_more && page.count)
		prefix_format(&page.items[page.count - 1].prefix, next);
	base->answer = json_pack("{s:o,s:s?}", "learned", array, "next",
				 page.has_more && page.count ? next : NULL);
	learned_page_done(&page);
}

const struct api_command learned_command = {
	.task_bytes = sizeof(struct learned_task),
	.read = learned_read,
	.run = learned_run,
};

/* ---- partners ------------------------------------------------------------------ */

struct partners_task {
	struct api_task task;
	int64_t limit;
	char *after;
};

static int partners_read(struct api_task *base, struct runtime *runtime,
			 struct evhttp_request *request)
{
	struct partners_task *task = (struct partners_task *)base;
	const struct argument arguments[] = {
		{ .name = "after",
		  .ret_text = &task->after,
		  .bytes_max = EVIDENCE_DOMAIN_BYTES - 1 },
		ARGUMENT_LIMIT(&task->limit, 1, LEARN_PAGE_MAX),
	};

	(void)runtime;
	task->limit = LEARN_PAGE_MAX;
	return arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments));
}

static void partners_run(struct api_task *base, struct engine *engine)
{
	const struct partners_task *task = (const struct partners_task *)base;
	const struct partner_query query = { .limit = (size_t)task->limit, .after = task->after };
	struct partner_page page;
	json_t *array;

	if (engine_learn_partners(engine, &query, &page, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < page.count; i++)
		json_array_append_new(array, partner_json(&page.items[i]));
	base->answer =
	    json_pack("{s:o,s:s?}", "partners", array, "next",
		      page.has_more && page.count ? page.items[page.count - 1].domain : NULL);
	partner_page_done(&page);
}

static void partners_free(struct api_task *base)
{
	free(((struct partners_task *)base)->after);
}

const struct api_command partners_command = {
	.task_bytes = sizeof(struct partners_task),
	.read = partners_read,
	.run = partners_run,
	.free = partners_free,
};

/* ---- accept, reject, forget ------------------------------------------------------ */

struct learn_task {
	struct api_task task;
	enum learn_deed deed;
	struct prefix *subjects;
	size_t count;
	char **domains;
	size_t domain_count;
	bool has_feeds;
	struct feed_reports feeds; /* of domains, after the change */
};

static bool is_domain(const json_t *value)
{
	const char *text = json_string_value(value);
	char domain[DOMAIN_BYTES];

	return text && strchr(text, '.') && domain_normalise(text, strlen(text), domain) &&
	       evidence_is_domain(domain);
}

/* Read the subjects, if all of them are domains. */
static int learn_read_domains(struct evhttp_request *request, const json_t *array,
			      struct learn_task *task)
{
	const size_t count = json_array_size(array);
	char domain[DOMAIN_BYTES];

	task->domains = calloc(count, sizeof(*task->domains));
	for (size_t i = 0; task->domains && i < count; i++) {
		const char *text = json_string_value(json_array_get(array, i));

		if (!is_domain(json_array_get(array, i))) {
			http_reply_errorf(request, OUTCOME_INVALID,
					  "subjects must be addresses, or domains, but not both");
			return -EINVAL;
		}
		domain_normalise(text, strlen(text), domain);
		task->domains[i] = strdup(domain);
		if (!task->domains[i])
			break;
		task->domain_count++;
	}
	if (task->domain_count == count)
		return 0;
	http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/* Read one subject: an address, or a prefix of GET /v1/learn. */
static int learn_read_subject(struct evhttp_request *request, const json_t *value,
			      struct prefix *ret_prefix)
{
	const char *text = json_string_value(value);
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error;

	if (!text) {
		http_reply_errorf(request, OUTCOME_INVALID, "subjects must be strings");
		return -EINVAL;
	}
	error = prefix_parse(text, strlen(text), ret_prefix, NULL);
	if (error == PREFIX_OK)
		return 0;
	prefix_error_message(error, text, strlen(text), message);
	http_reply_errorf(request, OUTCOME_INVALID, "%s", message);
	return -EINVAL;
}

static int learn_read_subjects(struct evhttp_request *request, const json_t *array,
			       struct learn_task *task)
{
	const size_t count = json_array_size(array);

	if (!count || count > LEARN_PAGE_MAX) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  "subjects must be 1 to %d addresses or domains", LEARN_PAGE_MAX);
		return -EINVAL;
	}
	if (is_domain(json_array_get(array, 0)))
		return learn_read_domains(request, array, task);
	task->subjects = calloc(count, sizeof(*task->subjects));
	if (!task->subjects) {
		http_reply_errorf(request, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (; task->count < count; task->count++)
		if (learn_read_subject(request, json_array_get(array, task->count),
				       &task->subjects[task->count]))
			return -EINVAL;
	return 0;
}

static int learn_read_deed(struct api_task *base, struct evhttp_request *request,
			   enum learn_deed deed)
{
	struct learn_task *task = (struct learn_task *)base;
	json_t *subjects = NULL;
	const struct argument arguments[] = {
		{ .name = "subjects", .is_needed = true, .ret_array = &subjects },
		ARGUMENT_REASON(&base->reason),
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};
	int err = arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));

	task->deed = deed;
	if (!err)
		err = learn_read_subjects(request, subjects, task);
	json_decref(subjects);
	return err;
}

static int accept_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	(void)runtime;
	return learn_read_deed(base, request, LEARN_ACCEPT);
}

static int reject_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	(void)runtime;
	return learn_read_deed(base, request, LEARN_REJECT);
}

static int forget_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	(void)runtime;
	return learn_read_deed(base, request, LEARN_FORGET);
}

static void learn_run(struct api_task *base, struct engine *engine)
{
	struct learn_task *task = (struct learn_task *)base;
	struct learn_changed changed = { 0 };
	int err = task->domains ? engine_learn_domains(engine, &base->by, task->deed, task->domains,
						       task->domain_count, &changed, &base->refusal)
				: engine_learn(engine, &base->by, task->deed, task->subjects,
					       task->count, &changed, &base->refusal);

	if (err)
		return;
	task->has_feeds = engine_take_domains(engine, &task->feeds);
	log_info("learn", "%s: %s %zu learned %s%s%s", base->by.author,
		 learn_deed_names[task->deed], changed.changed_count,
		 task->domains ? plural(changed.changed_count, "domain", "domains")
			       : plural(changed.changed_count, "address", "addresses"),
		 base->by.reason ? ": " : "", base->by.reason ? base->by.reason : "");
	api_warn_detached(base, engine);
	base->answer = json_pack(
	    "{s:s,s:s,s:o,s:o,s:o}", "deed", learn_deed_names[task->deed], "kind",
	    task->domains ? "domain" : "address", "changed", json_count(changed.changed_count),
	    "unchanged", json_lines(&changed.unchanged), "warnings", json_lines(&base->warnings));
	lines_done(&changed.unchanged);
}

static void learn_finish(struct api_task *base, struct runtime *runtime)
{
	struct learn_task *task = (struct learn_task *)base;

	if (task->has_feeds)
		learner_follow_domains(runtime, &task->feeds);
}

static void learn_free(struct api_task *base)
{
	struct learn_task *task = (struct learn_task *)base;

	for (size_t i = 0; i < task->domain_count; i++)
		free(task->domains[i]);
	free(task->domains);
	free(task->subjects);
	feed_reports_done(&task->feeds);
}

#define LEARN_COMMAND(reader)                                                                      \
	{                                                                                          \
		.task_bytes = sizeof(struct learn_task), .read = (reader), .run = learn_run,       \
		.finish = learn_finish, .free = learn_free,                                        \
	}

const struct api_command learn_accept_command = LEARN_COMMAND(accept_read);
const struct api_command learn_reject_command = LEARN_COMMAND(reject_read);
const struct api_command learn_forget_command = LEARN_COMMAND(forget_read);
