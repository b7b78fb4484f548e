/* SPDX-License-Identifier: GPL-2.0-or-later */
/* On which hosts of a fleet an entry is in force. */
#ifndef CORE_SCOPE_H
#define CORE_SCOPE_H

#include <stdbool.h>

#include "core/policy.h"

/* Longest text of names with commas between them, without the terminating zero. */
#define SCOPE_HOSTS_BYTES_MAX 1024
/* Longest name of a host, without the terminating zero. */
#define SCOPE_HOST_BYTES_MAX POLICY_NAME_MAX

/* All zero: on all hosts. */
struct scope {
	bool is_local;		/* nobody else is told of the entry */
	const char *only_hosts; /* "mx1,mx2": on these hosts; NULL: on all */
	const char *not_hosts;	/* but not on these; NULL: there are none */
};

/* Whether text may be the name of a host. */
bool scope_is_host(const char *text);
/* Whether text is names of hosts with commas between them. */
bool scope_are_hosts(const char *text);
/* Whether an entry with this scope is in force on a host. */
bool scope_has(const struct scope *scope, const char *host);

#define SCOPE_ORIGIN_BYTES 2560

/* Write an origin with its scope: "alice (only on mx1,mx2)", "alice (local)". Returns @text, or
 * @origin if the scope is all hosts. @origin may be NULL. */
const char *scope_origin(const struct scope *scope, const char *origin,
			 char text[SCOPE_ORIGIN_BYTES]);

#endif
