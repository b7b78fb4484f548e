/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads secrets, and leaves none of them in memory. */
#include "runtime/fleet_secrets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_secret(const char *path, const char *what, char secret[TOKEN_BYTES_MAX + 1],
			char problem[FLEET_PROBLEM_BYTES])
{
	const int err = token_read(path, secret);

	if (!err)
		return true;
	snprintf(problem, FLEET_PROBLEM_BYTES, "cannot read the %s from %s: %s", what, path,
		 err == -EINVAL ? "its first line is empty, too long or no plain text"
				: strerror(-err));
	return false;
}

bool fleet_secrets_read(const struct fleet_settings *settings, struct fleet_secrets *ret_secrets,
			char problem[FLEET_PROBLEM_BYTES])
{
	*ret_secrets->password = '\0';
	return read_secret(settings->key_file, "key of the fleet", ret_secrets->key, problem) &&
	       (!settings->password_file ||
		read_secret(settings->password_file, "password of the server",
			    ret_secrets->password, problem));
}

void fleet_secret_free(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}
