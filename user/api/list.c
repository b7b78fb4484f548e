/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/entries: the listed entries, page by page. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/cursor.h"
#include "api/entry.h"
#include "api/routes.h"
#include "http/http.h"
#include "runtime/runtime.h"

#define PAGE_ENTRIES_MAX 1000
/* Maximum number of entries and exclusions that the loop visits for a page. */
#define PAGE_VISITS_MAX 50000

struct query {
	const struct list *list; /* NULL: all */
	bool has_source;
	enum source source;
	bool has_prefix;
	struct prefix prefix;
	size_t limit;
	bool has_after;
	struct place after;
};

struct page {
	const struct runtime *runtime;
	const struct query *query;
	json_t *entries;
	struct place last;  /* of the last visited entry */
	struct place shown; /* of the last entry on the page */
	bool has_last;
	bool is_full;	       /* there are more entries than fit on the page */
	struct prefix visited; /* the present prefix */
	size_t visit_count;
};

/* ---- the walk ----------------------------------------------------------- */

/* Give @entry its place; entries come in the order of places. */
static void page_locate(struct page *page, size_t list, const struct entry *entry)
{
	struct place place = { .list = list,
			       .prefix = entry->prefix,
			       .source = (enum source)entry->source };

	if (page->has_last) {
		place.ordinal = page->last.ordinal;
		if (!place_compare(&place, &page->last))
			place.ordinal++;
		else
			place.ordinal = 0;
	}
	page->last = place;
	page->has_last = true;
}

/* End the page after the present prefix if too many entries and exclusions were visited.
 * Exclusions do not appear on the page. */
static bool page_ends(struct page *page, size_t index, const struct entry *next)
{
	const bool is_new = prefix_compare(&page->visited, &next->prefix) != 0;

	if (page->visit_count >= PAGE_VISITS_MAX && is_new) {
		page->shown = (struct place) { .list = index,
					       .prefix = page->visited,
					       .source = SOURCE_COUNT - 1,
					       .ordinal = INT64_MAX };
		page->is_full = true;
	}
	page->visited = next->prefix;
	page->visit_count++;
	return page->is_full;
}

static void page_show(struct page *page, size_t index, const struct entry *entry)
{
	const struct query *query = page->query;
	const struct list *list = &page->runtime->snapshot->policy->lists[index];
	const struct rule *rule;

	if (entry->is_exclusion)
		return;
	page_locate(page, index, entry);
	if (query->has_after && place_compare(&page->last, &query->after) <= 0)
		return;
	if (json_array_size(page->entries) == query->limit) {
		page->is_full = true;
		return;
	}
	rule = list_find_rule(list, &entry->prefix);
	json_array_append_new(page->entries,
			      entry_json(&page->runtime->view, list, entry, rule ? rule->id : 0));
	page->shown = page->last;
}

/* Walk the entries of exactly one prefix, or of all prefixes inside it. */
static void page_walk(struct page *page, size_t index, const struct list *view,
		      const struct prefix *from, const struct prefix *inside, bool only_exact)
{
	struct entry_cursor cursor;
	const struct entry *entry;

	entry_cursor_init(&cursor, view, from);
	while (!page->is_full && (entry = entry_cursor_next(&cursor))) {
		if (inside && (only_exact ? prefix_compare(inside, &entry->prefix) != 0
					  : !prefix_contains(inside, &entry->prefix)))
			break;
		if (page_ends(page, index, entry))
			break;
		page_show(page, index, entry);
	}
}

static void page_walk_list(struct page *page, size_t index)
{
	const struct query *query = page->query;
	struct list view = page->runtime->snapshot->policy->lists[index];
	const struct prefix *inside = query->has_prefix ? &query->prefix : NULL;
	const struct prefix *from = inside;
	int source;
	uint8_t len;

	for (source = 0; source < SOURCE_COUNT; source++)
		if (query->has_source && source != (int)query->source)
			view.sets[source] = NULL;
	for (len = 0; inside && len < inside->len; len++) {
		const struct prefix outer = prefix_truncate(inside, len);

		page_walk(page, index, &view, &outer, &outer, true);
	}
	if (query->has_after && query->after.list == index &&
	    (!from || prefix_compare(&query->after.prefix, from) > 0))
		from = &query->after.prefix;
	page_walk(page, index, &view, from, inside, false);
}

static json_t *page_json(const struct runtime *runtime, const struct query *query)
{
	const struct policy *policy = runtime->snapshot->policy;
	struct page page = { .runtime = runtime, .query = query, .entries = json_array() };
	char *next = NULL;
	json_t *body;
	size_t i;

	datapath_settle(runtime->datapath);
	for (i = query->has_after ? query->after.list : 0; i < policy->list_count; i++)
		if (!query->list || query->list == &policy->lists[i])
			page_walk_list(&page, i);
	if (page.is_full)
		next = place_format(&page.shown, policy);
	body = json_pack("{s:o,s:o}", "entries", page.entries, "next", json_text(next));
	free(next);
	return body;
}

/* ---- the query ---------------------------------------------------------- */

static int query_choose_place(struct evhttp_request *request, const char *text,
			      const struct policy *policy, struct query *query)
{
	query->has_after = text != NULL;
	if (!text || !place_parse(text, policy, &query->after))
		return 0;
	http_reply_errorf(request, OUTCOME_INVALID,
			  "after must be the \"next\" of the previous page");
	return -EINVAL;
}

static int query_choose_list(struct evhttp_request *request, const char *text,
			     const struct policy *policy, struct query *query)
{
	query->list = text ? policy_find_list(policy, text) : NULL;
	if (!text || query->list)
		return 0;
	http_reply_errorf(request, OUTCOME_NOT_FOUND, "there is no list \"%s\"", text);
	return -EINVAL;
}

void control_list_entries(struct runtime *runtime, struct evhttp_request *request)
{
	const struct policy *policy = runtime->snapshot->policy;
	int64_t limit = PAGE_ENTRIES_MAX;
	char *list = NULL, *source = NULL, *after = NULL;
	struct query query = { 0 };
	const struct argument arguments[] = {
		{ .name = "list", .ret_text = &list },
		{ .name = "source", .ret_text = &source },
		{ .name = "prefix",
		  .ret_prefix = &query.prefix,
		  .ret_is_given = &query.has_prefix },
		ARGUMENT_LIMIT(&limit, 1, PAGE_ENTRIES_MAX),
		{ .name = "after", .ret_text = &after },
	};

	if (!arguments_read_query(request, arguments, sizeof(arguments) / sizeof(*arguments)) &&
	    !query_choose_list(request, list, policy, &query) &&
	    !entry_choose_source(request, source, &query.has_source, &query.source) &&
	    !query_choose_place(request, after, policy, &query)) {
		query.limit = (size_t)limit;
		http_reply(request, page_json(runtime, &query));
	}
	free(list);
	free(source);
	free(after);
}
