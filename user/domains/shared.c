/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the records of shared providers from those of a domain's own organisation. */
#include "domains/shared.h"

#include <string.h>

#include "domains/providers.h"
#include "learn/organisation.h"

/* Whether @domain is @parent or lies inside it. */
static bool is_inside(const char *domain, const char *parent, size_t parent_bytes)
{
	const size_t bytes = strlen(domain);

	return bytes >= parent_bytes &&
	       !memcmp(domain + bytes - parent_bytes, parent, parent_bytes) &&
	       (bytes == parent_bytes || domain[bytes - parent_bytes - 1] == '.');
}

bool domains_are_provider(const char *domain, const char *providers)
{
	const char *word = providers;

	for (size_t i = 0; shared_providers[i]; i++)
		if (is_inside(domain, shared_providers[i], strlen(shared_providers[i])))
			return true;
	while (word && *word) {
		const size_t bytes = strcspn(word, " ");

		if (is_inside(domain, word, bytes))
			return true;
		word += bytes + strspn(word + bytes, " ");
	}
	return false;
}

static bool has_line(const struct lines *lines, const char *text)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!strcmp(lines->items[i], text))
			return true;
	return false;
}

void domains_find_foreign(const struct dns_result *result, struct lines *ret_domains)
{
	char own[EVIDENCE_DOMAIN_BYTES], other[EVIDENCE_DOMAIN_BYTES];

	for (size_t i = 0; i < result->record_count; i++) {
		const char *domain = result->records[i].domain;

		if (!i) {
			organisation_of(domain, own);
			continue;
		}
		organisation_of(domain, other);
		if (strcmp(own, other) != 0 && !has_line(ret_domains, domain))
			lines_add(ret_domains, "%s", domain);
	}
}

void domains_find_shared(const struct dns_result *result, const struct shared_search *search,
			 struct lines *ret_domains)
{
	struct lines foreign = { 0 };

	domains_find_foreign(result, &foreign);
	for (size_t i = 0; i < foreign.count; i++)
		if (domains_are_provider(foreign.items[i], search->providers) ||
		    search->count_others(foreign.items[i], search->context) + 1 >=
			SHARED_DOMAINS_MIN)
			lines_add(ret_domains, "%s", foreign.items[i]);
	lines_done(&foreign);
}

bool domains_have(const char *domains, const char *domain)
{
	const size_t bytes = strlen(domain);

	while (domains && *domains) {
		const size_t word_bytes = strcspn(domains, " ");

		if (word_bytes == bytes && !memcmp(domains, domain, bytes))
			return true;
		domains += word_bytes + strspn(domains + word_bytes, " ");
	}
	return false;
}
