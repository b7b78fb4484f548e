/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells of sources in the log. The table of sources is fixed, and its hash has a key, so nobody
 * can aim at a bucket. Only a source that got a line is in it; so the limit of lines also limits
 * how fast it fills. If a bucket is full, a source gets lines more often than once an hour.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/siphash.h"
#include "datapath/names.h"
#include "engine/seen_internal.h"

#define BUCKETS 1024
#define WAYS 8
#define QUIET_SEC 3600
#define MINUTE_SEC 60

struct told {
	double at_sec;	       /* monotonic, of its last line; 0: free */
	struct seen_row since; /* attempts since its last line */
};

struct seen_journal {
	uint8_t key[SIPHASH_KEY_BYTES];
	double minute_sec; /* when the present minute began */
	uint32_t minute_lines;
	uint64_t minute_untold;
	uint64_t line_count;
	uint64_t untold_count;
	struct told table[BUCKETS][WAYS];
};

struct seen_journal *seen_journal_new(void)
{
	struct seen_journal *journal = calloc(1, sizeof(*journal));

	if (journal && getrandom(journal->key, sizeof(journal->key), 0) != sizeof(journal->key)) {
		free(journal);
		return NULL;
	}
	return journal;
}

void seen_journal_free(struct seen_journal *journal)
{
	free(journal);
}

void seen_journal_counts(const struct seen_journal *journal, uint64_t *ret_lines,
			 uint64_t *ret_untold)
{
	*ret_lines = journal->line_count;
	*ret_untold = journal->untold_count;
}

/* ---- lines ------------------------------------------------------------------ */

static void write_line(const struct seen_row *row)
{
	const bool is_averted = row->verdict == IPWL_AVERTED;
	const struct seen_match *match = is_averted ? &row->beaten : &row->decided;
	char address[PREFIX_TEXT_BYTES], entry[PREFIX_TEXT_BYTES];
	char first[TIME_TEXT_BYTES], last[TIME_TEXT_BYTES];

	log_info("seen",
		 "verdict=%s address=%s port=%u list=%s entry=%s%s%s attempts=%" PRIu64
		 " first=%s last=%s",
		 verdict_names[row->verdict], prefix_format_short(&row->source, address), row->port,
		 *match->list ? match->list : "-",
		 match->has_entry ? prefix_format(&match->entry, entry) : "-",
		 is_averted ? " allowed_by=" : "", is_averted ? row->decided.list : "",
		 row->attempts + row->left_out, time_format(row->first_sec, first),
		 time_format(row->last_sec, last));
}

static void journal_turn_minute(struct seen_journal *journal, double now_sec)
{
	if (now_sec - journal->minute_sec < MINUTE_SEC)
		return;
	if (journal->minute_untold)
		log_info("seen", "%llu more %s no line: more sources than journal_per_minute",
			 (unsigned long long)journal->minute_untold,
			 plural(journal->minute_untold, "attempt has", "attempts have"));
	journal->minute_sec = now_sec;
	journal->minute_lines = 0;
	journal->minute_untold = 0;
}

/* Return: whether the line was within the limit. */
static bool journal_tell(struct seen_journal *journal, const struct seen_row *row,
			 uint32_t lines_per_minute)
{
	if (journal->minute_lines >= lines_per_minute) {
		journal->minute_untold += row->attempts + row->left_out;
		journal->untold_count += row->attempts + row->left_out;
		return false;
	}
	write_line(row);
	journal->minute_lines++;
	journal->line_count++;
	return true;
}

/* ---- the table ------------------------------------------------------------------ */

static bool is_quiet(const struct told *told, double now_sec)
{
	return told->at_sec > 0 && now_sec - told->at_sec < QUIET_SEC;
}

/* The place of a source, a free one, or NULL if all are in use. */
static struct told *journal_find(struct seen_journal *journal, const struct prefix *source,
				 double now_sec)
{
	const uint64_t hash = siphash(journal->key, source, sizeof(*source));
	struct told *bucket = journal->table[hash % BUCKETS];
	struct told *free_place = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		if (bucket[i].at_sec > 0 && !prefix_compare(&bucket[i].since.source, source))
			return &bucket[i];
		if (!is_quiet(&bucket[i], now_sec) && !bucket[i].since.attempts)
			free_place = &bucket[i];
	}
	return free_place;
}

/* Add an attempt to those that had no line yet; what decided is that of the last one. */
static void told_add(struct told *told, const struct seen_row *row)
{
	const struct seen_row before = told->since;

	told->since = *row;
	if (!before.attempts)
		return;
	told->since.attempts += before.attempts;
	told->since.left_out += before.left_out;
	if (before.first_sec < row->first_sec)
		told->since.first_sec = before.first_sec;
	if (before.last_sec > row->last_sec)
		told->since.last_sec = before.last_sec;
}

static void told_restart(struct told *told, double now_sec)
{
	told->at_sec = now_sec;
	told->since.attempts = told->since.left_out = 0;
}

void seen_journal_take(struct seen_journal *journal, const struct seen_row *row,
		       uint32_t lines_per_minute, double now_sec)
{
	struct told *told;

	if (!lines_per_minute)
		return;
	journal_turn_minute(journal, now_sec);
	told = journal_find(journal, &row->source, now_sec);
	if (!told) {
		journal_tell(journal, row, lines_per_minute);
		return;
	}
	if (told->at_sec > 0 && prefix_compare(&told->since.source, &row->source) != 0)
		*told = (struct told) { 0 };
	told_add(told, row);
	if (is_quiet(told, now_sec))
		return;
	if (journal_tell(journal, &told->since, lines_per_minute))
		told_restart(told, now_sec);
	else if (!(told->at_sec > 0))
		*told = (struct told) { 0 };
}

void seen_journal_sweep(struct seen_journal *journal, uint32_t lines_per_minute, double now_sec)
{
	if (!lines_per_minute)
		return;
	journal_turn_minute(journal, now_sec);
	for (size_t i = 0; i < BUCKETS * WAYS; i++) {
		struct told *told = &journal->table[i / WAYS][i % WAYS];

		if (!(told->at_sec > 0) || is_quiet(told, now_sec))
			continue;
		if (!told->since.attempts)
			*told = (struct told) { 0 };
		else if (journal->minute_lines < lines_per_minute &&
			 journal_tell(journal, &told->since, lines_per_minute))
			told_restart(told, now_sec);
	}
}

void seen_journal_forget(struct seen_journal *journal, const struct prefix *prefix)
{
	for (size_t i = 0; i < BUCKETS * WAYS; i++) {
		struct told *told = &journal->table[i / WAYS][i % WAYS];

		if (told->at_sec > 0 && prefix_contains(prefix, &told->since.source))
			*told = (struct told) { 0 };
	}
}
