/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks through a record, term by term, as a check of an address would (RFC 7208, section 4.6). A
 * check stops at the first match, so an error only matters to addresses that get there: what came
 * before stays in the result.
 */
#include "spf/walk.h"

#include <errno.h>

/* ---- skipped terms -------------------------------------------------------- */

/* Skip a term that matches differently for each message. Its query may have no answer, and that
 * counts. If it does not give "pass", or if it can be an error, nothing is known about what comes
 * after it. */
static enum walk_end skip_term(struct walk *walk, struct frame *frame, const struct spf_term *term,
			       uint32_t index)
{
	enum dns_outcome *outcome = &walk->result->terms[index].outcomes[walk->family];

	*outcome = term->kind == SPF_EXISTS ? DNS_TERM_EXISTS
		   : term->kind == SPF_PTR  ? DNS_TERM_PTR
					    : DNS_TERM_MACRO;
	frame->has_unknown = true;
	walk->result->families[walk->family].is_incomplete = true;
	if (term->qualifier != '+' || term->kind == SPF_INCLUDE || term->kind == SPF_MX ||
	    term->kind == SPF_REDIRECT)
		return walk_say(walk, WALK_UNKNOWN, "%s: what comes after \"%.80s\" is not known",
				frame->domain, walk->result->terms[index].text);
	return walk_count_void(walk);
}

static bool is_skipped(const struct spf_term *term)
{
	return term->kind == SPF_EXISTS || term->kind == SPF_PTR || term->has_macro;
}

/* ---- include and redirect -------------------------------------------------- */

static enum walk_end walk_inner(struct walk *walk, struct frame *frame, const struct spf_term *term,
				uint32_t index)
{
	char domain[DNS_NAME_BYTES];
	struct frame inner = { .outer = frame,
			       .domain = domain,
			       .is_pass = frame->is_pass && term->qualifier == '+' };
	const struct dns_answer *answer;
	enum walk_end end = walk_name(walk, frame, term, index, domain);

	if (end == WALK_DONE)
		end = walk_query(walk, domain, DNS_TXT, &answer);
	if (end == WALK_DONE)
		end = walk_record(walk, &inner, answer, index);
	if (end == WALK_DONE)
		end = match_inner(walk, frame, term->qualifier, &inner);
	frame->has_unknown |= inner.has_unknown;
	address_set_done(&inner.decided);
	address_set_done(&inner.passed);
	if (end == WALK_DONE && inner.has_unknown && term->qualifier != '+')
		end = walk_say(walk, WALK_UNKNOWN, "%s: what comes after \"%.80s\" is not known",
			       frame->domain, walk->result->terms[index].text);
	if (end == WALK_DONE || end == WALK_UNKNOWN)
		walk->result->terms[index].outcomes[walk->family] =
		    term->qualifier == '+' ? DNS_TERM_TAKEN : DNS_TERM_REFUSED;
	return end;
}

/* ---- terms ------------------------------------------------------------------ */

static enum walk_end match_all(struct walk *walk, struct frame *frame, const struct spf_term *term,
			       uint32_t index)
{
	const struct prefix all = { .family = (uint8_t)walk->family };

	return match_prefix(walk, frame, term, index, &all);
}

static enum walk_end match_network(struct walk *walk, struct frame *frame,
				   const struct spf_term *term, uint32_t index)
{
	if (term->network.family == walk->family && !term->is_mapped)
		return match_prefix(walk, frame, term, index, &term->network);
	walk->result->terms[index].outcomes[walk->family] = DNS_TERM_OTHER_FAMILY;
	return WALK_DONE;
}

static enum walk_end walk_term(struct walk *walk, struct frame *frame, const struct spf_term *term,
			       uint32_t index)
{
	enum walk_end end;

	if (term->kind == SPF_ALL)
		return match_all(walk, frame, term, index);
	if (term->kind == SPF_IP)
		return match_network(walk, frame, term, index);
	end = walk_count_lookup(walk);
	if (end != WALK_DONE)
		return end;
	if (is_skipped(term))
		return skip_term(walk, frame, term, index);
	if (term->kind == SPF_A || term->kind == SPF_MX)
		return match_hosts(walk, frame, term, index);
	return walk_inner(walk, frame, term, index);
}

