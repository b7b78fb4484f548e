/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs of the exchange become tasks of the worker, and so does the search for what is to be
 * published. */
#include "runtime/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/fleet.h"
#include "runtime/fleet_feeds.h"
#include "runtime/fleet_secrets.h"
#include "runtime/learner.h"
#include "runtime/runtime.h"

#define PRUNE_SEC ((int64_t)6 * 3600) /* old removals are looked for so often */

struct fleet_link {
	struct runtime *runtime;
	char *name;			 /* of the fleet; NULL: there is none */
	char *host;			 /* this one's name in it */
	char *settings, *key, *password; /* of the connection */
	struct fleet_sync *sync;
	struct fleet_feeds *feeds;
	uint64_t join; /* each attempt to make a connection has another number */
	struct event *pruner;
	bool is_publishing; /* a task is with the worker */
	bool is_woken;	    /* something may have changed since */
	char problem[FLEET_PROBLEM_BYTES];
};

/* ---- what this host says ------------------------------------------------------------ */

/* A fleet, and this host's name in it: tasks are only for the one that they were made for. */
struct membership {
	char name[SCOPE_HOST_BYTES_MAX + 1];
	char host[SCOPE_HOST_BYTES_MAX + 1];
};

static void membership_of(const struct fleet_link *link, struct membership *ret_membership)
{
	snprintf(ret_membership->name, sizeof(ret_membership->name), "%s", link->name);
	snprintf(ret_membership->host, sizeof(ret_membership->host), "%s", link->host);
}

static bool is_still_in(const struct fleet_link *link, const struct membership *membership)
{
	return link && link->name && !strcmp(link->name, membership->name) &&
	       !strcmp(link->host, membership->host);
}

static void publish_records(struct fleet_link *link, const struct fleet_records *records)
{
	for (size_t i = 0; link->sync && i < records->count; i++)
		fleet_sync_publish(link->sync, records->items[i]);
}

struct publish_task {
	struct engine_task task;
	struct membership membership;
	struct fleet_records records;
	bool is_all, prunes;
	struct refusal refusal;
};

static void publish_task_run(struct engine_task *base, struct engine *engine)
{
	struct publish_task *task = (struct publish_task *)base;

	task->is_all = true;
	/* After a reload the host may be in another fleet; its link joins that by itself. */
	if (!engine_fleet_is(engine, task->membership.name, task->membership.host))
		return;
	if (task->prunes && engine_fleet_prune(engine, &task->refusal))
		return;
	engine_fleet_publish(engine, &task->records, &task->is_all, &task->refusal);
}

static void publish_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct publish_task *task = (struct publish_task *)base;
	struct fleet_link *link = runtime->fleet;

	if (!link)
		return;
	link->is_publishing = false;
	if (task->refusal.outcome && link->name)
		log_error("fleet", "cannot write what has changed here: %s", task->refusal.message);
	if (is_still_in(link, &task->membership))
		publish_records(link, &task->records);
	if (link->is_woken || !task->is_all)
		fleet_link_wake(link);
}

static void publish_task_free(struct engine_task *base)
{
	struct publish_task *task = (struct publish_task *)base;

	fleet_records_done(&task->records);
	refusal_done(&task->refusal);
	free(task);
}

static void submit_publish(struct fleet_link *link, bool prunes)
{
	struct publish_task *task = calloc(1, sizeof(*task));

	if (!task)
		return;
	task->prunes = prunes;
	membership_of(link, &task->membership);
	task->task.run = publish_task_run;
	task->task.finish = publish_task_finish;
	task->task.free = publish_task_free;
	link->is_publishing = true;
	link->is_woken = false;
	runtime_submit(link->runtime, &task->task);
}

void fleet_link_wake(struct fleet_link *link)
{
	if (!link || !link->name || link->runtime->is_stopping)
		return;
	if (link->is_publishing)
		link->is_woken = true;
	else
		submit_publish(link, false);
}

static void prune(evutil_socket_t fd, short what, void *context)
{
	struct fleet_link *link = context;

	(void)fd;
	(void)what;
	if (link->name && !link->is_publishing && !link->runtime->is_stopping)
		submit_publish(link, true);
}

/* ---- what the others say ------------------------------------------------------------ */

/* A job, in the worker. */
struct job_task {
	struct engine_task task;
	struct membership membership;
	struct fleet_job *job; /* NULL: it is finished */
	struct engine *engine; /* while it runs */
	struct fleet_records records;
	struct refusal refusal;
	struct fleet_taking taking;
};

static int take(const struct fleet_record *const records[], size_t count, bool is_last,
		void *context)
{
	struct job_task *task = context;
	bool is_all = false;
	int err =
	    engine_fleet_take(task->engine, records, count, is_last, &task->taking, &task->refusal);

	if (!err)
		err = engine_fleet_publish(task->engine, &task->records, &is_all, &task->refusal);
	return err;
}

