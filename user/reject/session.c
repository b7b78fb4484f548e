/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dialogue (RFC 5321). */
#include "reject/session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum verb {
	VERB_QUIT,
	VERB_HELO,
	VERB_EHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_RSET,
	VERB_NOOP,
	VERB_DATA
};

static const char *const verbs[] = {
	[VERB_QUIT] = "QUIT", [VERB_HELO] = "HELO", [VERB_EHLO] = "EHLO", [VERB_MAIL] = "MAIL",
	[VERB_RCPT] = "RCPT", [VERB_RSET] = "RSET", [VERB_NOOP] = "NOOP", [VERB_DATA] = "DATA",
};
#define VERB_COUNT (sizeof(verbs) / sizeof(*verbs))

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

/* The text with the address, as far as it fits. */
static void expand(const struct session *session, char *to, size_t size)
{
	size_t used = 0;

	for (const char *from = session->setup->text; *from && used + 1 < size; from++) {
		if (*from != '%') {
			to[used++] = *from;
			continue;
		}
		if (*++from == 'a')
			used += (size_t)snprintf(to + used, size - used, "%s", session->address);
		else
			to[used++] = '%';
		if (used >= size)
			used = size - 1;
	}
	to[used] = '\0';
}

const char *session_check_text(const char *text)
{
	size_t bytes = 0;

	if (!*text)
		return "it is empty";
	for (; *text; text++, bytes++) {
		if (!is_printable(*text))
			return "it has a character that is not printable ASCII";
		if (*text != '%')
			continue;
		text++;
		if (*text == 'a')
			bytes += SESSION_ADDRESS_BYTES;
		else if (*text != '%')
			return "% must be followed by a or another %";
	}
	return bytes > SESSION_TEXT_BYTES ? "it is too long" : NULL;
}

void session_init(struct session *session, const struct session_setup *setup, const char *address)
{
	*session = (struct session) { .setup = setup };
	snprintf(session->address, sizeof(session->address), "%s", address);
}

static void write_rejection(const struct session *session, int code,
			    char reply[SESSION_REPLY_BYTES])
{
	char text[SESSION_TEXT_BYTES + 1];

	expand(session, text, sizeof(text));
	snprintf(reply, SESSION_REPLY_BYTES, "%d 5.7.1 %s\r\n", code, text);
}

void session_greet(const struct session *session, char reply[SESSION_REPLY_BYTES])
{
	if (session->setup->greets_so)
		write_rejection(session, 554, reply);
	else
		snprintf(reply, SESSION_REPLY_BYTES, "220 %.255s ESMTP\r\n", session->setup->host);
}

/* Copy what is printable, and write a question mark for each other byte. */
static void copy_name(char to[SESSION_NAME_BYTES], const char *from, size_t bytes)
{
	size_t used = 0;

	for (; used < bytes && used + 1 < SESSION_NAME_BYTES; used++)
		to[used] = is_printable(from[used]) && from[used] != '"' ? from[used] : '?';
	to[used] = '\0';
}

/* The path between < and >, which a colon precedes. Return: its length, or -1. */
static int find_path(const char *line, size_t bytes, const char **ret_path)
{
	const char *first = memchr(line, '<', bytes);
	const char *last;

	if (!first || !memchr(line, ':', (size_t)(first - line)))
		return -1;
	first++;
	last = memchr(first, '>', bytes - (size_t)(first - line));
	if (!last)
		return -1;
	*ret_path = first;
	return (int)(last - first);
}

static void note_domain(struct session *session, const char *path, size_t bytes)
{
	const char *at = memrchr(path, '@', bytes);
	char domain[SESSION_NAME_BYTES];

	if (!at)
		return;
	copy_name(domain, at + 1, bytes - (size_t)(at + 1 - path));
	for (unsigned int i = 0; i < session->domain_count; i++)
		if (!strcasecmp(session->domains[i], domain))
			return;
	if (session->domain_count < SESSION_DOMAINS_MAX)
		memcpy(session->domains[session->domain_count++], domain, sizeof(domain));
}

static void say(char reply[SESSION_REPLY_BYTES], const char *words)
{
	snprintf(reply, SESSION_REPLY_BYTES, "%s\r\n", words);
}

