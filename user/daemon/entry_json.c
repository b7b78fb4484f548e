/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries as JSON. */
#include "entry_json.h"

#include <stdlib.h>

#include "holders.h"
#include "http.h"

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

json_t *entry_json(const struct datapath *datapath, const struct list *list,
		   const struct entry *entry, uint32_t rule)
{
	struct ipwl_rule_counters counters = { 0 };
	json_t *object = exclusion_json(list, entry);
	json_t *more;

	if (rule && datapath_read_rule(datapath, rule, &counters))
		counters = (struct ipwl_rule_counters) { 0 };
	more = json_pack(
	    "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "reason", json_text(entry->reason), "author",
	    json_text(entry->author), "added_at", json_time(entry->added_at_sec), "expires_at",
	    json_time(entry->expires_at_sec), "packets", json_count(counters.packets), "bytes",
	    json_count(counters.bytes), "connections", json_count(counters.connections),
	    "averted_packets", json_count(counters.averted_packets));
	if (!object || !more || json_object_update(object, more)) {
		json_decref(object);
		object = NULL;
	}
	json_decref(more);
	return object;
}
