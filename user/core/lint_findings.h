/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of lint. Other files include lint.h. */
#ifndef CORE_LINT_FINDINGS_H
#define CORE_LINT_FINDINGS_H

#include "core/lint.h"

/* Count a finding. Keep it if there are fewer than @limit. Return: 0 or -ENOMEM. */
int lint_add(struct lint_findings *findings, size_t limit, const struct lint_finding *finding);

/* Make the check LINT_CONFLICT. Return: 0 or -ENOMEM. */
int lint_conflicts(const struct policy *policy, const struct lint_options *options,
		   struct lint_findings *findings);

#endif
