/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of members and columns in the lists of providers. */
#include "formats/field.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 24

struct field {
	const char *name; /* only small letters and digits */
	enum field_role role;
};

/* Sorted by name. */
static const struct field fields[] = {
	{ "action", FIELD_ACTION },	    { "active", FIELD_OFF_IF_FALSE },
	{ "address", FIELD_ADDRESS },	    { "addresses", FIELD_ADDRESS },
	{ "addressprefix", FIELD_ADDRESS }, { "addressprefixes", FIELD_ADDRESS },
	{ "cidr", FIELD_ADDRESS },	    { "cidrlength", FIELD_LENGTH },
	{ "cidrs", FIELD_ADDRESS },	    { "comment", FIELD_REASON },
	{ "decision", FIELD_ACTION },	    { "deleted", FIELD_OFF_IF_TRUE },
	{ "description", FIELD_REASON },    { "disabled", FIELD_OFF_IF_TRUE },
	{ "disposition", FIELD_ACTION },    { "dstip", FIELD_ADDRESS },
	{ "duration", FIELD_EXPIRY },	    { "enabled", FIELD_OFF_IF_FALSE },
	{ "except", FIELD_EXCEPTIONS },	    { "exceptions", FIELD_EXCEPTIONS },
	{ "exclude", FIELD_EXCEPTIONS },    { "excluded", FIELD_EXCEPTIONS },
	{ "excludes", FIELD_EXCEPTIONS },   { "exclusions", FIELD_EXCEPTIONS },
	{ "expiration", FIELD_EXPIRY },	    { "expired", FIELD_OFF_IF_TRUE },
	{ "expires", FIELD_EXPIRY },	    { "expiresat", FIELD_EXPIRY },
	{ "expiry", FIELD_EXPIRY },	    { "ignore", FIELD_EXCEPTIONS },
	{ "inactive", FIELD_OFF_IF_TRUE },  { "ip", FIELD_ADDRESS },
	{ "ipaddress", FIELD_ADDRESS },	    { "ipaddresses", FIELD_ADDRESS },
	{ "ipnetwork", FIELD_ADDRESS },	    { "ipnetworks", FIELD_ADDRESS },
	{ "ipprefix", FIELD_ADDRESS },	    { "ipprefixes", FIELD_ADDRESS },
	{ "iprange", FIELD_ADDRESS },	    { "ipranges", FIELD_ADDRESS },
	{ "ips", FIELD_ADDRESS },	    { "ipv4", FIELD_ADDRESS },
	{ "ipv4address", FIELD_ADDRESS },   { "ipv4addresses", FIELD_ADDRESS },
	{ "ipv4cidr", FIELD_ADDRESS },	    { "ipv4cidrs", FIELD_ADDRESS },
	{ "ipv4network", FIELD_ADDRESS },   { "ipv4networks", FIELD_ADDRESS },
	{ "ipv4prefix", FIELD_ADDRESS },    { "ipv4prefixes", FIELD_ADDRESS },
	{ "ipv6", FIELD_ADDRESS },	    { "ipv6address", FIELD_ADDRESS },
	{ "ipv6addresses", FIELD_ADDRESS }, { "ipv6cidr", FIELD_ADDRESS },
	{ "ipv6cidrs", FIELD_ADDRESS },	    { "ipv6network", FIELD_ADDRESS },
	{ "ipv6networks", FIELD_ADDRESS },  { "ipv6prefix", FIELD_ADDRESS },
	{ "ipv6prefixes", FIELD_ADDRESS },  { "iswhitelisted", FIELD_TRUSTED_IF_TRUE },
	{ "jdcloudcidrs", FIELD_ADDRESS },  { "mask", FIELD_LENGTH },
	{ "masklength", FIELD_LENGTH },	    { "name", FIELD_NAME },
	{ "netblock", FIELD_ADDRESS },	    { "netblocks", FIELD_ADDRESS },
	{ "netmask", FIELD_LENGTH },	    { "network", FIELD_ADDRESS },
	{ "networks", FIELD_ADDRESS },	    { "not", FIELD_EXCEPTIONS },
	{ "note", FIELD_REASON },	    { "notes", FIELD_REASON },
	{ "policy", FIELD_ACTION },	    { "prefix", FIELD_ADDRESS },
	{ "prefixes", FIELD_ADDRESS },	    { "prefixlen", FIELD_LENGTH },
	{ "prefixlength", FIELD_LENGTH },   { "prefixsize", FIELD_LENGTH },
	{ "range", FIELD_ADDRESS },	    { "ranges", FIELD_ADDRESS },
	{ "reason", FIELD_REASON },	    { "revoked", FIELD_OFF_IF_TRUE },
	{ "scenario", FIELD_NAME },	    { "service", FIELD_NAME },
	{ "servicearea", FIELD_NAME },	    { "simulated", FIELD_OFF_IF_TRUE },
	{ "subnet", FIELD_ADDRESS },	    { "subnetmask", FIELD_LENGTH },
	{ "subnets", FIELD_ADDRESS },	    { "type", FIELD_ACTION },
	{ "verdict", FIELD_ACTION },	    { "whitelisted", FIELD_TRUSTED_IF_TRUE },
	{ "wildcard", FIELD_LENGTH },
};

static int compare_names(const void *name, const void *field)
{
	return strcmp(name, ((const struct field *)field)->name);
}

enum field_role field_role_of(const char *name)
{
	char plain[NAME_BYTES];
	const struct field *field;
	size_t used = 0;

	for (const char *c = name; *c != '\0'; c++) {
		char small = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;

		if (*c == '_' || *c == '-' || *c == '.' || *c == ' ')
			continue;
		if (used + 1 == NAME_BYTES)
			return FIELD_OTHER;
		plain[used++] = small;
	}
	plain[used] = '\0';
	field = bsearch(plain, fields, sizeof(fields) / sizeof(fields[0]), sizeof(fields[0]),
			compare_names);
	return field ? field->role : FIELD_OTHER;
}
