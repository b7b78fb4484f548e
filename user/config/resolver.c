/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `resolver:`, which resolvers are asked about domains. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "config/parts.h"
#include "core/prefix.h"
#include "dns/request.h"

#define TIMEOUT_MIN_SEC 1

enum resolver_key {
	RESOLVER_SERVERS,
	RESOLVER_REQUIRE_AD,
	RESOLVER_TIMEOUT,
	RESOLVER_PROVIDERS,
	RESOLVER_KEY_COUNT,
};

static const char *const resolver_keys[] = {
	[RESOLVER_SERVERS] = "servers",
	[RESOLVER_REQUIRE_AD] = "require_ad",
	[RESOLVER_TIMEOUT] = "timeout",
	[RESOLVER_PROVIDERS] = "providers",
};
_Static_assert(sizeof(resolver_keys) / sizeof(resolver_keys[0]) == RESOLVER_KEY_COUNT, "all");

/* Parse ADDRESS, IPV4:PORT or [IPV6]:PORT. */
static bool server_parse(const char *text, struct prefix *ret_address)
{
	const bool has_brackets = *text == '[';
	const char *address = text + has_brackets;
	size_t bytes = has_brackets ? strcspn(address, "]") : strlen(address);
	const char *port = NULL;
	int64_t number;

	if (has_brackets) {
		if (address[bytes] != ']')
			return false;
		if (address[bytes + 1] == ':')
			port = &address[bytes + 2];
		else if (address[bytes + 1])
			return false;
	} else if (strchr(address, ':') == strrchr(address, ':') && strchr(address, ':')) {
		bytes = strcspn(address, ":");
		port = &address[bytes + 1];
	}
	if (port && !number_parse(port, 1, UINT16_MAX, &number))
		return false;
	return prefix_parse(address, bytes, ret_address, NULL) == PREFIX_OK &&
	       !memchr(address, '/', bytes);
}

static bool is_loopback(const struct prefix *address)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	return address->family == FAMILY_IPV4 ? address->addr[0] == 127
					      : !memcmp(address->addr, loopback6, 16);
}

/* Join the servers as a request has them. */
static int read_servers(struct document *document, const yaml_node_t *node,
			struct resolver_settings *settings)
{
	char joined[DNS_SERVERS_BYTES] = "";
	size_t count, used = 0;

	document_sequence(document, node, "servers", &count);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, "a server");
		struct prefix address;

		if (!text)
			continue;
		if (!server_parse(text, &address))
			document_error(document, item,
				       "\"%.80s\" is not a resolver: write 127.0.0.1, "
				       "127.0.0.1:5353, ::1 or \"[::1]:5353\"",
				       text);
		else if (settings->requires_ad && !is_loopback(&address))
			document_error(document, item,
				       "require_ad needs resolvers on this host, because others "
				       "could set the mark on the way: remove %.80s",
				       text);
		else if (used + strlen(text) + 2 > sizeof(joined))
			document_error(document, item, "too many servers: remove some");
		else
			used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%s%s",
						 used ? "," : "", text);
	}
	if (!used)
		return 0;
	settings->servers = strdup(joined);
	return settings->servers ? 0 : -ENOMEM;
}

/* Join the providers by blanks. */
static int read_providers(struct document *document, const yaml_node_t *node,
			  struct resolver_settings *settings)
{
	size_t bytes;
	FILE *stream = open_memstream(&settings->providers, &bytes);
	size_t count, used = 0;

	if (!stream)
		return -ENOMEM;
	document_sequence(document, node, "providers", &count);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, "a provider");
		struct domain_term term;

		if (!text)
			continue;
		if (domain_term_parse(text, &term) && !term.is_spf)
			fprintf(stream, "%s%s", used++ ? " " : "", term.name);
		else
			document_error(document, item,
				       "\"%.80s\" is not a domain: write spf.provider.example",
				       text);
	}
	if (fclose(stream))
		return -ENOMEM;
	if (!used) {
		free(settings->providers);
		settings->providers = NULL;
	}
	return 0;
}

void resolver_done(struct resolver_settings *settings)
{
	free(settings->servers);
	free(settings->providers);
}

int resolver_read(struct document *document, const yaml_node_t *node,
		  struct resolver_settings *settings)
{
	static const char *const words[] = { "false", "true" };
	yaml_node_t *values[RESOLVER_KEY_COUNT];
	size_t choice;
	int err = 0;

	*settings = (struct resolver_settings) { .timeout_sec = RESOLVER_DEFAULT_TIMEOUT_SEC };
	if (!node || !document_mapping(document, node, "resolver", resolver_keys,
				       RESOLVER_KEY_COUNT, values))
		return 0;
	if (values[RESOLVER_REQUIRE_AD] &&
	    document_choice(document, values[RESOLVER_REQUIRE_AD],
			    resolver_keys[RESOLVER_REQUIRE_AD], words, 2, &choice))
		settings->requires_ad = choice == 1;
	document_duration(document, values[RESOLVER_TIMEOUT], resolver_keys[RESOLVER_TIMEOUT],
			  TIMEOUT_MIN_SEC, DNS_TIMEOUT_MAX_SEC, &settings->timeout_sec);
	if (values[RESOLVER_SERVERS])
		err = read_servers(document, values[RESOLVER_SERVERS], settings);
	if (!err && values[RESOLVER_PROVIDERS])
		err = read_providers(document, values[RESOLVER_PROVIDERS], settings);
	return err;
}
