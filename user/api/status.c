/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/status: the state of the daemon, and its counters. */
#include <unistd.h>

#include "api/arguments.h"
#include "api/fleet.h"
#include "api/flood.h"
#include "api/lane_json.h"
#include "api/learn_json.h"
#include "api/limits.h"
#include "api/progress.h"
#include "api/read_result.h"
#include "api/rescue_json.h"
#include "api/routes.h"
#include "api/seen_json.h"
#include "api/sessions.h"
#include "api/status.h"
#include "datapath/names.h"
#include "exports/schedule.h"
#include "feeds/schedule.h"
#include "http/http.h"
#include "runtime/maillog.h"
#include "runtime/runtime.h"

/* Counters of an interface by verdict: those of all families together. */
static void counts_json(const struct attachment *attachment, json_t *packets, json_t *connections)
{
	struct ipwl_traffic counters[IPWL_COUNTER_COUNT] = { 0 };
	int family, verdict;

	if (attachment->interface)
		interface_read_counters(attachment->interface, counters);
	for (verdict = 0; verdict < IPWL_VERDICT_COUNT; verdict++) {
		struct ipwl_traffic sum = { 0 };

		for (family = 0; family < IPWL_FAMILY_COUNT; family++) {
			sum.packets += counters[IPWL_COUNTER(family, verdict)].packets;
			sum.connections += counters[IPWL_COUNTER(family, verdict)].connections;
		}
		json_object_set_new(packets, verdict_names[verdict], json_count(sum.packets));
		json_object_set_new(connections, verdict_names[verdict],
				    json_count(sum.connections));
	}
}

static json_t *interface_json(const struct attachment *attachment)
{
	enum attach_mode mode = attachment_mode(attachment);
	const char *error = attachment->error[0] ? attachment->error : NULL;
	json_t *packets = json_object(), *connections = json_object();

	counts_json(attachment, packets, connections);
	return json_pack("{s:o,s:o,s:b,s:s,s:s,s:o,s:o,s:o}", "name", json_text(attachment->name),
			 "ifindex",
			 attachment->ifindex ? json_integer(attachment->ifindex) : json_null(),
			 "attached", mode != ATTACH_NONE, "xdp_mode", attach_mode_names[mode],
			 "marking", marking_names[attachment_marking(attachment)], "error",
			 json_text(error), "packets", packets, "connections", connections);
}

static json_t *interfaces_json(const struct interfaces *interfaces)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < interfaces->count; i++)
		json_array_append_new(array, interface_json(&interfaces->items[i]));
	return array;
}

static json_t *list_mode_json(const struct snapshot *snapshot, const struct list *list)
{
	if (list->action == ACTION_ALLOW)
		return json_null();
	return json_string(list->is_monitor || !snapshot->config->is_enforcing ? "monitor"
									       : "enforce");
}

/* All that a list has decided. */
static struct ipwl_traffic read_list_traffic(const struct runtime *runtime, const struct list *list)
{
	struct ipwl_traffic sum = { 0 };

	for (size_t i = 0; i < LIST_VERDICTS; i++) {
		struct ipwl_traffic traffic = { 0 };

		datapath_read_list(runtime->datapath, list->slot, list_verdicts[list->action][i],
				   &traffic);
		sum.packets += traffic.packets;
		sum.bytes += traffic.bytes;
		sum.connections += traffic.connections;
	}
	return sum;
}

/* The ports that a list is for; null: all. */
static json_t *list_ports_json(const struct list *list)
{
	json_t *array = list->port_count ? json_array() : json_null();

	for (size_t i = 0; i < list->port_count; i++)
		json_array_append_new(array, json_integer(list->ports[i]));
	return array;
}

static json_t *list_json(const struct runtime *runtime, size_t index)
{
	const struct snapshot *snapshot = runtime->snapshot;
	const struct list *list = &snapshot->policy->lists[index];
	const struct list_count *count = &snapshot->entry_counts[index];
	const struct list_input *input = &snapshot->config->list_inputs[index];
	const struct ipwl_traffic traffic = read_list_traffic(runtime, list);
	struct ipwl_traffic answers = { 0 };

	datapath_read_answers(runtime->datapath, list->slot, &answers);
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:o}",
			 "name", list->name, "action", action_names[list->action], "ports",
			 list_ports_json(list), "mode", list_mode_json(snapshot, list), "on_block",
			 list->action == ACTION_BLOCK ? json_string(on_block_names[list->on_block])
						      : json_null(),
			 "answers", json_count(answers.packets), "mark",
			 list->sets_mark ? json_integer(list->mark) : json_null(), "priority",
			 list->sets_priority ? json_integer(list->priority) : json_null(),
			 "ipv4_entries", json_count(count->of[FAMILY_IPV4]), "ipv6_entries",
			 json_count(count->of[FAMILY_IPV6]), "packets", json_count(traffic.packets),
			 "bytes", json_count(traffic.bytes), "connections",
			 json_count(traffic.connections), "format", format_names[input->format],
			 "on_error", on_error_names[input->skips_bad_lines], "skipped_lines",
			 json_count(list_input_skipped_lines(input)));
}

