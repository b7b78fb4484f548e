/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each new copy of a feed is judged, kept and put in force. What was fetched is here
 * already: nothing in this file waits for the network. */
#include "engine/feeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/plural.h"
#include "engine/feed_source.h"
#include "engine/gone.h"
#include "engine/guard.h"
#include "engine/internal.h"
#include "engine/learning.h"
#include "engine/protected.h"
#include "engine/records.h"
#include "feeds/parse.h"
#include "feeds/store.h"

#define DIFF_LINES_MAX 10000

/* A copy that may be put in force. */
struct newcomer {
	struct feed_copy copy;
	struct feed_body body;
	bool is_held; /* it is the one that is held back */
};

static void newcomer_done(struct newcomer *newcomer)
{
	feed_copy_done(&newcomer->copy);
	feed_body_done(&newcomer->body);
}

static struct feed_store *store_of(const struct engine *engine, const struct stored_feed *feed)
{
	return engine->feeds[feed->config->kind];
}

static const struct feed_kind_traits *words_of(const struct stored_feed *feed)
{
	return &feed_kinds[feed->config->kind];
}

/* ---- put in force ------------------------------------------------------- */

/* What is in force, with @set in the place of what @feed has. Return: 0 or -ENOMEM. */
static int feed_make_next(const struct engine *engine, const struct stored_feed *feed,
			  struct entry_set *set, struct snapshot **ret_next)
{
	struct snapshot *next = snapshot_copy(engine->current);
	int err = next ? feed_store_fill(store_of(engine, feed), next->policy, feed, set) : -ENOMEM;

	if (!err)
		err = protected_overrule(engine->protections, next->policy);
	if (err)
		snapshot_unref(next);
	else
		*ret_next = next;
	return err;
}

static int feed_switch_to(struct engine *engine, const struct stored_feed *feed,
			  struct entry_set *set, char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next;
	int err = feed_make_next(engine, feed, set, &next);

	if (err) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
		return err;
	}
	feed_source_resume(engine, feed, next);
	err = engine_switch(engine, next, false, error);
	snapshot_unref(next);
	return err;
}

static void feed_forget_held(const struct engine *engine, struct stored_feed *feed)
{
	int err =
	    feed_copy_remove(store_of(engine, feed)->directory, feed->config->name, COPY_HELD);

	if (err)
		log_warning(words_of(feed)->plural, "%s: cannot remove the copy held back: %s",
			    feed->config->name, strerror(-err));
	feed_copy_done(&feed->held);
	feed->held_entry_count = 0;
	lines_done(&feed->held_reasons);
}

/* Note what is in force now; takes over what the newcomer has. */
static void feed_take_newcomer(const struct engine *engine, struct stored_feed *feed,
			       struct newcomer *newcomer)
{
	feed_copy_done(&feed->copy);
	feed->copy = newcomer->copy;
	free(feed->copy.bytes);
	feed->copy.bytes = NULL;
	stored_feed_take(feed, &newcomer->body);
	free(feed->trouble);
	feed->trouble = NULL;
	newcomer->copy = (struct feed_copy) { 0 };
	engine->learning->are_covers_old = true;
	feed_forget_held(engine, feed);
}

/* What the newcomer changes. Without memory for it all of its exclusions count. */
static void feed_compare(const struct engine *engine, const struct stored_feed *feed,
			 const struct newcomer *newcomer, size_t lines_max,
			 struct feed_diff *ret_diff)
{
	const struct list *list =
	    policy_find_list(engine->current->policy, feed->config->list_name);
	struct protected protected = { 0 };

	if (list)
		protected_of(engine->protections, list, &protected);
	feed_diff_make(feed->set, newcomer->body.set,
		       PREFIX_ARRAY(protected.prefixes, protected.count), lines_max, ret_diff);
	free(protected.prefixes);
}

static void feed_warn_overruled(const struct stored_feed *feed, struct feed_arrival *arrival)
{
	const size_t count = arrival->diff.overruled_count;

	if (count)
		lines_add(&arrival->warnings,
			  "%zu of its exclusions %s not in force, because list %s has protected "
			  "entries there",
			  count, plural(count, "is", "are"), feed->config->list_name);
}

/* On the disk first, so that a restart never finds less than was in force. */
static int feed_put_in_force(struct engine *engine, const struct deed *by, struct stored_feed *feed,
			     struct newcomer *newcomer, struct feed_arrival *arrival)
{
	const char *directory = store_of(engine, feed)->directory, *name = feed->config->name;
	char error[DATAPATH_ERROR_BYTES];
	int err = feed_copy_prepare(directory, name, COPY_IN_FORCE, &newcomer->copy, error);

