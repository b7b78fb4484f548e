/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of members in the lists of providers. */
#include "formats/json_field.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 24

struct field {
	const char *name; /* only small letters and digits */
	enum json_role role;
};

/* Sorted by name. */
static const struct field fields[] = {
	{ "action", JSON_ACTION },
	{ "active", JSON_OFF_IF_FALSE },
	{ "address", JSON_ADDRESS },
	{ "addresses", JSON_ADDRESS },
	{ "addressprefix", JSON_ADDRESS },
	{ "addressprefixes", JSON_ADDRESS },
	{ "cidr", JSON_ADDRESS },
	{ "cidrlength", JSON_LENGTH },
	{ "cidrs", JSON_ADDRESS },
	{ "comment", JSON_REASON },
	{ "decision", JSON_ACTION },
	{ "deleted", JSON_OFF_IF_TRUE },
	{ "description", JSON_REASON },
	{ "disabled", JSON_OFF_IF_TRUE },
	{ "disposition", JSON_ACTION },
	{ "dstip", JSON_ADDRESS },
	{ "duration", JSON_EXPIRY },
	{ "enabled", JSON_OFF_IF_FALSE },
	{ "except", JSON_EXCEPTIONS },
	{ "exceptions", JSON_EXCEPTIONS },
	{ "exclude", JSON_EXCEPTIONS },
	{ "excluded", JSON_EXCEPTIONS },
	{ "excludes", JSON_EXCEPTIONS },
	{ "exclusions", JSON_EXCEPTIONS },
	{ "expiration", JSON_EXPIRY },
	{ "expired", JSON_OFF_IF_TRUE },
	{ "expires", JSON_EXPIRY },
	{ "expiresat", JSON_EXPIRY },
	{ "expiry", JSON_EXPIRY },
	{ "ignore", JSON_EXCEPTIONS },
	{ "inactive", JSON_OFF_IF_TRUE },
	{ "ip", JSON_ADDRESS },
	{ "ipaddress", JSON_ADDRESS },
	{ "ipaddresses", JSON_ADDRESS },
	{ "ipnetwork", JSON_ADDRESS },
	{ "ipnetworks", JSON_ADDRESS },
	{ "ipprefix", JSON_ADDRESS },
	{ "ipprefixes", JSON_ADDRESS },
	{ "iprange", JSON_ADDRESS },
	{ "ipranges", JSON_ADDRESS },
	{ "ips", JSON_ADDRESS },
	{ "ipv4", JSON_ADDRESS },
	{ "ipv4address", JSON_ADDRESS },
	{ "ipv4addresses", JSON_ADDRESS },
	{ "ipv4cidr", JSON_ADDRESS },
	{ "ipv4cidrs", JSON_ADDRESS },
	{ "ipv4network", JSON_ADDRESS },
	{ "ipv4networks", JSON_ADDRESS },
	{ "ipv4prefix", JSON_ADDRESS },
	{ "ipv4prefixes", JSON_ADDRESS },
	{ "ipv6", JSON_ADDRESS },
	{ "ipv6address", JSON_ADDRESS },
	{ "ipv6addresses", JSON_ADDRESS },
	{ "ipv6cidr", JSON_ADDRESS },
	{ "ipv6cidrs", JSON_ADDRESS },
	{ "ipv6network", JSON_ADDRESS },
	{ "ipv6networks", JSON_ADDRESS },
	{ "ipv6prefix", JSON_ADDRESS },
	{ "ipv6prefixes", JSON_ADDRESS },
	{ "iswhitelisted", JSON_TRUSTED_IF_TRUE },
	{ "jdcloudcidrs", JSON_ADDRESS },
	{ "mask", JSON_LENGTH },
	{ "masklength", JSON_LENGTH },
	{ "name", JSON_NAME },
	{ "netblock", JSON_ADDRESS },
	{ "netblocks", JSON_ADDRESS },
	{ "netmask", JSON_LENGTH },
	{ "network", JSON_ADDRESS },
	{ "networks", JSON_ADDRESS },
	{ "not", JSON_EXCEPTIONS },
	{ "note", JSON_REASON },
	{ "notes", JSON_REASON },
	{ "policy", JSON_ACTION },
	{ "prefix", JSON_ADDRESS },
	{ "prefixes", JSON_ADDRESS },
	{ "prefixlen", JSON_LENGTH },
	{ "prefixlength", JSON_LENGTH },
	{ "prefixsize", JSON_LENGTH },
	{ "range", JSON_ADDRESS },
	{ "ranges", JSON_ADDRESS },
	{ "reason", JSON_REASON },
	{ "revoked", JSON_OFF_IF_TRUE },
	{ "service", JSON_NAME },
	{ "servicearea", JSON_NAME },
	{ "simulated", JSON_OFF_IF_TRUE },
	{ "subnet", JSON_ADDRESS },
	{ "subnetmask", JSON_LENGTH },
	{ "subnets", JSON_ADDRESS },
	{ "type", JSON_ACTION },
	{ "verdict", JSON_ACTION },
	{ "whitelisted", JSON_TRUSTED_IF_TRUE },
	{ "wildcard", JSON_LENGTH },
};

static int compare_names(const void *name, const void *field)
{
	return strcmp(name, ((const struct field *)field)->name);
}

enum json_role json_field_role(const char *name)
{
	char plain[NAME_BYTES];
	const struct field *field;
	size_t used = 0;

	for (const char *c = name; *c != '\0'; c++) {
		char small = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;

		if (*c == '_' || *c == '-' || *c == '.' || *c == ' ')
			continue;
		if (used + 1 == NAME_BYTES)
			return JSON_OTHER;
		plain[used++] = small;
	}
	plain[used] = '\0';
	field = bsearch(plain, fields, sizeof(fields) / sizeof(fields[0]), sizeof(fields[0]),
			compare_names);
	return field ? field->role : JSON_OTHER;
}
