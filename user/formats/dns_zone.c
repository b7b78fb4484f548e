/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zone files of DNS lists for BIND and the like: the numbers of an address are reversed. */
#include <string.h>
#include <strings.h>

#include "formats/parser.h"
#include "formats/reading.h"

#define LABELS_MAX 40

/* A record, without its TTL and class. */
struct record {
	struct token owner, type, data;
};

static bool is_class_or_ttl(const struct token *word)
{
	if (token_is_word(word, "IN") || token_is_word(word, "CH") || token_is_word(word, "HS"))
		return true;
	for (size_t i = 0; i < word->bytes; i++) {
		if (!is_digit(word->text[i]) && !strchr("smhdwSMHDW", word->text[i]))
			return false;
	}
	return word->bytes > 0 && is_digit(word->text[0]);
}

static bool is_type(const struct token *word)
{
	static const char *const types[] = {
		"A",  "AAAA", "TXT", "CNAME", "DNAME", "NS",   "SOA",
		"MX", "PTR",  "SRV", "CAA",   "RRSIG", "NSEC", "DNSKEY"
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (token_is_word(word, types[i]))
			return true;
	}
	return false;
}

static bool split_record(const struct token *line, bool has_owner, struct record *ret_record)
{
	struct token rest = *line;
	struct record record = { .owner = { rest.text, 0, rest.position } };

	if (has_owner)
		record.owner = token_word(&rest);
	record.type = token_word(&rest);
	for (int i = 0; i < 2 && is_class_or_ttl(&record.type); i++)
		record.type = token_word(&rest);
	record.data = rest;
	*ret_record = record;
	return is_type(&record.type);
}

/* Read a label of an IPv4 address, a number without leading zeros. */
static bool read_number(const struct token *label, uint8_t *ret_number)
{
	uint64_t number;

	if (label->bytes > 3 || !token_number(label, &number) || number > 255 ||
	    (label->bytes > 1 && label->text[0] == '0'))
		return false;
	*ret_number = (uint8_t)number;
	return true;
}

/* Convert the labels of an address, of which the first is the last number. */
static bool convert_ipv4(const struct token *labels, size_t count, bool has_star,
			 struct prefix *ret_prefix)
{
	struct prefix prefix = { .family = FAMILY_IPV4, .len = (uint8_t)(8 * count) };

	if (count > 4 || count == 0 || has_star == (count == 4))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!read_number(&labels[i], &prefix.addr[count - 1 - i]))
			return false;
	}
	*ret_prefix = prefix;
	return true;
}

static int hex_digit(const struct token *label)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = label->bytes == 1 ? strchr(digits, label->text[0] | 0x20) : NULL;

	if (label->bytes == 1 && is_digit(label->text[0]))
		return label->text[0] - '0';
	return found && *found != '\0' ? (int)(found - digits) : -1;
}

static bool convert_ipv6(const struct token *labels, size_t count, bool has_star,
			 struct prefix *ret_prefix)
{
	struct prefix prefix = { .family = FAMILY_IPV6, .len = (uint8_t)(4 * count) };

	if (count > 32 || count < 5 || has_star == (count == 32))
		return false;
	for (size_t i = 0; i < count; i++) {
		int digit = hex_digit(&labels[count - 1 - i]);

		if (digit < 0)
			return false;
		prefix.addr[i / 2] |= (uint8_t)(digit << (i % 2 ? 0 : 4));
	}
	*ret_prefix = prefix;
	return true;
}

enum owner { OWNER_ADDRESS, OWNER_NAME, OWNER_UNCLEAR };

/* Whether all labels are those of a zone's name. */
static bool are_names(const struct token *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char first = labels[i].bytes > 0 ? (char)(labels[i].text[0] | 0x20) : '0';

		if (!(first >= 'a' && first <= 'z') && first != '_' && labels[i].text[0] != '_')
			return false;
	}
	return true;
}

/* Whether it is the name of a host or of the zone: anything else may be an address, spoilt. */
static bool is_name(const struct token *owner)
{
	if (token_is(owner, "@"))
		return true;
	for (size_t i = 0; i < owner->bytes; i++) {
		char c = owner->text[i], lower = (char)(c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') && !is_digit(c) && c != '-' && c != '_' &&
		    c != '.')
			return false;
	}
	return owner->bytes > 0;
}

/* Read the owner of a record. Labels after those of the address are the name of the zone. */
static enum owner read_owner(const struct token *owner, struct prefix *ret_prefix)
{
	struct token labels[LABELS_MAX], rest = *owner, label;
	size_t count = 0, numbers = 0, start;
	uint64_t number;

	if (rest.bytes > 0 && rest.text[rest.bytes - 1] == '.')
		rest.bytes--;
	while (token_field(&rest, '.', &label)) {
		if (count == LABELS_MAX)
			return OWNER_UNCLEAR;
		labels[count++] = label;
	}
	start = count > 0 && token_is(&labels[0], "*");
	while (start + numbers < count && hex_digit(&labels[start + numbers]) >= 0)
		numbers++;
	if (numbers >= 5)
		return are_names(labels + start + numbers, count - start - numbers) &&
			       convert_ipv6(labels + start, numbers, start, ret_prefix)
			   ? OWNER_ADDRESS
			   : OWNER_UNCLEAR;
	numbers = 0;
	while (start + numbers < count && labels[start + numbers].bytes > 0 &&
	       is_digit(labels[start + numbers].text[0]) &&
	       token_number(&labels[start + numbers], &number))
		numbers++;
	if (numbers == 0)
		return is_name(owner) ? OWNER_NAME : OWNER_UNCLEAR;
	if (!are_names(labels + start + numbers, count - start - numbers))
		return OWNER_UNCLEAR;
	return convert_ipv4(labels + start, numbers, start, ret_prefix) ? OWNER_ADDRESS
									: OWNER_UNCLEAR;
}

