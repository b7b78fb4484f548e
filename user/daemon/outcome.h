/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a request came out; each is a status and a code of the control socket. */
#ifndef DAEMON_OUTCOME_H
#define DAEMON_OUTCOME_H

enum outcome {
	OUTCOME_OK,
	OUTCOME_INVALID,
	OUTCOME_NOT_FOUND,
	OUTCOME_METHOD_NOT_ALLOWED,
	OUTCOME_CONFLICT,
	OUTCOME_TOO_LARGE,
	OUTCOME_CONFIGURATION,
	OUTCOME_INTERNAL,
	OUTCOME_UNAVAILABLE,
	OUTCOME_COUNT,
};

#endif
