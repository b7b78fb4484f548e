/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPF text: whole records, or their ip4: and ip6: mechanisms. Nothing is looked up in DNS. */
#include <string.h>

#include "formats/parser.h"
#include "formats/spelling.h"

/* Whether a word of a record needs DNS, or says something about all other senders. */
static bool is_other_term(struct token word)
{
	static const char *const terms[] = { "all", "a", "mx", "ptr" };
	static const char *const beginnings[] = { "a:",	      "a/",	 "mx:",	      "mx/", "ptr:",
						  "include:", "exists:", "redirect=", "exp=" };

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (token_is_word(&word, terms[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct token beginning = { word.text, strlen(beginnings[i]), 0 };

		if (word.bytes > beginning.bytes && token_is_word(&beginning, beginnings[i]))
			return true;
	}
	return false;
}

/* The network after ip4: or ip6:. Returns false if the word has none. */
static bool cut_mechanism(const struct token *word, char *ret_qualifier, struct token *ret_network)
{
	struct token rest = *word, name;

	*ret_qualifier = '+';
	if (rest.bytes > 0 && strchr("+-~?", rest.text[0])) {
		*ret_qualifier = rest.text[0];
		rest = (struct token) { rest.text + 1, rest.bytes - 1, rest.position + 1 };
	}
	if (rest.bytes < 5)
		return false;
	name = (struct token) { rest.text, 4, rest.position };
	*ret_network = (struct token) { rest.text + 4, rest.bytes - 4, rest.position + 4 };
	return token_is_word(&name, "ip4:") || token_is_word(&name, "ip6:");
}

static int read_network(struct reading *reading, const struct token *word, struct token network,
			char qualifier)
{
	const bool is_ipv6 = word->text[word->bytes - network.bytes - 2] == '6';
	struct entry entry = reading_entry(reading);
	struct span span;

	/* A neutral result neither lists nor excludes. */
	if (qualifier == '?') {
		reading_skip(reading, FORMAT_SKIP_ACTION);
		return 0;
	}
	if (!spelling_cut(reading, &network, SPELLING_CUT, &span))
		return 0;
	if (span.is_range || network.bytes > 0 || (span.first.family == FAMILY_IPV6) != is_ipv6) {
		reading_bad(reading, word->position + 1,
			    "\"%.*s\" is not a mechanism: write ip4: or ip6: and one network",
			    (int)(word->bytes < 80 ? word->bytes : 80), word->text);
		return 0;
	}
	entry.is_exclusion = qualifier != '+';
	return spelling_add(reading, &span, &entry);
}

static int read_term(struct reading *reading, struct token word)
{
	struct token network, plain = word;
	char qualifier;

	if (token_is_word(&word, "v=spf1"))
		return 0;
	reading->result->record_count++;
	if (cut_mechanism(&word, &qualifier, &network))
		return read_network(reading, &word, network, qualifier);
	if (plain.bytes > 0 && strchr("+-~?", plain.text[0]))
		plain = (struct token) { plain.text + 1, plain.bytes - 1, plain.position + 1 };
	if (is_other_term(plain)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	reading_bad(reading, word.position + 1,
		    "\"%.*s\" is not a term of SPF: write ip4: or ip6: and a network",
		    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	return 0;
}

static int read_spf(struct reading *reading)
{
	struct token rest = line_content(reading->line);
	int err = 0;

	token_cut_comment(&rest);
	while (rest.bytes > 0 && !err) {
		struct token word = token_word(&rest);

		while (word.bytes > 0 && word.text[0] == '"')
			word = (struct token) { word.text + 1, word.bytes - 1, word.position + 1 };
		while (word.bytes > 0 && strchr("\",", word.text[word.bytes - 1]))
			word.bytes--;
		if (word.bytes > 0)
			err = read_term(reading, word);
	}
	return err;
}

static bool is_spf_line(const struct token *line)
{
	struct token rest = *line, word, network;
	char qualifier;

	token_cut_comment(&rest);
	if (rest.bytes > 0 && rest.text[0] == '"')
		rest = (struct token) { rest.text + 1, rest.bytes - 1, 1 };
	word = token_word(&rest);
	return token_is_word(&word, "v=spf1") || cut_mechanism(&word, &qualifier, &network);
}

const struct format_parser format_spf = {
	.record_nouns = { "term", "terms" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_spf_line,
	.read_line = read_spf,
};
