/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwlctl: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "ctl/complete.h"
#include "ctl/writer.h"
#include "ipwl.h"

static enum ctl_exit run_command(char **argv)
{
	struct arguments arguments = { 0 };
	const struct command *command = NULL;

	if (argv[0] && !strcmp(argv[0], COMPLETE_NAME)) {
		complete_run(all_commands, argv + 1);
		return CTL_DONE;
	}
	if (command_parse(argv, NULL, &arguments))
		return CTL_USAGE;
	if (arguments.positional_count) {
		if (command_find(all_commands, arguments.positional[0], &command) ||
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
			return command_help.run(&arguments);
		command_print_help(command, stdout);
		return CTL_DONE;
	}
	if (!command) {
		command_print_overview(all_commands, stderr);
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