static void job_task_run(struct engine_task *base, struct engine *engine)
{
	struct job_task *task = (struct job_task *)base;
	const struct fleet_access access = { .replica = engine_fleet_replica(engine),
					     .take = take,
					     .context = task };

	task->engine = engine;
	/* A reload may have left the fleet meanwhile. */
	if (engine_fleet_is(engine, task->membership.name, task->membership.host))
		fleet_job_run(task->job, &access);
}

static void job_task_finish(struct engine_task *base, struct runtime *runtime)
{
	struct job_task *task = (struct job_task *)base;
	struct fleet_link *link = runtime->fleet;

	if (task->refusal.outcome)
		log_error("fleet", "cannot take what other hosts say: %s", task->refusal.message);
	if (task->taking.held_count)
		log_warning("fleet",
			    "other hosts remove many entries: %zu are held (see `ipwlctl fleet')",
			    task->taking.held_count);
	if (task->taking.evidence_count)
		learner_wake(runtime->learner);
	if (is_still_in(link, &task->membership))
		publish_records(link, &task->records);
	fleet_job_finish(task->job);
	task->job = NULL;
}

static void job_task_free(struct engine_task *base)
{
	struct job_task *task = (struct job_task *)base;

	if (task->job)
		fleet_job_finish(task->job);
	fleet_records_done(&task->records);
	refusal_done(&task->refusal);
	free(task);
}

static int submit(struct fleet_job *job, void *context)
{
	struct fleet_link *link = context;
	struct job_task *task = calloc(1, sizeof(*task));

	if (!task)
		return -ENOMEM;
	task->job = job;
	membership_of(link, &task->membership);
	task->task.run = job_task_run;
	task->task.finish = job_task_finish;
	task->task.free = job_task_free;
	runtime_submit(link->runtime, &task->task);
	return 0;
}

/* ---- the server --------------------------------------------------------------------- */

static void note_state(const char *why, void *context)
{
	struct fleet_link *link = context;

	snprintf(link->problem, sizeof(link->problem), "%s", why ? why : "");
	if (why)
		log_warning("fleet", "%s; what is known of other hosts stays in force", why);
	else
		log_info("fleet", "exchanging entries of the fleet %s", link->name);
}

/* What state.db has of the last contact. */
struct contact_task {
	struct engine_task task;
	struct membership membership;
	struct fleet_contact contact;
	uint64_t join;
	struct refusal refusal;
};

static void contact_task_free(struct engine_task *base)
{
	struct contact_task *task = (struct contact_task *)base;

	refusal_done(&task->refusal);
	free(task);
}

static void keep_contact_run(struct engine_task *base, struct engine *engine)
{
	struct contact_task *task = (struct contact_task *)base;

	if (engine_fleet_is(engine, task->membership.name, task->membership.host))
		engine_fleet_keep_contact(engine, &task->contact, &task->refusal);
}

static void keep_contact_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct contact_task *task = (const struct contact_task *)base;

	(void)runtime;
	if (task->refusal.outcome)
		log_error("fleet", "cannot note the contact with the server: %s",
			  task->refusal.message);
}

static void submit_contact(struct fleet_link *link, const struct fleet_contact *contact,
			   void (*run)(struct engine_task *task, struct engine *engine),
			   void (*finish)(struct engine_task *task, struct runtime *runtime))
{
	struct contact_task *task = calloc(1, sizeof(*task));

	if (!task)
		return;
	membership_of(link, &task->membership);
	task->contact = *contact;
	task->join = link->join;
	task->task.run = run;
	task->task.finish = finish;
	task->task.free = contact_task_free;
	runtime_submit(link->runtime, &task->task);
}

static void keep_contact(const struct fleet_contact *contact, void *context)
{
	submit_contact(context, contact, keep_contact_run, keep_contact_finish);
}

static void start_sync(struct fleet_link *link, const struct fleet_settings *settings,
		       const struct fleet_contact *contact)
{
	const struct fleet_sync_events events = {
		.submit = submit, .state = note_state, .contact = keep_contact, .context = link
	};
	const struct fleet_sync_settings wanted = {
		.self = settings->host,
		.cluster = settings->name,
		.key = link->key,
		.only_from = settings->only_from,
		.redis = { .url = settings->url,
			   .user = settings->user,
			   .password = settings->password_file ? link->password : NULL,
			   .ca = settings->ca },
		.contact = *contact,
	};
	const char *problem = "cannot be used";
	int err = fleet_sync_new(link->runtime->base, &wanted, &events, &link->sync, &problem);

	if (!err)
		return;
	snprintf(link->problem, sizeof(link->problem), "url: %s",
		 err == -EINVAL ? problem : strerror(-err));
	log_error("fleet", "%s", link->problem);
	/* The next reload tries again. */
	free(link->settings);
	link->settings = NULL;
}

