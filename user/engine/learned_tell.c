/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes to the log what becomes of addresses and domains. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/learning.h"

#define TELL_BYTES (EVIDENCE_DOMAIN_BYTES + LEARN_WHY_BYTES + 64)

/* "192.0.2.1 (reply: 2 answers to mail of our users)" */
static const char *describe(const struct learned *learned, char text[TELL_BYTES])
{
	char prefix[PREFIX_TEXT_BYTES];

	snprintf(text, TELL_BYTES, "%s (%s: %s)",
		 learned_is_domain(learned) ? learned->domain
					    : prefix_format_short(&learned->prefix, prefix),
		 learn_rule_names[learned->rule], learned->why);
	return text;
}

static void tell_notice(const struct learned_change *change, const char *text)
{
	char time[TIME_TEXT_BYTES];

	time_format(change->to.next_sec, time);
	if (change->notice == LEARN_NOTICE_AT_RISK)
		log_warning("learn", "at risk (%s): %s will be removed at %s",
			    learn_cause_names[change->to.cause], text, time);
	else if (change->notice == LEARN_NOTICE_REMOVAL)
		log_warning("learn",
			    "will be removed at %s (%s): %s; `ipwlctl learn accept' "
			    "keeps it",
			    time, learn_cause_names[change->to.cause], text);
	else if (change->notice == LEARN_NOTICE_NAME)
		log_warning("learn",
			    "the reverse name of %s is now of %s, not of %s; it stays in force, "
			    "because it is protected",
			    text, change->to.organisation, change->was.organisation);
}

void learning_tell(const struct learned_change *change)
{
	char text[TELL_BYTES];
	const enum learn_state was = change->was.state, is = change->to.state;

	describe(is == LEARN_NONE ? &change->was : &change->to, text);
	tell_notice(change, text);
	if (was == is || change->notice == LEARN_NOTICE_AT_RISK)
		return;
	if (learn_state_is_in_force(was) && is == LEARN_PROBATION)
		log_warning("learn",
			    "removed (%s): %s; its reverse name is now of %s, not of %s, so it is "
			    "on probation again; `ipwlctl learn accept' puts it in force",
			    learn_cause_names[change->to.cause], text, change->to.organisation,
			    change->was.organisation);
	else if (learn_state_is_in_force(was) && !learn_state_is_in_force(is))
		log_warning("learn", "removed (%s): %s", learn_cause_names[change->to.cause], text);
	else
		log_info("learn", "%s -> %s: %s", learn_state_names[was], learn_state_names[is],
			 text);
}
