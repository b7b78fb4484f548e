/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adds what other hosts of the fleet have seen to the evidence of this one.
 *
 * Only hosts that are believed count. A database counts once, and that of this host not at all:
 * what has come under another name of a host is the same evidence.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/fleet_evidence.h"
#include "engine/fleet_internal.h"
#include "engine/learning.h"

#define WITNESSES_MAX 256
#define RECENT_MASK ((UINT64_C(1) << FLEET_EVIDENCE_MASK_DAYS) - 1)

_Static_assert((int)FLEET_EVIDENCE_KINDS == (int)EVIDENCE_KIND_COUNT, "all kinds");
_Static_assert(EVIDENCE_SENT == 0, "the records of domains count it");

/* ---- who has seen something -------------------------------------------------------------- */

/* The latest record of each database. */
struct witnesses {
	const struct engine *engine;
	struct {
		const struct fleet_record *record;
		uint64_t database;
	} items[WITNESSES_MAX];
	size_t count;
};

static int add_witness(const struct fleet_record *record, void *context)
{
	struct witnesses *witnesses = context;
	struct fleet_evidence evidence;
	size_t i = 0;

	if (!fleet_settings_believe(fleet_settings_of(witnesses->engine), record->origin) ||
	    !fleet_evidence_read(record, &evidence) ||
	    evidence.database == evidence_number(witnesses->engine->learning->store))
		return 0;
	while (i < witnesses->count && witnesses->items[i].database != evidence.database)
		i++;
	if (i == WITNESSES_MAX ||
	    (i < witnesses->count && witnesses->items[i].record->version > record->version))
		return 0;
	witnesses->items[i].record = record;
	witnesses->items[i].database = evidence.database;
	witnesses->count += i == witnesses->count;
	return 0;
}

static void find_witnesses(const struct engine *engine, const struct prefix *place,
			   struct witnesses *witnesses)
{
	witnesses->engine = engine;
	witnesses->count = 0;
	if (engine->fleet->replica && engine->learning->store)
		fleet_replica_evidence(engine->fleet->replica, learning_settings(engine)->list,
				       place, time_now_ms(), add_witness, witnesses);
}

bool fleet_evidence_has_witness(const struct engine *engine, const struct prefix *place)
{
	struct witnesses witnesses;

	find_witnesses(engine, place, &witnesses);
	return witnesses.count > 0;
}

/* ---- days of an address ------------------------------------------------------------------ */

static void add_counts(uint32_t *to, const uint32_t *counts)
{
	for (int kind = 0; kind < EVIDENCE_KIND_COUNT; kind++)
		to[kind] =
		    counts[kind] > UINT32_MAX - to[kind] ? UINT32_MAX : to[kind] + counts[kind];
}

/* Merge the days up to @last_day. */
static int add_days(struct evidence_facts *facts, const struct fleet_evidence *evidence,
		    int64_t last_day)
{
	const size_t own_count = facts->facts.day_count;
	struct learn_day *days = calloc(own_count + evidence->day_count + 1, sizeof(*days));
	size_t own = 0, other = evidence->day_count, count = 0;

	if (!days)
		return -ENOMEM;
	while (own < own_count || other) {
		const struct fleet_evidence_day *next = other ? &evidence->days[other - 1] : NULL;
		struct learn_day *day = &days[count];

		if (next && next->day > last_day) {
			other = 0;
			continue;
		}
		count++;
		if (own < own_count && (!next || facts->days[own].day <= next->day))
			*day = facts->days[own++];
		else if (next)
			day->day = next->day;
		if (next && day->day == next->day) {
			add_counts(day->counts, next->counts);
			other--;
		}
	}
	free(facts->days);
	facts->days = days;
	facts->facts.day_count = count;
	return 0;
}

static void add_last(struct evidence_facts *facts, int64_t last_sec, int64_t until_sec)
{
	for (size_t i = facts->facts.day_count; last_sec && last_sec <= until_sec && i > 0; i--) {
		struct learn_day *day = &facts->days[i - 1];

		if (day->day == last_sec / LEARN_DAY_SEC && day->last_sec < last_sec)
			day->last_sec = last_sec;
	}
}

