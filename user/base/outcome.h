/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a request came out; each is a status and a code of the control socket. */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include "base/lines.h"

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
	OUTCOME_FORBIDDEN,
	OUTCOME_HELD,
	OUTCOME_COUNT,
};

/* Why a request is refused, in words for the requester. */
struct refusal {
	enum outcome outcome; /* OUTCOME_OK: it is done */
	char *message;	      /* NULL: out of memory, or done */
	struct lines details;
};

/* Refuse; the last call counts. Return: -ECANCELED, for the caller to pass on. */
int refusal_set(struct refusal *refusal, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Refuse because memory has run out. */
int refusal_set_memory(struct refusal *refusal);
void refusal_done(struct refusal *refusal);

#endif
