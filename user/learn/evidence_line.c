/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes and reads evidence as text. The text may come from a stranger or through a program
 * that a stranger controls, so nothing in it is believed. */
#include "learn/evidence_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

#define LABEL_BYTES_MAX 63
/* The last second of the year 9999. */
#define TIME_MAX_SEC INT64_C(253402300799)

enum field {
	FIELD_SOURCE,
	FIELD_KIND,
	FIELD_TIME,
	FIELD_ADDRESS,
	FIELD_DOMAIN,
	FIELD_NAME,
	FIELD_PERSON,
	FIELD_RECIPIENTS,
	FIELD_COUNT,
};

bool evidence_is_domain(const char *text)
{
	size_t label_bytes = 0, bytes = 0;
	bool has_letter = false; /* in the last label: 192.0.2.1 is no domain */

	for (; text[bytes]; bytes++) {
		const char c = text[bytes];
		const bool is_letter = (c >= 'a' && c <= 'z') || c == '_';

		if (c == '.') {
			if (!label_bytes)
				return false;
			label_bytes = 0;
			has_letter = false;
			continue;
		}
		if (!is_letter && (c < '0' || c > '9') && c != '-')
			return false;
		has_letter |= is_letter;
		if (++label_bytes > LABEL_BYTES_MAX)
			return false;
	}
	return label_bytes && has_letter && bytes < EVIDENCE_DOMAIN_BYTES;
}

/* ---- write ---------------------------------------------------------------- */

static size_t text_escape(const char *text, char *out)
{
	static const char digits[] = "0123456789abcdef";
	char *end = out;

	if (!*text) {
		*out = '-';
		return 1;
	}
	if (!strcmp(text, "-")) {
		memcpy(out, "%2d", sizeof("%2d"));
		return strlen("%2d");
	}
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && c != '%') {
			*end++ = (char)c;
			continue;
		}
		*end++ = '%';
		*end++ = digits[c >> 4];
		*end++ = digits[c & 15];
	}
	return (size_t)(end - out);
}

size_t evidence_line_write(const struct evidence *evidence, char line[EVIDENCE_LINE_BYTES])
{
	char address[PREFIX_TEXT_BYTES] = "-";
	const char *const texts[] = { evidence->domain, evidence->name, evidence->person };
	size_t bytes;

	if (evidence->has_address)
		prefix_format_short(&evidence->address, address);
	bytes = (size_t)snprintf(line, EVIDENCE_LINE_BYTES, "%s %s %" PRId64 " %s",
				 evidence_source_names[evidence->source],
				 evidence_kind_names[evidence->kind], evidence->at_sec, address);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		line[bytes++] = ' ';
		bytes += text_escape(texts[i], line + bytes);
	}
	if (evidence->recipient_count)
		bytes += (size_t)snprintf(line + bytes, EVIDENCE_LINE_BYTES - bytes,
					  " %" PRIu32 "\n", evidence->recipient_count);
	else
		bytes += (size_t)snprintf(line + bytes, EVIDENCE_LINE_BYTES - bytes, " -\n");
	return bytes;
}

/* ---- read ----------------------------------------------------------------- */

struct span {
	const char *text;
	size_t bytes;
};

static bool span_is(const struct span *span, const char *word)
{
	return span->bytes == strlen(word) && !memcmp(span->text, word, span->bytes);
}

/* The position of the word in @names, or -1. */
static int find_name(const struct span *span, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		if (span_is(span, names[i]))
			return i;
	}
	return -1;
}

