/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zones of rbldnsd(8): ip4set, ip4trie, ip4tset, ip6trie, ip6tset. Networks and ranges may be
 * abbreviated. They may be followed by a value and a text. Lines with `$` describe the zone.
 */
#include <string.h>
#include <time.h>

#include "formats/parser.h"
#include "formats/reading.h"

/* Longest text that is parsed as an address or range. */
#define ADDRESS_BYTES_MAX 80

struct rbldnsd {
	uint64_t range_max; /* addresses in a range; 0: any number */
	bool is_distrusted; /* the default value has the trust none of dnswl.org */
};

/* ---- addresses ------------------------------------------------------------------ */

/* One to four numbers of an IPv4 address. */
struct quad {
	uint8_t numbers[4];
	size_t count;
};

static size_t read_quad(const char *text, size_t bytes, struct quad *quad)
{
	size_t i = 0;

	quad->count = 0;
	for (;;) {
		size_t start = i;
		unsigned int value = 0;

		for (; i < bytes && is_digit(text[i]) && value < 256; i++)
			value = value * 10 + (unsigned int)(text[i] - '0');
		if (i == start || value > 255)
			return 0;
		quad->numbers[quad->count++] = (uint8_t)value;
		if (quad->count == 4 || i == bytes || text[i] != '.')
			return i;
		i++;
	}
}

static struct prefix quad_prefix(const struct quad *quad)
{
	struct prefix prefix = { .family = FAMILY_IPV4, .len = (uint8_t)(8 * quad->count) };

	memcpy(prefix.addr, quad->numbers, quad->count);
	return prefix;
}

/* Read a whole token as a range: "127.16-31", "192.0.2.1-9", "192.0.2.1-192.0.3.5", "192.0-3". */
static bool read_range(const struct token *token, struct prefix *ret_first, struct prefix *ret_last)
{
	struct quad from = { .count = 0 }, to = { .count = 0 };
	size_t bytes = read_quad(token->text, token->bytes, &from), more;

	if (bytes == 0 || bytes + 1 >= token->bytes || token->text[bytes] != '-')
		return false;
	more = read_quad(token->text + bytes + 1, token->bytes - bytes - 1, &to);
	if (more == 0 || bytes + 1 + more != token->bytes)
		return false;
	if (to.count == 1) {
		/* A single number replaces the last number before the dash. */
		uint8_t last = to.numbers[0];

		to = from;
		to.numbers[to.count - 1] = last;
	}
	if (to.count != from.count)
		return false;
	*ret_first = quad_prefix(&from);
	*ret_last = quad_prefix(&to);
	return true;
}

/* "192.168" and "10/8": rbldnsd adds zeros. A single number needs a mask. */
static bool read_short(const struct token *token, struct prefix *ret_prefix)
{
	struct quad quad = { .count = 0 };
	size_t bytes = read_quad(token->text, token->bytes, &quad);
	struct token mask = { token->text + bytes + 1, token->bytes - bytes - 1, 0 };
	struct prefix prefix = quad_prefix(&quad), network;
	uint64_t len = prefix.len;

	if (bytes == 0 || quad.count == 4)
		return false;
	if (bytes == token->bytes
		? quad.count == 1
		: token->text[bytes] != '/' || !token_number(&mask, &len) || len > 32)
		return false;
	prefix.len = (uint8_t)len;
	network = prefix_truncate(&prefix, prefix.len);
	if (prefix_compare(&network, &prefix))
		return false;
	*ret_prefix = prefix;
	return true;
}

/* "2001:db8:1:2" in ip6tset: groups from the left. The rest is the host part. */
static bool read_groups(const struct token *token, struct prefix *ret_prefix)
{
	char text[64];
	size_t colons = 0;

	for (size_t i = 0; i < token->bytes; i++)
		colons += token->text[i] == ':';
	if (colons == 0 || colons > 6 || token->bytes + 8 > sizeof(text))
		return false;
	return snprintf(text, sizeof(text), "%.*s::/%zu", (int)token->bytes, token->text,
			16 * (colons + 1)) > 0 &&
	       prefix_parse(text, strlen(text), ret_prefix, NULL) == PREFIX_OK;
}

