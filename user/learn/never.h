/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses that are never learned, whatever the evidence. */
#ifndef LEARN_NEVER_H
#define LEARN_NEVER_H

#include "config/learn.h"
#include "core/prefix_search.h"

/* What stands for an address in evidence: the address itself, or its IPv6 /64. */
struct prefix learn_subject(const struct prefix *address);

/* Why an address is never learned ("an address of this host"), a constant; NULL: it can be.
 * @own: the addresses of this host. */
const char *learn_refuse_address(const struct learn_settings *settings, struct prefix_array own,
				 const struct prefix *subject);

#endif
