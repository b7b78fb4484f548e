/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/learn/simulate: what the rules would have listed. */
#include "engine/learned.h"

#include "api/arguments.h"
#include "api/learn_json.h"
#include "api/request.h"
#include "api/routes.h"
#include "http/http.h"

struct learn_simulate_task {
	struct api_task task;
	int64_t since_sec;
};

static int learn_simulate_read(struct api_task *base, struct runtime *runtime,
			       struct evhttp_request *request)
{
	struct learn_simulate_task *task = (struct learn_simulate_task *)base;
	const struct argument arguments[] = {
		{ .name = "since",
		  .is_needed = true,
		  .ret_number = &task->since_sec,
		  .max = INT64_MAX },
	};

	(void)runtime;
	return arguments_read_query(request, arguments, 1);
}

static json_t *simulated_json(const struct simulated_entry *entry)
{
	char prefix[PREFIX_TEXT_BYTES];

	return json_pack(
	    "{s:s,s:s,s:o,s:o,s:o,s:I,s:I}", "prefix", prefix_format(&entry->prefix, prefix),
	    "rule", learn_rule_names[entry->rule], "candidate_at", json_time(entry->candidate_sec),
	    "active_at", json_time(entry->active_sec), "removed_at", json_time(entry->removed_sec),
	    "messages", (json_int_t)entry->messages_after, "spam", (json_int_t)entry->spam_after);
}

static void learn_simulate_run(struct api_task *base, struct engine *engine)
{
	const struct learn_simulate_task *task = (const struct learn_simulate_task *)base;
	struct learn_simulation simulation;
	json_t *entries;

	if (engine_simulate_learning(engine, task->since_sec, &simulation, &base->refusal))
		return;
	entries = json_array();
	for (size_t i = 0; i < simulation.count; i++)
		json_array_append_new(entries, simulated_json(&simulation.items[i]));
	base->answer = json_pack("{s:o,s:o,s:o,s:o,s:o,s:b}", "since", json_time(task->since_sec),
				 "addresses", json_count(simulation.address_count), "active_count",
				 json_count(simulation.active_count), "spam_count",
				 json_count(simulation.spam_count), "entries", entries, "truncated",
				 simulation.is_truncated);
	learn_simulation_done(&simulation);
}

const struct api_command learn_simulate_command = {
	.task_bytes = sizeof(struct learn_simulate_task),
	.read = learn_simulate_read,
	.run = learn_simulate_run,
};
