/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses a command line by the tables of command.h, and prints the help. */
#include "ctl/command.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/memory.h"
#include "ctl/suggest.h"

#define HELP_WIDTH 80
#define USAGE_INDENT 15 /* of the lines after the first */

const struct option_spec global_options[GLOBAL_COUNT + 1] = {
	[GLOBAL_SOCKET] = { "socket", "PATH", "control socket (" CTL_DEFAULT_SOCKET ")", 0 },
	[GLOBAL_JSON] = { "json", NULL, "print one JSON object, for programs", 0 },
	[GLOBAL_WIDE] = { "wide", NULL, "show all columns, however wide the tables become", 0 },
	[GLOBAL_HELP] = { "help", NULL, "print this help (also -h)", 0 },
	[GLOBAL_VERSION] = { "version", NULL, "print the version (also -V)", 0 },
};

const struct option_spec *option_find(const struct option_spec *table, const char *name,
				      size_t name_bytes)
{
	for (; table->name; table++)
		if (strlen(table->name) == name_bytes && !memcmp(table->name, name, name_bytes))
			return table;
	return NULL;
}

/* Find the option that @text (without its dashes) names, and where its value goes. A command's
 * own option comes before a global one of the same name. */
static const struct option_spec *lookup_option(const char *text, const struct command *command,
					       struct arguments *arguments, const char ***ret_value)
{
	size_t name_bytes = strcspn(text, "=");
	const struct option_spec *spec =
	    command ? option_find(command->options, text, name_bytes) : NULL;

	if (spec) {
		*ret_value = &arguments->options[spec - command->options];
		return spec;
	}
	spec = option_find(global_options, text, name_bytes);
	if (spec)
		*ret_value = &arguments->global[spec - global_options];
	return spec;
}

/* The name of the option that was probably meant, or NULL. */
static const char *suggest_option(const char *text, const struct command *command)
{
	const struct option_spec *tables[] = { command ? command->options : NULL, global_options };
	const char *name = NULL;
	char word[SUGGEST_WORD_BYTES + 1];
	size_t best = SIZE_MAX;

	text += strspn(text, "-");
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, "="), text);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct option_spec *spec = tables[i]; spec && spec->name; spec++)
			if (suggest_is_better(word, spec->name, &best))
				name = spec->name;
	return name;
}

static enum ctl_exit report_option(const char *text, const struct command *command)
{
	const char *meant = suggest_option(text, command);

	return ctl_usage_error(command ? command->name : NULL, "unknown option %s%s%s%s", text,
			       meant ? ": did you mean --" : "", meant ? meant : "",
			       meant ? "?" : "");
}

enum ctl_exit command_find(const struct command *const *commands, const char *name,
			   const struct command **ret_command)
{
	const char *meant = NULL;
	size_t best = SIZE_MAX;

	for (; *commands; commands++) {
		if (!strcmp((*commands)->name, name)) {
			*ret_command = *commands;
			return CTL_DONE;
		}
		if (suggest_is_better(name, (*commands)->name, &best))
			meant = (*commands)->name;
	}
	return ctl_usage_error(NULL, "unknown command %s%s%s%s", name,
			       meant ? ": did you mean " : "", meant ? meant : "",
			       meant ? "?" : "");
}

static bool is_repeatable(const struct option_spec *spec)
{
	size_t bytes = spec->metavar ? strlen(spec->metavar) : 0;

	return bytes > 3 && !strcmp(spec->metavar + bytes - 3, "...");
}

/* Append to a value that was given before; the old one stays until the program ends. */
static const char *join_option(const char *before, const char *value)
{
	char *joined;

	if (!before)
		return value;
	if (asprintf(&joined, "%s,%s", before, value) < 0)
		joined = ctl_allocated(NULL);
	return joined;
}

/* Read the option at *@argv and move past it and its value. */
static enum ctl_exit parse_option(char ***argv, const struct command *command,
				  struct arguments *arguments)
{
	const char *name = command ? command->name : NULL;
	const char *text = **argv;
	const char *equals = strchr(text, '=');
	const struct option_spec *spec = NULL;
	const char *before;
	const char **value;

	if (!strcmp(text, "-h"))
		text = "--help";
	if (!strcmp(text, "-V"))
		text = "--version";
	if (!strncmp(text, "--", 2))
		spec = lookup_option(text + 2, command, arguments, &value);
	if (!spec)
		return report_option(text, command);
	before = is_repeatable(spec) ? *value : NULL;
	if (*value && spec->metavar && !before)
		return ctl_usage_error(name, "--%s may be given only once", spec->name);
	(*argv)++;
	if (!spec->metavar) {
		if (equals)
			return ctl_usage_error(name, "--%s takes no value", spec->name);
		*value = spec->name;
	} else if (equals) {
		*value = join_option(before, equals + 1);
	} else if (!**argv) {
		return ctl_usage_error(name, "--%s needs a value: %s", spec->name, spec->metavar);
	} else {
		*value = join_option(before, *(*argv)++);
	}
	return CTL_DONE;
}

