/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule file: a header, the lists by slot, the rules by id. It is read and written instead
 * of mapped, because a mapping would count as the daemon's memory.
 */
#include "store/rule_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "core/rule_array.h"
#include "ipwl.h"
#include "store/rule_file_format.h"

struct rule_file {
	int fd; /* -1: given up after an error */
	char *path;
};

/* ---- open --------------------------------------------------------------- */

static bool is_of(int fd, uint64_t cookie)
{
	struct rule_file_header header;

	return pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	       header.magic == RULE_FILE_MAGIC && header.version == RULE_FILE_VERSION &&
	       header.cookie == cookie;
}

/* The file is complete before it gets its name. */
static int make(const char *path, uint64_t cookie)
{
	const struct rule_file_header header = { .magic = RULE_FILE_MAGIC,
						 .version = RULE_FILE_VERSION,
						 .cookie = cookie };
	char new_path[PATH_MAX];
	int fd, err;

	if (snprintf(new_path, sizeof(new_path), "%s.new", path) >= (int)sizeof(new_path))
		return -ENAMETOOLONG;
	fd = open(new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = file_write_at(fd, &header, sizeof(header), 0);
	if (!err && (ftruncate(fd, RULE_FILE_RULES_OFFSET) || rename(new_path, path)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	unlink(new_path);
	return err;
}

int rule_file_open(const char *runtime_dir, uint64_t cookie, struct rule_file **ret_file,
		   bool *ret_is_known)
{
	struct rule_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	if (asprintf(&file->path, "%s/rules", runtime_dir) < 0) {
		free(file);
		return -ENOMEM;
	}
	file->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	*ret_is_known = file->fd >= 0 && is_of(file->fd, cookie);
	if (!*ret_is_known) {
		if (file->fd >= 0)
			close(file->fd);
		file->fd = make(file->path, cookie);
	}
	if (file->fd < 0) {
		err = file->fd;
		rule_file_close(file);
		return err;
	}
	*ret_file = file;
	return 0;
}

void rule_file_close(struct rule_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

int rule_file_load(const struct rule_file *file, struct rule_ids *ids, struct policy **ret_policy)
{
	return rule_file_read(file->fd, ids, ret_policy);
}

int rule_file_peek(const char *runtime_dir, uint64_t cookie, struct policy **ret_policy)
{
	struct rule_ids ids;
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/rules", runtime_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	rule_ids_init(&ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
	err = is_of(fd, cookie) ? rule_file_read(fd, &ids, ret_policy) : -ENOENT;
	rule_ids_done(&ids);
	close(fd);
	return err;
}

/* ---- update ------------------------------------------------------------- */

/* Records of consecutive ids in one page, written in one call. */
struct run {
	int fd;
	uint32_t first_id;
	size_t count;
	struct rule_record records[RULE_FILE_PAGE_RECORDS];
};

static int run_flush(struct run *run)
{
	size_t count = run->count;

	run->count = 0;
	return count ? file_write_at(run->fd, run->records, count * sizeof(*run->records),
				     rule_file_offset(run->first_id))
		     : 0;
}

static int run_put(struct run *run, uint32_t id, const struct rule_record *record)
{
	int err = 0;

	if (id % RULE_FILE_PAGE_RECORDS == 0 || id != run->first_id + run->count)
		err = run_flush(run);
	if (!run->count)
		run->first_id = id;
	run->records[run->count++] = *record;
	return err;
}

static int erase_removed(struct run *run, const struct rules_change *change)
{
	static const struct rule_record unused;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < change->removed_count; i++)
		err = run_put(run, change->removed[i], &unused);
	return err ? err : run_flush(run);
}

static int write_lists(int fd, const struct policy *policy)
{
	struct rule_file_list *lists = calloc(RULE_FILE_LISTS, sizeof(*lists));
	size_t i;
	int err;

	if (!lists)
		return -ENOMEM;
	for (i = 0; i < policy->list_count; i++) {
		struct rule_file_list *list = &lists[policy->lists[i].slot];

		snprintf(list->name, sizeof(list->name), "%s", policy->lists[i].name);
		list->action = (uint32_t)policy->lists[i].action;
		list->is_used = 1;
	}
	err = file_write_at(fd, lists, RULE_FILE_LISTS * sizeof(*lists), RULE_FILE_LISTS_OFFSET);
	free(lists);
	return err;
}

/* If fewer than one rule in this many changes, they are searched for instead of looked at in
 * turn. A search reads some 20 prefixes. */
#define SEARCHES_SHARE 32

/* Create a bitmap of the added ids. NULL: out of memory. */
static unsigned char *bitmap_new(const struct rules_change *change, uint32_t *ret_limit)
{
	unsigned char *bitmap;
	uint32_t limit = 0;
	size_t i;

	for (i = 0; i < change->added_count; i++)
		if (change->added[i] >= limit)
			limit = change->added[i] + 1;
	bitmap = calloc(limit / 8 + 1, 1);
	for (i = 0; bitmap && i < change->added_count; i++)
		bitmap[change->added[i] / 8] |= (unsigned char)(1U << change->added[i] % 8);
	*ret_limit = limit;
	return bitmap;
}

static int record_rule(struct run *run, const struct list *list, const struct rule *rule)
{
	const struct rule_record record = rule_record_of(&rule->prefix, list->slot);

	return run_put(run, rule->id, &record);
}

/* The added ids, as a bitmap. */
struct added {
	unsigned char *bits;
	uint32_t limit;
};

static bool is_added(const struct added *added, uint32_t id)
{
	return id < added->limit && added->bits[id / 8] & 1U << id % 8;
}

static int record_added_of(struct run *run, const struct list *list, const struct added *added)
{
	const struct rule *rule;
	struct rule_cursor rules;
	int err = 0;

	rule_cursor_init(&rules, list->rules, 0, list->rule_count);
	while (!err && (rule = rule_cursor_next(&rules)))
		if (is_added(added, rule->id))
			err = record_rule(run, list, rule);
	return err;
}

/* Like record_added_of(), but looks at the changed prefixes only. */
static int record_changed_of(struct run *run, const struct list *list, const struct added *added,
			     const struct rules_change *change)
{
	int err = 0;

	for (size_t i = 0; !err && i < change->changed_count; i++) {
		const struct rule *rule = list_find_rule(list, &change->changed[i]);

		if (rule && is_added(added, rule->id))
			err = record_rule(run, list, rule);
	}
	return err;
}

static int record_added(struct run *run, const struct policy *policy,
			const struct rules_change *change)
{
	struct added added = { 0 };
	int err = 0;

	if (!change->added_count)
		return 0;
	added.bits = bitmap_new(change, &added.limit);
	if (!added.bits)
		return -ENOMEM;
	for (size_t i = 0; !err && i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		if (change->is_everything ||
		    change->changed_count > list->rule_count / SEARCHES_SHARE)
			err = record_added_of(run, list, &added);
		else
			err = record_changed_of(run, list, &added, change);
	}
	free(added.bits);
	return err ? err : run_flush(run);
}

static void give_up(struct rule_file *file)
{
	unlink(file->path);
	close(file->fd);
	file->fd = -1;
}

int rule_file_update(struct rule_file *file, const struct policy *policy,
		     const struct rules_change *change)
{
	struct run *run;
	int err;

	if (file->fd < 0)
		return 0;
	run = calloc(1, sizeof(*run));
	if (run) {
		run->fd = file->fd;
		/* Erase the removed ids before the slots get new lists. */
		err = erase_removed(run, change);
		if (!err)
			err = write_lists(file->fd, policy);
		if (!err)
			err = record_added(run, policy, change);
		free(run);
	} else {
		err = -ENOMEM;
	}
	if (err)
		give_up(file);
	return err;
}
