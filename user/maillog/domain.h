/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains as the log has them. */
#ifndef MAILLOG_DOMAIN_H
#define MAILLOG_DOMAIN_H

#include <stdbool.h>

#include "learn/evidence.h"
#include "maillog/scan.h"

/* Write the domain in lower case and with A-labels (RFC 5890). Return: whether it is one;
 * otherwise @ret_domain is empty. */
bool domain_read(const struct span *text, char ret_domain[EVIDENCE_DOMAIN_BYTES]);

#endif