/* Whether the answer means that the sender is not trusted, as at dnswl.org. */
static bool is_distrusted(const struct reading *reading, const struct prefix *answer)
{
	return reading->input->action == ACTION_ALLOW && answer->addr[1] == 0 &&
	       answer->addr[3] == 0;
}

static int read_record(struct reading *reading, const struct record *record)
{
	struct entry entry = reading_entry(reading);
	struct prefix answer;

	reading->result->record_count++;
	if (token_is_word(&record->type, "CNAME") || token_is_word(&record->type, "DNAME")) {
		reading_bad(reading, record->type.position + 1,
			    "the record %.*s may stand for any answer: write an A record",
			    (int)record->type.bytes, record->type.text);
		return 0;
	}
	if (!token_is_word(&record->type, "A")) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	switch (read_owner(&record->owner, &entry.prefix)) {
	case OWNER_NAME:
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	case OWNER_UNCLEAR:
		reading_bad(reading, record->owner.position + 1,
			    "\"%.*s\" is not an address with its numbers reversed: write "
			    "9.2.0.192 for 192.0.2.9, and *.2.0.192 for its network",
			    (int)(record->owner.bytes < 80 ? record->owner.bytes : 80),
			    record->owner.text);
		return 0;
	default:
		break;
	}
	if (prefix_parse(record->data.text, record->data.bytes, &answer, NULL) != PREFIX_OK ||
	    answer.family != FAMILY_IPV4 || answer.len != 32 || answer.addr[0] != 127) {
		reading_bad(reading, record->data.position + 1,
			    "the answer is not in 127.0.0.0/8, as those of DNS lists are");
		return 0;
	}
	if (is_distrusted(reading, &answer)) {
		reading_skip(reading, FORMAT_SKIP_TRUST);
		return 0;
	}
	return reading_add(reading, &record->owner, &entry);
}

/* Numbers in an origin would be a part of each address. */
static void check_origin(struct reading *reading, const struct token *origin)
{
	struct token rest = *origin, label;
	uint64_t number;

	while (token_field(&rest, '.', &label)) {
		if (!token_number(&label, &number))
			continue;
		reading_spoil(
		    reading, origin->position + 1,
		    "an origin with numbers, which belong to the addresses after it: write "
		    "the zone with whole names");
		return;
	}
}

static int read_zone(struct reading *reading)
{
	const struct line *line = reading->line;
	struct token content = line_content(line), word, rest;
	struct record record;
	char *comment = content.bytes > 0 ? memchr(content.text, ';', content.bytes) : NULL;

	if (comment && !memchr(content.text, '"', (size_t)(comment - content.text)))
		content.bytes = (size_t)(comment - content.text);
	content = token_trim(content);
	if (content.bytes == 0)
		return 0;
	rest = content;
	word = token_word(&rest);
	if (token_is_word(&word, "$ORIGIN"))
		check_origin(reading, &rest);
	if (token_is_word(&word, "$TTL") || token_is_word(&word, "$ORIGIN"))
		return 0;
	/* The numbers of an SOA record may be on lines of their own. */
	if (content.text[0] == ')' ||
	    (content.position > 0 && is_digit(content.text[0]) && rest.bytes == 0) ||
	    (content.position > 0 && content.text[content.bytes - 1] == ')'))
		return 0;
	if (!split_record(&content, content.position == 0, &record)) {
		reading_bad(reading, 1, "\"%.*s\" is not a record of a zone that ipwl knows",
			    (int)(content.bytes < 80 ? content.bytes : 80), content.text);
		return 0;
	}
	/* A record without an owner has that of the line before. Only one of them counts. */
	if (record.owner.bytes == 0 && token_is_word(&record.type, "A")) {
		reading_bad(reading, 1, "an A record without its name: write it before the record");
		return 0;
	}
	return read_record(reading, &record);
}

static bool is_zone_line(const struct token *line)
{
	struct record record;
	struct prefix prefix;

	return split_record(line, true, &record) && record.data.bytes > 0 &&
	       (token_is_word(&record.type, "A") || token_is_word(&record.type, "TXT")) &&
	       read_owner(&record.owner, &prefix) == OWNER_ADDRESS;
}

static bool is_zone_mark(const struct token *line, bool is_first)
{
	struct record record;

	(void)is_first;
	return token_begins(line, "$ORIGIN ") || token_begins(line, "$ORIGIN\t") ||
	       (split_record(line, true, &record) && token_is_word(&record.type, "SOA") &&
		record.data.bytes > 0);
}

const struct format_parser format_dns_zone = {
	.record_nouns = { "record", "records" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_mark = is_zone_mark,
	.is_own = is_zone_line,
	.read_line = read_zone,
};
