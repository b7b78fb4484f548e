/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What readers do with a line: report it, skip it, or add its entries. */
#include "formats/reading.h"
#include "core/prefix_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "core/prefix_range.h"
#include "formats/line_keeper.h"
#include "formats/value.h"

#define MESSAGE_BYTES 8192
/* The bytes of a skipped line that are shown. */
#define SKIPPED_TEXT_BYTES 200

/* ---- bad lines ------------------------------------------------------------- */

/* Count a bad line only once. Return: whether to report it. */
static bool count_bad(struct reading *reading)
{
	size_t *count = &reading->result->bad_line_count;

	reading->remark_count++;
	if (reading->last_bad_line != reading->line->number)
		++*count;
	reading->last_bad_line = reading->line->number;
	return !reading->input->skips_bad_lines || *count <= FORMAT_WARNINGS_MAX;
}

static void tell(struct reading *reading, enum severity severity, size_t column,
		 const char *message, const char *behind)
{
	diagnostics_add(reading->input->diagnostics, severity, reading->input->name,
			reading->line->number, (uint32_t)column, "%s%s", message, behind);
}

void reading_bad(struct reading *reading, size_t column, const char *format, ...)
{
	bool skips = reading->input->skips_bad_lines;
	char message[MESSAGE_BYTES];
	va_list arguments;

	if (!count_bad(reading))
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(reading, skips ? SEVERITY_WARNING : SEVERITY_ERROR, column, message,
	     skips ? "; the line is skipped" : "");
}

void reading_spoil(struct reading *reading, size_t column, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;

	count_bad(reading);
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(reading, SEVERITY_ERROR, column, message, "");
}

void reading_warn(struct reading *reading, size_t column, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;

	reading->remark_count++;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(reading, SEVERITY_WARNING, column, message, "");
}

