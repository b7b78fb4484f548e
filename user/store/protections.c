/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a sorted array, because protected entries are few. */
#include "store/protections.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

struct protection {
	char *list;
	struct prefix prefix;
	char *author; /* or NULL */
	char *reason; /* or NULL */
	int64_t at_sec;
};

struct protections {
	pthread_mutex_t lock;
	struct protection *items; /* by list and prefix */
	size_t count;
};

struct protections *protections_new(void)
{
	struct protections *protections = calloc(1, sizeof(*protections));

	if (protections)
		pthread_mutex_init(&protections->lock, NULL);
	return protections;
}

static void free_items(struct protection *items, size_t count)
{
	while (count) {
		count--;
		free(items[count].list);
		free(items[count].author);
		free(items[count].reason);
	}
	free(items);
}

void protections_free(struct protections *protections)
{
	if (!protections)
		return;
	free_items(protections->items, protections->count);
	pthread_mutex_destroy(&protections->lock);
	free(protections);
}

static int compare(const void *a, const void *b)
{
	const struct protection *one = a, *other = b;
	int order = strcmp(one->list, other->list);

	return order ? order : prefix_compare(&one->prefix, &other->prefix);
}

/* ---- load ----------------------------------------------------------------- */

/* Append a row. A row that cannot be parsed protects nothing. */
static int append(sqlite3_stmt *row, struct protection **items, size_t *count)
{
	const char *prefix = database_text(row, 1);
	struct protection item = { .at_sec = sqlite3_column_int64(row, 4) };
	struct protection *grown;

	if (!prefix || prefix_parse(prefix, strlen(prefix), &item.prefix, NULL) != PREFIX_OK)
		return 0;
	grown = reallocarray(*items, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	*items = grown;
	item.list = text_copy(database_text(row, 0));
	item.author = text_copy(database_text(row, 2));
	item.reason = text_copy(database_text(row, 3));
	if (!item.list) {
		free(item.author);
		free(item.reason);
		return -ENOMEM;
	}
	grown[(*count)++] = item;
	return 0;
}

/* Takes over @items. */
static void replace_items(struct protections *protections, struct protection *items, size_t count)
{
	struct protection *old;
	size_t old_count;

	pthread_mutex_lock(&protections->lock);
	old = protections->items;
	old_count = protections->count;
	protections->items = items;
	protections->count = count;
	pthread_mutex_unlock(&protections->lock);
	free_items(old, old_count);
}

int protections_load(struct protections *protections, struct state *state)
{
	struct protection *items = NULL;
	size_t count = 0;
	sqlite3_stmt *row;
	int step, err = 0;

	if (database_prepare(state_database(state),
			     "SELECT list, prefix, author, reason, protected_at FROM protections",
			     &row))
		return -EIO;
	while (!err && (step = database_step(state_database(state), row)) > 0)
		err = append(row, &items, &count);
	if (!err)
		err = step;
	sqlite3_finalize(row);
	if (err) {
		free_items(items, count);
		return err;
	}
	if (count)
		qsort(items, count, sizeof(*items), compare);
	replace_items(protections, items, count);
	return 0;
}

void protections_take(struct protections *protections, struct protections *from)
{
	replace_items(protections, from->items, from->count);
	from->items = NULL;
	from->count = 0;
}

/* ---- ask ------------------------------------------------------------------ */

/* The caller holds the lock. */
static const struct protection *find(const struct protections *protections, const char *list,
				     const struct prefix *prefix)
{
	size_t begin = 0, end = protections->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		const struct protection *item = &protections->items[middle];
		int order = strcmp(list, item->list);

		if (!order)
			order = prefix_compare(prefix, &item->prefix);
		if (!order)
			return item;
		if (order < 0)
			end = middle;
		else
			begin = middle + 1;
	}
	return NULL;
}

bool protections_have(struct protections *protections, const char *list,
		      const struct prefix *prefix)
{
	bool is_found;

	pthread_mutex_lock(&protections->lock);
	is_found = find(protections, list, prefix) != NULL;
	pthread_mutex_unlock(&protections->lock);
	return is_found;
}

char *protections_describe(struct protections *protections, const char *list,
			   const struct prefix *prefix)
{
	const struct protection *found;
	char at[TIME_TEXT_BYTES];
	char *text = NULL;

	pthread_mutex_lock(&protections->lock);
	found = find(protections, list, prefix);
	if (found && asprintf(&text, "by %s at %s%s%s", found->author ? found->author : "unknown",
			      time_format(found->at_sec, at), found->reason ? ": " : "",
			      found->reason ? found->reason : "") < 0)
		text = NULL;
	pthread_mutex_unlock(&protections->lock);
	return text;
}

int protections_of(struct protections *protections, const char *list, struct prefix **ret_prefixes,
		   size_t *ret_count)
{
	struct prefix *prefixes;
	size_t count = 0;

	pthread_mutex_lock(&protections->lock);
	prefixes = malloc((protections->count + 1) * sizeof(*prefixes));
	for (size_t i = 0; prefixes && i < protections->count; i++)
		if (!strcmp(protections->items[i].list, list))
			prefixes[count++] = protections->items[i].prefix;
	pthread_mutex_unlock(&protections->lock);
	if (!prefixes)
		return -ENOMEM;
	*ret_prefixes = prefixes;
	*ret_count = count;
	return 0;
}