static void join_run(struct engine_task *base, struct engine *engine)
{
	struct contact_task *task = (struct contact_task *)base;

	if (engine_fleet_is(engine, task->membership.name, task->membership.host))
		engine_fleet_get_contact(engine, &task->contact);
}

static void join_finish(struct engine_task *base, struct runtime *runtime)
{
	const struct contact_task *task = (const struct contact_task *)base;
	struct fleet_link *link = runtime->fleet;

	if (is_still_in(link, &task->membership) && link->join == task->join)
		start_sync(link, &runtime->snapshot->config->fleet, &task->contact);
}

static void stop_sync(struct fleet_link *link)
{
	fleet_feeds_stop(link->feeds);
	fleet_sync_free(link->sync);
	link->sync = NULL;
	free(link->name);
	free(link->host);
	free(link->settings);
	link->name = link->host = link->settings = NULL;
	link->join++;
	fleet_secret_free(&link->key);
	fleet_secret_free(&link->password);
	link->problem[0] = '\0';
}

static bool is_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Return: whether there was memory; else the link has no name. */
static bool set_names(struct fleet_link *link, const struct fleet_settings *settings)
{
	free(link->name);
	free(link->host);
	link->name = strdup(settings->name);
	link->host = strdup(settings->host);
	if (link->name && link->host)
		return true;
	free(link->name);
	link->name = NULL;
	return false;
}

/* A connection that is as it should be, or is being made, stays. */
static void connect_link(struct fleet_link *link, const struct fleet_settings *settings,
			 const struct fleet_secrets *secrets)
{
	char *text = fleet_settings_text(settings);

	if (is_same(link->settings, text) && is_same(link->key, secrets->key) &&
	    is_same(link->password, secrets->password)) {
		free(text);
		return;
	}
	stop_sync(link);
	link->settings = text;
	link->key = strdup(secrets->key);
	link->password = strdup(secrets->password);
	snprintf(link->problem, sizeof(link->problem), "connecting");
	if (!set_names(link, settings) || !link->key || !link->password)
		return;
	submit_contact(link, &(struct fleet_contact) { 0 }, join_run, join_finish);
	fleet_feeds_start(link->feeds, settings, secrets);
}

void fleet_link_configure(struct fleet_link *link, const struct fleet_settings *settings)
{
	struct fleet_secrets secrets;
	char problem[FLEET_PROBLEM_BYTES];

	if (!settings->name) {
		stop_sync(link);
		return;
	}
	if (fleet_secrets_read(settings, &secrets, problem)) {
		connect_link(link, settings, &secrets);
	} else {
		/* What is connected already stays so. */
		log_error("fleet", "%s", problem);
		if (!link->sync && set_names(link, settings))
			memcpy(link->problem, problem, sizeof(problem));
	}
	explicit_bzero(&secrets, sizeof(secrets));
	fleet_link_wake(link);
}

static void entries_changed(struct runtime *runtime)
{
	fleet_link_wake(runtime->fleet);
}

/* ---- beginning and end -------------------------------------------------------------- */

int fleet_link_open(struct runtime *runtime, struct fleet_link **ret_link)
{
	const struct timeval often = { .tv_sec = PRUNE_SEC };
	struct fleet_link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->runtime = runtime;
	link->feeds = fleet_feeds_new(runtime);
	link->pruner = event_new(runtime->base, -1, EV_PERSIST, prune, link);
	if (!link->feeds || !link->pruner || event_add(link->pruner, &often)) {
		fleet_link_close(link);
		return -ENOMEM;
	}
	*ret_link = link;
	runtime->changed = entries_changed;
	fleet_link_configure(link, &runtime->snapshot->config->fleet);
	return 0;
}

void fleet_link_close(struct fleet_link *link)
{
	if (!link)
		return;
	stop_sync(link);
	fleet_feeds_free(link->feeds);
	if (link->pruner)
		event_free(link->pruner);
	free(link);
}

/* ---- for others to look at ---------------------------------------------------------- */

void fleet_link_get_status(const struct fleet_link *link, struct fleet_link_status *ret_status)
{
	*ret_status = (struct fleet_link_status) {
		.name = link->name,
		.problem = *link->problem ? link->problem : NULL,
		.has_sync = link->sync != NULL,
	};
	if (link->sync)
		fleet_sync_get_state(link->sync, &ret_status->sync);
	ret_status->shares_feeds = fleet_feeds_get_state(link->feeds, &ret_status->feeds);
}

void fleet_link_get_host(const struct fleet_link *link, size_t index,
			 struct fleet_sync_host *ret_host)
{
	fleet_sync_get_host(link->sync, index, ret_host);
}

int fleet_link_forget(struct fleet_link *link, const char *host)
{
	return link->sync ? fleet_sync_forget(link->sync, host) : -ENOTCONN;
}
