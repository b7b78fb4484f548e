/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine with a fake datapath: the linker uses these functions instead of those of
 * user/datapath/. The fake keeps the policy that it was given, like the kernel, and fails if a
 * test says so.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <errno.h>

#include "config/snapshot.h"
#include "config_fixture.h"
#include "core/entry.h"
#include "core/rule_array.h"
#include "datapath/datapath.h"
#include "datapath/events.h"
#include "engine/engine.h"
#include "engine/source.h"

#define FAKE_RULES_MAX 4096

/* What the fake kernel decides by. */
struct fake_rule {
	char list[POLICY_NAME_MAX + 1];
	enum action action;
	struct prefix prefix;
	uint32_t id; /* 0: an exclusion */
};

struct datapath {
	bool is_open;
};

static struct datapath fake_datapath;
static bool fake_exists; /* the maps outlive the engine */
static bool fake_refuses, fake_is_enforcing, fake_is_pinned;
static size_t fake_apply_count;
static struct fake_rule fake_rules[FAKE_RULES_MAX];
static size_t fake_rule_count;
static struct ipwl_rule_counters fake_counters[IPWL_CHUNK_RULES];
static struct event_counts fake_events;
static uint64_t fake_unread_events;

/* ---- user/datapath/datapath.h ---------------------------------------------- */

/* NOLINTBEGIN(readability-non-const-parameter): parameters are as they are there. */

int datapath_open(const char *bpffs_dir, const char *owner, struct datapath **ret_datapath,
		  bool *ret_adopted, char error[DATAPATH_ERROR_BYTES])
{
	(void)bpffs_dir;
	(void)owner;
	(void)error;
	assert_false(fake_datapath.is_open);
	fake_datapath.is_open = true;
	*ret_adopted = fake_exists;
	fake_exists = fake_is_pinned = true;
	*ret_datapath = &fake_datapath;
	return 0;
}

void datapath_close(struct datapath *datapath)
{
	assert_true(datapath->is_open);
	datapath->is_open = false;
}

uint64_t datapath_cookie(const struct datapath *datapath)
{
	(void)datapath;
	return 4711;
}

uint32_t datapath_first_fresh_rule(const struct datapath *datapath)
{
	(void)datapath;
	return 1;
}

int datapath_assign_slots(struct datapath *datapath, struct policy *policy,
			  char error[DATAPATH_ERROR_BYTES])
{
	(void)datapath;
	(void)error;
	for (size_t i = 0; i < policy->list_count; i++)
		policy->lists[i].slot = (uint16_t)i;
	return 0;
}

static bool fake_is_changed(const struct datapath_change *change, const struct prefix *prefix)
{
	for (size_t i = 0; i < change->changed_count; i++)
		if (prefix_contains(&change->changed[i], prefix))
			return true;
	return false;
}

static bool fake_is_known(const struct list *list, const struct rule *rule)
{
	for (size_t i = 0; i < fake_rule_count; i++)
		if (!strcmp(fake_rules[i].list, list->name) &&
		    !prefix_compare(&fake_rules[i].prefix, &rule->prefix) &&
		    !fake_rules[i].id == !rule->id && fake_rules[i].action == list->action)
			return true;
	return false;
}

static bool fake_is_kept(const struct policy *policy, const struct fake_rule *old)
{
	const struct list *list = policy_find_list(policy, old->list);
	const struct rule *rule =
	    list && list->action == old->action ? list_find_rule(list, &old->prefix) : NULL;

	return rule && !rule->id == !old->id;
}

/* Whatever comes or goes must have been announced, or the kernel would not look there. */
static void fake_check_change(const struct datapath_change *change)
{
	const struct policy *policy = change->policy;

	for (size_t i = 0; i < policy->list_count && !change->is_rebuild; i++)
		for (size_t j = 0; j < policy->lists[i].rule_count; j++)
			assert_true(fake_is_known(&policy->lists[i],
						  rule_array_at(policy->lists[i].rules, j)) ||
				    fake_is_changed(
					change, &rule_array_at(policy->lists[i].rules, j)->prefix));
	for (size_t i = 0; i < fake_rule_count && !change->is_rebuild; i++)
		assert_true(fake_is_kept(policy, &fake_rules[i]) ||
			    fake_is_changed(change, &fake_rules[i].prefix));
}

