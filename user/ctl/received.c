/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads Received lines from left to right (RFC 5321 section 4.4), and never searches in them:
 * the sender chooses the name after "from", and may choose one like "x [192.0.2.1]) by".
 *
 *   Postfix, Sendmail, OpenSMTPD:  from HELO (NAME [IP]) ... by HOST
 *   Exim:                          from NAME ([IP] helo=HELO) by HOST
 *                                  from [IP] (port=N helo=HELO) by HOST
 */
#include "ctl/received.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A part of the message. */
struct span {
	const char *text;
	size_t bytes;
};

static bool span_is(const struct span *span, const char *word)
{
	return span->bytes == strlen(word) && !strncasecmp(span->text, word, span->bytes);
}

static bool starts_with(const struct span *span, const char *word)
{
	return span->bytes >= strlen(word) && !strncasecmp(span->text, word, strlen(word));
}

static void advance(struct span *span, size_t bytes)
{
	span->text += bytes;
	span->bytes -= bytes;
}

/* ---- header fields -------------------------------------------------------- */

/* Take one line off @rest, with its end. */
static struct span take_line(struct span *rest)
{
	const char *end = memchr(rest->text, '\n', rest->bytes);
	struct span line = { rest->text, end ? (size_t)(end - rest->text) + 1 : rest->bytes };

	advance(rest, line.bytes);
	return line;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Take the next header field off @rest, with the lines that continue it. Return: false: the
 * header has ended. */
static bool take_field(struct span *rest, struct span *ret_field)
{
	struct span field = take_line(rest);

	if (!field.bytes || field.text[0] == '\n' || field.text[0] == '\r')
		return false;
	while (rest->bytes && (rest->text[0] == ' ' || rest->text[0] == '\t'))
		field.bytes += take_line(rest).bytes;
	*ret_field = field;
	return true;
}

/* ---- words and comments --------------------------------------------------- */

static void skip_blanks(struct span *rest)
{
	while (rest->bytes && is_blank(rest->text[0]))
		advance(rest, 1);
}

/* Take a word, which ends at a blank, a parenthesis or a semicolon. */
static struct span take_word(struct span *rest)
{
	struct span word = { rest->text, 0 };

	while (word.bytes < rest->bytes && !is_blank(rest->text[word.bytes]) &&
	       !strchr("();", rest->text[word.bytes]))
		word.bytes++;
	advance(rest, word.bytes);
	return word;
}

/* Take a comment, and give what is between its outer parentheses. Return: false: there is
 * none, or it does not end. */
static bool take_comment(struct span *rest, struct span *ret_inside)
{
	size_t depth = 0;

	if (!rest->bytes || rest->text[0] != '(')
		return false;
	for (size_t i = 0; i < rest->bytes; i++) {
		const char c = rest->text[i];

		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && !--depth) {
			*ret_inside = (struct span) { rest->text + 1, i - 1 };
			advance(rest, i + 1);
			return true;
		}
	}
	return false;
}

/* ---- addresses ------------------------------------------------------------ */

/* Take "[192.0.2.1]", "[2001:db8::1]" or "[IPv6:2001:db8::1]". */
static bool take_address(struct span *rest, struct prefix *ret_address)
{
	const char *end;
	struct span inside;
	struct prefix address;

	if (!rest->bytes || rest->text[0] != '[')
		return false;
	end = memchr(rest->text, ']', rest->bytes);
	if (!end)
		return false;
	inside.text = rest->text + 1;
	inside.bytes = (size_t)(end - inside.text);
	if (starts_with(&inside, "IPv6:"))
		advance(&inside, strlen("IPv6:"));
	if (prefix_parse(inside.text, inside.bytes, &address, NULL) != PREFIX_OK ||
	    memchr(inside.text, '/', inside.bytes))
		return false;
	advance(rest, (size_t)(end - rest->text) + 1);
	*ret_address = address;
	return true;
}

/* Whether @rest has only Exim's remarks: "port=25 helo=x ident=y", or a ":port" before them. */
static bool is_remarks(struct span rest)
{
	if (rest.bytes && rest.text[0] == ':')
		take_word(&rest);
	for (skip_blanks(&rest); rest.bytes; skip_blanks(&rest)) {
		struct span word = take_word(&rest);

		if (!starts_with(&word, "helo=") && !starts_with(&word, "port=") &&
		    !starts_with(&word, "ident="))
			return false;
	}
	return true;
}

/* Whether @rest is empty, or what Sendmail adds if a name does not lead back. */
static bool is_rest_of_sendmail(struct span rest)
{
	struct span remark;

	skip_blanks(&rest);
	if (!rest.bytes)
		return true;
	if (!take_comment(&rest, &remark) || !span_is(&remark, "may be forged"))
		return false;
	skip_blanks(&rest);
	return !rest.bytes;
}

