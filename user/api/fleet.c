/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fleet: hosts, what is held of them, and removals from all hosts (engine/fleet.h). */
#include "engine/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/fleet.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "http/http.h"
#include "runtime/fleet.h"

struct fleet_task {
	struct api_task task;
	struct fleet_host *hosts;
	size_t host_count;
	char *host; /* NULL: all */
	struct entry_change change;
	struct networks networks; /* for change */
};

static void fleet_task_free(struct api_task *base)
{
	struct fleet_task *task = (struct fleet_task *)base;

	free(task->host);
	free(task->hosts);
	free(task->change.list);
	networks_done(&task->networks);
}

/* ---- hosts ------------------------------------------------------------------------------ */

static const char *state_word(const struct fleet_sync_host *told)
{
	if (!told)
		return "unknown";
	if (!told->is_believed)
		return "ignored";
	if (told->is_told && told->summary.is_gone)
		return "forgotten";
	if (!told->is_told)
		return "silent";
	return told->is_equal ? "equal" : "different";
}

/* @told: what the server says of it; NULL: nothing. */
static json_t *host_json(const struct fleet_host *host, const struct fleet_sync_host *told)
{
	const int64_t heard_ms = told ? told->summary.heard_ms : 0;
	char digest[20];

	snprintf(digest, sizeof(digest), "%016" PRIx64, host->digest);
	return json_pack("{s:s,s:b,s:s,s:o,s:o,s:b,s:o,s:s,s:o,s:o}", "name", host->name, "self",
			 host->is_self, "state", state_word(told), "records",
			 json_count(host->count), "evidence", json_count(host->evidence_count),
			 "full", host->is_full, "held", json_count(host->held_count), "digest",
			 digest, "changed_at", json_time(host->said_at_ms / 1000), "heard_at",
			 json_time(heard_ms / 1000));
}

static const struct fleet_sync_host *find_told(const struct fleet_link *link, const char *name,
					       struct fleet_sync_host *room)
{
	struct fleet_link_status status;

	fleet_link_get_status(link, &status);
	for (size_t i = 0; i < status.sync.host_count; i++) {
		fleet_link_get_host(link, i, room);
		if (!strcmp(room->name, name))
			return room;
	}
	return NULL;
}

static bool is_known(const struct fleet_task *task, const char *name)
{
	for (size_t i = 0; i < task->host_count; i++)
		if (!strcmp(task->hosts[i].name, name))
			return true;
	return false;
}

/* Hosts that have said something, and those that have only been at the server. */
static json_t *hosts_json(const struct fleet_task *task, const struct fleet_link *link,
			  size_t told_count)
{
	json_t *array = json_array();
	struct fleet_sync_host told;

	for (size_t i = 0; i < task->host_count; i++)
		json_array_append_new(
		    array, host_json(&task->hosts[i], find_told(link, task->hosts[i].name, &told)));
	for (size_t i = 0; i < told_count; i++) {
		struct fleet_host silent = { .count = 0 };

		fleet_link_get_host(link, i, &told);
		if (is_known(task, told.name))
			continue;
		strncpy(silent.name, told.name, sizeof(silent.name) - 1);
		json_array_append_new(array, host_json(&silent, &told));
	}
	return array;
}

/* Copies of feeds. */
static json_t *feeds_json(const struct fleet_link_status *status)
{
	const struct fleet_share_state *feeds = &status->feeds;

	if (!status->shares_feeds)
		return json_null();
	return json_pack("{s:o,s:o,s:o,s:o}", "given", json_count(feeds->given_count), "taken",
			 json_count(feeds->taken_count), "refused",
			 json_count(feeds->refused_count), "large", json_count(feeds->large_count));
}

static json_t *server_json(const struct fleet_link_status *status)
{
	const struct fleet_sync_state *sync = &status->sync;

	return json_pack(
	    "{s:o,s:b,s:o,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o}", "place", json_text(sync->place),
	    "connected", sync->is_connected, "problem", json_text(status->problem),
	    "last_contact_at", json_time(sync->contact_ms / 1000), "reading", sync->is_reading,
	    "lag_ms", sync->lag_count ? json_integer(sync->lag_ms) : json_null(), "sent",
	    json_count(sync->sent_count), "received", json_count(sync->received_count), "refused",
	    json_count(sync->refused_count), "unknown", json_count(sync->unknown_count),
	    "refused_hosts", json_count(sync->refused_host_count));
}

json_t *fleet_status_json(const struct runtime *runtime)
{
	struct fleet_link_status status;
	const struct fleet_sync_state *sync = &status.sync;

	fleet_link_get_status(runtime->fleet, &status);
	if (!status.name)
		return json_null();
	return json_pack("{s:s,s:o,s:b,s:o,s:o,s:o,s:o,s:o,s:o}", "name", status.name, "place",
			 json_text(sync->place), "connected", sync->is_connected, "problem",
			 json_text(status.problem), "last_contact_at",
			 json_time(sync->contact_ms / 1000), "hosts", json_count(sync->host_count),
			 "different", json_count(sync->other_count), "held",
			 json_count(sync->held_count), "refused_hosts",
			 json_count(sync->refused_host_count));
}

static void hosts_run(struct api_task *base, struct engine *engine)
{
	const struct fleet_settings *settings = &engine_snapshot(engine)->config->fleet;
	struct fleet_task *task = (struct fleet_task *)base;

	if (!engine_fleet_hosts(engine, &task->hosts, &task->host_count, &base->refusal))
		base->answer =
		    json_pack("{s:s,s:s}", "name", settings->name, "host", settings->host);
}

/* What the main loop knows of the server. */
static void hosts_finish(struct api_task *base, struct runtime *runtime)
{
	const struct fleet_task *task = (const struct fleet_task *)base;
	struct fleet_link_status status;

	if (!base->answer)
		return;
	fleet_link_get_status(runtime->fleet, &status);
	json_object_set_new(base->answer, "server", server_json(&status));
	json_object_set_new(base->answer, "feeds", feeds_json(&status));
	json_object_set_new(base->answer, "hosts",
			    hosts_json(task, runtime->fleet, status.sync.host_count));
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

/* The others must not bring it back. */
static void forget_finish(struct api_task *base, struct runtime *runtime)
{
	const struct fleet_task *task = (const struct fleet_task *)base;
	int err;

	if (!base->answer)
		return;
	err = fleet_link_forget(runtime->fleet, task->host);
	if (err)
		lines_add(&base->warnings,
			  "the server was not told (%s): forget %s again when `ipwlctl fleet' says "
			  "that it is connected",
			  strerror(-err), task->host);
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

#define FLEET_COMMAND(reader, runner, finisher)                                                    \
	{                                                                                          \
		.task_bytes = sizeof(struct fleet_task), .read = (reader), .run = (runner),        \
		.finish = (finisher), .free = fleet_task_free,                                     \
	}

const struct api_command fleet_command = FLEET_COMMAND(NULL, hosts_run, hosts_finish);
const struct api_command fleet_accept_command = FLEET_COMMAND(accept_read, accept_run, NULL);
const struct api_command fleet_forget_command =
    FLEET_COMMAND(forget_read, forget_run, forget_finish);
const struct api_command fleet_delete_command = FLEET_COMMAND(delete_read, delete_run, NULL);
