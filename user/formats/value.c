/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distinguishes free text after an address from text that may change the meaning of the
 * address. In doubt, the text is not free, because refusing a line does less harm than
 * misreading it. */
#include "formats/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const refusals[] = {
	"deny",	   "denied", "reject", "rejected",   "drop",	    "block",	 "blocked",
	"discard", "ban",    "banned", "refuse",     "refused",	    "blacklist", "black",
	"no",	   "false",  "off",    "0",	     "dunno",	    "hold",	 "defer",
	"error",   "never",  "none",   "quarantine", "blacklisted", "captcha",	 "greylist",
};

static const char *const grants[] = {
	"allow", "allowed", "accept",	   "accepted", "permit",    "permitted",
	"ok",	 "pass",    "relay",	   "yes",      "true",	    "on",
	"white", "skip",    "whitelisted", "bypass",   "whitelist",
};

static const char *const range_words[] = { "to",  "through", "thru", "until", "till", "bis", "up",
					   "and", "-",	     "..",   "...",   "->",   "=>",  "~" };

static const char *const mask_words[] = { "mask",   "netmask",	     "prefix",	 "prefixlen",
					  "length", "len",	     "cidr",	 "bits",
					  "subnet", "prefix-length", "wildcard", "broadcast" };

static const char *const dns_words[] = { "in",	  "ch",	 "hs", "a",  "aaaa", "txt", "cname",
					 "dname", "ptr", "ns", "mx", "soa",  "srv" };

static bool is_among(const struct token *word, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (token_is_word(word, words[i]))
			return true;
	}
	return false;
}

/* The word without surrounding quotes, brackets and full stops. */
static struct token strip(struct token word)
{
	while (word.bytes > 0 && strchr("\"'(", word.text[0]))
		word = (struct token) { word.text + 1, word.bytes - 1, word.position + 1 };
	while (word.bytes > 0 && strchr("\"'),;:.!=", word.text[word.bytes - 1]))
		word.bytes--;
	return word;
}

bool value_is_refusal(const struct token *word)
{
	struct token plain = strip(*word);

	return is_among(&plain, refusals, COUNT_OF(refusals));
}

bool value_is_grant(const struct token *word)
{
	struct token plain = strip(*word);

	return is_among(&plain, grants, COUNT_OF(grants));
}

bool value_is_of_other_action(const struct token *word, enum action action)
{
	static const char *const weaker[] = { "captcha", "throttle", "greylist", "quarantine",
					      "dunno",	 "none",     "no",	 "false",
					      "off",	 "never",    "hold",	 "defer" };

	if (action == ACTION_ALLOW)
		return value_is_refusal(word) || token_is_word(word, "throttle");
	return value_is_grant(word) || is_among(word, weaker, COUNT_OF(weaker));
}

/* ---- lengths, masks and addresses ---------------------------------------------- */

/* Whether the word is a length, like "24" after 192.0.2.0. A prefix with a length needs no
 * other one, and /32 changes nothing. */
static bool is_length_of(const struct token *key, const struct token *word)
{
	struct prefix address, network;
	size_t column;
	uint64_t number;

	if (memchr(key->text, '/', key->bytes) || !token_number(word, &number) || number < 8 ||
	    prefix_parse_raw(key->text, key->bytes, &address, &column) != PREFIX_OK ||
	    number >= address.len)
		return false;
	network = prefix_truncate(&address, (uint8_t)number);
	return !memcmp(network.addr, address.addr, sizeof(network.addr));
}

/* Whether the word is a mask, 255.255.255.0, or the wildcard mask of a router, 0.0.0.255. */
static bool is_mask(const struct token *word)
{
	struct prefix prefix;
	uint32_t bits = 0;

	if (word->bytes > 2 && (token_begins(word, "0xf") || token_begins(word, "0xF")))
		return true;
	if (prefix_parse(word->text, word->bytes, &prefix, NULL) != PREFIX_OK ||
	    prefix.family != FAMILY_IPV4)
		return false;
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | prefix.addr[i];
	if (bits == 0)
		return true;
	if (!(bits & 0x80000000U))
		return prefix.addr[0] == 0 && (bits & (bits + 1)) == 0;
	bits = ~bits;
	return (bits & (bits + 1)) == 0;
}

