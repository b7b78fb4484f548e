/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads many texts as lists, for the tests in Python that compare what was read.
 *
 * Standard input has for each text a line "FORMAT ACTION BYTES" and the bytes. The answer
 * to each: the format's name, a line for each entry ("192.0.2.0/24", "!192.0.2.9/32"), for
 * each error ("?list:1:2: …") and each warning ("~list:…"), and a line with a full stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "formats/read.h"

#define NOW_SEC 1795496400
#define TEXT_BYTES_MAX (16 << 20)

static _Noreturn void die(const char *message)
{
	fprintf(stderr, "read_texts: %s\n", message);
	exit(EXIT_FAILURE);
}

static enum action find_action(const char *name)
{
	for (enum action action = 0; action < ACTION_COUNT; action++) {
		if (!strcmp(action_names[action], name))
			return action;
	}
	die("no such action");
}

static void write_entries(struct entry_set *set)
{
	char text[PREFIX_TEXT_BYTES];

	entry_set_finish(set);
	for (size_t i = 0; i < set->count; i++)
		printf("%s%s\n", set->entries[i].is_exclusion ? "!" : "",
		       prefix_format(&set->entries[i].prefix, text));
}

static void write_diagnostics(const struct diagnostics *diagnostics)
{
	static char text[DIAGNOSTIC_TEXT_BYTES];

	for (size_t i = 0; i < diagnostics->count; i++) {
		diagnostic_format(&diagnostics->items[i], text, sizeof(text));
		printf("%c%s\n", diagnostics->items[i].severity == SEVERITY_ERROR ? '?' : '~',
		       text);
	}
}

static void read_text(enum format format, enum action action, const char *text, size_t bytes)
{
	struct diagnostics diagnostics;
	struct format_result result;
	struct format_input input = { .bytes = text,
				      .byte_count = bytes,
				      .name = "list",
				      .format = format,
				      .action = action,
				      .source = SOURCE_FILE,
				      .now_sec = NOW_SEC,
				      .set = entry_set_new(),
				      .diagnostics = &diagnostics };

	if (!input.set)
		die("out of memory");
	diagnostics_init(&diagnostics);
	format_read(&input, &result);
	printf("%s\n", format_names[result.format]);
	write_entries(input.set);
	write_diagnostics(&diagnostics);
	printf(".\n");
	diagnostics_done(&diagnostics);
	entry_set_unref(input.set);
}

/* Cut "FORMAT ACTION BYTES" at its blanks. */
static void read_head(char *line, enum format *ret_format, enum action *ret_action,
		      size_t *ret_bytes)
{
	char *rest = line;
	const char *format = strsep(&rest, " "), *action = strsep(&rest, " ");
	const char *bytes = strsep(&rest, "\n");
	int64_t number;

	if (!bytes || !number_parse(bytes, 0, TEXT_BYTES_MAX, &number))
		die("not FORMAT ACTION BYTES");
	if (!format_find(format, ret_format))
		die("no such format");
	*ret_action = find_action(action);
	*ret_bytes = (size_t)number;
}

int main(void)
{
	char line[128];

	while (fgets(line, sizeof(line), stdin)) {
		enum format format;
		enum action action;
		size_t bytes;
		char *text;

		read_head(line, &format, &action, &bytes);
		text = malloc(bytes + 1);
		if (!text || fread(text, 1, bytes, stdin) != bytes)
			die("a text ends too early");
		read_text(format, action, text, bytes);
		free(text);
	}
	return 0;
}
