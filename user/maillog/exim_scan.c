/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the fields of Exim's lines, as far as they differ from Postfix's. */
#include <string.h>

#include "maillog/exim.h"

bool exim_scan_token(struct scan *scan, struct span *ret_token)
{
	const char *at = scan->at;

	while (at<scan->end && * at> ' ')
		at++;
	if (at == scan->at)
		return false;
	*ret_token = (struct span) { scan->at, (size_t)(at - scan->at) };
	scan->at = at;
	return true;
}

bool exim_skip_field(struct scan *scan)
{
	struct scan rest = *scan;

	if (!scan_word(&rest, " "))
		return false;
	while (rest.at<rest.end && * rest.at> ' ' && *rest.at != '"')
		rest.at++;
	if (scan_word(&rest, "\"")) {
		while (rest.at < rest.end && *rest.at != '"')
			rest.at += *rest.at == '\\' && rest.at + 1 < rest.end ? 2 : 1;
		if (!scan_word(&rest, "\""))
			return false;
	}
	if (rest.at == scan->at + 1)
		return false;
	*scan = rest;
	return true;
}

/* Skip "(HELO) ". */
static bool scan_greeting(struct scan *scan)
{
	struct scan rest = *scan;

	if (!scan_word(&rest, "("))
		return true;
	while (rest.at < rest.end && *rest.at != ' ' && *rest.at != '(' && *rest.at != ')')
		rest.at++;
	/* The greeting ends before an address. If another text seems to, it may be this one. */
	if (!scan_word(&rest, ") ") ||
	    memmem(rest.at, (size_t)(rest.end - rest.at), ") [", strlen(") [")))
		return false;
	*scan = rest;
	return true;
}

bool exim_scan_host(struct scan *scan, struct exim_host *ret_host)
{
	struct scan rest = *scan;
	struct exim_host host = { 0 };
	uint32_t port;

	if (!scan_word(&rest, "H="))
		return false;
	if (rest.at < rest.end && *rest.at != '(' && *rest.at != '[' &&
	    (!exim_scan_token(&rest, &host.name) || !scan_word(&rest, " ")))
		return false;
	if (!scan_greeting(&rest) || !scan_bracketed(&rest, &host.address) ||
	    (scan_word(&rest, ":") && !scan_number(&rest, &port)))
		return false;
	*ret_host = host;
	*scan = rest;
	return true;
}

bool exim_scan_sender(struct scan *scan, struct mail_address *ret_sender)
{
	const char *at = scan->at, *domain = NULL;
	bool is_quoted = false;

	*ret_sender = (struct mail_address) { { at, 0 }, { at, 0 } };
	if (scan_word(scan, "<>"))
		return true;
	for (; at < scan->end && (is_quoted || *at != ' '); at++) {
		if (*at == '\\' && !domain && at + 1 < scan->end)
			at++;
		else if (*at == '"' && !domain)
			is_quoted = !is_quoted;
		else if (*at == '@' && !is_quoted)
			domain = at + 1;
	}
	if (is_quoted || at == scan->at)
		return false;
	ret_sender->text = (struct span) { scan->at, (size_t)(at - scan->at) };
	ret_sender->domain =
	    (struct span) { domain ? domain : at, domain ? (size_t)(at - domain) : 0 };
	scan->at = at;
	return true;
}