/* ---- domains of an address --------------------------------------------------------------- */

static uint32_t count_bits(uint64_t days)
{
	return (uint32_t)__builtin_popcountll(days);
}

/* Unite the days with authenticated mail. Those that the masks have no room for are counted only
 * if this host has seen them. */
static void unite_days(struct learn_domain *domain, int64_t last_day, uint64_t days)
{
	const uint32_t known = count_bits(domain->recent);
	const uint32_t older =
	    domain->authenticated_days > known ? domain->authenticated_days - known : 0;
	const int64_t later = last_day - domain->last_day;
	uint64_t kept = domain->recent;

	if (later > 0) {
		kept = later < FLEET_EVIDENCE_MASK_DAYS ? kept << later & RECENT_MASK : 0;
		domain->last_day = last_day;
	} else {
		days = -later < FLEET_EVIDENCE_MASK_DAYS ? days << -later & RECENT_MASK : 0;
	}
	domain->authenticated_days = older + known - count_bits(kept) + count_bits(kept | days);
	domain->recent = kept | days;
}

/* Find the domain in the facts, or add it. NULL: out of memory. */
static struct learn_domain *domain_of(struct evidence_facts *facts, const char *name)
{
	const size_t count = facts->facts.domain_count;
	struct learn_domain *domains = facts->domains;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(domains[i].name, name))
			return &domains[i];
	domains = reallocarray(domains, count + 1, sizeof(*domains));
	if (!domains)
		return NULL;
	facts->domains = domains;
	domains[count] = (struct learn_domain) { .is_server = false };
	snprintf(domains[count].name, sizeof(domains[count].name), "%s", name);
	facts->facts.domain_count++;
	return &domains[count];
}

static int add_domains(struct evidence_facts *facts, const struct fleet_evidence *evidence,
		       int64_t last_day)
{
	for (size_t i = 0; i < evidence->domain_count; i++) {
		const struct fleet_evidence_domain *other = &evidence->domains[i];
		const int64_t later = other->last_day - last_day;
		struct learn_domain *domain = domain_of(facts, other->name);

		if (!domain)
			return -ENOMEM;
		domain->is_server |= other->is_server;
		if (later > 0 && later < FLEET_EVIDENCE_MASK_DAYS)
			unite_days(domain, last_day, other->days >> later);
		else if (later <= 0 && other->days)
			unite_days(domain, other->last_day, other->days);
	}
	return 0;
}

/* ---- mail to a domain -------------------------------------------------------------------- */

struct sent_days {
	int64_t first_day, last_day;
	uint64_t *messages; /* by day */
};

static int note_sent(int64_t day, uint32_t messages, void *context)
{
	const struct sent_days *sent = context;

	if (day >= sent->first_day && day <= sent->last_day)
		sent->messages[day - sent->first_day] += messages;
	return 0;
}

static void add_sent_of(const struct fleet_record *record, const struct sent_days *sent,
			uint64_t *ret_messages)
{
	struct fleet_evidence evidence;

	if (!fleet_evidence_read(record, &evidence))
		return;
	for (size_t i = 0; i < evidence.day_count; i++) {
		const struct fleet_evidence_day *day = &evidence.days[i];

		if (day->day < sent->first_day || day->day > sent->last_day)
			continue;
		note_sent(day->day, day->counts[EVIDENCE_SENT], (void *)(uintptr_t)sent);
		*ret_messages += day->counts[EVIDENCE_SENT];
	}
}

