/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands as data: their tables make dispatch, parsing and help. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "ctl/ctl.h"

/* Of one command. */
#define COMMAND_OPTIONS_MAX 9

struct option_spec {
	const char *name;    /* without the dashes; NULL ends a table */
	const char *metavar; /* of its value; NULL: a flag. Where it ends in "...", the option
			      * may be given again, and commas join the values. */
	const char *help;
	int is_required;
};

enum global_option {
	GLOBAL_SOCKET,
	GLOBAL_JSON,
	GLOBAL_WIDE,
	GLOBAL_HELP,
	GLOBAL_VERSION,
	GLOBAL_COUNT,
};

extern const struct option_spec global_options[GLOBAL_COUNT + 1];

/* A parsed command line. Values are NULL where the option was not given; a
 * flag's value is its name. */
struct arguments {
	const char *global[GLOBAL_COUNT];
	const char *options[COMMAND_OPTIONS_MAX]; /* as in the command's table */
	char **positional;
	size_t positional_count;
};

struct command {
	const char *name;
	const char *positional; /* for the usage line */
	size_t positional_min;
	size_t positional_max;
	const char *summary;
	const char *description; /* lines for --help, or NULL */
	struct option_spec options[COMMAND_OPTIONS_MAX + 1];
	enum ctl_exit (*run)(const struct arguments *arguments);
};

extern const struct command command_status;
extern const struct command command_test;
extern const struct command command_seen;
extern const struct command command_blocked;
extern const struct command command_limits;
extern const struct command command_summary;
extern const struct command command_top;
extern const struct command command_list;
extern const struct command command_allow;
extern const struct command command_block;
extern const struct command command_add;
extern const struct command command_del;
extern const struct command command_import;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_history;
extern const struct command command_undo;
extern const struct command command_protect;
extern const struct command command_unprotect;
extern const struct command command_reload;
extern const struct command command_feeds;
extern const struct command command_fleet;
extern const struct command command_domains;
extern const struct command command_refresh;
extern const struct command command_check_config;
extern const struct command command_diff;
extern const struct command command_lint;
extern const struct command command_spf;
extern const struct command command_simulate;
extern const struct command command_monitor;
extern const struct command command_export;
extern const struct command command_learn;
extern const struct command command_explain;
extern const struct command command_report;
extern const struct command command_detach;
extern const struct command command_help;

/* All of them, ended by NULL. */
extern const struct command *const all_commands[];

/**
 * command_parse() - read options and positional arguments
 * @argv: ends with NULL; the positional ones are moved to its front
 * @command: whose options and counts hold; NULL: only global options, up to the
 *           first positional argument
 * @arguments: global options that were given before are kept
 *
 * Return: CTL_DONE, or CTL_USAGE after a message.
 */
enum ctl_exit command_parse(char **argv, const struct command *command,
			    struct arguments *arguments);

/* Find an option by its name, which need not end with a zero. NULL: there is none. */
const struct option_spec *option_find(const struct option_spec *table, const char *name,
				      size_t name_bytes);

/* The positional arguments, separated by commas; the caller frees them. */
char *command_join(const struct arguments *arguments);

/* Find a command in a table that ends with NULL. An unknown name is reported with the command
 * that was probably meant. Return: CTL_DONE or CTL_USAGE. */
enum ctl_exit command_find(const struct command *const *commands, const char *name,
			   const struct command **ret_command);

/* Print the help of ipwlctl, or of one command. */
void command_print_overview(const struct command *const *commands, FILE *stream);
void command_print_help(const struct command *command, FILE *stream);

#endif
