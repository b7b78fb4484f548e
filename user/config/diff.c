/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of settings, of the daemon and of a list, each as text before and after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/changes.h"
#include "http/http.h"

/* Room for all but arrays. */
#define VALUE_BYTES 320

/* NULL: it is not set. */
static void add(json_t *settings, const char *key, const char *from, const char *to)
{
	if (!from == !to && (!from || !strcmp(from, to)))
		return;
	json_array_append_new(settings, json_pack("{s:s,s:o,s:o}", "key", key, "from",
						  json_text(from), "to", json_text(to)));
}

/* ---- the daemon ----------------------------------------------------------- */

/* To be freed; NULL for want of memory. */
static char *ports_text(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < config->port_count; i++)
		fprintf(stream, "%s%u", i ? ", " : "", config->ports[i]);
	return stream && !fclose(stream) ? text : NULL;
}

static char *interfaces_text(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < config->interface_count; i++)
		fprintf(stream, "%s%s", i ? ", " : "", config->interfaces[i]);
	return stream && !fclose(stream) ? text : NULL;
}

static char *protected_text(const struct config *config)
{
	char prefix[PREFIX_TEXT_BYTES], *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; stream && i < config->protected_count; i++)
		fprintf(stream, "%s%s", i ? ", " : "",
			prefix_format_short(&config->protected[i], prefix));
	return stream && !fclose(stream) ? text : NULL;
}

static void add_arrays(json_t *settings, const struct config *from, const struct config *to)
{
	char *interfaces[] = { interfaces_text(from), interfaces_text(to) };
	char *ports[] = { ports_text(from), ports_text(to) };
	char *protected[] = { protected_text(from), protected_text(to) };

	add(settings, "interfaces", interfaces[0], interfaces[1]);
	add(settings, "ports", ports[0], ports[1]);
	add(settings, "protected", protected[0], protected[1]);
	for (int i = 0; i < 2; i++) {
		free(interfaces[i]);
		free(ports[i]);
		free(protected[i]);
	}
}

static void format_listen(const struct config *config, char text[VALUE_BYTES])
{
	const char *host = config->metrics_host;
	bool has_brackets = host && strchr(host, ':');

	if (host)
		snprintf(text, VALUE_BYTES, "%s%s%s:%u", has_brackets ? "[" : "", host,
			 has_brackets ? "]" : "", config->metrics_port);
	else
		snprintf(text, VALUE_BYTES, "none");
}

static void format_entries_limit(uint32_t limit, char text[VALUE_BYTES])
{
	if (limit == GUARD_NO_LIMIT)
		snprintf(text, VALUE_BYTES, "none");
	else
		snprintf(text, VALUE_BYTES, "%u", limit);
}

static void add_guard(json_t *settings, const struct guard_limits *from,
		      const struct guard_limits *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	format_entries_limit(from->max_removed_entries, before);
	format_entries_limit(to->max_removed_entries, after);
	add(settings, "guard.max_removed_entries", before, after);
	snprintf(before, sizeof(before), "%u", from->max_removed_share);
	snprintf(after, sizeof(after), "%u", to->max_removed_share);
	add(settings, "guard.max_removed_share", before, after);
}

static void add_seconds(json_t *settings, const char *key, int64_t from_sec, int64_t to_sec)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	snprintf(before, sizeof(before), "%llds", (long long)from_sec);
	snprintf(after, sizeof(after), "%llds", (long long)to_sec);
	add(settings, key, before, after);
}

void changes_add_settings(json_t *settings, const struct config *from, const struct config *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	add(settings, "mode", from->is_enforcing ? "enforce" : "monitor",
	    to->is_enforcing ? "enforce" : "monitor");
	add(settings, "index", from->is_index_off ? "off" : "auto",
	    to->is_index_off ? "off" : "auto");
	add_arrays(settings, from, to);
	add(settings, "xdp_mode", xdp_mode_names[from->xdp_mode], xdp_mode_names[to->xdp_mode]);
	format_listen(from, before);
	format_listen(to, after);
	add(settings, "metrics.listen", before, after);
	add_guard(settings, &from->guard, &to->guard);
	add_seconds(settings, "history.keep", from->history.keep_sec, to->history.keep_sec);
	add_seconds(settings, "history.sample", from->history.sample_sec, to->history.sample_sec);
}

/* ---- a list ---------------------------------------------------------------- */

static const char *hex(bool is_set, uint32_t number, char text[VALUE_BYTES])
{
	snprintf(text, VALUE_BYTES, "0x%x", number);
	return is_set ? text : NULL;
}

static const char *decimal(bool is_set, uint32_t number, char text[VALUE_BYTES])
{
	snprintf(text, VALUE_BYTES, "%u", number);
	return is_set ? text : NULL;
}

void changes_add_list_settings(json_t *settings, const struct list *from, const struct list *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	if (to->action == ACTION_BLOCK)
		add(settings, "mode", from->is_monitor ? "monitor" : NULL,
		    to->is_monitor ? "monitor" : NULL);
	add(settings, "mark", hex(from->sets_mark, from->mark, before),
	    hex(to->sets_mark, to->mark, after));
	add(settings, "mark_mask", hex(from->sets_mark, from->mark_mask, before),
	    hex(to->sets_mark, to->mark_mask, after));
	add(settings, "priority", decimal(from->sets_priority, from->priority, before),
	    decimal(to->sets_priority, to->priority, after));
}

/* ---- in words --------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "none";
}

static void describe_settings(const json_t *settings, const char *list, struct lines *lines)
{
	const json_t *setting;
	size_t i;

	json_array_foreach(settings, i, setting) lines_add(
	    lines, "%s%s%s%s %s -> %s", list ? "list " : "", list ? list : "", list ? ": " : "",
	    text_of(setting, "key"), text_of(setting, "from"), text_of(setting, "to"));
}

void changes_describe(const json_t *answer, struct lines *lines)
{
	const json_t *list;
	size_t i;

	describe_settings(json_object_get(answer, "settings"), NULL, lines);
	json_array_foreach(json_object_get(answer, "lists"), i, list)
	{
		const char *name = text_of(list, "name"), *change = text_of(list, "change");

		if (strcmp(change, "changed"))
			lines_add(lines, "list %s: %s", name, change);
		else if (json_is_true(json_object_get(list, "moved")))
			lines_add(lines, "list %s: moved", name);
		describe_settings(json_object_get(list, "settings"), name, lines);
	}
}
