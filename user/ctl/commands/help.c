/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands, and `help`, which lists them. */
#include "ctl/command.h"

const struct command *const all_commands[] = {
	&command_status,
	&command_test,
	&command_list,
	&command_seen,
	&command_blocked,
	&command_limits,
	&command_summary,
	&command_top,
	&command_allow,
	&command_block,
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
	&command_monitor,
	&command_spf,
	&command_feeds,
	&command_fleet,
	&command_refresh,
	&command_domains,
	&command_learn,
	&command_explain,
	&command_report,
	&command_check_config,
	&command_export,
	&command_backup,
	&command_restore,
	&command_detach,
	&command_help,
	NULL,
};

static enum ctl_exit run_help(const struct arguments *arguments)
{
	const struct command *command = NULL;

	if (arguments->positional_count &&
	    command_find(all_commands, arguments->positional[0], &command))
		return CTL_USAGE;
	if (command)
		command_print_help(command, stdout);
	else
		command_print_overview(all_commands, stdout);
	return CTL_DONE;
}

const struct command command_help = {
	.name = "help",
	.positional = "[COMMAND]",
	.positional_max = 1,
	.summary = "print this help, or the help of a command",
	.run = run_help,
};
