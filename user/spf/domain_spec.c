/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks domain-specs. It expands no macros: what they stand for depends on each message. */
#include "spf/domain_spec.h"

#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of the macro that @text begins with, after its "%"; 0: it is none. */
static size_t macro_bytes(const char *text, size_t bytes, bool is_explanation)
{
	const char *letters = is_explanation ? "sloditphcrvSLODITPHCRV" : "slodiphvSLODIPHV";
	size_t i, digits;
	bool is_zero = true;

	if (bytes && text[0] && strchr("%_-", text[0]))
		return 1;
	if (bytes < 3 || text[0] != '{' || !text[1] || !strchr(letters, text[1]))
		return 0;
	for (i = digits = 2; i < bytes && is_digit(text[i]); i++)
		is_zero &= text[i] == '0';
	/* RFC 7208, section 7.3: the number of labels must not be 0. */
	if (i > digits && is_zero)
		return 0;
	if (i < bytes && (text[i] == 'r' || text[i] == 'R'))
		i++;
	while (i < bytes && text[i] && strchr(".-+,/_=", text[i]))
		i++;
	return i < bytes && text[i] == '}' ? i + 1 : 0;
}

/* Find the end of the last macro. Return: whether @text is a macro-string. */
static bool find_last_macro(const char *text, size_t bytes, bool is_explanation, size_t *ret_end)
{
	*ret_end = 0;
	for (size_t i = 0; i < bytes; i++) {
		size_t macro;

		if (text[i] <= ' ' || text[i] > '~')
			return false;
		if (text[i] != '%')
			continue;
		macro = macro_bytes(text + i + 1, bytes - i - 1, is_explanation);
		if (!macro)
			return false;
		i += macro;
		*ret_end = i + 1;
	}
	return true;
}

bool spf_is_macro_string(const char *text, size_t bytes, bool is_explanation)
{
	size_t end;

	return find_last_macro(text, bytes, is_explanation, &end);
}

/* Letters, digits and "-"; not only digits; no "-" at either end. */
static bool is_top_label(const char *text, size_t bytes)
{
	bool has_other = false;

	if (!bytes || text[0] == '-' || text[bytes - 1] == '-')
		return false;
	for (size_t i = 0; i < bytes; i++) {
		if (!is_letter(text[i]) && !is_digit(text[i]) && text[i] != '-')
			return false;
		has_other |= !is_digit(text[i]);
	}
	return has_other;
}

bool spf_is_domain_spec(const char *text, size_t bytes)
{
	size_t macro_end, start;

	if (!find_last_macro(text, bytes, false, &macro_end))
		return false;
	if (macro_end && macro_end == bytes)
		return true;
	if (bytes && text[bytes - 1] == '.')
		bytes--;
	start = bytes;
	while (start > macro_end && text[start - 1] != '.')
		start--;
	return start > macro_end && is_top_label(text + start, bytes - start);
}
