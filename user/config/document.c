/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a YAML file into a document in which each node has only one parent, so that a walk over
 * it ends and costs no more than its size.
 */
#include "config/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "config/document_scan.h"

/* Read a whole file of at most DOCUMENT_BYTES_MAX. */
static int read_file(const char *path, struct diagnostics *diagnostics, char **ret_text,
		     size_t *ret_bytes)
{
	char *text = malloc(DOCUMENT_BYTES_MAX + 1);
	size_t used = 0;
	ssize_t bytes = -ENOMEM;
	int fd, err;

	if (!text)
		return -ENOMEM;
	err = file_open(path, diagnostics, &fd);
	if (err) {
		free(text);
		return err;
	}
	do {
		bytes =
		    file_read(fd, path, text + used, DOCUMENT_BYTES_MAX + 1 - used, diagnostics);
		if (bytes > 0)
			used += (size_t)bytes;
	} while (bytes > 0 && used <= DOCUMENT_BYTES_MAX);
	close(fd);
	if (used > DOCUMENT_BYTES_MAX) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, path, 0, 0,
				"larger than %u bytes: move entries to list files",
				DOCUMENT_BYTES_MAX);
		bytes = -EINVAL;
	}
	if (bytes < 0) {
		free(text);
		return (int)bytes;
	}
	*ret_text = text;
	*ret_bytes = used;
	return 0;
}

/* If a child was seen before, replace the reference to it by @unknown, a node with a tag. */
static void cut_reference(int *child, bool seen[], int unknown)
{
	if (seen[*child])
		*child = unknown;
	seen[*child] = true;
}

/*
 * Make each node have one parent. An alias is already an error. It must neither repeat the
 * errors of its anchor, nor lead a walk in circles.
 */
static int cut_aliases(yaml_document_t *yaml)
{
	int unknown = yaml_document_add_scalar(yaml, (const yaml_char_t *)"!alias",
					       (const yaml_char_t *)"", 0, YAML_PLAIN_SCALAR_STYLE);
	size_t count = (size_t)(yaml->nodes.top - yaml->nodes.start);
	bool *seen = calloc(count + 1, sizeof(*seen)); /* ids are from 1 */

	if (!unknown || !seen) {
		free(seen);
		return -ENOMEM;
	}
	seen[1] = true; /* the root */
	for (yaml_node_t *node = yaml->nodes.start; node < yaml->nodes.top; node++) {
		if (node->type == YAML_SEQUENCE_NODE) {
			for (int *item = node->data.sequence.items.start;
			     item < node->data.sequence.items.top; item++)
				cut_reference(item, seen, unknown);
		} else if (node->type == YAML_MAPPING_NODE) {
			for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			     pair < node->data.mapping.pairs.top; pair++) {
				cut_reference(&pair->key, seen, unknown);
				cut_reference(&pair->value, seen, unknown);
			}
		}
	}
	free(seen);
	return 0;
}

static int compose(const struct yaml_text *text, bool has_errors, yaml_document_t *ret_yaml)
{
	yaml_parser_t parser;
	int err;

	err = yaml_text_parser(text, &parser);
	if (err)
		return err;
	if (!yaml_parser_load(&parser, ret_yaml)) {
		/* An alias without an anchor, which is already an error. */
		err = has_errors && parser.error == YAML_COMPOSER_ERROR
			  ? -EINVAL
			  : yaml_text_error(text, &parser);
	} else {
		err = cut_aliases(ret_yaml);
		if (err)
			yaml_document_delete(ret_yaml);
	}
	yaml_parser_delete(&parser);
	return err;
}

int document_load(const char *path, struct diagnostics *diagnostics, struct document *ret_document)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };
	struct yaml_text text = { .path = path, .diagnostics = diagnostics };
	struct document document = { .path = path, .diagnostics = diagnostics };
	size_t errors_before = diagnostics->error_count;
	char *content = NULL;
	int err;

	err = read_file(path, diagnostics, &content, &text.bytes);
	if (err)
		return err;
	text.text = content;
	if (text.bytes >= sizeof(mark) && !memcmp(content, mark, sizeof(mark))) {
		/* libyaml would count the byte-order mark as a column. */
		text.text += sizeof(mark);
		text.bytes -= sizeof(mark);
	}
	err = yaml_text_scan(&text);
	if (!err)
		err = compose(&text, diagnostics->error_count > errors_before, &document.yaml);
	free(content);
	if (!err)
		*ret_document = document;
	return err;
}

void document_done(struct document *document)
{
	yaml_document_delete(&document->yaml);
}

yaml_node_t *document_root(struct document *document)
{
	return yaml_document_get_root_node(&document->yaml);
}
