/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides whether a lane is up, look by look. */
#include "core/lane.h"

#include <stdio.h>
#include <string.h>

bool lane_is_same(const struct lane *a, const struct lane *b)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (a->ends[family].port != b->ends[family].port ||
		    (a->ends[family].port &&
		     prefix_compare(&a->ends[family].address, &b->ends[family].address) != 0))
			return false;
	return a->mail_port == b->mail_port && a->is_monitor == b->is_monitor &&
	       a->allows_public == b->allows_public && a->is_reject == b->is_reject &&
	       a->per_second == b->per_second;
}

const char *lane_end_format(const struct lane_end *end, char text[LANE_END_BYTES])
{
	const bool is_ipv6 = end->address.family == FAMILY_IPV6;
	char address[PREFIX_TEXT_BYTES];

	snprintf(text, LANE_END_BYTES, "%s%s%s:%u", is_ipv6 ? "[" : "",
		 prefix_format_short(&end->address, address), is_ipv6 ? "]" : "", end->port);
	return text;
}

bool lane_address_is_loopback(const struct prefix *address)
{
	const struct prefix ipv4 = { .addr = { 127 }, .family = FAMILY_IPV4, .len = 8 };
	const struct prefix ipv6 = { .addr = { [15] = 1 }, .family = FAMILY_IPV6, .len = 128 };

	return prefix_contains(&ipv4, address) || prefix_contains(&ipv6, address);
}

static bool look_is_full(const struct lane_look *look)
{
	return look->waiting &&
	       (uint64_t)look->waiting * 100 >= (uint64_t)look->waiting_max * LANE_FULL_PERCENT;
}

static bool look_is_good(const struct lane_look *look, bool allows_public)
{
	return !look->err && look->is_there && (allows_public || !look->is_public) &&
	       !look_is_full(look);
}

void lane_health_note(struct lane_health *health, const struct lane_look *look, bool allows_public)
{
	const bool is_good = look_is_good(look, allows_public);
	const bool is_first = !health->is_known;

	health->is_known = true;
	health->silent_count = look->err ? health->silent_count + 1 : 0;
	health->good_count = is_good ? health->good_count + 1 : 0;
	if (!look->err || is_first || health->silent_count > LANE_SILENT_LOOKS)
		health->last = *look;
	if (is_first)
		health->is_up = is_good;
	else if (look->err)
		health->is_up = health->is_up && health->silent_count <= LANE_SILENT_LOOKS;
	else
		health->is_up = is_good && (health->is_up || health->good_count >= LANE_GOOD_LOOKS);
}

const char *lane_health_explain(const struct lane_health *health, const struct lane *lane,
				char text[LANE_REASON_BYTES])
{
	const struct lane_look *look = &health->last;

	if (!health->is_known)
		snprintf(text, LANE_REASON_BYTES, "it has not been checked yet");
	else if (look->err)
		snprintf(text, LANE_REASON_BYTES, "the kernel does not tell its queue: %s",
			 strerror(-look->err));
	else if (!look->is_there)
		snprintf(text, LANE_REASON_BYTES, "nobody listens there");
	else if (look->is_public && !lane->allows_public)
		snprintf(text, LANE_REASON_BYTES,
			 "other hosts can reach its listener: bind it to the loopback address%s",
			 lane->is_reject ? "" : ", or set allow_public: true");
	else if (look_is_full(look))
		snprintf(text, LANE_REASON_BYTES, "%u of %u places in its queue are taken",
			 look->waiting, look->waiting_max);
	else
		snprintf(text, LANE_REASON_BYTES, "it has recovered, and is on again soon");
	return text;
}
