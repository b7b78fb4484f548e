/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `spf`: shows which addresses may send mail for a domain, and why. Needs no daemon. */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "ctl/command.h"
#include "ctl/resolve.h"
#include "ctl/spf_tree.h"

#define TIMEOUT_SEC 60

enum { SPF_SERVERS, SPF_AUTHENTICATED, SPF_TIMEOUT };

static const struct column columns[] = {
	{ "status", NULL, FORM_PLAIN },
	{ "ttl_seconds", NULL, FORM_PLAIN },
	{ "authenticated", NULL, FORM_PLAIN },
	{ "ipv4", NULL, FORM_PLAIN },
	{ "ipv6", NULL, FORM_PLAIN },
	{ "record", NULL, FORM_PLAIN },
	{ NULL, NULL, FORM_PLAIN },
};

static enum ctl_exit read_arguments(const struct arguments *arguments, struct dns_request *request)
{
	const char *domain = arguments->positional[0];
	const char *servers = arguments->options[SPF_SERVERS];
	const char *timeout = arguments->options[SPF_TIMEOUT];
	int64_t timeout_sec = TIMEOUT_SEC;
	const char *error = timeout ? duration_parse(timeout, &timeout_sec) : NULL;

	if (!dns_name_normalise(domain, strlen(domain), request->name))
		return ctl_usage_error("spf",
				       "%s is not a domain: write other letters than those of "
				       "ASCII as A-labels (xn--...)",
				       domain);
	if (!error && timeout_sec > DNS_TIMEOUT_MAX_SEC)
		error = "more than 10 minutes";
	if (error)
		return ctl_usage_error("spf", "--timeout %s: %s", timeout, error);
	if (servers && (strlen(servers) >= sizeof(request->servers) || strpbrk(servers, " \n")))
		return ctl_usage_error("spf", "--servers: not a list of addresses");
	request->timeout_sec = (unsigned int)timeout_sec;
	if (servers)
		snprintf(request->servers, sizeof(request->servers), "%s", servers);
	request->needs_authenticated = arguments->options[SPF_AUTHENTICATED];
	return CTL_DONE;
}

static enum ctl_exit write_answer(const struct arguments *arguments,
				  const struct dns_result *result)
{
	struct writer writer;
	json_t *answer = spf_tree_json(result);

	if (!answer) {
		ctl_error("out of memory");
		return CTL_NEGATIVE;
	}
	writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON] != NULL);
	writer_members(&writer, columns, answer);
	if (!writer.is_json)
		spf_tree_write(&writer, result);
	writer_end(&writer);
	json_decref(answer);
	return dns_result_status(result) == DNS_OK ? CTL_DONE : CTL_NEGATIVE;
}

static enum ctl_exit run_spf(const struct arguments *arguments)
{
	struct dns_request request = { .kind = DNS_SPF,
				       .shortest = { DNS_SHORTEST_IPV4, DNS_SHORTEST_IPV6 },
				       .skips_reserved = true };
	struct dns_result result;
	enum ctl_exit code = read_arguments(arguments, &request);

	if (code)
		return code;
	if (resolve_ask(&request, &result))
		return CTL_NEGATIVE;
	code = write_answer(arguments, &result);
	dns_result_done(&result);
	return code;
}

const struct command command_spf = {
	.name = "spf",
	.positional = "DOMAIN",
	.positional_min = 1,
	.positional_max = 1,
	.summary = "show which addresses may send mail for a domain",
	.description = "Queries DNS, and needs no daemon. Networks that are too broad and reserved\n"
		       "address space are left out.",
	.options = {
		{ .name = "servers", .metavar = "ADDRESS...",
		  .help = "ask these (ADDRESS:PORT), not those of resolv.conf" },
		{ .name = "authenticated",
		  .help = "accept only what a resolver on this host validates" },
		{ .name = "timeout", .metavar = "DURATION",
		  .help = "give up after this time (1m)" },
		{ .name = NULL },
	},
	.run = run_spf,
};
