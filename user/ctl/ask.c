/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks, and waits for a line. */
#include "ctl/ask.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

bool ask_is_possible(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool ask_yes(const char *question)
{
	char line[16];

	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (!fgets(line, sizeof(line), stdin)) {
		fputc('\n', stderr);
		return false;
	}
	return !strcasecmp(line, "y\n") || !strcasecmp(line, "yes\n");
}
