/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status`: the state of the daemon, its interfaces and its lists. */
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "ctl/entries.h"
#include "ctl/exchange.h"
#include "ctl/learning.h"
#include "ctl/memory.h"
#include "ctl/stopped.h"
#include "ctl/unlisted.h"
#include "health/health.h"

enum { STATUS_CHECK, STATUS_CONFIG };

/* In JSON, and in text with --wide. */
static const struct column daemon_columns[] = {
	{ "running", NULL, FORM_PLAIN },
	{ "version", "version", FORM_PLAIN },
	{ "libbpf", "libbpf", FORM_PLAIN },
	{ "pid", "pid", FORM_PLAIN },
	{ "started_at", "started", FORM_PLAIN },
	{ "uptime_seconds", "up for", FORM_DURATION },
	{ "config", "configuration", FORM_PLAIN },
	{ "mode", "mode", FORM_PLAIN },
	{ "mode_in_force", "mode in force", FORM_PLAIN },
	{ "suspended", "suspended", FORM_PLAIN },
	{ "detached", "detached", FORM_PLAIN },
	{ "lookup", "lookup", FORM_PLAIN },
	{ "state.path", "state", FORM_PLAIN },
	{ "state.ok", "state ok", FORM_PLAIN },
	{ "state.error", "state error", FORM_PLAIN },
	{ "ports", "ports", FORM_PLAIN },
	{ "feeds", NULL, FORM_PLAIN },
	{ "domains", NULL, FORM_PLAIN },
	{ "expiring_in_use", NULL, FORM_PLAIN },
	{ "learn", NULL, FORM_PLAIN },
	{ "mail_log", NULL, FORM_PLAIN },
	{ "sessions", NULL, FORM_PLAIN },
	{ "rescue", NULL, FORM_PLAIN },
	{ "seen", NULL, FORM_PLAIN },
	{ "limits", NULL, FORM_PLAIN },
	{ "flood", NULL, FORM_PLAIN },
	{ "fleet", NULL, FORM_PLAIN },
	{ "loading", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column interface_columns[] = {
	{ "name", "INTERFACE", FORM_PLAIN },
	{ "ifindex", NULL, FORM_NUMBER },
	{ "attached", "ATTACHED", FORM_PLAIN | COLUMN_WIDE },
	{ "xdp_mode", "XDP", FORM_PLAIN },
	{ "marking", "MARKING", FORM_PLAIN | COLUMN_LEAVES(4) },
	{ "packets.other", "OTHER", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "packets.fragment", "FRAGMENT", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "packets.malformed", "MALFORMED", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "packets.unlisted", "UNLISTED", FORM_NUMBER },
	{ "packets.allow", "ALLOW", FORM_NUMBER },
	{ "packets.averted", "AVERTED", FORM_NUMBER },
	{ "packets.would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "packets.block", "BLOCK", FORM_NUMBER },
	{ "packets.would_limit", "WOULD_LIMIT", FORM_NUMBER | COLUMN_LEAVES(5) },
	{ "packets.limited", "LIMITED", FORM_NUMBER | COLUMN_LEAVES(6) },
	{ "connections", NULL, FORM_PLAIN },
	{ "error", "ERROR", FORM_PLAIN | COLUMN_WIDE },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column list_columns[] = {
	{ "name", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "action", "ACTION", FORM_PLAIN },
	{ "mode", "MODE", FORM_PLAIN },
	{ "on_block", "ON_BLOCK", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "answers", NULL, FORM_NUMBER },
	{ "ports", "PORTS", FORM_PLAIN },
	{ "mark", "MARK", FORM_HEX | COLUMN_LEAVES(4) },
	{ "priority", "PRIORITY", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "ipv4_entries", "IPV4", FORM_NUMBER },
	{ "ipv6_entries", "IPV6", FORM_NUMBER },
	{ "packets", "PACKETS", FORM_NUMBER | COLUMN_LEAVES(5) },
	{ "bytes", "BYTES", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "connections", "CONNECTIONS", FORM_NUMBER },
	{ "format", NULL, FORM_PLAIN },
	{ "on_error", "ON_ERROR", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "skipped_lines", "SKIPPED", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column averted_columns[] = {
	{ "allow_list", "ALLOWED BY", FORM_PLAIN | COLUMN_NAME },
	{ "block_list", "ALSO IN", FORM_PLAIN | COLUMN_NAME },
	{ "packets", "PACKETS", FORM_NUMBER },
	{ "connections", "CONNECTIONS", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column lane_columns[] = {
	{ "list", "LANE OF", FORM_PLAIN | COLUMN_NAME },
	{ "family", NULL, FORM_PLAIN },
	{ "address", "ADDRESS", FORM_PLAIN },
	{ "port", "PORT", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "mode", "MODE", FORM_PLAIN },
	{ "up", "UP", FORM_PLAIN },
	{ "waiting", "WAITING", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "waiting_max", "OF", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "handed", "HANDED", FORM_NUMBER },
	{ "would_hand", "WOULD_HAND", FORM_NUMBER },
	{ "off", "OFF", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "missed", "MISSED", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "problem", "PROBLEM", FORM_PLAIN | COLUMN_WIDE },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column reject_columns[] = {
	{ "list", "REJECTS OF", FORM_PLAIN | COLUMN_NAME },
	{ "family", NULL, FORM_PLAIN },
	{ "address", "ADDRESS", FORM_PLAIN },
	{ "per_second", "PER_SECOND", FORM_NUMBER | COLUMN_LEAVES(1) },
	{ "up", "UP", FORM_PLAIN },
	{ "waiting", "WAITING", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "waiting_max", "OF", FORM_NUMBER | COLUMN_LEAVES(3) },
	{ "handed", "HANDED", FORM_NUMBER },
	{ "limited", "LIMITED", FORM_NUMBER },
	{ "off", "OFF", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "missed", "MISSED", FORM_NUMBER | COLUMN_LEAVES(2) },
	{ "problem", "PROBLEM", FORM_PLAIN | COLUMN_WIDE },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column export_columns[] = {
	{ "path", "EXPORT", FORM_PLAIN | COLUMN_CUT_BEFORE },
	{ "format", "FORMAT", FORM_PLAIN | COLUMN_LEAVES(2) },
	{ "lists", "LISTS", FORM_PLAIN | COLUMN_CUT },
	{ "aggregate", NULL, FORM_PLAIN },
	{ "prefixes", "PREFIXES", FORM_NUMBER },
	{ "successful", "SUCCESSFUL", FORM_PLAIN },
	{ "changed_at", "CHANGED", FORM_TIME | COLUMN_LEAVES(1) },
	{ "succeeded_at", NULL, FORM_PLAIN },
	{ "error", "ERROR", FORM_PLAIN | COLUMN_WIDE },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column file_columns[] = {
	{ "list", "LIST", FORM_PLAIN | COLUMN_NAME },
	{ "path", "FILE", FORM_PLAIN | COLUMN_CUT_BEFORE },
	{ "format", "FORMAT", FORM_PLAIN | COLUMN_LEAVES(1) },
	{ "recognised", NULL, FORM_PLAIN },
	{ "lines", NULL, FORM_NUMBER },
	{ "records", NULL, FORM_NUMBER },
	{ "entries", NULL, FORM_NUMBER },
	{ "exclusions", NULL, FORM_NUMBER },
	{ "duplicates", NULL, FORM_NUMBER },
	{ "skipped", NULL, FORM_NUMBER },
	{ "skipped_lines", NULL, FORM_NUMBER },
	{ "summary", "READ", FORM_PLAIN | COLUMN_CUT },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column reload_columns[] = {
	{ "reload.at", "last reload", FORM_PLAIN },
	{ "reload.successful", "successful", FORM_PLAIN },
	{ "reload.succeeded_at", "last success", FORM_PLAIN },
	{ "reload.held", "held", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column check_columns[] = {
	{ "level", NULL, FORM_PLAIN },
	{ "summary", NULL, FORM_PLAIN },
	{ "problems", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct request status_request = {
	.method = "GET",
	.path = "/v1/status",
	.timeout_sec = CLIENT_TIMEOUT_SEC,
};

static const enum colour level_colours[] = { COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED,
					     COLOUR_YELLOW };

static void judge(struct health *health, const json_t *status)
{
	if (health_judge(health, status))
		ctl_allocated(NULL);
}

static void write_health(struct writer *writer, const json_t *status)
{
	struct health health;

	judge(&health, status);
	writer_text(writer, level_colours[health.protection], "%s", health.summary);
	writer_line_end(writer);
	for (size_t i = 0; i < health.problem_count; i++) {
		const struct health_problem *problem = &health.problems[i];

		writer_text(writer, level_colours[problem->level],
			    "%s: ", problem->level == HEALTH_CRITICAL ? "critical" : "warning");
		writer_text(writer, COLOUR_NONE, "%s", problem->text);
		writer_line_end(writer);
	}
	health_done(&health);
}

static void write_messages(struct writer *writer, const char *label, const json_t *messages)
{
	const json_t *message;
	size_t i;

	json_array_foreach(messages, i, message)
	{
		char *text = writer_value_text(message, FORM_PLAIN);

		writer_text(writer, COLOUR_NONE, "%s: %s", label, text);
		writer_line_end(writer);
		free(text);
	}
}

static void write_part(struct writer *writer, const char *key, const struct column *columns,
		       const json_t *status)
{
	const json_t *array = json_object_get(status, key);

	if (json_array_size(array))
		writer_line_end(writer);
	writer_table(writer, key, columns, "", array);
}

/* Text, while there are no limits: without the verdicts of limits. */
static void write_interfaces(struct writer *writer, const json_t *status)
{
	static struct column columns[sizeof(interface_columns) / sizeof(*interface_columns)];
	const bool is_off = !strcmp(entry_string(json_object_get(status, "limits"), "mode"), "off");
	size_t count = 0;

	for (const struct column *column = interface_columns; column->path; column++)
		if (writer->is_json || writer_shows_all() || !is_off ||
		    !strstr(column->path, "limit"))
			columns[count++] = *column;
	write_part(writer, "interfaces", columns, status);
}

/* The daemon in two lines. */
static void write_daemon(struct writer *writer, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	char *uptime = writer_value_text(json_object_get(status, "uptime_seconds"), FORM_DURATION);

	writer_line_end(writer);
	writer_text(writer, COLOUR_NONE, "ipwld %s, process %lld, up for %s, configured by %s",
		    entry_string(status, "version"),
		    (long long)json_integer_value(json_object_get(status, "pid")), uptime,
		    entry_string(status, "config"));
	writer_line_end(writer);
	writer_text(writer, COLOUR_NONE, "last reload %s: %s", entry_string(reload, "at"),
		    json_is_true(json_object_get(reload, "successful")) ? "successful"
		    : json_is_string(json_object_get(reload, "held"))	? "held"
									: "failed");
	writer_line_end(writer);
	free(uptime);
}

/* A line while ipwld loads. */
static void write_loading(struct writer *writer, const json_t *loading)
{
	if (!json_is_object(loading))
		return;
	writer_text(writer, COLOUR_NONE, "loading: %s", entry_string(loading, "text"));
	writer_line_end(writer);
}

/* A line if attempts of senders are not remembered, or not all of them. */
static void write_seen(struct writer *writer, const json_t *seen)
{
	json_t *left_out = json_object_get(seen, "left_out");
	json_int_t missing = 0;
	const char *cause;
	json_t *count;

	if (!json_is_object(seen))
		return;
	if (json_is_false(json_object_get(seen, "reported"))) {
		writer_text(writer, COLOUR_NONE,
			    "attempts are not reported (events: per_second: none)");
		writer_line_end(writer);
		return;
	}
	if (json_is_null(json_object_get(seen, "keep_seconds"))) {
		writer_text(writer, COLOUR_NONE, "attempts are not stored (seen: keep: none)");
		writer_line_end(writer);
		return;
	}
	json_object_foreach(left_out, cause, count) missing += json_integer_value(count);
	if (!missing)
		return;
	writer_text(writer, COLOUR_YELLOW,
		    "attempts: %lld of %lld rows stored; %lld attempts left out or lost",
		    (long long)json_integer_value(json_object_get(seen, "rows")),
		    (long long)json_integer_value(json_object_get(seen, "max_rows")),
		    (long long)missing);
	writer_line_end(writer);
}

static long long count_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void write_fleet(struct writer *writer, const json_t *fleet)
{
	const bool is_connected = json_is_true(json_object_get(fleet, "connected"));
	const long long hosts = count_of(fleet, "hosts"), held = count_of(fleet, "held");

	if (!json_is_object(fleet))
		return;
	writer_text(writer, is_connected && !held ? COLOUR_NONE : COLOUR_YELLOW,
		    "fleet %s: ", entry_string(fleet, "name"));
	if (is_connected)
		writer_text(writer, COLOUR_NONE, "%lld %s, %lld different", hosts,
			    plural((uint64_t)hosts, "host", "hosts"), count_of(fleet, "different"));
	else
		writer_text(writer, COLOUR_NONE, "%s", entry_string(fleet, "problem"));
	if (held)
		writer_text(writer, COLOUR_NONE, ", %lld %s held (see `ipwlctl fleet')", held,
			    plural((uint64_t)held, "removal", "removals"));
	writer_line_end(writer);
}

