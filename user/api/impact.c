/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells what happens to mail without an allow entry: which senders it let in, which other
 * entries let them in, and which block entries would drop their mail. */
#include "api/impact.h"

#include <string.h>

#include "api/entry.h"
#include "core/effective.h"
#include "engine/lookup.h"
#include "http/http.h"
#include "store/hits.h"

/* ---- hits ----------------------------------------------------------------- */

static json_t *counts_json(const struct hit_counts *counts)
{
	return json_pack("{s:o,s:o,s:o}", "packets", json_count(counts->packets), "connections",
			 json_count(counts->connections), "averted_packets",
			 json_count(counts->averted_packets));
}

/* Hits since the last pass count as today's. */
static json_t *days_json(const struct engine *engine, const struct list *list,
			 const struct prefix *prefix, unsigned int days,
			 const struct hit_counts *since)
{
	struct hit_counts counts;

	if (hits_sum_days(engine_hits(engine), list, prefix, days, time_now_sec(), &counts))
		return json_null();
	hit_counts_add(&counts, since);
	return counts_json(&counts);
}

static json_t *hits_json(const struct engine *engine, const struct list *list,
			 const struct prefix *prefix)
{
	const struct rule *rule = list_find_rule(list, prefix);
	const uint32_t id = rule ? rule->id : 0;
	struct hit_memory before, now;
	struct ipwl_rule_counters counters = { 0 };
	struct hit_counts since;

	datapath_settle(engine_datapath(engine));
	if (id && datapath_read_rule(engine_datapath(engine), id, &counters))
		memset(&counters, 0, sizeof(counters));
	if (!hits_find(engine_hits(engine), list, prefix, id, NULL, 0, &before) ||
	    !hits_find(engine_hits(engine), list, prefix, id, &counters, time_now_sec(), &now))
		return json_null();
	since = (struct hit_counts) {
		.packets = now.total.packets - before.total.packets,
		.connections = now.total.connections - before.total.connections,
		.averted_packets = now.total.averted_packets - before.total.averted_packets,
	};
	return json_pack(
	    "{s:o,s:o,s:o,s:o,s:o}", "since", json_time(hits_since_sec(engine_hits(engine))),
	    "last_hit_at", json_time(now.last_hit_sec), "last_7_days",
	    days_json(engine, list, prefix, 7, &since), "last_30_days",
	    days_json(engine, list, prefix, 30, &since), "total", counts_json(&now.total));
}

/* ---- other entries -------------------------------------------------------- */

struct cover {
	const struct engine *engine;
	json_t *allowed;
	json_t *blocked;
};

static bool would_drop(const struct engine *engine, const struct list *list)
{
	return snapshot_is_enforcing(engine_snapshot(engine)) && !list->is_monitor;
}

static void take_cover(const struct list *list, const struct entry *entry, void *context)
{
	struct cover *cover = context;
	json_t *object = exclusion_json(list, entry);

	if (list->action == ACTION_ALLOW) {
		json_array_append_new(cover->allowed, object);
		return;
	}
	json_object_set_new(object, "drops", json_boolean(would_drop(cover->engine, list)));
	json_array_append_new(cover->blocked, object);
}

static size_t count_inside(const struct list *list, const struct prefix *prefix)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	size_t count = 0;

	entry_cursor_init(&cursor, list, prefix);
	while ((entry = entry_cursor_next(&cursor)) && prefix_contains(prefix, &entry->prefix))
		count += !entry->is_exclusion && entry->prefix.len > prefix->len;
	return count;
}

/* Entries of block lists that lie inside the prefix. */
static json_t *inside_json(const struct engine *engine, const struct prefix *prefix)
{
	const struct policy *policy = engine_snapshot(engine)->policy;
	json_t *array = json_array();
	size_t i, count;

	for (i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		count = list->action == ACTION_BLOCK ? count_inside(list, prefix) : 0;
		if (count)
			json_array_append_new(array, json_pack("{s:o,s:o,s:b}", "list",
							       json_text(list->name), "entries",
							       json_count(count), "drops",
							       would_drop(engine, list)));
	}
	return array;
}

json_t *impact_json(const struct engine *engine, const struct list *list,
		    const struct prefix *prefix)
{
	struct cover cover = { .engine = engine, .allowed = json_array(), .blocked = json_array() };

	effective_entries(engine_snapshot(engine)->policy, prefix, engine_find_manual(list, prefix),
			  take_cover, &cover);
	return json_pack("{s:o,s:o,s:o,s:o}", "hits", hits_json(engine, list, prefix),
			 "still_allowed_by", cover.allowed, "blocked_by", cover.blocked,
			 "blocked_inside", inside_json(engine, prefix));
}
