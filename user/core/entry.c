/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps sets of entries. A set may hold a million entries, so their strings are stored in
 * blocks. */
#include "core/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/huge_pages.h"
#include "core/entry_sort.h"
#include "core/prefix_search.h"

#define STRING_BLOCK_BYTES (64 * 1024)
#define FIRST_CAPACITY 16
/* How many entries ahead memory is fetched. */
#define AHEAD 16

_Static_assert(sizeof(struct entry) <= 40, "there may be ten million in each of two sets");

struct string_block {
	struct string_block *next;
	size_t used;
	size_t size;
	char bytes[];
};

const char *const source_names[SOURCE_COUNT] = {
	[SOURCE_CONFIG] = "config", [SOURCE_FILE] = "file",	[SOURCE_FEED] = "feed",
	[SOURCE_DOMAIN] = "domain", [SOURCE_MANUAL] = "manual", [SOURCE_LEARNED] = "learned",
	[SOURCE_RESCUE] = "rescue", [SOURCE_FLEET] = "fleet",
};

struct entry_set *entry_set_new(void)
{
	struct entry_set *set = calloc(1, sizeof(*set));

	if (set)
		set->references = 1;
	return set;
}

/* Allocate memory for one more entry and for its sort key, because finishing a set must not
 * fail. Keys use no memory before they are written. */
