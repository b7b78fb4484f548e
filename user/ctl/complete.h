/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of a command line, for the scripts in contrib/completion/. */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "ctl/command.h"

/* The hidden command that the scripts run, with the words after `ipwlctl'. The last one is
 * completed. */
#define COMPLETE_NAME "__complete"

/**
 * complete_run() - print what may be the last word of a command line
 * @commands: ends with NULL
 * @words: ends with NULL
 *
 * Prints a line for each candidate: the word, and after a tab its description. A line ":files",
 * ":users" or ":hosts" asks the shell for them.
 */
void complete_run(const struct command *const *commands, char **words);

#endif
