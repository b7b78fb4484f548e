/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's life: start in the order that keeps mail safe, serve, stop. */
#include "daemon/daemon.h"

#include <errno.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/control.h"
#include "base/log.h"
#include "daemon/background.h"
#include "daemon/lock.h"
#include "daemon/loop.h"
#include "exports/schedule.h"
#include "feeds/schedule.h"
#include "runtime/notify.h"
#include "runtime/sampler.h"
#include "store/state.h"
#include "web/web.h"

#define DESCRIPTORS_WANTED 65536

static enum exit_status status_of(int err)
{
	if (!err)
		return STATUS_OK;
	return err == -EPERM || err == -EACCES ? STATUS_PERMISSION : STATUS_FAILED;
}

static enum exit_status give_up(const char *subsystem, int err, const char *message)
{
	log_error(subsystem, "%s%s", message,
		  status_of(err) == STATUS_PERMISSION && geteuid()
		      ? " (ipwld needs to be root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON)"
		      : "");
	return status_of(err);
}

/* ---- start -------------------------------------------------------------- */

/* Each chunk of rules and each client takes one. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static enum exit_status load(struct daemon *daemon, struct snapshot **ret_first)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(daemon->config_path, &diagnostics, &config);
	if (err) {
		diagnostics_print(&diagnostics, stderr);
		diagnostics_done(&diagnostics);
		return err == -EINVAL ? STATUS_CONFIGURATION : STATUS_FAILED;
	}
	diagnostics_lines(&diagnostics, SIZE_MAX, &daemon->reload.warnings,
			  &daemon->reload.warnings);
	diagnostics_done(&diagnostics);
	*ret_first = snapshot_new(config);
	if (!*ret_first) {
		config_free(config);
		return give_up("daemon", -ENOMEM, strerror(ENOMEM));
	}
	return STATUS_OK;
}

static enum exit_status start_engine(struct daemon *daemon, struct snapshot *first)
{
	char error[DATAPATH_ERROR_BYTES];
	const char *state_trouble;
	int err = lock_take(first->config->runtime_dir, &daemon->lock_fd, error);

	if (err)
		return give_up("lock", err, error);
	err = engine_start(daemon->config_path, first, &daemon->reload.warnings, &daemon->engine,
			   error);
	if (err)
		return give_up("engine", err, error);
	daemon->datapath = daemon->engine->datapath;
	daemon->view = (struct entry_view) { .datapath = daemon->engine->datapath,
					     .hits = daemon->engine->hits,
					     .protections = daemon->engine->protections };
	daemon->snapshot = snapshot_ref(daemon->engine->current);
	state_trouble = state_error(daemon->engine->state);
	daemon->state_path = strdup(state_path(daemon->engine->state));
	daemon->state_error = state_trouble ? strdup(state_trouble) : NULL;
	return STATUS_OK;
}

static int open_feeds(struct daemon *daemon)
{
	struct feed_reports reports = { 0 };
	int err = engine_report_feeds(daemon->engine, &reports);

	if (!err)
		err = feeds_open(daemon, &reports, &daemon->feeds);
	feed_reports_done(&reports);
	return err;
}

/* Tables are in force already: no program may be attached before. */
static int serve(struct daemon *daemon)
{
	const struct config *config = daemon->snapshot->config;
	char error[METRICS_ERROR_BYTES];
	int err = control_open(daemon, config->runtime_dir, &daemon->control);

	if (!err)
		err = metrics_open(daemon, &daemon->metrics);
	if (err)
		return err;
	if (metrics_listen(daemon->metrics, config->metrics_host, config->metrics_port, error)) {
		log_error("metrics", "%s", error);
		lines_add(&daemon->reload.warnings, "%s", error);
	}
	interfaces_init(&daemon->interfaces, daemon->datapath);
	err = interfaces_configure(&daemon->interfaces, config);
	/* Before the worker, whose engine it asks. */
	if (!err)
		err = open_feeds(daemon);
	if (!err)
		datapath_forget_old_layouts(daemon->datapath);
	if (!err)
		err = worker_start(daemon->engine, &daemon->worker);
	if (!err)
		err = sampler_open(daemon, &daemon->sampler);
	if (!err)
		err = exports_open(daemon, &daemon->exports);
	if (err)
		return err;
	exports_update(daemon->exports);
	return loop_open(daemon);
}

