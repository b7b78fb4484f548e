/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What GET /v1/lint asks for, and findings as JSON. */
#ifndef DAEMON_LINT_QUERY_H
#define DAEMON_LINT_QUERY_H

#include <jansson.h>

#include "core/lint.h"

#define LINT_UNUSED_SEC (90 * 86400)
#define LINT_EXPIRING_SEC (7 * 86400)
#define LINT_MIN_LEN_IPV4 8
#define LINT_MIN_LEN_IPV6 19
/* Findings of each check. */
#define LINT_FINDINGS 100
#define LINT_FINDINGS_MAX 1000

/* The lists it may name are those of the policy that the worker finds in force. */
struct lint_query {
	struct lint_options options;	     /* list and the callback are the worker's */
	char list_name[POLICY_NAME_MAX + 1]; /* empty: all */
};

/* FINDING of docs/control-api.md. */
json_t *finding_json(const struct lint_options *options, enum lint_check check,
		     const struct lint_finding *finding);

#endif
