/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `exports`: which lists are written to which files, and in which format. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"

#define EXPORTS_MAX 64
#define SERVICE_BYTES_MAX 64

enum export_key {
	EXPORT_KEY_FORMAT,
	EXPORT_KEY_PATH,
	EXPORT_KEY_LISTS,
	EXPORT_KEY_AGGREGATE,
	EXPORT_KEY_AFTER,
	EXPORT_KEY_COUNT,
};

static const char *const export_keys[] = {
	[EXPORT_KEY_FORMAT] = "format", [EXPORT_KEY_PATH] = "path",
	[EXPORT_KEY_LISTS] = "lists",	[EXPORT_KEY_AGGREGATE] = "aggregate",
	[EXPORT_KEY_AFTER] = "after",
};
_Static_assert(sizeof(export_keys) / sizeof(export_keys[0]) == EXPORT_KEY_COUNT, "all");

static const char *const boolean_names[] = { "false", "true" };

struct texts {
	char **items; /* ends with a NULL */
	size_t count;
};

/* Read the texts of a sequence. Other values are left out. */
static int read_texts(struct document *document, const yaml_node_t *node, const char *name,
		      struct texts *texts)
{
	size_t count;

	document_sequence(document, node, name, &count);
	texts->items = calloc(count + 1, sizeof(*texts->items));
	if (!texts->items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *text = document_text(document, document_item(document, node, i), name);

		if (!text)
			continue;
		texts->items[texts->count] = strdup(text);
		if (!texts->items[texts->count++])
			return -ENOMEM;
	}
	return 0;
}

/* ---- which lists --------------------------------------------------------- */

static void check_list(struct document *document, const yaml_node_t *node,
		       const struct policy *policy, struct config_export *export, size_t index)
{
	const char *name = export->lists[index];
	const struct list *list = policy_find_list(policy, name);

	if (!list) {
		document_error(document, node, "there is no list \"%.80s\"", name);
		return;
	}
	for (size_t i = 0; i < index; i++) {
		if (!strcmp(export->lists[i], name))
			document_error(document, node, "list %s is duplicated: remove one", name);
	}
	if (index == 0)
		export->action = list->action;
	else if (list->action != export->action)
		document_error(document, node,
			       "lists %s and %s have different actions: export them to two files",
			       name, export->lists[0]);
}

/* Read the names of lists. The default is all allow lists. */
static int read_lists(struct document *document, const yaml_node_t *export_node,
		      const yaml_node_t *node, const struct policy *policy,
		      struct config_export *export)
{
	struct texts names = { 0 };
	size_t named = 0;
	int err = 0;

	if (node) {
		err = read_texts(document, node, "lists", &names);
	} else {
		names.items = calloc(policy->list_count + 1, sizeof(*names.items));
		if (!names.items)
			return -ENOMEM;
		for (size_t i = 0; i < policy->list_count && !err; i++) {
			if (policy->lists[i].action != ACTION_ALLOW)
				continue;
			names.items[names.count] = strdup(policy->lists[i].name);
			err = names.items[names.count++] ? 0 : -ENOMEM;
		}
	}
	export->lists = names.items;
	export->list_count = names.count;
	if (err)
		return err;
	if (!names.count)
		document_error(document, node ? node : export_node,
			       "no list to export: write lists: [NAME]");
	for (; named < names.count; named++)
		check_list(document, node ? document_item(document, node, named) : export_node,
			   policy, export, named);
	return 0;
}

/* ---- where to ------------------------------------------------------------ */

/* Find a list that reads the file of an export. That is not allowed, because no entry would
 * ever disappear. */
static const struct list *find_reader(const struct config *config, const char *path)
{
	for (size_t i = 0; i < config->list_input_count; i++) {
		const struct list_input *input = &config->list_inputs[i];

		for (size_t j = 0; j < input->file_count; j++) {
			if (!strcmp(input->files[j].path, path))
				return &config->policy->lists[i];
		}
	}
	return NULL;
}

static void check_path(struct document *document, const yaml_node_t *node,
		       const struct config_export *export)
{
	const char *slash = strrchr(export->path, '/');

	if (export->path[0] != '/' || slash[1] == '\0') {
		document_error(document, node, "path: \"%.80s\" is not the absolute path of a file",
			       export->path);
		return;
	}
	if (strlen(export->path) > PATH_MAX - NAME_MAX || strlen(slash) > NAME_MAX - 16)
		document_error(document, node, "path is too long");
}

/* Whether two exports write a file of the same name. */
static bool do_collide(const struct config_export *a, const struct config_export *b)
{
	char first[PATH_MAX], second[PATH_MAX];

	for (size_t i = 0; i < config_export_file_count(a); i++) {
		for (size_t j = 0; j < config_export_file_count(b); j++) {
			config_export_file(a, i, first);
			config_export_file(b, j, second);
			if (!strcmp(first, second))
				return true;
		}
	}
	return false;
}

static void check_files(struct document *document, const yaml_node_t *node,
			const struct config *config, const struct config_export *export)
{
	for (const struct config_export *other = config->exports; other < export; other++) {
		if (other->path && do_collide(other, export))
			document_error(document, node,
				       "path: another export writes this file: choose another");
	}
	for (size_t i = 0; i < config_export_file_count(export); i++) {
		const struct list *list;
		char path[PATH_MAX];

		list = find_reader(config, config_export_file(export, i, path));
		if (list)
			document_error(document, node,
				       "path: list %s reads this file: write to a directory that "
				       "no list reads",
				       list->name);
	}
}

