/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `domains`: the domains of lists, and what to do with sets that guards hold back. */
#include <string.h>

#include "ctl/copies.h"
#include "ctl/domains_table.h"

static void write_domains(struct writer *writer, const json_t *answer)
{
	const json_t *domains = json_object_get(answer, "domains");

	domains_table(writer, domains);
	if (!json_array_size(domains))
		ctl_error("no domains are configured");
}

static enum ctl_exit run_domains(const struct arguments *arguments)
{
	const size_t count = arguments->positional_count;
	const char *verb = count ? arguments->positional[0] : NULL;
	const char *name = count > 1 ? arguments->positional[1] : NULL;

	if (!verb)
		return copies_show(arguments, FEED_OF_DOMAIN, write_domains);
	if (!strcmp(verb, "refresh"))
		return copies_refresh(arguments, FEED_OF_DOMAIN, name, domains_table);
	if (strcmp(verb, "accept") != 0 && strcmp(verb, "diff") != 0)
		return ctl_usage_error(
		    "domains", "unexpected argument \"%s\": write refresh, diff or accept", verb);
	if (!name)
		return ctl_usage_error("domains", "%s needs the name of a domain", verb);
	return !strcmp(verb, "diff") ? copies_diff(arguments, FEED_OF_DOMAIN, name)
				     : copies_accept(arguments, FEED_OF_DOMAIN, name);
}

const struct command command_domains = {
	.name = "domains",
	.positional = "[refresh [NAME]|diff NAME|accept NAME]",
	.positional_max = 2,
	.summary = "show domains of lists; refresh them, or accept a held set",
	.description = "NAME is written as in the configuration, like spf:partner.example.\n"
		       "refresh asks DNS now; diff shows what the held set would add and remove;\n"
		       "accept puts it in force.",
	.run = run_domains,
};
