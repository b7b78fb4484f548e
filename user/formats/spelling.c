/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks with masks, ranges and wildcards. A text that fits no spelling is an error: no part of
 * it is passed over. */
#include "formats/spelling.h"

#include <string.h>

#define ADDRESS_BYTES 64

static size_t skip_blanks(const struct token *token, size_t position)
{
	while (position < token->bytes && is_blank(token->text[position]))
		position++;
	return position;
}

static bool is_address_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
	       c == '.' || c == '*' || c == '[' || c == ']';
}

/* The number of bytes that may be an address. Two dots in a row join two of them. */
static size_t address_bytes(const struct token *token, size_t start)
{
	size_t end = start;

	while (end < token->bytes && is_address_char(token->text[end]) &&
	       !(token->text[end] == '.' && end + 1 < token->bytes && token->text[end + 1] == '.'))
		end++;
	return end - start;
}

/* Read one to four decimal numbers, and stars after them. Return: their number without the stars;
 * 0: it is another text. */
static size_t read_numbers(const struct token *word, unsigned int flags, uint8_t numbers[4])
{
	size_t count = 0, stars = 0, i = 0;

	while (i < word->bytes && count + stars < 4) {
		size_t start = i;
		unsigned int value = 0;

		if (word->text[i] == '*') {
			stars++;
			i++;
		} else {
			while (i < word->bytes && is_digit(word->text[i]) && i - start < 4)
				value = value * 10 + (unsigned int)(word->text[i++] - '0');
			if (i == start || value > 255 || stars > 0 || i - start > 3 ||
			    (!(flags & SPELLING_ZEROS) && i - start > 1 &&
			     word->text[start] == '0'))
				return 0;
			numbers[count++] = (uint8_t)value;
		}
		if (i == word->bytes)
			break;
		if (word->text[i++] != '.')
			return 0;
	}
	if (i != word->bytes || count == 0)
		return 0;
	if (stars == 0 && count < 4 && !(flags & SPELLING_TRUNCATED))
		return 0;
	if (stars == 0 && count == 4 && word->text[word->bytes - 1] == '.')
		return 0;
	/* A number without a dot is no network. */
	return count > 1 || memchr(word->text, '.', word->bytes) ? count : 0;
}

/* Read an address, a truncated one or one with stars. */
static bool read_address(const struct token *word, unsigned int flags, struct prefix *ret_prefix)
{
	char buffer[UNBRACKET_BYTES];
	struct token plain = token_unbracket(word, buffer);
	struct prefix prefix = { .family = FAMILY_IPV4 };
	size_t count = read_numbers(&plain, flags, prefix.addr);

	if (count == 0)
		return memchr(plain.text, ':', plain.bytes) &&
		       prefix_parse(plain.text, plain.bytes, ret_prefix, NULL) == PREFIX_OK;
	prefix.len = (uint8_t)(8 * count);
	*ret_prefix = prefix;
	return true;
}

/* ---- lengths and masks ---------------------------------------------------------------- */

static bool mask_len(const struct prefix *mask, uint8_t *ret_len)
{
	uint32_t bits = 0;

	if (mask->family != FAMILY_IPV4 || mask->len != 32)
		return false;
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | mask->addr[i];
	if ((~bits & (~bits + 1)) != 0)
		return false;
	*ret_len = (uint8_t)__builtin_popcount(bits);
	return true;
}

/* Read "24" or "255.255.255.0" at @position. Return: its number of bytes; 0: it is neither. */
static size_t read_length(const struct token *rest, size_t position, const struct prefix *address,
			  uint8_t *ret_len)
{
	struct token word = { rest->text + position, address_bytes(rest, position), 0 };
	struct prefix mask;
	uint64_t number;

	if (token_number(&word, &number)) {
		if (number > prefix_max_len(address->family) ||
		    (word.bytes > 1 && word.text[0] == '0'))
			return 0;
		*ret_len = (uint8_t)number;
		return word.bytes;
	}
	return address->family == FAMILY_IPV4 &&
		       prefix_parse(word.text, word.bytes, &mask, NULL) == PREFIX_OK &&
		       mask_len(&mask, ret_len)
		   ? word.bytes
		   : 0;
}

