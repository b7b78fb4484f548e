/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The organisation of a name, by the list of public suffixes in libpsl. */
#include "learn/organisation.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

void organisation_of(const char *name, char ret_organisation[EVIDENCE_DOMAIN_BYTES])
{
	const char *registrable = NULL;

	/* Empty labels are no names. */
	if (*name != '.' && !strstr(name, ".."))
		registrable = psl_registrable_domain(psl_builtin(), name);
	snprintf(ret_organisation, EVIDENCE_DOMAIN_BYTES, "%s", registrable ? registrable : "");
}
