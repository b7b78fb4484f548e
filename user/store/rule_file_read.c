/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the rule file: lists, rules, and the free ids. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/rule_array.h"
#include "store/rule_file_format.h"

#define READ_PAGES 32
#define NO_LIST SIZE_MAX

struct reader {
	int fd;
	struct policy *policy;
	size_t list_of_slot[RULE_FILE_LISTS]; /* index in policy, or NO_LIST */
	size_t count_of_list[RULE_FILE_LISTS];
	struct rule *rules_of_list[RULE_FILE_LISTS]; /* by id, so not sorted */
	uint32_t limit;				     /* ids are below it */
	uint32_t next;				     /* above the largest id in use */
	size_t used_count;
	unsigned char *is_used; /* a bit for each id */
};

struct rule_record rule_record_of(const struct prefix *prefix, uint16_t slot)
{
	struct rule_record record = { .family = prefix->family,
				      .len = prefix->len,
				      .list = (uint16_t)(slot + 1) };

	memcpy(record.addr, prefix->addr, sizeof(record.addr));
	return record;
}

static struct prefix prefix_of(const struct rule_record *record)
{
	struct prefix prefix = { .family = record->family, .len = record->len };

	memcpy(prefix.addr, record->addr, sizeof(prefix.addr));
	return prefix;
}

/* Whether this program can have written the record. The file may come from a killed daemon, or
 * contain anything. */
static bool is_valid(const struct reader *reader, const struct rule_record *record)
{
	struct prefix prefix = prefix_of(record);
	struct prefix canonical;

	if (!record->list || record->list > RULE_FILE_LISTS ||
	    reader->list_of_slot[record->list - 1] == NO_LIST)
		return false;
	if (prefix.family >= FAMILY_COUNT || prefix.len > prefix_max_len(prefix.family))
		return false;
	canonical = prefix_truncate(&prefix, prefix.len);
	return !prefix_compare(&prefix, &canonical);
}

static int read_lists(struct reader *reader)
{
	const size_t bytes = RULE_FILE_LISTS * sizeof(struct rule_file_list);
	struct rule_file_list *lists = malloc(bytes);
	size_t slot;
	int err = 0;

	if (!lists)
		return -ENOMEM;
	if (pread(reader->fd, lists, bytes, RULE_FILE_LISTS_OFFSET) != (ssize_t)bytes)
		err = -EIO;
	for (slot = 0; !err && slot < RULE_FILE_LISTS; slot++) {
		struct rule_file_list *list = &lists[slot];

		list->name[POLICY_NAME_MAX] = '\0';
		reader->list_of_slot[slot] = NO_LIST;
		if (!list->is_used || list->action >= ACTION_COUNT)
			continue;
		reader->list_of_slot[slot] = reader->policy->list_count;
		if (!policy_add_list(reader->policy, list->name, (enum action)list->action))
			err = -ENOMEM;
	}
	free(lists);
	return err;
}

typedef int record_visitor(struct reader *reader, uint32_t id, const struct rule_record *record);

static int visit_page(struct reader *reader, uint32_t first_id, const char *page,
		      record_visitor *visit)
{
	struct rule_record record;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < RULE_FILE_PAGE_RECORDS; i++) {
		memcpy(&record, page + i * sizeof(record), sizeof(record));
		if (first_id + i > 0 && first_id + i < reader->limit && is_valid(reader, &record))
			err = visit(reader, first_id + i, &record);
	}
	return err;
}

/* Call @visit for each valid record. */
static int for_each(struct reader *reader, record_visitor *visit)
{
	char *pages = malloc(READ_PAGES * RULE_FILE_PAGE_BYTES);
	uint32_t first_id = 0;
	ssize_t bytes = 1, i;
	int err = 0;

	if (!pages)
		return -ENOMEM;
	while (!err && bytes > 0 && first_id < reader->limit) {
		memset(pages, 0, READ_PAGES * RULE_FILE_PAGE_BYTES);
		bytes = pread(reader->fd, pages, READ_PAGES * RULE_FILE_PAGE_BYTES,
			      rule_file_offset(first_id));
		if (bytes < 0)
			err = -errno;
		for (i = 0; !err && i < bytes; i += RULE_FILE_PAGE_BYTES) {
			err = visit_page(reader, first_id, pages + i, visit);
			first_id += RULE_FILE_PAGE_RECORDS;
		}
	}
	free(pages);
	return err;
}

