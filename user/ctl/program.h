/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of another program. */
#ifndef CTL_PROGRAM_H
#define CTL_PROGRAM_H

#include <stdio.h>

#include "ctl/ctl.h"

/**
 * program_run() - run a program, and wait until it ends
 * @argv: its name, which is searched in $PATH, /usr/sbin and /sbin, and its arguments; ends with
 *        NULL
 * @take_output: reads its standard output
 *
 * Its errors go to our standard error. Return: CTL_DONE; CTL_INVALID: it cannot be run, or has
 * failed, and an error was printed.
 */
enum ctl_exit program_run(char *const argv[], void (*take_output)(FILE *stream, void *context),
			  void *context);

#endif