static json_t *lists_json(const struct runtime *runtime)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < runtime->snapshot->policy->list_count; i++)
		json_array_append_new(array, list_json(runtime, i));
	return array;
}

/* What allow lists have averted, by block list; pairs without a packet are left out. */
static json_t *averted_json(const struct runtime *runtime)
{
	const struct policy *policy = runtime->snapshot->policy;
	json_t *array = json_array();
	struct averted_pair *pairs = NULL;
	size_t count = 0;

	datapath_read_averted(runtime->datapath, &pairs, &count);
	for (size_t i = 0; i < count; i++) {
		const struct list *allow = policy_find_slot(policy, pairs[i].allow);
		const struct list *block = policy_find_slot(policy, pairs[i].block);

		if (!allow || !block || !pairs[i].traffic.packets)
			continue;
		json_array_append_new(
		    array, json_pack("{s:s,s:s,s:o,s:o}", "allow_list", allow->name, "block_list",
				     block->name, "packets", json_count(pairs[i].traffic.packets),
				     "connections", json_count(pairs[i].traffic.connections)));
	}
	free(pairs);
	return array;
}

static json_t *list_file_json(const struct list *list, const struct list_file *file)
{
	json_t *body = format_json(&file->result);

	json_object_set_new(body, "list", json_text(list->name));
	json_object_set_new(body, "path", json_text(file->path));
	json_object_set_new(body, "written_at", json_time(file->result.written_at_sec));
	return body;
}

static json_t *list_files_json(const struct snapshot *snapshot)
{
	json_t *array = json_array();
	size_t i, j;

	for (i = 0; i < snapshot->policy->list_count; i++) {
		const struct list_input *input = &snapshot->config->list_inputs[i];

		for (j = 0; j < input->file_count; j++)
			json_array_append_new(
			    array, list_file_json(&snapshot->policy->lists[i], &input->files[j]));
	}
	return array;
}

static json_t *ports_json(const struct config *config)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < config->port_count; i++)
		json_array_append_new(array, json_integer(config->ports[i]));
	return array;
}

static json_t *reload_json(const struct reload_report *reload)
{
	return json_pack("{s:o,s:b,s:o,s:o,s:o,s:o}", "at", json_time(reload->at_sec), "successful",
			 reload->successful, "succeeded_at", json_time(reload->succeeded_at_sec),
			 "errors", json_lines(&reload->errors), "warnings",
			 json_lines(&reload->warnings), "held", json_text(reload->held));
}

static json_t *state_json(const struct runtime *runtime)
{
	return json_pack("{s:o,s:b,s:o}", "path", json_text(runtime->state_path), "ok",
			 !runtime->state_error, "error", json_text(runtime->state_error));
}

static json_t *export_json(const struct config_export *export, const struct export_state *state)
{
	static const struct export_state unknown;
	json_t *lists = json_array();
	size_t i;

	if (!state)
		state = &unknown;
	for (i = 0; i < export->list_count; i++)
		json_array_append_new(lists, json_string(export->lists[i]));
	return json_pack(
	    "{s:o,s:s,s:o,s:b,s:o,s:o,s:o,s:o,s:o}", "path", json_text(export->path), "format",
	    export_format_names[export->format], "lists", lists, "aggregate", export->is_aggregated,
	    "prefixes", state->has_run ? json_count(state->prefix_count) : json_null(),
	    "successful",
	    state->has_run || state->error ? json_boolean(state->is_successful) : json_null(),
	    "changed_at", json_time(state->changed_at_sec), "succeeded_at",
	    json_time(state->succeeded_at_sec), "error", json_text(state->error));
}

static json_t *exports_json(const struct runtime *runtime)
{
	const struct config *config = runtime->snapshot->config;
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < config->export_count; i++)
		json_array_append_new(
		    array, export_json(&config->exports[i], exports_state(runtime->exports, i)));
	return array;
}