/* Lines about what ipwld does beside. */
static void write_rest(struct writer *writer, const json_t *status)
{
	learning_write_status(writer, status);
	write_seen(writer, json_object_get(status, "seen"));
	unlisted_write_limits(writer, json_object_get(status, "limits"));
	unlisted_write_flood(writer, json_object_get(status, "flood"));
	write_fleet(writer, json_object_get(status, "fleet"));
}

static void write_status(struct writer *writer, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	bool is_running = !json_is_false(json_object_get(status, "running"));

	write_health(writer, status);
	write_loading(writer, json_object_get(status, "loading"));
	if (writer->is_json)
		writer_members(writer, is_running ? daemon_columns + 1 : daemon_columns, status);
	if (writer->is_json)
		writer_members(writer, reload_columns, status);
	/* Without ipwld, nothing is known of them beyond the first line. */
	if (writer->is_json || is_running)
		write_interfaces(writer, status);
	write_part(writer, "lists", list_columns, status);
	write_part(writer, "averted", averted_columns, status);
	write_part(writer, "lanes", lane_columns, status);
	write_part(writer, "rejects", reject_columns, status);
	write_part(writer, "list_files", file_columns, status);
	write_part(writer, "exports", export_columns, status);
	if (is_running && !writer->is_json && !writer_shows_all())
		write_daemon(writer, status);
	if (!writer->is_json && !writer_shows_all())
		write_rest(writer, status);
	if (is_running && !writer->is_json && writer_shows_all()) {
		writer_line_end(writer);
		writer_fields(writer, daemon_columns, status);
		writer_fields(writer, reload_columns, status);
		write_rest(writer, status);
	}
	/* The first one is above. */
	if (writer_shows_all() || json_array_size(json_object_get(reload, "errors")) > 1)
		write_messages(writer, "error", json_object_get(reload, "errors"));
	write_messages(writer, "warning", json_object_get(reload, "warnings"));
}