static void answer_hello(struct session *session, const char *line, size_t bytes,
			 char reply[SESSION_REPLY_BYTES])
{
	/* Behind the verb and one blank. */
	const size_t skipped = bytes > 5 ? 5 : bytes;

	copy_name(session->helo, line + skipped, bytes - skipped);
	session->has_sender = false;
	snprintf(reply, SESSION_REPLY_BYTES, "250 %.255s\r\n", session->setup->host);
}

static bool answer_mail(struct session *session, const char *line, size_t bytes,
			char reply[SESSION_REPLY_BYTES])
{
	const char *path;
	const int length = find_path(line, bytes, &path);

	if (length < 0) {
		say(reply, "501 5.5.4 Syntax: MAIL FROM:<address>");
		return false;
	}
	copy_name(session->sender, path, (size_t)length);
	session->has_sender = true;
	say(reply, "250 2.1.0 Ok");
	return true;
}

static bool answer_recipient(struct session *session, const char *line, size_t bytes,
			     char reply[SESSION_REPLY_BYTES])
{
	const char *path;
	const int length = find_path(line, bytes, &path);

	if (!session->has_sender) {
		say(reply, "503 5.5.1 Error: need MAIL command");
		return false;
	}
	if (length < 0) {
		say(reply, "501 5.5.4 Syntax: RCPT TO:<address>");
		return false;
	}
	note_domain(session, path, (size_t)length);
	session->recipient_count++;
	write_rejection(session, 550, reply);
	return true;
}

static size_t find_verb(const char *line, size_t bytes)
{
	size_t verb;

	for (verb = 0; verb < VERB_COUNT; verb++)
		if (bytes >= 4 && !strncasecmp(line, verbs[verb], 4) &&
		    (bytes == 4 || line[4] == ' '))
			break;
	return verb;
}

/* Answer a command behind a greeting that did not reject. Return: whether it is in order. */
static bool answer(struct session *session, size_t verb, const char *line, size_t bytes,
		   char reply[SESSION_REPLY_BYTES])
{
	switch (verb) {
	case VERB_HELO:
	case VERB_EHLO:
		answer_hello(session, line, bytes, reply);
		return true;
	case VERB_MAIL:
		return answer_mail(session, line, bytes, reply);
	case VERB_RCPT:
		return answer_recipient(session, line, bytes, reply);
	case VERB_RSET:
		session->has_sender = false;
		say(reply, "250 2.0.0 Ok");
		return true;
	case VERB_NOOP:
		say(reply, "250 2.0.0 Ok");
		return true;
	case VERB_DATA:
		say(reply, "554 5.5.1 Error: no valid recipients");
		return false;
	default:
		say(reply, "502 5.5.2 Error: command not recognized");
		return false;
	}
}

bool session_command(struct session *session, const char *line, size_t bytes,
		     char reply[SESSION_REPLY_BYTES])
{
	const size_t verb = find_verb(line, bytes);

	if (verb == VERB_QUIT) {
		say(reply, "221 2.0.0 Bye");
		return false;
	}
	if (session->setup->greets_so) {
		/* RFC 5321 section 3.1: any other command is out of sequence. */
		say(reply, "503 5.5.1 Error: bad sequence of commands");
		session->error_count++;
	} else if (!answer(session, verb, line, bytes, reply)) {
		session->error_count++;
	}
	if (++session->command_count < SESSION_COMMANDS_MAX &&
	    session->error_count < SESSION_ERRORS_MAX && bytes <= SESSION_LINE_BYTES)
		return true;
	say(reply, "421 4.7.0 Too many errors or commands, closing the connection");
	return false;
}

void session_describe(const struct session *session, char text[SESSION_DESCRIPTION_BYTES])
{
	const size_t size = SESSION_DESCRIPTION_BYTES;
	size_t used = (size_t)snprintf(text, size, "%s", session->address);

	if (*session->helo)
		used += (size_t)snprintf(text + used, size - used, ", helo \"%s\"", session->helo);
	if (session->recipient_count || session->has_sender)
		used += (size_t)snprintf(text + used, size - used, ", from <%s>", session->sender);
	for (unsigned int i = 0; i < session->domain_count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : ", to ",
					 session->domains[i]);
	snprintf(text + used, size - used, "; recipients: %u", session->recipient_count);
}
