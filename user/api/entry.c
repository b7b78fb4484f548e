/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries as JSON. */
#include "api/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/provenance.h"
#include "datapath/datapath.h"
#include "http/http.h"
#include "store/hits.h"
#include "store/protections.h"

json_t *exclusion_json(const struct list *list, const struct entry *exclusion)
{
	char prefix[PREFIX_TEXT_BYTES];
	char *origin = holders_origin(exclusion);
	json_t *object =
	    json_pack("{s:s,s:s,s:s,s:s,s:o}", "prefix", prefix_format(&exclusion->prefix, prefix),
		      "list", list->name, "action", action_names[list->action], "source",
		      source_names[exclusion->source], "origin", json_text(origin));

	free(origin);
	return object;
}

/* The sum of the present counters and of those before earlier reboots. */
static json_t *memory_json(const struct entry_view *view, const struct list *list,
			   const struct entry *entry, uint32_t rule,
			   const struct ipwl_rule_counters *counters)
{
	struct hit_memory memory;

	if (!hits_find(view->hits, list, &entry->prefix, rule, rule ? counters : NULL,
		       time_now_sec(), &memory))
		return json_pack("{s:n,s:n,s:n,s:n}", "last_hit_at", "total_packets",
				 "total_connections", "total_averted_packets");
	return json_pack("{s:o,s:o,s:o,s:o}", "last_hit_at", json_time(memory.last_hit_sec),
			 "total_packets", json_count(memory.total.packets), "total_connections",
			 json_count(memory.total.connections), "total_averted_packets",
			 json_count(memory.total.averted_packets));
}

static int merge(json_t *object, json_t *more)
{
	int err = object && more ? json_object_update(object, more) : -1;

	json_decref(more);
	return err;
}

json_t *entry_json(const struct entry_view *view, const struct list *list,
		   const struct entry *entry, uint32_t rule)
{
	struct ipwl_rule_counters counters = { 0 };
	json_t *object = exclusion_json(list, entry);
	json_t *more, *memory;

	if (rule && datapath_read_rule(view->datapath, rule, &counters))
		counters = (struct ipwl_rule_counters) { 0 };
	more = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b}", "reason",
			 json_text(entry->reason), "author", json_text(entry->about->author),
			 "added_at", json_time(entry->about->added_at_sec), "expires_at",
			 json_time(entry->about->expires_at_sec), "packets",
			 json_count(counters.packets), "bytes", json_count(counters.bytes),
			 "connections", json_count(counters.connections), "averted_packets",
			 json_count(counters.averted_packets), "protected",
			 (entry->source == SOURCE_MANUAL || entry->source == SOURCE_FLEET) &&
			     protections_have(view->protections, list->name, &entry->prefix));
	memory = memory_json(view, list, entry, rule, &counters);
	if (merge(object, more) | merge(object, memory)) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

int entry_choose_source(struct evhttp_request *request, const char *name, bool *ret_has_source,
			enum source *ret_source)
{
	*ret_has_source = false;
	for (int source = 0; name && source < SOURCE_COUNT; source++) {
		if (strcmp(name, source_names[source]) != 0)
			continue;
		*ret_has_source = true;
		*ret_source = (enum source)source;
	}
	if (!name || *ret_has_source)
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID, "unknown source \"%s\"", name);
	return -EINVAL;
}
