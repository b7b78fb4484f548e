/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds in the engine: merged in at start and reload from memory or disk, and each new
 * copy judged, kept and put in force. What was fetched is here already: nothing in this
 * file waits for the network.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/records.h"
#include "feeds/parse.h"
#include "feeds/store.h"

#define SUSPENDED_BY_FEED "the stored copy of feed "
#define DIFF_LINES_MAX 10000

/* A copy that may be put in force. */
struct newcomer {
	struct feed_copy copy;
	struct entry_set *set;
	struct format_result result;
	bool is_held; /* it is the one that is held back */
};

static void newcomer_done(struct newcomer *newcomer)
{
	feed_copy_done(&newcomer->copy);
	entry_set_unref(newcomer->set);
}

/* ---- start and reload --------------------------------------------------- */

/* At the start nothing else is known of the senders that a damaged copy had. */
static int suspend_if_lost(const struct engine *engine, struct snapshot *snapshot)
{
	const struct stored_feed *lost = feed_store_find_lost(engine->staged_feeds);

	if (!lost || engine->current || snapshot->suspension)
		return 0;
	if (asprintf(&snapshot->suspension, SUSPENDED_BY_FEED "%s is damaged (%s)",
		     lost->config->name, lost->trouble) < 0) {
		snapshot->suspension = NULL;
		return -ENOMEM;
	}
	return 0;
}

int engine_merge_feeds(struct engine *engine, struct snapshot *snapshot, struct lines *warnings)
{
	int err;

	engine->staged_feeds = feed_store_load(snapshot->config, engine->feeds, warnings);
	if (!engine->staged_feeds)
		return -ENOMEM;
	err = feed_store_fill(engine->staged_feeds, snapshot->policy, NULL, NULL);
	return err ? err : suspend_if_lost(engine, snapshot);
}

void engine_settle_feeds(struct engine *engine, bool is_in_force)
{
	if (is_in_force) {
		feed_store_free(engine->feeds);
		engine->feeds = engine->staged_feeds;
	} else {
		feed_store_free(engine->staged_feeds);
	}
	engine->staged_feeds = NULL;
}

int engine_report_feeds(const struct engine *engine, struct feed_reports *ret_reports)
{
	return feed_store_report(engine->feeds, ret_reports);
}

/* ---- put in force ------------------------------------------------------- */

/* The suspension ends once no copy is missing any more, if that was its reason. */
static void end_suspension(const struct engine *engine, const struct stored_feed *feed,
			   struct snapshot *next)
{
	const struct stored_feed *lost = feed_store_find_lost(engine->feeds);

	if (!next->suspension || (lost && lost != feed) ||
	    strncmp(next->suspension, SUSPENDED_BY_FEED, strlen(SUSPENDED_BY_FEED)) != 0)
		return;
	free(next->suspension);
	next->suspension = NULL;
}

/* What is in force, with @set in the place of what @feed has. Return: 0 or -ENOMEM. */
static int make_next(const struct engine *engine, const struct stored_feed *feed,
		     struct entry_set *set, struct snapshot **ret_next)
{
	struct snapshot *next = snapshot_copy(engine->current);
	int err = next ? feed_store_fill(engine->feeds, next->policy, feed, set) : -ENOMEM;

	if (err)
		snapshot_unref(next);
	else
		*ret_next = next;
	return err;
}

static int switch_to(struct engine *engine, const struct stored_feed *feed, struct entry_set *set,
		     char error[DATAPATH_ERROR_BYTES])
{
	struct snapshot *next;
	int err = make_next(engine, feed, set, &next);

	if (err) {
		snprintf(error, DATAPATH_ERROR_BYTES, "%s", strerror(-err));
		return err;
	}
	end_suspension(engine, feed, next);
	err = engine_switch(engine, next, false, error);
	snapshot_unref(next);
	return err;
}

