/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwlctl: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/writer.h"
#include "ipwl.h"

static const struct command command_help;

static const struct command *const commands[] = {
	&command_status,
	&command_test,
	&command_list,
	&command_add,
	&command_del,
	&command_import,
	&command_history,
	&command_undo,
	&command_protect,
	&command_unprotect,
	&command_reload,
	&command_diff,
	&command_lint,
	&command_simulate,
	&command_spf,
	&command_feeds,
	&command_refresh,
	&command_domains,
	&command_learn,
	&command_explain,
	&command_report,
	&command_check_config,
	&command_export,
	&command_detach,
	&command_help,
	NULL,
};

static enum ctl_exit run_help(const struct arguments *arguments)
{
	const struct command *command = NULL;

	if (arguments->positional_count &&
	    command_find(commands, arguments->positional[0], &command))
		return CTL_USAGE;
	if (command)
		command_print_help(command, stdout);
	else
		command_print_overview(commands, stdout);
	return CTL_DONE;
}

static const struct command command_help = {
	.name = "help",
	.positional = "[COMMAND]",
	.positional_max = 1,
	.summary = "print this help, or the help of a command",
	.run = run_help,
};

static enum ctl_exit run_command(char **argv)
{
	struct arguments arguments = { 0 };
	const struct command *command = NULL;

	if (command_parse(argv, NULL, &arguments))
		return CTL_USAGE;
	if (arguments.positional_count) {
		if (command_find(commands, arguments.positional[0], &command) ||
		    command_parse(arguments.positional + 1, command, &arguments))
			return CTL_USAGE;
	}
	if (arguments.global[GLOBAL_VERSION]) {
		printf("ipwlctl " IPWL_VERSION " (ABI %d)\n", IPWL_ABI_VERSION);
		return CTL_DONE;
	}
	if (arguments.global[GLOBAL_HELP]) {
		arguments.positional_count = 0;
		if (!command)
			return run_help(&arguments);
		command_print_help(command, stdout);
		return CTL_DONE;
	}
	if (!command) {
		command_print_overview(commands, stderr);
		return CTL_USAGE;
	}
	if (arguments.global[GLOBAL_WIDE])
		writer_show_all();
	return command->run(&arguments);
}

int main(int argc, char **argv)
{
	ctl_start();
	return (int)ctl_finish(run_command(argc ? argv + 1 : argv));
}
