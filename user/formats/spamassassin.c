/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network settings of SpamAssassin: trusted_networks and internal_networks. */
#include <stdio.h>
#include <string.h>

#include "formats/parser.h"
#include "formats/reading.h"

enum setting { SETTING_NETWORKS, SETTING_CLEAR, SETTING_OTHER };

static enum setting find_setting(const struct token *word)
{
	if (token_is(word, "trusted_networks") || token_is(word, "internal_networks"))
		return SETTING_NETWORKS;
	if (token_is(word, "clear_trusted_networks") || token_is(word, "clear_internal_networks"))
		return SETTING_CLEAR;
	return SETTING_OTHER;
}

#define EXPANDED_BYTES 80

/* Count the numbers of an IPv4 address with one to three of them, perhaps with a dot at the
 * end; 0: it is another text. */
static size_t count_numbers(const struct token *token, size_t *ret_bytes)
{
	size_t count = 0, i = 0;

	for (;;) {
		size_t start = i;

		while (i < token->bytes && is_digit(token->text[i]))
			i++;
		count += i > start;
		if (i == start || i == token->bytes || token->text[i] != '.')
			break;
		i++;
	}
	*ret_bytes = i;
	return i == token->bytes || token->text[i] == '/' ? count : 0;
}

/* Expand "192.168." and "10.0.1/24" to "192.168.0.0/16" and "10.0.1.0/24", in @buffer. */
static struct token expand_address(const struct token *token, char buffer[EXPANDED_BYTES])
{
	size_t bytes, count = count_numbers(token, &bytes);
	struct token mask = { token->text + bytes, token->bytes - bytes, 0 };
	size_t used;

	if (count == 0 || count >= 4 || token->bytes > EXPANDED_BYTES / 2)
		return *token;
	if (token->text[bytes - 1] == '.')
		bytes--;
	memcpy(buffer, token->text, bytes);
	used = bytes;
	for (size_t i = count; i < 4; i++) {
		buffer[used++] = '.';
		buffer[used++] = '0';
	}
	if (mask.bytes > 0) {
		memcpy(buffer + used, mask.text, mask.bytes);
		used += mask.bytes;
	} else {
		used += (size_t)snprintf(buffer + used, EXPANDED_BYTES - used, "/%zu", 8 * count);
	}
	return (struct token) { buffer, used, token->position };
}

/* SpamAssassin reads numbers with leading zeros as decimal. */
static struct token strip_zeros(const struct token *token, char buffer[EXPANDED_BYTES])
{
	size_t used = 0;
	bool was_digit = false;

	if (token->bytes >= EXPANDED_BYTES || memchr(token->text, ':', token->bytes))
		return *token;
	for (size_t i = 0; i < token->bytes; i++) {
		bool has_more = i + 1 < token->bytes && is_digit(token->text[i + 1]);

		if (token->text[i] == '/') {
			memcpy(buffer + used, token->text + i, token->bytes - i);
			used += token->bytes - i;
			break;
		}
		if (token->text[i] == '0' && !was_digit && has_more)
			continue;
		was_digit = is_digit(token->text[i]);
		buffer[used++] = token->text[i];
	}
	return (struct token) { buffer, used, token->position };
}

/* Replace the mask in "192.0.2.0/255.255.255.0" by a length. A text without a mask does not
 * change. */
static struct token mask_to_length(const struct token *token, char buffer[EXPANDED_BYTES])
{
	const char *slash = token->bytes > 0 ? memchr(token->text, '/', token->bytes) : NULL;
	size_t address_bytes = slash ? (size_t)(slash - token->text) : 0;
	struct prefix mask;
	uint32_t bits = 0;
	int used;

	if (!slash || token->bytes >= EXPANDED_BYTES ||
	    !memchr(slash, '.', token->bytes - address_bytes) ||
	    prefix_parse(slash + 1, token->bytes - address_bytes - 1, &mask, NULL) != PREFIX_OK ||
	    mask.family != FAMILY_IPV4 || mask.len != 32)
		return *token;
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | mask.addr[i];
	if ((~bits & (~bits + 1)) != 0)
		return *token;
	used = snprintf(buffer, EXPANDED_BYTES, "%.*s/%d", (int)address_bytes, token->text,
			__builtin_popcount(bits));
	return (struct token) { buffer, (size_t)used, token->position };
}

