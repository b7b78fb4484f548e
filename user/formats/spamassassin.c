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

/* The numbers of an IPv4 address that has one to three, perhaps with a dot behind them;
 * 0: it is another text. */
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

/* "192.168." and "10.0.1/24" as "192.168.0.0/16" and "10.0.1.0/24", in @buffer. */
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

static int read_spamassassin_network(struct reading *reading, const struct token *token,
				     const char *reason)
{
	char expanded_buffer[EXPANDED_BYTES], plain_buffer[UNBRACKET_BYTES];
	struct entry entry = reading_entry(reading);
	struct token network = *token;

	reading->result->record_count++;
	entry.is_exclusion = network.text[0] == '!';
	if (entry.is_exclusion)
		network =
		    (struct token) { network.text + 1, network.bytes - 1, network.position + 1 };
	network = token_unbracket(&network, plain_buffer);
	network = expand_address(&network, expanded_buffer);
	if (!reading_prefix(reading, &network, HOST_BITS_ARE_CUT, &entry.prefix))
		return 0;
	if (reason)
		entry.reason = reason;
	return reading_add(reading, token, &entry);
}

static void clear_networks(struct reading *reading)
{
	if (reading->result->entry_count || reading->result->exclusion_count)
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

		/* "! 192.0.2.1" is one word in two. */
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
	.record_noun = "networks",
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_mark = is_spamassassin_mark,
	.is_own = is_spamassassin_line,
	.read_line = read_spamassassin,
};
