/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads names of hosts, and writes a scope for people. */
#include "core/scope.h"

#include <stdio.h>
#include <string.h>

bool scope_is_host(const char *text)
{
	return strlen(text) <= SCOPE_HOST_BYTES_MAX && policy_is_name(text);
}

bool scope_are_hosts(const char *text)
{
	char host[SCOPE_HOST_BYTES_MAX + 1];

	if (strlen(text) > SCOPE_HOSTS_BYTES_MAX)
		return false;
	for (;;) {
		const size_t bytes = strcspn(text, ",");

		if (bytes > SCOPE_HOST_BYTES_MAX)
			return false;
		memcpy(host, text, bytes);
		host[bytes] = '\0';
		if (!policy_is_name(host))
			return false;
		if (!text[bytes])
			return true;
		text += bytes + 1;
	}
}

static bool hosts_have(const char *hosts, const char *host)
{
	const size_t host_bytes = strlen(host);

	for (;;) {
		const size_t bytes = strcspn(hosts, ",");

		if (bytes == host_bytes && !memcmp(hosts, host, bytes))
			return true;
		if (!hosts[bytes])
			return false;
		hosts += bytes + 1;
	}
}

bool scope_has(const struct scope *scope, const char *host)
{
	return (!scope->only_hosts || hosts_have(scope->only_hosts, host)) &&
	       !(scope->not_hosts && hosts_have(scope->not_hosts, host));
}

const char *scope_origin(const struct scope *scope, const char *origin,
			 char text[SCOPE_ORIGIN_BYTES])
{
	const char *only = scope->only_hosts, *not = scope->not_hosts;

	if (!scope->is_local && !only && !not )
		return origin;
	snprintf(text, SCOPE_ORIGIN_BYTES, "%.255s%s(%s%s%s%s%s%s)", origin ? origin : "",
		 origin ? " " : "", scope->is_local ? "local" : "",
		 scope->is_local && (only || not ) ? ", " : "", only ? "only on " : "",
		 only ? only : "", not ? (only ? ", not on " : "not on ") : "", not ? not : "");
	return text;
}
