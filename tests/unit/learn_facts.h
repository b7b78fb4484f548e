/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence of one address, made up for the rules, and the default settings. */
#ifndef LEARN_FACTS_H
#define LEARN_FACTS_H

#include "config/learn_fields.h"
#include "config_fixture.h"
#include "learn/rules.h"

#define DAY LEARN_DAY_SEC
#define TODAY 20000LL
#define NOW (TODAY * DAY + 43200)

static struct learn_settings settings;

static FIXTURE_UNUSED int reset(void **state)
{
	(void)state;
	settings = (struct learn_settings) { .is_on = true };
	learn_fields_set_defaults(&settings);
	for (int rule = 0; rule < LEARN_RULE_COUNT; rule++)
		settings.uses[rule] = true;
	return 0;
}

/* ---- evidence of one address ---------------------------------------------------------- */

static struct learn_day days[400];
static struct learn_domain domains[4];
static struct learn_facts facts;

static FIXTURE_UNUSED void forget_all(void)
{
	memset(days, 0, sizeof(days));
	memset(domains, 0, sizeof(domains));
	facts = (struct learn_facts) { .days = days, .domains = domains };
}

/* Evidence @ago days ago; older days must come first. */
static FIXTURE_UNUSED void see(int64_t ago, enum evidence_kind kind, uint32_t count)
{
	const int64_t day = TODAY - ago;
	struct learn_day *last = facts.day_count ? &days[facts.day_count - 1] : NULL;

	if (!last || last->day != day) {
		last = &days[facts.day_count++];
		last->day = day;
	}
	last->counts[kind] += count;
	if (kind == EVIDENCE_ACCEPTED || kind == EVIDENCE_HAM || kind == EVIDENCE_REPLY ||
	    kind == EVIDENCE_INBOUND)
		last->last_sec = day * DAY + 40000;
}

static FIXTURE_UNUSED struct learn_domain *send_for(const char *name, uint32_t messages,
						    uint32_t sent_days, uint32_t authenticated_days)
{
	struct learn_domain *domain = &domains[facts.domain_count++];

	snprintf(domain->name, sizeof(domain->name), "%s", name);
	domain->messages = messages;
	domain->days = sent_days;
	domain->users = 1;
	domain->authenticated_days = authenticated_days;
	return domain;
}

#endif
