/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fleet: hosts, what is held of them, and removals from all hosts (engine/fleet.h). */
#include "engine/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/arguments.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "http/http.h"

struct fleet_task {
	struct api_task task;
	char *host; /* NULL: all */
	struct entry_change change;
	struct networks networks; /* for change */
};

static void fleet_task_free(struct api_task *base)
{
	struct fleet_task *task = (struct fleet_task *)base;

	free(task->host);
	free(task->change.list);
	networks_done(&task->networks);
}

/* ---- hosts ------------------------------------------------------------------------------ */

static json_t *host_json(const struct fleet_host *host)
{
	char digest[20];

	snprintf(digest, sizeof(digest), "%016" PRIx64, host->digest);
	return json_pack("{s:s,s:b,s:o,s:o,s:s,s:o}", "name", host->name, "self", host->is_self,
			 "records", json_count(host->count), "held", json_count(host->held_count),
			 "digest", digest, "changed_at",
			 host->said_at_ms ? json_time(host->said_at_ms / 1000) : json_null());
}

static void hosts_run(struct api_task *base, struct engine *engine)
{
	const struct fleet_settings *settings = &engine_snapshot(engine)->config->fleet;
	struct fleet_host *hosts;
	json_t *array;
	size_t count;

	if (engine_fleet_hosts(engine, &hosts, &count, &base->refusal))
		return;
	array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, host_json(&hosts[i]));
	free(hosts);
	base->answer = json_pack("{s:s,s:s,s:o}", "name", settings->name, "host", settings->host,
				 "hosts", array);
}

/* ---- accept and forget -------------------------------------------------------------------- */

static int read_host(struct api_task *base, struct evhttp_request *request, bool is_needed)
{
	struct fleet_task *task = (struct fleet_task *)base;
	const struct argument arguments[] = {
		{ .name = "host", .is_needed = is_needed, .ret_text = &task->host },
		ARGUMENT_REASON(&base->reason),
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};

	return arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));
}

static int accept_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	(void)runtime;
	return read_host(base, request, false);
}

static int forget_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	(void)runtime;
	return read_host(base, request, true);
}

static void accept_run(struct api_task *base, struct engine *engine)
{
	const struct fleet_task *task = (struct fleet_task *)base;
	size_t count;

	if (engine_fleet_accept(engine, &base->by, task->host, &count, &base->refusal))
		return;
	log_info("fleet", "%s accepted %zu held %s of %s", base->by.author, count,
		 plural(count, "removal", "removals"), task->host ? task->host : "all hosts");
	base->answer = json_pack("{s:o}", "accepted", json_count(count));
}

static void forget_run(struct api_task *base, struct engine *engine)
{
	const struct fleet_task *task = (struct fleet_task *)base;
	size_t count;

	if (engine_fleet_forget(engine, &base->by, task->host, &count, &base->refusal))
		return;
	log_info("fleet", "%s had %s forgotten, with %zu %s", base->by.author, task->host, count,
		 plural(count, "record", "records"));
	base->answer = json_pack("{s:o}", "forgotten", json_count(count));
}

/* ---- delete --------------------------------------------------------------------------------- */

static int delete_read(struct api_task *base, struct runtime *runtime,
		       struct evhttp_request *request)
{
	struct fleet_task *task = (struct fleet_task *)base;
	const struct argument arguments[] = {
		ARGUMENT_LIST(&task->change.list),
		{ .name = "prefix", .is_needed = true, .ret_networks = &task->networks },
		{ .name = "accept", .ret_flag = &task->change.is_forced },
		ARGUMENT_REASON(&base->reason),
		ARGUMENT_SUDO_USER(&base->sudo_user),
	};
	int err = arguments_read_body(request, arguments, sizeof(arguments) / sizeof(*arguments));

	(void)runtime;
	task->change.prefixes = task->networks.items;
	task->change.prefix_count = task->networks.count;
	return err;
}

static void delete_run(struct api_task *base, struct engine *engine)
{
	const struct fleet_task *task = (struct fleet_task *)base;
	const size_t count = task->change.prefix_count;

	if (engine_fleet_delete(engine, &base->by, &task->change, &base->refusal))
		return;
	log_info("fleet", "%s removed %zu %s from list %s on all hosts", base->by.author, count,
		 plural(count, "prefix", "prefixes"), task->change.list);
	base->answer =
	    json_pack("{s:s,s:o}", "list", task->change.list, "removed", json_count(count));
}

/* ---- commands ---------------------------------------------------------------------------------
 */

#define FLEET_COMMAND(reader, runner)                                                              \
	{                                                                                          \
		.task_bytes = sizeof(struct fleet_task), .read = (reader), .run = (runner),        \
		.free = fleet_task_free,                                                           \
	}

const struct api_command fleet_command = FLEET_COMMAND(NULL, hosts_run);
const struct api_command fleet_accept_command = FLEET_COMMAND(accept_read, accept_run);
const struct api_command fleet_forget_command = FLEET_COMMAND(forget_read, forget_run);
const struct api_command fleet_delete_command = FLEET_COMMAND(delete_read, delete_run);
