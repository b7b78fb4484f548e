/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of iptables-save with a source: the first that matches decides. Only rules of one chain of
 * the table filter count, those for all packets of a source or for mail ports. */
#include <string.h>

#include "formats/first_match.h"
#include "formats/parser.h"
#include "formats/spelling.h"

enum target {
	TARGET_OTHER, /* another chain, or one after which the next rule follows */
	TARGET_ALLOW,
	TARGET_BLOCK,
	TARGET_NEITHER, /* leaves the chain */
};

#define CHAIN_NAME_BYTES 64

struct iptables {
	struct first_match rules;
	char chain[CHAIN_NAME_BYTES]; /* of the rules; empty: none yet */
	char ended[CHAIN_NAME_BYTES]; /* the chain in which a rule for everyone came last */
	bool is_other_table;
};

struct table_rule {
	struct token source, comment;
	enum target target;
	bool is_not_mail;    /* for another protocol or port, or another direction */
	bool is_conditional; /* there are conditions that ipwl does not know */
	bool is_inverted;    /* for everyone but its source */
	bool has_stray_word; /* that belongs to no option */
};

static enum target find_target(const struct token *word)
{
	if (token_is(word, "ACCEPT"))
		return TARGET_ALLOW;
	if (token_is(word, "RETURN"))
		return TARGET_NEITHER;
	return token_is(word, "DROP") || token_is(word, "REJECT") ? TARGET_BLOCK : TARGET_OTHER;
}

/* Whether a list of ports has one of mail. */
static bool has_mail_port(const struct token *ports)
{
	static const char *const mail[] = { "25", "465", "587", "smtp" };
	struct token rest = *ports, port;

	while (token_field(&rest, ',', &port)) {
		for (size_t i = 0; i < sizeof(mail) / sizeof(mail[0]); i++) {
			if (token_is(&port, mail[i]))
				return true;
		}
	}
	return false;
}

static void read_option(struct table_rule *rule, const struct token *option, struct token *rest)
{
	if (token_is(option, "!") &&
	    (token_begins(rest, "-s ") || token_begins(rest, "--source "))) {
		rule->is_inverted = true;
	} else if (token_is(option, "-s") || token_is(option, "--source")) {
		rule->has_stray_word |= rule->source.bytes > 0;
		rule->source = token_word(rest);
	} else if (token_is(option, "-j") || token_is(option, "-g")) {
		struct token target = token_word(rest);

		rule->target = find_target(&target);
	} else if (token_is(option, "--comment")) {
		if (!token_quoted(rest, &rule->comment))
			rule->comment = token_word(rest);
	} else if (token_is(option, "--reject-with")) {
		token_word(rest);
	} else if (token_is(option, "-p") || token_is(option, "-m")) {
		struct token value = token_word(rest);

		rule->is_not_mail |= token_is(&value, "udp") || token_is(&value, "icmp");
		rule->is_conditional |= !token_is(&value, "tcp") && !token_is(&value, "comment") &&
					!token_is(&value, "multiport");
	} else if (token_is(option, "--dport") || token_is(option, "--dports")) {
		struct token ports = token_word(rest);

		rule->is_not_mail |= !has_mail_port(&ports);
	} else {
		rule->is_conditional = true;
		rule->has_stray_word |= option->text[0] != '-' && option->text[0] != '!';
		/* The values of an option that ipwl does not know. */
		while (option->text[0] == '-' && rest->bytes > 0 && rest->text[0] != '-' &&
		       rest->text[0] != '!')
			token_word(rest);
	}
}

static enum target wanted_target(const struct reading *reading)
{
	return reading->input->action == ACTION_ALLOW ? TARGET_ALLOW : TARGET_BLOCK;
}

/* Whether rules of the chain count. The order of rules of several chains depends on others. */
static bool take_chain(struct reading *reading, const struct token *chain)
{
	struct iptables *tables = reading->state;

	if (tables->chain[0] == '\0')
		memcpy(tables->chain, chain->text, chain->bytes);
	if (token_is(chain, tables->chain))
		return true;
	reading_spoil(reading, chain->position + 1,
		      "rules of the chain %.*s after those of %s: give one chain, with iptables "
		      "-S CHAIN",
		      (int)chain->bytes, chain->text, tables->chain);
	return false;
}

