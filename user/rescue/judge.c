/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judges answers. A list that lists everything, or a resolver that makes answers of its own, would
 * otherwise let every blocked sender in. */
#include "rescue/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CATEGORY_SPECIAL 10
#define TRUST_MAX 3

const struct prefix rescue_canaries[RESCUE_CANARIES] = {
	{ .family = FAMILY_IPV4, .len = 32, .addr = { 127, 0, 0, 1 } },
	{ .family = FAMILY_IPV4, .len = 32, .addr = { 127, 0, 0, 2 } },
};

static bool is_inside(const struct prefix *answer, uint8_t len, uint8_t a, uint8_t b, uint8_t c,
		      uint8_t d)
{
	const struct prefix outer = { .family = FAMILY_IPV4, .len = len, .addr = { a, b, c, d } };

	return prefix_contains(&outer, answer);
}

/* What a working list never answers, a constant; or NULL. */
static const char *find_fault(const struct rescue_zone *zone, const struct prefix *answer,
			      bool is_test_entry)
{
	if (!is_inside(answer, 8, 127, 0, 0, 0))
		return "which is outside 127.0.0.0/8: the resolver makes answers of its own";
	if (is_inside(answer, 32, 127, 0, 0, 255) || is_inside(answer, 24, 127, 255, 255, 0))
		return "by which its operator refuses to answer this resolver";
	if (!zone->min_trust)
		return NULL;
	if (answer->addr[1] != 0 || answer->addr[3] > TRUST_MAX)
		return "which is no level of trust";
	if (answer->addr[2] == CATEGORY_SPECIAL && !is_test_entry)
		return "which is of category 10: its operator answers alike for everything";
	return NULL;
}

static void describe(const struct prefix *answer, const char *what, char why[RESCUE_WHY_BYTES])
{
	char text[PREFIX_TEXT_BYTES];

	snprintf(why, RESCUE_WHY_BYTES, "%s%s", prefix_format_short(answer, text), what);
}

/* Find an answer that no working list gives. */
static bool is_broken(const struct rescue_zone *zone, const struct dns_listed *listed,
		      bool is_test_entry, char why[RESCUE_WHY_BYTES])
{
	char address[PREFIX_TEXT_BYTES], text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < listed->answer_count; i++) {
		const char *fault = find_fault(zone, &listed->answers[i], is_test_entry);

		if (!fault)
			continue;
		snprintf(why, RESCUE_WHY_BYTES, "the answer for %s is %s, %s",
			 prefix_format_short(&listed->address, address),
			 prefix_format_short(&listed->answers[i], text), fault);
		return true;
	}
	return false;
}

static bool is_enough(const struct rescue_zone *zone, const struct prefix *answer,
		      char why[RESCUE_WHY_BYTES])
{
	char what[32];

	if (zone->min_trust) {
		const enum trust trust = (enum trust)(TRUST_NONE + answer->addr[3]);

		snprintf(what, sizeof(what), " (%s)", trust_names[trust]);
		describe(answer, what, why);
		return trust_is_enough(trust, zone->min_trust);
	}
	describe(answer, "", why);
	for (size_t i = 0; i < zone->accept_count; i++)
		if (prefix_contains(&zone->accept[i], answer))
			return true;
	return false;
}

enum rescue_finding rescue_judge(const struct rescue_zone *zone, const struct dns_listed *listed,
				 char why[RESCUE_WHY_BYTES])
{
	*why = '\0';
	if (listed->status == DNS_NO_RECORD || listed->status == DNS_NO_DOMAIN)
		return RESCUE_UNLISTED;
	if (listed->status != DNS_OK)
		return RESCUE_FAILED;
	if (is_broken(zone, listed, false, why))
		return RESCUE_BROKEN;
	for (size_t i = 0; i < listed->answer_count; i++)
		if (is_enough(zone, &listed->answers[i], why))
			return RESCUE_ENOUGH;
	return RESCUE_TOO_LOW;
}

/* ---- canaries ----------------------------------------------------------------------- */

static enum rescue_finding judge_absent(const struct rescue_zone *zone,
					const struct dns_listed *listed, char why[RESCUE_WHY_BYTES])
{
	char address[PREFIX_TEXT_BYTES], answer[PREFIX_TEXT_BYTES];

	*why = '\0';
	if (listed->status == DNS_NO_RECORD || listed->status == DNS_NO_DOMAIN)
		return RESCUE_UNLISTED;
	if (listed->status != DNS_OK)
		return RESCUE_FAILED;
	if (!is_broken(zone, listed, false, why))
		snprintf(why, RESCUE_WHY_BYTES,
			 "%s is listed as %s, which no working list does: it may list everything",
			 prefix_format_short(&listed->address, address),
			 prefix_format_short(&listed->answers[0], answer));
	return RESCUE_BROKEN;
}

static enum rescue_finding judge_test_entry(const struct rescue_zone *zone,
					    const struct dns_listed *listed,
					    char why[RESCUE_WHY_BYTES])
{
	if (listed->status == DNS_NO_RECORD || listed->status == DNS_NO_DOMAIN) {
		snprintf(why, RESCUE_WHY_BYTES,
			 "127.0.0.2 is not listed, as in every working list: is \"%s\" the zone, "
			 "and does its operator answer this resolver?",
			 zone->name);
		return RESCUE_BROKEN;
	}
	if (listed->status != DNS_OK)
		return RESCUE_FAILED;
	return is_broken(zone, listed, true, why) ? RESCUE_BROKEN : RESCUE_ENOUGH;
}

enum rescue_finding rescue_judge_canaries(const struct rescue_zone *zone,
					  const struct dns_listing *listing,
					  char why[RESCUE_WHY_BYTES])
{
	enum rescue_finding finding = RESCUE_FAILED;

	*why = '\0';
	if (listing->count == RESCUE_CANARIES) {
		finding = judge_absent(zone, &listing->items[0], why);
		if (finding == RESCUE_UNLISTED)
			finding = judge_test_entry(zone, &listing->items[1], why);
	}
	if (finding == RESCUE_FAILED)
		snprintf(why, RESCUE_WHY_BYTES, "%.*s", RESCUE_WHY_BYTES - 1,
			 *listing->message ? listing->message : "there is no answer");
	return finding;
}

void rescue_make_control(struct prefix *ret_address)
{
	struct prefix address = { .family = FAMILY_IPV4, .len = 32 };

	if (getrandom(address.addr, 4, 0) != 4)
		memset(address.addr, 0x55, 4);
	/* Not 255.255.255.255. */
	address.addr[0] = (uint8_t)(0xf0 | (address.addr[0] & 0x07));
	*ret_address = address;
}

enum rescue_finding rescue_judge_control(const struct rescue_zone *zone,
					 const struct dns_listed *listed,
					 char why[RESCUE_WHY_BYTES])
{
	return judge_absent(zone, listed, why);
}

uint32_t rescue_entry_sec(const struct rescue_zone *zone, uint32_t ttl_sec)
{
	if (ttl_sec < zone->min_sec)
		return zone->min_sec;
	return ttl_sec > zone->max_sec ? zone->max_sec : ttl_sec;
}
