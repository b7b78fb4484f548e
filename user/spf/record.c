/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parses SPF records. An error anywhere is an error of the whole record. */
#include "spf/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "spf/domain_spec.h"

static const char version[] = "v=spf1";

struct text {
	const char *start;
	size_t bytes;
};

bool spf_record_is(const char *text, size_t bytes)
{
	const size_t length = strlen(version);

	return bytes >= length && !strncasecmp(text, version, length) &&
	       (bytes == length || text[length] == ' ');
}

static bool text_is(struct text text, const char *word)
{
	return text.bytes == strlen(word) && !strncasecmp(text.start, word, text.bytes);
}

static struct text text_from(struct text text, size_t from)
{
	return (struct text) { text.start + from, text.bytes - from };
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool set_domain(struct spf_term *term, struct text domain)
{
	if (!spf_is_domain_spec(domain.start, domain.bytes))
		return false;
	term->domain = domain.start;
	term->domain_bytes = domain.bytes;
	term->has_macro = memchr(domain.start, '%', domain.bytes);
	return true;
}

/* ---- mechanisms --------------------------------------------------------- */

/* Take "/LENGTH" from the end of a text, if it is there. Return: whether the length is valid, or
 * there is none. */
static bool take_length(struct text *text, uint8_t max, uint8_t *len)
{
	size_t digits = 0;
	int64_t number;

	while (digits < text->bytes && is_digit(text->start[text->bytes - 1 - digits]))
		digits++;
	if (!digits || digits == text->bytes || text->start[text->bytes - 1 - digits] != '/')
		return true;
	if (digits > 1 && text->start[text->bytes - digits] == '0')
		return false;
	if (number_scan(text->start + text->bytes - digits, digits, &number) != digits ||
	    number > max)
		return false;
	*len = (uint8_t)number;
	text->bytes -= digits + 1;
	return true;
}

/* "/24", "//64" or "/24//64" at the end. */
static bool take_lengths(struct text *text, uint8_t lens[FAMILY_COUNT])
{
	struct text ipv6 = *text;
	uint8_t len = 128;

	lens[FAMILY_IPV4] = 32;
	lens[FAMILY_IPV6] = 128;
	/* Whether the last length belongs to IPv6 shows in a second slash before it. */
	while (ipv6.bytes && is_digit(ipv6.start[ipv6.bytes - 1]))
		ipv6.bytes--;
	if (ipv6.bytes < text->bytes && ipv6.bytes >= 2 &&
	    !memcmp(ipv6.start + ipv6.bytes - 2, "//", 2)) {
		if (!take_length(text, 128, &len))
			return false;
		lens[FAMILY_IPV6] = len;
		text->bytes--;
	}
	return take_length(text, 32, &lens[FAMILY_IPV4]);
}

static bool parse_hosts(struct spf_term *term, struct text rest)
{
	if (rest.bytes && rest.start[0] != ':' && rest.start[0] != '/')
		return false;
	if (term->kind != SPF_PTR && !take_lengths(&rest, term->lens))
		return false;
	return !rest.bytes || (rest.start[0] == ':' && set_domain(term, text_from(rest, 1)));
}

static bool parse_network(struct spf_term *term, struct text rest, enum family family)
{
	uint8_t len = prefix_max_len(family);
	size_t column;

	if (!rest.bytes || rest.start[0] != ':')
		return false;
	rest = text_from(rest, 1);
	if (!take_length(&rest, len, &len) || memchr(rest.start, '/', rest.bytes) ||
	    prefix_parse_raw(rest.start, rest.bytes, &term->network, &column) != PREFIX_OK ||
	    term->network.family != family)
		return false;
	term->is_mapped = family == FAMILY_IPV6 && len >= 96 && prefix_is_mapped(&term->network);
	term->network = prefix_truncate(&term->network, len);
	return true;
}

static bool parse_mechanism(struct spf_term *term, struct text name, struct text rest)
{
	static const struct {
		const char *name;
		enum spf_kind kind;
	} kinds[] = {
		{ "all", SPF_ALL }, { "include", SPF_INCLUDE }, { "a", SPF_A },
		{ "mx", SPF_MX },   { "ptr", SPF_PTR },		{ "exists", SPF_EXISTS },
		{ "ip4", SPF_IP },  { "ip6", SPF_IP },
	};
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(*kinds) && !text_is(name, kinds[i].name))
		i++;
	if (i == sizeof(kinds) / sizeof(*kinds))
		return false;
	term->kind = kinds[i].kind;
	switch (term->kind) {
	case SPF_ALL:
		return !rest.bytes;
	case SPF_IP:
		return parse_network(term, rest, text_is(name, "ip4") ? FAMILY_IPV4 : FAMILY_IPV6);
	case SPF_INCLUDE:
	case SPF_EXISTS:
		return rest.bytes && rest.start[0] == ':' && set_domain(term, text_from(rest, 1));
	default:
		return parse_hosts(term, rest);
	}
}

