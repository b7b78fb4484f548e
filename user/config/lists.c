/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the lists into a policy: first all of the YAML, then the list files, then checks of
 * both together. A list with errors is also added, so that the rest of it is checked. A policy
 * with errors is never used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"

enum list_key {
	LIST_NAME,
	LIST_ACTION,
	LIST_MODE,
	LIST_MARK,
	LIST_MARK_MASK,
	LIST_PRIORITY,
	LIST_ENTRIES,
	LIST_FILES,
	LIST_FORMAT,
	LIST_ON_ERROR,
	LIST_HOST_BITS,
	LIST_SELECT,
	LIST_MIN_TRUST,
	LIST_FEEDS,
	LIST_DOMAINS,
	LIST_PORTS,
	LIST_LANE,
	LIST_ON_BLOCK,
	LIST_REJECT,
	LIST_KEY_COUNT,
};

static const char *const list_keys[] = {
	[LIST_NAME] = "name",		[LIST_ACTION] = "action",
	[LIST_MODE] = "mode",		[LIST_MARK] = "mark",
	[LIST_MARK_MASK] = "mark_mask", [LIST_PRIORITY] = "priority",
	[LIST_ENTRIES] = "entries",	[LIST_FILES] = "files",
	[LIST_FORMAT] = "format",	[LIST_ON_ERROR] = "on_error",
	[LIST_FEEDS] = "feeds",		[LIST_HOST_BITS] = "host_bits",
	[LIST_DOMAINS] = "domains",	[LIST_PORTS] = "ports",
	[LIST_LANE] = "lane",		[LIST_ON_BLOCK] = "on_block",
	[LIST_SELECT] = "select",	[LIST_REJECT] = "reject",
	[LIST_MIN_TRUST] = "min_trust",
};
_Static_assert(sizeof(list_keys) / sizeof(list_keys[0]) == LIST_KEY_COUNT, "all");

/* Replaces the name of a list that is missing or invalid. It is itself no valid name. */
static const char nameless[] = "?";

struct list_reader {
	struct document *document;
	const struct snapshot *former;
	struct policy *policy;
	struct config *config;
	uint32_t mark_mask; /* default for lists */
	/* By index of the list. */
	struct place *places;
	struct file_names *files;
};

/* Read a valid name, or return `nameless`. */
static const char *read_name(struct list_reader *reader, const yaml_node_t *list,
			     const yaml_node_t *node)
{
	struct document *document = reader->document;
	const struct list *same;
	const char *name;

	if (!node) {
		document_error(document, list, "a list without a name: add name: NAME");
		return nameless;
	}
	name = document_text(document, node, "name");
	if (!name)
		return nameless;
	if (!policy_is_name(name)) {
		document_error(document, node,
			       "\"%.80s\" is not a list's name: 1 to %d of A-Z a-z 0-9 . _ -, "
			       "first a letter or digit",
			       name, POLICY_NAME_MAX);
		return nameless;
	}
	same = policy_find_list(reader->policy, name);
	if (same)
		document_error(document, node,
			       "list %s is duplicated, first in line %u: rename one", name,
			       reader->places[same - reader->policy->lists].line);
	return name;
}

/* Read the action. Return: whether it is known. */
static bool read_action(struct document *document, const yaml_node_t *list, const yaml_node_t *node,
			enum action *ret_action)
{
	size_t action;

	if (!node) {
		document_error(document, list,
			       "a list without an action: add action: allow or "
			       "action: block");
		return false;
	}
	if (!document_choice(document, node, "action", action_names, ACTION_COUNT, &action))
		return false;
	*ret_action = (enum action)action;
	return true;
}

/* Report keys that only lists of the other action can have. */
static void check_keys(struct document *document, yaml_node_t *const values[], enum action action)
{
	static const enum list_key allow_only[] = { LIST_MARK, LIST_MARK_MASK, LIST_PRIORITY };

	if (action == ACTION_ALLOW && values[LIST_MODE])
		document_error(
		    document, values[LIST_MODE],
		    "mode is only for block lists: remove it, because an allow list never drops");
	if (action == ACTION_ALLOW && values[LIST_ON_BLOCK])
		document_error(document, values[LIST_ON_BLOCK],
			       "on_block is only for block lists: remove it, because an allow list "
			       "never drops");
	if (action == ACTION_BLOCK && values[LIST_DOMAINS])
		document_error(document, values[LIST_DOMAINS],
			       "domains is only for allow lists: remove it, because the owner of "
			       "a domain would decide whose packets are dropped");
	for (size_t i = 0; i < sizeof(allow_only) / sizeof(allow_only[0]); i++) {
		enum list_key key = allow_only[i];

		if (action == ACTION_BLOCK && values[key])
			document_error(document, values[key],
				       "%s is only for allow lists: remove it, because a block "
				       "list marks nothing",
				       list_keys[key]);
	}
}

