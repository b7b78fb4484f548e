/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands the record of a domain, family by family. */
#include "spf/expand.h"

#include <errno.h>
#include <string.h>

#include "spf/walk.h"

/* Drop the prefixes of a family, which were added last. */
static void drop_prefixes(struct dns_result *result, enum family family)
{
	while (result->prefix_count &&
	       result->prefixes[result->prefix_count - 1].prefix.family == family)
		result->prefix_count--;
}

static int take_end(struct walk *walk, enum walk_end end)
{
	struct dns_family *family = &walk->result->families[walk->family];

	switch (end) {
	case WALK_FAILED:
		return -ENOMEM;
	case WALK_TEMPORARY:
		family->status = DNS_TEMPORARY;
		family->is_incomplete = true;
		drop_prefixes(walk->result, walk->family);
		return 0;
	case WALK_PERMANENT:
		family->status = DNS_PERMANENT;
		family->is_incomplete = true;
		return 0;
	default:
		family->status = DNS_OK;
		return 0;
	}
}

static bool has_record(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->item_count; i++)
		if (spf_record_is(answer->items[i].text, answer->items[i].text_bytes))
			return true;
	return false;
}

static int expand_family(struct walk *walk, const struct dns_answer *answer)
{
	struct frame frame = { .domain = walk->request->name, .is_pass = true };
	struct dns_family *family = &walk->result->families[walk->family];
	enum walk_end end;

	if (answer->status == DNS_ANSWER_NO_DOMAIN) {
		family->status = DNS_NO_DOMAIN;
		return 0;
	}
	if (!has_record(answer)) {
		family->status = DNS_NO_RECORD;
		return 0;
	}
	end = walk_record(walk, &frame, answer, DNS_NO_TERM);
	address_set_done(&frame.decided);
	address_set_done(&frame.passed);
	return take_end(walk, end);
}

int spf_expand(const struct dns_request *request, const struct spf_resolver *resolver,
	       struct dns_result *ret_result)
{
	struct walk walk = { .request = request, .resolver = resolver, .result = ret_result };
	const struct dns_answer *answer;
	int err = 0;

	*ret_result = (struct dns_result) { .ttl_sec = 0 };
	for (int family = 0; !err && family < FAMILY_COUNT; family++) {
		enum walk_end end;

		walk.family = (enum family)family;
		end = walk_query(&walk, request->name, DNS_TXT, &answer);
		err = end == WALK_DONE ? expand_family(&walk, answer) : take_end(&walk, end);
	}
	dns_result_finish(ret_result);
	return err;
}
