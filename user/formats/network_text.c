/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks as people type them, with the spellings of list files (spelling.c). */
#include "formats/network_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefix_error.h"
#include "core/prefix_range.h"
#include "formats/spelling.h"

/* What is read, and where errors go. */
struct networks_reading {
	struct format_input input;
	struct format_result result;
	struct line line;
	struct diagnostics diagnostics;
	struct reading reading;
};

static void networks_begin(struct networks_reading *state, const struct token *text)
{
	*state = (struct networks_reading) {
		.input = { .name = "", .diagnostics = &state->diagnostics },
		.line = { .text = text->text, .bytes = text->bytes, .number = 1 },
	};
	diagnostics_init(&state->diagnostics);
	state->reading = (struct reading) { .input = &state->input,
					    .result = &state->result,
					    .line = &state->line };
}

/* Add the prefixes of @span. Return: as networks_parse(). */
static int networks_add(struct networks *networks, const struct span *span,
			char message[NETWORKS_MESSAGE_BYTES])
{
	struct prefix prefixes[PREFIX_RANGE_MAX];
	const int bytes = span->text.bytes < 100 ? (int)span->text.bytes : 100;
	size_t count = prefix_range_split(&span->first, &span->last, prefixes);
	struct prefix *items;

	if (!count) {
		snprintf(message, NETWORKS_MESSAGE_BYTES,
			 "%.*s is not a range: write the lower address first, and two addresses "
			 "of one family",
			 bytes, span->text.text);
		return -EINVAL;
	}
	if (count > NETWORKS_MAX - networks->count) {
		snprintf(message, NETWORKS_MESSAGE_BYTES,
			 "more than %d prefixes at once, with %.*s: write them into a file, one "
			 "per line, and use `ipwlctl import'",
			 NETWORKS_MAX, bytes, span->text.text);
		return -EINVAL;
	}
	items = reallocarray(networks->items, networks->count + count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	memcpy(items + networks->count, prefixes, count * sizeof(*items));
	networks->items = items;
	networks->count += count;
	return 0;
}

/* Read one network: a plain prefix, or another spelling. Return: 0 or -EINVAL. */
static int networks_read_span(struct networks_reading *state, struct token *field,
			      struct span *ret_span, char message[NETWORKS_MESSAGE_BYTES])
{
	struct prefix prefix;
	enum prefix_error error = prefix_parse(field->text, field->bytes, &prefix, NULL);

	switch (error) {
	case PREFIX_OK:
		*ret_span = (struct span) { .first = prefix, .last = prefix, .text = *field };
		return 0;
	case PREFIX_EMPTY:
	case PREFIX_LEADING_ZERO:
	case PREFIX_TOO_LONG:
	case PREFIX_HOST_BITS:
		prefix_error_message(error, field->text, field->bytes, message);
		return -EINVAL;
	default:
		break;
	}
	if (spelling_cut(&state->reading, field, SPELLING_WORDS, ret_span) &&
	    spelling_is_at_end(&state->reading, field))
		return 0;
	snprintf(message, NETWORKS_MESSAGE_BYTES, "%s",
		 state->diagnostics.count ? state->diagnostics.items[0].message : strerror(ENOMEM));
	return -EINVAL;
}

/* Read the text up to the next comma. */
static int networks_read_next(struct networks_reading *state, struct token *rest,
			      struct networks *networks, char message[NETWORKS_MESSAGE_BYTES])
{
	struct token field = { 0 };
	struct span span;
	int err;

	token_field(rest, ',', &field);
	field = token_trim(field);
	err = networks_read_span(state, &field, &span, message);
	return err ? err : networks_add(networks, &span, message);
}

static int networks_compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Order them, and leave each once. */
static void networks_sort(struct networks *networks)
{
	size_t count = 0;

	qsort(networks->items, networks->count, sizeof(*networks->items), networks_compare);
	for (size_t i = 0; i < networks->count; i++)
		if (!count || prefix_compare(&networks->items[count - 1], &networks->items[i]))
			networks->items[count++] = networks->items[i];
	networks->count = count;
}

int networks_parse(const char *text, size_t text_bytes, struct networks *networks,
		   char message[NETWORKS_MESSAGE_BYTES])
{
	struct networks_reading state;
	struct networks more = { 0 };
	char *copy = malloc(text_bytes + 1);
	struct token rest = { .text = copy, .bytes = text_bytes };
	int err = copy ? 0 : -ENOMEM;

	if (err)
		return err;
	memcpy(copy, text, text_bytes);
	copy[text_bytes] = '\0';
	for (size_t i = 0; i < networks->count && !err; i++) {
		const struct span span = { .first = networks->items[i],
					   .last = networks->items[i] };

		err = networks_add(&more, &span, message);
	}
	networks_begin(&state, &rest);
	do {
		err = err ? err : networks_read_next(&state, &rest, &more, message);
	} while (!err && rest.text);
	diagnostics_done(&state.diagnostics);
	free(copy);
	if (err) {
		networks_done(&more);
		return err;
	}
	networks_sort(&more);
	networks_done(networks);
	*networks = more;
	return 0;
}

void networks_done(struct networks *networks)
{
	free(networks->items);
	*networks = (struct networks) { 0 };
}
