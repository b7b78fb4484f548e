/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the answers of a DNS allow list mean, and when the list is no longer to be believed. */
#ifndef RESCUE_JUDGE_H
#define RESCUE_JUDGE_H

#include "config/rescue_config.h"
#include "dns/listing.h"

enum rescue_finding {
	RESCUE_UNLISTED,
	RESCUE_TOO_LOW, /* listed, but with an answer that is not enough */
	RESCUE_ENOUGH,
	RESCUE_FAILED, /* there was no usable answer */
	/* The answer is not one that a working list gives, so no answer of the zone is to be
	 * believed. */
	RESCUE_BROKEN,
};

#define RESCUE_WHY_BYTES 256

/**
 * rescue_judge() - judge what a zone says about an address
 * @why: "127.0.5.2 (medium)", or what is wrong with the answer; empty: unlisted, or failed
 *
 * Broken are answers outside 127.0.0.0/8, 127.0.0.255 and 127.255.255.0/24, by which operators
 * refuse a resolver; and, if the zone has levels, whatever is not 127.0.CATEGORY.0 to 3, and
 * category 10, by which dnswl.org answers for everything.
 */
enum rescue_finding rescue_judge(const struct rescue_zone *zone, const struct dns_listed *listed,
				 char why[RESCUE_WHY_BYTES]);

/* The questions to which every working list has the same answers (RFC 5782): 127.0.0.1 must not be
 * listed, 127.0.0.2 must. */
#define RESCUE_CANARIES 2
extern const struct prefix rescue_canaries[RESCUE_CANARIES];

/* Judge the answers to rescue_canaries. Return: RESCUE_ENOUGH: the zone works; RESCUE_FAILED,
 * RESCUE_BROKEN: as @why says. */
enum rescue_finding rescue_judge_canaries(const struct rescue_zone *zone,
					  const struct dns_listing *listing,
					  char why[RESCUE_WHY_BYTES]);

/* Make an address of 240.0.0.0/4 that nobody has and no list may have. It differs each time, so
 * that no resolver knows the answer already. */
void rescue_make_control(struct prefix *ret_address);

/* Judge the answer to such an address. Return: RESCUE_UNLISTED, as it should be; RESCUE_FAILED;
 * RESCUE_BROKEN: as @why says. */
enum rescue_finding rescue_judge_control(const struct rescue_zone *zone,
					 const struct dns_listed *listed,
					 char why[RESCUE_WHY_BYTES]);

/* For how long an entry is in force: the TTL within the limits of the zone. */
uint32_t rescue_entry_sec(const struct rescue_zone *zone, uint32_t ttl_sec);

#endif
