/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the administrator has configured ipwld to run. */
#ifndef EXPORTS_COMMAND_H
#define EXPORTS_COMMAND_H

#include <stdbool.h>

#define COMMAND_ERROR_BYTES 512
#define COMMAND_TIMEOUT_SEC 60

/**
 * command_run() - run a program to its end, without a shell
 * @argv: the program's absolute path and its arguments, up to a NULL
 * @is_stopping: atomic; once it is true the program is killed
 *
 * It has no standard input; what it writes is logged, line by line. After
 * COMMAND_TIMEOUT_SEC it is killed, with all of its process group.
 *
 * Return: 0: it ended with exit status 0; -errno, and @error says what happened.
 */
int command_run(char *const argv[], const bool *is_stopping, char error[COMMAND_ERROR_BYTES]);

#endif