static enum ctl_exit check_counts(const struct command *command, const struct arguments *arguments)
{
	if (arguments->positional_count < command->positional_min)
		return ctl_usage_error(command->name, "%s needs %s", command->name,
				       command->positional);
	if (arguments->positional_count > command->positional_max)
		return ctl_usage_error(command->name, "unexpected argument \"%s\"",
				       arguments->positional[command->positional_max]);
	for (size_t i = 0; command->options[i].name; i++)
		if (command->options[i].is_required && !arguments->options[i])
			return ctl_usage_error(command->name, "%s needs --%s %s", command->name,
					       command->options[i].name,
					       command->options[i].metavar);
	return CTL_DONE;
}

enum ctl_exit command_parse(char **argv, const struct command *command, struct arguments *arguments)
{
	bool only_positional = false;

	arguments->positional = argv;
	arguments->positional_count = 0;
	while (*argv) {
		/* A lone dash means standard input. */
		if (only_positional || **argv != '-' || !(*argv)[1]) {
			if (!command) {
				arguments->positional = argv;
				arguments->positional_count = 1;
				return CTL_DONE;
			}
			arguments->positional[arguments->positional_count++] = *argv++;
		} else if (!strcmp(*argv, "--")) {
			only_positional = true;
			argv++;
		} else if (parse_option(&argv, command, arguments)) {
			return CTL_USAGE;
		}
	}
	if (!command || arguments->global[GLOBAL_HELP] || arguments->global[GLOBAL_VERSION])
		return CTL_DONE;
	return check_counts(command, arguments);
}

char *command_join(const struct arguments *arguments)
{
	size_t bytes = 1;
	char *joined, *end;

	for (size_t i = 0; i < arguments->positional_count; i++)
		bytes += strlen(arguments->positional[i]) + 1;
	joined = end = ctl_allocated(malloc(bytes));
	*end = '\0';
	for (size_t i = 0; i < arguments->positional_count; i++)
		end = stpcpy(stpcpy(end, i ? "," : ""), arguments->positional[i]);
	return joined;
}

/* Break the line before a word that does not fit. */
static void print_usage_word(const char *word, size_t *column, FILE *stream)
{
	if (*column + 1 + strlen(word) > HELP_WIDTH) {
		fprintf(stream, "\n%*s", USAGE_INDENT - 1, "");
		*column = USAGE_INDENT - 1;
	}
	*column += (size_t)fprintf(stream, " %s", word);
}

static void print_usage(const struct command *command, FILE *stream)
{
	static const char start[] = "usage: ipwlctl [--socket PATH] [--json]";
	size_t column = strlen(start);

	fputs(start, stream);
	print_usage_word(command->name, &column, stream);
	for (const struct option_spec *spec = command->options; spec->name; spec++) {
		char word[HELP_WIDTH];

		snprintf(word, sizeof(word), spec->is_required ? "--%s%s%s" : "[--%s%s%s]",
			 spec->name, spec->metavar ? " " : "", spec->metavar ? spec->metavar : "");
		print_usage_word(word, &column, stream);
	}
	if (*command->positional)
		print_usage_word(command->positional, &column, stream);
	fputc('\n', stream);
}

static void print_options(const struct option_spec *spec, FILE *stream)
{
	for (; spec->name; spec++) {
		int width = fprintf(stream, "  --%s%s%s", spec->name, spec->metavar ? " " : "",
				    spec->metavar ? spec->metavar : "");

		fprintf(stream, "%*s%s\n", width < 24 ? 24 - width : 1, "", spec->help);
	}
}

void command_print_overview(const struct command *const *commands, FILE *stream)
{
	fputs("usage: ipwlctl [--socket PATH] [--json] [--wide] COMMAND ...\n\ncommands:\n",
	      stream);
	for (; *commands; commands++)
		fprintf(stream, "  %-14s%s\n", (*commands)->name, (*commands)->summary);
	fputs("\noptions:\n", stream);
	print_options(global_options, stream);
	fputs("\nexit codes: 0 done, or allowed; 1 no, not found, or failed; 2 wrong usage;\n"
	      "3 cannot reach ipwld; 4 invalid input or configuration;\n"
	      "5 permission denied; 6 test: blocked, or would be blocked\n"
	      "\nFor details of a command, run `ipwlctl COMMAND --help' or see ipwlctl(8).\n",
	      stream);
}

void command_print_help(const struct command *command, FILE *stream)
{
	print_usage(command, stream);
	fprintf(stream, "\n%s: %s\n", command->name, command->summary);
	if (command->description)
		fprintf(stream, "%s\n", command->description);
	fputs("\noptions:\n", stream);
	print_options(command->options, stream);
	print_options(global_options, stream);
}