static enum exit_status start(struct daemon *daemon)
{
	struct snapshot *first = NULL;
	enum exit_status status = load(daemon, &first);
	int err;

	if (status)
		return status;
	raise_descriptor_limit();
	evthread_use_pthreads();
	daemon->base = event_base_new();
	err = daemon->base ? loop_open_signals(daemon) : -ENOMEM;
	status = err ? give_up("daemon", err, strerror(-err)) : start_engine(daemon, first);
	snapshot_unref(first);
	if (status)
		return status;
	err = serve(daemon);
	return err ? give_up("daemon", err, strerror(-err)) : STATUS_OK;
}

static void be_ready(struct daemon *daemon, int *ready_fd)
{
	struct lines *warnings = &daemon->reload.warnings;
	struct lines kept = { 0 };
	size_t i;

	daemon->started_at_sec = time_now_sec();
	daemon->started_monotonic_sec = time_monotonic_sec();
	daemon->reload.at_sec = daemon->started_at_sec;
	daemon->reload.successful = true;
	daemon->reload.succeeded_at_sec = daemon->started_at_sec;
	lines_copy(&kept, warnings, RELOAD_LINES_MAX);
	lines_done(warnings);
	*warnings = kept;
	for (i = 0; i < warnings->count; i++)
		log_warning("config", "%s", warnings->items[i]);
	log_info("daemon", "ipwld " IPWL_VERSION " is ready");
	daemon_notify_ready(daemon);
	background_report(ready_fd, STATUS_OK);
}

/* ---- stop --------------------------------------------------------------- */

static void stop(struct daemon *daemon)
{
	/* The worker first: it uses all that follows. */
	worker_stop(daemon->worker);
	if (daemon->sampler)
		engine_sample_all(daemon->engine);
	sampler_close(daemon->sampler);
	exports_close(daemon->exports);
	control_close(daemon->control);
	metrics_close(daemon->metrics);
	feeds_close(daemon->feeds);
	loop_close(daemon);
	interfaces_done(&daemon->interfaces);
	snapshot_unref(daemon->snapshot);
	engine_stop(daemon->engine);
	if (daemon->base)
		event_base_free(daemon->base);
	libevent_global_shutdown();
	lines_done(&daemon->reload.errors);
	lines_done(&daemon->reload.warnings);
	free(daemon->reload.held);
	free(daemon->state_path);
	free(daemon->state_error);
	if (daemon->lock_fd >= 0)
		close(daemon->lock_fd);
}

enum exit_status daemon_run(const char *config_path, int *ready_fd)
{
	struct daemon daemon = { .config_path = config_path, .lock_fd = -1, .expiry_fd = -1 };
	enum exit_status status = start(&daemon);

	if (!status) {
		be_ready(&daemon, ready_fd);
		loop_run(&daemon);
	}
	stop(&daemon);
	background_report(ready_fd, (int)status);
	return status;
}

void daemon_submit(struct daemon *daemon, struct job *job)
{
	if (job->type == JOB_RELOAD)
		notify_reloading();
	daemon->job_count++;
	job->task.run = job->type == JOB_PAUSE ? NULL : engine_run;
	job->task.finish = loop_finish_job;
	worker_submit(daemon->worker, &job->task);
}

void daemon_notify_ready(const struct daemon *daemon)
{
	const struct snapshot *snapshot = daemon->snapshot;
	size_t i, entry_count = 0;

	for (i = 0; i < snapshot->policy->list_count; i++)
		entry_count += snapshot->entry_counts[i].of[FAMILY_IPV4] +
			       snapshot->entry_counts[i].of[FAMILY_IPV6];
	notify_manager("READY=1\nSTATUS=%s, %zu lists, %zu entries, %zu of %zu interfaces attached",
		       snapshot->suspension		? "enforcement suspended"
		       : snapshot->config->is_enforcing ? "enforcing"
							: "monitoring",
		       snapshot->policy->list_count, entry_count,
		       interfaces_count_attached(&daemon->interfaces), daemon->interfaces.count);
}
