/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the ABI's enum values. */
#include "datapath/names.h"

const char *const verdict_names[IPWL_VERDICT_COUNT] = {
	[IPWL_OTHER] = "other",
	[IPWL_FRAGMENT] = "fragment",
	[IPWL_MALFORMED] = "malformed",
	[IPWL_UNLISTED] = "unlisted",
	[IPWL_ALLOW] = "allow",
	[IPWL_AVERTED] = "averted",
	[IPWL_WOULD_BLOCK] = "would_block",
	[IPWL_BLOCK] = "block",
	[IPWL_WOULD_LIMIT] = "would_limit",
	[IPWL_LIMITED] = "limited",
};

const enum ipwl_verdict list_verdicts[IPWL_ACTION_COUNT][LIST_VERDICTS] = {
	[IPWL_ACTION_ALLOW] = { IPWL_ALLOW, IPWL_AVERTED },
	[IPWL_ACTION_BLOCK] = { IPWL_WOULD_BLOCK, IPWL_BLOCK },
};

const char *const family_names[IPWL_FAMILY_COUNT] = {
	[IPWL_FAMILY_NONE] = "none",
	[IPWL_FAMILY_IPV4] = "ipv4",
	[IPWL_FAMILY_IPV6] = "ipv6",
};
