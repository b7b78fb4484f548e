/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The organisation that a host name belongs to. */
#ifndef LEARN_ORGANISATION_H
#define LEARN_ORGANISATION_H

#include "learn/evidence.h"

/* Write the part of @name that an organisation registers: partner.co.uk of
 * mx1.partner.co.uk. "" if the name has none, because it is a public suffix or one label.
 * @name is in lower case, with A-labels. See https://publicsuffix.org/. */
void organisation_of(const char *name, char ret_organisation[EVIDENCE_DOMAIN_BYTES]);

#endif
