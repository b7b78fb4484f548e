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
	char *host; /* NULL: this one */
	char *list;
	struct prefix prefix;
	char *author; /* or NULL */
	char *reason; /* or NULL */
	int64_t at_sec;
};

/* Sorted by list and prefix. */
struct protection_array {
	struct protection *items;
	size_t count;
};

struct foreign_protections {
	unsigned int references;
	bool is_sorted;
	struct protection_array array;
};

struct protections {
	pthread_mutex_t lock;
	struct protection_array own;
	struct foreign_protections *foreign; /* NULL: none */
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
		free(items[count].host);
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
	free_items(protections->own.items, protections->own.count);
	foreign_protections_unref(protections->foreign);
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
	old = protections->own.items;
	old_count = protections->own.count;
	protections->own = (struct protection_array) { items, count };
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
	replace_items(protections, from->own.items, from->own.count);
	from->own = (struct protection_array) { 0 };
}

/* ---- of other hosts -------------------------------------------------------- */

struct foreign_protections *foreign_protections_new(void)
{
	struct foreign_protections *foreign = calloc(1, sizeof(*foreign));

	if (foreign)
		foreign->references = 1;
	return foreign;
}

void foreign_protections_unref(struct foreign_protections *foreign)
{
	if (!foreign || __atomic_sub_fetch(&foreign->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free_items(foreign->array.items, foreign->array.count);
	free(foreign);
}

int foreign_protections_add(struct foreign_protections *foreign, const char *host, const char *list,
			    const struct prefix *prefix, const char *author, const char *reason,
			    int64_t at_sec)
{
	struct protection_array *array = &foreign->array;
	struct protection *items =
	    reallocarray(array->items, array->count + 1, sizeof(*array->items));
	struct protection *item;

	if (!items)
		return -ENOMEM;
	array->items = items;
	item = &items[array->count++];
	*item = (struct protection) { .host = text_copy(host),
				      .list = text_copy(list),
				      .prefix = *prefix,
				      .author = text_copy(author),
				      .reason = text_copy(reason),
				      .at_sec = at_sec };
	return item->host && item->list ? 0 : -ENOMEM;
}

void protections_give(struct protections *protections, struct foreign_protections *foreign)
{
	struct foreign_protections *old;

	if (foreign && !foreign->is_sorted && foreign->array.count)
		qsort(foreign->array.items, foreign->array.count, sizeof(*foreign->array.items),
		      compare);
	if (foreign)
		foreign->is_sorted = true;
	pthread_mutex_lock(&protections->lock);
	old = protections->foreign;
	protections->foreign = foreign;
	pthread_mutex_unlock(&protections->lock);
	foreign_protections_unref(old);
}

struct foreign_protections *protections_foreign(struct protections *protections)
{
	struct foreign_protections *foreign;

	pthread_mutex_lock(&protections->lock);
	foreign = protections->foreign;
	if (foreign)
		__atomic_add_fetch(&foreign->references, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&protections->lock);
	return foreign;
}

/* ---- ask ------------------------------------------------------------------ */

static const struct protection *find_in(const struct protection_array *array, const char *list,
					const struct prefix *prefix)
{
	size_t begin = 0, end = array->count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		const struct protection *item = &array->items[middle];
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

/* Of this host, or else of another one. The caller holds the lock. */
static const struct protection *find(const struct protections *protections, const char *list,
				     const struct prefix *prefix)
{
	const struct protection *own = find_in(&protections->own, list, prefix);

	return own || !protections->foreign ? own
					    : find_in(&protections->foreign->array, list, prefix);
}

bool protections_have_own(struct protections *protections, const char *list,
			  const struct prefix *prefix)
{
	bool is_found;

	pthread_mutex_lock(&protections->lock);
	is_found = find_in(&protections->own, list, prefix) != NULL;
	pthread_mutex_unlock(&protections->lock);
	return is_found;
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
	if (found && asprintf(&text, "by %s%s%s at %s%s%s",
			      found->author ? found->author : "unknown", found->host ? " on " : "",
			      found->host ? found->host : "", time_format(found->at_sec, at),
			      found->reason ? ": " : "", found->reason ? found->reason : "") < 0)
		text = NULL;
	pthread_mutex_unlock(&protections->lock);
	return text;
}

static size_t copy_prefixes(const struct protection_array *array, const char *list,
			    struct prefix *prefixes)
{
	size_t count = 0;

	for (size_t i = 0; i < array->count; i++)
		if (!strcmp(array->items[i].list, list))
			prefixes[count++] = array->items[i].prefix;
	return count;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Return: how many different ones there are. */
static size_t sort_prefixes(struct prefix *prefixes, size_t count)
{
	size_t kept = 0;

	qsort(prefixes, count, sizeof(*prefixes), compare_prefixes);
	for (size_t i = 0; i < count; i++)
		if (!kept || prefix_compare(&prefixes[kept - 1], &prefixes[i]) != 0)
			prefixes[kept++] = prefixes[i];
	return kept;
}

int protections_of(struct protections *protections, const char *list, struct prefix **ret_prefixes,
		   size_t *ret_count)
{
	static const struct protection_array none = { 0 };
	const struct protection_array *foreign;
	struct prefix *prefixes;
	size_t count = 0;

	pthread_mutex_lock(&protections->lock);
	foreign = protections->foreign ? &protections->foreign->array : &none;
	prefixes = malloc((protections->own.count + foreign->count + 1) * sizeof(*prefixes));
	if (prefixes) {
		count = copy_prefixes(&protections->own, list, prefixes);
		count += copy_prefixes(foreign, list, prefixes + count);
	}
	pthread_mutex_unlock(&protections->lock);
	if (!prefixes)
		return -ENOMEM;
	count = sort_prefixes(prefixes, count);
	*ret_prefixes = prefixes;
	*ret_count = count;
	return 0;
}

/* ---- state.db --------------------------------------------------------------- */

int protection_find(struct state *state, const char *list, const struct prefix *prefix,
		    int (*visit)(const char *author, const char *reason, int64_t at_sec,
				 void *context),
		    void *context)
{
	static const char query[] =
	    "SELECT author, reason, protected_at FROM protections WHERE list = ? AND prefix = ?";
	struct database *database = state_database(state);
	sqlite3_stmt *row;
	int step, err = 0;

	if (database_statement(database, query, &row))
		return -EIO;
	database_bind_text(row, 1, list);
	database_bind_prefix(row, 2, prefix);
	step = database_step(database, row);
	if (step > 0)
		err = visit(database_text(row, 0), database_text(row, 1),
			    sqlite3_column_int64(row, 2), context);
	database_reset(row);
	return step < 0 ? step : err;
}

int protections_read(struct state *state,
		     int (*visit)(const char *list, const struct prefix *prefix, void *context),
		     void *context)
{
	struct database *database = state_database(state);
	sqlite3_stmt *row;
	int step = 0, err = 0;

	if (database_prepare(database, "SELECT list, prefix FROM protections", &row))
		return -EIO;
	while (!err && (step = database_step(database, row)) > 0) {
		const char *list = database_text(row, 0), *text = database_text(row, 1);
		struct prefix prefix;

		if (list && text && prefix_parse(text, strlen(text), &prefix, NULL) == PREFIX_OK)
			err = visit(list, &prefix, context);
	}
	sqlite3_finalize(row);
	return err ? err : step;
}