/* ---- for monitoring -------------------------------------------------------- */

/* A "|" would begin the performance data of a plugin. */
static void write_plugin_text(struct writer *writer, const char *before, const char *text)
{
	char *copy = ctl_allocated(strdup(text));

	for (char *c = copy; *c; c++)
		if (*c == '|')
			*c = '/';
	writer_text(writer, COLOUR_NONE, "%s%s", before, copy);
	free(copy);
}

static void write_check(struct writer *writer, const struct health *health)
{
	json_t *problems = ctl_allocated(json_array());
	json_t *object;

	write_plugin_text(writer, "IPWL ", health_level_names[health->level]);
	write_plugin_text(writer, " - ", health->summary);
	for (size_t i = 0; i < health->problem_count; i++) {
		write_plugin_text(writer, "; ", health->problems[i].text);
		json_array_append_new(problems, writer_string(health->problems[i].text));
	}
	writer_line_end(writer);
	object = ctl_allocated(json_pack("{s:s,s:o,s:o}", "level",
					 health_level_names[health->level], "summary",
					 writer_string(health->summary), "problems", problems));
	writer_members(writer, check_columns, object);
	json_decref(object);
}

/* Ask ipwld, or, if it does not run, look at what it left in the kernel. *ret_status is NULL if
 * there is nothing to show; @start is then what ipwld is doing if it is starting, or "". Return:
 * the exit code of `status`. */
