/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables with the first and last addresses of ranges: block.txt of DShield, ipfilter.dat of eMule,
 * and the text lists of PeerGuardian (.p2p). */
#include <string.h>

#include "core/prefix_range.h"
#include "formats/parser.h"
#include "formats/spelling.h"

/* Read a whole token as an address. Leading zeros are decimal in some of these tables. */
static bool read_end(const struct token *token, unsigned int flags, struct prefix *ret_prefix)
{
	struct token rest = token_trim(*token);
	struct span span;

	if (!spelling_cut(NULL, &rest, flags, &span) || rest.bytes > 0 || span.is_range ||
	    span.first.len != prefix_max_len(span.first.family))
		return false;
	*ret_prefix = span.first;
	return true;
}

static int add_range(struct reading *reading, struct span span, const struct token *text)
{
	struct entry entry = reading_entry(reading);
	const char *reason = line_reason(text);

	if (reason)
		entry.reason = reason;
	span.is_range = true;
	return spelling_add(reading, &span, &entry);
}

/* ---- DShield ---------------------------------------------------------------------------- */

enum { DSHIELD_FIRST, DSHIELD_LAST, DSHIELD_LENGTH, DSHIELD_ATTACKS, DSHIELD_NAME, DSHIELD_COUNT };

static bool split_dshield(const struct token *line, struct token fields[DSHIELD_COUNT],
			  struct span *ret_span, uint64_t *ret_length)
{
	size_t count = token_split(line, '\t', fields, DSHIELD_COUNT);
	struct span span = { .text = *line };

	if (count < 3 || !read_end(&fields[DSHIELD_FIRST], 0, &span.first) ||
	    !read_end(&fields[DSHIELD_LAST], 0, &span.last) ||
	    !token_number(&fields[DSHIELD_LENGTH], ret_length) || *ret_length > 32)
		return false;
	if (count < DSHIELD_COUNT)
		fields[DSHIELD_NAME] = (struct token) { 0 };
	*ret_span = span;
	return true;
}

static int read_dshield(struct reading *reading)
{
	struct token content = line_content(reading->line), fields[DSHIELD_COUNT];
	struct span span;
	struct prefix network;
	struct prefix split[PREFIX_RANGE_MAX];
	uint64_t length;

	if (content.bytes == 0 || content.text[0] == '#' || token_begins(&content, "Start"))
		return 0;
	reading->result->record_count++;
	if (!split_dshield(&content, fields, &span, &length)) {
		reading_bad(reading, 1,
			    "not START, END and LENGTH, separated by tabs, as DShield "
			    "has them");
		return 0;
	}
	network = prefix_truncate(&span.first, (uint8_t)length);
	if (prefix_range_split(&span.first, &span.last, split) != 1 ||
	    prefix_compare(&split[0], &network)) {
		reading_bad(reading, fields[DSHIELD_LENGTH].position + 1,
			    "the range is not the network of the length %u: correct one of them",
			    (unsigned int)length);
		return 0;
	}
	return add_range(reading, span, &fields[DSHIELD_NAME]);
}

static bool is_dshield_line(const struct token *line)
{
	struct token fields[DSHIELD_COUNT];
	struct span span;
	uint64_t length;

	return split_dshield(line, fields, &span, &length);
}

/* ---- ipfilter.dat ------------------------------------------------------------------------ */

/* Levels above this are allowed. */
#define IPFILTER_BLOCKED_MAX 127

/* "000.000.000.000 - 000.255.255.255 , 000 , text" */
static bool split_ipfilter(const struct token *line, struct span *ret_span, uint64_t *ret_level,
			   struct token *ret_text)
{
	struct token rest = *line, range, level, first;
	struct span span = { .text = *line };

	token_field(&rest, ',', &range);
	if (!rest.text)
		return false;
	token_field(&rest, ',', &level);
	*ret_text = rest.text ? token_trim(rest) : (struct token) { 0 };
	level = token_trim(level);
	token_field(&range, '-', &first);
	if (!range.text || !read_end(&first, SPELLING_ZEROS, &span.first) ||
	    !read_end(&range, SPELLING_ZEROS, &span.last) || !token_number(&level, ret_level))
		return false;
	*ret_span = span;
	return true;
}

static int read_ipfilter(struct reading *reading)
{
	struct token content = line_content(reading->line), text;
	struct span span;
	uint64_t level;

	if (content.bytes == 0 || content.text[0] == '#' || token_begins(&content, "//"))
		return 0;
	reading->result->record_count++;
	if (!split_ipfilter(&content, &span, &level, &text)) {
		reading_bad(reading, 1, "not FIRST - LAST , LEVEL , TEXT, as ipfilter.dat has");
		return 0;
	}
	if ((level > IPFILTER_BLOCKED_MAX) != (reading->input->action == ACTION_ALLOW)) {
		reading_skip(reading, FORMAT_SKIP_ACTION);
		return 0;
	}
	return add_range(reading, span, &text);
}

static bool is_ipfilter_line(const struct token *line)
{
	struct token text;
	struct span span;
	uint64_t level;

	return split_ipfilter(line, &span, &level, &text);
}

/* ---- .p2p -------------------------------------------------------------------------------- */

/* "Some text:192.0.2.0-192.0.2.255". The text may have colons, too. */
static bool split_p2p(const struct token *line, struct span *ret_span, struct token *ret_text)
{
	const char *colon = line->bytes > 0 ? memrchr(line->text, ':', line->bytes) : NULL;
	struct token range, first;
	struct span span = { .text = *line };

	if (!colon)
		return false;
	*ret_text = *line;
	ret_text->bytes = (size_t)(colon - line->text);
	range = (struct token) { line->text + ret_text->bytes + 1,
				 line->bytes - ret_text->bytes - 1, 0 };
	token_field(&range, '-', &first);
	if (!range.text || !read_end(&first, SPELLING_ZEROS, &span.first) ||
	    !read_end(&range, SPELLING_ZEROS, &span.last) || token_is_prefix(ret_text))
		return false;
	*ret_span = span;
	return true;
}

static int read_p2p(struct reading *reading)
{
	struct token content = line_content(reading->line), text;
	struct span span;

	if (content.bytes == 0 || content.text[0] == '#')
		return 0;
	reading->result->record_count++;
	if (split_p2p(&content, &span, &text)) {
		/* The text is before the range, and its end would cut the range off. */
		span.text.bytes = 0;
		return add_range(reading, span, &text);
	}
	reading_bad(reading, 1, "not TEXT:FIRST-LAST, as .p2p lists have");
	return 0;
}

static bool is_p2p_line(const struct token *line)
{
	struct token text;
	struct span span;

	return split_p2p(line, &span, &text);
}

const struct format_parser format_dshield = {
	.record_nouns = { "network", "networks" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_dshield_line,
	.read_line = read_dshield,
};

const struct format_parser format_ipfilter = {
	.record_nouns = { "range", "ranges" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_ipfilter_line,
	.read_line = read_ipfilter,
};

const struct format_parser format_p2p = {
	.record_nouns = { "range", "ranges" },
	.line_bytes_max = FORMAT_LINE_BYTES_MAX,
	.is_own = is_p2p_line,
	.read_line = read_p2p,
};
