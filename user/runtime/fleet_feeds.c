/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the schedule of feeds to the copies of other hosts. Whatever goes wrong, this host fetches
 * by itself. */
#include "runtime/fleet_feeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/engine.h"
#include "feeds/copy.h"
#include "feeds/process.h"
#include "feeds/schedule.h"
#include "helper/helper.h"
#include "runtime/runtime.h"

/* What a fetch from one URL may take beside its timeout, and then the worker to judge it. */
#define FETCH_MARGIN_SEC 30
#define JUDGE_SEC 60
/* A host without any copy waits for another one no longer than this. */
#define FIRST_WAIT_SEC 20

struct fleet_feeds {
	struct runtime *runtime;
	struct fleet_share *share; /* NULL: feeds are not shared */
	char host[SCOPE_HOST_BYTES_MAX + 1];
	uint64_t round; /* each share has another number */
};

/* ---- feeds ------------------------------------------------------------------------------ */

static const struct feed_config *find_config(const struct fleet_feeds *feeds, const char *name)
{
	return feed_config_find(snapshot_feeds(feeds->runtime->snapshot, FEED_OF_URL), name);
}

/* An address of this host is another one on each host. */
static bool is_shareable(const struct feed_config *feed)
{
	const char *url;

	for (size_t i = 0; (url = feed_config_url(feed, i)); i++)
		if (feed_url_is_loopback(url))
			return false;
	return true;
}

/* What makes two feeds of two hosts the same one: what is fetched, and how it is read. To be
 * freed. NULL: out of memory. */
static char *describe_feed(const struct feed_config *feed)
{
	char *select = select_text(&feed->select), *text = NULL;

	if (!select)
		return NULL;
	if (asprintf(&text, "%s\n%s\n%d %d %d\n%s\n%s", feed->url,
		     feed->format ? format_names[feed->format] : "", feed->skips_errors,
		     (int)feed->host_bits, (int)feed->min_trust, feed->user ? feed->user : "",
		     select) < 0)
		text = NULL;
	free(select);
	return text;
}

/* Where the other host has fetched. NULL: from no URL of this feed. */
static const char *find_url(const struct fleet_share *share, const struct feed_config *feed,
			    const struct fleet_copy *copy)
{
	char source[FLEET_MAC_DIGITS + 1];
	const char *url;

	for (size_t i = 0; (url = feed_config_url(feed, i)); i++)
		if (!fleet_share_source(share, url, source) && !strcmp(source, copy->source))
			return url;
	return NULL;
}

/* The feeds of a task, if they still share with the same fleet. */
static struct fleet_feeds *feeds_of_round(const struct runtime *runtime, uint64_t round)
{
	struct fleet_feeds *feeds = runtime->fleet_feeds;

	return feeds && feeds->share && feeds->round == round ? feeds : NULL;
}

/* ---- take ------------------------------------------------------------------------------- */

static void take_copy(const struct fleet_feeds *feeds, const char *name, const char *url,
		      const struct fleet_copy *copy, int body_fd)
{
	struct fetched fetched = { .result = body_fd < 0 ? FETCH_IS_UNCHANGED : FETCH_IS_NEW,
				   .body_fd = body_fd };
	const struct shared_copy shared = { .fetched = &fetched,
					    .url = url,
					    .digest = copy->digest,
					    .host = copy->host,
					    .age_sec = time_now_sec() - copy->checked_at_sec };

	memcpy(fetched.etag, copy->etag, sizeof(fetched.etag));
	memcpy(fetched.last_modified, copy->last_modified, sizeof(fetched.last_modified));
	feeds_take_shared(feeds->runtime->feeds[FEED_OF_URL], name, &shared);
	if (fetched.body_fd >= 0)
		close(fetched.body_fd);
}
_Static_assert(FEED_HEADER_BYTES == FLEET_COPY_HEADER_BYTES, "headers fit");

