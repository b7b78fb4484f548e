/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the actions and counters of the programs with a ruling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rule_array.h"
#include "datapath/names.h"
#include "lib_fixture.h"

/* Unlike any mark or priority that a test's list sets. */
#define MARK_BEFORE 0xa5a5a5a5U
#define PRIORITY_BEFORE 3U

const struct list *fixture_list(const struct fixture *fixture, const struct ruling *ruling)
{
	return ruling->list < 0 ? NULL : &fixture->policy->lists[ruling->list];
}

uint32_t fixture_rule(const struct fixture *fixture, const struct ruling *ruling)
{
	const struct list *list = fixture_list(fixture, ruling);

	if (!list)
		return 0;
	for (size_t i = 0; i < list->rule_count; i++) {
		const struct rule *rule = rule_array_at(list->rules, i);

		if (rule->prefix.family == ruling->prefix.family &&
		    rule->prefix.len == ruling->prefix.len &&
		    !memcmp(rule->prefix.addr, ruling->prefix.addr, sizeof(rule->prefix.addr)))
			return rule->id;
	}
	fail_msg("the deciding entry has no rule");
	return 0;
}

static void expect_traffic(struct ipwl_traffic *traffic, const struct packet *packet,
			   const struct ruling *ruling, uint64_t times)
{
	traffic->packets += times;
	traffic->bytes += times * packet->size;
	traffic->connections += ruling->is_connection ? times : 0;
}

/* The tries know only one of the block lists that contain a source, and count for none. */
static void expect_averted(struct fixture *fixture, const struct packet *packet,
			   const struct ruling *ruling, uint64_t times)
{
	const struct scenario *scenario = fixture->scenario;
	const uint16_t allow = fixture_list(fixture, ruling)->slot;
	struct reading reading = oracle_read(scenario, packet->data, packet->size);

	for (size_t i = 0; fixture->uses_index && i < scenario->list_count; i++) {
		const uint16_t block = fixture->policy->lists[i].slot;

		if (scenario->lists[i].action != ACTION_BLOCK ||
		    !oracle_list_has(scenario, &scenario->lists[i], reading.port, &reading.source))
			continue;
		assert_true(allow < TALLY_SLOTS_MAX && block < TALLY_SLOTS_MAX);
		expect_traffic(&fixture->expected->averted[allow][block], packet, ruling, times);
	}
}

void fixture_expect(struct fixture *fixture, const struct packet *packet,
		    const struct ruling *ruling, uint64_t times)
{
	const struct list *list = fixture_list(fixture, ruling);
	struct tally *tally = fixture->expected;
	struct ipwl_rule_counters *rule;

	expect_traffic(&tally->interface[IPWL_COUNTER(ruling->family, ruling->verdict)], packet,
		       ruling, times);
	if (!list)
		return;
	expect_traffic(&tally->lists[IPWL_LIST_COUNTER(list->slot, ruling->verdict)], packet,
		       ruling, times);
	if (ruling->verdict == IPWL_AVERTED)
		expect_averted(fixture, packet, ruling, times);
	rule = &tally->rules[fixture_rule(fixture, ruling)];
	rule->packets += times;
	rule->bytes += times * packet->size;
	rule->connections += ruling->is_connection ? times : 0;
	rule->averted_packets += ruling->verdict == IPWL_AVERTED ? times : 0;
}

static bool is_marked(const struct ruling *ruling)
{
	return ruling->verdict == IPWL_ALLOW || ruling->verdict == IPWL_AVERTED;
}

/* Whether @is equals @should. If not, record the problem. */
static bool agrees(struct fixture *fixture, const char *what, uint64_t is, uint64_t should)
{
	if (is == should)
		return true;
	snprintf(fixture->problem, sizeof(fixture->problem), "%s is %#llx, should be %#llx", what,
		 (unsigned long long)is, (unsigned long long)should);
	return false;
}

static bool check_xdp(struct fixture *fixture, const struct packet *packet,
		      const struct ruling *ruling)
{
	struct outcome outcome = fixture_run_xdp(fixture, packet);
	const struct list *list = fixture_list(fixture, ruling);
	uint32_t retval = ipwl_drops(ruling->verdict) ? XDP_DROP : XDP_PASS;

	if (!agrees(fixture, "errno of the XDP run", (uint64_t)-outcome.error, 0) ||
	    !agrees(fixture, "XDP action", outcome.retval, retval) ||
	    !agrees(fixture, "changed packet", outcome.is_changed, false) ||
	    !agrees(fixture, "presence of metadata", outcome.has_metadata, is_marked(ruling)))
		return false;
	return !outcome.has_metadata ||
	       (agrees(fixture, "metadata owner", outcome.metadata.owner, fixture->meta_owner) &&
		agrees(fixture, "metadata list", outcome.metadata.list, list->slot));
}

/* Without metadata the tc program classifies, if it was told to, and counts nothing. */
static bool check_tc(struct fixture *fixture, const struct packet *packet,
		     const struct ruling *ruling)
{
	struct outcome outcome = fixture_run_tc(fixture, packet, MARK_BEFORE, PRIORITY_BEFORE);
	const struct list *list = fixture_list(fixture, ruling);
	uint32_t mark = MARK_BEFORE, priority = PRIORITY_BEFORE;

	/* The kernel's test run refuses frames that are too short for the stack. */
	if (outcome.error == -EINVAL && ruling->list < 0)
		return true;
	if (is_marked(ruling) && fixture_metadata_missing(fixture)) {
		if (list->sets_mark)
			mark = (mark & ~list->mark_mask) | list->mark;
		if (list->sets_priority)
			priority = list->priority;
	}
	return agrees(fixture, "errno of the tc run", (uint64_t)-outcome.error, 0) &&
	       agrees(fixture, "tc action", outcome.retval, (uint32_t)TC_ACT_UNSPEC) &&
	       agrees(fixture, "packet changed by tc", outcome.is_changed, false) &&
	       agrees(fixture, "mark", outcome.mark, mark) &&
	       agrees(fixture, "priority", outcome.priority, priority);
}

