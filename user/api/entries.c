/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes manual entries: add, delete, protect, unprotect. Also tells the impact of a
 * deletion. engine/entries.c and engine/protect.c make the changes. */
#include "engine/entries.h"

#include <errno.h>
#include <stdio.h>
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
	struct networks networks; /* for change: what was typed */
	char *only_hosts;	  /* the same */
	char *not_hosts;
	struct lines holders; /* delete: other sources that still list the prefixes */
};

static void entry_task_free(struct api_task *base)
{
	struct entry_task *task = (struct entry_task *)base;

	free(task->change.list);
	free(task->only_hosts);
	free(task->not_hosts);
	networks_done(&task->networks);
	lines_done(&task->holders);
}

/* ---- the request ---------------------------------------------------------- */

/* The arguments of all these commands. */
#define ENTRY_ARGUMENTS(task)                                                                      \
	ARGUMENT_LIST(&(task)->change.list),                                                       \
	    { .name = "prefix", .is_needed = true, .ret_networks = &(task)->networks },            \
	    ARGUMENT_REASON(&(task)->task.reason), ARGUMENT_SUDO_USER(&(task)->task.sudo_user)
#define ENTRY_ARGUMENT_COUNT 4
#define ARGUMENT_HOSTS(key, text)                                                                  \
	{                                                                                          \
		.name = (key), .ret_text = (text), .bytes_max = SCOPE_HOSTS_BYTES_MAX              \
	}

/* Take the prefixes over, once they have been read. */
static int entry_take_networks(struct entry_task *task, int err)
{
	task->change.prefixes = task->networks.items;
	task->change.prefix_count = task->networks.count;
	return err;
}

static int impact_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = { ENTRY_ARGUMENTS(task) };

	(void)runtime;
	return entry_take_networks(task,
				   arguments_read_query(request, arguments, ENTRY_ARGUMENT_COUNT));
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
	return entry_take_networks(
	    task, arguments_read_query(request, arguments, ENTRY_ARGUMENT_COUNT + 1));
}

/* A protection is of one prefix. Return: @err, or -EINVAL: an error was sent. */
static int protect_check_one(const struct entry_task *task, struct evhttp_request *request, int err)
{
	if (err || task->change.prefix_count == 1)
		return err;
	http_reply_errorf(request, OUTCOME_INVALID, "a protection is of one prefix, not of %zu",
			  task->change.prefix_count);
	return -EINVAL;
}

static int protect_read(struct api_task *base, struct runtime *runtime,
			struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = { ENTRY_ARGUMENTS(task) };
	int err;

	(void)runtime;
	err = arguments_read_body(request, arguments, ENTRY_ARGUMENT_COUNT);
	return protect_check_one(task, request, entry_take_networks(task, err));
}

static int unprotect_read(struct api_task *base, struct runtime *runtime,
			  struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = { ENTRY_ARGUMENTS(task) };
	int err;

	(void)runtime;
	err = arguments_read_query(request, arguments, ENTRY_ARGUMENT_COUNT);
	return protect_check_one(task, request, entry_take_networks(task, err));
}

static int add_read(struct api_task *base, struct runtime *runtime, struct evhttp_request *request)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct argument arguments[] = {
		ENTRY_ARGUMENTS(task),
		ARGUMENT_TTL(&task->change.ttl_sec),
		{ .name = "force", .ret_flag = &task->change.is_forced },
		{ .name = "local", .ret_flag = &task->change.scope.is_local },
		ARGUMENT_HOSTS("only_hosts", &task->only_hosts),
		ARGUMENT_HOSTS("not_hosts", &task->not_hosts),
	};
	int err = arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	task->change.scope.only_hosts = task->only_hosts;
	task->change.scope.not_hosts = task->not_hosts;
	return entry_take_networks(task, err);
}

/* ---- the answer ----------------------------------------------------------- */

/* The manual entries in force, in the order of the prefixes. */
static json_t *entries_json(const struct entry_task *task, const struct engine *engine)
{
	const struct policy *policy = engine_snapshot(engine)->policy;
	const struct list *list = policy_find_list(policy, task->change.list);
	const struct entry_view view = engine_view(engine);
	json_t *array = json_array();

	datapath_settle(view.datapath);
	for (size_t i = 0; list && i < task->change.prefix_count; i++) {
		const struct prefix *prefix = &task->change.prefixes[i];
		const struct entry *entry = engine_find_manual(list, prefix);
		const struct rule *rule = list_find_rule(list, prefix);

		if (entry)
			json_array_append_new(array,
					      entry_json(&view, list, entry, rule ? rule->id : 0));
	}
	return array;
}

