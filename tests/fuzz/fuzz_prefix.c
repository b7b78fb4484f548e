/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses any bytes as a prefix. A valid one is canonical and is restored from its text. An
 * error has a column and a printable message. Built with clang
 * -fsanitize=fuzzer,address,undefined -Iuser from this and user/core.
 */
#include <stdlib.h>
#include <string.h>

#include "core/prefix.h"
#include "core/prefix_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_prefix(const struct prefix *prefix)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix cut, again;

	check(prefix->family < FAMILY_COUNT && prefix->len <= prefix_max_len(prefix->family));
	cut = prefix_truncate(prefix, prefix->len);
	check(!prefix_compare(prefix, &cut));
	prefix_format(prefix, text);
	check(prefix_parse(text, strlen(text), &again, NULL) == PREFIX_OK);
	check(!prefix_compare(prefix, &again));
	prefix_format_short(prefix, text);
	check(prefix_parse(text, strlen(text), &again, NULL) == PREFIX_OK);
	check(!prefix_compare(prefix, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char message[PREFIX_MESSAGE_BYTES];
	struct prefix prefix;
	size_t column = SIZE_MAX;
	enum prefix_error error = prefix_parse(text, size, &prefix, &column);

	if (!error) {
		check_prefix(&prefix);
		return 0;
	}
	check(error < PREFIX_ERROR_COUNT && column <= size);
	prefix_error_message(error, text, size, message);
	check(strnlen(message, sizeof(message)) < sizeof(message));
	for (const char *c = message; *c; c++)
		check(*c >= ' ' && *c <= '~');
	return 0;
}