static bool check_traffic(struct fixture *fixture, const char *what, size_t index,
			  const struct ipwl_traffic *is, const struct ipwl_traffic *should)
{
	char text[64];

	snprintf(text, sizeof(text), "packets of %s %zu", what, index);
	if (!agrees(fixture, text, is->packets, should->packets))
		return false;
	snprintf(text, sizeof(text), "bytes of %s %zu", what, index);
	if (!agrees(fixture, text, is->bytes, should->bytes))
		return false;
	snprintf(text, sizeof(text), "connections of %s %zu", what, index);
	return agrees(fixture, text, is->connections, should->connections);
}

static bool check_interface(struct fixture *fixture)
{
	struct ipwl_traffic counters[IPWL_COUNTER_COUNT];

	if (!agrees(fixture, "interface_read_counters()",
		    (uint64_t)interface_read_counters(fixture->interface, counters), 0))
		return false;
	for (size_t i = 0; i < IPWL_COUNTER_COUNT; i++) {
		if (!check_traffic(fixture, "family and verdict", i, &counters[i],
				   &fixture->expected->interface[i]))
			return false;
	}
	return true;
}

static bool check_list(struct fixture *fixture, const struct list *list)
{
	const enum ipwl_verdict *verdicts = list_verdicts[list->action];

	for (size_t i = 0; i < LIST_VERDICTS; i++) {
		uint32_t key = IPWL_LIST_COUNTER(list->slot, verdicts[i]);
		struct ipwl_traffic counters;
		int err = datapath_read_list(fixture->datapath, list->slot, verdicts[i], &counters);

		if (!agrees(fixture, "datapath_read_list()", (uint64_t)err, 0) ||
		    !check_traffic(fixture, "list and verdict", key, &counters,
				   &fixture->expected->lists[key]))
			return false;
	}
	return true;
}

/* All pairs of lists, also those that are not read. */
static bool check_averted(struct fixture *fixture)
{
	static const struct ipwl_traffic none;
	struct averted_pair *pairs = NULL;
	size_t count = 0;
	bool is_fine =
	    agrees(fixture, "datapath_read_averted()",
		   (uint64_t)datapath_read_averted(fixture->datapath, &pairs, &count), 0);

	for (uint16_t allow = 0; is_fine && allow < TALLY_SLOTS_MAX; allow++)
		for (uint16_t block = 0; is_fine && block < TALLY_SLOTS_MAX; block++) {
			const struct ipwl_traffic *traffic = &none;

			for (size_t i = 0; i < count; i++)
				if (pairs[i].allow == allow && pairs[i].block == block)
					traffic = &pairs[i].traffic;
			is_fine =
			    check_traffic(fixture, "lists that were averted", allow * 1000U + block,
					  traffic, &fixture->expected->averted[allow][block]);
		}
	free(pairs);
	return is_fine;
}

static bool check_rule(struct fixture *fixture, uint32_t id)
{
	const struct ipwl_rule_counters *should = &fixture->expected->rules[id];
	struct ipwl_rule_counters is;

	return agrees(fixture, "datapath_settle()", (uint64_t)datapath_settle(fixture->datapath),
		      0) &&
	       agrees(fixture, "datapath_read_rule()",
		      (uint64_t)datapath_read_rule(fixture->datapath, id, &is), 0) &&
	       check_traffic(fixture, "rule", id,
			     &(struct ipwl_traffic) { is.packets, is.bytes, is.connections },
			     &(struct ipwl_traffic) { should->packets, should->bytes,
						      should->connections }) &&
	       agrees(fixture, "averted packets", is.averted_packets, should->averted_packets);
}

void fixture_check(struct fixture *fixture, const char *name, const struct packet *packet,
		   const struct ruling *ruling)
{
	bool is_fine;

	fixture_expect(fixture, packet, ruling, 1);
	is_fine = check_xdp(fixture, packet, ruling) && check_tc(fixture, packet, ruling) &&
		  check_interface(fixture);
	if (is_fine && ruling->list >= 0)
		is_fine = check_list(fixture, fixture_list(fixture, ruling)) &&
			  check_rule(fixture, fixture_rule(fixture, ruling));
	if (is_fine)
		return;
	packet_print(packet);
	fail_msg("%s: should be verdict %d of family %d: %s", name, ruling->verdict, ruling->family,
		 fixture->problem);
}

static bool check_rules(struct fixture *fixture, const struct list *list)
{
	for (size_t i = 0; i < list->rule_count; i++) {
		if (rule_array_at(list->rules, i)->id &&
		    !check_rule(fixture, rule_array_at(list->rules, i)->id))
			return false;
	}
	return true;
}

void fixture_check_counters(struct fixture *fixture)
{
	bool are_fine = check_interface(fixture) && check_averted(fixture);

	for (size_t i = 0; are_fine && i < fixture->policy->list_count; i++)
		are_fine = check_list(fixture, &fixture->policy->lists[i]) &&
			   check_rules(fixture, &fixture->policy->lists[i]);
	if (!are_fine)
		fail_msg("counters: %s", fixture->problem);
}