static void fetch_instead(const struct fleet_feeds *feeds, const char *name)
{
	feeds_take_shared(feeds->runtime->feeds[FEED_OF_URL], name, NULL);
}

struct unpack_task {
	struct engine_task task;
	uint64_t round;
	char *name, *url;
	struct fleet_copy copy;
	char *packed;
	int body_fd;
	int err;
};

static int unpack_copy(const struct fleet_copy *copy, const char *packed, int *ret_fd)
{
	char *bytes;
	int fd, err = fleet_copy_unpack(copy, packed, &bytes);

	if (err)
		return err;
	fd = helper_new_file("body");
	err = fd < 0 ? fd : file_write_at(fd, bytes, copy->byte_count, 0);
	free(bytes);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		*ret_fd = fd;
	return err;
}

static void unpack_task_run(struct engine_task *base, struct engine *engine)
{
	struct unpack_task *task = (struct unpack_task *)base;

	(void)engine;
	task->err = unpack_copy(&task->copy, task->packed, &task->body_fd);
}

static void unpack_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct unpack_task *task = (struct unpack_task *)base;
	struct fleet_feeds *feeds = feeds_of_round(runtime, task->round);

	if (!feeds)
		return;
	if (!task->err) {
		take_copy(feeds, task->name, task->url, &task->copy, task->body_fd);
		task->body_fd = -1;
		return;
	}
	log_warning("feeds", "%s: the copy of host %s is not taken, so it is fetched: %s",
		    task->name, task->copy.host,
		    task->err == -EBADMSG ? "it is damaged" : strerror(-task->err));
	fleet_share_refuse(feeds->share);
	fetch_instead(feeds, task->name);
}

static void unpack_task_free(struct engine_task *base)
{
	struct unpack_task *task = (struct unpack_task *)base;

	if (task->body_fd >= 0)
		close(task->body_fd);
	free(task->name);
	free(task->url);
	free(task->packed);
	free(task);
}

/* Takes @packed over. Return: 0 or -ENOMEM. */
static int submit_unpack(const struct fleet_feeds *feeds, const char *name, const char *url,
			 const struct fleet_copy *copy, char *packed)
{
	struct unpack_task *task = calloc(1, sizeof(*task));

	if (!task) {
		free(packed);
		return -ENOMEM;
	}
	task->task.run = unpack_task_run;
	task->task.finish = unpack_task_finish;
	task->task.free = unpack_task_free;
	task->round = feeds->round;
	task->name = strdup(name);
	task->url = strdup(url);
	task->copy = *copy;
	task->packed = packed;
	task->body_fd = -1;
	if (!task->name || !task->url) {
		unpack_task_free(&task->task);
		return -ENOMEM;
	}
	runtime_submit(feeds->runtime, &task->task);
	return 0;
}

/* ---- ask -------------------------------------------------------------------------------- */

struct question {
	struct fleet_feeds *feeds;
	char *name, *text;
};

static void question_free(struct question *question)
{
	free(question->name);
	free(question->text);
	free(question);
}

/* Whether a reload has left the feed as it was when it was asked for. */
static bool is_still_same(const struct question *question, const struct feed_config *feed)
{
	char *text = feed ? describe_feed(feed) : NULL;
	const bool is_same = text && !strcmp(text, question->text);

	free(text);
	return is_same;
}

/* Entries of which hosts are in force is also for copies of feeds. */
static bool is_believed(const struct fleet_feeds *feeds, const char *host)
{
	return !strcmp(host, feeds->host) ||
	       fleet_settings_believe(&feeds->runtime->snapshot->config->fleet, host);
}

