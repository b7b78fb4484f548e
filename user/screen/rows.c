/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a page of `top`: collected, filtered and sorted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen/view.h"

/* Networks of sources. */
#define NETWORK_IPV4_LENGTH 24
#define NETWORK_IPV6_LENGTH 64

struct rows {
	struct top_row *items;
	size_t count;
};

/* ---- filter ---------------------------------------------------------------------- */

static bool has_text(const struct top_row *row, const char *text)
{
	return strstr(row->name, text) || strstr(row->kind, text) || strstr(row->list, text) ||
	       strstr(row->entry, text);
}

/* Whether a row has the text of the filter, or lies in the network that it names. */
static bool passes(const struct top_row *row, const char *filter)
{
	struct prefix network, address;

	if (!*filter || has_text(row, filter))
		return true;
	return strchr(filter, '/') && !prefix_parse(filter, strlen(filter), &network, NULL) &&
	       !prefix_parse(row->name, strlen(row->name), &address, NULL) &&
	       prefix_contains(&network, &address);
}

static void add_row(struct rows *rows, const char *filter, const struct top_row *row)
{
	if (passes(row, filter))
		rows->items[rows->count++] = *row;
}

/* ---- rows ------------------------------------------------------------------------ */

static struct top_row row_of_source(const struct top_source *source, int64_t now_sec)
{
	struct top_row row = { .count = source->attempts,
			       .rate = (double)top_source_recent(source, now_sec),
			       .last_sec = source->last_sec,
			       .part_count = 1 };
	char text[PREFIX_TEXT_BYTES];

	snprintf(row.name, sizeof(row.name), "%s", prefix_format_short(&source->source, text));
	snprintf(row.kind, sizeof(row.kind), "%s", top_verdict_names[source->verdict]);
	memcpy(row.list, source->list, sizeof(row.list));
	memcpy(row.entry, source->entry, sizeof(row.entry));
	return row;
}

static void collect_sources(const struct top_model *model, const struct top_ui *ui, int64_t now_sec,
			    struct rows *rows)
{
	const bool is_averted = ui->page == TOP_PAGE_AVERTED;

	for (size_t i = 0; i < model->source_count; i++) {
		const struct top_source *source = &model->sources[i];
		const struct top_row row = row_of_source(source, now_sec);

		if ((source->verdict == TOP_AVERTED) == is_averted)
			add_row(rows, ui->filter, &row);
	}
}

/* A source and its network. */
struct member {
	struct prefix network;
	const struct top_source *source;
};

static int compare_members(const void *a_pointer, const void *b_pointer)
{
	const struct member *a = a_pointer, *b = b_pointer;

	return prefix_compare(&a->network, &b->network);
}

static struct prefix network_of(const struct prefix *source)
{
	struct prefix network = *source;
	const uint8_t length =
	    source->family == FAMILY_IPV4 ? NETWORK_IPV4_LENGTH : NETWORK_IPV6_LENGTH;

	network.len = length;
	memset(network.addr + length / 8, 0, sizeof(network.addr) - length / 8);
	return network;
}

/* Begin the row of a network with one of its sources. */
static struct top_row row_of_network(const struct member *member, int64_t now_sec)
{
	struct top_row row = row_of_source(member->source, now_sec);

	prefix_format(&member->network, row.entry);
	snprintf(row.name, sizeof(row.name), "%s", row.entry);
	snprintf(row.entry, sizeof(row.entry), "-");
	return row;
}

/* What decided about the last attempt of any source is shown. */
static void add_member(struct top_row *row, const struct member *member, int64_t now_sec)
{
	const struct top_row more = row_of_source(member->source, now_sec);

	row->count += more.count;
	row->rate += more.rate;
	row->part_count++;
	if (more.last_sec <= row->last_sec)
		return;
	row->last_sec = more.last_sec;
	memcpy(row->kind, more.kind, sizeof(row->kind));
	memcpy(row->list, more.list, sizeof(row->list));
}

static void collect_networks(const struct top_model *model, const struct top_ui *ui,
			     int64_t now_sec, struct rows *rows)
{
	struct member *members = calloc(model->source_count + 1, sizeof(*members));
	struct top_row row;

	if (!members)
		return;
	for (size_t i = 0; i < model->source_count; i++)
		members[i] =
		    (struct member) { network_of(&model->sources[i].source), &model->sources[i] };
	qsort(members, model->source_count, sizeof(*members), compare_members);
	for (size_t i = 0; i < model->source_count; i++) {
		if (i && !compare_members(&members[i - 1], &members[i])) {
			add_member(&row, &members[i], now_sec);
		} else {
			if (i)
				add_row(rows, ui->filter, &row);
			row = row_of_network(&members[i], now_sec);
		}
	}
	if (model->source_count)
		add_row(rows, ui->filter, &row);
	free(members);
}

static void collect_items(const struct top_items *items, const struct top_ui *ui, struct rows *rows)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct top_item *item = &items->items[i];
		struct top_row row = { .count = item->counter.total,
				       .rate = item->counter.rate,
				       .part_count = item->entries,
				       .counter = &item->counter };

		memcpy(row.name, item->name, sizeof(row.name));
		memcpy(row.kind, item->kind, sizeof(row.kind));
		snprintf(row.list, sizeof(row.list), "%s", item->mode);
		add_row(rows, ui->filter, &row);
	}
}

/* ---- order ----------------------------------------------------------------------- */

/* Addresses by number, other names as text. */
static int compare_names(const struct top_row *a, const struct top_row *b)
{
	struct prefix one, other;

	if (!prefix_parse(a->name, strlen(a->name), &one, NULL) &&
	    !prefix_parse(b->name, strlen(b->name), &other, NULL))
		return prefix_compare(&one, &other);
	return strcmp(a->name, b->name);
}

static int compare_rows(const void *a_pointer, const void *b_pointer, void *context)
{
	const struct top_row *a = a_pointer, *b = b_pointer;
	const enum top_sort sort = *(const enum top_sort *)context;

	if (sort == TOP_SORT_RATE && (a->rate < b->rate || a->rate > b->rate))
		return a->rate > b->rate ? -1 : 1;
	if (sort == TOP_SORT_LAST && a->last_sec != b->last_sec)
		return a->last_sec > b->last_sec ? -1 : 1;
	if (sort != TOP_SORT_NAME && a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return compare_names(a, b);
}

size_t top_rows(const struct top_model *model, const struct top_ui *ui, int64_t now_sec,
		struct top_row **ret_rows)
{
	enum top_sort sort = ui->sort;
	struct rows rows = { 0 };
	const size_t count_max = model->source_count + model->lists.count + model->interfaces.count;

	rows.items = calloc(count_max + 1, sizeof(*rows.items));
	*ret_rows = rows.items;
	if (!rows.items)
		return 0;
	if (ui->page == TOP_PAGE_LISTS)
		collect_items(&model->lists, ui, &rows);
	else if (ui->page == TOP_PAGE_INTERFACES)
		collect_items(&model->interfaces, ui, &rows);
	else if (ui->page == TOP_PAGE_NETWORKS)
		collect_networks(model, ui, now_sec, &rows);
	else
		collect_sources(model, ui, now_sec, &rows);
	qsort_r(rows.items, rows.count, sizeof(*rows.items), compare_rows, &sort);
	return rows.count;
}
