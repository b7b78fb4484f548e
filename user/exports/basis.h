/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists that an export was made of. As long as they are the same, so is its text. */
#ifndef EXPORTS_BASIS_H
#define EXPORTS_BASIS_H

#include "config/config.h"
#include "core/policy.h"

struct export_basis;

/* Remember the lists that the text of this export depends on; those that do not exist, too. NULL:
 * out of memory, or the text depends on more than prefixes. */
struct export_basis *export_basis_new(const struct policy *policy,
				      const struct config_export *config);
/* NULL is fine, and stays NULL. NULL: out of memory. */
struct export_basis *export_basis_copy(const struct export_basis *basis);
/* NULL is fine. */
void export_basis_free(struct export_basis *basis);

/* Whether the lists have the same prefixes as then. NULL: that is not known. */
bool export_basis_is_same(const struct export_basis *basis, const struct policy *policy,
			  const struct config_export *config);

#endif