/* Whether a word at @position is one of @words. Returns its bytes, or 0. */
static size_t find_word(const struct token *rest, size_t position, const char *const words[],
			size_t count)
{
	struct token after = { rest->text + position, rest->bytes - position, 0 };
	struct token word = token_word(&after);

	for (size_t i = 0; i < count; i++) {
		if (token_is_word(&word, words[i]))
			return word.bytes;
	}
	return 0;
}

/* The end of a mask after an address that ends at @end, or @end if there is none. 0: it is bad. */
static size_t read_mask(const struct token *rest, size_t end, unsigned int flags,
			const struct prefix *address, uint8_t *ret_len)
{
	static const char *const mask_words[] = { "mask", "netmask" };
	size_t position = flags & SPELLING_WORDS ? skip_blanks(rest, end) : end;
	size_t bytes, word;
	uint8_t len;

	if (position == rest->bytes)
		return end;
	if (rest->text[position] == '/') {
		bytes = read_length(rest, position + 1, address, ret_len);
		return bytes > 0 ? position + 1 + bytes : 0;
	}
	if (!(flags & SPELLING_WORDS) || position == end)
		return end;
	word = find_word(rest, position, mask_words, 2);
	if (word > 0) {
		position = skip_blanks(rest, position + word);
		bytes = read_length(rest, position, address, ret_len);
		return bytes > 0 ? position + bytes : 0;
	}
	/* "192.0.2.0 255.255.255.0": no host has such an address. */
	bytes = read_length(rest, position, address, &len);
	if (bytes < 4 || memcmp(rest->text + position, "255.", 4) != 0)
		return end;
	*ret_len = len;
	return position + bytes;
}

/* ---- ranges --------------------------------------------------------------------------- */

/* The end of what joins two addresses, after blanks; 0: nothing does. */
static size_t read_join(const struct token *rest, size_t end, unsigned int flags)
{
	static const char *const signs[] = { "-", "\xe2\x80\x93", "\xe2\x80\x94", "..", "->" };
	static const char *const words[] = { "to", "through", "thru", "bis" };
	size_t position = flags & SPELLING_WORDS ? skip_blanks(rest, end) : end, word;

	for (size_t i = sizeof(signs) / sizeof(signs[0]); i-- > 0;) {
		struct token after = { rest->text + position, rest->bytes - position, 0 };

		if (!token_begins(&after, signs[i]))
			continue;
		position += strlen(signs[i]);
		return flags & SPELLING_WORDS ? skip_blanks(rest, position) : position;
	}
	if (position == end)
		return 0;
	word = find_word(rest, position, words, sizeof(words) / sizeof(words[0]));
	return word > 0 ? skip_blanks(rest, position + word) : 0;
}

/* Whether the text may go on after a network: it ends, or a blank, a comma or so follows. */
static bool is_end(const struct token *rest, size_t end)
{
	return end == rest->bytes || strchr(" \t,;#\"'}", rest->text[end]);
}

