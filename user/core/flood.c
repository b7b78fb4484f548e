// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of the shield against floods. */
#include "core/flood.h"

const char *const flood_mode_names[] = {
	[IPWL_FLOOD_OFF] = "off",
	[IPWL_FLOOD_MONITOR] = "monitor",
	[IPWL_FLOOD_ENFORCE] = "enforce",
};

const char *const flood_outcome_names[] = {
	[IPWL_FLOOD_ANSWERED] = "answered",
	[IPWL_FLOOD_WOULD_ANSWER] = "would_answer",
	[IPWL_FLOOD_ODD] = "odd",
	[IPWL_FLOOD_REFUSED] = "refused",
};

const char *const flood_cookies_names[] = {
	[FLOOD_COOKIES_UNKNOWN] = "unknown",
	[FLOOD_COOKIES_NEVER] = "never",
	[FLOOD_COOKIES_WHEN_FULL] = "when_full",
	[FLOOD_COOKIES_ALWAYS] = "always",
};
