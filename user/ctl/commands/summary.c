/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `summary`: what happened lately, for people who look once a week. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/summary.h"
#include "ctl/when.h"

enum { SUMMARY_SINCE, SUMMARY_FORMAT, SUMMARY_MAIL };

enum format { FORMAT_TEXT, FORMAT_HTML, FORMAT_JSON, FORMAT_COUNT };

static const char *const format_names[FORMAT_COUNT] = { "text", "html", "json" };

static enum ctl_exit choose_format(const struct arguments *arguments, enum format *ret_format)
{
	const char *name = arguments->options[SUMMARY_FORMAT];

	*ret_format = arguments->global[GLOBAL_JSON] ? FORMAT_JSON : FORMAT_TEXT;
	if (!name)
		return CTL_DONE;
	for (int i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(format_names[i], name) != 0)
			continue;
		*ret_format = (enum format)i;
		return CTL_DONE;
	}
	ctl_error("--format %s: write text, html or json", name);
	return CTL_INVALID;
}

static enum ctl_exit check_mail(const struct arguments *arguments)
{
	const char *to = arguments->options[SUMMARY_MAIL];

	if (!to)
		return CTL_DONE;
	if (arguments->options[SUMMARY_FORMAT] || arguments->global[GLOBAL_JSON])
		return ctl_usage_error("summary", "--mail has a format of its own");
	if (summary_is_address(to))
		return CTL_DONE;
	ctl_error("--mail %s: write an address, or several with commas and without spaces", to);
	return CTL_INVALID;
}

/* @to: whom to mail it; NULL: it is no mail */
static void print_summary(const json_t *summary, enum format format, const char *to)
{
	struct writer writer;

	if (to) {
		summary_write_mail(stdout, summary, to);
		return;
	}
	if (format == FORMAT_HTML) {
		summary_write_html(stdout, summary);
		return;
	}
	writer_begin(&writer, stdout, format == FORMAT_JSON);
	summary_write(&writer, summary);
	writer_end(&writer);
}

static enum ctl_exit run_summary(const struct arguments *arguments)
{
	const char *since = arguments->options[SUMMARY_SINCE];
	struct summary_span span = { .until_sec = time(NULL) };
	enum format format = FORMAT_TEXT;
	struct client *client;
	json_t *summary = NULL;
	enum ctl_exit code = choose_format(arguments, &format);

	if (!code)
		code = check_mail(arguments);
	if (!code)
		code = when_parse("since", since ? since : "7d", &span.since_sec);
	if (code)
		return code;
	client = client_new(arguments);
	code = summary_collect(client, &span, &summary);
	if (!code)
		print_summary(summary, format, arguments->options[SUMMARY_MAIL]);
	json_decref(summary);
	client_free(client);
	return code;
}

const struct command command_summary = {
	.name = "summary",
	.positional = "",
	.summary = "show what ipwl has done in the last days",
	.description =
	    "Shows what was averted and dropped, what was learned, entries without a hit or\n"
	    "about to expire, feeds that need attention, and who changed what.",
	.options = { [SUMMARY_SINCE] = { "since", "TIME",
					 "sum up since 2026-11-24, or since 24h ago (7d)", 0 },
		     [SUMMARY_FORMAT] = { "format", "FORMAT", "print text, html or json (text)",
					  0 },
		     [SUMMARY_MAIL] = { "mail", "ADDRESS",
					"print a mail to this address, for sendmail -t", 0 } },
	.run = run_summary,
};
