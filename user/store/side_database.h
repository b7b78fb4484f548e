/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A database beside state.db whose loss costs no mail: if it is damaged, it is kept under another
 * name, and a new one begins. */
#ifndef STORE_SIDE_DATABASE_H
#define STORE_SIDE_DATABASE_H

#include "store/database.h"

struct side_database {
	struct database *database; /* NULL: not open */
	char *path;
	char *error; /* why it is not open */
};

/* Set the path, and make the directory. Return: 0 or -ENOMEM; a directory that cannot be made is
 * an error of the database. */
int side_database_init(struct side_database *side, const char *state_dir, const char *name);
void side_database_done(struct side_database *side);

/**
 * side_database_ready() - open the database unless it is open
 * @read: reads what the caller keeps in memory; 0 or -errno
 * @ret_lost: the caller's; says which damaged file was set aside, or NULL
 *
 * Return: 0; -EIO: see side_database_error().
 */
int side_database_ready(struct side_database *side, const struct database_schema *schema,
			int (*read)(void *context), void *context, char **ret_lost);

/* The last error, or NULL. */
const char *side_database_error(const struct side_database *side);

#endif
