/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads the text of a listing. */
#include "dns/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

#define HEAD "listing 1"
#define END "end"

/* ---- names ---------------------------------------------------------------------- */

bool dns_listing_name(const struct prefix *address, const char *zone, char ret_name[DNS_NAME_BYTES])
{
	const bool is_ipv4 = address->family == FAMILY_IPV4;
	char reversed[2 * 32 + 1];
	size_t used = 0;

	for (int i = is_ipv4 ? 3 : 15; i >= 0; i--) {
		const unsigned int byte = address->addr[i];

		used += is_ipv4 ? (size_t)snprintf(reversed + used, sizeof(reversed) - used, "%u.",
						   byte)
				: (size_t)snprintf(reversed + used, sizeof(reversed) - used,
						   "%x.%x.", byte & 15, byte >> 4);
	}
	return snprintf(ret_name, DNS_NAME_BYTES, "%s%s", reversed, zone) < DNS_NAME_BYTES;
}

/* ---- writing --------------------------------------------------------------------- */

int dns_listing_write(const struct dns_listing *listing, FILE *stream)
{
	char text[PREFIX_TEXT_BYTES], message[DNS_MESSAGE_BYTES];

	fputs(HEAD "\n", stream);
	for (size_t i = 0; i < listing->count; i++) {
		const struct dns_listed *item = &listing->items[i];

		fprintf(stream, "listed %s %s %" PRIu32, prefix_format_short(&item->address, text),
			dns_status_names[item->status], item->ttl_sec);
		for (size_t j = 0; j < item->answer_count; j++)
			fprintf(stream, " %s", prefix_format_short(&item->answers[j], text));
		fputc('\n', stream);
	}
	snprintf(message, sizeof(message), "%s", listing->message);
	utf8_sanitize(message, strlen(message));
	if (*message)
		fprintf(stream, "message %s\n", message);
	fputs(END "\n", stream);
	return ferror(stream) || fflush(stream) ? -EIO : 0;
}

/* ---- reading ---------------------------------------------------------------------- */

static bool read_address(const char *word, struct prefix *ret_address)
{
	return word && prefix_parse(word, strlen(word), ret_address, NULL) == PREFIX_OK &&
	       ret_address->len == prefix_max_len((enum family)ret_address->family);
}

static bool read_status(const char *word, enum dns_status *ret_status)
{
	for (int status = 0; word && status < DNS_STATUS_COUNT; status++) {
		if (strcmp(dns_status_names[status], word) != 0)
			continue;
		*ret_status = (enum dns_status)status;
		return status != DNS_PERMANENT;
	}
	return false;
}

static bool read_item(char *rest, struct dns_listed *ret_item)
{
	struct dns_listed item = { .status = DNS_TEMPORARY };
	const char *word;
	int64_t ttl_sec;

	if (!read_address(strsep(&rest, " "), &item.address) ||
	    !read_status(strsep(&rest, " "), &item.status))
		return false;
	word = strsep(&rest, " ");
	if (!word || !number_parse(word, 0, UINT32_MAX, &ttl_sec))
		return false;
	item.ttl_sec = (uint32_t)ttl_sec;
	while ((word = strsep(&rest, " "))) {
		struct prefix *answer = &item.answers[item.answer_count];

		if (item.answer_count == DNS_LISTED_ANSWERS_MAX || !read_address(word, answer) ||
		    answer->family != FAMILY_IPV4)
			return false;
		item.answer_count++;
	}
	*ret_item = item;
	return (item.status == DNS_OK) == (item.answer_count > 0);
}

static bool read_line(char *line, struct dns_listing *listing)
{
	char *rest = line;
	const char *key = strsep(&rest, " ");

	if (!rest)
		return false;
	if (!strcmp(key, "listed"))
		return listing->count < DNS_ADDRESSES_MAX && !*listing->message &&
		       read_item(rest, &listing->items[listing->count++]);
	if (strcmp(key, "message") != 0 || *listing->message || !*rest ||
	    strlen(rest) >= sizeof(listing->message))
		return false;
	snprintf(listing->message, sizeof(listing->message), "%s", rest);
	utf8_sanitize(listing->message, strlen(listing->message));
	return true;
}

int dns_listing_read(const char *text, size_t bytes, struct dns_listing *ret_listing)
{
	struct dns_listing listing = { .count = 0 };
	char copy[DNS_LISTING_TEXT_BYTES_MAX + 1];
	char *rest = copy, *line;

	if (bytes >= sizeof(copy) || memchr(text, '\0', bytes))
		return -EBADMSG;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	line = strsep(&rest, "\n");
	if (strcmp(line, HEAD) != 0)
		return -EBADMSG;
	while ((line = strsep(&rest, "\n")) && strcmp(line, END) != 0)
		if (!read_line(line, &listing))
			return -EBADMSG;
	if (!line || !rest || *rest)
		return -EBADMSG;
	*ret_listing = listing;
	return 0;
}
