/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads fields of a log line from left to right, with the quoting of RFC 5321. */
#include "maillog/scan.h"

#include <string.h>

#include "base/number.h"

#define QUEUE_ID_BYTES_MIN 5

static size_t scan_left(const struct scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

bool span_is(const struct span *span, const char *word)
{
	return span->bytes == strlen(word) && !memcmp(span->at, word, span->bytes);
}

bool scan_is_at_end(const struct scan *scan)
{
	return scan->at == scan->end;
}

bool scan_word(struct scan *scan, const char *word)
{
	const size_t bytes = strlen(word);

	if (scan_left(scan) < bytes || memcmp(scan->at, word, bytes) != 0)
		return false;
	scan->at += bytes;
	return true;
}

bool scan_number(struct scan *scan, uint32_t *ret_number)
{
	int64_t number;
	size_t digits = number_scan(scan->at, scan_left(scan), &number);

	if (!digits || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	scan->at += digits;
	return true;
}

bool scan_value(struct scan *scan, struct span *ret_value)
{
	const char *at = scan->at;

	while (at<scan->end && * at> ' ' && *at != ',')
		at++;
	if (at == scan->at)
		return false;
	*ret_value = (struct span) { scan->at, (size_t)(at - scan->at) };
	scan->at = at;
	return true;
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool scan_queue_id(struct scan *scan, struct span *ret_id)
{
	const char *at = scan->at;

	while (at < scan->end && is_alphanumeric(*at))
		at++;
	if (at - scan->at < QUEUE_ID_BYTES_MIN)
		return false;
	*ret_id = (struct span) { scan->at, (size_t)(at - scan->at) };
	scan->at = at;
	return true;
}

/* The end of a quoted string that begins at @at, behind the closing quote; NULL: there is none. */
static const char *skip_quoted(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '"')
			return at + 1;
	}
	return NULL;
}

bool scan_address(struct scan *scan, struct mail_address *ret_address)
{
	const char *at = scan->at, *domain = NULL;

	if (at == scan->end || *at != '<')
		return false;
	for (at++; at && at < scan->end && *at != '>';) {
		const unsigned char c = (unsigned char)*at;

		if (c == '"' && !domain) {
			at = skip_quoted(at, scan->end);
			continue;
		}
		/* These are only written inside quotes. */
		if (c <= ' ' || strchr("<,;\"\\\x7f", c))
			return false;
		at++;
		if (c == '@')
			domain = at;
	}
	if (!at || at >= scan->end)
		return false;
	ret_address->text = (struct span) { scan->at + 1, (size_t)(at - scan->at - 1) };
	ret_address->domain =
	    (struct span) { domain ? domain : at, domain ? (size_t)(at - domain) : 0 };
	scan->at = at + 1;
	return true;
}

bool scan_bracketed(struct scan *scan, struct prefix *ret_address)
{
	const char *stop;
	struct prefix address;

	if (scan_is_at_end(scan) || *scan->at != '[')
		return false;
	for (stop = scan->at + 1; stop < scan->end && *stop != ']'; stop++)
		if (*stop <= ' ')
			return false;
	if (stop >= scan->end ||
	    prefix_parse(scan->at + 1, (size_t)(stop - scan->at - 1), &address, NULL) ||
	    address.len != prefix_max_len(address.family))
		return false;
	*ret_address = address;
	scan->at = stop + 1;
	return true;
}

bool scan_host(struct scan *scan, struct span *ret_name, struct prefix *ret_address)
{
	struct scan rest = *scan;
	struct span name = { scan->at, 0 };

	while (rest.at < rest.end && (is_alphanumeric(*rest.at) || strchr(".-_", *rest.at)) &&
	       *rest.at)
		rest.at++;
	name.bytes = (size_t)(rest.at - scan->at);
	if (!name.bytes || !scan_bracketed(&rest, ret_address))
		return false;
	if (span_is(&name, "unknown"))
		name.bytes = 0;
	*ret_name = name;
	*scan = rest;
	return true;
}