static int add_rule(struct reading *reading, const struct token *chain, struct table_rule *rule)
{
	struct iptables *tables = reading->state;
	struct entry entry = reading_entry(reading);
	struct span span;
	const char *reason;

	if (token_is(chain, tables->ended)) {
		reading_skip(reading, FORMAT_SKIP_SHADOWED);
		return 0;
	}
	if (!take_chain(reading, chain) ||
	    !spelling_cut(reading, &rule->source, SPELLING_CUT, &span) ||
	    !spelling_is_at_end(reading, &rule->source))
		return 0;
	if (span.is_range) {
		reading_bad(reading, span.text.position + 1, "a range: write a network there");
		return 0;
	}
	entry.prefix = span.first;
	entry.is_exclusion = rule->target != wanted_target(reading);
	reason = entry.is_exclusion ? NULL : line_reason(&rule->comment);
	if (reason)
		entry.reason = reason;
	return first_match_add(&tables->rules, reading, &entry);
}

static int read_rule(struct reading *reading, struct token rest)
{
	const enum target wanted = wanted_target(reading);
	struct iptables *tables = reading->state;
	struct token chain = token_word(&rest);
	struct table_rule rule = { 0 };

	while (rest.bytes > 0) {
		struct token option = token_word(&rest);

		read_option(&rule, &option, &rest);
	}
	rule.is_not_mail |= tables->is_other_table || token_is(&chain, "OUTPUT");
	if (rule.source.bytes == 0) {
		if (!rule.is_conditional && !rule.is_not_mail && rule.target != TARGET_OTHER &&
		    chain.bytes < CHAIN_NAME_BYTES) {
			memcpy(tables->ended, chain.text, chain.bytes);
			tables->ended[chain.bytes] = '\0';
		}
		return 0;
	}
	reading->result->record_count++;
	if (rule.has_stray_word || chain.bytes >= CHAIN_NAME_BYTES) {
		reading_bad(reading, 1,
			    "a word that belongs to no option: write rules as -A CHAIN "
			    "-s NETWORK -j TARGET");
		return 0;
	}
	/* A rule that may keep addresses off the list does so. */
	if (rule.is_not_mail || rule.target == TARGET_OTHER ||
	    (rule.is_conditional && rule.target == wanted)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (rule.is_inverted) {
		reading_spoil(reading, 1,
			      "! -s means everything but a network, which entries cannot express: "
			      "write the intended networks");
		return 0;
	}
	return add_rule(reading, &chain, &rule);
}

static int read_iptables(struct reading *reading)
{
	struct iptables *tables = reading->state;
	struct token content = line_content(reading->line), rest = content;
	struct token word = token_word(&rest);

	if (content.bytes > 0 && content.text[0] == '*')
		tables->is_other_table = !token_is(&word, "*filter");
	if (content.bytes == 0 || strchr("#*:", content.text[0]) || token_is(&word, "COMMIT") ||
	    token_is(&word, "-P") || token_is(&word, "-N"))
		return 0;
	/* Counters. */
	if (word.text[0] == '[')
		word = token_word(&rest);
	if (token_is(&word, "-A"))
		return read_rule(reading, rest);
	reading_bad(reading, 1,
		    "\"%.*s\" is not a line of iptables-save: write rules as -A CHAIN -s "
		    "NETWORK -j TARGET",
		    (int)(word.bytes < 80 ? word.bytes : 80), word.text);
	return 0;
}

static int end_iptables(struct reading *reading)
{
	struct iptables *tables = reading->state;

	return first_match_finish(&tables->rules, reading);
}

static void done_iptables(void *state)
{
	struct iptables *tables = state;

	first_match_done(&tables->rules);
}

static bool is_iptables_mark(const struct token *line, bool is_first)
{
	(void)is_first;
	return token_begins(line, "*filter") || token_begins(line, "*raw") ||
	       token_begins(line, "*mangle") || token_begins(line, "*nat") ||
	       token_begins(line, "-A INPUT ");
}

static bool is_iptables_line(const struct token *line)
{
	return token_begins(line, "-A ") && memmem(line->text, line->bytes, " -s ", 4) &&
	       memmem(line->text, line->bytes, " -j ", 4);
}

const struct format_parser format_iptables = {
	.record_nouns = { "rule with a source", "rules with a source" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.state_bytes = sizeof(struct iptables),
	.is_mark = is_iptables_mark,
	.is_own = is_iptables_line,
	.read_line = read_iptables,
	.end = end_iptables,
	.done = done_iptables,
};
