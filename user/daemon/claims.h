/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Claims the directories that only this ipwld may use. The datapath claims the directory of
 * pins. */
#ifndef DAEMON_CLAIMS_H
#define DAEMON_CLAIMS_H

#include "config/config.h"

#define CLAIMS_ERROR_BYTES 1024

struct claims {
	int runtime; /* claims of base/claim.h; -1: none */
	int state;
};

/**
 * claims_take() - claim the runtime and the state directory for this ipwld
 * @what: the configuration's path, to tell another ipwld who has them
 *
 * Both are created if they do not exist. If the state directory cannot be claimed for another
 * reason than another ipwld, this is only logged, because mail passes without manual entries,
 * too.
 *
 * Return: 0; -EWOULDBLOCK: another ipwld has a directory, and @error says which one; another
 * -errno. Even after a failure, the caller must call claims_give().
 */
int claims_take(const struct config *config, const char *what, struct claims *claims,
		char error[CLAIMS_ERROR_BYTES]);
void claims_give(struct claims *claims);

#endif