static bool is_modifier(const struct spf_term *term)
{
	return term->kind == SPF_MODIFIER || term->kind == SPF_REDIRECT;
}

/* The terms in the order of a check: mechanisms up to "all", or else the redirect. */
static enum walk_end walk_terms(struct walk *walk, struct frame *frame,
				const struct spf_record *record)
{
	const uint32_t first = walk->result->records[frame->record].first_term;
	const struct spf_term *redirect = record->redirect;
	enum walk_end end = WALK_DONE;
	uint32_t index = first;

	for (size_t i = 0; i < record->term_count; i++) {
		if (is_modifier(&record->terms[i]))
			walk->result->terms[first + i].outcomes[walk->family] = DNS_TERM_NO_EFFECT;
		if (record->terms[i].kind == SPF_ALL)
			redirect = NULL;
	}
	for (size_t i = 0; end == WALK_DONE && i < record->term_count; i++) {
		if (is_modifier(&record->terms[i]))
			continue;
		index = first + (uint32_t)i;
		end = walk_term(walk, frame, &record->terms[i], index);
		if (record->terms[i].kind == SPF_ALL)
			break;
	}
	if (end == WALK_DONE && redirect) {
		index = first + (uint32_t)(redirect - record->terms);
		end = walk_term(walk, frame, redirect, index);
	}
	if (end == WALK_PERMANENT || end == WALK_TEMPORARY)
		walk->result->terms[index].outcomes[walk->family] = DNS_TERM_ERROR;
	return end;
}

/* ---- records ---------------------------------------------------------------- */

/* Find the one SPF record of a domain. */
static enum walk_end find_record(struct walk *walk, const struct frame *frame,
				 const struct dns_answer *answer, const struct dns_item **ret_item)
{
	*ret_item = NULL;
	for (size_t i = 0; i < answer->item_count; i++) {
		const struct dns_item *item = &answer->items[i];

		if (!spf_record_is(item->text, item->text_bytes))
			continue;
		if (*ret_item)
			return walk_say(walk, WALK_PERMANENT, "%s has several SPF records",
					frame->domain);
		*ret_item = item;
	}
	if (!*ret_item)
		return walk_say(walk, WALK_PERMANENT, "%s has no SPF record", frame->domain);
	return WALK_DONE;
}

/* Add the record to the tree, unless the other family has. */
static enum walk_end add_record(struct walk *walk, struct frame *frame,
				const struct spf_record *record, uint32_t parent_term)
{
	struct dns_result *result = walk->result;
	const bool is_first = parent_term == DNS_NO_TERM;
	int err;

	frame->record = is_first ? 0 : result->terms[parent_term].target_record;
	if (is_first ? result->record_count > 0 : frame->record != DNS_NO_TERM)
		return result->records[frame->record].term_count == record->term_count
			   ? WALK_DONE
			   : walk_say(walk, WALK_TEMPORARY, "%s changed meanwhile", frame->domain);
	frame->record = (uint32_t)result->record_count;
	err = dns_result_add_record(result, frame->domain, parent_term);
	for (size_t i = 0; !err && i < record->term_count; i++)
		err =
		    dns_result_add_term(result, record->terms[i].text, record->terms[i].text_bytes);
	return err ? WALK_FAILED : WALK_DONE;
}

enum walk_end walk_record(struct walk *walk, struct frame *frame, const struct dns_answer *answer,
			  uint32_t parent_term)
{
	char message[SPF_MESSAGE_BYTES];
	struct spf_record record;
	const struct dns_item *item = NULL;
	enum walk_end end = find_record(walk, frame, answer, &item);
	int err;

	if (end != WALK_DONE || !item)
		return end;
	err = spf_record_parse(item->text, item->text_bytes, &record, message);
	if (err == -EINVAL)
		return walk_say(walk, WALK_PERMANENT, "%s %s", frame->domain, message);
	if (err)
		return WALK_FAILED;
	end = add_record(walk, frame, &record, parent_term);
	if (end == WALK_DONE)
		end = walk_terms(walk, frame, &record);
	spf_record_done(&record);
	return end;
}
