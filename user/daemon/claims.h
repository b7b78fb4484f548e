/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories that this ipwld has for itself; that of the pins is the datapath's. */
#ifndef DAEMON_CLAIMS_H
#define DAEMON_CLAIMS_H

#include "config/config.h"

#define CLAIMS_ERROR_BYTES 1024

struct claims {
	int runtime; /* of base/claim.h; -1: none */
	int state;
};

/**
 * claims_take() - be the only ipwld with the runtime and the state directory
 * @what: the configuration's path, for whoever is refused
 *
 * Both are made if missing. Whatever keeps the state directory from being claimed, but
 * another ipwld, is only logged: mail goes on without manual entries, too.
 *
 * Return: 0; -EWOULDBLOCK: another one has them, @error says who; -errno. On failure, too,
 * claims_give() gives back what is taken.
 */
int claims_take(const struct config *config, const char *what, struct claims *claims,
		char error[CLAIMS_ERROR_BYTES]);
void claims_give(struct claims *claims);

#endif