static void copy_is_there(const struct fleet_copy *copy, char *packed, void *context)
{
	struct question *question = context;
	struct fleet_feeds *feeds = question->feeds;
	const struct feed_config *feed = find_config(feeds, question->name);
	const char *url =
	    copy && feeds->share && is_still_same(question, feed) && is_believed(feeds, copy->host)
		? find_url(feeds->share, feed, copy)
		: NULL;

	if (!url) {
		free(packed);
		if (copy && feeds->share)
			fleet_share_refuse(feeds->share);
		fetch_instead(feeds, question->name);
	} else if (!packed) {
		take_copy(feeds, question->name, url, copy, -1);
	} else if (submit_unpack(feeds, question->name, url, copy, packed)) {
		fetch_instead(feeds, question->name);
	}
	question_free(question);
}

/* When the newest copy here was checked. */
static int64_t newest_at_sec(const struct feed_config *feed, const struct feed_report *report)
{
	if (!feed_config_has_url(feed, report->url))
		return 0;
	return report->is_held && report->held_at_sec > report->checked_at_sec
		   ? report->held_at_sec
		   : report->checked_at_sec;
}

static bool ask(void *context, const struct feed_config *feed, const struct feed_report *report,
		const char *digest)
{
	struct fleet_feeds *feeds = context;
	struct question *question = is_shareable(feed) ? calloc(1, sizeof(*question)) : NULL;
	struct fleet_wish wish = {
		.digest = digest,
		.newer_than_sec = newest_at_sec(feed, report),
		.refresh_sec = feed->refresh_sec,
		.fetch_sec = (int64_t)(feed->timeout_sec + FETCH_MARGIN_SEC) *
				 (int64_t)(1 + feed->mirror_count) +
			     JUDGE_SEC,
		.byte_count_max = feed->max_bytes,
		.done = copy_is_there,
		.context = question,
	};

	if (!question)
		return false;
	wish.wait_sec = report->has_copy ? wish.fetch_sec : FIRST_WAIT_SEC;
	question->feeds = feeds;
	question->name = strdup(feed->name);
	question->text = describe_feed(feed);
	wish.feed = question->text;
	if (question->name && question->text && !fleet_share_ask(feeds->share, &wish))
		return true;
	question_free(question);
	return false;
}

/* ---- give ------------------------------------------------------------------------------- */

struct pack_task {
	struct engine_task task;
	uint64_t round;
	char *name, *text;
	char *url; /* where the copy in force comes from */
	struct fleet_copy copy;
	char *packed;
	int err;
};

/* Read the copy in force from the disk, and pack it. */
static int pack_copy(struct pack_task *task, const char *state_dir)
{
	char *directory = feed_copy_directory(state_dir, FEED_OF_URL);
	char error[FEED_COPY_ERROR_BYTES];
	struct feed_copy copy;
	int err = directory ? feed_copy_read(directory, task->name, COPY_IN_FORCE, &copy, error)
			    : -ENOMEM;

	free(directory);
	if (err)
		return err;
	snprintf(task->copy.etag, sizeof(task->copy.etag), "%s", copy.etag ? copy.etag : "");
	snprintf(task->copy.last_modified, sizeof(task->copy.last_modified), "%s",
		 copy.last_modified ? copy.last_modified : "");
	task->url = copy.url;
	copy.url = NULL;
	err = fleet_copy_pack(copy.bytes, copy.byte_count, &task->copy, &task->packed);
	if (err == -EFBIG)
		fleet_copy_make_large(&task->copy);
	feed_copy_done(&copy);
	return err;
}

static void pack_task_run(struct engine_task *base, struct engine *engine)
{
	struct pack_task *task = (struct pack_task *)base;

	task->err = pack_copy(task, engine_snapshot(engine)->config->state_dir);
}