int datapath_apply(struct datapath *datapath, const struct datapath_change *change,
		   char error[DATAPATH_ERROR_BYTES])
{
	const struct policy *policy = change->policy;

	assert_true(datapath->is_open);
	fake_check_change(change);
	if (fake_refuses) {
		snprintf(error, DATAPATH_ERROR_BYTES, "the kernel refuses");
		return -EBUSY;
	}
	fake_rule_count = 0;
	for (size_t i = 0; i < policy->list_count; i++) {
		for (size_t j = 0; j < policy->lists[i].rule_count; j++) {
			struct fake_rule *rule = &fake_rules[fake_rule_count++];

			assert_true(fake_rule_count < FAKE_RULES_MAX);
			snprintf(rule->list, sizeof(rule->list), "%s", policy->lists[i].name);
			rule->action = policy->lists[i].action;
			rule->prefix = rule_array_at(policy->lists[i].rules, j)->prefix;
			rule->id = rule_array_at(policy->lists[i].rules, j)->id;
		}
	}
	for (size_t i = 0; i < change->added_rule_count; i++)
		fake_counters[change->added_rules[i]] = (struct ipwl_rule_counters) { 0 };
	fake_is_enforcing = change->enforce;
	fake_apply_count++;
	return 0;
}

void datapath_set_enforce(struct datapath *datapath, bool enforce)
{
	(void)datapath;
	fake_is_enforcing = enforce;
}

int datapath_settle(struct datapath *datapath)
{
	(void)datapath;
	return 0;
}

int datapath_read_chunk(struct datapath *datapath, uint32_t chunk,
			struct ipwl_rule_counters ret_counters[IPWL_CHUNK_RULES])
{
	(void)datapath;
	if (chunk)
		return -ENOENT;
	memcpy(ret_counters, fake_counters, sizeof(fake_counters));
	return 0;
}

int datapath_read_rule(struct datapath *datapath, uint32_t rule,
		       struct ipwl_rule_counters *ret_counters)
{
	(void)datapath;
	if (rule >= IPWL_CHUNK_RULES)
		return -ENOENT;
	*ret_counters = fake_counters[rule];
	return 0;
}

int datapath_read_event_counts(const struct datapath *datapath, struct event_counts *ret_counts)
{
	(void)datapath;
	*ret_counts = fake_events;
	return 0;
}

int datapath_count_unread_events(const struct datapath *datapath, uint64_t *ret_count)
{
	(void)datapath;
	*ret_count = fake_unread_events;
	return 0;
}

int datapath_detach(const char *bpffs_dir, char error[DATAPATH_ERROR_BYTES])
{
	(void)bpffs_dir;
	(void)error;
	fake_is_pinned = false;
	return 0;
}

int datapath_pin(struct datapath *datapath, char error[DATAPATH_ERROR_BYTES])
{
	(void)datapath;
	(void)error;
	fake_is_pinned = true;
	return 0;
}

/* NOLINTEND(readability-non-const-parameter) */

/* ---- for tests --------------------------------------------------------------- */

static FIXTURE_UNUSED struct prefix fixture_prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), PREFIX_OK);
	return prefix;
}

/* The rule of exactly this prefix in the fake kernel, or NULL. */
static FIXTURE_UNUSED const struct fake_rule *fake_find(const char *list, const char *text)
{
	const struct prefix prefix = fixture_prefix(text);

	for (size_t i = 0; i < fake_rule_count; i++)
		if (!strcmp(fake_rules[i].list, list) &&
		    !prefix_compare(&fake_rules[i].prefix, &prefix))
			return &fake_rules[i];
	return NULL;
}

static FIXTURE_UNUSED bool fake_has(const char *list, const char *text)
{
	const struct fake_rule *rule = fake_find(list, text);

	return rule && rule->id;
}

static FIXTURE_UNUSED void fake_count(const char *list, const char *text, uint64_t packets)
{
	const struct fake_rule *rule = fake_find(list, text);

	assert_non_null(rule);
	fake_counters[rule->id].packets += packets;
}

static struct engine *fixture_engine;

/* Write the configuration. @lists is everything except the directories. */
static FIXTURE_UNUSED void fixture_configure(const char *lists)
{
	char text[8192];

	assert_true(snprintf(text, sizeof(text),
			     "interfaces: [a]\nmode: enforce\nstate_dir: %s/state\n"
			     "runtime_dir: %s\nbpffs_dir: %s/bpf\n%s",
			     fixture_directory, fixture_directory, fixture_directory,
			     lists) < (int)sizeof(text));
	fixture_write("ipwld.yaml", text);
}

static FIXTURE_UNUSED void fixture_start_engine(void)
{
	static char path[64];
	char error[DATAPATH_ERROR_BYTES];
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct lines warnings = { 0 };
	struct snapshot *first;

	snprintf(path, sizeof(path), "%s/ipwld.yaml", fixture_directory);
	diagnostics_init(&diagnostics);
	assert_int_equal(config_load(path, NULL, &diagnostics, &config), 0);
	diagnostics_done(&diagnostics);
	first = snapshot_new(config);
	assert_non_null(first);
	assert_int_equal(engine_start(path, first, &warnings, &fixture_engine, error), 0);
	snapshot_unref(first);
	lines_done(&warnings);
}

static FIXTURE_UNUSED void fixture_stop_engine(void)
{
	engine_stop(fixture_engine);
	fixture_engine = NULL;
}

#endif
