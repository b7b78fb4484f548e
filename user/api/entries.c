/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes one manual entry: add, delete, protect, unprotect. Also tells the impact of a
 * deletion. engine/entries.c and engine/protect.c make the changes. */
#include "engine/entries.h"

#include <stdlib.h>

#include "api/arguments.h"
#include "api/entry.h"
#include "api/impact.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "datapath/datapath.h"
#include "engine/protect.h"
#include "http/http.h"

struct entry_task {
	struct api_task task;
	struct entry_change change;
	struct entry_found found;
	struct lines holders; /* delete: other sources that still list the prefix */
};

static void entry_task_free(struct api_task *base)
{
	struct entry_task *task = (struct entry_task *)base;

	free(task->change.list);
	entry_found_done(&task->found);
	lines_done(&task->holders);
}

/* ---- the request ---------------------------------------------------------- */

/* The arguments of all these commands. ttl_seconds and force are only for add. */
#define ENTRY_ARGUMENTS(task)                                                                      \
	ARGUMENT_LIST(&(task)->change.list),                                                       \
	    { .name = "prefix", .is_needed = true, .ret_prefix = &(task)->change.prefix },         \
	    ARGUMENT_REASON(&(task)->task.reason), ARGUMENT_SUDO_USER(&(task)->task.sudo_user)
#define ENTRY_ARGUMENT_COUNT 4

static int entry_read_query(struct api_task *base, struct runtime *runtime,
			    struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = { ENTRY_ARGUMENTS(task) };

	(void)runtime;
	return arguments_read_query(request, arguments, ENTRY_ARGUMENT_COUNT);
}

static int delete_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = {
		ENTRY_ARGUMENTS(task),
		{ .name = "accept", .ret_flag = &task->change.is_forced },
	};

	(void)runtime;
	return arguments_read_query(request, arguments, ENTRY_ARGUMENT_COUNT + 1);
}

static int entry_read_body(struct api_task *base, struct runtime *runtime,
			   struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = { ENTRY_ARGUMENTS(task) };

	(void)runtime;
	return arguments_read_body(request, arguments, ENTRY_ARGUMENT_COUNT);
}

static int add_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = {
		ENTRY_ARGUMENTS(task),
		ARGUMENT_TTL(&task->change.ttl_sec),
		{ .name = "force", .ret_flag = &task->change.is_forced },
	};

	(void)runtime;
	return arguments_read_body(request, arguments, ENTRY_ARGUMENT_COUNT + 2);
}

/* ---- the answer ----------------------------------------------------------- */

static json_t *found_entry_json(const struct entry_task *task, const struct engine *engine)
{
	const struct policy *policy = engine_snapshot(engine)->policy;
	const struct list *list = policy_find_list(policy, task->change.list);
	const struct entry_view view = engine_view(engine);

	datapath_settle(view.datapath);
	return list && task->found.entry
		   ? entry_json(&view, list, task->found.entry, task->found.rule)
		   : json_null();
}

static void log_change(const char *verb, const struct entry_task *task)
{
	const char *reason = task->task.by.reason;
	char prefix[PREFIX_TEXT_BYTES];

	log_info("control", "%s %s %s, list %s%s%s", task->task.by.author, verb,
		 prefix_format(&task->change.prefix, prefix), task->change.list, reason ? ": " : "",
		 reason ? reason : "");
}

/* ---- add and delete ------------------------------------------------------- */

static void add_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_add(engine, &base->by, &task->change, &task->found, &base->warnings,
		       &base->refusal))
		return;
	log_change("added", task);
	api_warn_detached(base, engine);
	base->answer = json_pack("{s:o,s:o}", "entry", found_entry_json(task, engine), "warnings",
				 json_lines(&base->warnings));
}

/* What happens to mail without the entry, determined before it is deleted; null for an entry of
 * a block list. */
static json_t *deletion_impact_json(const struct entry_task *task, struct engine *engine,
				    const struct list *list)
{
	return list->action == ACTION_ALLOW ? impact_json(engine, list, &task->change.prefix)
					    : json_null();
}

static void delete_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct list *list = engine_find_deletable(engine, &task->change, &base->refusal);
	json_t *impact;

	if (!list)
		return;
	impact = deletion_impact_json(task, engine, list);
	if (engine_delete(engine, &base->by, &task->change, &task->found, &task->holders,
			  &base->refusal)) {
		json_decref(impact);
		return;
	}
	log_change("deleted", task);
	base->answer = json_pack("{s:o,s:o,s:o}", "entry", found_entry_json(task, engine),
				 "still_listed_by", json_lines(&task->holders), "impact", impact);
}

static void impact_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct list *list = engine_find_deletable(engine, &task->change, &base->refusal);

	char *held;

	if (!list)
		return;
	engine_keep_entry(list, &task->change.prefix, &task->found);
	held = engine_hold_deletion(engine, list);
	base->answer = json_pack("{s:o,s:o,s:o}", "entry", found_entry_json(task, engine), "impact",
				 deletion_impact_json(task, engine, list), "held", json_text(held));
	free(held);
}

/* ---- protections ---------------------------------------------------------- */

static void protect_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_protect(engine, &base->by, &task->change, &task->found, &base->refusal))
		return;
	log_change("protected", task);
	base->answer = json_pack("{s:o}", "entry", found_entry_json(task, engine));
}

static void unprotect_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_unprotect(engine, &base->by, &task->change, &task->found, &base->refusal))
		return;
	log_change("unprotected", task);
	base->answer = json_pack("{s:o}", "entry", found_entry_json(task, engine));
}

/* ---- commands ------------------------------------------------------------- */

#define ENTRY_COMMAND(reader, runner)                                                              \
	{                                                                                          \
		.task_bytes = sizeof(struct entry_task), .read = (reader), .run = (runner),        \
		.free = entry_task_free,                                                           \
	}

const struct api_command add_command = ENTRY_COMMAND(add_read, add_run);
const struct api_command delete_command = ENTRY_COMMAND(delete_read, delete_run);
const struct api_command impact_command = ENTRY_COMMAND(entry_read_query, impact_run);
const struct api_command protect_command = ENTRY_COMMAND(entry_read_body, protect_run);
const struct api_command unprotect_command = ENTRY_COMMAND(entry_read_query, unprotect_run);
