/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `report`: a person's word that mail from an address is good or spam. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/exchange.h"
#include "ctl/memory.h"
#include "ctl/received.h"

#define HOST_NAME_BYTES 256

enum { REPORT_MESSAGE, REPORT_BY, REPORT_USER };

static const struct column report_columns[] = {
	{ "address", NULL, FORM_PLAIN },
	{ "kind", NULL, FORM_PLAIN },
	{ "noted", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static void write_report(struct writer *writer, const json_t *answer)
{
	const char *address = json_string_value(json_object_get(answer, "address"));
	const char *kind = json_string_value(json_object_get(answer, "kind"));

	writer_members(writer, report_columns, answer);
	if (json_is_true(json_object_get(answer, "noted")))
		writer_text(writer, COLOUR_NONE, "%s: reported as %s", address ? address : "?",
			    kind ? kind : "?");
	else
		writer_text(writer, COLOUR_YELLOW,
			    "%s: not noted: `ipwlctl explain %s' shows whether it can be learned",
			    address ? address : "?", address ? address : "?");
	writer_line_end(writer);
}

/* ---- the message -------------------------------------------------------------- */

/* Read standard input to its end, so that who writes it gets no error, and keep its beginning.
 * The caller frees it. */
static char *read_message(size_t *ret_bytes)
{
	char *message = ctl_allocated(malloc(RECEIVED_HEADER_BYTES_MAX));
	char rest[4096];

	*ret_bytes = fread(message, 1, RECEIVED_HEADER_BYTES_MAX, stdin);
	while (!feof(stdin) && !ferror(stdin) && fread(rest, 1, sizeof(rest), stdin))
		;
	return message;
}

/* Say why a message names no address. */
static enum ctl_exit refuse_message(enum received_result result, const char *host)
{
	switch (result) {
	case RECEIVED_NO_LINE:
		ctl_error("the message has no Received line by %s: name with --by what your mail "
			  "server writes after \"by\"",
			  host);
		break;
	case RECEIVED_NO_ADDRESS:
		ctl_error("%s received the message from this host itself", host);
		break;
	case RECEIVED_AUTHENTICATED:
		ctl_error("%s received the message from an authenticated user", host);
		break;
	default:
		ctl_error("the Received line by %s, or one above it, has an unknown form", host);
		break;
	}
	return CTL_INVALID;
}

/* Find the address in the message on standard input. */
static enum ctl_exit find_sender(const char *by, char address[PREFIX_TEXT_BYTES])
{
	char own[HOST_NAME_BYTES] = "";
	const char *host = by ? by : own;
	enum received_result result;
	struct prefix sender;
	size_t bytes;
	char *message;

	if (!by && gethostname(own, sizeof(own) - 1)) {
		ctl_error("the name of this host is unknown: use --by");
		return CTL_INVALID;
	}
	message = read_message(&bytes);
	result = received_find(message, bytes, host, &sender);
	free(message);
	if (result != RECEIVED_FOUND)
		return refuse_message(result, host);
	prefix_format_short(&sender, address);
	return CTL_DONE;
}

/* ---- the command ---------------------------------------------------------------- */

static enum ctl_exit send_report(const struct arguments *arguments, const char *address)
{
	json_t *body =
	    json_pack("{s:o,s:o,s:s?,s:o}", "kind", writer_string(arguments->positional[0]),
		      "address", writer_string(address), "user", arguments->options[REPORT_USER],
		      "sudo_user", writer_string(client_sudo_user()));
	const struct request request = { .method = "POST",
					 .path = "/v1/report",
					 .body = body,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	enum ctl_exit code;

	if (!body) {
		ctl_error("the user must be UTF-8");
		return CTL_INVALID;
	}
	code = exchange(arguments, &request, "noted", write_report);
	json_decref(body);
	return code;
}

static enum ctl_exit run_report(const struct arguments *arguments)
{
	const bool is_message = arguments->options[REPORT_MESSAGE];
	const char *kind = arguments->positional[0];
	char address[PREFIX_TEXT_BYTES];
	enum ctl_exit code;

	if (strcmp(kind, "ham") != 0 && strcmp(kind, "spam") != 0)
		return ctl_usage_error("report", "write report ham or report spam, not \"%s\"",
				       kind);
	if (is_message == (arguments->positional_count == 2))
		return ctl_usage_error("report", "report needs either ADDRESS or --message");
	if (arguments->options[REPORT_BY] && !is_message)
		return ctl_usage_error("report", "--by needs --message");
	if (!is_message)
		return send_report(arguments, arguments->positional[1]);
	code = find_sender(arguments->options[REPORT_BY], address);
	return code ? code : send_report(arguments, address);
}

const struct command command_report = {
	.name = "report",
	.positional = "ham|spam [ADDRESS]",
	.positional_min = 1,
	.positional_max = 2,
	.summary = "report mail from an address as good or as spam",
	.description =
	    "With --message, reads a message from standard input instead of ADDRESS, and\n"
	    "takes the client of the first Received line by your mail server. Reports are\n"
	    "evidence for learning; several of spam within a day remove a learned entry.",
	.options = { [REPORT_MESSAGE] = { "message", NULL,
					  "find the address in the message on standard input", 0 },
		     [REPORT_BY] = { "by", "HOST",
				     "the mail server that received the message (this host)", 0 },
		     [REPORT_USER] = { "user", "USER", "who reports (the caller)", 0 } },
	.run = run_report,
};
