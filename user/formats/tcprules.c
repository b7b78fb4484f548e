/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of tcprules(1), as qmail has them: the most specific address decides. */
#include <string.h>

#include "core/prefix_range.h"
#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/spelling.h"

/* Whether the variables make rblsmtpd reject the client. */
static bool is_rejected(const struct token *variables)
{
	static const char name[] = "RBLSMTPD=";
	const char *found;

	if (variables->bytes == 0)
		return false;
	found = memmem(variables->text, variables->bytes, name, sizeof(name) - 1);
	if (!found || found + sizeof(name) >= variables->text + variables->bytes)
		return false;
	/* The value is in quotes of any kind. */
	found += sizeof(name) - 1;
	return found[0] != found[1];
}

/* Split "ADDRESS:allow,VARIABLES". Returns false if it is another line. */
static bool split_rule(const struct token *line, struct token *ret_address, struct token *ret_verb,
		       struct token *ret_variables)
{
	struct token rest = *line;

	token_field(&rest, ':', ret_address);
	if (!rest.text)
		return false;
	token_field(&rest, ',', ret_verb);
	*ret_variables = rest.text ? rest : (struct token) { rest.text, 0, 0 };
	*ret_address = token_trim(*ret_address);
	*ret_verb = token_trim(*ret_verb);
	return token_is(ret_verb, "allow") || token_is(ret_verb, "deny");
}

/* Read "192.0.2.1", "192.0.2.", "192.0.2.37-53" or "192.0.2-3.". Returns false if it is another
 * text. */
static bool read_address(struct token address, struct prefix *ret_first, struct prefix *ret_last)
{
	const char *dash = address.bytes > 0 ? memchr(address.text, '-', address.bytes) : NULL;
	struct token last = { 0 }, whole = address;
	struct span span;
	uint64_t number;

	if (dash) {
		whole.bytes = (size_t)(dash - address.text);
		last = (struct token) { address.text + whole.bytes + 1,
					address.bytes - whole.bytes - 1, 0 };
	}
	if (!spelling_cut(NULL, &whole, SPELLING_TRUNCATED, &span) || whole.bytes > 0 ||
	    memchr(address.text, '/', address.bytes) || memchr(address.text, '*', address.bytes))
		return false;
	*ret_first = *ret_last = span.first;
	/* tcprules compares texts: without its last dot, a part of an address matches nobody. */
	if (span.first.family == FAMILY_IPV4 && span.first.len < 32 &&
	    address.text[address.bytes - 1] != '.')
		return false;
	if (!dash)
		return true;
	/* "10.2-3." */
	if (last.bytes > 0 && span.first.len < 32)
		last.bytes--;
	if (!token_number(&last, &number) || number > 255 || span.first.family != FAMILY_IPV4 ||
	    span.first.len % 8 != 0 || span.first.len == 0)
		return false;
	ret_last->addr[span.first.len / 8 - 1] = (uint8_t)number;
	return true;
}

static int add_rules(struct reading *reading, const struct token *address, bool lists)
{
	struct entry rule = reading_entry(reading);
	struct prefix first, last, prefixes[PREFIX_RANGE_MAX];
	size_t count = 0;
	int err = 0;

	if (read_address(*address, &first, &last))
		count = prefix_range_split(&first, &last, prefixes);
	if (count == 0) {
		reading_bad(reading, address->position + 1,
			    "\"%.*s\" is not an address of tcprules: write 192.0.2.1, 192.0.2. or "
			    "192.0.2.1-9",
			    (int)(address->bytes < 80 ? address->bytes : 80), address->text);
		return 0;
	}
	reading->result->record_count += count - 1;
	rule.is_exclusion = !lists;
	for (size_t i = 0; i < count && !err; i++) {
		rule.prefix = prefixes[i];
		err = first_match_add(reading->state, reading, &rule);
	}
	return err;
}

static int read_tcprules(struct reading *reading)
{
	const bool is_allow_list = reading->input->action == ACTION_ALLOW;
	struct token content = line_content(reading->line), address, verb, variables;
	bool is_allowed;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	reading->result->record_count++;
	if (!split_rule(&content, &address, &verb, &variables)) {
		reading_bad(reading, 1, "not ADDRESS:allow or ADDRESS:deny, as tcprules reads");
		return 0;
	}
	/* A rule for all clients, for a name, or for a user of a host. */
	if (address.bytes == 0 || address.text[0] == '=' ||
	    memchr(address.text, '@', address.bytes)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	is_allowed = token_is(&verb, "allow") && !is_rejected(&variables);
	return add_rules(reading, &address, is_allowed == is_allow_list);
}

static int end_tcprules(struct reading *reading)
{
	struct first_match *rules = reading->state;

	rules->is_by_length = true;
	return first_match_finish(rules, reading);
}

static void done_tcprules(void *state)
{
	first_match_done(state);
}

static bool is_tcprules_line(const struct token *line)
{
	struct token address, verb, variables;
	struct prefix first, last;

	/* With a blank after the colon, it may be a key and data of Exim. */
	if (!split_rule(line, &address, &verb, &variables) ||
	    (verb.position > 0 && is_blank(line->text[address.bytes + 1])))
		return false;
	return address.bytes == 0 || address.text[0] == '=' || read_address(address, &first, &last);
}

const struct format_parser format_tcprules = {
	.record_nouns = { "rule", "rules" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct first_match),
	.is_own = is_tcprules_line,
	.read_line = read_tcprules,
	.end = end_tcprules,
	.done = done_tcprules,
};