/* ---- lines about the zone ---------------------------------------------------------- */

/* "2026-11-24", "2026-11-24:05:30:00" or seconds since 1970. */
static int64_t parse_stamp(const struct token *word)
{
	static const char *const forms[] = { "%Y-%m-%d:%H:%M:%S", "%Y-%m-%d:%H:%M", "%Y-%m-%d" };
	uint64_t number;
	char text[32];

	if (token_number(word, &number))
		return (int64_t)number;
	if (word->bytes >= sizeof(text))
		return 0;
	memcpy(text, word->text, word->bytes);
	text[word->bytes] = '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && *end == '\0')
			return timegm(&tm);
	}
	return 0;
}

/* Read "$MAXRANGE4 /24" or a number of addresses. The limit can only become smaller. */
static void read_range_max(struct reading *reading, const struct token *word)
{
	struct rbldnsd *zone = reading->state;
	bool is_len = word->bytes > 0 && word->text[0] == '/';
	struct token digits = { word->text + is_len, word->bytes - is_len, 0 };
	uint64_t number;

	if (!token_number(&digits, &number) || number == 0 || (is_len && number > 32)) {
		reading_bad(reading, word->position + 1,
			    "$MAXRANGE4 takes a number of addresses, or a length such as /24");
		return;
	}
	if (is_len)
		number = 1ULL << (32 - number);
	if (zone->range_max == 0 || number < zone->range_max)
		zone->range_max = number;
}

/* The text of a `$` line after the dollar sign. NULL: it is another line. */
static const char *find_special(const struct token *content)
{
	if (content->bytes > 0 && content->text[0] == '$')
		return content->text + 1;
	if (content->bytes > 1 && content->text[1] == '$' && strchr("#;:", content->text[0]))
		return content->text + 2;
	return NULL;
}

/* TTL, SOA, NS and variables do not change which addresses are listed. */
static bool is_known_special(const struct token *name)
{
	return token_is_word(name, "ttl") || token_is_word(name, "soa") ||
	       token_is_word(name, "ns") ||
	       (name->bytes > 0 && (is_digit(name->text[0]) || name->text[0] == '='));
}

static void read_special(struct reading *reading, struct token content)
{
	size_t skipped = content.text[0] == '$' ? 1 : 2;
	struct token rest = { content.text + skipped, content.bytes - skipped,
			      content.position + skipped };
	struct token name = token_word(&rest), value = token_word(&rest);

	if (token_is_word(&name, "maxrange4"))
		read_range_max(reading, &value);
	else if (token_is_word(&name, "timestamp"))
		reading->result->declared_at_sec = parse_stamp(&value);
	else if (token_is_word(&name, "dataset"))
		reading_spoil(
		    reading, content.position + 1,
		    "a zone of several datasets: put each dataset of addresses into its own file");
	else if (skipped == 1 && !is_known_special(&name))
		reading_spoil(reading, content.position + 1,
			      "$%.*s is not a line of rbldnsd: if this is another kind of zone, "
			      "write only its addresses",
			      (int)name.bytes, name.text);
}

/* ---- entries ------------------------------------------------------------------------ */

/* The text in ":127.0.0.2:text", ":text" or "text" after an address. */
static struct token value_text(struct token rest)
{
	struct token value;

	rest = token_trim(rest);
	if (rest.bytes == 0 || rest.text[0] != ':') {
		while (rest.bytes > 0 && strchr("#; \t", rest.text[0]))
			rest = (struct token) { rest.text + 1, rest.bytes - 1, 0 };
		return rest;
	}
	rest = (struct token) { rest.text + 1, rest.bytes - 1, 0 };
	value = rest;
	/* Skip a number or an address. After it comes a colon and the text. */
	while (value.bytes > 0 && (is_digit(value.text[0]) || value.text[0] == '.'))
		value = (struct token) { value.text + 1, value.bytes - 1, 0 };
	if (value.bytes > 0 && value.text[0] == ':')
		return (struct token) { value.text + 1, value.bytes - 1, 0 };
	return value.bytes == 0 ? value : rest;
}

