/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes lists as text: the set of their addresses, in the order that the format needs. */
#include "formats/write.h"

#include <errno.h>

#include "formats/entries.h"
#include "formats/layout.h"

#define FRAMES_MAX 129
/* If there are more lists, a header gives only their number. */
#define NAMED_LISTS_MAX 8

bool export_has_two_texts(enum export_format format)
{
	return format == EXPORT_RBLDNSD;
}

bool export_needs_allow_lists(enum export_format format, enum action action)
{
	return export_layouts[format].order == ORDER_ROUTES && action == ACTION_BLOCK;
}

bool export_needs_entries(enum export_format format)
{
	return export_layouts[format].order == ORDER_ENTRIES;
}

const char *export_refuse(enum export_format format, enum action action, size_t list_count)
{
	if (format == EXPORT_SPAMASSASSIN && action == ACTION_BLOCK)
		return "trusted_networks is for trusted hosts, not for a block list: export it as "
		       "a zone (rbldnsd)";
	if (format == EXPORT_JSON_ENTRIES && list_count > 1)
		return "json-entries is for one list, because exclusions are for their own list: "
		       "name one, and export the others to other files";
	return NULL;
}

static bool is_wanted(const struct export *export, const struct prefix_node *node)
{
	return export->families == EXPORT_BOTH ||
	       (export->families == EXPORT_IPV4) == (node->prefix.family == FAMILY_IPV4);
}

static void write_node(struct export_writer *writer, const struct prefix_node *node, size_t *count)
{
	if (!is_wanted(writer->export, node))
		return;
	export_layouts[writer->export->format].write_node(writer, node);
	writer->count++;
	writer->family_counts[node->prefix.family]++;
	if (!node->is_hole)
		(*count)++;
}

/* Write each node after all nodes inside it. */
static void write_specific_first(struct export_writer *writer, const struct prefix_set *set,
				 size_t *count)
{
	const struct prefix_node *open[FRAMES_MAX];
	size_t open_count = 0;

	for (size_t i = 0; i < set->count; i++) {
		while (open_count &&
		       !prefix_contains(&open[open_count - 1]->prefix, &set->nodes[i].prefix))
			write_node(writer, open[--open_count], count);
		open[open_count++] = &set->nodes[i];
	}
	while (open_count)
		write_node(writer, open[--open_count], count);
}

static void write_header(const struct export_writer *writer)
{
	const struct export *export = writer->export;
	bool are_many = export->list_count > NAMED_LISTS_MAX;

	fputs("# Written by ipwl from ", writer->stream);
	if (are_many)
		fprintf(writer->stream, "%zu %s lists", export->list_count,
			action_names[export->action]);
	else
		fprintf(writer->stream, "the %s %s", action_names[export->action],
			export->list_count == 1 ? "list" : "lists");
	for (size_t i = 0; i < export->list_count && !are_many; i++)
		fprintf(writer->stream, "%s %s", i ? "," : "", export->lists[i]->name);
	fputs(". Changes made here are lost.\n", writer->stream);
}

static size_t write_text(const struct export *export, const struct prefix_set *set, FILE *stream)
{
	const struct export_layout *layout = &export_layouts[export->format];
	struct export_writer writer = { .export = export, .stream = stream };
	size_t count = 0;

	if (layout->has_comments)
		write_header(&writer);
	if (layout->begin)
		layout->begin(&writer);
	if (layout->order == ORDER_SPECIFIC_FIRST)
		write_specific_first(&writer, set, &count);
	else
		for (size_t i = 0; i < set->count; i++)
			write_node(&writer, &set->nodes[i], &count);
	if (layout->end)
		layout->end(&writer);
	return count;
}

/* Take the addresses of allow lists out of a flat set. Those who receive routes may look for the
 * longest prefix only, and then a block list would win. */
static int leave_allowed_out(const struct export *export, struct prefix_set *flat)
{
	struct prefix_set listed, allowed, rest;
	int err = prefix_set_build(export->allow_lists, export->allow_list_count, &listed);

	if (err)
		return err;
	err = prefix_set_split(&listed, true, &allowed);
	prefix_set_done(&listed);
	if (err)
		return err;
	err = prefix_set_subtract(flat, &allowed, &rest);
	prefix_set_done(&allowed);
	if (err)
		return err;
	prefix_set_done(flat);
	*flat = rest;
	return 0;
}

int export_write(const struct export *export, FILE *stream, size_t *ret_count)
{
	enum export_order order = export_layouts[export->format].order;
	bool is_flat = order == ORDER_FLAT || order == ORDER_ROUTES;
	struct prefix_set set, flat;
	int err;

	if (export_needs_entries(export->format))
		return entries_write(export, stream, ret_count);
	err = prefix_set_build(export->lists, export->list_count, &set);
	if (err)
		return err;
	if (is_flat) {
		err = prefix_set_split(&set, export->is_aggregated, &flat);
		prefix_set_done(&set);
		if (err)
			return err;
		set = flat;
		if (export_needs_allow_lists(export->format, export->action))
			err = leave_allowed_out(export, &set);
	} else if (export->is_aggregated) {
		err = prefix_set_aggregate(&set);
	}
	if (!err)
		*ret_count = write_text(export, &set, stream);
	prefix_set_done(&set);
	return err;
}
