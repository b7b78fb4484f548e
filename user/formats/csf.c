/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csf.allow and csf.deny of ConfigServer Firewall: networks, and filters with a port. */
#include <string.h>

#include "formats/parser.h"
#include "formats/spelling.h"

/* Whether a list of ports has one of mail. */
static bool has_mail_port(struct token ports)
{
	struct token port;

	while (token_field(&ports, ',', &port)) {
		if (token_is(&port, "25") || token_is(&port, "465") || token_is(&port, "587"))
			return true;
	}
	return false;
}

struct filter {
	struct token source;
	bool is_outgoing, has_other_port, is_bad;
};

static void read_part(struct filter *filter, const struct token *part)
{
	struct token value = { part->text + 2, part->bytes > 2 ? part->bytes - 2 : 0,
			       part->position + 2 };

	const bool is_port = token_begins(part, "d=") && !memchr(value.text, '.', value.bytes);

	if (token_is(part, "in") || token_is(part, "tcp"))
		return;
	if (token_is(part, "udp") || token_is(part, "icmp")) {
		filter->has_other_port = true;
	} else if (is_port) {
		filter->has_other_port |= !has_mail_port(value);
	} else if (token_begins(part, "s=") && value.bytes > 0) {
		filter->source = value;
	} else if (token_is(part, "out") || token_begins(part, "d=") || token_begins(part, "u=") ||
		   token_begins(part, "g=")) {
		filter->is_outgoing = true;
	} else {
		filter->is_bad = true;
	}
}

/* Split "tcp|in|d=25|s=192.0.2.1". Returns false if it is no filter. */
static bool split_filter(const struct token *content, struct filter *filter)
{
	struct token rest = *content, part;

	if (!memchr(content->text, '|', content->bytes))
		return false;
	*filter = (struct filter) { .is_bad = false };
	while (token_field(&rest, '|', &part))
		read_part(filter, &part);
	return true;
}

static int read_csf(struct reading *reading)
{
	struct token content = line_content(reading->line), comment = token_cut_comment(&content);
	struct entry entry = reading_entry(reading);
	struct filter filter = { .source = content };
	struct token network;
	struct span span;
	const char *reason;

	if (content.bytes == 0)
		return 0;
	reading->result->record_count++;
	if (token_begins(&content, "Include ")) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	if (split_filter(&content, &filter) && (filter.is_bad || filter.source.bytes == 0) &&
	    !filter.is_outgoing) {
		reading_bad(reading, 1, "not a filter of csf: write tcp|in|d=25|s=192.0.2.1");
		return 0;
	}
	if (filter.is_outgoing || filter.has_other_port || spelling_is_name(&content)) {
		reading_skip(reading, FORMAT_SKIP_KIND);
		return 0;
	}
	network = filter.source;
	if (!spelling_cut(reading, &network, SPELLING_CUT, &span))
		return 0;
	if (network.bytes > 0 || span.is_range) {
		reading_bad(reading, network.position + 1,
			    "unexpected text after the network: put # "
			    "before a comment");
		return 0;
	}
	reason = line_reason(&comment);
	if (reason)
		entry.reason = reason;
	return spelling_add(reading, &span, &entry);
}

static bool is_csf_line(const struct token *line)
{
	struct token content = *line;
	struct filter filter;

	token_cut_comment(&content);
	return content.bytes > 0 && split_filter(&content, &filter) && !filter.is_bad;
}

const struct format_parser format_csf = {
	.record_nouns = { "line", "lines" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_csf_line,
	.has_plain_lines = true,
	.read_line = read_csf,
};
