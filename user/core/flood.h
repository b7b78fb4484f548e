/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shield against floods of SYNs, as a person writes it (ipwl_flood.h says what holds). */
#ifndef CORE_FLOOD_H
#define CORE_FLOOD_H

#include <stdint.h>

#include "ipwl_flood.h"

struct flood {
	enum ipwl_flood_mode mode;
	uint32_t threshold; /* SYNs a second above which the shield is on; at least 2 */
	uint32_t quiet_sec; /* below half of it, until the shield is off */
};

#define FLOOD_THRESHOLD_MIN 100
#define FLOOD_THRESHOLD_MAX 10000000
#define FLOOD_QUIET_MIN_SEC 1
#define FLOOD_QUIET_MAX_SEC 3600

/* "off", "monitor", "enforce", indexed by enum ipwl_flood_mode. */
extern const char *const flood_mode_names[IPWL_FLOOD_ENFORCE + 1];
/* "answered", "would_answer", "odd", "refused". */
extern const char *const flood_outcome_names[IPWL_FLOOD_OUTCOME_COUNT];

/* Whether the kernel gives SYN cookies to listeners (net.ipv4.tcp_syncookies). */
enum flood_cookies {
	FLOOD_COOKIES_UNKNOWN,
	FLOOD_COOKIES_NEVER,	 /* 0, or a kernel without: the shield can answer nothing */
	FLOOD_COOKIES_WHEN_FULL, /* 1: once the queue of the listener is full */
	FLOOD_COOKIES_ALWAYS,	 /* 2 */
	FLOOD_COOKIES_COUNT,
};
/* "unknown", "never", "when_full", "always". */
extern const char *const flood_cookies_names[FLOOD_COOKIES_COUNT];

#endif