/* Find the client in "from @helo (@comment)". Only the comment is the server's own words,
 * except in Exim's form without a name. */
static bool find_client(struct span helo, struct span comment, struct prefix *ret_address)
{
	struct prefix address;
	struct span name;

	if (take_address(&helo, &address) && !helo.bytes && comment.bytes && is_remarks(comment)) {
		*ret_address = address;
		return true;
	}
	skip_blanks(&comment);
	if (take_address(&comment, &address)) {
		if (!is_remarks(comment) && !is_rest_of_sendmail(comment))
			return false;
		*ret_address = address;
		return true;
	}
	name = take_word(&comment);
	skip_blanks(&comment);
	if (!name.bytes || memchr(name.text, '=', name.bytes) || !take_address(&comment, &address))
		return false;
	if (!is_rest_of_sendmail(comment))
		return false;
	*ret_address = address;
	return true;
}

/* ---- lines ---------------------------------------------------------------- */

/* What a Received line says. */
struct received {
	bool has_from;
	struct span helo;
	struct span client; /* the comment after it; empty: none */
	struct span by;
	bool is_authenticated;
	bool is_delivery; /* by LMTP, from the mail server to the mailbox */
};

/* Read comments up to the next word. Return: false: a comment does not end. */
static bool skip_comments(struct span *rest, struct received *line)
{
	struct span comment;

	for (skip_blanks(rest); rest->bytes && rest->text[0] == '('; skip_blanks(rest)) {
		if (!take_comment(rest, &comment))
			return false;
		/* "Authenticated sender: alice" of Postfix, "authenticated bits=0" of Sendmail. */
		if (starts_with(&comment, "authenticated"))
			line->is_authenticated = true;
	}
	return true;
}

/* Read "(Postfix) with ESMTPSA" after the host. What follows may hold text of the sender. */
static bool read_protocol(struct span rest, struct received *line)
{
	static const char *const authenticated[] = { "ESMTPA",	   "ESMTPSA", "UTF8SMTPA",
						     "UTF8SMTPSA", "LMTPA",   "LMTPSA" };
	struct span word;

	if (!skip_comments(&rest, line))
		return false;
	word = take_word(&rest);
	if (!span_is(&word, "with"))
		return true;
	if (!skip_comments(&rest, line))
		return false;
	word = take_word(&rest);
	for (size_t i = 0; i < sizeof(authenticated) / sizeof(*authenticated); i++) {
		if (span_is(&word, authenticated[i]))
			line->is_authenticated = true;
	}
	line->is_delivery = span_is(&word, "LMTP") || span_is(&word, "LMTPS");
	return true;
}

/* Read the value of a Received line. Return: false: it is in another form. */
static bool read_line(struct span rest, struct received *ret_line)
{
	struct received line = { .helo = { "", 0 }, .client = { "", 0 }, .by = { "", 0 } };
	struct span word;

	skip_blanks(&rest);
	word = take_word(&rest);
	if (span_is(&word, "from")) {
		line.has_from = true;
		skip_blanks(&rest);
		line.helo = take_word(&rest);
		skip_blanks(&rest);
		if (rest.bytes && rest.text[0] == '(' && !take_comment(&rest, &line.client))
			return false;
		if (!skip_comments(&rest, &line))
			return false;
		word = take_word(&rest);
	}
	if (!span_is(&word, "by"))
		return false;
	skip_blanks(&rest);
	line.by = take_word(&rest);
	if (!line.by.bytes || !read_protocol(rest, &line))
		return false;
	*ret_line = line;
	return true;
}

static bool is_by(const struct received *line, const char *host)
{
	struct span by = line->by;
	size_t bytes = strlen(host);

	if (by.bytes && by.text[by.bytes - 1] == '.')
		by.bytes--;
	if (bytes && host[bytes - 1] == '.')
		bytes--;
	return bytes && by.bytes == bytes && !strncasecmp(by.text, host, bytes);
}

enum received_result received_find(const char *message, size_t message_bytes, const char *host,
				   struct prefix *ret_address)
{
	struct span rest = { message, message_bytes };
	struct span field;
	struct received line;

	while (take_field(&rest, &field)) {
		if (!starts_with(&field, "Received:"))
			continue;
		advance(&field, strlen("Received:"));
		/* This may be the line of our own server, so nothing below it counts. */
		if (!read_line(field, &line))
			return RECEIVED_UNKNOWN;
		if (!is_by(&line, host) || line.is_delivery)
			continue;
		if (line.is_authenticated)
			return RECEIVED_AUTHENTICATED;
		if (!line.has_from)
			return RECEIVED_NO_ADDRESS;
		return find_client(line.helo, line.client, ret_address) ? RECEIVED_FOUND
									: RECEIVED_UNKNOWN;
	}
	return RECEIVED_NO_LINE;
}