static void pack_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct pack_task *task = (struct pack_task *)base;
	struct fleet_feeds *feeds = feeds_of_round(runtime, task->round);
	const struct feed_config *feed = feeds ? find_config(feeds, task->name) : NULL;

	if (!feeds)
		return;
	if ((task->err && task->err != -EFBIG) || !feed || !feed_config_has_url(feed, task->url) ||
	    fleet_share_source(feeds->share, task->url, task->copy.source)) {
		fleet_share_give_up(feeds->share, task->text);
		return;
	}
	memcpy(task->copy.host, feeds->host, sizeof(task->copy.host));
	fleet_share_give(feeds->share, task->text, &task->copy, task->packed,
			 2 * (int64_t)feed->refresh_sec);
	task->packed = NULL;
	if (!task->err)
		feeds_note_digest(runtime->feeds[FEED_OF_URL], task->name, task->copy.digest);
}

static void pack_task_free(struct engine_task *base)
{
	struct pack_task *task = (struct pack_task *)base;

	free(task->name);
	free(task->text);
	free(task->url);
	free(task->packed);
	free(task);
}

static void tell(void *context, const struct feed_config *feed, enum feed_result result,
		 int64_t asked_at_sec)
{
	const struct fleet_feeds *feeds = context;
	struct pack_task *task = is_shareable(feed) ? calloc(1, sizeof(*task)) : NULL;

	/* A lease that nobody ends lasts no longer than a fetch may take. */
	if (!task)
		return;
	task->task.run = pack_task_run;
	task->task.finish = pack_task_finish;
	task->task.free = pack_task_free;
	task->round = feeds->round;
	task->name = strdup(feed->name);
	task->text = describe_feed(feed);
	task->copy.checked_at_sec = asked_at_sec;
	if (task->name && task->text &&
	    (result == FEED_RESULT_NEW || result == FEED_RESULT_UNCHANGED)) {
		runtime_submit(feeds->runtime, &task->task);
		return;
	}
	if (task->text)
		fleet_share_give_up(feeds->share, task->text);
	pack_task_free(&task->task);
}

/* ---- beginning and end ------------------------------------------------------------------ */

struct fleet_feeds *fleet_feeds_new(struct runtime *runtime)
{
	struct fleet_feeds *feeds = calloc(1, sizeof(*feeds));

	if (feeds)
		feeds->runtime = runtime;
	runtime->fleet_feeds = feeds;
	return feeds;
}

void fleet_feeds_start(struct fleet_feeds *feeds, const struct fleet_settings *settings,
		       const struct fleet_secrets *secrets)
{
	const struct feed_sharer sharer = { .ask = ask, .tell = tell, .context = feeds };
	const struct fleet_share_settings wanted = {
		.cluster = settings->name,
		.key = secrets->key,
		.redis = { .url = settings->url,
			   .user = settings->user,
			   .password = settings->password_file ? secrets->password : NULL,
			   .ca = settings->ca },
	};
	const char *problem = "cannot be used";
	int err;

	if (!settings->shares_feeds)
		return;
	err = fleet_share_new(feeds->runtime->base, &wanted, &feeds->share, &problem);
	if (err) {
		log_error("fleet", "feeds are not shared: url: %s",
			  err == -EINVAL ? problem : strerror(-err));
		return;
	}
	snprintf(feeds->host, sizeof(feeds->host), "%s", settings->host);
	feeds->round++;
	feeds_share(feeds->runtime->feeds[FEED_OF_URL], &sharer);
}

void fleet_feeds_stop(struct fleet_feeds *feeds)
{
	struct fleet_share *share = feeds ? feeds->share : NULL;

	if (!share)
		return;
	feeds->share = NULL;
	feeds_share(feeds->runtime->feeds[FEED_OF_URL], NULL);
	fleet_share_free(share);
}

void fleet_feeds_free(struct fleet_feeds *feeds)
{
	if (!feeds)
		return;
	fleet_feeds_stop(feeds);
	feeds->runtime->fleet_feeds = NULL;
	free(feeds);
}

bool fleet_feeds_get_state(const struct fleet_feeds *feeds, struct fleet_share_state *ret_state)
{
	*ret_state = (struct fleet_share_state) { 0 };
	if (feeds->share)
		fleet_share_get_state(feeds->share, ret_state);
	return feeds->share;
}
