/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds changes of the daemon's settings and of lists, each as text before and after. */
#include "config/diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/diff_collector.h"
#include "config/parts.h"

/* Room for any value except arrays. */
#define VALUE_BYTES 320

/* ---- the daemon ----------------------------------------------------------- */

/* The caller frees the text. NULL: out of memory. */
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

static void settings_add_arrays(struct collector *settings, const struct config *from,
				const struct config *to)
{
	char *interfaces[] = { interfaces_text(from), interfaces_text(to) };
	char *ports[] = { ports_text(from), ports_text(to) };
	char *protected[] = { protected_text(from), protected_text(to) };

	collector_add(settings, "interfaces", interfaces[0], interfaces[1]);
	collector_add(settings, "ports", ports[0], ports[1]);
	collector_add(settings, "protected", protected[0], protected[1]);
	for (int i = 0; i < 2; i++) {
		free(interfaces[i]);
		free(ports[i]);
		free(protected[i]);
	}
}

static void format_listen(const char *host, uint16_t port, char text[VALUE_BYTES])
{
	bool has_brackets = host && strchr(host, ':');

	if (host)
		snprintf(text, VALUE_BYTES, "%s%s%s:%u", has_brackets ? "[" : "", host,
			 has_brackets ? "]" : "", port);
	else
		snprintf(text, VALUE_BYTES, "none");
}

/* @none: the number that the configuration calls none. */
static void format_number(uint32_t number, uint32_t none, char text[VALUE_BYTES])
{
	if (number == none)
		snprintf(text, VALUE_BYTES, "none");
	else
		snprintf(text, VALUE_BYTES, "%u", number);
}

static void settings_add_number(struct collector *settings, const char *key, uint32_t none,
				uint32_t from, uint32_t to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	format_number(from, none, before);
	format_number(to, none, after);
	collector_add(settings, key, before, after);
}

static void settings_add_guard(struct collector *settings, const struct guard_limits *from,
			       const struct guard_limits *to)
{
	settings_add_number(settings, "guard.max_removed_entries", GUARD_NO_LIMIT,
			    from->max_removed_entries, to->max_removed_entries);
	settings_add_number(settings, "guard.max_deleted_entries", GUARD_NO_LIMIT,
			    from->max_deleted_entries, to->max_deleted_entries);
	settings_add_number(settings, "guard.max_removed_share", GUARD_NO_LIMIT,
			    from->max_removed_share, to->max_removed_share);
}

/* "1d12h": exact, and as a configuration has it. */
static void format_duration(int64_t sec, char text[VALUE_BYTES])
{
	static const struct {
		int64_t sec;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t used = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		const int64_t count = sec / units[i].sec;

		sec %= units[i].sec;
		if (count || (!used && i + 1 == sizeof(units) / sizeof(*units)))
			used += (size_t)snprintf(text + used, VALUE_BYTES - used, "%lld%c",
						 (long long)count, units[i].unit);
	}
}

static void settings_add_seconds(struct collector *settings, const char *key, int64_t from_sec,
				 int64_t to_sec)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	format_duration(from_sec, before);
	format_duration(to_sec, after);
	collector_add(settings, key, before, after);
}

static void settings_add_seen(struct collector *settings, const struct config *from,
			      const struct config *to)
{
	char before[VALUE_BYTES] = "none", after[VALUE_BYTES] = "none";

	settings_add_number(settings, "events.per_second", 0, from->events.per_second,
			    to->events.per_second);
	settings_add_number(settings, "events.per_source_minute", 0, from->events.per_source_minute,
			    to->events.per_source_minute);
	if (from->seen.keep_sec)
		format_duration(from->seen.keep_sec, before);
	if (to->seen.keep_sec)
		format_duration(to->seen.keep_sec, after);
	collector_add(settings, "seen.keep", before, after);
	settings_add_number(settings, "seen.max_rows", 0, from->seen.max_rows, to->seen.max_rows);
	settings_add_number(settings, "seen.journal_per_minute", 0, from->seen.journal_per_minute,
			    to->seen.journal_per_minute);
}

static void settings_compare_learning(struct collector *settings, const struct learn_settings *from,
				      const struct learn_settings *to)
{
	const char *key;
	int err = 0;

	for (size_t i = 0; !err; i++) {
		char *before = NULL, *after = NULL;

		err = learn_setting_text(from, i, &key, &before);
		if (!err)
			err = learn_setting_text(to, i, &key, &after);
		if (!err)
			collector_add(settings, key, before, after);
		free(before);
		free(after);
	}
	if (err == -ENOMEM)
		settings->err = err;
}

static void settings_add_resolver(struct collector *settings, const struct resolver_settings *from,
				  const struct resolver_settings *to)
{
	collector_add(settings, "resolver.servers", from->servers, to->servers);
	collector_add_flag(settings, "resolver.require_ad", from->requires_ad, to->requires_ad);
	collector_add(settings, "resolver.providers", from->providers, to->providers);
	settings_add_seconds(settings, "resolver.timeout", from->timeout_sec, to->timeout_sec);
}