void reading_note(struct reading *reading, size_t column, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;

	reading->remark_count++;
	if (++reading->note_count > FORMAT_WARNINGS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(reading, SEVERITY_WARNING, column, message, "");
}

/* ---- values ---------------------------------------------------------------- */

static bool has_digit(const struct token *text)
{
	for (size_t i = 0; i < text->bytes; i++) {
		if (is_digit(text->text[i]))
			return true;
	}
	return false;
}

/* Whether the format accepts the value, because a person has named this format. */
static bool passes_value(enum value_kind kind, const struct token *value)
{
	switch (kind) {
	case VALUE_LENGTH:
	case VALUE_MASK:
	case VALUE_ADDRESS:
		return false;
	case VALUE_RANGE:
	case VALUE_DNS:
		return !has_digit(value);
	default:
		return true;
	}
}

bool reading_value(struct reading *reading, const struct token *key, const struct token *value)
{
	const bool was_named = !reading->result->was_recognised;
	char remedy[VALUE_REMEDY_BYTES];
	struct token word;
	enum value_kind kind = value_look(key, value, &word);
	size_t column;

	if (!kind)
		return true;
	column = word.position + 1;
	value_remedy(kind, key, &word, remedy);
	if (kind != VALUE_NUMBER && !(was_named && passes_value(kind, value))) {
		reading_bad(reading, column, "unexpected \"%.*s\" after %.*s: %s", (int)word.bytes,
			    word.text, (int)key->bytes, key->text, remedy);
		return false;
	}
	if (kind == VALUE_NUMBER || kind == VALUE_ACTION || kind == VALUE_RESTRICTION)
		reading_note(reading, column,
			     "\"%.*s\" after %.*s is read as text, and the address is listed: %s",
			     (int)word.bytes, word.text, (int)key->bytes, key->text, remedy);
	return true;
}

/* ---- entries --------------------------------------------------------------- */

const char *const format_skip_texts[] = {
	[FORMAT_SKIP_ACTION] = "of another action",
	[FORMAT_SKIP_SHADOWED] = "never reached",
	[FORMAT_SKIP_HOST_BITS] = "with host bits",
	[FORMAT_SKIP_TRUST] = "of trust none",
	[FORMAT_SKIP_QUOTA] = "about a quota",
	[FORMAT_SKIP_KIND] = "of another kind",
	[FORMAT_SKIP_NO_PREFIX] = "without a prefix",
	[FORMAT_SKIP_RANGE] = "over $MAXRANGE4",
	[FORMAT_SKIP_EXPIRED] = "expired",
	[FORMAT_SKIP_TEST] = "for tests (127.0.0.2)",
	[FORMAT_SKIP_SELECT] = "not selected",
	[FORMAT_SKIP_MIN_TRUST] = "below min_trust",
};
_Static_assert(sizeof(format_skip_texts) / sizeof(format_skip_texts[0]) == FORMAT_SKIP_COUNT,
	       "all");

void reading_skip(struct reading *reading, enum format_skip skip)
{
	const struct line *line = reading->line;
	struct lines *skipped = reading->input->skipped;
	struct token content = line_content(line);
	char text[SKIPPED_TEXT_BYTES + 1];

	reading->remark_count++;
	reading->result->skipped_counts[skip]++;
	if (!skipped || skipped->count >= FORMAT_SKIPPED_MAX)
		return;
	if (content.bytes > SKIPPED_TEXT_BYTES)
		content.bytes = SKIPPED_TEXT_BYTES;
	memcpy(text, content.text, content.bytes);
	utf8_sanitize(text, content.bytes);
	lines_add(skipped, "%s:%u: %.*s: %s", reading->input->name, line->number,
		  (int)content.bytes, text, format_skip_texts[skip]);
}

struct entry reading_entry(const struct reading *reading)
{
	const struct format_input *input = reading->input;

	return (struct entry) {
		.source = (uint8_t)input->source,
		.line = reading->line->number,
		.reason = input->reason,
		.about = &reading->about,
	};
}

void reading_expire(struct reading *reading, struct entry *entry, int64_t expires_at_sec)
{
	reading->expiring = reading->about;
	reading->expiring.expires_at_sec = expires_at_sec;
	entry->about = &reading->expiring;
}

/* Whether the list may have this entry. If not, it was reported. */
static bool check_entry(struct reading *reading, const struct token *token,
			const struct entry *entry)
{
	const char *refusal, *warning;

	if (entry->is_exclusion || entry->prefix.len > 0)
		return true;
	refusal = policy_refuse_prefix(&entry->prefix, reading->input->action);
	if (refusal) {
		reading_bad(reading, token->position + 1, "%s", refusal);
		return false;
	}
	warning = policy_warn_prefix(&entry->prefix, reading->input->action);
	if (warning)
		reading_warn(reading, token->position + 1, "%.*s %s", (int)token->bytes,
			     token->text, warning);
	return true;
}

static bool has_expired(const struct reading *reading, const struct entry *entry)
{
	return entry->about->expires_at_sec &&
	       entry->about->expires_at_sec <= reading->input->now_sec;
}

/* Whether this is the test entry of DNS lists (RFC 5782, section 5): 127.0.0.2, or
 * ::ffff:127.0.0.2 in lists of IPv6. If the format was named and is not rbldnsd, the entry is
 * intended. */
static bool is_test_entry(const struct reading *reading, const struct entry *entry)
{
	static const struct prefix test = { { 127, 0, 0, 2 }, FAMILY_IPV4, 32 };

	return !entry->is_exclusion && !prefix_compare(&entry->prefix, &test) &&
	       (reading->input->format == FORMAT_AUTO || reading->input->format == FORMAT_RBLDNSD ||
		reading->input->format == FORMAT_DNS_ZONE);
}

int reading_refuse_more(struct reading *reading)
{
	reading_spoil(reading, 0,
		      "more than %zu entries: if a list needs them all, split it into several",
		      reading->entries_max);
	return -EINVAL;
}

/* Return: 0; -EINVAL: there are too many entries, which was reported. */
static int check_count(struct reading *reading, size_t count)
{
	const size_t max = reading->entries_max;

	if (count > max)
		return reading_refuse_more(reading);
	/* Looking again only when the number has doubled costs little. The last entries that
	 * may come can be duplicates. */
	if (reading->collapse_count < 2 * count)
		reading->collapse_count = 2 * count < max + max / 8 ? 2 * count : max + max / 8 + 1;
	return 0;
}

int reading_collapse(struct reading *reading)
{
	struct entry_set *set = reading->input->set;

	reading->result->duplicate_count += entry_set_collapse(set, reading->first_entry);
	return check_count(reading, set->count - reading->first_entry);
}

int reading_collapse_all(struct reading *reading)
{
	struct entry_set *set = reading->input->set;
	int err;

	if (!reading->keeper)
		return reading_collapse(reading);
	err = line_keeper_finish(reading->keeper, set, reading->first_entry,
				 &reading->result->duplicate_count);
	return err ? err : check_count(reading, set->count - reading->first_entry);
}

static int add(struct reading *reading, const struct token *token, const struct entry *entry)
{
	int err;

	if (!check_entry(reading, token, entry))
		return 0;
	reading->added_count++;
	if (reading->keeper && line_keeper_keep_entry(reading->keeper, entry))
		return 0;
	/* Neither duplicates nor an endless list may fill the memory. */
	if (reading->input->set->count - reading->first_entry >= reading->collapse_count) {
		err = reading_collapse(reading);
		if (err)
			return err;
	}
	return entry_set_add(reading->input->set, entry);
}

int reading_add(struct reading *reading, const struct token *token, const struct entry *entry)
{
	if (has_expired(reading, entry)) {
		reading_skip(reading, FORMAT_SKIP_EXPIRED);
		return 0;
	}
	if (is_test_entry(reading, entry)) {
		reading_skip(reading, FORMAT_SKIP_TEST);
		return 0;
	}
	return add(reading, token, entry);
}

int reading_add_range(struct reading *reading, const struct token *token, const struct entry *entry,
		      const struct prefix *first, const struct prefix *last)
{
	struct prefix prefixes[PREFIX_RANGE_MAX];
	struct entry copy = *entry;
	size_t count = prefix_range_split(first, last, prefixes);
	int err = 0;

	if (count == 0) {
		reading_bad(reading, token->position + 1,
			    "%.*s is not a range: write the lower address first, and two addresses "
			    "of one family",
			    (int)token->bytes, token->text);
		return 0;
	}
	if (has_expired(reading, entry)) {
		reading_skip(reading, FORMAT_SKIP_EXPIRED);
		return 0;
	}
	for (size_t i = 0; i < count && !err; i++) {
		copy.prefix = prefixes[i];
		err = add(reading, token, &copy);
	}
	return err;
}

/* ---- prefixes -------------------------------------------------------------- */

static void note_cut_bits(struct reading *reading, const struct token *token,
			  const struct prefix *network)
{
	const char *slash = memchr(token->text, '/', token->bytes);
	size_t bytes = slash ? (size_t)(slash - token->text) : token->bytes;
	char text[PREFIX_TEXT_BYTES];

	reading_note(
	    reading, token->position + 1,
	    "%.*s has host bits set: read as the network %s; for the one address write %.*s",
	    (int)token->bytes, token->text, prefix_format(network, text), (int)bytes, token->text);
}

bool reading_prefix(struct reading *reading, const struct token *token, enum host_bits by_format,
		    struct prefix *ret_prefix)
{
	enum host_bits host_bits = reading->input->host_bits;
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error;
	size_t position;

	error = prefix_parse(token->text, token->bytes, ret_prefix, &position);
	if (!error)
		return true;
	if (host_bits == HOST_BITS_BY_FORMAT)
		host_bits = by_format;
	if (error == PREFIX_HOST_BITS && host_bits == HOST_BITS_CUT) {
		prefix_parse_network(token->text, token->bytes, ret_prefix);
		note_cut_bits(reading, token, ret_prefix);
		return true;
	}
	prefix_error_message(error, token->text, token->bytes, message);
	reading_bad(reading, token->position + position + 1, "%s", message);
	return false;
}

/* The number of bytes that may be an address. */
static size_t address_bytes(const char *text, size_t bytes)
{
	size_t end = 0;

	while (end < bytes && !is_blank(text[end]) && text[end] != '-' && text[end] != '/')
		end++;
	return end;
}

static size_t skip_blanks(const char *text, size_t bytes, size_t position)
{
	while (position < bytes && is_blank(text[position]))
		position++;
	return position;
}

size_t reading_range(const struct token *token, struct prefix *ret_first, struct prefix *ret_last)
{
	const char *text = token->text;
	size_t first_bytes = address_bytes(text, token->bytes), start, bytes;
	struct prefix first, last;

	start = skip_blanks(text, token->bytes, first_bytes);
	if (start == token->bytes || text[start] != '-')
		return 0;
	start = skip_blanks(text, token->bytes, start + 1);
	bytes = address_bytes(text + start, token->bytes - start);
	/* A comment may follow without a blank. */
	for (size_t i = 0; i < bytes; i++) {
		if (text[start + i] == '#' || text[start + i] == ';')
			bytes = i;
	}
	if (prefix_parse(text, first_bytes, &first, NULL) != PREFIX_OK ||
	    prefix_parse(text + start, bytes, &last, NULL) != PREFIX_OK)
		return 0;
	*ret_first = first;
	*ret_last = last;
	return start + bytes;
}