static bool is_slash_length(const struct token *word)
{
	return word->bytes > 1 && word->text[0] == '/' && is_digit(word->text[1]);
}

static enum value_kind look_at_piece(const struct token *key, const struct token *piece)
{
	struct token plain = strip(*piece);

	const char *colon = plain.bytes > 0 ? memchr(plain.text, ':', plain.bytes) : NULL;

	/* "255.255.255.0:allow" */
	if (colon && memchr(plain.text, '.', (size_t)(colon - plain.text)))
		plain.bytes = (size_t)(colon - plain.text);
	if (is_slash_length(&plain))
		return VALUE_LENGTH;
	if (is_mask(&plain))
		return VALUE_MASK;
	if (token_is_prefix(&plain))
		return VALUE_ADDRESS;
	return is_length_of(key, &plain) ? VALUE_NUMBER : VALUE_FREE;
}

/* Find the kinds that count anywhere in a value. Commas and semicolons separate words like
 * blanks. */
static enum value_kind look_at_word(const struct token *key, const struct token *word)
{
	struct token rest = *word, piece;
	enum value_kind kind = VALUE_FREE;

	for (size_t i = 0; i < rest.bytes; i++) {
		if (rest.text[i] != ',' && rest.text[i] != ';')
			continue;
		piece = (struct token) { rest.text, i, rest.position };
		kind = look_at_piece(key, &piece);
		if (kind)
			return kind;
		rest =
		    (struct token) { rest.text + i + 1, rest.bytes - i - 1, rest.position + i + 1 };
		i = (size_t)-1;
	}
	return look_at_piece(key, &rest);
}

/* ---- the beginning and the end -------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether the word begins with Unicode punctuation, an arrow or sign, or an unusual blank. */
static bool begins_with_odd_sign(const struct token *word)
{
	unsigned char first = (unsigned char)word->text[0];

	return first == 0xc2 || first == 0xe2 || first == 0xef ||
	       (first == 0xe3 && word->bytes > 1 && (unsigned char)word->text[1] == 0x80);
}

/* Whether the word is a signed number, "+4" or "-3.5", and not a dash. */
static bool is_signed_number(const struct token *word)
{
	size_t digits = 0, dots = 0;

	if (word->bytes < 2 || !strchr("+-", word->text[0]))
		return false;
	for (size_t i = 1; i < word->bytes; i++) {
		digits += is_digit(word->text[i]);
		dots += word->text[i] == '.';
	}
	return digits > 0 && dots < 2 && digits + dots + 1 == word->bytes;
}

static bool has_restriction_prefix(const struct token *word)
{
	static const char *const prefixes[] = { "permit_", "reject_", "defer_", "check_",
						"warn_if_" };

	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		size_t bytes = strlen(prefixes[i]);

		if (word->bytes > bytes && !strncasecmp(word->text, prefixes[i], bytes))
			return true;
	}
	return false;
}

/* "550 text" is an SMTP reply. Without a text, it may be any number. */
static bool is_smtp_code(const struct token *word, size_t bytes_behind)
{
	return word->bytes == 3 && (word->text[0] == '4' || word->text[0] == '5') &&
	       is_digit(word->text[1]) && is_digit(word->text[2]) && bytes_behind > 0;
}

static bool is_action(const struct token *word)
{
	struct token plain = strip(*word);
	const char *stop = plain.bytes > 0 ? memchr(plain.text, ':', plain.bytes) : NULL;

	if (!stop && plain.bytes > 0)
		stop = memchr(plain.text, ',', plain.bytes);
	/* Forms like "ERROR:550 no" of sendmail and "allow,RBLSMTPD=" of tcprules. */
	if (stop)
		plain.bytes = (size_t)(stop - plain.text);
	return is_among(&plain, refusals, COUNT_OF(refusals)) ||
	       is_among(&plain, grants, COUNT_OF(grants));
}

static enum value_kind look_at_first(const struct token *word, size_t bytes_behind)
{
	struct token plain = strip(*word);