/* An answer with entries. @entry is the first one. @entries: taken over */
static json_t *entries_answer(json_t *entries)
{
	json_t *first = json_array_get(entries, 0);

	return json_pack("{s:o,s:o}", "entry", first ? json_incref(first) : json_null(), "entries",
			 entries);
}

static void log_change(const char *verb, const struct entry_task *task)
{
	const char *reason = task->task.by.reason;
	const size_t more = task->change.prefix_count - 1;
	char prefix[PREFIX_TEXT_BYTES], others[40] = "";

	if (more)
		snprintf(others, sizeof(others), " and %zu more", more);
	log_info("control", "%s %s %s%s, list %s%s%s", task->task.by.author, verb,
		 prefix_format(&task->change.prefixes[0], prefix), others, task->change.list,
		 reason ? ": " : "", reason ? reason : "");
}

/* ---- add and delete ------------------------------------------------------- */

static void add_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_add(engine, &base->by, &task->change, &base->warnings, &base->refusal))
		return;
	log_change("added", task);
	api_warn_detached(base, engine);
	base->answer = entries_answer(entries_json(task, engine));
	json_object_set_new(base->answer, "warnings", json_lines(&base->warnings));
}

/* The entries, and what happens to mail without them, determined before they are deleted. It is
 * null for entries of a block list. "impact" is that of the first one. */
static json_t *deletion_json(const struct entry_task *task, struct engine *engine,
			     const struct list *list)
{
	json_t *answer = entries_answer(entries_json(task, engine));
	json_t *impacts = json_array();

	for (size_t i = 0; i < task->change.prefix_count; i++)
		json_array_append_new(impacts,
				      list->action == ACTION_ALLOW
					  ? impact_json(engine, list, &task->change.prefixes[i])
					  : json_null());
	json_object_set(answer, "impact", json_array_get(impacts, 0));
	json_object_set_new(answer, "impacts", impacts);
	return answer;
}

static void delete_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct list *list = engine_find_deletable(engine, &task->change, &base->refusal);
	json_t *answer;

	if (!list)
		return;
	answer = deletion_json(task, engine, list);
	if (engine_delete(engine, &base->by, &task->change, &task->holders, &base->refusal)) {
		json_decref(answer);
		return;
	}
	log_change("deleted", task);
	json_object_set_new(answer, "still_listed_by", json_lines(&task->holders));
	base->answer = answer;
}

static void impact_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;
	const struct list *list = engine_find_deletable(engine, &task->change, &base->refusal);
	char *held;

	if (!list)
		return;
	held = engine_hold_deletion(engine, list, task->change.prefix_count);
	base->answer = deletion_json(task, engine, list);
	json_object_set_new(base->answer, "held", json_text(held));
	free(held);
}

/* ---- protections ---------------------------------------------------------- */

static void protect_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_protect(engine, &base->by, &task->change, &base->refusal))
		return;
	log_change("protected", task);
	base->answer = entries_answer(entries_json(task, engine));
}

static void unprotect_run(struct api_task *base, struct engine *engine)
{
	struct entry_task *task = (struct entry_task *)base;

	if (engine_unprotect(engine, &base->by, &task->change, &base->refusal))
		return;
	log_change("unprotected", task);
	base->answer = entries_answer(entries_json(task, engine));
}

/* ---- commands ------------------------------------------------------------- */

#define ENTRY_COMMAND(reader, runner)                                                              \
	{                                                                                          \
		.task_bytes = sizeof(struct entry_task), .read = (reader), .run = (runner),        \
		.free = entry_task_free,                                                           \
	}

const struct api_command add_command = ENTRY_COMMAND(add_read, add_run);
const struct api_command delete_command = ENTRY_COMMAND(delete_read, delete_run);
const struct api_command impact_command = ENTRY_COMMAND(impact_read, impact_run);
const struct api_command protect_command = ENTRY_COMMAND(protect_read, protect_run);
const struct api_command unprotect_command = ENTRY_COMMAND(unprotect_read, unprotect_run);
