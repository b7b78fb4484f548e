/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads the text of a request. */
#include "dns/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

const char *const dns_kind_names[DNS_KIND_COUNT] = {
	[DNS_SPF] = "spf", [DNS_HOST] = "host", [DNS_LIST] = "list"
};

static const char *const shortest_keys[FAMILY_COUNT] = { "shortest_ipv4", "shortest_ipv6" };

static void write_addresses(FILE *stream, const struct dns_request *request)
{
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < request->address_count; i++)
		fprintf(stream, "%s%s", i ? "," : "addresses ",
			prefix_format_short(&request->addresses[i], text));
	if (request->address_count)
		fputc('\n', stream);
}

int dns_request_write(int fd, const struct dns_request *request)
{
	char text[DNS_REQUEST_TEXT_BYTES_MAX];
	size_t bytes;
	FILE *stream = fmemopen(text, sizeof(text), "w");

	if (!stream)
		return -errno;
	fprintf(stream, "kind %s\nname %s\ntimeout_sec %u\n", dns_kind_names[request->kind],
		request->name, request->timeout_sec);
	if (request->needs_authenticated)
		fputs("authenticated yes\n", stream);
	if (*request->servers)
		fprintf(stream, "servers %s\n", request->servers);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (request->shortest[family])
			fprintf(stream, "%s %d\n", shortest_keys[family],
				request->shortest[family]);
	if (request->skips_reserved)
		fputs("reserved skip\n", stream);
	write_addresses(stream, request);
	bytes = (size_t)ftell(stream);
	if (fclose(stream))
		return -errno;
	return dprintf(fd, "%.*s", (int)bytes, text) == (int)bytes ? 0 : -EIO;
}

/* ---- reading ---------------------------------------------------------------- */

static bool take_kind(struct dns_request *request, const char *value)
{
	for (int kind = 0; kind < DNS_KIND_COUNT; kind++) {
		if (strcmp(dns_kind_names[kind], value) != 0)
			continue;
		request->kind = (enum dns_kind)kind;
		return true;
	}
	return false;
}

static bool take_servers(struct dns_request *request, const char *value)
{
	if (strlen(value) >= sizeof(request->servers))
		return false;
	snprintf(request->servers, sizeof(request->servers), "%s", value);
	return true;
}

static bool take_addresses(struct dns_request *request, char *value)
{
	char *word;

	request->address_count = 0;
	while ((word = strsep(&value, ","))) {
		struct prefix *address = &request->addresses[request->address_count];

		if (request->address_count == DNS_ADDRESSES_MAX ||
		    prefix_parse(word, strlen(word), address, NULL) != PREFIX_OK ||
		    address->len != prefix_max_len((enum family)address->family))
			return false;
		request->address_count++;
	}
	return true;
}

static bool take_number(const char *value, int64_t max, int64_t *ret_number)
{
	return number_parse(value, 1, max, ret_number);
}

static bool take_value(struct dns_request *request, const char *key, char *value)
{
	int64_t number;

	if (!strcmp(key, "kind"))
		return take_kind(request, value);
	if (!strcmp(key, "name"))
		return dns_name_normalise(value, strlen(value), request->name);
	if (!strcmp(key, "servers"))
		return take_servers(request, value);
	if (!strcmp(key, "addresses"))
		return take_addresses(request, value);
	if (!strcmp(key, "authenticated"))
		return request->needs_authenticated = !strcmp(value, "yes");
	if (!strcmp(key, "reserved"))
		return request->skips_reserved = !strcmp(value, "skip");
	if (!strcmp(key, "timeout_sec")) {
		if (!take_number(value, DNS_TIMEOUT_MAX_SEC, &number))
			return false;
		request->timeout_sec = (unsigned int)number;
		return true;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (strcmp(key, shortest_keys[family]) != 0)
			continue;
		if (!take_number(value, prefix_max_len((enum family)family), &number))
			return false;
		request->shortest[family] = (uint8_t)number;
		return true;
	}
	return false;
}

int dns_request_read(const char *text, size_t bytes, struct dns_request *ret_request)
{
	struct dns_request request = { .timeout_sec = 0 };
	char copy[DNS_REQUEST_TEXT_BYTES_MAX + 1];
	char *rest = copy, *line, *value;

	if (bytes >= sizeof(copy) || memchr(text, '\0', bytes))
		return -EBADMSG;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	while ((line = strsep(&rest, "\n")) && *line) {
		value = strchr(line, ' ');
		if (!value)
			return -EBADMSG;
		*value++ = '\0';
		if (!take_value(&request, line, value))
			return -EBADMSG;
	}
	if (!*request.name || !request.timeout_sec ||
	    (request.kind == DNS_LIST) != (request.address_count > 0))
		return -EBADMSG;
	*ret_request = request;
	return 0;
}
