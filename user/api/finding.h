/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings of lint as JSON, the FINDING of docs/control-api.md. */
#ifndef API_FINDING_H
#define API_FINDING_H

#include <jansson.h>

#include "core/lint.h"

json_t *finding_json(const struct lint_options *options, enum lint_check check,
		     const struct lint_finding *finding);

#endif
