/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the ABI's enum values, for answers and metrics. */
#ifndef DATAPATH_NAMES_H
#define DATAPATH_NAMES_H

#include "ipwl.h"

/* "other", "fragment", … indexed by enum ipwl_verdict. */
extern const char *const verdict_names[IPWL_VERDICT_COUNT];
/* The two verdicts that a list can give, indexed by enum ipwl_action. */
#define LIST_VERDICTS 2
extern const enum ipwl_verdict list_verdicts[IPWL_ACTION_COUNT][LIST_VERDICTS];
/* "none", "ipv4", "ipv6", indexed by enum ipwl_family. */
extern const char *const family_names[IPWL_FAMILY_COUNT];

#endif