	if (err) {
		refusal_set(&arrival->refusal, OUTCOME_INTERNAL, "%s; the copy in force stays",
			    error);
		return err;
	}
	err = feed_switch_to(engine, feed, newcomer->body.set, error);
	if (err) {
		feed_copy_abandon(directory, name, COPY_IN_FORCE);
		refusal_set(&arrival->refusal, OUTCOME_INTERNAL, "%s; the copy in force stays",
			    error);
		return err;
	}
	err = feed_copy_commit(directory, name, COPY_IN_FORCE);
	if (err)
		log_warning(words_of(feed)->plural,
			    "%s: the copy in force will be lost at a restart: %s", name,
			    strerror(-err));
	feed_compare(engine, feed, newcomer, 0, &arrival->diff);
	feed_warn_overruled(feed, arrival);
	engine_record_feed(engine, by, feed->config, &arrival->diff, &arrival->warnings);
	feed_take_newcomer(engine, feed, newcomer);
	return 0;
}

/* ---- a copy that was fetched -------------------------------------------- */

/* Read what the fetcher wrote; it has ended, but its word on sizes is not taken. */
static int feed_read_body(const struct stored_feed *feed, struct feed_arrival *arrival)
{
	struct feed_copy *copy = &arrival->copy;
	struct stat status;
	ssize_t count;

	if (fstat(arrival->body_fd, &status))
		return -errno;
	if (status.st_size > (off_t)feed->config->max_bytes)
		return -EFBIG;
	copy->bytes = malloc((size_t)status.st_size + 1);
	if (!copy->bytes)
		return -ENOMEM;
	while (copy->byte_count < (size_t)status.st_size) {
		count = pread(arrival->body_fd, copy->bytes + copy->byte_count,
			      (size_t)status.st_size - copy->byte_count, (off_t)copy->byte_count);
		if (count <= 0)
			return count ? -errno : -EIO;
		copy->byte_count += (size_t)count;
	}
	copy->bytes[copy->byte_count] = '\0';
	copy->checksum = feed_copy_checksum(copy->bytes, copy->byte_count);
	return 0;
}