static void forget_held(const struct engine *engine, struct stored_feed *feed)
{
	int err = feed_copy_remove(engine->feeds->directory, feed->config->name, COPY_HELD);

	if (err)
		log_warning("feeds", "%s: the copy held back cannot be removed: %s",
			    feed->config->name, strerror(-err));
	feed_copy_done(&feed->held);
	feed->held_entry_count = 0;
	lines_done(&feed->held_reasons);
}

/* Note what is in force now; takes over what the newcomer has. */
static void take(const struct engine *engine, struct stored_feed *feed, struct newcomer *newcomer)
{
	feed_copy_done(&feed->copy);
	feed->copy = newcomer->copy;
	free(feed->copy.bytes);
	feed->copy.bytes = NULL;
	entry_set_unref(feed->set);
	feed->set = newcomer->set;
	feed->skipped_count =
	    newcomer->result.bad_line_count + format_skipped_count(&newcomer->result);
	feed->format = newcomer->result.format;
	free(feed->trouble);
	feed->trouble = NULL;
	newcomer->copy = (struct feed_copy) { 0 };
	newcomer->set = NULL;
	forget_held(engine, feed);
}

/* On the disk first, so that a restart never finds less than was in force. */
static int put_in_force(struct engine *engine, struct stored_feed *feed, struct newcomer *newcomer,
			struct job *job)
{
	const char *directory = engine->feeds->directory, *name = feed->config->name;
	char error[DATAPATH_ERROR_BYTES];
	int err = feed_copy_prepare(directory, name, COPY_IN_FORCE, &newcomer->copy, error);

	if (err) {
		job_fail(job, OUTCOME_INTERNAL, "%s; what was in force stays", error);
		return err;
	}
	err = switch_to(engine, feed, newcomer->set, error);
	if (err) {
		feed_copy_abandon(directory, name, COPY_IN_FORCE);
		job_fail(job, OUTCOME_INTERNAL, "%s; what was in force stays", error);
		return err;
	}
	err = feed_copy_commit(directory, name, COPY_IN_FORCE);
	if (err)
		log_warning("feeds", "%s: the copy in force cannot be kept over a restart: %s",
			    name, strerror(-err));
	feed_diff_make(feed->set, newcomer->set, 0, &job->feed->diff);
	engine_record_feed(engine, job, feed->config);
	take(engine, feed, newcomer);
	return 0;
}

/* ---- a copy that was fetched -------------------------------------------- */

/* Read what the fetcher wrote; it has ended, but its word on sizes is not taken. */
static int read_body(const struct stored_feed *feed, struct feed_job *request)
{
	struct feed_copy *copy = &request->copy;
	struct stat status;
	ssize_t count;

	if (fstat(request->body_fd, &status))
		return -errno;
	if (status.st_size > (off_t)feed->config->max_bytes)
		return -EFBIG;
	copy->bytes = malloc((size_t)status.st_size + 1);
	if (!copy->bytes)
		return -ENOMEM;
	while (copy->byte_count < (size_t)status.st_size) {
		count = pread(request->body_fd, copy->bytes + copy->byte_count,
			      (size_t)status.st_size - copy->byte_count, (off_t)copy->byte_count);
		if (count <= 0)
			return count ? -errno : -EIO;
		copy->byte_count += (size_t)count;
	}
	copy->bytes[copy->byte_count] = '\0';
	copy->checksum = feed_copy_checksum(copy->bytes, copy->byte_count);
	return 0;
}

