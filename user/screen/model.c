/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps counters with their rates, and sources in a table of fixed size. */
#include "screen/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "health/health.h"

const char *const top_verdict_names[TOP_VERDICT_COUNT] = {
	[TOP_ALLOW] = "allow",	     [TOP_AVERTED] = "averted",
	[TOP_UNLISTED] = "unlisted", [TOP_WOULD_BLOCK] = "would_block",
	[TOP_BLOCK] = "block",
};

int top_model_init(struct top_model *model)
{
	*model = (struct top_model) { .next = -1 };
	if (gethostname(model->host, sizeof(model->host) - 1))
		snprintf(model->host, sizeof(model->host), "?");
	model->sources = calloc(TOP_SOURCES_MAX, sizeof(*model->sources));
	return model->sources ? 0 : -ENOMEM;
}

void top_model_done(struct top_model *model)
{
	free(model->sources);
	free(model->lists.items);
	free(model->interfaces.items);
	*model = (struct top_model) { 0 };
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* "-": it is missing. */
static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static void copy_text(char *text, size_t bytes, const json_t *value)
{
	const char *from = json_string_value(value);

	snprintf(text, bytes, "%s", from ? from : "-");
}

/* ---- counters -------------------------------------------------------------------- */

/* @passed_sec: since the last look; 0: this is the first one */
static void take_count(struct top_counter *counter, uint64_t total, double passed_sec)
{
	/* A counter that is less than before has begun anew. */
	const uint64_t more = total >= counter->total ? total - counter->total : total;

	if (counter->is_known && passed_sec > 0) {
		counter->rate = (double)more / passed_sec;
		counter->rates[counter->next] = counter->rate;
		counter->next = (counter->next + 1) % TOP_RATES_MAX;
		if (counter->rate_count < TOP_RATES_MAX)
			counter->rate_count++;
	}
	counter->total = total;
	counter->is_known = true;
}

/* NULL: out of memory. */
static struct top_item *enter_item(struct top_items *items, const char *name)
{
	struct top_item *more;

	for (size_t i = 0; i < items->count; i++)
		if (!strcmp(items->items[i].name, name))
			return &items->items[i];
	more = reallocarray(items->items, items->count + 1, sizeof(*more));
	if (!more)
		return NULL;
	items->items = more;
	more[items->count] = (struct top_item) { 0 };
	snprintf(more[items->count].name, TOP_NAME_BYTES, "%s", name);
	return &more[items->count++];
}

/* Forget those that the last answer did not have. */
static void keep_present(struct top_items *items)
{
	size_t count = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (!items->items[i].is_present)
			continue;
		items->items[count] = items->items[i];
		items->items[count++].is_present = false;
	}
	items->count = count;
}

static void take_lists(struct top_model *model, const json_t *lists, double passed_sec)
{
	const json_t *list;
	size_t i;

	json_array_foreach(lists, i, list)
	{
		struct top_item *item = enter_item(&model->lists, text_of(list, "name"));

		if (!item)
			continue;
		copy_text(item->kind, sizeof(item->kind), json_object_get(list, "action"));
		copy_text(item->mode, sizeof(item->mode), json_object_get(list, "mode"));
		item->entries =
		    (uint64_t)(number_of(list, "ipv4_entries") + number_of(list, "ipv6_entries"));
		take_count(&item->counter, (uint64_t)number_of(list, "connections"), passed_sec);
		item->is_present = true;
	}
	keep_present(&model->lists);
}

static void take_interfaces(struct top_model *model, const json_t *interfaces, double passed_sec)
{
	uint64_t totals[TOP_VERDICT_COUNT] = { 0 };
	const json_t *interface;
	size_t i;

	json_array_foreach(interfaces, i, interface)
	{
		struct top_item *item = enter_item(&model->interfaces, text_of(interface, "name"));
		const json_t *connections = json_object_get(interface, "connections");
		uint64_t packets = 0;
		const char *verdict;
		json_t *count;

		for (size_t k = 0; k < TOP_VERDICT_COUNT; k++)
			totals[k] += (uint64_t)number_of(connections, top_verdict_names[k]);
		if (!item)
			continue;
		copy_text(item->kind, sizeof(item->kind), json_object_get(interface, "xdp_mode"));
		json_object_foreach(json_object_get(interface, "packets"), verdict, count)
		    packets += (uint64_t)json_integer_value(count);
		take_count(&item->counter, packets, passed_sec);
		item->is_present = true;
	}
	keep_present(&model->interfaces);
	for (size_t k = 0; k < TOP_VERDICT_COUNT; k++)
		take_count(&model->verdicts[k], totals[k], passed_sec);
}

static void take_health(struct top_model *model, const json_t *status)
{
	struct health health;

	if (health_judge(&health, status))
		return;
	model->health_level = (int)health.protection;
	snprintf(model->health, sizeof(model->health), "%s", health.summary);
	health_done(&health);
}