static int reserve(struct entry_set *set)
{
	size_t capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY;
	struct entry *entries;
	struct entry_key *keys;

	if (set->count < set->capacity)
		return 0;
	keys = malloc(capacity * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	entries = realloc(set->entries, capacity * sizeof(*entries));
	if (!entries) {
		free(keys);
		return -ENOMEM;
	}
	memory_use_huge_pages(entries, capacity * sizeof(*entries));
	free(set->keys);
	set->keys = keys;
	set->entries = entries;
	set->capacity = capacity;
	return 0;
}

/* Return memory that lives as long as the set, or NULL. @alignment: a power of two. */
static void *set_memory(struct entry_set *set, size_t bytes, size_t alignment)
{
	struct string_block *block = set->strings;
	size_t begin = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;

	if (!block || begin > block->size || block->size - begin < bytes) {
		size_t size = bytes > STRING_BLOCK_BYTES ? bytes : STRING_BLOCK_BYTES;

		block = malloc(sizeof(*block) + size);
		if (!block)
			return NULL;
		block->next = set->strings;
		block->size = size;
		set->strings = block;
		begin = 0;
	}
	block->used = begin + bytes;
	return block->bytes + begin;
}

/* Copy @string, which may be NULL. */
static int copy_string(struct entry_set *set, const char *string, const char **ret_copy)
{
	const size_t bytes = string ? strlen(string) + 1 : 0;
	char *copy = string ? set_memory(set, bytes, 1) : NULL;

	if (string && !copy)
		return -ENOMEM;
	*ret_copy = string ? memcpy(copy, string, bytes) : NULL;
	return 0;
}

static bool is_same_string(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

/* Copy @string, which may be NULL. If it equals the last copy, reuse that. */
static int copy_repeated(struct entry_set *set, const char *string, const char **last,
			 const char **ret_copy)
{
	int error;

	if (string && *last && !strcmp(string, *last)) {
		*ret_copy = *last;
		return 0;
	}
	error = copy_string(set, string, ret_copy);
	if (!error && string)
		*last = *ret_copy;
	return error;
}

static bool is_same_provenance(const struct provenance *one, const struct provenance *other)
{
	return one->added_at_sec == other->added_at_sec &&
	       one->expires_at_sec == other->expires_at_sec &&
	       is_same_string(one->origin, other->origin) &&
	       is_same_string(one->author, other->author);
}

/* Copy @about; if it equals the last copy, return that. NULL: out of memory. */
static const struct provenance *copy_provenance(struct entry_set *set,
						const struct provenance *about)
{
	struct provenance *copy;

	if (set->last_about &&
	    (about == set->last_about || is_same_provenance(about, set->last_about)))
		return set->last_about;
	copy = set_memory(set, sizeof(*copy), _Alignof(struct provenance));
	if (!copy)
		return NULL;
	*copy = *about;
	if (copy_repeated(set, about->origin, &set->last_origin, &copy->origin) ||
	    copy_repeated(set, about->author, &set->last_author, &copy->author))
		return NULL;
	set->last_about = copy;
	return copy;
}

static void count_entry(struct entry_set *set, const struct entry *entry)
{
	if (!entry->is_exclusion)
		set->entry_counts[entry->prefix.family]++;
	if (entry->about->expires_at_sec &&
	    (!set->first_expiry_sec || entry->about->expires_at_sec < set->first_expiry_sec))
		set->first_expiry_sec = entry->about->expires_at_sec;
}

/* Copy what an entry points to, to memory of the set. Return: 0 or -ENOMEM. */
static int copy_parts(struct entry_set *set, struct entry *entry)
{
	static const struct provenance none;

	entry->about = copy_provenance(set, entry->about ? entry->about : &none);
	return entry->about ? copy_string(set, entry->reason, &entry->reason) : -ENOMEM;
}

int entry_set_add(struct entry_set *set, const struct entry *entry)
{
	struct entry copy = *entry;

	if (reserve(set) || copy_parts(set, &copy))
		return -ENOMEM;
	set->entries[set->count++] = copy;
	count_entry(set, &copy);
	return 0;
}

void entry_set_sort(struct entry_set *set)
{
	entries_sort(set->entries, set->keys, set->count);
}

/* ---- merging ---------------------------------------------------------------- */

/* Move an entry before those of the same prefix that are on later lines. */
static void settle(struct entry *first, struct entry *entry)
{
	struct entry moved;

	if (entry == first || entry[-1].line < entry->line ||
	    prefix_compare(&entry[-1].prefix, &entry->prefix))
		return;
	moved = *entry;
	for (; entry > first && entry[-1].line > moved.line &&
	       !prefix_compare(&entry[-1].prefix, &moved.prefix);
	     entry--)
		*entry = entry[-1];
	*entry = moved;
}

/* The line where an entry of the former set is to be now; 0: nowhere. */
static uint32_t new_line(const struct entry_lines *lines, const struct entry *entry,
			 const char **own_origin)
{
	if (entry->line > lines->count)
		return 0;
	if (entry->about->origin != *own_origin) {
		if (!entry->about->origin || strcmp(entry->about->origin, lines->origin) != 0)
			return 0;
		*own_origin = entry->about->origin;
	}
	return lines->of[entry->line];
}

/* Write the merged entries to @first and behind. Return: 0; -ENOMEM; -EINVAL: they are not as many
 * as there is room for. */
static int merge(struct entry_set *set, size_t from, const struct entry_set *former,
		 const struct entry_lines *lines, struct entry *first, const struct entry *end)
{
	const struct entry *added = set->entries + from, *added_end = set->entries + set->count;
	const struct entry *old = former->entries, *old_end = former->entries + former->count;
	const char *own_origin = NULL;		   /* the former set's string */
	const struct provenance *old_about = NULL; /* that was copied last */
	struct entry *to = first;

	for (; old < old_end; old++) {
		const uint32_t line = new_line(lines, old, &own_origin);

		/* Lines lie anywhere: reads that overlap take a fraction of the time. */
		if (old_end - old > AHEAD && old[AHEAD].line <= lines->count)
			__builtin_prefetch(&lines->of[old[AHEAD].line]);
		if (!line)
			continue;
		while (added < added_end && prefix_compare(&added->prefix, &old->prefix) < 0) {
			*to = *added++;
			settle(first, to++);
		}
		if (to + (added_end - added) >= end)
			return -EINVAL;
		*to = *old;
		to->line = line;
		if (old->about == old_about)
			to->about = set->last_about;
		if (copy_parts(set, to))
			return -ENOMEM;
		old_about = old->about;
		count_entry(set, to);
		settle(first, to++);
	}
	while (added < added_end) {
		*to = *added++;
		settle(first, to++);
	}
	return to == end ? 0 : -EINVAL;
}

int entry_set_merge(struct entry_set *set, size_t from, const struct entry_set *former,
		    const struct entry_lines *lines, size_t merged_count)
{
	const size_t count = set->count + merged_count;
	struct entry *entries = malloc((count + 1) * sizeof(*entries));
	struct entry_key *keys = malloc((count + 1) * sizeof(*keys));
	int err = entries && keys ? 0 : -ENOMEM;

	memory_use_huge_pages(entries, (count + 1) * sizeof(*entries));
	if (!err && set->count > from)
		entries_sort(set->entries + from, set->keys, set->count - from);
	if (!err && from)
		memcpy(entries, set->entries, from * sizeof(*entries));
	if (!err)
		err = merge(set, from, former, lines, entries + from, entries + count);
	if (err) {
		free(entries);
		free(keys);
		return err;
	}
	free(set->entries);
	free(set->keys);
	set->entries = entries;
	set->keys = keys;
	set->count = set->capacity = count;
	return 0;
}

/* ---- duplicates -------------------------------------------------------------- */

static bool is_duplicate(const struct entry *one, const struct entry *other)
{
	return one->is_exclusion == other->is_exclusion && one->source == other->source &&
	       is_same_string(one->about->origin, other->about->origin);
}

/* Find the kept entry from @run up to @end that @entry repeats, or return NULL. */
static struct entry *find_kept(struct entry *run, struct entry *end, const struct entry *entry)
{
	for (; run < end; run++) {
		if (is_duplicate(run, entry))
			return run;
	}
	return NULL;
}

/* Zero means never, which is the latest expiry. */
static int64_t later_expiry(int64_t one_sec, int64_t other_sec)
{
	if (!one_sec || !other_sec)
		return 0;
	return one_sec > other_sec ? one_sec : other_sec;
}

/* Give an entry the expiry of another if that is later. */
static void extend(struct entry_set *set, struct entry *first, const struct entry *other)
{
	struct provenance about = *first->about;

	about.expires_at_sec = later_expiry(about.expires_at_sec, other->about->expires_at_sec);
	if (about.expires_at_sec == first->about->expires_at_sec)
		return;
	first->about = copy_provenance(set, &about);
	if (!first->about)
		first->about = other->about;
}

static void note_duplicate(struct entry_set *set, const struct entry *entry,
			   const struct entry *first)
{
	if (set->duplicate_count < DUPLICATES_KEPT)
		set->duplicates[set->duplicate_count] = (struct duplicate) {
			.prefix = entry->prefix,
			.is_exclusion = entry->is_exclusion,
			.origin = entry->about->origin,
			.line = entry->line,
			.first_line = first->line,
		};
	set->duplicate_count++;
}

static void count_entries(struct entry_set *set)
{
	memset(set->entry_counts, 0, sizeof(set->entry_counts));
	set->first_expiry_sec = 0;
	for (size_t i = 0; i < set->count; i++)
		count_entry(set, &set->entries[i]);
}

size_t entry_set_collapse(struct entry_set *set, size_t from)
{
	const struct entry *end;
	struct entry *kept, *run;
	size_t duplicate_count;

	/* The array of an empty set may be NULL. */
	if (set->count == from || set->collapsed_count == set->count)
		return 0;
	end = set->entries + set->count;
	kept = run = set->entries + from;
	entries_sort(set->entries + from, set->keys, set->count - from);
	for (const struct entry *entry = kept; entry < end; entry++) {
		struct entry *first;

		if (prefix_compare(&run->prefix, &entry->prefix))
			run = kept;
		first = find_kept(run, kept, entry);
		if (!first) {
			if (kept != entry)
				*kept = *entry;
			kept++;
			continue;
		}
		extend(set, first, entry);
		note_duplicate(set, entry, first);
	}
	duplicate_count = (size_t)(end - kept);
	set->count -= duplicate_count;
	if (duplicate_count)
		count_entries(set);
	if (from == 0)
		set->collapsed_count = set->count;
	return duplicate_count;
}

void entry_set_finish(struct entry_set *set)
{
	struct entry *shrunk;

	entry_set_collapse(set, 0);
	free(set->keys);
	set->keys = NULL;
	if (set->capacity == set->count)
		return;
	shrunk = realloc(set->entries, (set->count ? set->count : 1) * sizeof(*shrunk));
	if (shrunk) {
		set->entries = shrunk;
		set->capacity = set->count;
	}
}

struct entry_set *entry_set_unexpired(const struct entry_set *set, int64_t now_sec)
{
	struct entry_set *copy = entry_set_new();
	int err = copy ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->count && !err; i++) {
		const struct entry *entry = &set->entries[i];

		if (!entry->about->expires_at_sec || entry->about->expires_at_sec > now_sec)
			err = entry_set_add(copy, entry);
	}
	if (err) {
		entry_set_unref(copy);
		return NULL;
	}
	entry_set_finish(copy);
	return copy;
}

struct entry_set *entry_set_ref(struct entry_set *set)
{
	__atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
	return set;
}

void entry_set_unref(struct entry_set *set)
{
	if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	while (set->strings) {
		struct string_block *next = set->strings->next;

		free(set->strings);
		set->strings = next;
	}
	free(set->keys);
	free(set->entries);
	free(set);
}

bool entry_set_has_exclusions(const struct entry_set *set)
{
	return set->count > set->entry_counts[FAMILY_IPV4] + set->entry_counts[FAMILY_IPV6];
}

size_t entry_set_lower_bound(const struct entry_set *set, const struct prefix *prefix)
{
	return prefix_lower_bound(PREFIX_ARRAY(set->entries, set->count), prefix);
}