/* Whether a value, after its colon, has the trust none: 127.0.CATEGORY.0, which may have
 * leading zeros, as rbldnsd reads it. @otherwise is returned if there is no value. */
static bool is_distrusted(struct token value, bool otherwise)
{
	struct token address;
	struct quad quad;

	if (value.bytes == 0)
		return otherwise;
	token_field(&value, ':', &address);
	address = token_trim(address);
	return read_quad(address.text, address.bytes, &quad) == address.bytes && quad.count == 4 &&
	       quad.numbers[0] == 127 && quad.numbers[1] == 0 && quad.numbers[3] == 0;
}

/* The value after an address and its colon; empty if there is none. */
static struct token value_of(const struct token *content, size_t address_bytes)
{
	struct token rest = token_trim(
	    (struct token) { content->text + address_bytes, content->bytes - address_bytes, 0 });

	if (rest.bytes > 0 && rest.text[0] == ':')
		return (struct token) { rest.text + 1, rest.bytes - 1, 0 };
	return (struct token) { 0 };
}

/* Find the end of the address: a blank, a comment, or the colon before a value. In an IPv6
 * network, this is the colon after its length. */
static size_t address_end(const struct token *content)
{
	size_t end = 0;

	while (end < content->bytes && !is_blank(content->text[end]) &&
	       !strchr("#;", content->text[end]))
		end++;
	/* A longer text is no address. Do not search it from each of its colons. */
	for (size_t i = end < ADDRESS_BYTES_MAX ? end : ADDRESS_BYTES_MAX; i-- > 0;) {
		struct token before = { content->text, i, 0 };

		if (content->text[i] == ':' && i > 0 &&
		    ((memchr(content->text, '.', i) && !memchr(content->text, ':', i)) ||
		     (memchr(content->text, '/', i) && token_is_prefix(&before))))
			end = i;
	}
	return end;
}

static uint64_t address_count(const struct prefix *first, const struct prefix *last)
{
	uint64_t from = 0, to = 0;

	for (int i = 0; i < 4; i++) {
		from = from << 8 | first->addr[i];
		to = to << 8 | last->addr[i];
	}
	return to + (1ULL << (32 - last->len)) - from;
}

static int add(struct reading *reading, const struct token *token, struct entry *entry,
	       const struct prefix *first, const struct prefix *last)
{
	const struct rbldnsd *zone = reading->state;

	if (zone->range_max > 0 && first->family == FAMILY_IPV4 &&
	    address_count(first, last) > zone->range_max) {
		reading_skip(reading, FORMAT_SKIP_RANGE);
		return 0;
	}
	if (first != last)
		return reading_add_range(reading, token, entry, first, last);
	entry->prefix = *first;
	return reading_add(reading, token, entry);
}

/* Check the text after an address, if neither a colon nor a comment begins it. */
static bool check_text(struct reading *reading, const struct token *content, size_t address_bytes)
{
	struct token key = { content->text, address_bytes, content->position };
	struct token rest = token_trim((struct token) { content->text + address_bytes,
							content->bytes - address_bytes,
							content->position + address_bytes });

	return rest.bytes == 0 || strchr(":#;", rest.text[0]) ||
	       reading_value(reading, &key, &rest);
}

/* Check that a value that begins like a number or an address is one. */
static bool check_value(struct reading *reading, const struct token *content, size_t address_bytes)
{
	struct token value = value_of(content, address_bytes), number;
	struct quad quad;

	if (value.bytes == 0 || !is_digit(value.text[0]))
		return true;
	token_field(&value, ':', &number);
	number = token_trim(number);
	if (read_quad(number.text, number.bytes, &quad) == number.bytes &&
	    (quad.count == 1 || quad.count == 4))
		return true;
	reading_bad(
	    reading, content->position + (size_t)(number.text - content->text) + 1,
	    "\"%.*s\" is not a value: write an address such as 127.0.0.2, or its last number",
	    (int)number.bytes, number.text);
	return false;
}

