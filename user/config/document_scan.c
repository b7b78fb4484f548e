/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scans a YAML text event by event, in constant memory, before it is composed into a document.
 * Also rewords libyaml's errors.
 */
#include "config/document_scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/document.h"

int yaml_text_parser(const struct yaml_text *text, yaml_parser_t *ret_parser)
{
	if (!yaml_parser_initialize(ret_parser))
		return -ENOMEM;
	yaml_parser_set_encoding(ret_parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(ret_parser, (const unsigned char *)text->text, text->bytes);
	return 0;
}

/* The reader only knows the number of bytes that it has read. */
static void reader_error(const struct yaml_text *text, const yaml_parser_t *parser)
{
	uint32_t line = 1, column = 1;

	for (size_t i = 0; i < parser->problem_offset && i < text->bytes; i++) {
		if (text->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	diagnostics_add(text->diagnostics, SEVERITY_ERROR, text->path, line, column,
			"not YAML: %s: save it as plain UTF-8 text", parser->problem);
}

static char char_at(const struct yaml_text *text, const yaml_mark_t *mark)
{
	const char *line = text->text, *end = text->text + text->bytes;

	for (size_t i = 0; i < mark->line && line; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		if (line)
			line++;
	}
	/* This is exact if the line is ASCII up to there, which is good enough for advice. */
	if (!line || (size_t)(end - line) <= mark->column)
		return '\0';
	return line[mark->column];
}

/* Say what to do about the character at which the parser stopped. */
static const char *advise(const struct yaml_text *text, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	/* `[!192.0.2.9]` */
	if (parser->context && !strcmp(parser->context, "while scanning a tag"))
		return ": quote an exclusion, \"!PREFIX\", because in YAML `!' begins a tag";
	switch (char_at(text, mark)) {
	case '\t':
		return ": indent with spaces, not with tabs";
	case ':':
		return ": quote an IPv6 address that begins or ends with a colon, and [HOST]:PORT";
	case '%':
	case '@':
	case '`':
		return ": quote a text that begins with this character";
	default:
		return "";
	}
}

int yaml_text_error(const struct yaml_text *text, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;
	char context[160] = "";

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_READER_ERROR) {
		reader_error(text, parser);
		return -EINVAL;
	}
	if (parser->context && parser->context_mark.line != mark->line)
		snprintf(context, sizeof(context), ", %s that begins in line %zu", parser->context,
			 parser->context_mark.line + 1);
	else if (parser->context)
		snprintf(context, sizeof(context), ", %s", parser->context);
	diagnostics_add(text->diagnostics, SEVERITY_ERROR, text->path, (uint32_t)mark->line + 1,
			(uint32_t)mark->column + 1, "not YAML: %s%s%s", parser->problem, context,
			advise(text, parser));
	return -EINVAL;
}

bool yaml_tag_is_core(const char *tag)
{
	static const char *const core[] = { YAML_STR_TAG,  YAML_INT_TAG,  YAML_SEQ_TAG,
					    YAML_MAP_TAG,  YAML_NULL_TAG, YAML_BOOL_TAG,
					    YAML_FLOAT_TAG };

	for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
		if (!tag || !strcmp(tag, core[i]))
			return true;
	}
	return false;
}

struct scan {
	const struct yaml_text *text;
	size_t depth;
	size_t document_count;
};

static void scan_error(const struct scan *scan, const yaml_event_t *event, const char *message)
{
	diagnostics_add(scan->text->diagnostics, SEVERITY_ERROR, scan->text->path,
			(uint32_t)event->start_mark.line + 1,
			(uint32_t)event->start_mark.column + 1, "%s", message);
}

static const char *tag_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return (const char *)event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static void scan_tag(const struct scan *scan, const yaml_event_t *event)
{
	const char *tag = tag_of(event);

	if (!yaml_tag_is_core(tag))
		diagnostics_add(scan->text->diagnostics, SEVERITY_ERROR, scan->text->path,
				(uint32_t)event->start_mark.line + 1,
				(uint32_t)event->start_mark.column + 1,
				"%.80s is a YAML tag, and tags are not supported: quote an "
				"exclusion, such as - \"!192.0.2.9\"",
				tag);
}

/* Return: 0: continue; -EINVAL: stop, because the text must not be composed. */
static int scan_event(struct scan *scan, const yaml_event_t *event)
{
	scan_tag(scan, event);
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (scan->document_count++ == 0)
			return 0;
		scan_error(scan, event, "unexpected second YAML document: remove it");
		return -EINVAL;
	case YAML_ALIAS_EVENT:
		scan_error(scan, event, "aliases are not supported: write the value out");
		return 0;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (++scan->depth <= DOCUMENT_DEPTH_MAX)
			return 0;
		scan_error(scan, event, "nested too deep: a configuration has five levels");
		return -EINVAL;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		scan->depth--;
		return 0;
	default:
		return 0;
	}
}

static int scan_events(struct scan *scan, yaml_parser_t *parser)
{
	yaml_event_type_t type;
	yaml_event_t event;
	int err;

	do {
		if (!yaml_parser_parse(parser, &event))
			return yaml_text_error(scan->text, parser);
		type = event.type;
		err = scan_event(scan, &event);
		yaml_event_delete(&event);
	} while (!err && type != YAML_STREAM_END_EVENT);
	return err;
}

int yaml_text_scan(const struct yaml_text *text)
{
	struct scan scan = { .text = text };
	yaml_parser_t parser;
	int err;

	err = yaml_text_parser(text, &parser);
	if (err)
		return err;
	err = scan_events(&scan, &parser);
	yaml_parser_delete(&parser);
	if (!err && scan.document_count == 0) {
		diagnostics_add(text->diagnostics, SEVERITY_ERROR, text->path, 0, 0,
				"empty: a configuration needs at least `interfaces: [NAME]'");
		err = -EINVAL;
	}
	return err;
}