void top_take_status(struct top_model *model, const json_t *status, double now_sec)
{
	const double passed_sec = model->looked_at_sec > 0 ? now_sec - model->looked_at_sec : 0;
	const char *started_at = text_of(status, "started_at");

	if (*model->started_at && strcmp(model->started_at, started_at) != 0) {
		snprintf(model->news, sizeof(model->news), "ipwld was restarted at %s", started_at);
		/* It numbers attempts from its start on. */
		model->next = 0;
	}
	snprintf(model->started_at, sizeof(model->started_at), "%s", started_at);
	model->problem[0] = '\0';
	take_health(model, status);
	take_lists(model, json_object_get(status, "lists"), passed_sec);
	take_interfaces(model, json_object_get(status, "interfaces"), passed_sec);
	model->looked_at_sec = now_sec;
}

void top_lose(struct top_model *model, const char *why)
{
	snprintf(model->problem, sizeof(model->problem), "%s", why);
}

/* ---- sources --------------------------------------------------------------------- */

/* Whether a source should give way before another. */
static bool is_less(const struct top_source *a, const struct top_source *b)
{
	return a->attempts != b->attempts ? a->attempts < b->attempts : a->last_sec < b->last_sec;
}

static struct top_source *enter_source(struct top_model *model, const struct prefix *address)
{
	struct top_source *least = &model->sources[0];

	for (size_t i = 0; i < model->source_count; i++) {
		struct top_source *source = &model->sources[i];

		if (!prefix_compare(&source->source, address))
			return source;
		if (is_less(source, least))
			least = source;
	}
	if (model->source_count < TOP_SOURCES_MAX)
		least = &model->sources[model->source_count++];
	*least = (struct top_source) { .source = *address };
	return least;
}

static bool read_verdict(const json_t *object, enum top_verdict *ret_verdict)
{
	const char *name = text_of(object, "verdict");

	for (int i = 0; i < TOP_VERDICT_COUNT; i++) {
		if (strcmp(name, top_verdict_names[i]) != 0)
			continue;
		*ret_verdict = (enum top_verdict)i;
		return true;
	}
	return false;
}

/* The source that an object is about; NULL: it has none that can be read. */
static struct top_source *take_source(struct top_model *model, const json_t *object)
{
	const char *text = text_of(object, "source");
	enum top_verdict verdict;
	struct top_source *source;
	struct prefix address;

	if (prefix_parse(text, strlen(text), &address, NULL) || !read_verdict(object, &verdict))
		return NULL;
	source = enter_source(model, &address);
	source->verdict = verdict;
	return source;
}

/* Count attempts in the step of their time. */
static void count_recent(struct top_source *source, int64_t at_sec, uint64_t attempts)
{
	const int64_t step = at_sec / TOP_STEP_SEC;

	for (; source->step < step; source->step++) {
		if (source->step < step - TOP_STEPS)
			source->step = step - TOP_STEPS;
		source->steps[(source->step + 1) % TOP_STEPS] = 0;
	}
	if (step > source->step - TOP_STEPS)
		source->steps[step % TOP_STEPS] += (uint32_t)attempts;
}

uint64_t top_source_recent(const struct top_source *source, int64_t now_sec)
{
	const int64_t now = now_sec / TOP_STEP_SEC;
	uint64_t sum = 0;

	for (int64_t step = now - TOP_STEPS + 1; step <= source->step; step++)
		if (step > source->step - TOP_STEPS)
			sum += source->steps[step % TOP_STEPS];
	return sum;
}

bool top_take_attempts(struct top_model *model, const json_t *answer)
{
	const json_t *attempts = json_object_get(answer, "attempts"), *attempt;
	size_t i;

	json_array_foreach(attempts, i, attempt)
	{
		const int64_t at_sec = number_of(attempt, "at_ns") / 1000000000;
		const uint64_t count = 1 + (uint64_t)number_of(attempt, "left_out");
		struct top_source *source = take_source(model, attempt);

		if (!source)
			continue;
		copy_text(source->list, sizeof(source->list), json_object_get(attempt, "list"));
		copy_text(source->entry, sizeof(source->entry), json_object_get(attempt, "entry"));
		source->attempts += count;
		if (at_sec > source->last_sec)
			source->last_sec = at_sec;
		count_recent(source, at_sec, count);
	}
	model->missed += (uint64_t)number_of(answer, "missed");
	model->next = number_of(answer, "next");
	return json_array_size(attempts) > 0;
}

static int64_t read_time(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && !*end ? timegm(&tm) : 0;
}

void top_take_blocked(struct top_model *model, const json_t *answer)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "sources"), i, row)
	{
		struct top_source *source = take_source(model, row);
		const char *by;

		if (!source)
			continue;
		by = source->verdict == TOP_AVERTED ? "allow" : "block";
		copy_text(source->list, sizeof(source->list),
			  json_object_get(json_object_get(row, by), "list"));
		copy_text(source->entry, sizeof(source->entry),
			  json_object_get(json_object_get(row, by), "entry"));
		source->attempts = (uint64_t)number_of(row, "attempts");
		source->last_sec = read_time(text_of(row, "last_at"));
	}
}