	if (is_among(&plain, range_words, COUNT_OF(range_words)) ||
	    is_among(word, range_words, COUNT_OF(range_words)))
		return VALUE_RANGE;
	if (is_among(&plain, mask_words, COUNT_OF(mask_words)))
		return VALUE_MASK;
	if (is_among(&plain, dns_words, COUNT_OF(dns_words)))
		return VALUE_DNS;
	if (has_restriction_prefix(&plain) || is_smtp_code(&plain, bytes_behind))
		return VALUE_RESTRICTION;
	if (begins_with_odd_sign(word) || (word->bytes > 1 && word->text[0] == '-' &&
					   is_digit(word->text[1]) && !is_signed_number(&plain)))
		return VALUE_RANGE;
	if (!is_letter(word->text[0]) && !is_digit(word->text[0]) &&
	    !(word->text[0] & (char)0x80) && !strchr("\"'_", word->text[0]) &&
	    !is_signed_number(word))
		return VALUE_SIGN;
	return VALUE_FREE;
}

enum value_kind value_look(const struct token *key, const struct token *value,
			   struct token *ret_word)
{
	struct token rest = token_trim(*value), word;
	const bool ends_statement = rest.bytes > 0 && rest.text[rest.bytes - 1] == ';';
	enum value_kind kind;
	bool is_first = true, are_numbers = true;
	uint64_t number;

	while (rest.bytes > 0) {
		word = token_word(&rest);
		kind = look_at_word(key, &word);
		/* "3600 IN A" */
		if (!kind && !is_first && are_numbers &&
		    is_among(&word, dns_words, COUNT_OF(dns_words)))
			kind = VALUE_DNS;
		are_numbers &= token_number(&word, &number);
		if (!kind && is_first)
			kind = look_at_first(&word, rest.bytes);
		if (!kind && (is_first || rest.bytes == 0) && is_action(&word))
			kind = VALUE_ACTION;
		if (!kind && rest.bytes == 0 && ends_statement)
			kind = VALUE_SIGN;
		if (kind) {
			*ret_word = word;
			return kind;
		}
		is_first = false;
	}
	return VALUE_FREE;
}

/* ---- what to write --------------------------------------------------------------- */

static void length_remedy(const struct token *key, const struct token *word, char *text)
{
	struct token plain = strip(*word);
	const char *slash = plain.text[0] == '/' ? "" : "/";
	int bytes = (int)(key->bytes < 50 ? key->bytes : 50);

	snprintf(text, VALUE_REMEDY_BYTES,
		 "write %.*s%s%.*s for the network, or put # before it for the one address", bytes,
		 key->text, slash, (int)(plain.bytes < 20 ? plain.bytes : 20), plain.text);
}

const char *value_remedy(enum value_kind kind, const struct token *key, const struct token *word,
			 char text[VALUE_REMEDY_BYTES])
{
	static const char *const remedies[VALUE_KIND_COUNT] = {
		[VALUE_FREE] = "write one prefix a line, and # before a comment",
		[VALUE_MASK] = "write the mask as a length, such as 192.0.2.0/24",
		[VALUE_ADDRESS] = "write one prefix a line, a range as 192.0.2.1 - 192.0.2.9, and "
				  "# before a comment",
		[VALUE_RANGE] = "write a range as 192.0.2.1 - 192.0.2.9, and # before a comment",
		[VALUE_DNS] = "a DNS record, whose name may have the numbers of an address in "
			      "reverse order: write only the addresses",
		[VALUE_ACTION] =
		    "an action: keep only the lines that list addresses, and write only the "
		    "addresses; or set format: postfix-cidr, if it is a table of Postfix",
		[VALUE_RESTRICTION] = "an action of Postfix: set format: postfix-cidr",
		[VALUE_SIGN] = "write one prefix a line, and # before a comment",
	};

	if (kind == VALUE_LENGTH || kind == VALUE_NUMBER)
		length_remedy(key, word, text);
	else
		snprintf(text, VALUE_REMEDY_BYTES, "%s", remedies[kind]);
	return text;
}
