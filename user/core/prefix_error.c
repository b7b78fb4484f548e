/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Explains to a person why a prefix does not parse, and what to write instead. */
#include "core/prefix_error.h"

#include <stdio.h>
#include <string.h>

/* Room for a quoted text, with its terminating zero. */
#define QUOTE_BYTES 72

/* Copy @text for use in a log line: only printable characters, not too long. */
static const char *quote(const char *text, size_t text_bytes, char quoted[QUOTE_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	static const char cut[] = "...";
	size_t used = 0;

	for (size_t i = 0; i < text_bytes; i++) {
		uint8_t byte = (uint8_t)text[i];

		if (used + 4 + sizeof(cut) > QUOTE_BYTES) {
			for (size_t j = 0; j + 1 < sizeof(cut); j++)
				quoted[used++] = cut[j];
			break;
		}
		if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
			quoted[used++] = (char)byte;
			continue;
		}
		quoted[used++] = '\\';
		quoted[used++] = 'x';
		quoted[used++] = hex[byte >> 4];
		quoted[used++] = hex[byte & 15];
	}
	quoted[used] = '\0';
	return quoted;
}

static void host_bits_message(const char *quoted, const struct prefix *raw,
			      char message[PREFIX_MESSAGE_BYTES])
{
	char network_text[PREFIX_TEXT_BYTES], address_text[PREFIX_TEXT_BYTES];
	struct prefix address = *raw;
	struct prefix network = *raw;

	address.len = prefix_max_len(address.family);
	if (prefix_is_mapped(raw)) {
		address = prefix_unmap(raw, 32);
		/* A length up to 32 refers to the IPv4 address. */
		if (raw->len >= 96)
			network = prefix_unmap(raw, (uint8_t)(raw->len - 96));
		else if (raw->len <= 32)
			network = prefix_unmap(raw, raw->len);
	}
	network = prefix_truncate(&network, network.len);
	snprintf(message, PREFIX_MESSAGE_BYTES,
		 "%s has host bits set: write %s for the network or %s for the one address", quoted,
		 prefix_format(&network, network_text),
		 prefix_format_short(&address, address_text));
}

/* Recognise incomplete addresses like "198.51.100" and "10.", which a few programs read as
 * networks. Return: the number of octets, 1 to 3; 0: it is another text. */
static int count_octets(const char *text, size_t text_bytes)
{
	int count = 0, digits = 0, value = 0;

	for (size_t i = 0; i < text_bytes; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			value = digits ? 10 * value + text[i] - '0' : text[i] - '0';
			count += digits++ == 0;
		} else if (text[i] == '.' && digits > 0) {
			digits = 0;
		} else {
			return 0;
		}
		if (digits > 3 || count > 3 || value > 255)
			return 0;
	}
	return text_bytes > 0 && memchr(text, '.', text_bytes) ? count : 0;
}

/* Explain known kinds of text that are not addresses. Return: whether @message was written. */
static bool no_address_message(const char *text, size_t text_bytes, const char *quoted,
			       char message[PREFIX_MESSAGE_BYTES])
{
	int octets = count_octets(text, text_bytes);

	if (octets > 0) {
		int bytes = (int)text_bytes - (text[text_bytes - 1] == '.');

		snprintf(message, PREFIX_MESSAGE_BYTES,
			 "\"%s\" is an incomplete address: write %.*s%s/%d for the network", quoted,
			 bytes, text, &".0.0.0"[2 * (octets - 1)], 8 * octets);
		return true;
	}
	if (text_bytes > 4 && (!memcmp(text, "ip4:", 4) || !memcmp(text, "ip6:", 4))) {
		snprintf(message, PREFIX_MESSAGE_BYTES,
			 "\"%s\" is an SPF mechanism: write the prefix without %.4s", quoted, text);
		return true;
	}
	return false;
}

static void garbage_message(const char *text, size_t text_bytes, size_t column,
			    char message[PREFIX_MESSAGE_BYTES])
{
	char before[QUOTE_BYTES], after[QUOTE_BYTES];

	if (text[column] == ',') {
		snprintf(message, PREFIX_MESSAGE_BYTES,
			 "unexpected \"%s\" after the prefix %s: remove the comma, and write one "
			 "prefix a "
			 "line",
			 quote(text + column, text_bytes - column, after),
			 quote(text, column, before));
		return;
	}
	snprintf(
	    message, PREFIX_MESSAGE_BYTES,
	    "unexpected \"%s\" after the prefix %s: write one address or network alone, without "
	    "port, zone or range",
	    quote(text + column, text_bytes - column, after), quote(text, column, before));
}

void prefix_error_message(enum prefix_error error, const char *text, size_t text_bytes,
			  char message[PREFIX_MESSAGE_BYTES])
{
	static const char *const advice[PREFIX_ERROR_COUNT] = {
		[PREFIX_OK] = "is a prefix",
		[PREFIX_EMPTY] = "is empty: write an address such as 192.0.2.1 or a network "
				 "such as 2001:db8::/32",
		[PREFIX_NOT_AN_ADDRESS] = "is not an IP address: write one such as 192.0.2.1 or "
					  "2001:db8::1, or a network such as 192.0.2.0/24",
		[PREFIX_LEADING_ZERO] = "has a number with a leading zero, which some read as "
					"octal: write the number without it",
		[PREFIX_BAD_LENGTH] =
		    "needs a decimal number after the slash: write the "
		    "length in bits, such as /24, or omit the slash for one address",
		[PREFIX_TOO_LONG] =
		    "has a prefix length that is too long: write at most /32 for IPv4 and "
		    "/128 for IPv6",
		[PREFIX_HOST_BITS] = "has host bits set: write the network's first address",
		[PREFIX_GARBAGE] = "has something after the prefix: write one prefix alone",
	};
	char quoted[QUOTE_BYTES];
	struct prefix raw = { 0 };
	size_t column;
	enum prefix_error found = prefix_parse_raw(text, text_bytes, &raw, &column);

	quote(text, text_bytes, quoted);
	if (error == PREFIX_HOST_BITS && !found)
		host_bits_message(quoted, &raw, message);
	else if (error == PREFIX_GARBAGE && found == PREFIX_GARBAGE)
		garbage_message(text, text_bytes, column, message);
	else if (error == PREFIX_NOT_AN_ADDRESS &&
		 no_address_message(text, text_bytes, quoted, message))
		return;
	else
		snprintf(message, PREFIX_MESSAGE_BYTES, "\"%s\" %s", quoted, advice[error]);
}