/* ---- terms -------------------------------------------------------------- */

static bool parse_modifier(struct spf_term *term, struct text name, struct text value)
{
	term->kind = SPF_MODIFIER;
	if (text_is(name, "redirect")) {
		term->kind = SPF_REDIRECT;
		return set_domain(term, value);
	}
	if (text_is(name, "exp"))
		return spf_is_domain_spec(value.start, value.bytes);
	return spf_is_macro_string(value.start, value.bytes, true);
}

/* The length of a name of a modifier; 0: there is no "=" after it. */
static size_t modifier_name_bytes(struct text text)
{
	size_t bytes = 0;

	if (!text.bytes || !is_letter(text.start[0]))
		return 0;
	while (bytes < text.bytes && (is_letter(text.start[bytes]) || is_digit(text.start[bytes]) ||
				      strchr("-_.", text.start[bytes])))
		bytes++;
	return bytes < text.bytes && text.start[bytes] == '=' ? bytes : 0;
}

static bool parse_term(struct spf_term *term, struct text text)
{
	size_t bytes = modifier_name_bytes(text);

	*term =
	    (struct spf_term) { .qualifier = '+', .text = text.start, .text_bytes = text.bytes };
	if (bytes)
		return parse_modifier(term, (struct text) { text.start, bytes },
				      text_from(text, bytes + 1));
	if (strchr("+-~?", text.start[0])) {
		term->qualifier = text.start[0];
		text = text_from(text, 1);
	}
	while (bytes < text.bytes && (is_letter(text.start[bytes]) || is_digit(text.start[bytes])))
		bytes++;
	return parse_mechanism(term, (struct text) { text.start, bytes }, text_from(text, bytes));
}

/* ---- records ------------------------------------------------------------ */

/* Redirect and exp may occur once. Return: what is wrong, or NULL. */
static const char *check_modifiers(struct spf_record *record)
{
	bool has_exp = false;

	for (size_t i = 0; i < record->term_count; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->kind == SPF_REDIRECT) {
			if (record->redirect)
				return "has two modifiers \"redirect\"";
			record->redirect = term;
		}
		if (term->kind == SPF_MODIFIER && term->text_bytes > 4 &&
		    !strncasecmp(term->text, "exp=", 4)) {
			if (has_exp)
				return "has two modifiers \"exp\"";
			has_exp = true;
		}
	}
	return NULL;
}

static const char *check_text(const char *text, size_t bytes)
{
	if (bytes > SPF_RECORD_BYTES_MAX)
		return "is too long";
	for (size_t i = 0; i < bytes; i++)
		if (text[i] < ' ' || text[i] > '~')
			return "has a character that is not visible ASCII";
	return NULL;
}

static const char *parse_terms(struct text text, struct spf_record *record,
			       char message[SPF_MESSAGE_BYTES])
{
	while (text.bytes) {
		const char *space = memchr(text.start, ' ', text.bytes);
		const size_t bytes = space ? (size_t)(space - text.start) : text.bytes;

		if (bytes && record->term_count == SPF_TERMS_MAX)
			return "has too many terms";
		if (bytes && !parse_term(&record->terms[record->term_count++],
					 (struct text) { text.start, bytes })) {
			snprintf(message, SPF_MESSAGE_BYTES, "has an invalid term: \"%.*s\"",
				 bytes > 80 ? 80 : (int)bytes, text.start);
			return message;
		}
		text = text_from(text, space ? bytes + 1 : bytes);
	}
	return check_modifiers(record);
}

int spf_record_parse(const char *text, size_t bytes, struct spf_record *ret_record,
		     char message[SPF_MESSAGE_BYTES])
{
	const char *error = check_text(text, bytes);
	const struct text rest = { text + strlen(version), bytes - strlen(version) };
	struct spf_record record = { .terms = NULL };

	if (!error) {
		/* Each term has at least one character, and a blank before it. */
		const size_t most = rest.bytes / 2 < SPF_TERMS_MAX ? rest.bytes / 2 : SPF_TERMS_MAX;

		record.terms = calloc(most + 1, sizeof(*record.terms));
		if (!record.terms)
			return -ENOMEM;
		error = parse_terms(rest, &record, message);
	}
	if (!error) {
		*ret_record = record;
		return 0;
	}
	if (error != message)
		snprintf(message, SPF_MESSAGE_BYTES, "%s", error);
	spf_record_done(&record);
	return -EINVAL;
}

void spf_record_done(struct spf_record *record)
{
	free(record->terms);
	*record = (struct spf_record) { .terms = NULL };
}