static void settings_add_web(struct collector *settings, const struct web_settings *from,
			     const struct web_settings *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	format_listen(from->listen_host, from->listen_port, before);
	format_listen(to->listen_host, to->listen_port, after);
	collector_add(settings, "web.listen", before, after);
	collector_add_flag(settings, "web.remote", from->is_remote, to->is_remote);
	collector_add(settings, "web.token_file", from->token_file, to->token_file);
	collector_add(settings, "web.names", from->names, to->names);
}

/* ---- all settings ------------------------------------------------------------ */

static void settings_compare(struct collector *settings, const struct config *from,
			     const struct config *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	collector_add(settings, "mode", from->is_enforcing ? "enforce" : "monitor",
		      to->is_enforcing ? "enforce" : "monitor");
	collector_add(settings, "index", from->is_index_off ? "off" : "auto",
		      to->is_index_off ? "off" : "auto");
	settings_add_arrays(settings, from, to);
	collector_add(settings, "xdp_mode", xdp_mode_names[from->xdp_mode],
		      xdp_mode_names[to->xdp_mode]);
	format_listen(from->metrics_host, from->metrics_port, before);
	format_listen(to->metrics_host, to->metrics_port, after);
	collector_add(settings, "metrics.listen", before, after);
	settings_add_guard(settings, &from->guard, &to->guard);
	settings_add_seconds(settings, "history.keep", from->history.keep_sec,
			     to->history.keep_sec);
	settings_add_seconds(settings, "history.sample", from->history.sample_sec,
			     to->history.sample_sec);
	settings_add_seen(settings, from, to);
	limits_compare(settings, &from->limits, &to->limits);
	flood_compare(settings, &from->flood, &to->flood);
	settings_add_seconds(settings, "flood.quiet", from->flood.quiet_sec, to->flood.quiet_sec);
	settings_compare_learning(settings, &from->learn, &to->learn);
	collector_take(settings, "rescue", rescue_settings_text(&from->rescue),
		       rescue_settings_text(&to->rescue));
	collector_take(settings, "fleet", fleet_settings_text(&from->fleet),
		       fleet_settings_text(&to->fleet));
	settings_add_resolver(settings, &from->resolver, &to->resolver);
	settings_add_web(settings, &from->web, &to->web);
	exports_compare(settings, from, to);
}

/* ---- a list ---------------------------------------------------------------- */

static const char *format_hex(bool is_set, uint32_t number, char text[VALUE_BYTES])
{
	snprintf(text, VALUE_BYTES, "0x%x", number);
	return is_set ? text : NULL;
}

static const char *format_decimal(bool is_set, uint32_t number, char text[VALUE_BYTES])
{
	snprintf(text, VALUE_BYTES, "%u", number);
	return is_set ? text : NULL;
}

static void list_compare_settings(struct collector *settings, const struct list *from,
				  const struct list *to)
{
	char before[VALUE_BYTES], after[VALUE_BYTES];

	if (to->action == ACTION_BLOCK)
		collector_add(settings, "mode", from->is_monitor ? "monitor" : NULL,
			      to->is_monitor ? "monitor" : NULL);
	if (to->action == ACTION_BLOCK)
		collector_add(settings, "on_block",
			      from->on_block ? on_block_names[from->on_block] : NULL,
			      to->on_block ? on_block_names[to->on_block] : NULL);
	collector_add(settings, "mark", format_hex(from->sets_mark, from->mark, before),
		      format_hex(to->sets_mark, to->mark, after));
	collector_add(settings, "mark_mask", format_hex(from->sets_mark, from->mark_mask, before),
		      format_hex(to->sets_mark, to->mark_mask, after));
	collector_add(settings, "priority",
		      format_decimal(from->sets_priority, from->priority, before),
		      format_decimal(to->sets_priority, to->priority, after));
	if (!lane_is_same(&from->lane, &to->lane)) {
		void (*format)(const struct lane *, char *, size_t) =
		    to->action == ACTION_BLOCK ? reject_format : lane_format;

		format(&from->lane, before, sizeof(before));
		format(&to->lane, after, sizeof(after));
		collector_add(settings, to->action == ACTION_BLOCK ? "reject" : "lane",
			      from->lane.mail_port ? before : NULL,
			      to->lane.mail_port ? after : NULL);
	}
	if (list_has_same_ports(from, to))
		return;
	list_ports_format(from, before, sizeof(before));
	list_ports_format(to, after, sizeof(after));
	collector_add(settings, "ports", from->port_count ? before : NULL,
		      to->port_count ? after : NULL);
}

static const struct list_input *find_input(const struct config *config, const struct policy *policy,
					   const struct list *list)
{
	const size_t index = (size_t)(list - policy->lists);

	return index < config->list_input_count ? &config->list_inputs[index] : NULL;
}

