/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/side_database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lines.h"

static void keep_error(struct side_database *side, const char *message)
{
	char *error;

	if (asprintf(&error, "%s: %s", side->path, message) < 0)
		return;
	free(side->error);
	side->error = error;
}

int side_database_init(struct side_database *side, const char *state_dir, const char *name)
{
	int err;

	*side = (struct side_database) { 0 };
	if (asprintf(&side->path, "%s/%s", state_dir, name) < 0)
		return -ENOMEM;
	err = directory_make(state_dir, 0750);
	if (err)
		keep_error(side, strerror(-err));
	return 0;
}

void side_database_done(struct side_database *side)
{
	database_close(side->database);
	free(side->path);
	free(side->error);
}

/* Return: 0; -EBADMSG: it is damaged; -EIO. */
static int open_database(struct side_database *side, const struct database_schema *schema,
			 int (*read)(void *context), void *context)
{
	char message[DATABASE_MESSAGE_BYTES] = "";
	enum database_result result = database_open(side->path, schema, &side->database, message);
	bool is_damaged = result == DATABASE_CORRUPT;
	int err = result == DATABASE_OK ? read(context) : -EIO;

	if (!err) {
		free(side->error);
		side->error = NULL;
		return 0;
	}
	if (result == DATABASE_OK) {
		const char *error = database_error(side->database);

		is_damaged = database_is_corrupt(side->database);
		free(side->error);
		side->error = text_copy(error ? error : strerror(-err));
	} else {
		keep_error(side, message);
	}
	database_close(side->database);
	side->database = NULL;
	return is_damaged ? -EBADMSG : -EIO;
}

int side_database_ready(struct side_database *side, const struct database_schema *schema,
			int (*read)(void *context), void *context, char **ret_lost)
{
	char aside[DATABASE_MESSAGE_BYTES];
	int err = -EBADMSG;

	*ret_lost = NULL;
	if (side->database && !database_is_corrupt(side->database))
		return 0;
	if (side->database) {
		database_close(side->database);
		side->database = NULL;
	} else {
		err = open_database(side, schema, read, context);
	}
	if (err != -EBADMSG)
		return err;
	if (database_set_aside(side->path, aside)) {
		keep_error(side, aside);
		return -EIO;
	}
	if (asprintf(ret_lost, "%s is corrupt and is kept as %s", side->path, aside) < 0)
		*ret_lost = NULL;
	return open_database(side, schema, read, context) ? -EIO : 0;
}

const char *side_database_error(const struct side_database *side)
{
	const char *error = database_error(side->database);

	return error ? error : side->error;
}