static json_t *expiring_json(const struct expiring *expiring)
{
	if (!expiring->is_known)
		return json_null();
	return json_pack("{s:o,s:o}", "entries", json_count(expiring->count), "next_at",
			 json_time(expiring->next_sec));
}

/* The feeds that need attention. */
static json_t *feeds_json(const struct feeds *feeds)
{
	json_t *held = json_array(), *missing = json_array();

	for (size_t i = 0; i < feeds_count(feeds); i++) {
		const struct feed_report *report = &feeds_at(feeds, i)->report;

		if (report->is_held)
			json_array_append_new(held, json_string(report->name));
		if (!report->has_copy && feed_report_matters(report))
			json_array_append_new(missing, json_string(report->name));
	}
	return json_pack("{s:o,s:o,s:o}", "count", json_count(feeds_count(feeds)), "held", held,
			 "missing", missing);
}

/* The log that is read to learn from it. */
static json_t *mail_log_json(const struct maillog *maillog)
{
	struct maillog_status status;

	maillog_get_status(maillog, &status);
	if (!status.source)
		return json_null();
	return json_pack("{s:s,s:s,s:o,s:o,s:b,s:o}", "server", status.server, "source",
			 status.source, "lines", json_count(status.lines), "last_line_at",
			 json_time(status.last_line_sec), "silent", status.is_silent, "problem",
			 json_text(status.problem));
}

/* The same for domains. */
static json_t *domains_json(const struct feeds *domains)
{
	json_t *object = feeds_json(domains), *gone = json_array();

	for (size_t i = 0; i < feeds_count(domains); i++) {
		const struct feed_report *report = &feeds_at(domains, i)->report;

		if (report->gone_since_sec && feed_report_matters(report))
			json_array_append_new(gone, json_string(report->name));
	}
	json_object_set_new(object, "gone", gone);
	return object;
}

static const char *mode_name(bool is_enforcing)
{
	return is_enforcing ? "enforce" : "monitor";
}

json_t *status_json(const struct runtime *runtime)
{
	const struct snapshot *snapshot = runtime->snapshot;
	const double uptime_sec = time_monotonic_sec() - runtime->started_monotonic_sec;

	/* Not by json_pack(): a format that is too short would leave out the last members. */
	const struct {
		const char *key;
		json_t *value;
	} members[] = {
		{ "version", json_string(IPWL_VERSION) },
		{ "libbpf", json_string(datapath_libbpf_version()) },
		{ "pid", json_integer(getpid()) },
		{ "started_at", json_time(runtime->started_at_sec) },
		{ "uptime_seconds", json_integer((json_int_t)uptime_sec) },
		{ "config", json_text(runtime->config_path) },
		{ "mode", json_string(mode_name(snapshot->config->is_enforcing)) },
		{ "mode_in_force", json_string(mode_name(snapshot_is_enforcing(snapshot))) },
		{ "suspended", json_text(snapshot->suspension) },
		{ "detached", json_boolean(runtime->is_detached) },
		{ "lookup",
		  json_string(datapath_uses_index(runtime->datapath) ? "index" : "tries") },
		{ "state", state_json(runtime) },
		{ "ports", ports_json(snapshot->config) },
		{ "interfaces", interfaces_json(&runtime->interfaces) },
		{ "lists", lists_json(runtime) },
		{ "averted", averted_json(runtime) },
		{ "lanes", lanes_json(runtime, false) },
		{ "rejects", lanes_json(runtime, true) },
		{ "list_files", list_files_json(snapshot) },
		{ "exports", exports_json(runtime) },
		{ "feeds", feeds_json(runtime->feeds[FEED_OF_URL]) },
		{ "domains", domains_json(runtime->feeds[FEED_OF_DOMAIN]) },
		{ "expiring_in_use", expiring_json(&runtime->expiring) },
		{ "learn", learning_json(runtime) },
		{ "mail_log", mail_log_json(runtime->maillog) },
		{ "sessions", sessions_status_json(runtime) },
		{ "rescue", rescue_status_json(runtime->rescue) },
		{ "seen", seen_status_json(runtime) },
		{ "limits", limits_status_json(runtime) },
		{ "flood", flood_status_json(runtime) },
		{ "fleet", fleet_status_json(runtime) },
		{ "loading", progress_json() },
		{ "reload", reload_json(&runtime->reload) },
	};
	json_t *status = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(status, members[i].key, members[i].value);
	return status;
}

void control_status(struct runtime *runtime, struct evhttp_request *request)
{
	if (!arguments_read_query(request, NULL, 0))
		http_reply(request, status_json(runtime));
}
