/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The organisation that a host name belongs to. */
#ifndef LEARN_ORGANISATION_H
#define LEARN_ORGANISATION_H

#include "learn/evidence.h"

/* Write the last two labels of @name, or the last three if the last but one is a short second
 * level such as in example.co.uk. "" if the name has no two labels. */
void organisation_of(const char *name, char ret_organisation[EVIDENCE_DOMAIN_BYTES]);

#endif
