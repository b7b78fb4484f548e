/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists that an export was made of. As long as they are the same, so is its text. */
#ifndef EXPORTS_BASIS_H
#define EXPORTS_BASIS_H

#include "core/policy.h"

struct export_basis;

/* Remember the lists of these names; those that do not exist, too. NULL: out of memory. */
struct export_basis *export_basis_new(const struct policy *policy, char *const names[],
				      size_t count);
/* NULL is fine, and stays NULL. NULL: out of memory. */
struct export_basis *export_basis_copy(const struct export_basis *basis);
/* NULL is fine. */
void export_basis_free(struct export_basis *basis);

/* Whether the lists have the same prefixes as then. NULL: that is not known. */
bool export_basis_is_same(const struct export_basis *basis, const struct policy *policy,
			  char *const names[], size_t count);

#endif
