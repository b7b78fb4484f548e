/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `status`: the state of the daemon, its interfaces and its lists. */
#include <stdlib.h>

#include "ctl/exchange.h"

static const struct column daemon_columns[] = {
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
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column interface_columns[] = {
	{ "name", "INTERFACE", FORM_PLAIN },
	{ "ifindex", NULL, FORM_NUMBER },
	{ "attached", "ATTACHED", FORM_PLAIN },
	{ "xdp_mode", "XDP", FORM_PLAIN },
	{ "marking", "MARKING", FORM_PLAIN },
	{ "packets.other", "OTHER", FORM_NUMBER },
	{ "packets.fragment", "FRAGMENT", FORM_NUMBER },
	{ "packets.malformed", "MALFORMED", FORM_NUMBER },
	{ "packets.unlisted", "UNLISTED", FORM_NUMBER },
	{ "packets.allow", "ALLOW", FORM_NUMBER },
	{ "packets.averted", "AVERTED", FORM_NUMBER },
	{ "packets.would_block", "WOULD_BLOCK", FORM_NUMBER },
	{ "packets.block", "BLOCK", FORM_NUMBER },
	{ "error", "ERROR", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column list_columns[] = {
	{ "name", "LIST", FORM_PLAIN },
	{ "action", "ACTION", FORM_PLAIN },
	{ "mode", "MODE", FORM_PLAIN },
	{ "mark", "MARK", FORM_HEX },
	{ "priority", "PRIORITY", FORM_NUMBER },
	{ "ipv4_entries", "IPV4", FORM_NUMBER },
	{ "ipv6_entries", "IPV6", FORM_NUMBER },
	{ "packets", "PACKETS", FORM_NUMBER },
	{ "bytes", "BYTES", FORM_NUMBER },
	{ "connections", "CONNECTIONS", FORM_NUMBER },
	{ "format", NULL, FORM_PLAIN },
	{ "on_error", "ON_ERROR", FORM_PLAIN },
	{ "skipped_lines", "SKIPPED", FORM_NUMBER },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column export_columns[] = {
	{ "path", "EXPORT", FORM_PLAIN },	 { "format", "FORMAT", FORM_PLAIN },
	{ "lists", "LISTS", FORM_PLAIN },	 { "aggregate", NULL, FORM_PLAIN },
	{ "prefixes", "PREFIXES", FORM_NUMBER }, { "successful", "SUCCESSFUL", FORM_PLAIN },
	{ "changed_at", "CHANGED", FORM_PLAIN }, { "succeeded_at", NULL, FORM_PLAIN },
	{ "error", "ERROR", FORM_PLAIN },	 { NULL, NULL, FORM_PLAIN },
};

static const struct column file_columns[] = {
	{ "list", "LIST", FORM_PLAIN },
	{ "path", "FILE", FORM_PLAIN },
	{ "format", "FORMAT", FORM_PLAIN },
	{ "recognised", NULL, FORM_PLAIN },
	{ "lines", NULL, FORM_NUMBER },
	{ "records", NULL, FORM_NUMBER },
	{ "entries", NULL, FORM_NUMBER },
	{ "exclusions", NULL, FORM_NUMBER },
	{ "duplicates", NULL, FORM_NUMBER },
	{ "skipped", NULL, FORM_NUMBER },
	{ "skipped_lines", NULL, FORM_NUMBER },
	{ "summary", "READ", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static const struct column reload_columns[] = {
	{ "reload.at", "last reload", FORM_PLAIN },
	{ "reload.successful", "successful", FORM_PLAIN },
	{ "reload.succeeded_at", "last success", FORM_PLAIN },
	{ "reload.held", "held", FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

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

static void write_status(struct writer *writer, const json_t *status)
{
	const json_t *reload = json_object_get(status, "reload");
	const json_t *files = json_object_get(status, "list_files");

	writer_fields(writer, daemon_columns, status);
	writer_fields(writer, reload_columns, status);
	write_messages(writer, "error", json_object_get(reload, "errors"));
	write_messages(writer, "warning", json_object_get(reload, "warnings"));
	writer_line_end(writer);
	writer_table(writer, "interfaces", interface_columns, "",
		     json_object_get(status, "interfaces"));
	writer_line_end(writer);
	writer_table(writer, "lists", list_columns, "", json_object_get(status, "lists"));
	if (writer->is_json || json_array_size(files) > 0) {
		writer_line_end(writer);
		writer_table(writer, "list_files", file_columns, "", files);
	}
	if (json_array_size(json_object_get(status, "exports")) > 0)
		writer_line_end(writer);
	writer_table(writer, "exports", export_columns, "", json_object_get(status, "exports"));
}

static enum ctl_exit run_status(const struct arguments *arguments)
{
	const struct request request = { .method = "GET",
					 .path = "/v1/status",
					 .timeout_sec = CLIENT_TIMEOUT_SEC };

	return exchange(arguments, &request, "interfaces", write_status);
}

const struct command command_status = {
	.name = "status",
	.positional = "",
	.summary = "show mode, interfaces, lists and the last reload",
	.run = run_status,
};