static int count_rule(struct reader *reader, uint32_t id, const struct rule_record *record)
{
	reader->count_of_list[reader->list_of_slot[record->list - 1]]++;
	reader->next = id + 1;
	return 0;
}

static int keep_rule(struct reader *reader, uint32_t id, const struct rule_record *record)
{
	const size_t index = reader->list_of_slot[record->list - 1];
	struct list *list = &reader->policy->lists[index];

	reader->rules_of_list[index][list->rule_count++] =
	    (struct rule) { .prefix = prefix_of(record), .id = id };
	return 0;
}

static int allocate(struct reader *reader)
{
	for (size_t i = 0; i < reader->policy->list_count; i++) {
		reader->rules_of_list[i] =
		    calloc(reader->count_of_list[i] + 1, sizeof(*reader->rules_of_list[i]));
		if (!reader->rules_of_list[i])
			return -ENOMEM;
	}
	reader->is_used = calloc(reader->next / 8 + 1, 1);
	return reader->is_used ? 0 : -ENOMEM;
}

static int compare_rules(const void *a, const void *b)
{
	return prefix_compare(&((const struct rule *)a)->prefix, &((const struct rule *)b)->prefix);
}

/* Sort the rules, and keep one of each prefix. */
static int finish_list(struct reader *reader, struct list *list, struct rule *rules)
{
	struct rule_builder builder;

	rule_builder_init(&builder);
	qsort(rules, list->rule_count, sizeof(*rules), compare_rules);
	for (size_t i = 0; i < list->rule_count; i++) {
		const struct rule *rule = &rules[i];

		if (i && !prefix_compare(&rules[i - 1].prefix, &rule->prefix))
			continue;
		reader->is_used[rule->id / 8] |= (unsigned char)(1U << rule->id % 8);
		rule_builder_add(&builder, rule);
	}
	list->rules = rule_builder_finish(&builder, &list->rule_count);
	reader->used_count += list->rule_count;
	return list->rules ? 0 : -ENOMEM;
}

/* The smallest free id must be used first, so it comes to the top of the stack. */
static int fill_ids(const struct reader *reader, struct rule_ids *ids)
{
	size_t free_count = reader->next - 1 - reader->used_count;
	uint32_t *free_ids = calloc(free_count + 1, sizeof(*free_ids));
	size_t count = 0;
	uint32_t id;

	if (!free_ids)
		return -ENOMEM;
	for (id = reader->next - 1; id > 0; id--)
		if (!(reader->is_used[id / 8] & 1U << id % 8))
			free_ids[count++] = id;
	free(ids->free_ids);
	ids->free_ids = free_ids;
	ids->free_count = count;
	ids->free_capacity = free_count + 1;
	ids->next = reader->next;
	return 0;
}

static int read_rules(struct reader *reader, struct rule_ids *ids)
{
	size_t i;
	int err = for_each(reader, count_rule);

	if (!err)
		err = allocate(reader);
	if (!err)
		err = for_each(reader, keep_rule);
	if (err)
		return err;
	for (i = 0; i < reader->policy->list_count && !err; i++)
		err = finish_list(reader, &reader->policy->lists[i], reader->rules_of_list[i]);
	return err ? err : fill_ids(reader, ids);
}

int rule_file_read(int fd, struct rule_ids *ids, struct policy **ret_policy)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int err = -ENOMEM;

	if (!reader)
		return err;
	reader->fd = fd;
	reader->limit = ids->limit;
	reader->next = 1;
	reader->policy = policy_new();
	if (reader->policy)
		err = read_lists(reader);
	if (!err)
		err = read_rules(reader, ids);
	if (err)
		policy_free(reader->policy);
	else
		*ret_policy = reader->policy;
	for (size_t i = 0; i < RULE_FILE_LISTS; i++)
		free(reader->rules_of_list[i]);
	free(reader->is_used);
	free(reader);
	return err;
}