static enum ctl_exit get_status(const struct arguments *arguments, json_t **ret_status,
				char start[NOTICE_BYTES])
{
	struct client *client = client_new(arguments);
	enum ctl_exit code = client_request(client, &status_request, ret_status);

	*start = '\0';
	if (code == CTL_UNREACHABLE && !client_reads_start(client, start)) {
		stopped_status(arguments->options[STATUS_CONFIG], ret_status);
	} else if (!code) {
		code = client_require(client, *ret_status, "interfaces");
		if (code) {
			json_decref(*ret_status);
			*ret_status = NULL;
		}
	}
	client_free(client);
	return code;
}

/* The exit codes are those of Nagios plugins. */
static enum ctl_exit check_status(const struct arguments *arguments)
{
	struct health health;
	struct writer writer;
	json_t *status = NULL;
	char start[NOTICE_BYTES], why[NOTICE_BYTES + 32];
	enum ctl_exit code = get_status(arguments, &status, start);

	snprintf(why, sizeof(why), "%s%s",
		 *start ? "ipwld is starting: " : "ipwld gives no usable answer", start);
	if (status)
		judge(&health, status);
	else if (health_fail(&health, code == CTL_UNREACHABLE ? HEALTH_CRITICAL : HEALTH_UNKNOWN,
			     why))
		ctl_allocated(NULL);
	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
	write_check(&writer, &health);
	writer_end(&writer);
	code = (enum ctl_exit)health.level;
	health_done(&health);
	json_decref(status);
	return code;
}

static enum ctl_exit run_status(const struct arguments *arguments)
{
	json_t *status = NULL;
	char start[NOTICE_BYTES];
	struct writer writer;
	enum ctl_exit code;

	if (arguments->options[STATUS_CHECK])
		return check_status(arguments);
	code = get_status(arguments, &status, start);
	if (status && (!code || code == CTL_UNREACHABLE)) {
		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		write_status(&writer, status);
		writer_end(&writer);
	}
	json_decref(status);
	return code;
}

const struct command command_status = {
	.name = "status",
	.positional = "",
	.summary = "show whether mail is protected, and what does not work",
	.description =
	    "With --check, prints one line for a monitoring system. Exit code then: 0 OK,\n"
	    "1 WARNING, 2 CRITICAL, 3 UNKNOWN. If ipwld does not run, root sees what the\n"
	    "kernel still does.",
	.options = { [STATUS_CHECK] = { "check", NULL, "print one line, as a Nagios plugin does",
					0 },
		     [STATUS_CONFIG] = { "config", "FILE",
					 "without ipwld: the configuration that names bpffs_dir",
					 0 } },
	.run = run_status,
};