static void read_mode(struct document *document, const yaml_node_t *node, struct list *list)
{
	size_t mode;

	if (node && document_choice(document, node, "mode", mode_names, MODE_COUNT, &mode))
		list->is_monitor = mode == MODE_MONITOR;
}

static void read_on_block(struct document *document, const yaml_node_t *node, struct list *list)
{
	size_t choice;

	if (node &&
	    document_choice(document, node, "on_block", on_block_names, ON_BLOCK_COUNT, &choice))
		list->on_block = (enum on_block)choice;
}

static void read_mark(struct list_reader *reader, yaml_node_t *const values[], struct list *list)
{
	struct document *document = reader->document;
	const yaml_node_t *mark = values[LIST_MARK], *mask = values[LIST_MARK_MASK];

	list->mark_mask = reader->mark_mask;
	if (mask)
		document_number(document, mask, "mark_mask", true, 1, UINT32_MAX, &list->mark_mask);
	if (mask && !mark && list->action == ACTION_ALLOW)
		document_error(document, mask, "mark_mask without mark: add mark: NUMBER");
	list->sets_mark =
	    mark && document_number(document, mark, "mark", true, 0, UINT32_MAX, &list->mark);
	if (list->sets_mark && (list->mark & ~list->mark_mask))
		document_error(document, mark,
			       "mark 0x%x has bits outside mark_mask 0x%x: change one of them",
			       list->mark, list->mark_mask);
}

static int read_entries(struct document *document, const yaml_node_t *node, struct list *list)
{
	const struct provenance about = { .origin = document->path };
	struct entry_set *set = entry_set_new();
	size_t count;
	int err = 0;

	if (!set)
		return -ENOMEM;
	document_sequence(document, node, "entries", &count);
	for (size_t i = 0; i < count && !err; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, "an entry");
		struct entry entry = { .source = SOURCE_CONFIG, .about = &about };
		struct place place;

		if (!text)
			continue;
		place = document_place(document, item);
		entry.line = place.line;
		if (entry_text_parse(text, strlen(text), list->action, &place,
				     document->diagnostics, &entry))
			err = entry_set_add(set, &entry);
	}
	entry_set_finish(set);
	list_replace_set(list, SOURCE_CONFIG, set);
	return err;
}

static int read_file_names(struct document *document, const yaml_node_t *node,
			   struct file_names *names)
{
	size_t count;
	int err = 0;

	document_sequence(document, node, "files", &count);
	for (size_t i = 0; i < count && !err; i++)
		err = file_names_add(names, document, document_item(document, node, i));
	return err;
}

static void read_priority(struct document *document, const yaml_node_t *node, struct list *list)
{
	list->sets_priority = node && document_number(document, node, "priority", true, 0,
						      UINT32_MAX, &list->priority);
}

/* Read the feeds of a list. They treat host bits in the same way as the list's files. */
static int read_list_feeds(struct list_reader *reader, const yaml_node_t *node, struct list *list,
			   size_t index)
{
	struct config *config = reader->config;
	size_t first = config->feed_count;
	int err = feeds_read(reader->document, node, list, config);

	for (size_t i = first; i < config->feed_count; i++)
		config->feeds[i].host_bits = config->list_inputs[index].host_bits;
	return err;
}

