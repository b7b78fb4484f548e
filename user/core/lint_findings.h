/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of lint share; others include lint.h. */
#ifndef CORE_LINT_FINDINGS_H
#define CORE_LINT_FINDINGS_H

#include "core/lint.h"

/* Count a finding, and keep it below the limit. Return: 0 or -ENOMEM. */
int lint_add(struct lint_findings *findings, size_t limit, const struct lint_finding *finding);

/* LINT_CONFLICT. Return: 0 or -ENOMEM. */
int lint_conflicts(const struct policy *policy, const struct lint_options *options,
		   struct lint_findings *findings);

#endif