/* Cut off the interface in "fe80::1%eth0", which a list cannot have. */
static struct token cut_scope(struct reading *reading, struct token token)
{
	const char *percent = memchr(token.text, '%', token.bytes);

	if (!percent || !memchr(token.text, ':', (size_t)(percent - token.text)) ||
	    memchr(token.text, '/', token.bytes))
		return token;
	reading_note(reading, token.position + 1, "%.*s is listed on any interface",
		     (int)token.bytes, token.text);
	token.bytes = (size_t)(percent - token.text);
	return token;
}

static int read_spamassassin_network(struct reading *reading, const struct token *token,
				     const char *reason)
{
	char expanded_buffer[EXPANDED_BYTES], plain_buffer[UNBRACKET_BYTES];
	char zeros_buffer[EXPANDED_BYTES], mask_buffer[EXPANDED_BYTES];
	struct entry entry = reading_entry(reading);
	struct token network = *token;
	struct prefix first, last;

	reading->result->record_count++;
	entry.is_exclusion = network.text[0] == '!';
	if (entry.is_exclusion)
		network =
		    (struct token) { network.text + 1, network.bytes - 1, network.position + 1 };
	if (reason)
		entry.reason = reason;
	if (network.bytes > 0 && network.text[network.bytes - 1] == ',')
		network.bytes--;
	if (network.bytes > 0 && reading_range(&network, &first, &last) == network.bytes)
		return reading_add_range(reading, token, &entry, &first, &last);
	network = token_unbracket(&network, plain_buffer);
	if (network.bytes > 0)
		network = cut_scope(reading, network);
	network = strip_zeros(&network, zeros_buffer);
	network = expand_address(&network, expanded_buffer);
	network = mask_to_length(&network, mask_buffer);
	if (!reading_prefix(reading, &network, HOST_BITS_CUT, &entry.prefix))
		return 0;
	return reading_add(reading, token, &entry);
}

static void clear_networks(struct reading *reading)
{
	if (reading->input->set->count > reading->first_entry)
		reading_spoil(reading, 1,
			      "takes back the networks before it: remove them, or put it first");
}

static int read_spamassassin(struct reading *reading)
{
	struct token rest = line_content(reading->line), comment = token_cut_comment(&rest);
	struct token setting = token_word(&rest);
	const char *reason = line_reason(&comment);
	int err = 0;

	if (setting.bytes == 0)
		return 0;
	switch (find_setting(&setting)) {
	case SETTING_CLEAR:
		clear_networks(reading);
		return 0;
	case SETTING_OTHER:
		reading->result->record_count++;
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	case SETTING_NETWORKS:
		break;
	}
	if (rest.bytes == 0)
		reading_bad(reading, setting.position + 1, "%.*s without a network: add one",
			    (int)setting.bytes, setting.text);
	while (rest.bytes > 0 && !err) {
		struct token word = token_word(&rest);

		/* "! 192.0.2.1" is one element in two words. */
		if (token_is(&word, "!") && rest.bytes > 0) {
			struct token network = token_word(&rest);

			network.text[-1] = '!';
			word = (struct token) { network.text - 1, network.bytes + 1,
						network.position - 1 };
		}
		err = read_spamassassin_network(reading, &word, reason);
	}
	return err;
}

static bool is_spamassassin_line(const struct token *line)
{
	struct token rest = *line;
	struct token word = token_word(&rest);

	return find_setting(&word) != SETTING_OTHER;
}

static bool is_spamassassin_mark(const struct token *line, bool is_first)
{
	(void)is_first;
	return is_spamassassin_line(line);
}

const struct format_parser format_spamassassin = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_mark = is_spamassassin_mark,
	.is_own = is_spamassassin_line,
	.read_line = read_spamassassin,
};