/* Whether the feed's sources sent the same; mirrors may be behind each other. */
static bool is_same_copy(const struct feed_config *feed, const struct feed_copy *a,
			 const struct feed_copy *b)
{
	return feed_config_has_url(feed, a->url) && feed_config_has_url(feed, b->url) &&
	       a->byte_count == b->byte_count && a->checksum == b->checksum;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The source has what is in force. Its validators may be others all the same. */
static void feed_confirm(const struct engine *engine, struct stored_feed *feed,
			 struct feed_copy *copy)
{
	const char *directory = store_of(engine, feed)->directory, *name = feed->config->name;
	char error[FEED_COPY_ERROR_BYTES];
	int err;

	if (copy->bytes && (!is_same_text(copy->url, feed->copy.url) ||
			    !is_same_text(copy->etag, feed->copy.etag) ||
			    !is_same_text(copy->last_modified, feed->copy.last_modified))) {
		copy->fetched_at_sec = feed->copy.fetched_at_sec;
		copy->cut_spaces = feed->copy.cut_spaces;
		err = feed_copy_prepare(directory, name, COPY_IN_FORCE, copy, error);
		if (!err)
			err = feed_copy_commit(directory, name, COPY_IN_FORCE);
		if (!err) {
			feed_copy_done(&feed->copy);
			feed->copy = *copy;
			free(feed->copy.bytes);
			feed->copy.bytes = NULL;
			*copy = (struct feed_copy) { 0 };
		}
	} else {
		err = feed_copy_touch(directory, name, COPY_IN_FORCE);
	}
	if (err)
		log_warning(words_of(feed)->plural, "%s: cannot record that its copy is fresh: %s",
			    name, strerror(-err));
	feed->copy.checked_at_sec = time_now_sec();
	feed_forget_held(engine, feed);
}

/* Read a stored copy with its bytes. */
static int feed_reread(const struct engine *engine, const struct stored_feed *feed,
		       enum copy_kind kind, struct newcomer *newcomer, struct feed_arrival *arrival)
{
	char error[FEED_COPY_ERROR_BYTES] = "there is no such copy";
	int err = feed_copy_read(store_of(engine, feed)->directory, feed->config->name, kind,
				 &newcomer->copy, error);

	if (!err) {
		err = feed_parse(feed->config, &newcomer->copy, &newcomer->body,
				 &arrival->refusal.details);
		newcomer->copy.cut_spaces |= feed_cut_spaces(feed->config);
		snprintf(error, sizeof(error), "the copy held back cannot be read");
	}
	if (err)
		refusal_set(&arrival->refusal, OUTCOME_INTERNAL, "%s",
			    err == -ENOMEM ? strerror(ENOMEM) : error);
	return err;
}

/* Keep the newcomer back; what is in force stays. */
static void feed_hold(const struct engine *engine, struct stored_feed *feed,
		      struct newcomer *newcomer, struct lines *reasons,
		      struct feed_arrival *arrival)
{
	const char *directory = store_of(engine, feed)->directory, *name = feed->config->name;
	char error[FEED_COPY_ERROR_BYTES];
	int err = 0;

	if (!newcomer->is_held) {
		err = feed_copy_prepare(directory, name, COPY_HELD, &newcomer->copy, error);
		if (!err)
			err = feed_copy_commit(directory, name, COPY_HELD);
		if (err)
			lines_add(&arrival->warnings,
				  "it is held back, but cannot be stored for `%s accept': %s",
				  words_of(feed)->plural, strerror(-err));
	}
	feed_copy_done(&feed->held);
	lines_done(&feed->held_reasons);
	feed->held = newcomer->copy;
	free(feed->held.bytes);
	feed->held.bytes = NULL;
	newcomer->copy = (struct feed_copy) { 0 };
	feed->held_entry_count = feed_entry_count(newcomer->body.set);
	feed->held_reasons = *reasons;
	*reasons = (struct lines) { 0 };
	arrival->result = FEED_RESULT_HELD;
}

/* Whether the copy would take allow entries in use away, as a reload must not. One that
 * cannot be told is held, too. */
static void feed_guard_use(const struct engine *engine, const struct stored_feed *feed,
			   const struct newcomer *newcomer, struct lines *reasons)
{
	struct snapshot *next = NULL;
	char *message = NULL;
	int err;

	if (feed->config->action != ACTION_ALLOW || !feed->set)
		return;
	err = feed_make_next(engine, feed, newcomer->body.set, &next);
	if (!err)
		err = engine_guard(engine, next, &message, NULL);
	if (err)
		lines_add(reasons, "cannot determine what it would remove: %s", strerror(-err));
	else if (message)
		lines_add(reasons, "%s", message);
	free(message);
	snapshot_unref(next);
}

/* Take the newcomer, unless a guard trips. */
static void feed_judge(struct engine *engine, struct stored_feed *feed, struct newcomer *newcomer,
		       struct feed_arrival *arrival)
{
	struct lines reasons = { 0 };

	feed_store_guard(engine->current, feed, &newcomer->body, &reasons);
	feed_guard_use(engine, feed, newcomer, &reasons);
	if (reasons.count)
		feed_hold(engine, feed, newcomer, &reasons, arrival);
	else if (feed_put_in_force(engine, NULL, feed, newcomer, arrival))
		arrival->result = FEED_RESULT_FAILED;
	else
		arrival->result = FEED_RESULT_NEW;
	lines_done(&reasons);
}

/* The source has no other copy than the newest one here. */
static void feed_take_unchanged(struct engine *engine, struct stored_feed *feed,
				struct feed_arrival *arrival)
{
	struct newcomer newcomer = { .is_held = true };

	arrival->result = FEED_RESULT_UNCHANGED;
	if (!feed->held.url) {
		feed_confirm(engine, feed, &newcomer.copy);
	} else if (feed_reread(engine, feed, COPY_HELD, &newcomer, arrival)) {
		/* The next request will be for the whole. */
		feed_forget_held(engine, feed);
		arrival->result = FEED_RESULT_FAILED;
	} else {
		feed_judge(engine, feed, &newcomer, arrival);
	}
	newcomer_done(&newcomer);
}

static void feed_take_body(struct engine *engine, struct stored_feed *feed,
			   struct feed_arrival *arrival)
{
	struct feed_copy *copy = &arrival->copy;
	struct newcomer newcomer = { 0 };
	int err = feed_read_body(feed, arrival);

	if (err) {
		refusal_set(&arrival->refusal, OUTCOME_INTERNAL, "cannot read the fetched copy: %s",
			    strerror(-err));
		arrival->result = FEED_RESULT_FAILED;
		return;
	}
	if (feed->set && is_same_copy(feed->config, copy, &feed->copy)) {
		feed_confirm(engine, feed, copy);
		arrival->result = FEED_RESULT_UNCHANGED;
		return;
	}
	err = feed_store_find_shared(engine->current, store_of(engine, feed), feed, copy);
	if (!err)
		err = feed_parse(feed->config, copy, &newcomer.body, &arrival->refusal.details);
	if (err) {
		refusal_set(&arrival->refusal, OUTCOME_INVALID, "%s",
			    arrival->refusal.details.count ? arrival->refusal.details.items[0]
							   : strerror(-err));
		arrival->result = err == -ENOMEM ? FEED_RESULT_FAILED : FEED_RESULT_INVALID;
		return;
	}
	newcomer.copy = *copy;
	newcomer.copy.cut_spaces = feed_cut_spaces(feed->config);
	newcomer.body.is_gone = arrival->is_gone;
	*copy = (struct feed_copy) { 0 };
	feed_judge(engine, feed, &newcomer, arrival);
	newcomer_done(&newcomer);
}

static void feed_take_what_is_there(struct engine *engine, struct stored_feed *feed,
				    struct feed_arrival *arrival)
{
	gone_forget(store_of(engine, feed)->directory, feed);
	feed_take_body(engine, feed, arrival);
}

/* ---- what is asked --------------------------------------------------------------- */

static struct stored_feed *find_feed(const struct engine *engine, struct feed_arrival *arrival)
{
	struct stored_feed *feed = feed_store_find(engine->feeds[arrival->kind], arrival->name);

	if (!feed)
		refusal_set(&arrival->refusal, OUTCOME_NOT_FOUND, "there is no %s \"%s\"",
			    feed_kinds[arrival->kind].word, arrival->name);
	return feed;
}

static void feed_report_arrival(const struct stored_feed *feed, struct feed_arrival *arrival)
{
	if (stored_feed_report(feed, &arrival->report) && !arrival->refusal.outcome)
		refusal_set(&arrival->refusal, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}

void engine_take_copy(struct engine *engine, struct feed_arrival *arrival)
{
	struct stored_feed *feed = find_feed(engine, arrival);

	arrival->result = FEED_RESULT_FAILED;
	if (!feed)
		return;
	/* A reload may have come between. */
	if (!feed_config_has_url(feed->config, arrival->copy.url))
		refusal_set(&arrival->refusal, OUTCOME_CONFLICT,
			    "its url has changed in the meantime");
	else if (arrival->body_fd < 0)
		feed_take_unchanged(engine, feed, arrival);
	else if (!arrival->is_gone)
		feed_take_what_is_there(engine, feed, arrival);
	else if (gone_is_confirmed(store_of(engine, feed)->directory, feed, arrival))
		feed_take_body(engine, feed, arrival);
	feed_report_arrival(feed, arrival);
}

static struct stored_feed *find_held(const struct engine *engine, struct feed_arrival *arrival)
{
	struct stored_feed *feed = find_feed(engine, arrival);

	if (!feed || feed->held.url)
		return feed;
	refusal_set(&arrival->refusal, OUTCOME_NOT_FOUND, "no copy of %s %s is held back",
		    words_of(feed)->word, arrival->name);
	return NULL;
}

void engine_accept_copy(struct engine *engine, const struct deed *by, struct feed_arrival *arrival)
{
	struct stored_feed *feed = find_held(engine, arrival);
	struct newcomer newcomer = { .is_held = true };

	if (!feed)
		return;
	if (!feed_reread(engine, feed, COPY_HELD, &newcomer, arrival))
		feed_put_in_force(engine, by, feed, &newcomer, arrival);
	newcomer_done(&newcomer);
	feed_report_arrival(feed, arrival);
}

void engine_diff_copy(const struct engine *engine, struct feed_arrival *arrival)
{
	struct stored_feed *feed = find_held(engine, arrival);
	struct newcomer newcomer = { .is_held = true };

	if (!feed)
		return;
	if (!feed_reread(engine, feed, COPY_HELD, &newcomer, arrival))
		feed_compare(engine, feed, &newcomer, DIFF_LINES_MAX, &arrival->diff);
	newcomer_done(&newcomer);
	feed_report_arrival(feed, arrival);
}
