/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files into which a log was rotated: NAME.1, NAME.2.gz, NAME-20261128.gz and so on. */
#ifndef MAILLOG_ROTATED_H
#define MAILLOG_ROTATED_H

#include <stddef.h>

struct rotated {
	char **paths; /* the oldest first */
	size_t count;
};

/* Find them. Those that cannot be seen are left out. Return: 0 or -ENOMEM. */
int rotated_find(const char *path, struct rotated *ret_rotated);
void rotated_done(struct rotated *rotated);

#endif