static bool read_number(const struct span *span, int64_t max, int64_t *ret_number)
{
	char text[24];

	if (span->bytes >= sizeof(text))
		return false;
	memcpy(text, span->text, span->bytes);
	text[span->bytes] = '\0';
	return number_parse(text, 0, max, ret_number);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode a string. It must fit, be UTF-8, and contain no control characters. */
static bool read_text(const struct span *span, char *text, size_t text_bytes)
{
	char decoded[EVIDENCE_PERSON_BYTES], sane[EVIDENCE_PERSON_BYTES];
	size_t count = 0;

	if (span_is(span, "-")) {
		*text = '\0';
		return true;
	}
	for (size_t i = 0; i < span->bytes; i++) {
		char c = span->text[i];

		if (c == '%') {
			const int high = i + 2 < span->bytes ? hex_digit(span->text[i + 1]) : -1;
			const int low = high < 0 ? -1 : hex_digit(span->text[i + 2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c || count + 1 >= text_bytes)
			return false;
		decoded[count++] = c;
	}
	if (!count)
		return false;
	decoded[count] = '\0';
	memcpy(sane, decoded, count);
	utf8_sanitize(sane, count);
	if (memcmp(sane, decoded, count) != 0)
		return false;
	memcpy(text, decoded, count + 1);
	return true;
}

static bool read_domain(const struct span *span, char domain[EVIDENCE_DOMAIN_BYTES])
{
	return read_text(span, domain, EVIDENCE_DOMAIN_BYTES) &&
	       (!*domain || evidence_is_domain(domain));
}

static bool read_address(const struct span *span, struct evidence *evidence)
{
	if (span_is(span, "-"))
		return true;
	if (prefix_parse(span->text, span->bytes, &evidence->address, NULL) ||
	    evidence->address.len != prefix_max_len(evidence->address.family))
		return false;
	evidence->has_address = true;
	return true;
}

static bool split_line(const char *line, size_t bytes, struct span fields[FIELD_COUNT])
{
	const char *const end = line + bytes;

	for (int i = 0; i < FIELD_COUNT; i++) {
		const char *stop =
		    i + 1 < FIELD_COUNT ? memchr(line, ' ', (size_t)(end - line)) : end;

		if (!stop || stop == line)
			return false;
		fields[i] = (struct span) { line, (size_t)(stop - line) };
		line = stop < end ? stop + 1 : end;
	}
	return true;
}

const char *evidence_line_read(const char *line, size_t bytes, struct evidence *ret_evidence)
{
	struct span fields[FIELD_COUNT];
	struct evidence evidence = { 0 };
	int64_t recipient_count = 0;
	int source, kind;

	if (!split_line(line, bytes, fields))
		return "a line must have eight fields";
	source = find_name(&fields[FIELD_SOURCE], evidence_source_names, EVIDENCE_SOURCE_COUNT);
	/* Nobody reports what the kernel saw but the kernel. */
	if (source < 0 || source == EVIDENCE_FROM_KERNEL)
		return "the source is unknown";
	kind = find_name(&fields[FIELD_KIND], evidence_kind_names, EVIDENCE_KIND_COUNT);
	if (kind < 0 || kind >= EVIDENCE_OUTBOUND)
		return "the kind is unknown";
	if (!read_number(&fields[FIELD_TIME], TIME_MAX_SEC, &evidence.at_sec))
		return "the time must be Unix time in seconds";
	if (!read_address(&fields[FIELD_ADDRESS], &evidence))
		return "the address must be an address or -";
	if (!read_domain(&fields[FIELD_DOMAIN], evidence.domain))
		return "the domain must be a domain in lower case or -";
	if (!read_domain(&fields[FIELD_NAME], evidence.name))
		return "the reverse name must be a domain in lower case or -";
	if (!read_text(&fields[FIELD_PERSON], evidence.person, sizeof(evidence.person)))
		return "the person is too long or not escaped";
	if (!span_is(&fields[FIELD_RECIPIENTS], "-") &&
	    (!read_number(&fields[FIELD_RECIPIENTS], UINT32_MAX, &recipient_count) ||
	     !recipient_count))
		return "the number of recipients must be a number or -";
	evidence.source = (enum evidence_source)source;
	evidence.kind = (enum evidence_kind)kind;
	evidence.recipient_count = (uint32_t)recipient_count;
	*ret_evidence = evidence;
	return NULL;
}