static int read_entry(struct reading *reading, struct token content)
{
	const struct rbldnsd *zone = reading->state;
	struct entry entry = reading_entry(reading);
	struct token token = content, text;
	struct prefix first, last;
	const char *reason;
	bool is_range;

	reading->result->record_count++;
	entry.is_exclusion = content.text[0] == '!';
	if (entry.is_exclusion)
		content = token_trim(
		    (struct token) { content.text + 1, content.bytes - 1, content.position + 1 });
	token = content;
	token.bytes = address_end(&content);
	text = value_text(
	    (struct token) { content.text + token.bytes, content.bytes - token.bytes, 0 });
	if (!check_text(reading, &content, token.bytes) ||
	    !check_value(reading, &content, token.bytes))
		return 0;
	is_range = read_range(&token, &first, &last);
	if (!is_range && !read_short(&token, &first) && !read_groups(&token, &first) &&
	    !reading_prefix(reading, &token, HOST_BITS_REFUSE, &first))
		return 0;
	if (reading->input->action == ACTION_ALLOW && !entry.is_exclusion &&
	    is_distrusted(value_of(&content, token.bytes), zone->is_distrusted)) {
		reading_skip(reading, FORMAT_SKIP_TRUST);
		return 0;
	}
	reason = line_reason(&text);
	if (reason)
		entry.reason = reason;
	return add(reading, &token, &entry, &first, is_range ? &last : &first);
}

static int read_rbldnsd(struct reading *reading)
{
	struct token content = line_content(reading->line);

	if (content.bytes == 0)
		return 0;
	if (find_special(&content)) {
		read_special(reading, content);
		return 0;
	}
	if (content.text[0] == '#' || content.text[0] == ';')
		return 0;
	/* A default value; "::1" is an address. */
	if (content.text[0] == ':' && (content.bytes < 2 || content.text[1] != ':')) {
		struct rbldnsd *zone = reading->state;

		if (check_value(reading, &content, 0))
			zone->is_distrusted = is_distrusted(value_of(&content, 0), false);
		return 0;
	}
	return read_entry(reading, content);
}

static bool is_rbldnsd_mark(const struct token *line, bool is_first)
{
	static const char *const names[] = { "ttl", "soa", "ns", "maxrange4", "timestamp" };
	const char *special = find_special(line);
	struct token rest, name;

	if (!special)
		return is_first && token_begins(line, ":127.");
	rest = *line;
	rest.bytes -= (size_t)(special - rest.text);
	rest.text += special - rest.text;
	name = token_word(&rest);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (token_is_word(&name, names[i]) && rest.bytes > 0)
			return true;
	}
	return false;
}

/* Whether the line is an address with a value, or a range that only rbldnsd writes. */
static bool is_rbldnsd_line(const struct token *line)
{
	struct token address = *line, rest;
	struct prefix first, last;
	const char *dash;

	address.bytes = address_end(line);
	rest = token_trim(
	    (struct token) { line->text + address.bytes, line->bytes - address.bytes, 0 });
	/* "192.0.2.1: text" may be a key and data of Exim. */
	if (token_begins(&rest, ":") && token_is_prefix(&address))
		return rest.text > line->text + address.bytes ||
		       (rest.bytes > 1 && is_digit(rest.text[1]));
	if (!read_range(&address, &first, &last) ||
	    (token_begins(&rest, ":") && rest.bytes > 1 && !is_digit(rest.text[1])))
		return false;
	dash = memchr(address.text, '-', address.bytes);
	return first.len < 32 || !memchr(dash, '.', address.bytes - (size_t)(dash - address.text));
}

const struct format_parser format_rbldnsd = {
	.record_nouns = { "entry of the zone", "entries of the zone" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct rbldnsd),
	.is_mark = is_rbldnsd_mark,
	.is_own = is_rbldnsd_line,
	.has_plain_lines = true,
	.read_line = read_rbldnsd,
};
