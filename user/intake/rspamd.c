/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads messages of rspamd's metadata exporter. It trusts the shape of nothing. */
#include "intake/rspamd.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "core/reserved.h"
#include "learn/evidence_line.h"

/* Results of rspamd that tell whether a message is good or bad. Others only defer it ("soft
 * reject", "greylist"), or were named by an administrator. */
static const struct {
	const char *action;
	enum evidence_kind kind;
} verdicts[] = {
	{ "no action", EVIDENCE_HAM },	 { "reject", EVIDENCE_SPAM },
	{ "add header", EVIDENCE_SPAM }, { "rewrite subject", EVIDENCE_SPAM },
	{ "discard", EVIDENCE_SPAM },	 { "quarantine", EVIDENCE_SPAM },
};

/* What the symbols of a message say. */
struct symbols {
	bool is_reply;
	bool has_spf; /* the domain of the envelope sender allows the address */
	bool is_authenticated;
};

/* ---- JSON ----------------------------------------------------------------- */

/* Overwrite what rspamd may write and JSON does not have: the numbers "nan" and "inf" (the score
 * after a passthrough), control characters and bytes that are not UTF-8. A sender must not be
 * able to hide spam behind them. */
static void clean(char *text, size_t text_bytes)
{
	bool is_string = false;

	for (size_t i = 0; i < text_bytes; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			text[i] = ' ';
	}
	utf8_sanitize(text, text_bytes);
	for (size_t i = 0; i < text_bytes; i++) {
		if (is_string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			is_string = !is_string;
		} else if (!is_string && text_bytes - i >= 3 &&
			   (!strncasecmp(text + i, "nan", 3) || !strncasecmp(text + i, "inf", 3))) {
			text[i] = '0';
			memset(text + i + 1, ' ', 2);
			i += 2;
		}
	}
}

static const char *member_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* Symbols are objects, or only names. */
static struct symbols read_symbols(const json_t *array)
{
	struct symbols symbols = { 0 };
	const json_t *symbol;
	size_t i;

	json_array_foreach(array, i, symbol)
	{
		const char *name = json_is_string(symbol) ? json_string_value(symbol)
							  : member_text(symbol, "name");

		if (!name)
			continue;
		if (!strcmp(name, "REPLY"))
			symbols.is_reply = true;
		else if (!strcmp(name, "R_SPF_ALLOW"))
			symbols.has_spf = symbols.is_authenticated = true;
		else if (!strcmp(name, "R_DKIM_ALLOW") || !strcmp(name, "DMARC_POLICY_ALLOW"))
			symbols.is_authenticated = true;
	}
	return symbols;
}

/* ---- evidence ------------------------------------------------------------- */

/* Copy the domain of an address, or a domain. "unknown" is none, and neither is a word without a
 * dot. */
static void copy_domain(const char *text, char domain[EVIDENCE_DOMAIN_BYTES])
{
	const char *at = strrchr(text, '@');
	const char *from = at ? at + 1 : text;
	size_t bytes = strlen(from);

	while (bytes && from[bytes - 1] == '.')
		bytes--;
	if (bytes >= EVIDENCE_DOMAIN_BYTES)
		return;
	for (size_t i = 0; i < bytes; i++)
		domain[i] = (char)tolower((unsigned char)from[i]);
	domain[bytes] = '\0';
	if (!strchr(domain, '.') || !evidence_is_domain(domain))
		domain[0] = '\0';
}

/* Copy the first recipient, if rspamd tells it. */
static void copy_person(const json_t *recipients, char person[EVIDENCE_PERSON_BYTES])
{
	const char *text = json_string_value(json_array_get(recipients, 0));
	const size_t bytes = text ? strlen(text) : 0;

	if (!bytes || bytes >= EVIDENCE_PERSON_BYTES)
		return;
	memcpy(person, text, bytes + 1);
	utf8_sanitize(person, bytes);
}

/* Whether no mail of a stranger can come from the address: rspamd saw a proxy or a container. */
static bool is_local(const struct prefix *address)
{
	static const char *const kinds[] = { "unspecified", "loopback", "private", "link-local" };

	for (size_t i = 0; i < RESERVED_COUNT; i++) {
		if (!prefix_contains(&reserved_spaces[i].prefix, address))
			continue;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			if (!strcmp(kinds[k], reserved_spaces[i].kind))
				return true;
		}
	}
	return false;
}

/* Whether the message came from a host outside. */
static bool read_address(const json_t *message, struct prefix *ret_address)
{
	const char *user = member_text(message, "user"), *text = member_text(message, "ip");

	if (user && *user && strcmp(user, "unknown") != 0)
		return false;
	return text && prefix_parse(text, strlen(text), ret_address, NULL) == PREFIX_OK &&
	       ret_address->len == prefix_max_len(ret_address->family) && !is_local(ret_address);
}

static bool find_kind(const char *action, enum evidence_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		if (strcmp(verdicts[i].action, action) != 0)
			continue;
		*ret_kind = verdicts[i].kind;
		return true;
	}
	return false;
}

static int read_message(const json_t *message, const char *action, int64_t now_sec,
			struct evidence evidence[RSPAMD_EVIDENCE_MAX])
{
	const struct symbols symbols = read_symbols(json_object_get(message, "symbols"));
	const json_t *recipients = json_object_get(message, "rcpt");
	const char *from = member_text(message, "from");
	struct evidence *first = &evidence[0];

	*first = (struct evidence) { .source = EVIDENCE_FROM_RSPAMD,
				     .at_sec = now_sec,
				     .has_address = true };
	if (!read_address(message, &first->address) || !find_kind(action, &first->kind))
		return 0;
	copy_person(recipients, first->person);
	first->recipient_count = (uint32_t)json_array_size(recipients);
	if (first->kind == EVIDENCE_SPAM)
		return 1;
	if (!symbols.is_authenticated && !symbols.is_reply)
		return 0;
	/* A signature stays valid if another host sends the message once more. Only SPF ties the
	 * domain to the address. */
	if (symbols.has_spf && from)
		copy_domain(from, first->domain);
	if (!symbols.is_reply)
		return 1;
	evidence[1] = *first;
	evidence[1].kind = EVIDENCE_REPLY;
	return 2;
}

int rspamd_read(char *text, size_t text_bytes, int64_t now_sec,
		struct evidence ret_evidence[RSPAMD_EVIDENCE_MAX])
{
	const char *action;
	json_t *message;
	int count = -EINVAL;

	clean(text, text_bytes);
	message = json_loadb(text, text_bytes, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (!message)
		return -EINVAL;
	action = member_text(message, "action");
	if (action)
		count = read_message(message, action, now_sec, ret_evidence);
	json_decref(message);
	return count;
}