static bool is_same(const struct feed_copy *a, const struct feed_copy *b)
{
	return a->url && b->url && !strcmp(a->url, b->url) && a->byte_count == b->byte_count &&
	       a->checksum == b->checksum;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The source has what is in force. Its validators may be others all the same. */
static void confirm(struct engine *engine, struct stored_feed *feed, struct feed_copy *copy)
{
	const char *directory = engine->feeds->directory, *name = feed->config->name;
	char error[FEED_COPY_ERROR_BYTES];
	int err;

	if (copy->bytes && (!is_same_text(copy->etag, feed->copy.etag) ||
			    !is_same_text(copy->last_modified, feed->copy.last_modified))) {
		copy->fetched_at_sec = feed->copy.fetched_at_sec;
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
		log_warning("feeds", "%s: that its copy is fresh cannot be noted: %s", name,
			    strerror(-err));
	feed->copy.checked_at_sec = time_now_sec();
	forget_held(engine, feed);
}

/* Read a stored copy with its bytes. */
static int reread(struct engine *engine, const struct stored_feed *feed, enum copy_kind kind,
		  struct newcomer *newcomer, struct job *job)
{
	char error[FEED_COPY_ERROR_BYTES] = "there is no such copy";
	int err = feed_copy_read(engine->feeds->directory, feed->config->name, kind,
				 &newcomer->copy, error);

	if (!err) {
		err = feed_parse(feed->config, &newcomer->copy, &newcomer->set, &newcomer->result,
				 &job->details);
		snprintf(error, sizeof(error), "the copy held back cannot be read");
	}
	if (err)
		job_fail(job, OUTCOME_INTERNAL, "%s", err == -ENOMEM ? strerror(ENOMEM) : error);
	return err;
}

/* Keep the newcomer back; what is in force stays. */
static void hold(struct engine *engine, struct stored_feed *feed, struct newcomer *newcomer,
		 struct lines *reasons, struct job *job)
{
	const char *directory = engine->feeds->directory, *name = feed->config->name;
	char error[FEED_COPY_ERROR_BYTES];
	int err = 0;

	if (!newcomer->is_held) {
		err = feed_copy_prepare(directory, name, COPY_HELD, &newcomer->copy, error);
		if (!err)
			err = feed_copy_commit(directory, name, COPY_HELD);
		if (err)
			lines_add(&job->warnings,
				  "it is held back, but cannot be kept for `feeds accept`: %s",
				  strerror(-err));
	}
	feed_copy_done(&feed->held);
	lines_done(&feed->held_reasons);
	feed->held = newcomer->copy;
	free(feed->held.bytes);
	feed->held.bytes = NULL;
	newcomer->copy = (struct feed_copy) { 0 };
	feed->held_entry_count = feed_entry_count(newcomer->set);
	feed->held_reasons = *reasons;
	*reasons = (struct lines) { 0 };
	job->feed->result = FEED_RESULT_HELD;
}

/* Whether the copy would take allow entries in use away, as a reload must not. One that
 * cannot be told is held, too. */
static void guard_use(const struct engine *engine, const struct stored_feed *feed,
		      const struct newcomer *newcomer, struct lines *reasons)
{
	struct snapshot *next = NULL;
	char *message = NULL;
	int err;

	if (feed->config->action != ACTION_ALLOW || !feed->set)
		return;
	err = make_next(engine, feed, newcomer->set, &next);
	if (!err)
		err = engine_guard(engine, next, &message, NULL);
	if (err)
		lines_add(reasons, "what it would remove cannot be found out: %s", strerror(-err));
	else if (message)
		lines_add(reasons, "%s", message);
	free(message);
	snapshot_unref(next);
}

/* Take the newcomer, unless a guard trips. */
static void judge(struct engine *engine, struct stored_feed *feed, struct newcomer *newcomer,
		  struct job *job)
{
	struct lines reasons = { 0 };

	feed_store_guard(engine->current->config, feed, newcomer->set, &newcomer->result, &reasons);
	guard_use(engine, feed, newcomer, &reasons);
	if (reasons.count)
		hold(engine, feed, newcomer, &reasons, job);
	else if (put_in_force(engine, feed, newcomer, job))
		job->feed->result = FEED_RESULT_FAILED;
	else
		job->feed->result = FEED_RESULT_NEW;
	lines_done(&reasons);
}

/* The source has no other copy than the newest one here. */
static void take_unchanged(struct engine *engine, struct stored_feed *feed, struct job *job)
{
	struct newcomer newcomer = { .is_held = true };

	job->feed->result = FEED_RESULT_UNCHANGED;
	if (!feed->held.url) {
		confirm(engine, feed, &newcomer.copy);
	} else if (reread(engine, feed, COPY_HELD, &newcomer, job)) {
		/* The next request will be for the whole. */
		forget_held(engine, feed);
		job->feed->result = FEED_RESULT_FAILED;
	} else {
		judge(engine, feed, &newcomer, job);
	}
	newcomer_done(&newcomer);
}

static void take_body(struct engine *engine, struct stored_feed *feed, struct job *job)
{
	struct feed_copy *copy = &job->feed->copy;
	struct newcomer newcomer = { 0 };
	int err = read_body(feed, job->feed);

	if (err) {
		job_fail(job, OUTCOME_INTERNAL, "what was fetched cannot be read: %s",
			 strerror(-err));
		job->feed->result = FEED_RESULT_FAILED;
		return;
	}
	if (feed->set && is_same(copy, &feed->copy)) {
		confirm(engine, feed, copy);
		job->feed->result = FEED_RESULT_UNCHANGED;
		return;
	}
	err = feed_parse(feed->config, copy, &newcomer.set, &newcomer.result, &job->details);
	if (err) {
		job_fail(job, OUTCOME_INVALID, "%s",
			 job->details.count ? job->details.items[0] : strerror(-err));
		job->feed->result = err == -ENOMEM ? FEED_RESULT_FAILED : FEED_RESULT_INVALID;
		return;
	}
	newcomer.copy = *copy;
	*copy = (struct feed_copy) { 0 };
	judge(engine, feed, &newcomer, job);
	newcomer_done(&newcomer);
}

/* ---- jobs --------------------------------------------------------------- */

static struct stored_feed *find_feed(const struct engine *engine, struct job *job)
{
	struct stored_feed *feed = feed_store_find(engine->feeds, job->feed->name);

	if (!feed)
		job_fail(job, OUTCOME_NOT_FOUND, "there is no feed \"%s\"", job->feed->name);
	return feed;
}

static void report(const struct stored_feed *feed, struct job *job)
{
	if (stored_feed_report(feed, &job->feed->report) && !job->outcome)
		job_fail(job, OUTCOME_INTERNAL, "%s", strerror(ENOMEM));
}

void engine_take_feed(struct engine *engine, struct job *job)
{
	struct stored_feed *feed = find_feed(engine, job);

	job->feed->result = FEED_RESULT_FAILED;
	if (!feed)
		return;
	/* A reload may have come between. */
	if (!job->feed->copy.url || strcmp(feed->config->url, job->feed->copy.url) != 0)
		job_fail(job, OUTCOME_CONFLICT, "its url has changed meanwhile");
	else if (job->feed->body_fd < 0)
		take_unchanged(engine, feed, job);
	else
		take_body(engine, feed, job);
	report(feed, job);
}

static struct stored_feed *find_held(const struct engine *engine, struct job *job)
{
	struct stored_feed *feed = find_feed(engine, job);

	if (!feed || feed->held.url)
		return feed;
	job_fail(job, OUTCOME_NOT_FOUND, "no copy of feed %s is held back", job->feed->name);
	return NULL;
}

void engine_accept_feed(struct engine *engine, struct job *job)
{
	struct stored_feed *feed = find_held(engine, job);
	struct newcomer newcomer = { .is_held = true };

	if (!feed)
		return;
	if (!reread(engine, feed, COPY_HELD, &newcomer, job))
		put_in_force(engine, feed, &newcomer, job);
	newcomer_done(&newcomer);
	report(feed, job);
}

void engine_diff_feed(struct engine *engine, struct job *job)
{
	struct stored_feed *feed = find_held(engine, job);
	struct newcomer newcomer = { .is_held = true };

	if (!feed)
		return;
	if (!reread(engine, feed, COPY_HELD, &newcomer, job))
		feed_diff_make(feed->set, newcomer.set, DIFF_LINES_MAX, &job->feed->diff);
	newcomer_done(&newcomer);
	report(feed, job);
}
