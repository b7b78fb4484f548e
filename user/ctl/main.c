/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwlctl: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ipwl.h"

static const struct command *const commands[] = {
	&command_status,       &command_test,	   &command_list,    &command_add,
	&command_del,	       &command_import,	   &command_history, &command_undo,
	&command_protect,      &command_unprotect, &command_reload,  &command_diff,
	&command_lint,	       &command_simulate,  &command_feeds,   &command_refresh,
	&command_check_config, &command_export,	   &command_detach,  NULL,
};

static const struct command *find_command(const char *name)
{
	for (const struct command *const *command = commands; *command; command++)
		if (!strcmp((*command)->name, name))
			return *command;
	return NULL;
}

static enum ctl_exit run_command(char **argv)
{
	struct arguments arguments = { 0 };
	const struct command *command = NULL;

	if (command_parse(argv, NULL, &arguments))
		return CTL_USAGE;
	if (arguments.positional_count) {
		const char *name = arguments.positional[0];

		command = find_command(name);
		if (!command)
			return ctl_usage_error(NULL, "unknown command %s", name);
		if (command_parse(arguments.positional + 1, command, &arguments))
			return CTL_USAGE;
	}
	if (arguments.global[GLOBAL_VERSION]) {
		printf("ipwlctl " IPWL_VERSION " (ABI %d)\n", IPWL_ABI_VERSION);
		return CTL_DONE;
	}
	if (arguments.global[GLOBAL_HELP]) {
		if (command)
			command_print_help(command, stdout);
		else
			command_print_overview(commands, stdout);
		return CTL_DONE;
	}
	if (!command) {
		command_print_overview(commands, stderr);
		return CTL_USAGE;
	}
	return command->run(&arguments);
}

int main(int argc, char **argv)
{
	ctl_start();
	return (int)ctl_finish(run_command(argc ? argv + 1 : argv));
}