static int read_path(struct document *document, const yaml_node_t *export_node,
		     const yaml_node_t *node, const struct config *config,
		     struct config_export *export)
{
	const char *path;

	if (!node) {
		document_error(document, export_node, "an export without a path: add path: FILE");
		return 0;
	}
	path = document_text(document, node, "path");
	if (!path)
		return 0;
	export->path = strdup(path);
	if (!export->path)
		return -ENOMEM;
	check_path(document, node, export);
	if (strlen(path) < PATH_MAX - NAME_MAX)
		check_files(document, node, config, export);
	return 0;
}

/* ---- what comes after ------------------------------------------------------ */

/* The name is used for a file, and for units of systemd. */
static bool is_service(const char *name)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789:_.@-";
	size_t bytes = strspn(name, characters);

	return bytes && bytes <= SERVICE_BYTES_MAX && !name[bytes] && !strchr(":.@-", name[0]);
}

static int read_service(struct document *document, const yaml_node_t *node,
			struct config_export *export)
{
	const char *name = document_text(document, node, "after");

	if (!name)
		return 0;
	if (!is_service(name)) {
		document_error(document, node,
			       "after: \"%.80s\" is not the name of a service: write after: "
			       "postfix, or a program as after: [/path/of/program, argument]",
			       name);
		return 0;
	}
	export->service = strdup(name);
	return export->service ? 0 : -ENOMEM;
}

static int read_command(struct document *document, const yaml_node_t *node,
			struct config_export *export)
{
	struct texts argv = { 0 };
	int err = read_texts(document, node, "after", &argv);

	export->after = argv.items;
	if (err)
		return err;
	if (!argv.count)
		document_error(document, node,
			       "after: no program: remove it, or write "
			       "after: [/path/of/program, argument]");
	else if (argv.items[0][0] != '/')
		document_error(document, node,
			       "after: \"%.80s\" is not the absolute path of a program; no shell "
			       "looks for it",
			       argv.items[0]);
	return 0;
}

static int read_after(struct document *document, const yaml_node_t *node,
		      struct config_export *export)
{
	return node->type == YAML_SCALAR_NODE ? read_service(document, node, export)
					      : read_command(document, node, export);
}

/* ---- the rest ------------------------------------------------------------ */

static void read_format(struct document *document, const yaml_node_t *export_node,
			const yaml_node_t *node, struct config_export *export)
{
	size_t format;

	if (!node)
		document_error(document, export_node,
			       "an export without a format: add format: FORMAT");
	else if (document_choice(document, node, "format", export_format_names, EXPORT_FORMAT_COUNT,
				 &format))
		export->format = (enum export_format)format;
}

static int read_export(struct document *document, const yaml_node_t *node, struct config *config)
{
	struct config_export *export = &config->exports[config->export_count];
	yaml_node_t *values[EXPORT_KEY_COUNT];
	const char *refusal;
	size_t choice;
	int err;

	if (!document_mapping(document, node, "an export", export_keys, EXPORT_KEY_COUNT, values))
		return 0;
	config->export_count++;
	export->is_aggregated = true;
	read_format(document, node, values[EXPORT_KEY_FORMAT], export);
	if (values[EXPORT_KEY_AGGREGATE] && document_choice(document, values[EXPORT_KEY_AGGREGATE],
							    "aggregate", boolean_names, 2, &choice))
		export->is_aggregated = choice;
	err = read_lists(document, node, values[EXPORT_KEY_LISTS], config->policy, export);
	refusal = export_refuse(export->format, export->action, export->list_count);
	if (refusal && values[EXPORT_KEY_FORMAT])
		document_error(document, values[EXPORT_KEY_FORMAT], "%s", refusal);
	if (!err)
		err = read_path(document, node, values[EXPORT_KEY_PATH], config, export);
	if (!err && values[EXPORT_KEY_AFTER])
		err = read_after(document, values[EXPORT_KEY_AFTER], export);
	return err;
}

int exports_read(struct document *document, const yaml_node_t *node, struct config *config)
{
	size_t count = 0;
	int err = 0;

	if (node)
		document_sequence(document, node, "exports", &count);
	if (count > EXPORTS_MAX) {
		document_error(document, document_item(document, node, EXPORTS_MAX),
			       "more than %d exports", EXPORTS_MAX);
		count = EXPORTS_MAX;
	}
	config->exports = calloc(count + 1, sizeof(*config->exports));
	if (!config->exports)
		return -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = read_export(document, document_item(document, node, i), config);
	return err;
}

/* ---- for those who write them -------------------------------------------- */

size_t config_export_file_count(const struct config_export *export)
{
	return export_has_two_texts(export->format) ? 2 : 1;
}

const char *config_export_file(const struct config_export *export, size_t index,
			       char path[PATH_MAX])
{
	static const char *const suffixes[] = { ".4", ".6" };

	snprintf(path, PATH_MAX, "%s%s", export->path,
		 export_has_two_texts(export->format) ? suffixes[index] : "");
	return path;
}

static void free_texts(char **texts)
{
	for (size_t i = 0; texts && texts[i]; i++)
		free(texts[i]);
	free(texts);
}

void exports_free(struct config *config)
{
	for (size_t i = 0; config->exports && i < config->export_count; i++) {
		free(config->exports[i].path);
		free_texts(config->exports[i].lists);
		free_texts(config->exports[i].after);
		free(config->exports[i].service);
	}
	free(config->exports);
}