static int read_list(struct list_reader *reader, const yaml_node_t *node)
{
	struct document *document = reader->document;
	yaml_node_t *values[LIST_KEY_COUNT];
	enum action action = ACTION_ALLOW;
	struct list *list;
	const char *name;
	size_t index;
	int err = 0;

	if (!document_mapping(document, node, "a list", list_keys, LIST_KEY_COUNT, values))
		return 0;
	name = read_name(reader, node, values[LIST_NAME]);
	if (read_action(document, node, values[LIST_ACTION], &action))
		check_keys(document, values, action);
	list = policy_add_list(reader->policy, name, action);
	if (!list)
		return -ENOMEM;
	index = reader->policy->list_count - 1;
	reader->config->list_input_count = reader->policy->list_count;
	reader->places[index] =
	    document_place(document, values[LIST_NAME] ? values[LIST_NAME] : node);
	read_mode(document, values[LIST_MODE], list);
	read_on_block(document, values[LIST_ON_BLOCK], list);
	read_mark(reader, values, list);
	read_priority(document, values[LIST_PRIORITY], list);
	list_input_read(document, values[LIST_FORMAT], values[LIST_ON_ERROR],
			values[LIST_HOST_BITS], &reader->config->list_inputs[index]);
	min_trust_read(document, values[LIST_MIN_TRUST], reader->config->list_inputs[index].format,
		       &reader->config->list_inputs[index].min_trust);
	err = list_ports_read(document, values[LIST_PORTS], reader->config, list);
	if (!err)
		err = lane_read(document, values[LIST_LANE], reader->config, list);
	if (!err)
		err = reject_read(document, values[LIST_REJECT], reader->config, list);
	if (!err && values[LIST_SELECT])
		err = select_read(document, values[LIST_SELECT],
				  &reader->config->list_inputs[index].select);
	if (!err && values[LIST_ENTRIES])
		err = read_entries(document, values[LIST_ENTRIES], list);
	if (!err && values[LIST_FILES])
		err = read_file_names(document, values[LIST_FILES], &reader->files[index]);
	if (!err && values[LIST_FEEDS])
		err = read_list_feeds(reader, values[LIST_FEEDS], list, index);
	if (!err && values[LIST_DOMAINS] && action == ACTION_ALLOW)
		err = domains_read(document, values[LIST_DOMAINS], list, reader->config);
	return err;
}

static int read_lists(struct list_reader *reader, const yaml_node_t *node)
{
	struct document *document = reader->document;
	size_t count;
	int err = 0;

	document_sequence(document, node, "lists", &count);
	if (count > POLICY_LISTS_MAX) {
		document_error(document, document_item(document, node, POLICY_LISTS_MAX),
			       "more than %d lists: merge some", POLICY_LISTS_MAX);
		count = POLICY_LISTS_MAX;
	}
	for (size_t i = 0; i < count && !err; i++)
		err = read_list(reader, document_item(document, node, i));
	reject_check(reader->policy, reader->places, document->diagnostics);
	for (size_t i = 0; i < reader->policy->list_count && !err; i++) {
		struct list *list = &reader->policy->lists[i];

		err = list_files_read(&reader->files[i], reader->former, document->diagnostics,
				      &reader->config->list_inputs[i], list);
		if (!err)
			list_check(list, &reader->places[i], document->diagnostics);
	}
	return err;
}

static void warn_of_no_lists(struct document *document, const yaml_node_t *node)
{
	struct place place = { .file = document->path };

	if (node)
		place = document_place(document, node);
	diagnostics_add(document->diagnostics, SEVERITY_WARNING, place.file, place.line,
			place.column, "no lists: every sender is unlisted");
}

int lists_read(struct document *document, yaml_node_t *const values[SETTING_COUNT],
	       const struct snapshot *former, struct config *config)
{
	struct list_reader reader = { .document = document,
				      .former = former,
				      .policy = config->policy,
				      .config = config,
				      .mark_mask = UINT32_MAX };
	size_t errors_before = document->diagnostics->error_count;
	int err = -ENOMEM;

	if (values[SETTING_MARK_MASK])
		document_number(document, values[SETTING_MARK_MASK], "mark_mask", true, 1,
				UINT32_MAX, &reader.mark_mask);
	reader.places = calloc(POLICY_LISTS_MAX, sizeof(*reader.places));
	reader.files = calloc(POLICY_LISTS_MAX, sizeof(*reader.files));
	config->list_inputs = calloc(POLICY_LISTS_MAX, sizeof(*config->list_inputs));
	if (reader.places && reader.files && config->list_inputs)
		err = values[SETTING_LISTS] ? read_lists(&reader, values[SETTING_LISTS]) : 0;
	if (!err && values[SETTING_LISTS])
		err = list_ports_check(document, values[SETTING_LISTS], config);
	if (!err && config->policy->list_count == 0 &&
	    document->diagnostics->error_count == errors_before)
		warn_of_no_lists(document, values[SETTING_LISTS]);
	for (size_t i = 0; reader.files && i < POLICY_LISTS_MAX; i++)
		file_names_done(&reader.files[i]);
	free(reader.files);
	free(reader.places);
	return err;
}