static bool refuse(struct reading *reading, const struct token *rest, size_t bytes,
		   const char *message)
{
	struct token word = *rest;

	if (!reading)
		return false;
	if (bytes == 0)
		word = token_word(&word);
	else
		word.bytes = bytes;
	if (message) {
		reading_bad(reading, word.position + 1, "\"%.*s\" %s",
			    (int)(word.bytes < 80 ? word.bytes : 80), word.text, message);
	} else {
		struct prefix prefix;

		if (reading_prefix(reading, &word, HOST_BITS_CUT, &prefix))
			reading_bad(reading, word.position + 1,
				    "\"%.*s\" is not a network: write one such as 192.0.2.0/24",
				    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	}
	return false;
}

static bool read_range_end(struct reading *reading, const struct token *rest, size_t start,
			   unsigned int flags, struct span *span, size_t *ret_end)
{
	struct token word = { rest->text + start, address_bytes(rest, start), 0 };

	if (word.bytes == 0 || !read_address(&word, flags & SPELLING_ZEROS, &span->last) ||
	    memchr(word.text, '*', word.bytes) || !is_end(rest, start + word.bytes))
		return refuse(reading, rest, start + word.bytes,
			      "is not a range: write it as 192.0.2.1 - 192.0.2.9");
	span->is_range = true;
	*ret_end = start + word.bytes;
	return true;
}

static bool set_length(struct reading *reading, const struct token *rest, uint8_t len,
		       unsigned int flags, struct span *span)
{
	struct prefix network = span->first;
	char text[PREFIX_TEXT_BYTES];
	struct token token = { text, 0, rest->position };

	/* "192.0.2/24" */
	network.len = len;
	network = prefix_truncate(&network, len);
	if (memcmp(network.addr, span->first.addr, sizeof(network.addr)) != 0) {
		if (!reading)
			return true;
		/* Let the usual message name both readings. */
		span->first.len = len;
		prefix_format(&span->first, text);
		token.bytes = strlen(text);
		if (!reading_prefix(reading, &token,
				    flags & SPELLING_CUT ? HOST_BITS_CUT : HOST_BITS_REFUSE,
				    &network))
			return false;
	}
	span->first = span->last = network;
	return true;
}

bool spelling_cut(struct reading *reading, struct token *rest, unsigned int flags,
		  struct span *ret_span)
{
	size_t bytes = address_bytes(rest, 0), end, join;
	struct token word = { rest->text, bytes, rest->position };
	struct span span = { .text = *rest };
	const bool has_star = bytes > 0 && memchr(rest->text, '*', bytes);
	uint8_t len = 255;

	if (bytes == 0 || bytes > ADDRESS_BYTES || !read_address(&word, flags, &span.first))
		return refuse(reading, rest, 0, NULL);
	span.last = span.first;
	/* Broadcasts are in some lists, but no host has the address of another mask. */
	if (span.first.family == FAMILY_IPV4 && span.first.len == 32 && span.first.addr[0] == 255 &&
	    span.first.addr[3] != 255)
		return refuse(reading, rest, bytes,
			      "is a mask: write it after its network, such as "
			      "192.0.2.0/24");
	join = has_star ? 0 : read_join(rest, bytes, flags);
	end = bytes;
	if (join > 0) {
		if (span.first.len != prefix_max_len(span.first.family))
			return refuse(reading, rest, 0, "is not a range: write whole addresses");
		if (!read_range_end(reading, rest, join, flags, &span, &end))
			return false;
	} else {
		end = read_mask(rest, bytes, flags, &span.first, &len);
		if (end == 0 || (has_star && end > bytes))
			return refuse(reading, rest, 0,
				      "needs a length or a mask after it: write a "
				      "network such as 192.0.2.0/24");
		if (!is_end(rest, end))
			return refuse(reading, rest, 0, NULL);
		if (end > bytes && !set_length(reading, rest, len, flags, &span))
			return false;
	}
	span.text.bytes = end;
	token_advance(rest, skip_blanks(rest, end));
	*ret_span = span;
	return true;
}

bool spelling_is_network(const struct token *word, unsigned int flags)
{
	size_t bytes = address_bytes(word, 0), end;
	struct token address = { word->text, bytes, 0 };
	struct prefix prefix;
	uint8_t len;

	if (bytes == 0 || bytes > ADDRESS_BYTES || !read_address(&address, flags, &prefix))
		return false;
	end = read_mask(word, bytes, flags & ~(unsigned int)SPELLING_WORDS, &prefix, &len);
	return end == word->bytes;
}

bool spelling_is_name(const struct token *word)
{
	const char *dot = word->bytes > 1 ? memrchr(word->text, '.', word->bytes - 1) : NULL;

	if (!dot)
		return false;
	for (size_t i = 0; i < word->bytes; i++) {
		char c = word->text[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') && !is_digit(word->text[i]) && word->text[i] != '.' &&
		    word->text[i] != '-' && word->text[i] != '_' &&
		    !(i == 0 && word->text[i] == '*'))
			return false;
	}
	/* The last label of a name is not a number. */
	return (dot[1] | 0x20) >= 'a' && (dot[1] | 0x20) <= 'z';
}

bool spelling_is_at_end(struct reading *reading, const struct token *rest)
{
	if (rest->bytes == 0)
		return true;
	reading_bad(reading, rest->position + 1,
		    "unexpected \"%.*s\" after a network: write one there",
		    (int)(rest->bytes < 80 ? rest->bytes : 80), rest->text);
	return false;
}

int spelling_add(struct reading *reading, const struct span *span, const struct entry *entry)
{
	struct entry copy = *entry;

	if (span->is_range)
		return reading_add_range(reading, &span->text, entry, &span->first, &span->last);
	copy.prefix = span->first;
	return reading_add(reading, &span->text, &copy);
}
