/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files with the key of the fleet and the password of its server. */
#ifndef RUNTIME_FLEET_SECRETS_H
#define RUNTIME_FLEET_SECRETS_H

#include <stdbool.h>

#include "base/token.h"
#include "config/fleet_config.h"

#define FLEET_PROBLEM_BYTES 800

/* To be overwritten after use. */
struct fleet_secrets {
	char key[TOKEN_BYTES_MAX + 1];
	char password[TOKEN_BYTES_MAX + 1]; /* "": none */
};

/* Return: whether both could be read; else @problem says why not. */
bool fleet_secrets_read(const struct fleet_settings *settings, struct fleet_secrets *ret_secrets,
			char problem[FLEET_PROBLEM_BYTES]);

/* Overwrite and free a copy of a secret. *@secret may be NULL, and is so afterwards. */
void fleet_secret_free(char **secret);

#endif
