/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An unchanged line is as far from its former place as the line before. So its entry is found
 * without a search, mostly; a wrong guess is only slower. */
#include "formats/line_keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A search takes much longer than a guess. There may be one for so many lines that were guessed,
 * and so many more, or a list in another order would take longer than its sort. */
#define GUESSES_PER_SEARCH 16
#define SEARCHES_MIN 1024

struct line_keeper {
	const struct format_former *former; /* or NULL */
	const char *origin;
	struct line_prints *prints;
	uint32_t *lines; /* by former line: the line now; 0: its entry is not kept */
	size_t kept_count;
	int64_t shift; /* from present lines to former ones */
	size_t guess_count, search_count;
	uint32_t last_changed; /* the last line that was not kept by a guess */
};

struct line_keeper *line_keeper_new(const struct format_former *former, const char *origin,
				    struct line_prints *prints)
{
	struct line_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	keeper->former = former;
	keeper->origin = origin;
	keeper->prints = prints;
	if (!former)
		return keeper;
	keeper->lines = calloc(former->prints->count + 1, sizeof(*keeper->lines));
	if (keeper->lines)
		return keeper;
	free(keeper);
	return NULL;
}

void line_keeper_free(struct line_keeper *keeper)
{
	if (!keeper)
		return;
	free(keeper->lines);
	free(keeper);
}

uint64_t line_keeper_print(const struct line_keeper *keeper, const char *text, size_t bytes)
{
	return line_prints_make(keeper->prints, text, bytes);
}

/* The print of a former line whose entry can be kept, or 0. */
static uint64_t former_print(const struct line_keeper *keeper, int64_t line)
{
	const struct line_prints *prints = keeper->former->prints;

	if (line < 1 || line > (int64_t)prints->count || keeper->lines[line])
		return 0;
	return prints->items[line - 1];
}

static void keep(struct line_keeper *keeper, int64_t former_line, uint32_t line)
{
	keeper->lines[former_line] = line;
	keeper->kept_count++;
	keeper->shift = former_line - line;
}

bool line_keeper_keep(struct line_keeper *keeper, uint32_t line, uint64_t print)
{
	const int64_t guess = line + keeper->shift;

	if (!keeper->former || former_print(keeper, guess) != print)
		return false;
	keep(keeper, guess, line);
	keeper->guess_count++;
	return true;
}

static bool is_same_string(const char *one, const char *other)
{
	return one == other || (one && other && !strcmp(one, other));
}

static bool is_same(const struct entry *one, const struct entry *other)
{
	return one->is_exclusion == other->is_exclusion && one->source == other->source &&
	       one->about->added_at_sec == other->about->added_at_sec &&
	       one->about->expires_at_sec == other->about->expires_at_sec &&
	       is_same_string(one->reason, other->reason) &&
	       is_same_string(one->about->author, other->about->author);
}

bool line_keeper_keep_entry(struct line_keeper *keeper, const struct entry *entry)
{
	const bool is_alone = keeper->last_changed + 1 < entry->line;
	const struct entry_set *set;

	/* If a single line has changed, there is nothing to find. */
	keeper->last_changed = entry->line;
	if (!keeper->former || is_alone ||
	    keeper->search_count > SEARCHES_MIN + keeper->guess_count / GUESSES_PER_SEARCH)
		return false;
	keeper->search_count++;
	set = keeper->former->set;
	for (size_t i = entry_set_lower_bound(set, &entry->prefix); i < set->count; i++) {
		const struct entry *found = &set->entries[i];

		if (prefix_compare(&found->prefix, &entry->prefix))
			return false;
		if (!is_same(found, entry) ||
		    !is_same_string(found->about->origin, keeper->origin) ||
		    !former_print(keeper, found->line))
			continue;
		keep(keeper, found->line, entry->line);
		return true;
	}
	return false;
}

int line_keeper_note(struct line_keeper *keeper, uint64_t print)
{
	return line_prints_add(keeper->prints, print);
}

/* The entry of a line that repeats another was dropped, so the line must be read again. */
static int forget_repeated(struct line_prints *prints, const struct entry_set *set, size_t from)
{
	bool *has_entry = calloc(prints->count + 1, sizeof(*has_entry));

	if (!has_entry)
		return -ENOMEM;
	for (size_t i = from; i < set->count; i++)
		if (set->entries[i].line <= prints->count)
			has_entry[set->entries[i].line] = true;
	for (size_t i = 0; i < prints->count; i++)
		if (!has_entry[i + 1])
			prints->items[i] = 0;
	free(has_entry);
	return 0;
}

int line_keeper_finish(struct line_keeper *keeper, struct entry_set *set, size_t from,
		       size_t *duplicate_count)
{
	if (keeper->kept_count) {
		const struct format_former *former = keeper->former;
		const struct entry_lines lines = { keeper->origin, keeper->lines,
						   former->prints->count };
		int err = entry_set_merge(set, from, former->set, &lines, keeper->kept_count);

		if (err)
			return err;
	}
	*duplicate_count += entry_set_collapse(set, from);
	line_prints_trim(keeper->prints);
	return *duplicate_count ? forget_repeated(keeper->prints, set, from) : 0;
}
