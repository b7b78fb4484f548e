/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches addresses in the order of terms: the first match decides. */
#include <errno.h>
#include <string.h>

#include "core/reserved.h"
#include "spf/walk.h"

static enum walk_end end_of(struct walk *walk, int err)
{
	if (!err)
		return WALK_DONE;
	if (err == -ENOMEM)
		return WALK_FAILED;
	return walk_say(walk, WALK_PERMANENT, "the record has too many networks");
}

/* ---- the result ------------------------------------------------------------- */

/* Add the addresses of @prefix that are not reserved. */
static int add_unreserved(struct walk *walk, const struct prefix *prefix, uint32_t index)
{
	struct address_set reserved = { .capacity = 0 };
	struct prefix_set rest = { .count = 0 };
	int err = 0;

	for (size_t i = 0; !err && walk->request->skips_reserved && i < RESERVED_COUNT; i++) {
		const struct prefix *space = &reserved_spaces[i].prefix;

		if (prefix_contains(prefix, space) || prefix_contains(space, prefix))
			err = address_set_add(&reserved, space);
	}
	if (!err)
		err = address_set_missing(&reserved, prefix, &rest);
	for (size_t i = 0; !err && i < rest.count; i++)
		err = dns_result_add_prefix(walk->result, &rest.nodes[i].prefix, index);
	prefix_set_done(&rest);
	address_set_done(&reserved);
	return err;
}

/* Add the addresses of @prefix about which no frame from @frame outwards has decided. */
static int add_to_result(struct walk *walk, const struct frame *frame, const struct prefix *prefix,
			 uint32_t index)
{
	struct prefix_set missing;
	int err;

	if (!frame)
		return add_unreserved(walk, prefix, index);
	err = address_set_missing(&frame->decided, prefix, &missing);
	if (err)
		return err;
	for (size_t i = 0; !err && i < missing.count; i++)
		err = add_to_result(walk, frame->outer, &missing.nodes[i].prefix, index);
	prefix_set_done(&missing);
	return err;
}

/* ---- matching --------------------------------------------------------------- */

/* Decide about the addresses of @prefix, and find those about which nothing has. */
static int decide(struct frame *frame, char qualifier, const struct prefix *prefix,
		  struct prefix_set *ret_new)
{
	struct prefix_set new;
	int err = address_set_missing(&frame->decided, prefix, &new);

	if (err)
		return err;
	err = address_set_add(&frame->decided, prefix);
	for (size_t i = 0; !err && qualifier == '+' && i < new.count; i++)
		err = address_set_add(&frame->passed, &new.nodes[i].prefix);
	if (err)
		prefix_set_done(&new);
	else
		*ret_new = new;
	return err;
}

static bool is_reserved(const struct prefix *prefix)
{
	for (size_t i = 0; i < RESERVED_COUNT; i++)
		if (prefix_contains(&reserved_spaces[i].prefix, prefix))
			return true;
	return false;
}

enum walk_end match_prefix(struct walk *walk, struct frame *frame, const struct spf_term *term,
			   uint32_t index, const struct prefix *prefix)
{
	enum dns_outcome *outcome = &walk->result->terms[index].outcomes[walk->family];
	const bool is_added = frame->is_pass && term->qualifier == '+';
	struct prefix_set new;
	int err;

	if (is_added && prefix->len < walk->request->shortest[walk->family]) {
		*outcome = DNS_TERM_TOO_WIDE;
		walk->result->families[walk->family].is_incomplete = true;
		return WALK_DONE;
	}
	err = decide(frame, term->qualifier, prefix, &new);
	if (err)
		return end_of(walk, err);
	for (size_t i = 0; !err && is_added && i < new.count; i++)
		err = add_to_result(walk, frame->outer, &new.nodes[i].prefix, index);
	prefix_set_done(&new);
	*outcome = term->qualifier != '+' ? DNS_TERM_REFUSED
		   : is_added && walk->request->skips_reserved && is_reserved(prefix)
		       ? DNS_TERM_RESERVED
		       : DNS_TERM_TAKEN;
	return end_of(walk, err);
}

enum walk_end match_inner(struct walk *walk, struct frame *frame, char qualifier,
			  const struct frame *inner)
{
	const struct prefix_set *passed = &inner->passed.set;

	for (size_t i = 0; i < passed->count; i++) {
		struct prefix_set new;
		int err = decide(frame, qualifier, &passed->nodes[i].prefix, &new);

		if (err)
			return end_of(walk, err);
		prefix_set_done(&new);
	}
	return WALK_DONE;
}

/* ---- a and mx --------------------------------------------------------------- */

static enum walk_end match_addresses(struct walk *walk, struct frame *frame,
				     const struct spf_term *term, uint32_t index,
				     const struct dns_answer *answer)
{
	enum walk_end end = WALK_DONE;

	for (size_t i = 0; end == WALK_DONE && i < answer->item_count; i++) {
		const struct prefix network =
		    prefix_truncate(&answer->items[i].address, term->lens[walk->family]);

		if (!prefix_is_mapped(&answer->items[i].address))
			end = match_prefix(walk, frame, term, index, &network);
	}
	return end;
}

static enum walk_end match_exchanges(struct walk *walk, struct frame *frame,
				     const struct spf_term *term, uint32_t index,
				     const struct dns_answer *exchanges)
{
	const enum dns_type type = walk->family == FAMILY_IPV4 ? DNS_A : DNS_AAAA;
	enum walk_end end = WALK_DONE;

	if (exchanges->item_count > SPF_MX_NAMES_MAX)
		return walk_say(walk, WALK_PERMANENT, "%s: \"%s\" has more than %d names",
				frame->domain, walk->result->terms[index].text, SPF_MX_NAMES_MAX);
	for (size_t i = 0; end == WALK_DONE && i < exchanges->item_count; i++) {
		const struct dns_answer *answer;

		if (!*exchanges->items[i].text)
			continue;
		end = walk_query(walk, exchanges->items[i].text, type, &answer);
		if (end == WALK_DONE)
			end = match_addresses(walk, frame, term, index, answer);
	}
	return end;
}

enum walk_end match_hosts(struct walk *walk, struct frame *frame, const struct spf_term *term,
			  uint32_t index)
{
	const enum dns_type address = walk->family == FAMILY_IPV4 ? DNS_A : DNS_AAAA;
	enum dns_outcome *outcome = &walk->result->terms[index].outcomes[walk->family];
	const struct dns_answer *answer;
	char name[DNS_NAME_BYTES];
	enum walk_end end;

	end = walk_name(walk, frame, term, index, name);
	if (end == WALK_DONE)
		end = walk_query(walk, name, term->kind == SPF_MX ? DNS_MX : address, &answer);
	if (end != WALK_DONE)
		return end;
	*outcome = DNS_TERM_VOID;
	if (answer->status != DNS_ANSWER_RECORDS)
		return walk_count_void(walk);
	return term->kind == SPF_MX ? match_exchanges(walk, frame, term, index, answer)
				    : match_addresses(walk, frame, term, index, answer);
}
