/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals: the function that finds the reason fills one in, and its callers pass it on. */
#include "base/outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int refusal_set(struct refusal *refusal, enum outcome outcome, const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	free(refusal->message);
	refusal->message = message;
	refusal->outcome = outcome;
	return -ECANCELED;
}

int refusal_set_memory(struct refusal *refusal)
{
	return refusal_set(refusal, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}

void refusal_done(struct refusal *refusal)
{
	free(refusal->message);
	lines_done(&refusal->details);
	*refusal = (struct refusal) { 0 };
}