/* How the list's files are read. */
static void list_compare_input(struct collector *settings, const struct list_input *from,
			       const struct list_input *to)
{
	if (!from || !to)
		return;
	collector_take(settings, "select", select_text(&from->select), select_text(&to->select));
	collector_add(settings, "min_trust", trust_names[from->min_trust],
		      trust_names[to->min_trust]);
	collector_add(settings, "format", format_names[from->format], format_names[to->format]);
	collector_add(settings, "on_error", on_error_names[from->skips_bad_lines],
		      on_error_names[to->skips_bad_lines]);
	collector_add(settings, "host_bits",
		      from->host_bits ? host_bits_names[from->host_bits] : NULL,
		      to->host_bits ? host_bits_names[to->host_bits] : NULL);
}

static void list_compare_feeds(struct collector *settings, enum feed_kind kind, const char *list,
			       const struct config *from, const struct config *to)
{
	char *before = feeds_text(from, kind, list), *after = feeds_text(to, kind, list);

	if (before && after)
		collector_add(settings, feed_kinds[kind].plural, *before ? before : NULL,
			      *after ? after : NULL);
	else
		settings->err = -ENOMEM;
	free(before);
	free(after);
}

/* How a list differs, or NULL. */
static const char *list_diff_kind(const struct list_diff *diff,
				  const struct setting_changes *settings)
{
	if (!diff->from)
		return "added";
	if (!diff->to)
		return "removed";
	for (int part = 0; part < PART_COUNT; part++)
		if (diff->added[part] || diff->removed[part])
			return "changed";
	return diff->is_moved || settings->count ? "changed" : NULL;
}

static int list_compare(const struct list_diff *diff, const struct snapshot *from,
			const struct snapshot *to, struct list_change *ret_change)
{
	struct list_change change = { .list = diff->from ? diff->from : diff->to, .diff = diff };
	struct collector collector = { 0 };
	int err = 0;

	if (diff->from && diff->to) {
		list_compare_settings(&collector, diff->from, diff->to);
		list_compare_input(&collector, find_input(from->config, from->policy, diff->from),
				   find_input(to->config, to->policy, diff->to));
		for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
			list_compare_feeds(&collector, (enum feed_kind)kind, diff->to->name,
					   from->config, to->config);
		err = collector_end(&collector, &change.settings);
	}
	if (err)
		return err;
	change.change = list_diff_kind(diff, &change.settings);
	*ret_change = change;
	return 0;
}

/* ---- a snapshot ------------------------------------------------------------ */

static int snapshot_diff_lists(struct snapshot_diff *diff, const struct snapshot *from,
			       const struct snapshot *to)
{
	int err;

	diff->lists = calloc(diff->policy.count + 1, sizeof(*diff->lists));
	if (!diff->lists)
		return -ENOMEM;
	for (size_t i = 0; i < diff->policy.count; i++) {
		const struct list_diff *of_list = &diff->policy.lists[i];

		err = list_compare(of_list, from, to, &diff->lists[i]);
		if (err)
			return err;
		diff->added_count += of_list->added[PART_ENTRIES];
		diff->removed_count += of_list->removed[PART_ENTRIES];
		diff->is_any |= diff->lists[i].change != NULL;
	}
	return 0;
}

int snapshot_diff(const struct snapshot *from, const struct snapshot *to,
		  void (*visit)(const struct list *list, const struct entry *entry, bool is_added,
				void *context),
		  void *context, struct snapshot_diff *ret_diff)
{
	struct snapshot_diff diff = { 0 };
	struct collector collector = { 0 };
	int err = policy_diff(from->policy, to->policy, visit, context, &diff.policy);

	if (err)
		return err;
	settings_compare(&collector, from->config, to->config);
	err = collector_end(&collector, &diff.settings);
	if (!err)
		err = snapshot_diff_lists(&diff, from, to);
	if (err) {
		snapshot_diff_done(&diff);
		return err;
	}
	diff.is_any |= diff.settings.count > 0;
	*ret_diff = diff;
	return 0;
}

void snapshot_diff_done(struct snapshot_diff *diff)
{
	for (size_t i = 0; diff->lists && i < diff->policy.count; i++)
		setting_changes_done(&diff->lists[i].settings);
	free(diff->lists);
	setting_changes_done(&diff->settings);
	policy_diff_done(&diff->policy);
	*diff = (struct snapshot_diff) { 0 };
}

/* ---- in words --------------------------------------------------------------- */

static void describe_settings(const struct setting_changes *changes, const char *list,
			      struct lines *lines)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct setting_change *change = &changes->items[i];

		lines_add(lines, "%s%s%s%s %s -> %s", list ? "list " : "", list ? list : "",
			  list ? ": " : "", change->key,
			  change->from && *change->from ? change->from : "none",
			  change->to && *change->to ? change->to : "none");
	}
}

void snapshot_diff_describe(const struct snapshot_diff *diff, struct lines *lines)
{
	describe_settings(&diff->settings, NULL, lines);
	for (size_t i = 0; i < diff->policy.count; i++) {
		const struct list_change *change = &diff->lists[i];

		if (!change->change)
			continue;
		if (!change->diff->from || !change->diff->to)
			lines_add(lines, "list %s: %s", change->list->name, change->change);
		else if (change->diff->is_moved)
			lines_add(lines, "list %s: moved", change->list->name);
		describe_settings(&change->settings, change->list->name, lines);
	}
}