static uint32_t limit_count(uint64_t count)
{
	return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

int fleet_evidence_add_sent(struct engine *engine, int64_t first_day, int64_t last_day,
			    struct learn_domain *domain, int64_t *ret_last_day)
{
	const struct prefix place = fleet_evidence_place(domain->name);
	struct sent_days sent = { .first_day = first_day, .last_day = last_day };
	struct witnesses witnesses;
	uint64_t elsewhere = 0, all = 0;
	int err;

	find_witnesses(engine, &place, &witnesses);
	if (!witnesses.count || last_day < first_day)
		return 0;
	sent.messages = calloc((size_t)(last_day - first_day) + 1, sizeof(*sent.messages));
	if (!sent.messages)
		return -ENOMEM;
	err = evidence_walk_sent(engine->learning->store, domain->name, first_day, last_day,
				 note_sent, &sent);
	for (size_t i = 0; i < witnesses.count; i++)
		add_sent_of(witnesses.items[i].record, &sent, &elsewhere);
	domain->days = err ? domain->days : 0;
	for (int64_t day = first_day; day <= last_day && !err; day++) {
		if (!sent.messages[day - first_day])
			continue;
		all += sent.messages[day - first_day];
		domain->days++;
		if (ret_last_day && day > *ret_last_day)
			*ret_last_day = day;
	}
	free(sent.messages);
	if (err)
		return err;
	domain->messages = limit_count(all);
	domain->host_messages = limit_count(elsewhere);
	return 0;
}

/* ---- all of it --------------------------------------------------------------------------- */

static int add_host(struct evidence_facts *facts, const char *name,
		    const struct fleet_evidence *evidence, int64_t last_day)
{
	const size_t count = facts->facts.host_count;
	struct learn_host *hosts = reallocarray(facts->hosts, count + 1, sizeof(*hosts));
	char *text = facts->facts.hosts_text;
	const size_t bytes = strlen(text);
	struct learn_host *host;

	if (!hosts)
		return -ENOMEM;
	facts->hosts = hosts;
	host = &hosts[count];
	*host = (struct learn_host) { .day_count = 0 };
	snprintf(host->name, sizeof(host->name), "%s", name);
	for (size_t i = 0; i < evidence->day_count; i++) {
		if (evidence->days[i].day > last_day)
			continue;
		host->day_count++;
		add_counts(host->counts, evidence->days[i].counts);
	}
	facts->facts.host_count++;
	snprintf(text + bytes, LEARN_HOSTS_BYTES - bytes, "%s%s", bytes ? ", " : "", name);
	return 0;
}

static int add_evidence(struct evidence_facts *facts, const struct fleet_record *record,
			int64_t until_sec)
{
	const int64_t last_day = until_sec / LEARN_DAY_SEC;
	struct fleet_evidence evidence;
	int err;

	if (!fleet_evidence_read(record, &evidence))
		return 0;
	err = add_days(facts, &evidence, last_day);
	if (!err)
		err = add_domains(facts, &evidence, last_day);
	if (!err)
		err = add_host(facts, record->origin, &evidence, last_day);
	add_last(facts, evidence.last_sec, until_sec);
	return err;
}

/* A domain that only other hosts have seen the address with: our users may have written to it. */
static int read_own_sent(struct engine *engine, int64_t first_day, struct learn_domain *domain)
{
	struct learn_domain own = { .messages = 0 };
	size_t address_count;
	int64_t last_day;
	int err = evidence_find_domain(engine->learning->store, domain->name, first_day, &own,
				       &last_day, &address_count);

	if (err == -ENOENT)
		return 0;
	domain->messages = own.messages;
	domain->days = own.days;
	domain->users = own.users;
	return err;
}

int fleet_evidence_add(struct engine *engine, const struct prefix *subject, int64_t until_sec,
		       struct evidence_facts *facts)
{
	const int64_t first_day =
	    (until_sec - learning_settings(engine)->partner.window_sec) / LEARN_DAY_SEC;
	const size_t own_count = facts->facts.domain_count;
	struct witnesses witnesses;
	int err = 0;

	if (!engine->fleet->replica)
		return 0;
	find_witnesses(engine, subject, &witnesses);
	for (size_t i = 0; i < witnesses.count && !err; i++)
		err = add_evidence(facts, witnesses.items[i].record, until_sec);
	for (size_t i = own_count; i < facts->facts.domain_count && !err; i++)
		err = read_own_sent(engine, first_day, &facts->domains[i]);
	for (size_t i = 0; i < facts->facts.domain_count && !err; i++)
		err = fleet_evidence_add_sent(engine, first_day, until_sec / LEARN_DAY_SEC,
					      &facts->domains[i], NULL);
	facts->facts.days = facts->days;
	facts->facts.domains = facts->domains;
	facts->facts.hosts = facts->hosts;
	return err;
}
