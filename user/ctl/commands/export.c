/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `export`: writes lists in the format of another program to standard output. */
#include <string.h>

#include "ctl/client.h"

enum { EXPORT_FORMAT, EXPORT_LIST, EXPORT_AGGREGATE, EXPORT_NO_AGGREGATE, EXPORT_FAMILY };

static enum ctl_exit run_export(const struct arguments *arguments)
{
	const char *const *options = arguments->options;
	const struct parameter query[] = {
		{ "format", options[EXPORT_FORMAT] },
		{ "lists", options[EXPORT_LIST] },
		{ "aggregate", options[EXPORT_NO_AGGREGATE] ? "false" : "true" },
		{ "family", options[EXPORT_FAMILY] },
		{ NULL, NULL },
	};
	const struct request request = { .method = "GET",
					 .path = "/v1/export",
					 .query = query,
					 .timeout_sec = CLIENT_APPLY_TIMEOUT_SEC };
	struct client *client;
	enum ctl_exit code;

	if (options[EXPORT_AGGREGATE] && options[EXPORT_NO_AGGREGATE])
		return ctl_usage_error("export",
				       "--aggregate and --no-aggregate exclude each other");
	client = client_new(arguments);
	code = client_download(client, &request, stdout);
	client_free(client);
	return code;
}

const struct command command_export = {
	.name = "export",
	.positional = "",
	.summary = "write lists in the format of a mail server or filter",
	.description = "Formats: plain, postfix-cidr, rspamd-map, spamassassin, rbldnsd, exim,\n"
		       "opensmtpd, haproxy, nftables, ipset, bird, openbgpd, exabgp, json,\n"
		       "json-entries, csv.\n"
		       "Without --list, exports all allow lists.",
	.options = { [EXPORT_FORMAT] = { "format", "F", "the format to write", 1 },
		     [EXPORT_LIST] = { "list", "NAME...", "export this list; can be repeated", 0 },
		     [EXPORT_AGGREGATE] = { "aggregate", NULL, "merge adjacent prefixes (default)",
					    0 },
		     [EXPORT_NO_AGGREGATE] = { "no-aggregate", NULL, "keep the prefixes as listed",
					       0 },
		     [EXPORT_FAMILY] = { "family", "N", "export only IPv4 (4) or only IPv6 (6)",
					 0 } },
	.run = run_export,
};
